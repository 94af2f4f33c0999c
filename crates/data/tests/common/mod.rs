//! Every reader behind one function, and what must hold of whatever they give.
#![allow(clippy::allow_attributes, dead_code, reason = "each test binary uses a part of this")]

use pyaudit_data::requirements::Line;
use pyaudit_data::{Text, Value, ValueKind, dockerfile, dotenv, ini, json, requirements, toml, yaml};
use pyaudit_source::{ParseProblem, Range};

/// What a reader left: the ranges and texts it gave, and its problems.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) ranges: Vec<Range>,
    pub(crate) texts: Vec<Text>,
    pub(crate) problems: Vec<ParseProblem>,
}

pub(crate) type Reader = fn(&str) -> Outcome;

/// The readers by name.
pub(crate) const READERS: [(&str, Reader); 7] = [
    ("yaml", |text| of_values(yaml::parse(text))),
    ("toml", |text| of_value(toml::parse(text))),
    ("json", |text| of_value(json::parse(text))),
    ("ini", |text| of_value(ini::parse(text))),
    ("dotenv", |text| of_value(dotenv::parse(text))),
    ("dockerfile", of_dockerfile),
    ("requirements", of_requirements),
];

fn of_value((value, problems): (Option<Value>, Vec<ParseProblem>)) -> Outcome {
    of_values((value.into_iter().collect(), problems))
}

fn of_values((values, problems): (Vec<Value>, Vec<ParseProblem>)) -> Outcome {
    let mut outcome = Outcome { problems, ..Outcome::default() };
    let mut open: Vec<&Value> = values.iter().collect();
    while let Some(value) = open.pop() {
        outcome.ranges.push(value.range);
        match &value.kind {
            ValueKind::String(text) => outcome.texts.push(text.clone()),
            ValueKind::Sequence(items) => open.extend(items),
            ValueKind::Mapping(entries) => {
                outcome.ranges.extend(entries.iter().map(|entry| entry.key.range));
                open.extend(entries.iter().map(|entry| &entry.value));
            }
            _ => {}
        }
    }
    outcome
}

fn of_dockerfile(text: &str) -> Outcome {
    let (found, problems) = dockerfile::parse(text);
    let mut outcome = Outcome { problems, ..Outcome::default() };
    outcome.ranges.extend(found.stages.iter().map(|stage| stage.image_range));
    let instructions = found.stages.into_iter().flat_map(|stage| std::iter::once(stage.from).chain(stage.instructions));
    for instruction in found.preamble.into_iter().chain(instructions) {
        outcome.ranges.extend([instruction.keyword_range, instruction.range]);
        outcome.texts.push(instruction.arguments);
        outcome.texts.extend(instruction.heredocs);
    }
    outcome
}

fn of_requirements(text: &str) -> Outcome {
    let (lines, problems) = requirements::parse(text);
    let mut outcome = Outcome { problems, ..Outcome::default() };
    for line in lines {
        match line {
            Line::Requirement(found) => {
                outcome.ranges.extend([found.range, found.name_range]);
                outcome.ranges.extend(found.specifiers.iter().map(|specifier| specifier.range));
            }
            Line::Include { range, .. } | Line::Constraint { range, .. } | Line::Option { range, .. } => {
                outcome.ranges.push(range);
            }
        }
    }
    outcome.problems.extend(requirements::parse_requirement(text).err());
    outcome
}

/// Asserts that every range lies inside the text and on characters, and that texts map into the file.
pub(crate) fn assert_places(name: &str, text: &str, outcome: &Outcome) {
    let places = outcome.problems.iter().filter_map(|problem| problem.range);
    for range in places.chain(outcome.ranges.iter().copied()) {
        assert_on_characters(name, text, range);
    }
    for found in &outcome.texts {
        let ascending = found.segments.is_sorted_by(|left, right| left.0 < right.0);
        assert!(ascending, "{name}: segments out of order: {found:?}");
        if found.segments.is_empty() {
            continue;
        }
        for (at, character) in found.text.char_indices() {
            let range = Range::new(at as u32, (at + character.len_utf8()) as u32);
            let place = found.source_range(range).unwrap_or_else(|| panic!("{name}: no place of {at} in {found:?}"));
            assert_on_characters(name, text, place);
        }
    }
}

fn assert_on_characters(name: &str, text: &str, range: Range) {
    let (start, end) = (range.start as usize, range.end as usize);
    let holds = start <= end && text.is_char_boundary(start) && text.is_char_boundary(end);
    assert!(holds, "{name}: {range:?} does not fit {text:?}");
}
