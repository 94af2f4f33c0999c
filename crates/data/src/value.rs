//! The one tree that YAML, TOML, JSON, INI and dotenv files become.

use pyaudit_source::Range;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// From its first token to its last.
    pub range: Range,
    /// What it is.
    pub kind: ValueKind,
}

/// The kinds of value. YAML scalars follow the core schema of YAML 1.2: `on`, `yes` and `no` are strings.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueKind {
    /// `null`, `~` or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits 64 bits.
    Integer(i64),
    /// A number with a point or an exponent, or an integer beyond 64 bits.
    Float(f64),
    /// Text.
    String(Text),
    /// A list.
    Sequence(Vec<Value>),
    /// A table, in order of the source. Equal keys may occur where the format allows them.
    Mapping(Vec<Entry>),
}

/// One key of a mapping with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Value,
}

/// A key and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key as text. A YAML key that is no scalar stands as its source text.
    pub text: String,
    /// Where it stands, with its quotes.
    pub range: Range,
}

/// Decoded text that knows which bytes of the file each of its parts came from: a block scalar loses its indentation,
/// a quoted string its escapes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// The decoded text.
    pub text: String,
    /// Pairs of a byte offset in `text` and the byte offset in the file it came from, ascending; between two pairs both
    /// advance together. Empty for text that stands nowhere in the file.
    pub segments: Vec<(u32, u32)>,
}

impl Text {
    /// The offset in the file of a byte of the decoded text.
    pub fn source_offset(&self, offset: u32) -> Option<u32> {
        let after = self.segments.partition_point(|&(decoded, _)| decoded <= offset);
        let (decoded, source) = *self.segments.get(after.checked_sub(1)?)?;
        Some(source + (offset - decoded))
    }

    /// The bytes of the file behind a range of the decoded text.
    pub fn source_range(&self, range: Range) -> Option<Range> {
        let start = self.source_offset(range.start)?;
        if range.is_empty() {
            return Some(Range::empty(start));
        }
        let last = self.source_offset(range.end - 1)?;
        Some(Range::new(start, last + 1))
    }
}

impl Value {
    /// A value of any kind.
    pub(crate) const fn new(range: Range, kind: ValueKind) -> Self {
        Self { range, kind }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            ValueKind::String(text) => Some(&text.text),
            _ => None,
        }
    }

    /// The text of a string with its places.
    pub fn as_text(&self) -> Option<&Text> {
        match &self.kind {
            ValueKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth of a Boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            ValueKind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The elements of a list; none for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.kind {
            ValueKind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The entries of a table; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            ValueKind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The entry with this key: the first, where a key occurs twice.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key.text == key)
    }

    /// The value of this key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value at a path of keys: `at(&["tool", "pyaudit"])`.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The strings of a list, or the one string; nothing for anything else.
    pub fn strings(&self) -> Vec<&Self> {
        match &self.kind {
            ValueKind::String(_) => vec![self],
            _ => self.items().iter().filter(|item| item.as_str().is_some()).collect(),
        }
    }
}
