//! TOML 1.
//!
//! The `toml` crate reads, recovers from errors and says where keys and values stand; here its tables become a value in the order
//! of the source, and strings are decoded once more to know the place of each of their bytes. Before that, the events of the
//! same parser are looked at for what the crate does not survive: deep keys and keys without a value.

mod survey;

use crate::text::{TextBuilder, line_end, range, verbatim};
use crate::{Entry, Key, MAX_DEPTH, Text, Value, ValueKind};
use pyaudit_source::{ParseProblem, Range};
use std::borrow::Cow;
use std::ops;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

/// Reads a TOML text as one table. A broken line is a problem; the rest is kept. Dates and times are strings as written. A table
/// under a header has the range of its (first) header, one that dotted keys imply the range of its key.
pub fn parse(text: &str) -> (Option<Value>, Vec<ParseProblem>) {
    let content = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offset = text.len() - content.len();
    let survey = survey::survey(content);
    if let Some(place) = survey.too_deep {
        let message = format!("values nest deeper than {MAX_DEPTH} levels");
        return (None, vec![ParseProblem::at(place.shift(offset as u32), message)]);
    }
    let lone = |place: &Range| ParseProblem::at(place.shift(offset as u32), "key without `=` and a value");
    let mut problems: Vec<_> = survey.lone_keys.iter().map(lone).collect();
    let content = blank(content, &survey.lone_keys);
    let (table, errors) = DeTable::parse_recoverable(&content);
    let reader = Reader { text, offset };
    problems.extend(errors.iter().map(|error| reader.problem(error)));
    problems.sort();
    let entries = reader.entries(table.get_ref());
    (Some(Value::new(range(0, text.len()), ValueKind::Mapping(entries))), problems)
}

/// The text with spaces at these places. The `toml` crate reads nothing behind a key without `=`.
fn blank<'a>(text: &'a str, places: &[Range]) -> Cow<'a, str> {
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut blanked = String::with_capacity(text.len());
    for place in places {
        blanked.push_str(range(blanked.len(), place.start as usize).slice(text));
        blanked.extend(std::iter::repeat_n(' ', place.len() as usize));
    }
    blanked.push_str(&text[blanked.len()..]);
    Cow::Owned(blanked)
}

struct Reader<'a> {
    text: &'a str,
    /// Where the text starts that the `toml` crate sees: behind the byte order mark.
    offset: usize,
}

impl Reader<'_> {
    fn range(&self, span: ops::Range<usize>) -> Range {
        range(span.start + self.offset, span.end + self.offset)
    }

    fn problem(&self, error: &Error) -> ParseProblem {
        let message = error.message().lines().next().unwrap_or_default().trim_end_matches('.');
        match error.span() {
            Some(span) => ParseProblem::at(self.range(span), message),
            None => ParseProblem::whole(message),
        }
    }

    /// The entries in the order of their keys in the source.
    fn entries(&self, table: &DeTable<'_>) -> Vec<Entry> {
        let mut entries: Vec<_> = table
            .iter()
            .map(|(key, value)| Entry {
                key: Key { text: key.get_ref().clone().into_owned(), range: self.range(key.span()) },
                value: self.value(value),
            })
            .collect();
        entries.sort_by_key(|entry| entry.key.range);
        entries
    }

    /// Recurses as deep as values nest, which was bounded before.
    fn value(&self, value: &Spanned<DeValue<'_>>) -> Value {
        let place = self.range(value.span());
        let kind = match value.get_ref() {
            DeValue::String(decoded) => ValueKind::String(self.string(place, decoded)),
            DeValue::Integer(integer) => integer_kind(integer.as_str(), integer.radix()),
            DeValue::Float(float) => ValueKind::Float(float.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(value) => ValueKind::Bool(*value),
            DeValue::Datetime(_) => ValueKind::String(verbatim(place.start as usize, place.slice(self.text))),
            DeValue::Array(items) => ValueKind::Sequence(items.iter().map(|item| self.value(item)).collect()),
            DeValue::Table(table) => ValueKind::Mapping(self.entries(table)),
        };
        Value::new(place, kind)
    }

    fn string(&self, place: Range, decoded: &str) -> Text {
        let raw = place.slice(self.text);
        let text = decode(place.start as usize, raw).filter(|text| text.text == decoded);
        // Text without places, rather than places that may be wrong: a string that the crate recovered from an error.
        text.unwrap_or_else(|| Text { text: decoded.to_owned(), segments: Vec::new() })
    }
}

fn integer_kind(digits: &str, radix: u32) -> ValueKind {
    match i64::from_str_radix(digits, radix) {
        Ok(value) => ValueKind::Integer(value),
        Err(_) => ValueKind::Float(digits.parse().unwrap_or(f64::INFINITY)),
    }
}

/// Decodes a string with its quotes, which stands at `start`.
fn decode(start: usize, raw: &str) -> Option<Text> {
    for (quotes, is_literal) in [("'''", true), ("\"\"\"", false), ("'", true), ("\"", false)] {
        let Some(inner) = raw.strip_prefix(quotes).and_then(|rest| rest.strip_suffix(quotes)) else { continue };
        // The line end right behind three opening quotes is no part of the string.
        let skipped = if quotes.len() == 3 { line_end(inner.as_bytes()) } else { 0 };
        let start = start + quotes.len() + skipped;
        let inner = &inner[skipped..];
        return if is_literal { Some(verbatim(start, inner)) } else { basic(start, inner) };
    }
    None
}

