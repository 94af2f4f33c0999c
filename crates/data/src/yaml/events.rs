//! The events of one document with their places in bytes.

use super::scalar;
use crate::Text;
use crate::text::range;
use pyaudit_source::{ParseProblem, Range};
use saphyr_parser::{Event as Parsed, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag as ParsedTag};

/// What a tag says about the type of a scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tag {
    /// No tag: the style and the schema decide.
    None,
    /// One of YAML's own, such as `str` of `!!str`.
    Core(String),
    /// Any other.
    Local,
}

/// One node, or the end of a collection.
#[derive(Debug)]
pub(super) enum Event {
    /// A scalar. Only a plain one can be anything but a string.
    Scalar { range: Range, text: Text, is_plain: bool, tag: Tag },
    /// The start of a sequence or mapping.
    Open { start: u32, is_mapping: bool },
    /// The end of the innermost open collection.
    Close { end: u32 },
    /// A use of the anchor with this number.
    Alias { anchor: usize, range: Range },
}

/// The events of a document.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The events in order.
    pub(super) list: Vec<Event>,
    /// For each event the index after its node: after the end of a collection.
    pub(super) ends: Vec<usize>,
    /// The index of the node that each anchor names, by its number, ascending.
    pub(super) anchors: Vec<(usize, usize)>,
}

impl Events {
    fn push(&mut self, event: Event, anchor: usize) {
        if anchor > 0 {
            self.anchors.push((anchor, self.list.len()));
        }
        self.list.push(event);
        self.ends.push(self.list.len());
    }

    /// The index of the node that an anchor names.
    pub(super) fn anchor(&self, number: usize) -> Option<usize> {
        let found = self.anchors.binary_search_by_key(&number, |&(number, _)| number).ok()?;
        Some(self.anchors[found].1)
    }
}

