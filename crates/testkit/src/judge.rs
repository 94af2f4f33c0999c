//! Marks against what a run found.

use crate::marks::{Kind, Mark};
use crate::{Failure, FailureKind, Section};
use pyaudit_check::{Finding, Label};
use pyaudit_engine::Audit;
use pyaudit_source::{Phase, Problem, Sources, Span};

/// A place as a fixture names it: a path and a line, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    path: Option<String>,
    line: Option<u32>,
}

impl Place {
    fn of(span: Span, sources: &Sources) -> Self {
        let line = sources.positions(span).map(|(start, _)| start.line);
        Self { path: Some(sources.file(span.file).path.clone()), line }
    }

    fn of_problem(problem: &Problem, sources: &Sources) -> Self {
        problem.span.map_or_else(|| Self { path: problem.path.clone(), line: None }, |span| Self::of(span, sources))
    }

    /// The line of the fixture on which the place stands.
    fn fixture_line(&self, section: &Section) -> u32 {
        let file = section.files.iter().find(|file| Some(&file.path) == self.path.as_ref());
        file.map_or(section.line, |file| self.line.map_or(file.line - 1, |line| file.line + line - 1))
    }

    fn is_marked_by(&self, mark: &Mark) -> bool {
        self.path == mark.path && self.line == mark.line
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.path, self.line) {
            (Some(path), Some(line)) => write!(formatter, "{path}:{line}"),
            (Some(path), None) => write!(formatter, "{path} (whole file)"),
            (None, _) => formatter.write_str("no file"),
        }
    }
}

/// Something found that a mark can stand for.
struct Found<'a> {
    place: Place,
    message: &'a str,
}

impl<'a> Found<'a> {
    fn label(label: &'a Label, sources: &Sources) -> Self {
        Self { place: Place::of(label.span, sources), message: &label.message }
    }

    fn is_marked_by(&self, mark: &Mark) -> bool {
        self.place.is_marked_by(mark) && self.message.contains(&mark.text)
    }

    fn failure(&self, section: &Section, kind: FailureKind) -> Failure {
        section.failure(self.place.fixture_line(section), kind, format!("{}: {}", self.place, self.message))
    }
}

/// Everything in which a run over a section differs from its marks.
pub(crate) fn judge(section: &Section, audit: &Audit, id: &str) -> Vec<Failure> {
    let sources = &audit.project.sources;
    let findings: Vec<&Finding> =
        audit.findings.iter().filter(|judged| judged.counts()).map(|judged| &judged.finding).collect();
    let mut failures: Vec<Failure> = section
        .marks
        .iter()
        .filter(|mark| mark.kind != Kind::Problem && mark.id != id)
        .map(|mark| {
            section.failure(mark.fixture_line, FailureKind::ForeignMark, format!("`{}` is not `{id}`", mark.id))
        })
        .collect();
    let found =
        findings.iter().map(|finding| Found { place: Place::of(finding.span, sources), message: &finding.message });
    let kinds = (FailureKind::UnmarkedFinding, FailureKind::MissingFinding);
    failures.extend(pair_up(section, Kind::Finding, found.collect(), kinds));
    failures.extend(judge_related(section, &findings, sources));
    failures.extend(judge_problems(section, audit));
    failures
}

/// Gives each mark of a kind one thing found, and tells what is left on both sides.
fn pair_up(
    section: &Section,
    kind: Kind,
    mut found: Vec<Found<'_>>,
    (unmarked, missing): (FailureKind, FailureKind),
) -> Vec<Failure> {
    let mut marks: Vec<&Mark> = section.marks.iter().filter(|mark| mark.kind == kind).collect();
    // The most exact marks choose first, so that a mark without text takes what is left.
    marks.sort_by_key(|mark| std::cmp::Reverse(mark.text.len()));
    let mut failures = Vec::new();
    for mark in marks {
        if let Some(at) = found.iter().position(|found| found.is_marked_by(mark)) {
            found.remove(at);
        } else {
            failures.push(section.failure(mark.fixture_line, missing, wanted(mark)));
        }
    }
    failures.extend(found.iter().map(|found| found.failure(section, unmarked)));
    failures
}

