//! Byte ranges, and the lines and columns that people count in.

/// A half-open range of bytes in the decoded text of one file, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Range {
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl Range {
    /// A range from `start` up to `end`, which is excluded.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The empty range at `offset`.
    pub const fn empty(offset: u32) -> Self {
        Self::new(offset, offset)
    }

    /// The number of bytes.
    pub const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether the range holds no byte.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether `other` lies wholly inside this range.
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the byte at `offset` lies in this range.
    pub const fn contains_offset(self, offset: u32) -> bool {
        self.start <= offset && offset < self.end
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// The same range, `offset` bytes further on: for text that is part of a larger one.
    #[must_use]
    pub const fn shift(self, offset: u32) -> Self {
        Self::new(self.start + offset, self.end + offset)
    }

    /// The text in this range, or the empty string where the range does not fit the text.
    pub fn slice(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// A place as people and editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in Unicode code points.
    pub column: u32,
}

/// Where each line of a text starts. A line ends at `\n`, `\r\n` or a lone `\r`, as in Python.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Reads the line starts of `text`.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, &byte) in bytes.iter().enumerate() {
            let ends_line = byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            if ends_line {
                starts.push(at as u32 + 1);
            }
        }
        Self { starts }
    }

    /// The line of a byte offset, from 1. An offset beyond the text is on the last line.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|&start| start <= offset).max(1) as u32
    }

    /// The byte at which a line (from 1) starts, if there is such a line.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.starts.get((line as usize).checked_sub(1)?).copied()
    }

    /// The bytes of a line (from 1) without its line end, if there is such a line.
    pub fn line_range(&self, line: u32, text: &str) -> Option<Range> {
        let start = self.line_start(line)?;
        let end = self.line_start(line + 1).unwrap_or(text.len() as u32);
        let content = Range::new(start, end).slice(text).trim_end_matches(['\n', '\r']);
        Some(Range::new(start, start + content.len() as u32))
    }

    /// The number of lines; a text without any line end has one.
    pub fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The line and column of a byte offset. An offset beyond the text is taken as its end, one inside a character
    /// as the start of that character.
    pub fn position(&self, offset: u32, text: &str) -> Position {
        let offset = text.floor_char_boundary(offset as usize) as u32;
        let line = self.line(offset);
        let start = self.line_start(line).unwrap_or(0) as usize;
        let before = &text.as_bytes()[start..offset as usize];
        // A UTF-8 character has exactly one byte that is no continuation byte.
        let column = before.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() as u32 + 1;
        Position { line, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_code_points_and_every_line_end() {
        let text = "é=1\r\nb\rc\n";
        let index = LineIndex::new(text);
        assert_eq!(index.line_count(), 4);
        assert_eq!(index.position(2, text), Position { line: 1, column: 2 });
        assert_eq!(index.position(6, text), Position { line: 2, column: 1 });
        assert_eq!(index.position(8, text), Position { line: 3, column: 1 });
        assert_eq!(index.line_range(1, text), Some(Range::new(0, 4)));
    }

    #[test]
    fn an_offset_inside_a_character_is_its_start() {
        let text = "aéb";
        assert_eq!(LineIndex::new(text).position(2, text), Position { line: 1, column: 2 });
        assert_eq!(LineIndex::new(text).position(3, text), Position { line: 1, column: 3 });
    }

    #[test]
    fn an_offset_beyond_the_text_is_its_end() {
        let text = "ab";
        assert_eq!(LineIndex::new(text).position(99, text), Position { line: 1, column: 3 });
    }
}
