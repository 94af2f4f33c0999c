//! Statements with bodies, but for definitions.

use super::kinds::{Kind, kind};
use super::{Lowerer, each_child};
use crate::syntax::{
    Block, ExceptHandler, ExprContext, ExprId, ExprKind, IfClause, MatchCase, StmtId, StmtKind, WithItem,
};
use pyaudit_source::Range;
use tree_sitter::{Node, TreeCursor};

/// What the children of a statement with a body have in common.
#[derive(Default)]
struct Parts {
    is_async: bool,
    /// The expressions outside of bodies.
    values: Vec<ExprId>,
    body: Block,
    orelse: Block,
    end: u32,
}

impl Lowerer<'_> {
    pub(super) fn compound(&mut self, cursor: &mut TreeCursor<'_>) -> Option<StmtId> {
        let range = self.raw_range(cursor.node());
        let (kind, end) = match kind(cursor.node()) {
            Kind::If => Some(self.if_statement(cursor)),
            Kind::For => self.for_statement(cursor),
            Kind::While => self.while_statement(cursor),
            Kind::Try => Some(self.try_statement(cursor)),
            Kind::With => Some(self.with_statement(cursor)),
            Kind::Match => self.match_statement(cursor),
            Kind::FunctionDefinition | Kind::ClassDefinition | Kind::DecoratedDefinition => {
                return self.definition(cursor);
            }
            _ => return Some(self.wrong_statement(range, "invalid syntax")),
        }
        .unwrap_or((StmtKind::Error, range.end));
        Some(self.stmt(Range::new(range.start, end), kind))
    }

    /// A clause that holds nothing but a body.
    fn clause_body(&mut self, cursor: &mut TreeCursor<'_>) -> (Block, u32) {
        let mut found = (Block::default(), self.raw_range(cursor.node()).end);
        each_child(cursor, |cursor| {
            if kind(cursor.node()) == Kind::Block {
                found = self.body(cursor);
            }
        });
        found
    }

    /// Goes over the children of a statement or clause that has values, a body and perhaps an `else`.
    fn parts(&mut self, cursor: &mut TreeCursor<'_>) -> Parts {
        let mut parts = Parts { end: self.raw_range(cursor.node()).end, ..Parts::default() };
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::Async => parts.is_async = true,
            Kind::Block => (parts.body, parts.end) = self.body(cursor),
            Kind::ElseClause => (parts.orelse, parts.end) = self.clause_body(cursor),
            _ if cursor.node().is_named() => parts.values.push(self.element_or_list(cursor)),
            _ => {}
        });
        parts
    }

    fn if_statement(&mut self, cursor: &mut TreeCursor<'_>) -> (StmtKind, u32) {
        let start = self.start(cursor.node());
        let (mut test, mut clauses, mut orelse) = (None, Vec::new(), Block::default());
        let mut end = self.raw_range(cursor.node()).end;
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::Block => {
                let (body, body_end) = self.body(cursor);
                end = body_end;
                clauses.extend(test.map(|test| IfClause { range: Range::new(start, 0), test, body }));
            }
            Kind::ElifClause => {
                let start = self.start(cursor.node());
                let parts = self.parts(cursor);
                end = parts.end;
                let body = parts.body;
                clauses.extend(parts.values.first().map(|&test| IfClause { range: Range::new(start, 0), test, body }));
            }
            Kind::ElseClause => (orelse, end) = self.clause_body(cursor),
            _ if cursor.node().is_named() => test = Some(self.expression(cursor)),
            _ => {}
        });
        for clause in &mut clauses {
            clause.range.end = end;
        }
        (StmtKind::If { clauses: clauses.into(), orelse }, end)
    }

    fn for_statement(&mut self, cursor: &mut TreeCursor<'_>) -> Option<(StmtKind, u32)> {
        let Parts { is_async, values, body, orelse, end } = self.parts(cursor);
        let &[target, iter] = values.as_slice() else { return None };
        self.set_context(target, ExprContext::Store);
        Some((StmtKind::For { is_async, target, iter, body, orelse }, end))
    }

    fn while_statement(&mut self, cursor: &mut TreeCursor<'_>) -> Option<(StmtKind, u32)> {
        let Parts { values, body, orelse, end, .. } = self.parts(cursor);
        let test = *values.first()?;
        Some((StmtKind::While { test, body, orelse }, end))
    }

    fn try_statement(&mut self, cursor: &mut TreeCursor<'_>) -> (StmtKind, u32) {
        let (mut body, mut orelse, mut finalbody) = (Block::default(), Block::default(), Block::default());
        let (mut handlers, mut is_star) = (Vec::new(), false);
        let mut end = self.raw_range(cursor.node()).end;
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::Block => (body, end) = self.body(cursor),
            Kind::ExceptClause => {
                let (handler, star) = self.handler(cursor);
                end = handler.range.end;
                is_star |= star;
                handlers.push(handler);
            }
            Kind::ElseClause => (orelse, end) = self.clause_body(cursor),
            Kind::FinallyClause => (finalbody, end) = self.clause_body(cursor),
            _ => {}
        });
        if handlers.is_empty() && finalbody.is_empty() {
            self.problem(Range::empty(end), "expected `except` or `finally`");
        }
        (StmtKind::Try { body, handlers: handlers.into(), orelse, finalbody, is_star }, end)
    }

    fn handler(&mut self, cursor: &mut TreeCursor<'_>) -> (ExceptHandler, bool) {
        let mut range = self.raw_range(cursor.node());
        let (mut values, mut name, mut is_star, mut past_as) = (Vec::new(), None, false, false);
        let mut list = None::<Range>;
        let mut body = Block::default();
        each_child(cursor, |cursor| {
            let node = cursor.node();
            match kind(node) {
                Kind::Block => (body, range.end) = self.body(cursor),
                Kind::As => past_as = true,
                _ if !node.is_named() => is_star |= self.byte(self.start(node)) == b'*',
                _ if past_as => name = Some(self.identifier(node)),
                Kind::AsPattern => {
                    values.push(self.inner(cursor));
                    name = last_child(node).map(|target| self.identifier(target));
                }
                _ => {
                    let part = self.raw_range(node);
                    list = Some(list.map_or(part, |list| list.cover(part)));
                    values.push(self.element(cursor));
                }
            }
        });
        let exception = match (values.as_slice(), list) {
            (&[], _) => None,
            (&[only], _) => Some(only),
            (_, list) => Some(self.exception_list(values, list.unwrap_or(range))),
        };
        (ExceptHandler { range, exception, name, body }, is_star)
    }

    /// `except A, B:` is a tuple since Python 3.14 (PEP 758); `except A, error:` is rather Python 2.
    fn exception_list(&mut self, values: Vec<ExprId>, range: Range) -> ExprId {
        if let &[_, second] = values.as_slice()
            && let ExprKind::Name { id, .. } = self.syntax.expr(second).kind
            && self.syntax.name(id).starts_with(|letter: char| letter.is_lowercase())
        {
            self.problem(range, "looks like Python 2: `except` with a comma in place of `as`");
        }
        self.expr(range, ExprKind::Tuple { elts: values.into(), ctx: ExprContext::Load })
    }

    fn with_statement(&mut self, cursor: &mut TreeCursor<'_>) -> (StmtKind, u32) {
        let (mut is_async, mut items, mut body) = (false, Vec::new(), Block::default());
        let mut end = self.raw_range(cursor.node()).end;
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::Async => is_async = true,
            Kind::WithClause => each_child(cursor, |cursor| {
                if kind(cursor.node()) == Kind::WithItem {
                    each_child(cursor, |cursor| self.with_items(cursor, &mut items));
                }
            }),
            Kind::Block => (body, end) = self.body(cursor),
            _ => {}
        });
        if let &[WithItem { context_expr, optional_vars: None }] = items.as_slice() {
            items = self.with_items_in_parentheses(context_expr);
        }
        (StmtKind::With { is_async, items: items.into(), body }, end)
    }

    /// `with (a, b):` has two items, though it looks like one tuple; with an element that no item can be, it is one.
    fn with_items_in_parentheses(&self, value: ExprId) -> Vec<WithItem> {
        let item = |context_expr| WithItem { context_expr, optional_vars: None };
        let ExprKind::Tuple { elts, .. } = &self.syntax.expr(value).kind else { return vec![item(value)] };
        let cannot = |&element: &ExprId| {
            let element = self.syntax.expr(element);
            let bare = self.byte(element.range.start) != b'(';
            matches!(element.kind, ExprKind::Starred { .. })
                || (bare
                    && matches!(element.kind, ExprKind::Named { .. } | ExprKind::Yield(_) | ExprKind::YieldFrom(_)))
        };
        if elts.is_empty() || elts.iter().any(cannot) {
            return vec![item(value)];
        }
        elts.iter().map(|&element| item(element)).collect()
    }

    /// An item, or several in parentheses that the grammar takes for an expression.
    fn with_items(&mut self, cursor: &mut TreeCursor<'_>, items: &mut Vec<WithItem>) {
        let node = cursor.node();
        let wraps = matches!(kind(node), Kind::ParenthesizedExpression | Kind::Tuple)
            && node.children(&mut node.walk()).any(|child| kind(child) == Kind::AsPattern);
        if !wraps {
            return items.push(self.with_item(cursor));
        }
        each_child(cursor, |cursor| {
            if cursor.node().is_named() {
                items.push(self.with_item(cursor));
            }
        });
    }

    /// The grammar takes `as` for an operator of its own and may put it too far inside: `a if b else (c as d)`.
    fn with_item(&mut self, cursor: &mut TreeCursor<'_>) -> WithItem {
        let value = cursor.node();
        let Some(pattern) = innermost_as(value) else {
            return WithItem { context_expr: self.expression(cursor), optional_vars: None };
        };
        let end = pattern.child(0).map(|inner| self.raw_range(inner).end);
        let outer = std::mem::replace(&mut self.cut, end);
        let context_expr = self.expression(cursor);
        self.cut = outer;
        let optional_vars = last_child(pattern).map(|target| {
            let mut cursor = target.walk();
            self.target(&mut cursor, ExprContext::Store)
        });
        WithItem { context_expr, optional_vars }
    }

    fn match_statement(&mut self, cursor: &mut TreeCursor<'_>) -> Option<(StmtKind, u32)> {
        let (mut values, mut cases, mut comma) = (Vec::new(), Vec::new(), false);
        let (mut range, mut end) = (None::<Range>, self.raw_range(cursor.node()).end);
        each_child(cursor, |cursor| {
            let node = cursor.node();
            match kind(node) {
                Kind::Block => each_child(cursor, |cursor| {
                    if kind(cursor.node()) == Kind::CaseClause {
                        let (case, case_end) = self.case(cursor);
                        end = case_end;
                        cases.push(case);
                    }
                }),
                Kind::Comma => {
                    comma = true;
                    let part = self.raw_range(node);
                    range = range.map(|range| range.cover(part));
                }
                _ if node.is_named() => {
                    let part = self.raw_range(node);
                    range = Some(range.map_or(part, |range| range.cover(part)));
                    values.push(self.element(cursor));
                }
                _ => {}
            }
        });
        let subject = match (values.as_slice(), range) {
            (&[only], _) if !comma => only,
            (_, Some(range)) => self.expr(range, ExprKind::Tuple { elts: values.into(), ctx: ExprContext::Load }),
            _ => return None,
        };
        Some((StmtKind::Match { subject, cases: cases.into() }, end))
    }

    fn case(&mut self, cursor: &mut TreeCursor<'_>) -> (MatchCase, u32) {
        let (mut patterns, mut comma, mut guard) = (Vec::new(), false, None);
        let (mut body, mut end) = (Block::default(), self.raw_range(cursor.node()).end);
        let mut range = None::<Range>;
        each_child(cursor, |cursor| {
            let node = cursor.node();
            match kind(node) {
                Kind::Block => (body, end) = self.body(cursor),
                Kind::IfClause => guard = Some(self.inner(cursor)),
                Kind::Comma => {
                    comma = true;
                    let part = self.raw_range(node);
                    range = range.map(|range| range.cover(part));
                }
                Kind::CasePattern => {
                    let part = self.raw_range(node);
                    range = Some(range.map_or(part, |range| range.cover(part)));
                    patterns.push(self.pattern(cursor));
                }
                _ => {}
            }
        });
        let pattern = self.open_sequence(patterns, comma, range.unwrap_or_default());
        (MatchCase { pattern, guard, body }, end)
    }
}

fn last_child(node: Node<'_>) -> Option<Node<'_>> {
    node.child(node.child_count().checked_sub(1)?)
}

/// The `as` at the right end of an expression, if there is one.
fn innermost_as(mut node: Node<'_>) -> Option<Node<'_>> {
    loop {
        match kind(node) {
            Kind::AsPattern => return Some(node),
            Kind::ConditionalExpression
            | Kind::Lambda
            | Kind::NotOperator
            | Kind::BooleanOperator
            | Kind::NamedExpression => node = last_child(node)?,
            _ => return None,
        }
    }
}
