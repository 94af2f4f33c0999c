//! From events to a value: aliases, merge keys, duplicate keys and bounds.

use super::events::{Event, Events, Tag};
use super::schema;
use crate::text::range;
use crate::{Entry, Key, MAX_DEPTH, Text, Value, ValueKind};
use pyaudit_source::{ParseProblem, Range};
use std::collections::HashSet;

/// How many bytes the copies that aliases make of their anchors may take in one document.
const ALIAS_BUDGET: u64 = 16 << 20;

/// What a node takes beside its text.
const NODE_COST: u64 = 64;

/// The longest text of a key that is no scalar; YAML itself bounds keys without `?` to as much.
const LONGEST_KEY: usize = 1024;

/// Builds the value of a document.
pub(super) fn build(text: &str, events: &Events, problems: &mut Vec<ParseProblem>) -> Value {
    let mut builder = Builder {
        text,
        events,
        costs: costs(events),
        budget: ALIAS_BUDGET,
        is_depth_reported: false,
        work: vec![(0, events.list.len())],
        open: Vec::new(),
        document: None,
        problems,
    };
    while builder.step() {}
    builder.document.unwrap_or(Value::new(Range::empty(0), ValueKind::Null))
}

/// For each event what it and those before it take, with aliases as large as what they copy.
fn costs(events: &Events) -> Vec<u64> {
    let mut sums = vec![0_u64];
    for (at, event) in events.list.iter().enumerate() {
        let cost = match event {
            Event::Scalar { text, .. } => NODE_COST + text.text.len() as u64 + 8 * text.segments.len() as u64,
            Event::Open { .. } => NODE_COST,
            Event::Close { .. } => 0,
            // Capped, so that sums of doublings stay small.
            Event::Alias { anchor, .. } => target(events, at, *anchor)
                .map_or(NODE_COST, |(start, end)| (sums[end] - sums[start]).min(ALIAS_BUDGET + 1)),
        };
        sums.push(sums[at] + cost);
    }
    sums
}

/// The events that the alias at an index copies; none for an alias inside its own anchor.
fn target(events: &Events, alias: usize, anchor: usize) -> Option<(usize, usize)> {
    let start = events.anchor(anchor)?;
    let end = events.ends[start];
    (end <= alias && end > start).then_some((start, end))
}

/// A collection whose end is still to come.
struct Open {
    start: u32,
    values: Collected,
}

enum Collected {
    Sequence(Vec<Value>),
    Mapping(Mapping),
}

#[derive(Default)]
struct Mapping {
    entries: Vec<Entry>,
    key: Option<Key>,
    is_merge: bool,
    names: HashSet<String>,
    merged: Vec<Entry>,
}

struct Builder<'a> {
    text: &'a str,
    events: &'a Events,
    costs: Vec<u64>,
    budget: u64,
    is_depth_reported: bool,
    /// Stretches of events still to be read, the current one last: an alias puts those of its anchor on top.
    work: Vec<(usize, usize)>,
    open: Vec<Open>,
    document: Option<Value>,
    problems: &'a mut Vec<ParseProblem>,
}

