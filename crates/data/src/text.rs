//! Building decoded text that remembers where its parts came from, and walking over lines.

use crate::Text;
use pyaudit_source::Range;

/// Collects decoded text and its segments.
#[derive(Debug, Default)]
pub(crate) struct TextBuilder {
    text: String,
    segments: Vec<(u32, u32)>,
}

impl TextBuilder {
    /// Adds text that stands in the file as it is, from the byte `offset` on.
    pub(crate) fn verbatim(&mut self, offset: usize, part: &str) {
        if !part.is_empty() {
            self.map(self.text.len(), offset);
            self.text.push_str(part);
        }
    }

    /// Adds what `length` bytes of the file (an escape, a folded line end) stand for. Each decoded byte maps to a byte
    /// of the replaced piece, never beyond it; the piece must be ASCII so that every place in it is a boundary.
    pub(crate) fn replaced(&mut self, offset: usize, length: usize, decoded: char) {
        let last = length.saturating_sub(1);
        for step in 0..decoded.len_utf8() {
            self.map(self.text.len() + step, offset + step.min(last));
        }
        self.text.push(decoded);
    }

    /// Records that the decoded byte `decoded` came from the file's byte `source`, unless that follows already.
    fn map(&mut self, decoded: usize, source: usize) {
        let (decoded, source) = (decoded as u32, source as u32);
        let follows = self.segments.last().is_some_and(|&(from, to)| to + (decoded - from) == source);
        if !follows {
            self.segments.push((decoded, source));
        }
    }

    /// The text so far.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Cuts the text to `length` bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.text.truncate(length);
        while self.segments.last().is_some_and(|&(decoded, _)| decoded as usize >= length) {
            self.segments.pop();
        }
    }

    /// The text; an empty one stands at `start`.
    pub(crate) fn finish(mut self, start: usize) -> Text {
        if self.segments.is_empty() {
            self.segments.push((0, start as u32));
        }
        Text { text: self.text, segments: self.segments }
    }
}

/// A stretch of a text that is decoded as it stands.
pub(crate) fn verbatim(offset: usize, part: &str) -> Text {
    let mut builder = TextBuilder::default();
    builder.verbatim(offset, part);
    builder.finish(offset)
}

/// The bytes of a decoded text from `start` to `end`, with their places.
pub(crate) fn part(text: &Text, start: usize, end: usize) -> Text {
    let place = |at: usize| text.source_offset(at as u32).unwrap_or(0);
    let inside = text.segments.iter().filter(|segment| (start + 1..end).contains(&(segment.0 as usize)));
    let mut segments = vec![(0, place(start))];
    segments.extend(inside.map(|&(decoded, source)| (decoded - start as u32, source)));
    Text { text: text.text[start..end].to_owned(), segments }
}

/// The place in the file of the bytes from `start` to `end` of a decoded text.
pub(crate) fn place(text: &Text, start: usize, end: usize) -> Range {
    let whole = text.segments.first().map_or(0, |segment| segment.1);
    text.source_range(range(start, end)).unwrap_or(Range::empty(whole))
}

/// The range of these bytes.
pub(crate) fn range(start: usize, end: usize) -> Range {
    Range::new(start as u32, end as u32)
}

/// A line of a file without its line end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// The byte at which it starts.
    pub(crate) start: usize,
    /// What it says.
    pub(crate) text: &'a str,
}

impl Line<'_> {
    /// The byte after its last one, at which its line end stands.
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// The lines of a text, which end at `\n`, `\r\n` or a lone `\r`. No empty line follows the last line end.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let line = Line { start, text: &rest[..length] };
        start += length + line_end(&rest.as_bytes()[length..]);
        Some(line)
    })
}

/// The length of the line end that these bytes start with; 0 where they start with none.
pub(crate) fn line_end(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// Whether Python's `str.strip` and `\s` take this for white space.
pub(crate) fn is_python_space(character: char) -> bool {
    character.is_whitespace() || ('\x1c'..='\x1f').contains(&character)
}

/// A part of a text without the white space around it, and the byte at which it starts.
pub(crate) fn trim(offset: usize, part: &str) -> (usize, &str) {
    let trimmed = part.trim_start_matches(is_python_space);
    (offset + part.len() - trimmed.len(), trimmed.trim_end_matches(is_python_space))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contiguous_parts_share_a_segment_and_replacements_stay_inside_their_piece() {
        let mut builder = TextBuilder::default();
        builder.verbatim(4, "ab");
        builder.verbatim(6, "c");
        builder.replaced(7, 2, '\u{2028}');
        builder.verbatim(9, "d");
        let text = builder.finish(4);
        assert_eq!(text.segments, [(0, 4), (5, 8)]);
        assert_eq!(text.source_range(Range::new(3, 7)), Some(Range::new(7, 10)));
    }

    #[test]
    fn lines_end_in_three_ways() {
        let found: Vec<_> = lines("a\r\nb\rc\n\nd").map(|line| (line.start, line.text)).collect();
        assert_eq!(found, [(0, "a"), (3, "b"), (5, "c"), (7, ""), (8, "d")]);
    }
}
