//! Displays, comprehensions and parentheses.

use super::kinds::{Kind, kind};
use super::{Lowerer, each_child};
use crate::syntax::{Comprehension, DictItem, ExprContext, ExprId, ExprKind};
use tree_sitter::TreeCursor;

impl Lowerer<'_> {
    pub(super) fn collection(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let range = self.range(cursor.node());
        let ctx = ExprContext::Load;
        let value = match kind(cursor.node()) {
            Kind::ParenthesizedExpression
            | Kind::ListSplat
            | Kind::ListSplatPattern
            | Kind::SplatType
            | Kind::Type
            | Kind::AsPattern
            | Kind::AsPatternTarget => return self.inner(cursor),
            Kind::ExpressionList | Kind::PatternList => return self.bare_tuple(cursor),
            Kind::TuplePattern if !has_comma(cursor) => return self.inner(cursor),
            Kind::Tuple | Kind::TuplePattern => ExprKind::Tuple { elts: self.elements(cursor), ctx },
            Kind::List | Kind::ListPattern => ExprKind::List { elts: self.elements(cursor), ctx },
            Kind::Set => ExprKind::Set(self.elements(cursor)),
            Kind::Dictionary => self.dictionary(cursor),
            Kind::ListComprehension
            | Kind::SetComprehension
            | Kind::GeneratorExpression
            | Kind::DictionaryComprehension => {
                return self.comprehension(cursor);
            }
            _ => return self.unknown(cursor),
        };
        self.expr(range, value)
    }

    fn dictionary(&mut self, cursor: &mut TreeCursor<'_>) -> ExprKind {
        let mut items = Vec::new();
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::Pair => items.extend(self.pair(cursor)),
            Kind::DictionarySplat => items.push(DictItem { key: None, value: self.inner(cursor) }),
            _ => {}
        });
        ExprKind::Dict(items.into())
    }

    fn pair(&mut self, cursor: &mut TreeCursor<'_>) -> Option<DictItem> {
        match *self.elements(cursor) {
            [key, value] => Some(DictItem { key: Some(key), value }),
            _ => None,
        }
    }

    fn comprehension(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let (range, form) = (self.range(cursor.node()), kind(cursor.node()));
        let (mut elt, mut pair) = (None, None);
        let mut generators: Vec<(bool, ExprId, ExprId, Vec<ExprId>)> = Vec::new();
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::ForInClause => generators.extend(self.for_in(cursor)),
            Kind::IfClause => {
                let test = self.inner(cursor);
                if let Some((.., ifs)) = generators.last_mut() {
                    ifs.push(test);
                }
            }
            Kind::Pair => pair = self.pair(cursor),
            _ if cursor.node().is_named() => elt = Some(self.element(cursor)),
            _ => {}
        });
        let generators = generators.into_iter();
        let generators =
            generators.map(|(is_async, target, iter, ifs)| Comprehension { is_async, target, iter, ifs: ifs.into() });
        let generators = generators.collect();
        let value = match (form, elt, pair) {
            (Kind::ListComprehension, Some(elt), _) => ExprKind::ListComp { elt, generators },
            (Kind::SetComprehension, Some(elt), _) => ExprKind::SetComp { elt, generators },
            (Kind::GeneratorExpression, Some(elt), _) => ExprKind::Generator { elt, generators },
            (_, _, Some(DictItem { key: Some(key), value })) => ExprKind::DictComp { key, value, generators },
            _ => return self.unknown(cursor),
        };
        self.expr(range, value)
    }

    fn for_in(&mut self, cursor: &mut TreeCursor<'_>) -> Option<(bool, ExprId, ExprId, Vec<ExprId>)> {
        let (mut is_async, mut past_in) = (false, false);
        let (mut target, mut iters) = (None, Vec::new());
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::Async => is_async = true,
            Kind::In => past_in = true,
            _ if !cursor.node().is_named() => {}
            _ if past_in => iters.push(self.expression(cursor)),
            _ => target = Some(self.target(cursor, ExprContext::Store)),
        });
        let iter = match *iters {
            [] => return None,
            [iter] => iter,
            _ => {
                let range = self.raw_range(cursor.node());
                self.problem(range, "looks like Python 2: several values after `in` of a comprehension");
                self.expr(range, ExprKind::Error)
            }
        };
        Some((is_async, target?, iter, Vec::new()))
    }
}

/// Whether parentheses around a target make a tuple: there is a comma, or nothing at all.
fn has_comma(cursor: &mut TreeCursor<'_>) -> bool {
    let (mut comma, mut named) = (false, false);
    each_child(cursor, |cursor| {
        comma |= kind(cursor.node()) == Kind::Comma;
        named |= cursor.node().is_named();
    });
    comma || !named
}
