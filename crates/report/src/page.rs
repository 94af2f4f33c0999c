//! The page of a check: what `explain` prints and `docs/checks` holds.

use pyaudit_check::Check;
use std::fmt::Write as _;

/// The examples of a check, as Markdown without headings. They are sections of its fixture, so that they are tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Examples<'a> {
    /// Title and text of a small repository in which the check fires.
    pub firing: Option<(&'a str, &'a str)>,
    /// Title and text of a look-alike in which it is silent.
    pub silent: Option<(&'a str, &'a str)>,
}

/// The page of a check as Markdown.
pub fn check_page(check: &Check, examples: &Examples<'_>) -> String {
    let mut page = format!("# {}\n\n{}.\n\n", check.id, sentence(check.summary));
    page.push_str(&metadata(check));
    let _ = write!(page, "\n{}\n", documentation(check.docs));
    for (heading, example) in [("Found", examples.firing), ("Not found", examples.silent)] {
        if let Some((title, text)) = example {
            let _ = write!(page, "\n## {heading}: {title}\n\n{}\n", text.trim());
        }
    }
    if !check.references.is_empty() {
        page.push_str("\n## References\n\n");
        for reference in check.references {
            let _ = writeln!(page, "* <{reference}>");
        }
    }
    page
}

/// The list of all checks as Markdown, area by area.
pub fn check_index(checks: &[&'static Check]) -> String {
    let mut index = String::from(
        "# Checks\n\nThis list and the pages are made from the checks and their fixtures by `cargo xtask docs`.\n\
         `pyaudit explain CHECK` prints a page.\n",
    );
    let mut sorted = checks.to_vec();
    sorted.sort_by_key(|check| (check.area, check.id));
    for area in sorted.chunk_by(|left, right| left.area == right.area) {
        let _ = write!(
            index,
            "\n## {}\n\n| check | severity | what is wrong |\n|---|---|---|\n",
            sentence(area[0].area.name())
        );
        for check in area {
            let _ = writeln!(index, "| [{0}]({0}.md) | {1} | {2} |", check.id, check.severity, cell(check.summary));
        }
    }
    index
}

fn metadata(check: &Check) -> String {
    let mut table = String::from("| | |\n|---|---|\n");
    let rows = [
        ("area", check.area.name()),
        ("axis", check.axis.name()),
        ("severity", check.severity.name()),
        ("confidence", check.confidence.name()),
        ("maturity", check.maturity.name()),
        ("since", check.since),
    ];
    for (name, value) in rows {
        let _ = writeln!(table, "| {name} | {value} |");
    }
    if !check.aliases.is_empty() {
        let _ = writeln!(table, "| former ids | {} |", check.aliases.join(", "));
    }
    table
}

/// The doc comment without the space that follows each `///`.
fn documentation(docs: &str) -> String {
    let lines: Vec<&str> =
        docs.trim_end().lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n").trim().to_owned()
}

/// The text with its first letter in upper case.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Text inside a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
