//! Scalars decoded once more, this time remembering where each byte came from.
//!
//! The parser gives decoded text without places. Decoding its source again by the rules of YAML 1.2.2 (chapters 7 and 8)
//! gives the places; where both agree, which tests assert over many files, the places are trusted.

use crate::Text;
use crate::text::{TextBuilder, line_end, lines};

/// Decodes a plain scalar, which stands from `start` to `end`.
pub(super) fn plain(text: &str, start: usize, end: usize) -> Text {
    let mut decoder = Flow { text: &text[..end], at: start, builder: TextBuilder::default() };
    while decoder.at < end {
        decoder.run(|c| !is_blank_or_break(c));
        decoder.fold(false);
    }
    decoder.builder.finish(start)
}

/// Decodes the quoted scalar at `start`; its text, and the byte after its closing quote.
pub(super) fn quoted(text: &str, start: usize) -> Option<(Text, usize)> {
    let quote = text[start..].chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let mut decoder = Flow { text, at: start + 1, builder: TextBuilder::default() };
    loop {
        decoder.run(|c| !is_blank_or_break(c) && c != quote && c != '\\');
        let mut ahead = text[decoder.at..].chars();
        match ahead.next()? {
            c if c == quote && quote == '\'' && ahead.next() == Some('\'') => {
                decoder.builder.replaced(decoder.at, 2, '\'');
                decoder.at += 2;
            }
            c if c == quote => return Some((decoder.builder.finish(start + 1), decoder.at + 1)),
            '\\' if quote == '"' => decoder.escape()?,
            '\\' => decoder.run(|c| c == '\\'),
            _ => decoder.fold(false),
        }
    }
}

struct Flow<'a> {
    text: &'a str,
    at: usize,
    builder: TextBuilder,
}

impl Flow<'_> {
    /// Takes characters as they stand.
    fn run(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = &self.text[self.at..];
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.builder.verbatim(self.at, &rest[..length]);
        self.at += length;
    }

    /// Takes blanks and line ends: one line end becomes a space, of several the first is dropped, and the blanks around
    /// them are too. After an escaped line end none becomes a space.
    fn fold(&mut self, after_escape: bool) {
        let start = self.at;
        let mut first = None;
        let mut is_folded = false;
        loop {
            let bytes = &self.text.as_bytes()[self.at..];
            let length = line_end(bytes);
            if length == 0 {
                if !matches!(bytes.first(), Some(b' ' | b'\t')) {
                    break;
                }
                self.at += 1;
                continue;
            }
            if first.is_none() && !after_escape {
                first = Some(self.at);
            } else {
                self.builder.replaced(self.at, length, '\n');
                is_folded = true;
            }
            self.at += length;
        }
        match first {
            Some(place) if !is_folded => self.builder.replaced(place, 1, ' '),
            None if !after_escape => self.builder.verbatim(start, &self.text[start..self.at]),
            _ => {}
        }
    }

    fn escape(&mut self) -> Option<()> {
        let rest = &self.text[self.at + 1..];
        let line_end = line_end(rest.as_bytes());
        if line_end > 0 {
            self.at += 1 + line_end;
            self.fold(true);
            return Some(());
        }
        let code = rest.chars().next()?;
        let (decoded, length) = match code {
            'x' => (hexadecimal(rest, 2)?, 4),
            'u' => (hexadecimal(rest, 4)?, 6),
            'U' => (hexadecimal(rest, 8)?, 10),
            _ => (simple_escape(code)?, 2),
        };
        self.builder.replaced(self.at, length, decoded);
        self.at += length;
        Some(())
    }
}

fn hexadecimal(rest: &str, digits: usize) -> Option<char> {
    char::from_u32(u32::from_str_radix(rest.get(1..=digits)?, 16).ok()?)
}

/// What the character after a backslash stands for (YAML 1.2.2, section 5.7).
fn simple_escape(code: char) -> Option<char> {
    Some(match code {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        ' ' | '"' | '/' | '\\' => code,
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return None,
    })
}

fn is_blank_or_break(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// Decodes the block scalar whose `|` or `>` stands at `start` and which ends before `limit`. `decoded` is what the parser
/// made of it, from which the indentation is known. The text, and the end of its last line with content.
pub(super) fn block(text: &str, start: usize, limit: usize, decoded: &str) -> Option<(Text, usize)> {
    let is_folded = text.as_bytes().get(start) == Some(&b'>');
    let header = lines(&text[start..]).next()?;
    let header_end = start + header.text.len();
    let body = header_end + line_end(&text.as_bytes()[header_end..]);
    let indentation = indentation(text.get(body..)?, decoded);
    let mut block = Block { is_folded, builder: TextBuilder::default(), breaks: Vec::new(), last: None };
    let mut end = header_end;
    for line in lines(&text[body..]) {
        let line_start = body + line.start;
        if line_start >= limit.max(body) && line_start > body {
            break;
        }
        let spaces = line.text.len() - line.text.trim_start_matches(' ').len();
        let content = &line.text[spaces.min(indentation)..];
        if !content.is_empty() {
            if spaces < indentation {
                break;
            }
            block.line(line_start + indentation, content);
            end = line_start + line.text.len();
        }
        let line_stop = line_start + line.text.len();
        if line_stop < text.len() {
            block.breaks.push(line_stop);
        }
    }
    block.finish(decoded, body.min(text.len())).map(|text| (text, end))
}

/// How many spaces the parser took off the lines of a block scalar: the difference between its first line with content as
/// it stands and as it was decoded.
fn indentation(body: &str, decoded: &str) -> usize {
    let first = |text: &str| {
        let found = lines(text).find(|line| !line.text.trim_start_matches(' ').is_empty());
        found.map(|line| line.text.len() - line.text.trim_start_matches(' ').len())
    };
    match (first(body), first(decoded)) {
        (Some(raw), Some(kept)) => raw.saturating_sub(kept),
        // Nothing but blank lines: none of their spaces is content.
        _ => usize::MAX,
    }
}

struct Block {
    is_folded: bool,
    builder: TextBuilder,
    /// The line ends since the last line with content.
    breaks: Vec<usize>,
    /// Whether the last line with content starts with a blank, if there is one.
    last: Option<bool>,
}

impl Block {
    fn line(&mut self, at: usize, content: &str) {
        let is_indented = content.starts_with([' ', '\t']);
        let folds = self.is_folded && self.last == Some(false) && !is_indented;
        let breaks = std::mem::take(&mut self.breaks);
        match breaks.as_slice() {
            [only] if folds => self.builder.replaced(*only, 1, ' '),
            [_, rest @ ..] if folds => self.add_breaks(rest),
            all => self.add_breaks(all),
        }
        self.builder.verbatim(at, content);
        self.last = Some(is_indented);
    }

    fn add_breaks(&mut self, places: &[usize]) {
        for &place in places {
            self.builder.replaced(place, 1, '\n');
        }
    }

    /// Adds the line ends at the end that the parser kept. The parser ends the last line of a file that has no line end;
    /// that one stands nowhere, and `PyYAML` does not add it.
    fn finish(mut self, decoded: &str, start: usize) -> Option<Text> {
        let breaks = std::mem::take(&mut self.breaks);
        self.add_breaks(&breaks);
        let unended = decoded.strip_suffix('\n').is_some_and(|decoded| decoded == self.builder.as_str());
        if !unended {
            // The parser may have left something out, such as a byte order mark inside the text.
            if !self.builder.as_str().starts_with(decoded) {
                return None;
            }
            self.builder.truncate(decoded.len());
        }
        Some(self.builder.finish(start))
    }
}
