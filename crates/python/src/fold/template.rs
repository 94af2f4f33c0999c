//! Reading the templates of `%` and `.format`.

use super::{Folded, FoldedPart};
use crate::syntax::ExprId;

/// How many bytes a field may have, so that unclosed ones cost no more than this each.
const MAXIMUM_FIELD: usize = 128;

/// A piece of a template.
pub(super) enum Field {
    /// Text as it stands.
    Text(String),
    /// What was not known of the template itself.
    Hole(ExprId),
    /// A value that is put in.
    Value {
        /// Which one.
        key: Key,
        /// Whether it is put in as `str()` gives it, without conversion, width or attribute.
        plain: bool,
    },
}

/// Which value a field takes.
pub(super) enum Key {
    /// The next one.
    Next,
    /// The one at this index, from 0.
    Index(usize),
    /// The one of this name.
    Name(String),
}

/// Reads the fields of a `%` template (library reference, "printf-style String Formatting").
pub(super) fn percents(template: &str, fields: &mut Vec<Field>) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        push_text(fields, before);
        let (key, after) = mapping_key(after);
        let width = after.len()
            - after.trim_start_matches(|next: char| "#0- +.*hlL".contains(next) || next.is_ascii_digit()).len();
        let (options, conversion) = after.split_at(width);
        for _ in options.matches('*') {
            fields.push(Field::Value { key: Key::Next, plain: false });
        }
        let mut characters = conversion.chars();
        match characters.next() {
            Some(kind) if kind != '%' => {
                fields.push(Field::Value { key, plain: options.is_empty() && "sdiu".contains(kind) });
            }
            _ => push_text(fields, "%"),
        }
        rest = characters.as_str();
    }
    push_text(fields, rest);
}

/// `(name)` after the percent sign.
fn mapping_key(after: &str) -> (Key, &str) {
    let end = after.bytes().take(MAXIMUM_FIELD).position(|byte| byte == b')');
    match end.filter(|_| after.starts_with('(')) {
        Some(end) => (Key::Name(after[1..end].to_owned()), &after[end + 1..]),
        None => (Key::Next, after),
    }
}

/// Reads the fields of a `.format` template (library reference, "Format String Syntax").
pub(super) fn braces(template: &str, fields: &mut Vec<Field>) {
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        push_text(fields, &rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        if let Some(after) = after.strip_prefix(brace) {
            push_text(fields, brace);
            rest = after;
        } else if let Some(end) = closing_brace(after).filter(|_| brace == "{") {
            fields.push(replacement_field(&after[..end]));
            rest = &after[end + 1..];
        } else {
            push_text(fields, brace);
            rest = after;
        }
    }
    push_text(fields, rest);
}

/// Where the field ends that starts at the beginning of the text; a format specification may hold fields of its own.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate().take(MAXIMUM_FIELD) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn replacement_field(field: &str) -> Field {
    let name = field.split(['!', ':']).next().unwrap_or("");
    let first = name.split(['.', '[']).next().unwrap_or("");
    let plain = first.len() == field.len() || field[first.len()..] == *"!s";
    let key = if first.is_empty() {
        Key::Next
    } else {
        first.parse().map_or_else(|_| Key::Name(first.to_owned()), Key::Index)
    };
    Field::Value { key, plain }
}

fn push_text(fields: &mut Vec<Field>, text: &str) {
    match fields.last_mut() {
        _ if text.is_empty() => {}
        Some(Field::Text(last)) => last.push_str(text),
        _ => fields.push(Field::Text(text.to_owned())),
    }
}

/// Takes the common margin from every line, as `textwrap.dedent` does. A hole counts as text.
pub(super) fn dedent(folded: &mut Folded) {
    // The object replacement character stands for a hole while the lines are looked at as one text.
    const MARK: char = '\u{FFFC}';
    let joined = folded.with_placeholder("\u{FFFC}");
    let mut holes: Vec<ExprId> = folded.holes().collect();
    if joined.matches(MARK).count() != holes.len() {
        return;
    }
    let indentation = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let margin = joined.lines().filter(|line| !line.trim().is_empty()).map(indentation).min().unwrap_or(0);
    let mut parts = Folded::default();
    holes.reverse();
    for (at, line) in joined.split('\n').enumerate() {
        if at > 0 {
            parts.push_text("\n");
        }
        let line = if line.trim().is_empty() { "" } else { line.get(margin..).unwrap_or(line) };
        for (at, text) in line.split(MARK).enumerate() {
            if let Some(hole) = (at > 0).then(|| holes.pop()).flatten() {
                parts.parts.push(FoldedPart::Hole(hole));
            }
            parts.push_text(text);
        }
    }
    *folded = parts;
}