impl Builder<'_> {
    fn step(&mut self) -> bool {
        let Some((next, end)) = self.work.last_mut() else { return false };
        if next == end {
            self.work.pop();
            return true;
        }
        let at = *next;
        *next += 1;
        let events = self.events;
        match &events.list[at] {
            Event::Scalar { range, text, is_plain, tag } => self.scalar(*range, text, *is_plain, tag),
            Event::Open { start, is_mapping } => self.open(at, *start, *is_mapping),
            Event::Close { end } => self.close(*end),
            Event::Alias { anchor, range } => self.alias(at, *anchor, *range),
        }
        true
    }

    fn scalar(&mut self, range: Range, text: &Text, is_plain: bool, tag: &Tag) {
        if let Some(mapping) = self.awaiting_key() {
            mapping.is_merge = is_plain && *tag == Tag::None && text.text == "<<";
            mapping.key = Some(Key { text: text.text.clone(), range });
            self.check_key();
            return;
        }
        self.add(Value::new(range, scalar_kind(text, is_plain, tag)));
    }

    fn open(&mut self, at: usize, start: u32, is_mapping: bool) {
        if self.open.len() >= MAX_DEPTH {
            self.skip_deep(at, start);
            return;
        }
        let values = if is_mapping { Collected::Mapping(Mapping::default()) } else { Collected::Sequence(Vec::new()) };
        self.open.push(Open { start, values });
    }

    /// Leaves out a collection that lies too deep.
    fn skip_deep(&mut self, at: usize, start: u32) {
        let end = self.events.ends[at];
        if let Some((next, _)) = self.work.last_mut() {
            *next = end;
        }
        let place = match self.events.list.get(end - 1) {
            Some(Event::Close { end }) => Range::new(start, (*end).max(start)),
            _ => Range::empty(start),
        };
        if !self.is_depth_reported {
            self.is_depth_reported = true;
            let message = format!("values nest deeper than {MAX_DEPTH} levels");
            self.problems.push(ParseProblem::at(place, message));
        }
        self.finish(Value::new(place, ValueKind::Null));
    }

    fn close(&mut self, end: u32) {
        let Some(open) = self.open.pop() else { return };
        let place = Range::new(open.start, end.max(open.start));
        let kind = match open.values {
            Collected::Sequence(values) => ValueKind::Sequence(values),
            Collected::Mapping(mapping) => ValueKind::Mapping(mapping.finish()),
        };
        self.finish(Value::new(place, kind));
    }

    fn alias(&mut self, at: usize, anchor: usize, place: Range) {
        let is_copy = self.work.len() > 1;
        let Some((start, end)) = target(self.events, at, anchor) else {
            return self.refuse(place, "alias without a finished anchor before it in its document");
        };
        // What lies inside a copy was counted with it.
        if !is_copy {
            let cost = self.costs[end] - self.costs[start];
            if cost > self.budget {
                return self.refuse(place, "aliases stand for more text than they may");
            }
            self.budget -= cost;
        }
        self.work.push((start, end));
    }

    fn refuse(&mut self, place: Range, message: &str) {
        self.problems.push(ParseProblem::at(place, message));
        self.finish(Value::new(place, ValueKind::Null));
    }

    /// The innermost open mapping, where a key is to come.
    fn awaiting_key(&mut self) -> Option<&mut Mapping> {
        match self.open.last_mut() {
            Some(Open { values: Collected::Mapping(mapping), .. }) if mapping.key.is_none() => Some(mapping),
            _ => None,
        }
    }

    /// Places a value that is no scalar of the text: it may be a key.
    fn finish(&mut self, value: Value) {
        let text = self.text;
        let Some(mapping) = self.awaiting_key() else { return self.add(value) };
        let mut end = (value.range.end as usize).min(value.range.start as usize + LONGEST_KEY);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let shown = range(value.range.start as usize, end).slice(text).to_owned();
        mapping.key = Some(Key { text: shown, range: value.range });
        self.check_key();
    }

    /// Reports a key that its mapping has already, once, not again for each copy.
    fn check_key(&mut self) {
        let is_copy = self.work.len() > 1;
        let Some(Open { values: Collected::Mapping(mapping), .. }) = self.open.last_mut() else { return };
        let Some(key) = mapping.key.as_ref().filter(|_| !mapping.is_merge) else { return };
        let is_new = mapping.names.insert(key.text.clone());
        if !is_new && !is_copy {
            self.problems.push(ParseProblem::at(key.range, format!("key `{}` occurs twice", key.text)));
        }
    }

    fn add(&mut self, value: Value) {
        match self.open.last_mut().map(|open| &mut open.values) {
            None => self.document = Some(value),
            Some(Collected::Sequence(values)) => values.push(value),
            Some(Collected::Mapping(mapping)) => mapping.add(value),
        }
    }
}

impl Mapping {
    fn add(&mut self, value: Value) {
        let Some(key) = self.key.take() else { return };
        let is_merge = std::mem::take(&mut self.is_merge);
        match value.kind {
            ValueKind::Mapping(entries) if is_merge => self.merged.extend(entries),
            ValueKind::Sequence(items) if is_merge && items.iter().all(is_mapping) => {
                self.merged.extend(items.into_iter().flat_map(into_entries));
            }
            _ => self.entries.push(Entry { key, value }),
        }
    }

    /// The mapping's own entries, then those that it merges in and has not itself, earlier ones first.
    fn finish(mut self) -> Vec<Entry> {
        for entry in self.merged {
            if self.names.insert(entry.key.text.clone()) {
                self.entries.push(entry);
            }
        }
        self.entries
    }
}

fn is_mapping(value: &Value) -> bool {
    matches!(value.kind, ValueKind::Mapping(_))
}

fn into_entries(value: Value) -> Vec<Entry> {
    match value.kind {
        ValueKind::Mapping(entries) => entries,
        _ => Vec::new(),
    }
}

fn scalar_kind(text: &Text, is_plain: bool, tag: &Tag) -> ValueKind {
    let string = || ValueKind::String(text.clone());
    let resolved = match tag {
        Tag::None if is_plain => schema::resolve(&text.text),
        // A tag of one's own before nothing at all still leaves nothing.
        Tag::Local if is_plain && text.text.is_empty() => Some(ValueKind::Null),
        Tag::None | Tag::Local => None,
        Tag::Core(name) => match name.as_str() {
            "null" => Some(ValueKind::Null),
            "bool" | "int" | "float" => schema::resolve(&text.text).map(|kind| as_float(kind, name)),
            _ => None,
        },
    };
    resolved.unwrap_or_else(string)
}

/// `!!float 1` is a number with a point.
fn as_float(kind: ValueKind, tag: &str) -> ValueKind {
    match kind {
        #[expect(clippy::cast_precision_loss, reason = "that is what the tag asks for")]
        ValueKind::Integer(value) if tag == "float" => ValueKind::Float(value as f64),
        kind => kind,
    }
}
