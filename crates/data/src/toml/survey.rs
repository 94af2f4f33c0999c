//! A first look at a TOML text, at its events alone.
//!
//! A key of 100,000 dots would become as many nested tables, which nothing could drop; and behind a key without `=` the
//! `toml` crate reads nothing more.

use crate::MAX_DEPTH;
use crate::text::range;
use pyaudit_source::Range;
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};

/// The nesting of arrays and inline tables that the `toml` crate itself allows.
const INNER_DEPTH: u32 = 80;

/// What stands in the way of reading a text.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The first key or bracket that lies too deep.
    pub(super) too_deep: Option<Range>,
    /// Keys that nothing is assigned to, in order.
    pub(super) lone_keys: Vec<Range>,
}

/// Looks through a text.
pub(super) fn survey(text: &str) -> Survey {
    let source = toml_parser::Source::new(text);
    let tokens = source.lex().into_vec();
    let mut surveyor = Surveyor { levels: vec![0], ..Surveyor::default() };
    let mut receiver = |event: Event| surveyor.event(&event);
    let mut guarded = RecursionGuard::new(&mut receiver, INNER_DEPTH);
    parse_document(&tokens, &mut guarded, &mut ());
    surveyor.end_key();
    surveyor.survey
}

#[derive(Default)]
struct Surveyor {
    survey: Survey,
    /// Whether the place reached is inside the brackets of a header.
    in_header: bool,
    /// The key that was read last, as long as its `=` may follow.
    key: Option<Range>,
    /// Tables that the last header opened.
    header: usize,
    /// For the document and each open bracket: the keys of the current entry, and one for an array itself.
    levels: Vec<usize>,
    /// The sum of `levels`.
    sum: usize,
}

impl Surveyor {
    fn event(&mut self, event: &Event) {
        let place = range(event.span().start(), event.span().end());
        self.follow_key(event.kind(), place);
        self.measure(event.kind());
        if self.header + self.sum > MAX_DEPTH && self.survey.too_deep.is_none() {
            self.survey.too_deep = Some(place);
        }
    }

    fn follow_key(&mut self, kind: EventKind, place: Range) {
        match kind {
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                self.end_key();
                self.in_header = true;
            }
            EventKind::StdTableClose | EventKind::ArrayTableClose => self.in_header = false,
            EventKind::SimpleKey if !self.in_header => {
                self.key = Some(self.key.map_or(place, |key| key.cover(place)));
            }
            EventKind::KeySep if self.key.is_some() => self.key = self.key.map(|key| key.cover(place)),
            EventKind::KeyValSep => self.key = None,
            EventKind::Newline => {
                self.end_key();
                self.in_header = false;
            }
            EventKind::SimpleKey | EventKind::KeySep | EventKind::Whitespace => {}
            _ => self.end_key(),
        }
    }

    fn end_key(&mut self) {
        self.survey.lone_keys.extend(self.key.take());
    }

    fn measure(&mut self, kind: EventKind) {
        match kind {
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                self.header = 0;
                self.levels = vec![0];
                self.sum = 0;
            }
            EventKind::StdTableClose | EventKind::ArrayTableClose => {
                // Each part of a header may be an array of tables, which is two levels.
                self.header = 2 * self.sum;
                self.reset(0);
            }
            EventKind::SimpleKey => self.grow(1),
            EventKind::InlineTableOpen => self.levels.push(0),
            EventKind::ArrayOpen => {
                self.levels.push(0);
                self.grow(1);
            }
            EventKind::InlineTableClose | EventKind::ArrayClose if self.levels.len() > 1 => {
                self.sum -= self.levels.pop().unwrap_or(0);
            }
            // An array keeps its own level from element to element; the keys of an inline table start anew.
            EventKind::ValueSep => {
                let kept = self.levels.last().copied().unwrap_or(0).min(1);
                self.reset(kept);
            }
            EventKind::Newline if self.levels.len() == 1 => self.reset(0),
            _ => {}
        }
    }

    fn grow(&mut self, by: usize) {
        self.sum += by;
        if let Some(level) = self.levels.last_mut() {
            *level += by;
        }
    }

    fn reset(&mut self, to: usize) {
        if let Some(level) = self.levels.last_mut() {
            self.sum = self.sum - *level + to;
            *level = to;
        }
    }
}