/// Marked related places must exist, and where one place of a finding is marked, all must be.
fn judge_related(section: &Section, findings: &[&Finding], sources: &Sources) -> Vec<Failure> {
    let marks: Vec<&Mark> = section.marks.iter().filter(|mark| mark.kind == Kind::Related).collect();
    let lists: Vec<Vec<Found<'_>>> = findings
        .iter()
        .flat_map(|finding| [&finding.related, &finding.trace])
        .map(|labels| labels.iter().map(|label| Found::label(label, sources)).collect())
        .collect();
    let is_marked = |found: &Found<'_>| marks.iter().any(|mark| found.is_marked_by(mark));
    let mut failures: Vec<Failure> = marks
        .iter()
        .filter(|mark| !lists.iter().flatten().any(|found| found.is_marked_by(mark)))
        .map(|mark| section.failure(mark.fixture_line, FailureKind::MissingRelated, wanted(mark)))
        .collect();
    for list in lists.iter().filter(|list| list.iter().any(is_marked)) {
        let unmarked = list.iter().filter(|found| !is_marked(found));
        failures.extend(unmarked.map(|found| found.failure(section, FailureKind::UnmarkedRelated)));
    }
    failures
}

fn judge_problems(section: &Section, audit: &Audit) -> Vec<Failure> {
    let (crashes, others): (Vec<&Problem>, Vec<&Problem>) =
        audit.problems.iter().partition(|problem| problem.phase == Phase::Check);
    let found = |problem: &&'_ Problem| Place::of_problem(problem, &audit.project.sources);
    let mut failures: Vec<Failure> = crashes
        .iter()
        .map(|problem| section.failure(found(problem).fixture_line(section), FailureKind::Crash, &problem.message))
        .collect();
    let others = others.iter().map(|problem| Found { place: found(problem), message: &problem.message });
    let kinds = (FailureKind::UnmarkedProblem, FailureKind::MissingProblem);
    failures.extend(pair_up(section, Kind::Problem, others.collect(), kinds));
    failures
}

/// What a mark asks for, in words.
fn wanted(mark: &Mark) -> String {
    let place = Place { path: mark.path.clone(), line: mark.line };
    if mark.text.is_empty() { format!("{place}") } else { format!("{place}: \"{}\"", mark.text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fixture;
    use pyaudit_project::{Files, Project};
    use std::collections::BTreeMap;

    /// What is said of a file whose second line met a problem.
    fn kinds(text: &str, phase: Phase) -> Vec<FailureKind> {
        let (fixture, failures) = Fixture::parse(&format!("## s\n`a.toml`:\n```\n{text}\n```\n"));
        assert_eq!(failures, []);
        let sources = crate::memory::sources(&fixture.sections[0]);
        let file = sources.find("a.toml").expect("the file was given");
        let start = text.find("BROKEN").expect("the text has a broken place") as u32;
        let span = Some(Span::new(file, pyaudit_source::Range::new(start, start + 1)));
        let problem = Problem { span, path: None, phase, message: "a value is missing".to_owned() };
        let audit = Audit {
            project: Project::build(sources, Files::default()),
            checks: Vec::new(),
            findings: Vec::new(),
            examined: BTreeMap::new(),
            facts: Vec::new(),
            problems: vec![problem],
        };
        judge(&fixture.sections[0], &audit, "a-b").into_iter().map(|failure| failure.kind).collect()
    }

    #[test]
    fn problems_must_be_marked() {
        assert_eq!(kinds("a\nBROKEN", Phase::Parse), [FailureKind::UnmarkedProblem]);
        assert_eq!(kinds("a\nBROKEN  # problem: value is", Phase::Parse), []);
        let both = [FailureKind::MissingProblem, FailureKind::UnmarkedProblem];
        assert_eq!(kinds("a\nBROKEN  # problem: key is", Phase::Parse), both);
        assert_eq!(kinds("a # problem:\nBROKEN", Phase::Parse), both);
    }

    #[test]
    fn a_crash_is_no_problem_that_a_mark_could_excuse() {
        let both = [FailureKind::Crash, FailureKind::MissingProblem];
        assert_eq!(kinds("a\nBROKEN  # problem: value", Phase::Check), both);
    }
}
