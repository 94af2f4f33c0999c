//! The tables that the field trials print.

use super::join::{Joined, Tally};
use std::fmt::Write as _;

/// The table per check, in Markdown.
pub(super) fn page(joined: &Joined) -> String {
    let mut page = String::from(
        "| check | findings | right | arguable | wrong | ungraded | listed by hand | of these found | look-alikes | of these flagged |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let mut total = Tally::default();
    for (check, tally) in &joined.checks {
        row(&mut page, &format!("`{check}`"), tally);
        total = sum(&total, tally);
    }
    row(&mut page, "all", &total);
    page
}

fn row(page: &mut String, name: &str, tally: &Tally) {
    let ungraded = tally.findings - tally.right - tally.wrong - tally.arguable;
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        page,
        "| {name} | {} | {} | {} | {} | {ungraded} | {} | {} | {} | {} |",
        tally.findings,
        tally.right,
        tally.arguable,
        tally.wrong,
        tally.listed,
        tally.found,
        tally.look_alikes,
        tally.flagged
    );
}

fn sum(one: &Tally, other: &Tally) -> Tally {
    Tally {
        findings: one.findings + other.findings,
        right: one.right + other.right,
        wrong: one.wrong + other.wrong,
        arguable: one.arguable + other.arguable,
        listed: one.listed + other.listed,
        found: one.found + other.found,
        look_alikes: one.look_alikes + other.look_alikes,
        flagged: one.flagged + other.flagged,
    }
}

/// Every expected place that was missed, and every look-alike that was flagged.
pub(super) fn differences(joined: &Joined) -> String {
    joined.differences.join("\n")
}

/// What has become worse since it was graded.
pub(super) fn regressions(joined: &Joined) -> String {
    match joined.regressions.len() {
        0 => "no regressions".to_owned(),
        count => format!("{count} regressions:\n{}", joined.regressions.join("\n")),
    }
}