/// Reads documents one by one.
pub(super) struct Reader<'a> {
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    /// The byte of each character; empty for ASCII, where both are the same.
    bytes: Vec<u32>,
    /// The end of the last token whose place is known exactly.
    cursor: usize,
    /// The collections that are open: the index of each start, and whether it has brackets.
    open: Vec<(usize, bool)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let bytes = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at as u32).collect() };
        Self { text, parser: Parser::new_from_str(text), bytes, cursor: 0, open: Vec::new() }
    }

    /// The events of the next document, if there is one.
    pub(super) fn document(&mut self) -> Result<Option<Events>, ParseProblem> {
        let mut events = Events::default();
        while let Some(parsed) = self.parser.next_event() {
            let (event, span) = parsed.map_err(|error| self.problem(&error))?;
            match event {
                Parsed::DocumentStart(is_explicit) => {
                    self.cursor = self.byte(if is_explicit { span.end } else { span.start }).max(self.cursor);
                }
                Parsed::DocumentEnd => {
                    self.cursor = self.byte(span.end).max(self.cursor);
                    return Ok(Some(events));
                }
                _ => self.node(event, span, &mut events),
            }
        }
        Ok(None)
    }

    fn node(&mut self, event: Parsed<'_>, span: Span, events: &mut Events) {
        match event {
            Parsed::Scalar(decoded, style, anchor, tag) => {
                let tag = tag.map_or(Tag::None, |tag| read_tag(&tag));
                let has_properties = anchor > 0 || tag != Tag::None;
                let (range, text) = self.scalar(&decoded, style, span, has_properties, events);
                let is_plain = style == ScalarStyle::Plain;
                events.push(Event::Scalar { range, text, is_plain, tag }, anchor);
            }
            Parsed::SequenceStart(anchor, tag) => self.open(false, anchor, tag.is_some(), span, events),
            Parsed::MappingStart(anchor, tag) => self.open(true, anchor, tag.is_some(), span, events),
            Parsed::SequenceEnd | Parsed::MappingEnd => self.close(span, events),
            Parsed::Alias(anchor) => {
                let range = range(self.byte(span.start), self.byte(span.end));
                self.cursor = range.end as usize;
                events.push(Event::Alias { anchor, range }, 0);
            }
            _ => {}
        }
    }

    fn open(&mut self, is_mapping: bool, anchor: usize, has_tag: bool, span: Span, events: &mut Events) {
        let bracket = if is_mapping { b'{' } else { b'[' };
        let (first, end) = (self.byte(span.start), self.byte(span.end));
        let mut start = if anchor > 0 || has_tag { self.skip_properties(first) } else { first };
        // The token of a bracket has a length; the one that opens a block collection has none.
        let has_bracket = end > start && self.text.as_bytes().get(start) == Some(&bracket);
        if has_bracket {
            self.cursor = start + 1;
        } else if !is_mapping && let Some(dash) = self.next_dash(start) {
            start = dash;
        }
        self.open.push((events.list.len(), has_bracket));
        events.push(Event::Open { start: start as u32, is_mapping }, anchor);
    }

    fn close(&mut self, span: Span, events: &mut Events) {
        let Some((opened, has_bracket)) = self.open.pop() else { return };
        if has_bracket {
            self.cursor = (self.byte(span.start) + 1).min(self.text.len());
        }
        events.push(Event::Close { end: self.cursor as u32 }, 0);
        events.ends[opened] = events.list.len();
    }

    fn scalar(
        &mut self,
        decoded: &str,
        style: ScalarStyle,
        span: Span,
        has_properties: bool,
        events: &Events,
    ) -> (Range, Text) {
        let (first, end) = (self.byte(span.start), self.byte(span.end));
        if style == ScalarStyle::Plain && decoded.is_empty() {
            let place = if has_properties { end } else { self.place_of_nothing(first, events) };
            self.cursor = self.cursor.max(place);
            return (Range::empty(place as u32), crate::text::verbatim(place, ""));
        }
        let start = if has_properties { self.skip_properties(first) } else { first };
        let (start, read) = match style {
            ScalarStyle::Plain => (start, Some((scalar::plain(self.text, start, end.max(start)), end.max(start)))),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => (start, scalar::quoted(self.text, start)),
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let header = self.block_header().unwrap_or(start);
                (header, scalar::block(self.text, header, end, decoded))
            }
        };
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let (text, end) = match read {
            Some((text, end)) if is_block || text.text == decoded => (text, end),
            // Text without places, rather than places that may be wrong.
            _ => (Text { text: decoded.to_owned(), segments: Vec::new() }, end.max(start)),
        };
        self.cursor = end;
        (range(start, end), text)
    }

    /// Where an empty node stands: behind the `:`, `-` or `?` that it belongs to, or where the parser saw it.
    fn place_of_nothing(&self, seen: usize, events: &Events) -> usize {
        let bytes = self.text.as_bytes();
        let indicator = self.skip(self.cursor, |_| false);
        let is_indicator = matches!(bytes.get(indicator), Some(b':' | b'-' | b'?'));
        let is_value = !events.list.is_empty();
        if is_indicator && (indicator < seen || (is_value && indicator == seen && bytes[indicator] == b':')) {
            return indicator + 1;
        }
        self.cursor.max(seen.min(indicator)).min(self.text.len())
    }

    /// The place of the `|` or `>` of the block scalar that comes next.
    fn block_header(&self) -> Option<usize> {
        let at = self.skip(self.cursor, |byte| matches!(byte, b':' | b'-' | b'?'));
        matches!(self.text.as_bytes().get(at), Some(b'|' | b'>')).then_some(at)
    }

    /// The `-` of a block sequence: where the parser saw it, or before, where the sequence is not indented.
    fn next_dash(&self, seen: usize) -> Option<usize> {
        let is_dash = |at: &usize| self.text.as_bytes().get(*at) == Some(&b'-');
        let before = self.skip(self.cursor.min(seen), |byte| matches!(byte, b':' | b'?'));
        Some(before).filter(|at| *at <= seen && is_dash(at)).or(Some(seen).filter(is_dash))
    }

    /// The first byte of the content of a node that starts with a tag or an anchor.
    fn skip_properties(&self, start: usize) -> usize {
        self.skip(start, |_| false)
    }

    /// Skips white space, comments, tags, anchors and the indicators that `also` names.
    fn skip(&self, start: usize, also: impl Fn(u8) -> bool) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = start;
        while let Some(&byte) = bytes.get(at) {
            let rest = &self.text[at..];
            at += match byte {
                b' ' | b'\t' | b'\n' | b'\r' => 1,
                b'#' => rest.find(['\n', '\r']).unwrap_or(rest.len()),
                b'!' if rest.starts_with("!<") => rest.find('>').map_or(rest.len(), |end| end + 1),
                b'&' | b'!' => {
                    let ends = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | ',' | '[' | ']' | '{' | '}');
                    rest.find(ends).unwrap_or(rest.len())
                }
                _ if also(byte) => 1,
                _ => break,
            };
        }
        at
    }

    /// The byte at a place that the parser gives in characters.
    fn byte(&self, marker: Marker) -> usize {
        if self.text.len() == self.bytes.len() || self.bytes.is_empty() {
            return marker.index().min(self.text.len());
        }
        self.bytes.get(marker.index()).map_or(self.text.len(), |&byte| byte as usize)
    }

    fn problem(&self, error: &ScanError) -> ParseProblem {
        let at = self.byte(*error.marker());
        let length = self.text[at..].chars().next().map_or(0, char::len_utf8);
        ParseProblem::at(range(at, at + length), error.info().replace('\'', "`").trim_end_matches('.'))
    }
}

fn read_tag(tag: &ParsedTag) -> Tag {
    const CORE: &str = "tag:yaml.org,2002:";
    let whole = format!("{}{}", tag.handle, tag.suffix);
    whole.strip_prefix(CORE).map_or(Tag::Local, |name| Tag::Core(name.to_owned()))
}
