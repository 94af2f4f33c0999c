//! JSON (RFC 8259), strictly: no comments, no trailing commas. A byte order mark is let pass.
//!
//! The parser is iterative, with its open lists and tables on a stack of its own. The first error ends the reading; what
//! was read until then is kept, and the open lists and tables end there.

use crate::text::{TextBuilder, range};
use crate::{Entry, Key, MAX_DEPTH, Text, Value, ValueKind};
use pyaudit_source::{ParseProblem, Range};

/// Reads a JSON text. Keys that occur twice are both kept.
pub fn parse(text: &str) -> (Option<Value>, Vec<ParseProblem>) {
    let mut parser = Parser { text, at: text.len() - text.trim_start_matches('\u{feff}').len(), open: Vec::new() };
    let problem = parser.document().err();
    (parser.close_all(), problem.into_iter().collect())
}

/// A list or table whose end is still to come.
struct Open {
    start: usize,
    values: Collected,
}

enum Collected {
    /// The text itself, which holds one value.
    Document(Option<Value>),
    Sequence(Vec<Value>),
    Mapping(Vec<Entry>, Option<Key>),
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    open: Vec<Open>,
}

type Parsed<T> = Result<T, ParseProblem>;

impl Parser<'_> {
    fn document(&mut self) -> Parsed<()> {
        self.open.push(Open { start: 0, values: Collected::Document(None) });
        self.value()?;
        while self.open.len() > 1 {
            self.step()?;
        }
        self.skip_space();
        if self.at < self.text.len() { Err(self.unexpected("the end of the text")) } else { Ok(()) }
    }

    /// What follows a value inside a list or table.
    fn step(&mut self) -> Parsed<()> {
        self.skip_space();
        let in_mapping = matches!(self.open.last(), Some(Open { values: Collected::Mapping(..), .. }));
        match self.peek() {
            Some(b',') => self.at += 1,
            Some(b']') if !in_mapping => {
                self.close();
                return Ok(());
            }
            Some(b'}') if in_mapping => {
                self.close();
                return Ok(());
            }
            _ if in_mapping => return Err(self.unexpected("`,` or `}`")),
            _ => return Err(self.unexpected("`,` or `]`")),
        }
        if in_mapping {
            self.key()?;
        }
        self.value()
    }

    fn value(&mut self) -> Parsed<()> {
        self.skip_space();
        let start = self.at;
        match self.peek() {
            Some(b'{') => return self.open(Collected::Mapping(Vec::new(), None), b'}'),
            Some(b'[') => return self.open(Collected::Sequence(Vec::new()), b']'),
            _ => {}
        }
        let kind = match self.peek() {
            Some(b'"') => ValueKind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        self.add(Value::new(range(start, self.at), kind));
        Ok(())
    }

    fn open(&mut self, values: Collected, closing: u8) -> Parsed<()> {
        if self.open.len() > MAX_DEPTH {
            return Err(self.problem(format!("values nest deeper than {MAX_DEPTH} levels")));
        }
        let is_mapping = matches!(values, Collected::Mapping(..));
        self.open.push(Open { start: self.at, values });
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(closing) {
            self.close();
            return Ok(());
        }
        if is_mapping {
            self.key()?;
        }
        self.value()
    }

    fn close(&mut self) {
        self.at += 1;
        self.finish_last();
    }

    /// Ends the innermost list or table at the place reached.
    fn finish_last(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let whole = range(open.start, self.at);
        match open.values {
            Collected::Document(value) => value.into_iter().for_each(|value| self.add(value)),
            Collected::Sequence(values) => self.add(Value::new(whole, ValueKind::Sequence(values))),
            Collected::Mapping(entries, _) => self.add(Value::new(whole, ValueKind::Mapping(entries))),
        }
    }

    fn close_all(mut self) -> Option<Value> {
        while self.open.len() > 1 {
            self.finish_last();
        }
        match self.open.pop()?.values {
            Collected::Document(value) => value,
            _ => None,
        }
    }

    fn add(&mut self, value: Value) {
        match self.open.last_mut().map(|open| &mut open.values) {
            Some(Collected::Document(slot)) => *slot = Some(value),
            Some(Collected::Sequence(values)) => values.push(value),
            Some(Collected::Mapping(entries, key)) => {
                entries.extend(key.take().map(|key| Entry { key, value }));
            }
            None => {}
        }
    }

    fn key(&mut self) -> Parsed<()> {
        self.skip_space();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        let text = self.string()?.text;
        let key = Key { text, range: range(start, self.at) };
        if let Some(Open { values: Collected::Mapping(_, slot), .. }) = self.open.last_mut() {
            *slot = Some(key);
        }
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:`"));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Parsed<Text> {
        let opening = self.at;
        self.at += 1;
        let mut builder = TextBuilder::default();
        loop {
            let rest = &self.text[self.at..];
            let length = rest.find(|c: char| c == '"' || c == '\\' || c < ' ').unwrap_or(rest.len());
            builder.verbatim(self.at, &rest[..length]);
            self.at += length;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(builder.finish(opening + 1));
                }
                Some(b'\\') => self.escape(&mut builder)?,
                Some(_) => return Err(self.problem("control character in a string")),
                None => return Err(ParseProblem::at(range(opening, self.at), "string without an end")),
            }
        }
    }

    fn escape(&mut self, builder: &mut TextBuilder) -> Parsed<()> {
        let start = self.at;
        let simple = match self.text.as_bytes().get(start + 1) {
            Some(b'u') => None,
            Some(&byte) => Some(simple_escape(byte).ok_or_else(|| self.problem("unknown escape in a string"))?),
            None => return Err(self.problem("string without an end")),
        };
        let (decoded, length) = match simple {
            Some(decoded) => (decoded, 2),
            None => unicode_escape(&self.text[start..]).ok_or_else(|| self.problem("broken `\\u` escape"))?,
        };
        builder.replaced(start, length, decoded);
        self.at += length;
        Ok(())
    }

    fn number(&mut self) -> Parsed<ValueKind> {
        let bytes = &self.text.as_bytes()[self.at..];
        let number = number_length(bytes).ok_or_else(|| self.problem("malformed number"))?;
        let text = &self.text[self.at..self.at + number.length];
        self.at += number.length;
        if number.is_integer
            && let Ok(value) = text.parse()
        {
            return Ok(ValueKind::Integer(value));
        }
        Ok(ValueKind::Float(text.parse().unwrap_or(f64::NAN)))
    }

    fn word(&mut self) -> Parsed<ValueKind> {
        let words = [("null", ValueKind::Null), ("true", ValueKind::Bool(true)), ("false", ValueKind::Bool(false))];
        let rest = &self.text[self.at..];
        for (word, kind) in words {
            let follows = rest.strip_prefix(word);
            if follows.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_')) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.unexpected("a value"))
    }

    fn skip_space(&mut self) {
        let space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.at += self.text.as_bytes()[self.at..].iter().take_while(space).count();
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn unexpected(&self, wanted: &str) -> ParseProblem {
        let found = self.text[self.at..].chars().next();
        let found = found.map_or("the end of the text".to_owned(), |found| format!("`{}`", found.escape_default()));
        self.problem(format!("expected {wanted}, found {found}"))
    }

    /// A problem at the character reached.
    fn problem(&self, message: impl Into<String>) -> ParseProblem {
        let length = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        ParseProblem::at(Range::new(self.at as u32, (self.at + length) as u32), message)
    }
}

fn simple_escape(byte: u8) -> Option<char> {
    Some(match byte {
        b'"' | b'\\' | b'/' => char::from(byte),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return None,
    })
}

/// The character of a `\uXXXX` escape, or of two that form a surrogate pair, and its length. Half a pair stands for the
/// replacement character.
fn unicode_escape(text: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let first = unit(0)?;
    if let (0xD800..=0xDBFF, Some(second @ 0xDC00..=0xDFFF)) = (first, unit(6)) {
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return Some((char::from_u32(code)?, 12));
    }
    Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
}

struct Number {
    length: usize,
    is_integer: bool,
}

/// The number that these bytes start with, by the grammar of RFC 8259, section 6.
fn number_length(bytes: &[u8]) -> Option<Number> {
    let digits = |at: usize| bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(sign);
    if whole == 0 || (whole > 1 && bytes[sign] == b'0') {
        return None;
    }
    let mut length = sign + whole;
    let mut is_integer = true;
    if bytes.get(length) == Some(&b'.') {
        let fraction = digits(length + 1);
        length += 1 + fraction;
        is_integer = false;
        if fraction == 0 {
            return None;
        }
    }
    if let Some(b'e' | b'E') = bytes.get(length) {
        let signed = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + signed);
        length += 1 + signed + exponent;
        is_integer = false;
        if exponent == 0 {
            return None;
        }
    }
    Some(Number { length, is_integer })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Value {
        let (value, problems) = parse(text);
        assert_eq!(problems, [], "{text}");
        value.expect("a text without problems has a value")
    }

    fn problem(text: &str) -> (Option<Value>, ParseProblem) {
        let (value, mut problems) = parse(text);
        assert_eq!(problems.len(), 1, "{text}");
        (value, problems.remove(0))
    }

    #[test]
    fn values_keys_and_their_ranges() {
        let text = "\u{feff}{\"é\": [1, -2.5e3, true, null], \"a\": \"b\"}\n";
        let value = read(text);
        let entry = value.entry("é").unwrap();
        assert_eq!(entry.key.range.slice(text), "\"é\"");
        assert_eq!(entry.value.range.slice(text), "[1, -2.5e3, true, null]");
        assert_eq!(entry.value.items()[1].kind, ValueKind::Float(-2500.0));
        assert_eq!(entry.value.items()[0].kind, ValueKind::Integer(1));
        assert_eq!(value.get("a").and_then(Value::as_str), Some("b"));
    }

    #[test]
    fn escapes_map_to_their_place() {
        let text = r#""a\n\u00e9\ud83d\ude00z""#;
        let value = read(text);
        let decoded = value.as_text().unwrap();
        assert_eq!(decoded.text, "a\né😀z");
        assert_eq!(decoded.source_offset(decoded.text.len() as u32 - 1), Some(text.len() as u32 - 2));
    }

    #[test]
    fn integers_beyond_64_bits_are_floats() {
        assert_eq!(read("9223372036854775807").kind, ValueKind::Integer(i64::MAX));
        assert_eq!(read("9223372036854775808").kind, ValueKind::Float(9_223_372_036_854_775_808.0));
        assert_eq!(read("1e400").kind, ValueKind::Float(f64::INFINITY));
    }

    #[test]
    fn a_broken_text_keeps_what_stands_before() {
        let text = r#"{"a": 1, "b": [true, oops], "c": 2}"#;
        let (value, problem) = problem(text);
        let value = value.unwrap();
        assert_eq!(problem.message, "expected a value, found `o`");
        assert_eq!(problem.range.unwrap().start, 21);
        assert_eq!(value.get("a").unwrap().kind, ValueKind::Integer(1));
        assert_eq!(value.get("b").unwrap().items().len(), 1);
        assert_eq!(value.get("c"), None);
    }

    #[test]
    fn what_the_standard_forbids_is_a_problem() {
        for text in [
            "",
            "[1,]",
            "{\"a\":1,}",
            "// x\n1",
            "{a: 1}",
            "01",
            "1.",
            "+1",
            "'a'",
            "\"a\nb\"",
            "\"\\x\"",
            "\"\\u12\"",
            "nul",
            "truex",
            "[1 2]",
            "1 2",
            "\"abc",
            "{\"a\"}",
            "NaN",
        ] {
            assert!(!problem(text).1.message.is_empty(), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let text = "[".repeat(100_000);
        let (value, problem) = problem(&text);
        assert!(value.is_some());
        assert_eq!(problem.range, Some(range(MAX_DEPTH, MAX_DEPTH + 1)));
        let exact = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert_eq!(parse(&exact).1, []);
    }
}
