//! Files of environment variables (`.env`), as python-dotenv reads them.
//!
//! A line is `NAME=value`, optionally after `export`. Values may stand in single or double quotes, then over several lines;
//! escapes count inside quotes alone; an unquoted value ends at white space followed by `#`. `${NAME}` is left as written, and
//! backticks are ordinary characters, as they are to python-dotenv. A line that cannot be read is a problem and is skipped.

use crate::text::{Line, TextBuilder, is_python_space, line_end, lines, range, verbatim};
use crate::{Entry, Key, Value, ValueKind};
use pyaudit_source::ParseProblem;

/// Reads a dotenv text as one table of strings. A name without `=` has the value `Null`. The range of a quoted value holds its
/// quotes. Names that occur twice are both kept; python-dotenv takes the last.
pub fn parse(text: &str) -> (Option<Value>, Vec<ParseProblem>) {
    let mut reader = Reader { text, at: 0 };
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    while reader.skip_to_binding() {
        let start = reader.at;
        if let Some(entry) = reader.binding() {
            entries.push(entry);
        } else {
            let line = reader.skip_line();
            let end = line.end().max(start);
            problems.push(ParseProblem::at(range(start, end), "expected `NAME=value`"));
        }
    }
    (Some(Value::new(range(0, text.len()), ValueKind::Mapping(entries))), problems)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Skips white space, empty lines and comment lines; whether anything follows.
    fn skip_to_binding(&mut self) -> bool {
        loop {
            self.at += leading(self.rest(), is_python_space);
            if !self.rest().starts_with('#') {
                return !self.rest().is_empty();
            }
            self.at += leading(self.rest(), |c| !is_line_end(c));
        }
    }

    /// Skips the rest of the line, which is where python-dotenv starts anew after an error.
    fn skip_line(&mut self) -> Line<'a> {
        let line = lines(self.rest()).next().unwrap_or(Line { start: 0, text: "" });
        let line = Line { start: self.at, text: line.text };
        self.at = line.end() + line_end(&self.text.as_bytes()[line.end()..]);
        line
    }

    /// One assignment up to its line end. On failure the place reached is where the error was met.
    fn binding(&mut self) -> Option<Entry> {
        self.skip_export();
        let key = self.key()?;
        self.skip_blanks();
        let value = if self.rest().starts_with('=') {
            self.at += 1;
            let before = self.at;
            self.skip_blanks();
            let is_comment = self.at > before && self.rest().starts_with('#');
            if is_comment { self.empty() } else { self.value()? }
        } else {
            Value::new(range(key.range.end as usize, key.range.end as usize), ValueKind::Null)
        };
        self.skip_blanks();
        if self.rest().starts_with('#') {
            self.at += leading(self.rest(), |c| !is_line_end(c));
        }
        let length = line_end(self.rest().as_bytes());
        self.at += length;
        (length > 0 || self.rest().is_empty()).then_some(Entry { key, value })
    }

    fn skip_export(&mut self) {
        if let Some(after) = self.rest().strip_prefix("export") {
            let blanks = leading(after, is_blank);
            self.at += if blanks > 0 { "export".len() + blanks } else { 0 };
        }
    }

    fn key(&mut self) -> Option<Key> {
        let start = self.at;
        let rest = self.rest();
        let (name, length) = if let Some(quoted) = rest.strip_prefix('\'') {
            let name = &quoted[..quoted.find('\'')?];
            (name, name.len() + 2)
        } else {
            let name = &rest[..leading(rest, |c| c != '=' && c != '#' && !is_python_space(c))];
            (name, name.len())
        };
        if name.is_empty() {
            return None;
        }
        self.at += length;
        Some(Key { text: name.to_owned(), range: range(start, self.at) })
    }

    fn value(&mut self) -> Option<Value> {
        match self.rest().as_bytes().first() {
            Some(&quote @ (b'\'' | b'"')) => self.quoted(quote),
            _ => Some(self.unquoted()),
        }
    }

    fn unquoted(&mut self) -> Value {
        let start = self.at;
        let line = &self.rest()[..leading(self.rest(), |c| !is_line_end(c))];
        self.at += line.len();
        let value = before_comment(line);
        Value::new(range(start, start + value.len()), ValueKind::String(verbatim(start, value)))
    }

    /// The empty string at the place reached.
    fn empty(&self) -> Value {
        Value::new(range(self.at, self.at), ValueKind::String(verbatim(self.at, "")))
    }

    fn quoted(&mut self, quote: u8) -> Option<Value> {
        let start = self.at;
        let length = closing_quote(&self.rest().as_bytes()[1..], quote)?;
        let inner = &self.rest()[1..=length];
        self.at += length + 2;
        let mut builder = TextBuilder::default();
        let mut done = 0;
        while let Some(found) = inner[done..].find('\\') {
            let backslash = done + found;
            builder.verbatim(start + 1 + done, &inner[done..backslash]);
            let decoded = inner.as_bytes().get(backslash + 1).and_then(|&byte| escape(byte, quote));
            if let Some(decoded) = decoded {
                builder.replaced(start + 1 + backslash, 2, decoded);
                done = backslash + 2;
            } else {
                builder.verbatim(start + 1 + backslash, "\\");
                done = backslash + 1;
            }
        }
        builder.verbatim(start + 1 + done, &inner[done..]);
        Some(Value::new(range(start, self.at), ValueKind::String(builder.finish(start + 1))))
    }

    fn skip_blanks(&mut self) {
        self.at += leading(self.rest(), is_blank);
    }
}

