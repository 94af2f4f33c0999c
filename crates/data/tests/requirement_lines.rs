//! Real requirement lines against what PyPI's `packaging` 26.3 read in them once. `cargo xtask oracle requirements` compares all of
//! them with the `packaging` that is installed.

use pyaudit_data::requirements::{Requirement, parse, parse_requirement};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const LINES: &str = include_str!("../../../testdata/requirements/lines.txt");
const EXPECTED: &str = include_str!("../../../testdata/requirements/expected.jsonl");

fn comparable(line: &str, found: &Requirement) -> Value {
    let extras: BTreeSet<_> = found.extras.iter().collect();
    let specifiers = found.specifiers.iter().map(|found| format!("{}{}", found.operator, found.version));
    let specifiers: BTreeSet<_> = specifiers.collect();
    json!({
        "line": line,
        "name": found.name,
        "extras": extras,
        "specifiers": specifiers,
        "url": found.url,
        "marker": found.marker.is_some(),
    })
}

#[test]
fn requirements_are_what_packaging_reads() {
    let mut compared = 0;
    for expected in EXPECTED.lines() {
        let expected: Value = serde_json::from_str(expected).unwrap();
        let line = expected["line"].as_str().unwrap();
        let found = parse_requirement(line);
        let found = found.map_or_else(|_| json!({"line": line, "error": true}), |found| comparable(line, &found));
        assert_eq!(found, expected);
        compared += 1;
    }
    assert!(compared > 300, "{compared}");
}

#[test]
fn ranges_of_names_and_specifiers_slice_to_what_they_say() {
    for line in LINES.lines().filter(|line| !line.starts_with('#')) {
        let Ok(found) = parse_requirement(line) else { continue };
        assert_eq!(found.name_range.slice(line), found.name);
        for specifier in &found.specifiers {
            let written = specifier.range.slice(line);
            assert!(written.starts_with(&specifier.operator) && written.ends_with(&specifier.version), "{line}");
        }
    }
}

#[test]
fn a_file_of_all_lines_gives_a_requirement_or_a_problem_for_each() {
    let (lines, problems) = parse(LINES);
    let count = LINES.lines().filter(|line| !line.starts_with('#')).count();
    assert!(count >= 2_000, "{count}");
    assert_eq!(lines.len() + problems.len(), count);
}
