//! The report as Markdown.

use super::content::{AxisEntry, CheckGroup, Coverage, Report, Summary, Tenths};
use super::text::{Piece, counted, pieces, shown_place};
use crate::escape::{code_span as code, visible};
use std::fmt::Write as _;

/// The whole page.
pub(super) fn page(report: &Report<'_>) -> String {
    let mut page = String::new();
    head(report, &mut page);
    scores(&report.axes, &mut page);
    facts(report, &mut page);
    findings(report, &mut page);
    plan(report, &mut page);
    coverage(&report.coverage, &mut page);
    page
}

fn head(report: &Report<'_>, page: &mut String) {
    let name = report.repository.name.map_or_else(String::new, |name| format!(" of {}", prose(name)));
    let _ = write!(page, "# Audit{name}\n\n{}\n\n", summary(&report.summary));
    let severities = report.summary.by_severity.iter().filter(|it| it.findings > 0);
    let severities: Vec<String> = severities.map(|it| format!("{} {}", it.findings, it.severity)).collect();
    let severities = if severities.is_empty() { String::new() } else { format!(": {}", severities.join(", ")) };
    let _ = writeln!(page, "{}{severities}.", counted(report.summary.findings, "finding"));
    if report.summary.suppressed > 0 {
        let _ = writeln!(page, "{} more suppressed by the project.", report.summary.suppressed);
    }
    if let Some(revision) = report.repository.revision {
        let _ = writeln!(page, "\nRevision {}, read by {} {}.", code(revision), report.tool.name, report.tool.version);
    } else {
        let _ = writeln!(page, "\nRead by {} {}.", report.tool.name, report.tool.version);
    }
}

fn summary(summary: &Summary) -> String {
    let of = format!("{} of {} axes assessed", summary.axes_assessed, summary.axes);
    match summary.score {
        Some(score) => format!("**{} of 10**, the mean of {of}.", shown(score)),
        None => format!("**Not assessed**: {of}."),
    }
}

fn scores(axes: &[AxisEntry], page: &mut String) {
    page.push_str("\n## Scores\n\n| axis | score | what it asks | deductions |\n|---|--:|---|---|\n");
    for axis in axes {
        let score = axis.score.map_or_else(|| "not assessed".to_owned(), shown);
        let deductions = match axis.not_assessed {
            Some(why) => why.to_owned(),
            None if axis.deductions.is_empty() => format!("none, by {}", counted(axis.checks, "check")),
            None => {
                let each = axis
                    .deductions
                    .iter()
                    .map(|it| format!("−{} {} ({} of {})", shown(it.points), code(it.check), it.findings, it.examined));
                each.collect::<Vec<_>>().join("<br>")
            }
        };
        let _ = writeln!(page, "| {} | {score} | {} | {deductions} |", axis.title, axis.question);
    }
    page.push_str("\nThe formula stands in pyaudit's `docs/scoring.md`. In brackets: findings of examined units.\n");
}

fn facts(report: &Report<'_>, page: &mut String) {
    page.push_str("\n## What works\n\n");
    if report.facts.is_empty() {
        page.push_str("Nothing that pyaudit looks for was found; it looks for few things yet.\n");
    }
    for group in &report.facts {
        let _ = writeln!(page, "### {}\n", group.title);
        for fact in &group.facts {
            let _ = writeln!(page, "* {} ({})", message(fact.message), code(&shown_place(fact.path, fact.line)));
        }
        page.push('\n');
    }
}

fn findings(report: &Report<'_>, page: &mut String) {
    page.push_str("\n## Findings\n");
    if report.findings.is_empty() {
        page.push_str("\nNone.\n");
    }
    for group in &report.findings {
        let _ = writeln!(page, "\n### {}", group.title);
        for check in &group.checks {
            of_check(check, page);
        }
    }
}

