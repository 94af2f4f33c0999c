//! String literals from the pre-pass's table.

use super::Lowerer;
use crate::literals::{decode_bytes, decode_field_text, decode_text};
use crate::prepass::{Literal, RawField, RawPart, StringGroup};
use crate::syntax::{ExprId, ExprKind, FormatSpec, Interpolation, StringPart};
use pyaudit_source::Range;

impl Lowerer<'_> {
    /// The value of literals that stand side by side.
    pub(super) fn string_literals(&mut self, group: &StringGroup) -> ExprId {
        let bytes = group.literals.iter().filter(|literal| literal.prefix.bytes).count();
        let templates = group.literals.iter().filter(|literal| literal.prefix.template).count();
        if group.broken {
            return self.expr(group.range, ExprKind::Error);
        }
        let mixed = (bytes > 0 && bytes < group.literals.len()) || (templates > 0 && templates < group.literals.len());
        if mixed {
            self.problem(group.range, "string literals of different kinds stand side by side");
            return self.expr(group.range, ExprKind::Error);
        }
        let kind = if bytes > 0 {
            self.bytes(group)
        } else if templates > 0 {
            ExprKind::TString(self.parts_of(group))
        } else if group.literals.iter().any(|literal| literal.prefix.format) {
            ExprKind::FString(self.parts_of(group))
        } else {
            self.plain(group)
        };
        self.expr(group.range, kind)
    }

    fn bytes(&self, group: &StringGroup) -> ExprKind {
        let mut value = Vec::new();
        for literal in &group.literals {
            decode_bytes(self.source(literal.body), literal.prefix.raw, &mut value);
        }
        ExprKind::Bytes(value.into())
    }

    fn plain(&self, group: &StringGroup) -> ExprKind {
        let mut value = String::new();
        for literal in &group.literals {
            decode_text(self.source(literal.body), literal.prefix.raw, &mut value);
        }
        let pieces = group.literals.iter().map(|literal| literal.range).collect();
        let has_u_prefix = group.literals.first().is_some_and(|literal| literal.prefix.unicode);
        ExprKind::Str { value: value.into(), pieces, has_u_prefix }
    }

    fn parts_of(&mut self, group: &StringGroup) -> Box<[StringPart]> {
        let mut parts = Parts::default();
        for literal in &group.literals {
            if literal.prefix.has_fields() {
                self.add_parts(&literal.parts, literal, true, &mut parts);
            } else {
                let mut text = String::new();
                decode_text(self.source(literal.body), literal.prefix.raw, &mut text);
                parts.text(&text, literal.range);
            }
        }
        parts.finish()
    }

    fn add_parts(&mut self, raw: &[RawPart], literal: &Literal, doubled: bool, parts: &mut Parts) {
        for part in raw {
            match part {
                RawPart::Text(range) => {
                    let mut text = String::new();
                    decode_field_text(self.source(*range), literal.prefix.raw, doubled, &mut text);
                    parts.text(&text, *range);
                }
                RawPart::Field(field) => self.add_field(field, literal, parts),
            }
        }
    }

    fn add_field(&mut self, field: &RawField, literal: &Literal, parts: &mut Parts) {
        if let Some(debug) = field.debug {
            let mut text = String::new();
            decode_text(self.source(debug), true, &mut text);
            parts.text(&text, debug);
        }
        let value = self.snippet_value(field.snippet, field.source);
        let format_spec = field.spec.as_ref().map(|(range, raw)| {
            let mut inner = Parts::default();
            self.add_parts(raw, literal, false, &mut inner);
            FormatSpec { range: *range, parts: inner.finish() }
        });
        let shown = field.debug.is_some() && field.spec.is_none();
        let conversion = field.conversion.or(shown.then_some('r'));
        parts.field(Interpolation { range: field.range, value, source: field.source, conversion, format_spec });
    }
}

/// Parts of a string, neighbouring texts joined and empty ones left out.
#[derive(Default)]
struct Parts {
    done: Vec<StringPart>,
    text: String,
    range: Option<Range>,
}

impl Parts {
    fn text(&mut self, text: &str, range: Range) {
        if !text.is_empty() {
            self.text.push_str(text);
            self.range = Some(self.range.map_or(range, |before| before.cover(range)));
        }
    }

    fn field(&mut self, field: Interpolation) {
        self.flush();
        self.done.push(StringPart::Interpolation(Box::new(field)));
    }

    fn flush(&mut self) {
        if let Some(range) = self.range.take() {
            let text = std::mem::take(&mut self.text).into();
            self.done.push(StringPart::Literal { text, range });
        }
    }

    fn finish(mut self) -> Box<[StringPart]> {
        self.flush();
        self.done.into()
    }
}
