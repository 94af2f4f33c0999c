//! The report as plain data.

use super::ReportOptions;
use crate::summary::{files_read, left_out, with_status, worst_first};
use pyaudit_check::{Axis, Check, Maturity, Severity};
use pyaudit_engine::score::{AxisScore, Outcome, Points, Score, score};
use pyaudit_engine::{Audit, Judged, Status};
use pyaudit_source::{Sources, Span};
use serde::Serialize;
use std::collections::BTreeMap;

/// How many places of one check are listed; the others are counted.
const MAX_PLACES: usize = 10;

/// How many problems are listed; the others are counted.
const MAX_PROBLEMS: usize = 20;

/// What no reading of files can tell.
const LIMITS: &[&str] = &[
    "Nothing was run, imported or fetched: what a program does with data that it meets only while it runs is not seen.",
    "What stands outside the repository, such as the settings of a host, a proxy or a cloud account, is not seen.",
    "A check tells what it is sure of. Where it cannot follow the code it is silent, so that no finding is no proof; \
     the page of each check lists its limits.",
];

/// The whole report.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    pub(super) version: u32,
    pub(super) tool: Tool,
    pub(super) repository: Repository<'a>,
    pub(super) summary: Summary,
    pub(super) axes: Vec<AxisEntry>,
    pub(super) facts: Vec<FactGroup<'a>>,
    pub(super) findings: Vec<FindingGroup<'a>>,
    pub(super) plan: Vec<Step>,
    pub(super) coverage: Coverage<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Repository<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) revision: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// The mean of the assessed axes.
    pub(super) score: Option<Tenths>,
    pub(super) axes_assessed: usize,
    pub(super) axes: usize,
    /// Findings that are not suppressed, whatever filters hide.
    pub(super) findings: usize,
    pub(super) by_severity: Vec<SeverityCount>,
    pub(super) suppressed: usize,
    pub(super) files: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct SeverityCount {
    pub(super) severity: &'static str,
    pub(super) findings: usize,
}

/// Points that are shown with one decimal, in every format by the same digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tenths(pub(super) Points);

impl Serialize for Tenths {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0.0) / 10.0)
    }
}

#[derive(Debug, Serialize)]
pub(super) struct AxisEntry {
    pub(super) axis: &'static str,
    pub(super) title: &'static str,
    pub(super) question: &'static str,
    pub(super) score: Option<Tenths>,
    /// Why there is no score.
    pub(super) not_assessed: Option<&'static str>,
    /// How many checks could have lowered it.
    pub(super) checks: usize,
    pub(super) deductions: Vec<DeductionEntry>,
}

#[derive(Debug, Serialize)]
pub(super) struct DeductionEntry {
    pub(super) check: &'static str,
    pub(super) findings: usize,
    pub(super) examined: usize,
    pub(super) worst: &'static str,
    pub(super) points: Tenths,
}

#[derive(Debug, Serialize)]
pub(super) struct FactGroup<'a> {
    pub(super) axis: &'static str,
    pub(super) title: &'static str,
    pub(super) facts: Vec<FactEntry<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct FactEntry<'a> {
    pub(super) fact: &'static str,
    pub(super) message: &'a str,
    pub(super) path: &'a str,
    pub(super) line: Option<u32>,
}

#[derive(Debug, Serialize)]
pub(super) struct FindingGroup<'a> {
    pub(super) axis: &'static str,
    pub(super) title: &'static str,
    pub(super) checks: Vec<CheckGroup<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct CheckGroup<'a> {
    pub(super) check: &'static str,
    pub(super) summary: &'static str,
    /// The worst severity among its findings.
    pub(super) worst: &'static str,
    pub(super) findings: usize,
    /// What it cost, where it cost something.
    pub(super) points: Option<Tenths>,
    /// Why it cost nothing.
    pub(super) unscored: Option<&'static str>,
    /// Markdown of the check's documentation.
    pub(super) why: String,
    /// Markdown of the check's documentation.
    pub(super) fix: String,
    pub(super) places: Vec<Place<'a>>,
    /// How many places are not listed.
    pub(super) more: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Place<'a> {
    pub(super) path: &'a str,
    pub(super) line: Option<u32>,
    pub(super) message: &'a str,
    pub(super) severity: &'static str,
    pub(super) confidence: &'static str,
    pub(super) help: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) check: &'static str,
    pub(super) summary: &'static str,
    pub(super) axis: &'static str,
    pub(super) title: &'static str,
    pub(super) findings: usize,
    pub(super) worst: &'static str,
    pub(super) points: Tenths,
}

