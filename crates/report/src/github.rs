//! Workflow commands, which GitHub shows beside the lines of a pull request.
//!
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands> says how they are written and
//! escaped.

use crate::escape::is_hidden;
use crate::summary::counting;
use pyaudit_check::{Finding, Severity};
use pyaudit_engine::Audit;
use pyaudit_source::{Problem, Span};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Writes one command for each finding that counts, and a notice for each problem. Paths are relative to the work tree.
pub fn github(audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
    for judged in counting(audit) {
        finding(audit, &judged.finding, out)?;
    }
    audit.problems.iter().try_for_each(|found| problem(audit, found, out))
}

fn finding(audit: &Audit, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let title = format!("{} ({})", finding.check.id, finding.severity);
    let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    let message = format!("{}{help}", finding.message);
    write!(out, "::{} {}", command(finding.severity), place(audit, finding.span))?;
    writeln!(out, ",title={}::{}", property(&title), data(&message))
}

fn problem(audit: &Audit, problem: &Problem, out: &mut dyn Write) -> io::Result<()> {
    let place = match (problem.span, &problem.path) {
        (Some(span), _) => place(audit, span) + ",",
        (None, Some(path)) => format!("file={},", property(&in_work_tree(audit, path))),
        (None, None) => String::new(),
    };
    let title = format!("problem ({})", problem.phase.name());
    writeln!(out, "::notice {place}title={}::{}", property(&title), data(&problem.message))
}

const fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    }
}

/// The properties of a place. Columns are given for a place on one line alone: GitHub refuses others.
fn place(audit: &Audit, span: Span) -> String {
    let sources = &audit.project.sources;
    let file = property(&in_work_tree(audit, &sources.file(span.file).path));
    let Some((start, end)) = sources.positions(span) else { return format!("file={file}") };
    if start.line == end.line {
        return format!(
            "file={file},line={},col={},endLine={},endColumn={}",
            start.line, start.column, end.line, end.column
        );
    }
    format!("file={file},line={},endLine={}", start.line, end.line)
}

/// A path relative to the work tree, which is where GitHub looks.
fn in_work_tree(audit: &Audit, path: &str) -> String {
    match audit.project.sources.git().map(|git| git.prefix.trim_end_matches('/')) {
        Some(prefix) if !prefix.is_empty() => format!("{prefix}/{path}"),
        _ => path.to_owned(),
    }
}

/// The text of a message: a line end would end the command.
fn data(text: &str) -> String {
    escaped(text, &['%', '\r', '\n'])
}

/// The value of a property, which also ends at a colon or a comma.
fn property(text: &str) -> String {
    escaped(text, &['%', '\r', '\n', ':', ','])
}

/// The text with these characters as `%XX`, and other hidden ones as `\u{…}`.
fn escaped(text: &str, special: &[char]) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if special.contains(&character) {
            let _ = write!(safe, "%{:02X}", u32::from(character));
        } else if is_hidden(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_would_end_a_command_or_a_property() {
        assert_eq!(data("50% a:b,c\r\n::error::x"), "50%25 a:b,c%0D%0A::error::x");
        assert_eq!(property("50% a:b,c\n"), "50%25 a%3Ab%2Cc%0A");
        assert_eq!(data("\u{1b}[31m\u{202e}"), "\\u{1b}[31m\\u{202e}");
    }
}
