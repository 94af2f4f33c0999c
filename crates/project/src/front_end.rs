//! What is asked of the scripts of front ends: their text without comments, and the texts in quotes.

use pyaudit_source::Range;
use std::borrow::Cow;

/// A text in quotes of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted<'t> {
    /// Where it stands, without the quotes, in bytes of the script.
    pub range: Range,
    /// What stands between the quotes, escapes as written; of a template up to its first `${`.
    pub text: &'t str,
}

/// A line longer than this, in bytes, is no line that a person wrote.
const MAX_LINE: usize = 4000;

/// A text in quotes on one line that is longer, in bytes, is not looked at, which bounds the search for its end.
const MAX_QUOTED: usize = 500;

/// Whether a program wrote a script: some line is longer than people write.
pub fn is_minified(text: &str) -> bool {
    text.lines().any(|line| line.len() > MAX_LINE)
}

/// What one step over a script meets.
enum Token {
    Comment,
    Quoted,
    Other,
}

/// The token at `at`, and the byte behind it. Quotes that do not close on their line are no quotes: an apostrophe in the
/// text of a page.
fn token(bytes: &[u8], at: usize) -> (Token, usize) {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") && (at == 0 || bytes[at - 1] != b':') {
        return (Token::Comment, at + line_end(rest));
    }
    for (open, close) in [(&b"/*"[..], &b"*/"[..]), (b"<!--", b"-->")] {
        if rest.starts_with(open) {
            let length = rest.windows(close.len()).skip(open.len()).position(|window| window == close);
            return (Token::Comment, length.map_or(bytes.len(), |length| at + open.len() + length + close.len()));
        }
    }
    match rest[0] {
        quote @ (b'"' | b'\'') => match closing(rest, quote, true) {
            Some(length) => (Token::Quoted, at + length),
            None => (Token::Other, at + 1),
        },
        b'`' => match closing(rest, b'`', false) {
            Some(length) => (Token::Quoted, at + length),
            None => (Token::Other, at + 1),
        },
        _ => (Token::Other, at + 1),
    }
}

/// The tokens of a script, with where each stands in bytes.
fn tokens(bytes: &[u8]) -> impl Iterator<Item = (Token, std::ops::Range<usize>)> {
    let mut at = 0;
    // A template without end is looked for once: from there on no backtick opens one.
    let mut open_template = false;
    std::iter::from_fn(move || {
        let &byte = bytes.get(at)?;
        let start = at;
        let (token, end) = if open_template && byte == b'`' { (Token::Other, start + 1) } else { token(bytes, start) };
        open_template |= byte == b'`' && end == start + 1;
        at = end;
        Some((token, start..end))
    })
}

fn line_end(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len())
}

/// How many bytes a quoted text takes, with both quotes.
fn closing(bytes: &[u8], quote: u8, one_line: bool) -> Option<usize> {
    let mut at = 1;
    let end = if one_line { bytes.len().min(MAX_QUOTED) } else { bytes.len() };
    while at < end {
        match bytes[at] {
            b'\\' => at += 1,
            b'\n' if one_line => return None,
            byte if byte == quote => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The same script with every comment replaced by blanks, so that offsets stay.
pub fn without_comments(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut blanked: Option<Vec<u8>> = None;
    for (_, range) in tokens(bytes).filter(|(token, _)| matches!(token, Token::Comment)) {
        let copy = blanked.get_or_insert_with(|| bytes.to_vec());
        copy[range].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }
    match blanked.map(String::from_utf8) {
        Some(Ok(text)) => Cow::Owned(text),
        _ => Cow::Borrowed(text),
    }
}

/// The texts in quotes of a script without comments, in the order of the source.
pub fn quoted(text: &str) -> Vec<Quoted<'_>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    for (_, range) in tokens(bytes).filter(|(token, _)| matches!(token, Token::Quoted)) {
        let Some(inside) = text.get(range.start + 1..range.end - 1) else { continue };
        let known = if bytes[range.start] == b'`' { inside.split("${").next().unwrap_or(inside) } else { inside };
        let start = range.start as u32 + 1;
        found.push(Quoted { range: Range::new(start, start + known.len() as u32), text: known });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let text = without_comments(text);
        quoted(&text).into_iter().map(|quoted| quoted.text.to_owned()).collect()
    }

    #[test]
    fn texts_in_quotes_are_found_outside_comments() {
        let script = "const a = 'one'; // 'no'\n/* \"no\" */ const b = \"t\\\"wo\"\nconst c = `${x}/no`, d = `three/${x}`\n<!-- 'no' -->";
        assert_eq!(texts(script), ["one", "t\\\"wo", "", "three/"]);
        assert_eq!(texts("const a = 'http://x/y'"), ["http://x/y"]);
    }

    #[test]
    fn an_apostrophe_of_a_page_opens_nothing() {
        assert_eq!(texts("<p>Don't</p>\n<p class=\"a\">"), ["a"]);
    }

    #[test]
    fn offsets_stay() {
        let script = "é /* ü */ 'x'";
        let blanked = without_comments(script);
        assert_eq!(blanked.len(), script.len());
        let found = quoted(&blanked);
        assert_eq!(found[0].range.slice(script), "x");
    }

    #[test]
    fn hostile_scripts_take_linear_time() {
        for text in [
            "`".repeat(200_001),
            "'\n".repeat(100_000),
            "/*".repeat(100_000),
            "\"".repeat(200_001),
            format!("\"{}", "\\\"".repeat(200_000)),
        ] {
            let blanked = without_comments(&text);
            assert!(quoted(&blanked).len() <= text.len());
        }
    }
}
