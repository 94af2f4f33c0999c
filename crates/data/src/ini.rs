//! INI files as Python's `configparser` reads them with its defaults (`alembic.ini`, `setup.cfg`, `tox.ini`, `.flake8`,
//! `pytest.ini`, `mypy.ini`).
//!
//! Sections in `[brackets]`; options after `=` or `:`; lines indented deeper than their option go on with its value, and so
//! do empty ones; whole lines after `#` or `;` are comments, wherever they stand; there are no comments behind values.
//! Option names are in lower case, as `configparser` has them, so that a look-up finds what Python finds; the range of the
//! key shows them as written. The section `DEFAULT` is a section like others, and interpolation (`%(here)s`) is left as it
//! stands. Where `configparser` gives up (a section or option twice, an option without a value, text before the first
//! section), a problem is added and the reading goes on.

use crate::text::{Line, TextBuilder, is_python_space, lines, range, trim};
use crate::{Entry, Key, Value, ValueKind};
use pyaudit_source::ParseProblem;
use std::collections::BTreeSet;

/// Reads an INI text as a table of sections, each a table of strings. An option without `=` or `:` has the value `Null`.
/// The range of a section reaches from its bracket to the end of its last option.
pub fn parse(text: &str) -> (Option<Value>, Vec<ParseProblem>) {
    let mut reader = Reader::default();
    for line in lines(text) {
        reader.line(line);
    }
    reader.end_section();
    let value = Value::new(range(0, text.len()), ValueKind::Mapping(reader.sections));
    (Some(value), reader.problems)
}

/// The lines of an option's value that were read so far.
struct OpenValue {
    key: Key,
    /// `None` for an option without `=` or `:`.
    text: Option<TextBuilder>,
    /// Where the value starts, and where its last line that is not empty ends.
    start: usize,
    end: usize,
    /// The line ends after that last line and after the empty lines that follow it; they count if another line comes.
    line_ends: Vec<usize>,
}

struct Section {
    key: Key,
    start: usize,
    entries: Vec<Entry>,
    names: BTreeSet<String>,
}

#[derive(Default)]
struct Reader {
    sections: Vec<Entry>,
    section_names: BTreeSet<String>,
    section: Option<Section>,
    option: Option<OpenValue>,
    /// The indentation of the line that the current option or section stands on.
    indentation: usize,
    missing_header_reported: bool,
    problems: Vec<ParseProblem>,
}

impl Reader {
    fn line(&mut self, line: Line<'_>) {
        let (start, content) = trim(line.start, line.text);
        if content.is_empty() {
            if let Some(option) = &mut self.option {
                option.line_ends.push(line.end());
            }
            return;
        }
        if content.starts_with(['#', ';']) {
            return;
        }
        // `configparser` counts characters; only white space stands before the content, so this is few bytes.
        let indentation = line.text[..start - line.start].chars().count();
        if indentation > self.indentation && self.option.is_some() {
            self.continuation(line, start, content);
            return;
        }
        self.indentation = indentation;
        if let Some(name_length) = section_name_length(content) {
            self.section(start, &content[1..=name_length]);
        } else if self.section.is_none() {
            self.before_first_section(start, content);
        } else {
            self.option(line, start, content);
        }
    }

    fn continuation(&mut self, line: Line<'_>, start: usize, content: &str) {
        let Some(option) = &mut self.option else { return };
        let Some(text) = &mut option.text else {
            let place = range(start, start + content.len());
            self.problems.push(ParseProblem::at(place, "continuation of an option that has no value"));
            return;
        };
        for place in option.line_ends.drain(..) {
            text.replaced(place, 1, '\n');
        }
        option.line_ends.push(line.end());
        text.verbatim(start, content);
        option.end = start + content.len();
    }

    fn section(&mut self, start: usize, name: &str) {
        self.end_section();
        let key = Key { text: name.to_owned(), range: range(start + 1, start + 1 + name.len()) };
        if !self.section_names.insert(name.to_owned()) {
            self.problems.push(ParseProblem::at(key.range, format!("section `{name}` occurs twice")));
        }
        self.section = Some(Section { key, start, entries: Vec::new(), names: BTreeSet::new() });
    }

    fn before_first_section(&mut self, start: usize, content: &str) {
        if !self.missing_header_reported {
            self.missing_header_reported = true;
            let place = range(start, start + content.len());
            self.problems.push(ParseProblem::at(place, "text before the first section"));
        }
    }

    fn option(&mut self, line: Line<'_>, start: usize, content: &str) {
        self.end_option();
        let delimiter = content.find(['=', ':']);
        let name = content[..delimiter.unwrap_or(content.len())].trim_end_matches(is_python_space);
        let key = Key { text: name.to_lowercase(), range: range(start, start + name.len()) };
        if name.is_empty() {
            let place = range(start, start + content.len());
            self.problems.push(ParseProblem::at(place, "value without an option name"));
            return;
        }
        self.check_name(&key);
        let end = start + content.len();
        let mut option = OpenValue { key, text: None, start: end, end, line_ends: vec![line.end()] };
        if let Some(delimiter) = delimiter {
            let (value_start, value) = trim(start + delimiter + 1, &content[delimiter + 1..]);
            let mut text = TextBuilder::default();
            text.verbatim(value_start, value);
            (option.text, option.start, option.end) = (Some(text), value_start, value_start + value.len());
        } else {
            self.problems.push(ParseProblem::at(option.key.range, "option without `=` or `:`"));
        }
        self.option = Some(option);
    }