/// The length of the part at the start of a text whose characters are all `wanted`.
fn leading(text: &str, wanted: impl Fn(char) -> bool) -> usize {
    text.find(|c| !wanted(c)).unwrap_or(text.len())
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

fn is_blank(character: char) -> bool {
    is_python_space(character) && !is_line_end(character)
}

/// An unquoted value without the comment behind it, which starts at white space before `#`.
fn before_comment(line: &str) -> &str {
    let hashes = line.match_indices('#').map(|(at, _)| &line[..at]);
    let mut commented = hashes.filter(|before| before.ends_with(is_python_space));
    commented.next().unwrap_or(line).trim_end_matches(is_python_space)
}

/// The place of the quote that ends a value: the first that no backslash escapes.
fn closing_quote(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            _ if byte == quote => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// What a backslash and this byte stand for inside quotes of this kind.
fn escape(byte: u8, quote: u8) -> Option<char> {
    Some(match byte {
        b'\\' | b'\'' => char::from(byte),
        _ if quote == b'\'' => return None,
        b'"' => '"',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'v' => '\u{b}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each text with what python-dotenv 1.2.4 reads from it: the bindings of `dotenv.parser.parse_stream` that are no
    /// errors, `None` as `<none>`.
    const AS_PYTHON_DOTENV: &[(&str, &[(&str, &str)])] = &[
        ("A=1\nB = 2 \n", &[("A", "1"), ("B", "2")]),
        ("export A=b\nexport\tB=c\nexport\n", &[("A", "b"), ("B", "c"), ("export", "<none>")]),
        ("A='x y' # c\nB=\"p # q\"\n", &[("A", "x y"), ("B", "p # q")]),
        ("A=\nB= \nC=#x\nD= # x\nE=a#b # c\n", &[("A", ""), ("B", ""), ("C", "#x"), ("D", ""), ("E", "a#b")]),
        ("A\nB=1\n", &[("A", "<none>"), ("B", "1")]),
        ("a-b.c=1\n'q k'=2\n", &[("a-b.c", "1"), ("q k", "2")]),
        ("A=\"multi\nline\"\nB=1\n", &[("A", "multi\nline"), ("B", "1")]),
        ("A='it\\'s'\nB=\"a\\\"b\\n\\t\\z\\\\\"\n", &[("A", "it's"), ("B", "a\"b\n\t\\z\\")]),
        ("A=${B}/c$D\n", &[("A", "${B}/c$D")]),
        ("A=`x y`\n", &[("A", "`x y`")]),
        ("# c\n  # d\n\n  A=1\n", &[("A", "1")]),
        ("A=1\r\nB=2\rC=3", &[("A", "1"), ("B", "2"), ("C", "3")]),
        ("A=b=c\n", &[("A", "b=c")]),
        ("A='x' y\nB=1\n", &[("B", "1")]),
        ("A='x\nB=1\n", &[("B", "1")]),
        ("=1\nB=2\n", &[("B", "2")]),
        ("A: 1\nB=2\n", &[("B", "2")]),
        ("A=x   \n\tB=y\n", &[("A", "x"), ("B", "y")]),
        ("A='x\\\\'\nB='\n", &[("A", "x\\")]),
        ("A B=1\nC=2\n", &[("C", "2")]),
        ("set A=1\n", &[]),
        ("A=é\u{a0}# c\n", &[("A", "é")]),
        ("A =\"x\"#c\n", &[("A", "x")]),
        ("A=\"a\\\nb\"\n", &[("A", "a\\\nb")]),
        ("A=  'x'\n", &[("A", "x")]),
        ("KEY=\"-----BEGIN\nabc\n-----END\"\nZ=1\n", &[("KEY", "-----BEGIN\nabc\n-----END"), ("Z", "1")]),
        ("export export A=1\nC=1\n", &[("C", "1")]),
    ];

    #[test]
    fn reads_what_python_dotenv_reads() {
        for &(text, expected) in AS_PYTHON_DOTENV {
            let value = parse(text).0.unwrap();
            let pairs = value.entries().iter();
            let found: Vec<_> =
                pairs.map(|entry| (entry.key.text.as_str(), entry.value.as_str().unwrap_or("<none>"))).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn ranges_hold_the_quotes_and_segments_do_not() {
        let text = "export KÖ='a b'  # c\r\nM=\"x\n\\ny\"\n";
        let (value, problems) = parse(text);
        let value = value.unwrap();
        assert_eq!(problems, []);
        let [first, second] = value.entries() else { panic!("two bindings, not {value:?}") };
        assert_eq!((first.key.range.slice(text), first.value.range.slice(text)), ("KÖ", "'a b'"));
        let decoded = first.value.as_text().unwrap();
        assert_eq!(decoded.source_range(range(2, 3)).unwrap().slice(text), "b");
        let decoded = second.value.as_text().unwrap();
        assert_eq!(decoded.text, "x\n\ny");
        assert_eq!(decoded.source_range(range(3, 4)).unwrap().slice(text), "y");
    }

    #[test]
    fn a_broken_line_is_a_problem_and_the_rest_is_read() {
        let text = "A=1\n= 2\nB='x\nC=3\nD='y' z\nE=4";
        let (value, problems) = parse(text);
        let lines: Vec<_> = problems.iter().map(|problem| problem.range.unwrap().slice(text)).collect();
        assert_eq!(lines, ["= 2", "B='x\nC=3\nD='y' z"]);
        let value = value.unwrap();
        let names: Vec<_> = value.entries().iter().map(|entry| entry.key.text.as_str()).collect();
        assert_eq!(names, ["A", "E"]);
    }
}
