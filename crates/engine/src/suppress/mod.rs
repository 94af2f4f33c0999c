//! Suppression comments: `# pyaudit: ignore[id, id] reason` and `# pyaudit: ignore-file[id] reason`.
//!
//! A comment on a line speaks for what starts on that line; in Python, for the whole statement (or header of a compound
//! statement, decorators included) that the line is part of. A comment on a line of its own speaks for the next line
//! that is no comment. Only the main place of a finding counts. `ignore-file` speaks for the whole file, and is the only
//! comment that reaches a finding about a file as a whole.

mod comments;
mod directive;
mod lines;
#[cfg(test)]
mod tests;

use crate::audit::{Status, SuppressedBy};
use crate::select::find_check;
use comments::Comment;
use directive::{Directive, Scope};
use lines::LineGroups;
use pyaudit_check::{Check, Finding, Project};
use pyaudit_project::Data;
use pyaudit_source::{FileId, LineIndex, ParseProblem, Phase, Problem, Range, Span};
use std::collections::BTreeMap;

/// The suppression comments of a whole repository.
#[derive(Debug, Default)]
pub(crate) struct Comments {
    files: BTreeMap<FileId, FileComments>,
    /// Comments that are misspelt or malformed.
    pub(crate) problems: Vec<Problem>,
}

#[derive(Debug, Default)]
struct FileComments {
    entries: Vec<Entry>,
    groups: LineGroups,
    /// The entries by what they speak for: the group of lines (`None` for the file) and the id of the check.
    by_target: BTreeMap<(Option<u32>, &'static str), Vec<usize>>,
}

/// One check named in one comment.
#[derive(Debug)]
struct Entry {
    check: &'static Check,
    place: Range,
    reason: Option<String>,
    used: bool,
}

impl Comments {
    /// Reads the comments of every file that has some.
    pub(crate) fn read(project: &Project, known: &[&'static Check]) -> Self {
        let mut all = Self::default();
        for (id, file) in project.sources.files() {
            let Ok(content) = &file.content else { continue };
            // Nearly every file is done with after this one search.
            if !content.text.contains("pyaudit") {
                continue;
            }
            let data = project.files.get(id);
            let comments = comments::comments(file, data, &content.text);
            let reader = Reader { text: &content.text, lines: &content.lines, known };
            let groups = match data {
                Some(Data::Python(module)) => LineGroups::of_module(module, &content.lines, &content.text),
                _ => LineGroups::default(),
            };
            let (read, problems) = reader.read(&comments, groups);
            all.problems.extend(problems.into_iter().map(|problem| at_place(id, problem)));
            if !read.entries.is_empty() {
                all.files.insert(id, read);
            }
        }
        all
    }

    /// The status that the first comment that speaks for a finding gives it, if one does. All that do are used.
    pub(crate) fn suppress(&mut self, project: &Project, finding: &Finding) -> Option<Status> {
        let file = self.files.get_mut(&finding.span.file)?;
        let line = finding.span.range.and_then(|range| {
            let content = project.sources.file(finding.span.file).content.as_ref().ok()?;
            Some(file.groups.group(content.lines.line(range.start)))
        });
        let targets = [line.map(Some), Some(None)].into_iter().flatten();
        let mut status = None;
        for covering in targets.filter_map(|target| file.by_target.get(&(target, finding.check.id))) {
            let first = covering[0];
            // Those of one target are used together, and once.
            if !file.entries[first].used {
                for &at in covering {
                    file.entries[at].used = true;
                }
            }
            status.get_or_insert_with(|| Status::Suppressed {
                reason: file.entries[first].reason.clone(),
                by: SuppressedBy::Comment,
            });
        }
        status
    }

    /// A problem for each check that ran and that a comment names without need.
    pub(crate) fn unused(&self, ran: &[&'static Check]) -> impl Iterator<Item = Problem> {
        let ids: Vec<&str> = ran.iter().map(|check| check.id).collect();
        let entries = self.files.iter().flat_map(|(&file, comments)| comments.entries.iter().map(move |at| (file, at)));
        entries.filter(move |(_, entry)| !entry.used && ids.contains(&entry.check.id)).map(|(file, entry)| {
            let message = format!("unused suppression: no finding of `{}` is here", entry.check.id);
            at_place(file, ParseProblem::at(entry.place, message))
        })
    }
}

fn at_place(file: FileId, problem: ParseProblem) -> Problem {
    let span = Span { file, range: problem.range };
    Problem { span: Some(span), path: None, phase: Phase::Suppress, message: problem.message }
}

/// Reads the comments of one file.
struct Reader<'a> {
    text: &'a str,
    lines: &'a LineIndex,
    known: &'a [&'static Check],
}

impl Reader<'_> {
    fn read(&self, comments: &[Comment], groups: LineGroups) -> (FileComments, Vec<ParseProblem>) {
        let targets = self.targets(comments, &groups);
        let mut file = FileComments { groups, ..FileComments::default() };
        let mut problems = Vec::new();
        for (comment, target) in comments.iter().zip(targets) {
            match directive::parse(comment.range.slice(self.text)) {
                None => {}
                Some(Err(problem)) => problems.push(shift(problem, comment.range.start)),
                Some(Ok(directive)) => {
                    let target = (directive.scope == Scope::Line).then_some(target);
                    self.add(&mut file, &directive, comment.range.start, target, &mut problems);
                }
            }
        }
        (file, problems)
    }

    fn add(
        &self,
        file: &mut FileComments,
        directive: &Directive,
        start: u32,
        target: Option<u32>,
        problems: &mut Vec<ParseProblem>,
    ) {
        for &(name, range) in &directive.names {
            let place = range.shift(start);
            match find_check(name, self.known) {
                Ok(check) => {
                    file.by_target.entry((target, check.id)).or_default().push(file.entries.len());
                    let reason = directive.reason.map(str::to_owned);
                    file.entries.push(Entry { check, place, reason, used: false });
                }
                Err(unknown) => problems.push(ParseProblem::at(place, unknown.to_string())),
            }
        }
    }

    /// The group of lines that each comment speaks for.
    fn targets(&self, comments: &[Comment], groups: &LineGroups) -> Vec<u32> {
        let mut targets = Vec::with_capacity(comments.len());
        // From the last to the first, so that a run of comment lines hands down the line below it.
        let mut below: Option<(u32, u32)> = None;
        for comment in comments.iter().rev() {
            let line = self.lines.line(comment.range.start);
            let next = match below {
                Some((below, target)) if below == line + 1 => target,
                _ => line + 1,
            };
            let is_inside = groups.group(line) != line;
            targets.push(groups.group(if comment.own_line && !is_inside { next } else { line }));
            if comment.own_line {
                below = Some((line, next));
            }
        }
        targets.reverse();
        targets
    }
}

fn shift(problem: ParseProblem, start: u32) -> ParseProblem {
    ParseProblem { range: problem.range.map(|range| range.shift(start)), ..problem }
}
