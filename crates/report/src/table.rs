//! An audit for people at a terminal: code frames, a summary by area and severity, and one last line.

use crate::escape::visible;
use crate::frame::{Frames, location};
use crate::summary::{self, OF_NO_INTEREST, by_area, by_severity, counting, worst_first};
use anstyle::{AnsiColor, Style};
use comfy_table::{Cell, CellAlignment, Table, presets};
use pyaudit_engine::{Audit, Judged};
use pyaudit_source::Problem;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

/// How the table is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableOptions {
    /// Whether to use colours.
    pub color: bool,
    /// How many characters wide source lines may be.
    pub width: usize,
    /// How many findings of one check are drawn; `None` draws all, and 0 leaves the frames out.
    pub frames_per_check: Option<usize>,
    /// How many problems are listed; `None` lists all.
    pub problems: Option<usize>,
    /// How long the run took, for the last line. Without it the output is a pure function of the audit.
    pub elapsed: Option<Duration>,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self { color: false, width: 120, frames_per_check: Some(5), problems: Some(10), elapsed: None }
    }
}

/// Writes the findings that count as code frames, the problems, a summary and a last line.
pub fn table(audit: &Audit, options: &TableOptions, out: &mut dyn Write) -> io::Result<()> {
    if options.frames_per_check != Some(0) {
        frames(audit, options, out)?;
    }
    problems(audit, options, out)?;
    if counting(audit).next().is_some() {
        writeln!(out, "{}\n", by_area_and_severity(audit))?;
    }
    let bold = if options.color { Style::new().bold() } else { Style::new() };
    writeln!(out, "{bold}{}{bold:#}", last_line(audit, options.elapsed))
}

/// The frames, check by check, those with the worst findings first.
fn frames(audit: &Audit, options: &TableOptions, out: &mut dyn Write) -> io::Result<()> {
    let frames = Frames::new(&audit.project.sources, options.color, options.width.max(40));
    for (id, findings) in by_check(audit) {
        let most = options.frames_per_check.unwrap_or(usize::MAX);
        for judged in findings.iter().take(most) {
            writeln!(out, "{}\n", frames.draw(&judged.finding))?;
        }
        let more = findings.len().saturating_sub(most);
        if more > 0 {
            writeln!(out, "and {more} more `{id}` finding{}\n", plural(more))?;
        }
    }
    Ok(())
}

/// The findings that count by check; inside a check, and among checks, the worst come first.
fn by_check(audit: &Audit) -> Vec<(&'static str, Vec<&Judged>)> {
    let mut checks: BTreeMap<&'static str, Vec<&Judged>> = BTreeMap::new();
    for judged in counting(audit) {
        checks.entry(judged.finding.check.id).or_default().push(judged);
    }
    let mut checks: Vec<_> = checks.into_iter().collect();
    for (_, findings) in &mut checks {
        // The sort is stable, so that findings of one severity stay in the order of their places.
        findings.sort_by_key(|judged| std::cmp::Reverse(judged.finding.severity));
    }
    checks.sort_by_key(|(_, findings)| std::cmp::Reverse(findings.first().map(|judged| judged.finding.severity)));
    checks
}

fn problems(audit: &Audit, options: &TableOptions, out: &mut dyn Write) -> io::Result<()> {
    let count = audit.problems.len();
    if count == 0 {
        return Ok(());
    }
    let style: Style = if options.color { AnsiColor::Yellow.on_default().bold() } else { Style::new() };
    let most = options.problems.unwrap_or(usize::MAX);
    writeln!(out, "{style}problem{}{style:#} (what could not be read or done):", plural(count))?;
    for problem in audit.problems.iter().take(most) {
        writeln!(out, "  {}", problem_line(audit, problem))?;
    }
    if count > most {
        writeln!(out, "  and {} more", count - most)?;
    }
    writeln!(out)
}

fn problem_line(audit: &Audit, problem: &Problem) -> String {
    let place = match (problem.span, &problem.path) {
        (Some(span), _) => format!("{}: ", location(&audit.project.sources, span)),
        (None, Some(path)) => format!("{}: ", visible(path)),
        (None, None) => String::new(),
    };
    format!("{place}{} ({})", visible(&problem.message), problem.phase.name())
}

fn by_area_and_severity(audit: &Audit) -> Table {
    let number = |count: usize| {
        let text = if count == 0 { "·".to_owned() } else { count.to_string() };
        Cell::new(text).set_alignment(CellAlignment::Right)
    };
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    let names = ["area"].into_iter().chain(worst_first().map(pyaudit_check::Severity::name)).chain(["total"]);
    table.set_header(names);
    for (area, counts) in by_area(audit) {
        let count = |severity| counts.get(&severity).copied().unwrap_or(0);
        let cells = worst_first().map(|severity| number(count(severity)));
        let total = number(counts.values().sum());
        table.add_row([Cell::new(area.name())].into_iter().chain(cells).chain([total]));
    }
    table
}

/// What was found, what was looked at, what went wrong, and how long it took.
fn last_line(audit: &Audit, elapsed: Option<Duration>) -> String {
    let mut parts = vec![found(audit), files(audit)];
    let problems = audit.problems.len();
    if problems > 0 {
        parts.push(format!("{problems} problem{}", plural(problems)));
    }
    parts.extend(elapsed.map(|elapsed| format!("{:.2} s", elapsed.as_secs_f64())));
    parts.join(" · ")
}

fn found(audit: &Audit) -> String {
    let count = counting(audit).count();
    let severities = by_severity(audit);
    let severities = severities.iter().rev().filter(|(_, count)| **count > 0);
    let severities: Vec<String> = severities.map(|(severity, count)| format!("{count} {severity}")).collect();
    let mut text = match count {
        0 => "no findings".to_owned(),
        _ => format!("{count} finding{} ({})", plural(count), severities.join(", ")),
    };
    for status in ["known", "suppressed"] {
        let count = summary::with_status(audit, status);
        if count > 0 {
            let _ = write!(text, ", {count} {status}");
        }
    }
    let hidden = summary::hidden(audit);
    if hidden > 0 {
        let _ = write!(text, ", {hidden} not shown");
    }
    text
}

fn files(audit: &Audit) -> String {
    let read = summary::files_read(audit);
    // Pictures and prose are no loss, and their number would hide those of the files that are.
    let mut left_out: Vec<_> =
        summary::left_out(audit).into_iter().filter(|&(reason, count)| reason != OF_NO_INTEREST && count > 0).collect();
    left_out.sort_by_key(|&(reason, count)| (std::cmp::Reverse(count), reason));
    let mut text = format!("{read} file{} read", plural(read));
    if !left_out.is_empty() {
        let total: usize = left_out.iter().map(|(_, count)| count).sum();
        let reasons: Vec<String> = left_out.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let _ = write!(text, ", {total} left out ({})", reasons.join(", "));
    }
    text
}

const fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