#[derive(Debug, Serialize)]
pub(super) struct Coverage<'a> {
    pub(super) files_read: usize,
    pub(super) left_out: BTreeMap<&'static str, usize>,
    pub(super) checks_run: usize,
    /// Checks that met nothing to examine.
    pub(super) not_applicable: Vec<&'static str>,
    /// Checks that are new and never score.
    pub(super) previews: Vec<&'static str>,
    pub(super) problems: Vec<ProblemEntry<'a>>,
    pub(super) more_problems: usize,
    pub(super) limits: &'static [&'static str],
}

#[derive(Debug, Serialize)]
pub(super) struct ProblemEntry<'a> {
    pub(super) path: Option<&'a str>,
    pub(super) line: Option<u32>,
    pub(super) message: &'a str,
}

/// The name of an axis for people, and what it asks.
pub(super) const fn title(axis: Axis) -> (&'static str, &'static str) {
    match axis {
        Axis::Modularity => ("Modularity", "Is the code divided so that a part can be changed by itself?"),
        Axis::ConfigurationSecurity => ("Configuration and security", "Are settings, secrets and doors in order?"),
        Axis::Reproducibility => ("Reproducibility", "Does the same commit give the same result, anywhere?"),
        Axis::Observability => ("Observability", "Can one see what it does while it runs?"),
        Axis::Robustness => ("Robustness", "Does it stand up to load and to failure?"),
        Axis::Tests => ("Tests", "Do tests guard what matters?"),
    }
}

impl<'a> Report<'a> {
    /// The report on an audit.
    pub(super) fn of(audit: &'a Audit, options: &'a ReportOptions) -> Self {
        let score = score(audit);
        let git = audit.project.sources.git();
        Self {
            version: 1,
            tool: Tool { name: "pyaudit", version: env!("CARGO_PKG_VERSION") },
            repository: Repository {
                name: Some(options.name.as_str()).filter(|name| !name.is_empty()),
                revision: git.and_then(|git| git.revision.as_deref()),
            },
            summary: Summary::of(audit, &score),
            axes: score.axes.iter().map(AxisEntry::of).collect(),
            facts: facts(audit),
            findings: findings(audit, &score),
            plan: plan(audit, &score),
            coverage: Coverage::of(audit),
        }
    }
}

/// The findings that are not suppressed.
fn standing(audit: &Audit) -> impl Iterator<Item = &Judged> {
    audit.findings.iter().filter(|judged| !matches!(judged.status, Status::Suppressed { .. }))
}

impl Summary {
    fn of(audit: &Audit, score: &Score) -> Self {
        let assessed = score.axes.iter().filter(|axis| matches!(axis.outcome, Outcome::Assessed { .. })).count();
        let count = |severity| standing(audit).filter(|judged| judged.finding.severity == severity).count();
        Self {
            score: score.total.map(Tenths),
            axes_assessed: assessed,
            axes: score.axes.len(),
            findings: standing(audit).count(),
            by_severity: worst_first()
                .map(|severity| SeverityCount { severity: severity.name(), findings: count(severity) })
                .collect(),
            suppressed: with_status(audit, "suppressed"),
            files: files_read(audit),
        }
    }
}

impl AxisEntry {
    fn of(of_axis: &AxisScore) -> Self {
        let (name, (title, question)) = (of_axis.axis.name(), title(of_axis.axis));
        let (score, not_assessed, checks, deductions) = match &of_axis.outcome {
            Outcome::Assessed { points, deductions, checks } => (Some(Tenths(*points)), None, *checks, &deductions[..]),
            Outcome::NotAssessed(why) => (None, Some(why.text()), 0, &[][..]),
        };
        let deductions = deductions.iter().map(|it| DeductionEntry {
            check: it.check,
            findings: it.findings,
            examined: it.examined,
            worst: it.worst.name(),
            points: Tenths(it.points),
        });
        Self { axis: name, title, question, score, not_assessed, checks, deductions: deductions.collect() }
    }
}

fn facts(audit: &Audit) -> Vec<FactGroup<'_>> {
    let sources = &audit.project.sources;
    let of_axis = |axis: Axis| {
        let facts = audit.facts.iter().filter(|fact| fact.axis == axis).map(|fact| {
            let (path, line) = place(fact.span, sources);
            FactEntry { fact: fact.id, message: &fact.message, path, line }
        });
        FactGroup { axis: axis.name(), title: title(axis).0, facts: facts.collect() }
    };
    Axis::ALL.iter().map(|&axis| of_axis(axis)).filter(|group| !group.facts.is_empty()).collect()
}