fn of_check(check: &CheckGroup<'_>, page: &mut String) {
    let cost = match (check.points, check.unscored) {
        (Some(points), _) => format!("−{}", shown(points)),
        (None, why) => why.unwrap_or_default().to_owned(),
    };
    let _ = writeln!(page, "\n#### {}: {}\n", check.check, check.summary);
    let _ = writeln!(page, "{}, {} at worst; {cost}.\n", counted(check.findings, "finding"), check.worst);
    let _ = writeln!(page, "**Why it matters.** {}\n", check.why);
    let _ = writeln!(page, "**How to fix.** {}\n", check.fix);
    for place in &check.places {
        let at = code(&shown_place(place.path, place.line));
        let help = place.help.map_or_else(String::new, |help| format!(" — {}", message(help)));
        let _ = writeln!(page, "* {at}: {} ({}){help}", message(place.message), place.severity);
    }
    if check.more > 0 {
        let _ = writeln!(page, "* and {} more", check.more);
    }
}

fn plan(report: &Report<'_>, page: &mut String) {
    page.push_str("\n## Plan\n\n");
    if report.plan.is_empty() {
        page.push_str("Nothing that would raise a score.\n");
        return;
    }
    page.push_str("What mending all findings of one check would gain, the most first.\n\n");
    page.push_str("| gain | axis | check | findings | what is wrong |\n|--:|---|---|--:|---|\n");
    for step in &report.plan {
        let (points, check) = (shown(step.points), code(step.check));
        let _ = writeln!(page, "| +{points} | {} | {check} | {} | {} |", step.title, step.findings, cell(step.summary));
    }
}

fn coverage(coverage: &Coverage<'_>, page: &mut String) {
    page.push_str("\n## Coverage and limits\n\n");
    let _ = writeln!(page, "* {} read.", counted(coverage.files_read, "file"));
    for (reason, count) in &coverage.left_out {
        let _ = writeln!(page, "* {} left out: {reason}.", counted(*count, "file"));
    }
    let _ = writeln!(page, "* {} ran.", counted(coverage.checks_run, "check"));
    for (what, checks) in
        [("met nothing to examine", &coverage.not_applicable), ("are previews and never score", &coverage.previews)]
    {
        if !checks.is_empty() {
            let names: Vec<String> = checks.iter().map(|check| code(check)).collect();
            let _ = writeln!(page, "* These {what}: {}.", names.join(", "));
        }
    }
    for limit in coverage.limits {
        let _ = writeln!(page, "* {limit}");
    }
    if coverage.problems.is_empty() {
        return;
    }
    page.push_str("\n### Problems\n\nWhat could not be read or done:\n\n");
    for problem in &coverage.problems {
        let at = problem.path.map_or_else(String::new, |path| format!("{}: ", code(&shown_place(path, problem.line))));
        let _ = writeln!(page, "* {at}{}", message(problem.message));
    }
    if coverage.more_problems > 0 {
        let _ = writeln!(page, "* and {} more", coverage.more_problems);
    }
}

fn shown(points: Tenths) -> String {
    points.0.to_string()
}

/// A message, its code as code and everything else inert.
fn message(text: &str) -> String {
    let each = pieces(text).into_iter().map(|piece| match piece {
        Piece::Plain(plain) => prose(plain),
        Piece::Code(text) => code(text),
    });
    each.collect()
}

/// Text that means nothing to Markdown: every character of ASCII punctuation can be escaped with a backslash
/// (`CommonMark` 0.31, 2.4), and HTML and links need some of them.
fn prose(text: &str) -> String {
    let text = visible(text);
    let mut shown = String::new();
    for (at, character) in text.char_indices() {
        let (before, after) = (&text[..at], &text[at + character.len_utf8()..]);
        let is_markup = matches!(
            character,
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '~' | '&' | '@' | '$'
        );
        // GitHub makes links of addresses that nobody marked as such.
        let is_address = (character == ':' && after.starts_with('/')) || (character == '.' && before.ends_with("www"));
        if is_markup || is_address {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

/// Text of pyaudit's own inside a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_repository_is_inert() {
        assert_eq!(prose("<b>[x](javascript:1)"), "\\<b\\>\\[x\\](javascript:1)");
        assert_eq!(prose("see https://x.y or www.x.y: @you"), "see https\\://x.y or www\\.x.y: \\@you");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("a\u{1b}|b"), "`a\\u{1b}|b`");
        assert_eq!(message("`<i>` & `x"), "`<i>` \\& \\`x");
    }
}