    fn check_name(&mut self, key: &Key) {
        let Some(section) = &mut self.section else { return };
        if !section.names.insert(key.text.clone()) {
            let message = format!("option `{}` occurs twice in section `{}`", key.text, section.key.text);
            self.problems.push(ParseProblem::at(key.range, message));
        }
    }

    fn end_option(&mut self) {
        let Some(option) = self.option.take() else { return };
        let whole = range(option.start, option.end);
        let kind = option.text.map_or(ValueKind::Null, |text| ValueKind::String(text.finish(option.start)));
        if let Some(section) = &mut self.section {
            section.entries.push(Entry { key: option.key, value: Value::new(whole, kind) });
        }
    }

    fn end_section(&mut self) {
        self.end_option();
        let Some(section) = self.section.take() else { return };
        let own_end = section.key.range.end + 1;
        let end = section.entries.last().map_or(own_end, |entry| entry.value.range.end.max(entry.key.range.end));
        let whole = range(section.start, end as usize);
        let value = Value::new(whole, ValueKind::Mapping(section.entries));
        self.sections.push(Entry { key: section.key, value });
    }
}

/// The length of the name in a section line: up to the last `]`, as `configparser` has it; it is never empty.
fn section_name_length(content: &str) -> Option<usize> {
    let inner = content.strip_prefix('[')?;
    inner.rfind(']').filter(|&length| length > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Section, option and value.
    type Found = (&'static str, &'static str, &'static str);

    /// Each text with what CPython 3.11 reads from it: `configparser.RawConfigParser(strict=False, allow_no_value=True)`,
    /// every section without `DEFAULT`'s options, `None` as `<none>`.
    const AS_CONFIGPARSER: &[(&str, &[Found])] = &[
        ("[a]\nk = v\n", &[("a", "k", "v")]),
        ("[a]\nKey: V\nb=c=d\nc = d : e\n", &[("a", "key", "V"), ("a", "b", "c=d"), ("a", "c", "d : e")]),
        ("[a]\nk = v ; no comment # either\n", &[("a", "k", "v ; no comment # either")]),
        ("[a]\nk =\n  x\n  y\n", &[("a", "k", "\nx\ny")]),
        ("[a]\nk = x\n\n  y\n\n\nz = 1\n", &[("a", "k", "x\n\ny"), ("a", "z", "1")]),
        ("[a]\nk = x\n  # comment\n  y\n; other\n  z\n", &[("a", "k", "x\ny\nz")]),
        ("[a]\nk = x\n    y\n  z = 1\n", &[("a", "k", "x\ny\nz = 1")]),
        ("[a]\n  k = x\n  l = y\n    z\nm = 1\n", &[("a", "k", "x"), ("a", "l", "y\nz"), ("a", "m", "1")]),
        ("[a b:c]\nk\n[x]y]\nz = %(here)s\n", &[("a b:c", "k", "<none>"), ("x]y", "z", "%(here)s")]),
        ("[a]\r\nk = v\r\n\tw\r\n", &[("a", "k", "v\nw")]),
        ("[a]\nk = v\n [b]\nl = w\n", &[("a", "k", "v\n[b]"), ("a", "l", "w")]),
        ("[a]\n [b]\nl = w\n", &[("b", "l", "w")]),
        ("[a] trailing\nk =\n", &[("a", "k", "")]),
        ("[a]\nk : = v\n", &[("a", "k", "= v")]),
        ("[]\n", &[]),
    ];

    #[test]
    fn reads_what_configparser_reads() {
        for &(text, expected) in AS_CONFIGPARSER {
            let (value, _) = parse(text);
            let value = value.unwrap();
            let found: Vec<_> = value
                .entries()
                .iter()
                .flat_map(|section| section.value.entries().iter().map(move |option| (section, option)))
                .map(|(section, option)| {
                    let text = option.value.as_str().unwrap_or("<none>");
                    (section.key.text.as_str(), option.key.text.as_str(), text)
                })
                .collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn continuation_lines_map_to_their_own_lines() {
        let text = "[flake8]\nIgnore =\n    E1,\n\n    Ü2\n";
        let (value, problems) = parse(text);
        let value = value.unwrap();
        let option = value.get("flake8").and_then(|section| section.entry("ignore")).unwrap();
        assert_eq!(problems, []);
        assert_eq!(option.key.range.slice(text), "Ignore");
        let decoded = option.value.as_text().unwrap();
        assert_eq!(decoded.text, "\nE1,\n\nÜ2");
        let at = decoded.text.find('Ü').unwrap() as u32;
        assert_eq!(decoded.source_range(range(at as usize, at as usize + 3)).unwrap().slice(text), "Ü2");
        assert_eq!(value.entries()[0].value.range.slice(text), text.trim_end());
    }

    #[test]
    fn what_configparser_refuses_is_a_problem_and_kept() {
        let text = "x = 1\ny = 2\n[a]\nk = 1\nK = 2\nlonely\n  more\n= 3\n[a]\nl = 1\n";
        let (value, problems) = parse(text);
        let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "text before the first section",
                "option `k` occurs twice in section `a`",
                "option without `=` or `:`",
                "continuation of an option that has no value",
                "value without an option name",
                "section `a` occurs twice",
            ]
        );
        let value = value.unwrap();
        assert_eq!(value.entries().len(), 2);
        assert_eq!(value.at(&["a", "k"]).and_then(Value::as_str), Some("1"));
        assert_eq!(value.entries()[0].value.entries().len(), 3);
    }
}