/// Decodes the inside of a basic string.
fn basic(start: usize, inner: &str) -> Option<Text> {
    let mut builder = TextBuilder::default();
    let mut at = 0;
    while let Some(found) = inner[at..].find('\\') {
        builder.verbatim(start + at, &inner[at..at + found]);
        at += found;
        let rest = &inner[at + 1..];
        let code = rest.chars().next()?;
        if matches!(code, ' ' | '\t' | '\n' | '\r') {
            at += 1 + rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            continue;
        }
        let (decoded, length) = escape(code, rest)?;
        builder.replaced(start + at, length, decoded);
        at += length;
    }
    builder.verbatim(start + at, &inner[at..]);
    Some(builder.finish(start))
}

/// What the escape with this code after its backslash stands for, and how many bytes it takes with the backslash.
fn escape(code: char, rest: &str) -> Option<(char, usize)> {
    let hexadecimal = |digits: usize| {
        let code = u32::from_str_radix(rest.get(1..=digits)?, 16).ok()?;
        Some((char::from_u32(code)?, digits + 2))
    };
    let decoded = match code {
        'x' => return hexadecimal(2),
        'u' => return hexadecimal(4),
        'U' => return hexadecimal(8),
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        '"' | '\\' => code,
        _ => return None,
    };
    Some((decoded, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Value {
        let (value, problems) = parse(text);
        assert_eq!(problems, [], "{text}");
        value.unwrap()
    }

    #[test]
    fn tables_keys_and_their_ranges() {
        let text = "\u{feff}title = 'é'\n[tool.b]\nz = 1\n\"a.b\" = {x = [1, 2.5], y.q = true}\n[[bin]]\nn = 1979-05-27\n[[bin]]\n[tool.a]\n";
        let value = read(text);
        let keys: Vec<_> = value.entries().iter().map(|entry| entry.key.range.slice(text)).collect();
        assert_eq!(keys, ["title", "tool", "bin"]);
        assert_eq!(value.get("title").unwrap().range.slice(text), "'é'");
        let table = value.at(&["tool", "b"]).unwrap();
        assert_eq!(table.range.slice(text), "[tool.b]");
        assert_eq!(table.entries()[1].key.range.slice(text), "\"a.b\"");
        assert_eq!(table.at(&["a.b", "y", "q"]).and_then(Value::as_bool), Some(true));
        assert_eq!(table.at(&["a.b", "x"]).unwrap().items()[1].kind, ValueKind::Float(2.5));
        assert_eq!(value.get("bin").unwrap().items().len(), 2);
        assert_eq!(value.get("bin").unwrap().items()[0].get("n").and_then(Value::as_str), Some("1979-05-27"));
    }

    #[test]
    fn strings_map_to_their_places() {
        for (text, decoded, part) in [
            ("a = \"x\\n\\u00e9z\"", "x\néz", "z"),
            ("a = \"\"\"\nx \\\n   y\nz\"\"\"", "x y\nz", "z"),
            ("a = '''\r\nx\\ny'''", "x\\ny", "y"),
            ("a = \"\"\"x\"\"\"\"", "x\"", "x"),
            ("a = ''''x'''", "'x", "x"),
        ] {
            let value = read(text);
            let found = value.get("a").and_then(Value::as_text).unwrap();
            assert_eq!(found.text, decoded);
            let at = found.text.rfind(part).unwrap();
            let place = found.source_range(range(at, at + part.len())).unwrap();
            assert_eq!((place.slice(text), place.start as usize), (part, text.rfind(part).unwrap()), "{text:?}");
        }
        let windows = read("a = '''x\r\ny'''\r\n");
        assert!(windows.get("a").unwrap().as_text().unwrap().text.starts_with('x'));
    }

    #[test]
    fn a_broken_line_leaves_the_rest() {
        for broken in ["b = ", "b", "b = 1 2", "= 3", "b = [1, ", "[b", "c = 'x", "b = tru", "c = 1"] {
            let text = format!("a = 1\n{broken}\nc = 2\n[t]\nd = 3\n");
            let (value, problems) = parse(&text);
            let value = value.unwrap();
            assert!(!problems.is_empty(), "{broken}");
            assert_eq!(value.get("a").unwrap().kind, ValueKind::Integer(1), "{broken}");
            if broken != "b = [1, " && broken != "[b" {
                assert_eq!(value.at(&["t", "d"]).map(|value| &value.kind), Some(&ValueKind::Integer(3)), "{broken}");
            }
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let dotted = "a.".repeat(100_000);
        for text in [format!("{dotted}a = 1"), format!("[{dotted}a]"), format!("[[{dotted}a]]")] {
            let (value, problems) = parse(&text);
            assert!(value.is_none() && problems.len() == 1);
        }
        for text in ["a = ".to_owned() + &"[".repeat(100_000), "a = ".to_owned() + &"{b = ".repeat(100_000)] {
            assert!(!parse(&text).1.is_empty());
        }
        let inner = format!("a = {}1{}", "{b.c.d.e = ".repeat(79), "}".repeat(79));
        assert!(parse(&inner).0.is_none());
        assert_eq!(parse(&format!("a = {}{}", "[".repeat(70), "]".repeat(70))).1, []);
        assert_eq!(parse(&format!("a = [{}]", "{x = 1, y = 2},".repeat(500))).1, []);
    }
}
