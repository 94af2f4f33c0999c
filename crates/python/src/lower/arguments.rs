//! Arguments, subscripts and parameters.

use super::kinds::{Kind, kind};
use super::{Lowerer, each_child};
use crate::syntax::{ExprContext, ExprId, ExprKind, Exprs, Keyword, Parameter, Parameters};
use pyaudit_source::Range;
use tree_sitter::TreeCursor;

/// The arguments of a call or a class definition.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) args: Exprs,
    pub(super) keywords: Box<[Keyword]>,
}

impl Lowerer<'_> {
    pub(super) fn arguments(&mut self, cursor: &mut TreeCursor<'_>) -> Arguments {
        let (mut args, mut keywords) = (Vec::new(), Vec::new());
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::KeywordArgument => keywords.extend(self.keyword(cursor)),
            Kind::DictionarySplat => {
                let range = self.raw_range(cursor.node());
                let value = self.inner(cursor);
                keywords.push(Keyword { range, name: None, value });
            }
            _ if cursor.node().is_named() => args.push(self.element(cursor)),
            _ => {}
        });
        Arguments { args: args.into(), keywords: keywords.into() }
    }

    /// `f(x for x in y)`: the generator's range is that of the parentheses, as in CPython.
    pub(super) fn only_generator(&mut self, cursor: &mut TreeCursor<'_>) -> Arguments {
        Arguments { args: Box::new([self.expression(cursor)]), keywords: Box::default() }
    }

    fn keyword(&mut self, cursor: &mut TreeCursor<'_>) -> Option<Keyword> {
        let range = self.raw_range(cursor.node());
        let (mut name, mut value) = (None, None);
        each_child(cursor, |cursor| {
            let node = cursor.node();
            if !node.is_named() {
                return;
            }
            match name {
                None => name = Some(self.identifier(node)),
                Some(_) => value = Some(self.expression(cursor)),
            }
        });
        Some(Keyword { range, name, value: value? })
    }

    /// The index in the brackets of a node that the cursor stands on.
    pub(super) fn index(&mut self, cursor: &mut TreeCursor<'_>) -> Option<ExprId> {
        if !cursor.goto_first_child() {
            return None;
        }
        let index = self.index_here(cursor);
        cursor.goto_parent();
        index
    }

    /// The index between brackets, on the opening one of which the cursor stands: several, or one with a comma after
    /// it, are a tuple.
    pub(super) fn index_here(&mut self, cursor: &mut TreeCursor<'_>) -> Option<ExprId> {
        let (mut items, mut comma, mut range) = (Vec::new(), false, None::<Range>);
        while cursor.goto_next_sibling() {
            let node = cursor.node();
            let is_comma = kind(node) == Kind::Comma;
            comma |= is_comma;
            if is_comma || node.is_named() {
                let part = self.raw_range(node);
                range = Some(range.map_or(part, |range| range.cover(part)));
            }
            if node.is_named() {
                items.push(self.element(cursor));
            }
        }
        match (items.as_slice(), range) {
            // A star alone makes a tuple too (PEP 646).
            (&[only], _) if !comma && !matches!(self.syntax.expr(only).kind, ExprKind::Starred { .. }) => Some(only),
            ([], _) | (_, None) => None,
            (_, Some(range)) => Some(self.expr(range, ExprKind::Tuple { elts: items.into(), ctx: ExprContext::Load })),
        }
    }

    pub(super) fn parameters(&mut self, cursor: &mut TreeCursor<'_>) -> Parameters {
        let (mut found, mut positional) = (Found::default(), None);
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::KeywordSeparator => found.keyword_only = true,
            Kind::PositionalSeparator => positional = Some(found.args.len()),
            _ if cursor.node().is_named() => self.parameter(cursor, &mut found),
            _ => {}
        });
        let args = found.args.split_off(positional.unwrap_or(0));
        Parameters {
            posonlyargs: found.args.into(),
            args: args.into(),
            vararg: found.vararg,
            kwonlyargs: found.kwonlyargs.into(),
            kwarg: found.kwarg,
        }
    }

    fn parameter(&mut self, cursor: &mut TreeCursor<'_>, found: &mut Found) {
        let node = cursor.node();
        let mut part = ParameterParts::default();
        match kind(node) {
            Kind::Identifier => part.name = Some(self.identifier(node)),
            Kind::TuplePattern => {
                let range = self.raw_range(node);
                return self.problem(range, "looks like Python 2: a tuple as a parameter");
            }
            _ => self.parameter_parts(cursor, &mut part),
        }
        let Some(name) = part.name else { return };
        let range = Range::new(name.range.start, part.end.max(name.range.end));
        let parameter = Parameter { range, name, annotation: part.annotation, default: part.default };
        match part.stars {
            1 => {
                found.vararg = Some(Box::new(parameter));
                found.keyword_only = true;
            }
            2 => found.kwarg = Some(Box::new(parameter)),
            _ if found.keyword_only => found.kwonlyargs.push(parameter),
            _ => found.args.push(parameter),
        }
    }

    fn parameter_parts(&mut self, cursor: &mut TreeCursor<'_>, part: &mut ParameterParts) {
        each_child(cursor, |cursor| {
            let node = cursor.node();
            match kind(node) {
                Kind::Star => part.stars = 1,
                Kind::StarStar => part.stars = 2,
                Kind::ListSplatPattern | Kind::DictionarySplatPattern => self.parameter_parts(cursor, part),
                Kind::Type => {
                    part.end = self.raw_range(node).end;
                    part.annotation = Some(self.element(cursor));
                }
                Kind::Identifier if part.name.is_none() => part.name = Some(self.identifier(node)),
                Kind::TuplePattern if part.name.is_none() => {
                    let range = self.raw_range(node);
                    self.problem(range, "looks like Python 2: a tuple as a parameter");
                }
                _ if node.is_named() => part.default = Some(self.expression(cursor)),
                _ => {}
            }
        });
    }
}

/// The parameters found so far.
#[derive(Default)]
struct Found {
    args: Vec<Parameter>,
    vararg: Option<Box<Parameter>>,
    kwonlyargs: Vec<Parameter>,
    kwarg: Option<Box<Parameter>>,
    keyword_only: bool,
}

#[derive(Default)]
struct ParameterParts {
    /// Where the annotation ends, its parentheses included.
    end: u32,
    stars: u8,
    name: Option<crate::syntax::Identifier>,
    annotation: Option<ExprId>,
    default: Option<ExprId>,
}