fn findings<'a>(audit: &'a Audit, score: &Score) -> Vec<FindingGroup<'a>> {
    let mut by_check: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
    for judged in standing(audit) {
        by_check.entry(judged.finding.check.id).or_default().push(judged);
    }
    let of_axis = |of_axis: &AxisScore| {
        let mut checks: Vec<CheckGroup<'_>> = by_check
            .values()
            .filter(|findings| findings[0].finding.check.axis == of_axis.axis)
            .map(|findings| check_group(audit, findings, of_axis))
            .collect();
        let worst = |group: &CheckGroup<'_>| Severity::from_name(group.worst);
        let points = |group: &CheckGroup<'_>| group.points.map(|points| points.0);
        checks.sort_by(|a, b| points(b).cmp(&points(a)).then(worst(b).cmp(&worst(a))).then(a.check.cmp(b.check)));
        FindingGroup { axis: of_axis.axis.name(), title: title(of_axis.axis).0, checks }
    };
    score.axes.iter().map(of_axis).filter(|group| !group.checks.is_empty()).collect()
}

fn check_group<'a>(audit: &'a Audit, findings: &[&'a Judged], of_axis: &AxisScore) -> CheckGroup<'a> {
    let check = findings[0].finding.check;
    let mut sorted = findings.to_vec();
    // The worst first; equal ones keep the order of their places.
    sorted.sort_by_key(|judged| std::cmp::Reverse((judged.finding.severity, judged.finding.confidence)));
    let points = match &of_axis.outcome {
        Outcome::Assessed { deductions, .. } => deductions.iter().find(|it| it.check == check.id).map(|it| it.points),
        Outcome::NotAssessed(_) => None,
    };
    let unscored = match check.maturity {
        Maturity::Preview => Some("preview: it does not score yet"),
        Maturity::Stable if points.is_none() => Some("for information: it costs nothing"),
        Maturity::Stable => None,
    };
    CheckGroup {
        check: check.id,
        summary: check.summary,
        worst: sorted[0].finding.severity.name(),
        findings: findings.len(),
        points: points.map(Tenths),
        unscored,
        why: section(check, "Why it matters"),
        fix: section(check, "How to fix"),
        places: sorted.iter().take(MAX_PLACES).map(|judged| Place::of(judged, &audit.project.sources)).collect(),
        more: findings.len().saturating_sub(MAX_PLACES),
    }
}

impl<'a> Place<'a> {
    fn of(judged: &'a Judged, sources: &'a Sources) -> Self {
        let finding = &judged.finding;
        let (path, line) = place(finding.span, sources);
        Self {
            path,
            line,
            message: &finding.message,
            severity: finding.severity.name(),
            confidence: finding.confidence.name(),
            help: finding.help.as_deref(),
        }
    }
}

fn plan(audit: &Audit, score: &Score) -> Vec<Step> {
    let summary = |id: &str| audit.checks.iter().find(|check| check.id == id).map_or("", |check| check.summary);
    let steps = score.plan.iter().map(|gain| Step {
        check: gain.check,
        summary: summary(gain.check),
        axis: gain.axis.name(),
        title: title(gain.axis).0,
        findings: gain.findings,
        worst: gain.worst.name(),
        points: Tenths(gain.points),
    });
    steps.collect()
}

impl<'a> Coverage<'a> {
    fn of(audit: &'a Audit) -> Self {
        let sources = &audit.project.sources;
        let with = |wanted: &dyn Fn(&Check) -> bool| {
            audit.checks.iter().filter(|check| wanted(check)).map(|check| check.id).collect::<Vec<_>>()
        };
        let problems = audit.problems.iter().take(MAX_PROBLEMS).map(|problem| {
            let of_file = problem.span.map(|span| place(span, sources));
            ProblemEntry {
                path: of_file.map(|(path, _)| path).or(problem.path.as_deref()),
                line: of_file.and_then(|(_, line)| line),
                message: &problem.message,
            }
        });
        Self {
            files_read: files_read(audit),
            left_out: left_out(audit),
            checks_run: audit.checks.len(),
            not_applicable: with(&|check| audit.examined.get(check.id).is_none_or(|&units| units == 0)),
            previews: with(&|check| check.maturity == Maturity::Preview),
            problems: problems.collect(),
            more_problems: audit.problems.len().saturating_sub(MAX_PROBLEMS),
            limits: LIMITS,
        }
    }
}

/// The path of a file and the line, from 1; none for a file as a whole.
fn place(span: Span, sources: &Sources) -> (&str, Option<u32>) {
    (&sources.file(span.file).path, sources.positions(span).map(|(start, _)| start.line))
}

/// The text below one heading of a check's documentation, without the space that follows each `///`.
fn section(check: &Check, heading: &str) -> String {
    let lines = check.docs.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
    let below = lines.skip_while(|line| line.strip_prefix("## ") != Some(heading)).skip(1);
    let text: Vec<&str> = below.take_while(|line| !line.starts_with("## ")).collect();
    text.join("\n").trim().to_owned()
}
