//! Expressions: the dispatch, and those that are no chains, collections or calls.

use super::kinds::{Kind, comparison, kind};
use super::{Lowerer, each_child};
use crate::literals::number;
use crate::syntax::{ExprContext, ExprId, ExprKind, Exprs, UnaryOperator};
use pyaudit_source::Range;
use tree_sitter::TreeCursor;

impl Lowerer<'_> {
    /// Lowers the expression that the cursor stands on. A star before it is passed over: see [`Self::element`].
    pub(super) fn expression(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        self.deeper(cursor, Self::expression_here)
    }

    /// Lowers an expression that may be unpacked by a star before it.
    pub(super) fn element(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let range = self.raw_range(cursor.node());
        let value = self.expression(cursor);
        if self.byte(range.start) != b'*' {
            return value;
        }
        self.expr(range, ExprKind::Starred { value, ctx: ExprContext::Load })
    }

    /// Lowers an expression that is assigned or deleted.
    pub(super) fn target(&mut self, cursor: &mut TreeCursor<'_>, context: ExprContext) -> ExprId {
        let target = self.element(cursor);
        self.set_context(target, context);
        target
    }

    fn expression_here(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        match kind(cursor.node()) {
            Kind::BinaryOperator
            | Kind::Attribute
            | Kind::Call
            | Kind::Subscript
            | Kind::BooleanOperator
            | Kind::UnionType
            | Kind::MemberType => self.chain(cursor),
            Kind::Identifier | Kind::String | Kind::ConcatenatedString | Kind::DottedName => self.name(cursor),
            Kind::Integer | Kind::Float | Kind::True | Kind::False | Kind::None | Kind::Ellipsis => {
                self.constant(cursor)
            }
            Kind::ComparisonOperator => self.comparison(cursor),
            Kind::NotOperator | Kind::UnaryOperator => self.unary(cursor),
            Kind::Lambda => self.lambda(cursor),
            Kind::ConditionalExpression => self.conditional(cursor),
            Kind::NamedExpression => self.named(cursor),
            Kind::Await => self.await_expression(cursor),
            Kind::Yield => self.yield_expression(cursor),
            Kind::Slice => self.slice(cursor),
            Kind::ConstrainedType => self.constrained_type(cursor),
            Kind::GenericType => self.generic_type(cursor),
            _ => self.collection(cursor),
        }
    }

    /// Lowers the first named child in place of the node itself.
    pub(super) fn inner(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let (mut inner, start) = (None, cursor.node().start_byte());
        each_child(cursor, |cursor| {
            if inner.is_none() && cursor.node().is_named() {
                // A star that starts the node too is its caller's.
                let same = cursor.node().start_byte() == start;
                inner = Some(if same { self.expression(cursor) } else { self.element(cursor) });
            }
        });
        inner.unwrap_or_else(|| self.unknown(cursor))
    }

    /// An expression that the lowering does not know.
    pub(super) fn unknown(&mut self, cursor: &TreeCursor<'_>) -> ExprId {
        let range = self.raw_range(cursor.node());
        self.problem(range, "invalid syntax");
        self.expr(range, ExprKind::Error)
    }

    fn name(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let start = self.start(cursor.node());
        if let Some(group) = self.string_at(start) {
            return self.string_literals(group);
        }
        let range = self.range(cursor.node());
        if self.prepared.error_at(start).is_some() {
            return self.expr(range, ExprKind::Error);
        }
        let id = self.name_in(range);
        self.expr(range, ExprKind::Name { id, ctx: ExprContext::Load })
    }

    fn constant(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let range = self.range(cursor.node());
        let value = match kind(cursor.node()) {
            Kind::True => ExprKind::Bool(true),
            Kind::False => ExprKind::Bool(false),
            Kind::None => ExprKind::None,
            Kind::Ellipsis => ExprKind::Ellipsis,
            _ => match number(self.source(range)) {
                Some(value) => value,
                None => return self.unknown(cursor),
            },
        };
        self.expr(range, value)
    }

    /// Several expressions as the elements of one node.
    pub(super) fn elements(&mut self, cursor: &mut TreeCursor<'_>) -> Exprs {
        let mut elements = Vec::new();
        each_child(cursor, |cursor| {
            if cursor.node().is_named() {
                elements.push(self.element(cursor));
            }
        });
        elements.into()
    }

    fn comparison(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let range = self.range(cursor.node());
        let (mut left, mut operator, mut comparisons) = (None, None, Vec::new());
        each_child(cursor, |cursor| {
            let node = cursor.node();
            if !node.is_named() {
                operator = comparison(kind(node)).or(operator);
                return;
            }
            let operand = self.expression(cursor);
            match (left, operator.take()) {
                (None, _) => left = Some(operand),
                (Some(_), Some(operator)) => comparisons.push((operator, operand)),
                (Some(_), None) => {}
            }
        });
        match left {
            Some(left) if !comparisons.is_empty() => {
                self.expr(range, ExprKind::Compare { left, comparisons: comparisons.into() })
            }
            _ => self.unknown(cursor),
        }
    }

    fn unary(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let start = self.byte(self.start(cursor.node()));
        let range = self.range(cursor.node());
        let operand = self.inner(cursor);
        let op = match start {
            b'*' => return operand,
            b'-' => UnaryOperator::USub,
            b'+' => UnaryOperator::UAdd,
            b'~' => UnaryOperator::Invert,
            _ => UnaryOperator::Not,
        };
        self.expr(range, ExprKind::UnaryOp { op, operand })
    }

    fn conditional(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let range = self.range(cursor.node());
        match *self.named_expressions(cursor) {
            [body, test, orelse] => self.expr(range, ExprKind::IfExp { test, body, orelse }),
            _ => self.unknown(cursor),
        }
    }

    fn named_expressions(&mut self, cursor: &mut TreeCursor<'_>) -> Exprs {
        let mut found = Vec::new();
        each_child(cursor, |cursor| {
            if cursor.node().is_named() {
                found.push(self.expression(cursor));
            }
        });
        found.into()
    }

    fn named(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let range = self.range(cursor.node());
        match *self.named_expressions(cursor) {
            [target, value] => {
                self.set_context(target, ExprContext::Store);
                self.expr(range, ExprKind::Named { target, value })
            }
            _ => self.unknown(cursor),
        }
    }

    /// `await` binds tighter than `**`, which the grammar has the other way round.
    fn await_expression(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let range = self.range(cursor.node());
        if !cursor.goto_last_child() {
            return self.unknown(cursor);
        }
        let power = kind(cursor.node()) == Kind::BinaryOperator;
        let id = if power { self.await_power(cursor, range) } else { self.await_operand(cursor, range) };
        cursor.goto_parent();
        id
    }

    fn await_operand(&mut self, cursor: &mut TreeCursor<'_>, range: Range) -> ExprId {
        let value = self.expression(cursor);
        self.expr(range, ExprKind::Await(value))
    }

    fn await_power(&mut self, cursor: &mut TreeCursor<'_>, range: Range) -> ExprId {
        let (mut left, mut op, mut right) = (None, None, None);
        each_child(cursor, |cursor| {
            let node = cursor.node();
            if !node.is_named() {
                op = super::kinds::operator(kind(node));
            } else if left.is_none() {
                let end = self.range(node).end;
                left = Some(self.await_operand(cursor, Range::new(range.start, end)));
            } else {
                right = Some(self.expression(cursor));
            }
        });
        match (left, op, right) {
            (Some(left), Some(op), Some(right)) => self.expr(range, ExprKind::BinOp { left, op, right }),
            _ => self.unknown(cursor),
        }
    }

    pub(super) fn yield_expression(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let range = self.range(cursor.node());
        let (mut from, mut value) = (false, None);
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::From => from = true,
            _ if cursor.node().is_named() => value = Some(self.element_or_list(cursor)),
            _ => {}
        });
        let kind = match (from, value) {
            (true, Some(value)) => ExprKind::YieldFrom(value),
            (_, value) => ExprKind::Yield(value),
        };
        self.expr(range, kind)
    }

    /// An expression, or several with commas between, which are a tuple.
    pub(super) fn element_or_list(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        match kind(cursor.node()) {
            Kind::ExpressionList | Kind::PatternList => self.bare_tuple(cursor),
            _ => self.element(cursor),
        }
    }

    /// A tuple without parentheses. Its range starts with a star, if its first element has one.
    pub(super) fn bare_tuple(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let range = self.raw_range(cursor.node());
        let elts = self.elements(cursor);
        self.expr(range, ExprKind::Tuple { elts, ctx: ExprContext::Load })
    }

    fn slice(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let range = self.range(cursor.node());
        let (mut bounds, mut at) = ([None; 3], 0);
        each_child(cursor, |cursor| {
            if kind(cursor.node()) == Kind::Colon {
                at += 1;
            } else if cursor.node().is_named() && at < bounds.len() {
                bounds[at] = Some(self.expression(cursor));
            }
        });
        let [lower, upper, step] = bounds;
        self.expr(range, ExprKind::Slice { lower, upper, step })
    }

    /// What the grammar takes for a bounded type parameter is a slice everywhere but where type parameters are, and
    /// those are taken out.
    fn constrained_type(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        self.slice(cursor)
    }

    /// `List[int]` in an annotation.
    fn generic_type(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let range = self.range(cursor.node());
        let (mut value, mut slice) = (None, None);
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::TypeParameter => slice = self.index(cursor),
            _ => value = Some(self.expression(cursor)),
        });
        match (value, slice) {
            (Some(value), Some(slice)) => {
                self.expr(range, ExprKind::Subscript { value, slice, ctx: ExprContext::Load })
            }
            _ => self.unknown(cursor),
        }
    }

    fn lambda(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let range = self.range(cursor.node());
        let (mut parameters, mut body) = (None, None);
        each_child(cursor, |cursor| match kind(cursor.node()) {
            Kind::LambdaParameters => parameters = Some(self.parameters(cursor)),
            _ if cursor.node().is_named() => body = Some(self.expression(cursor)),
            _ => {}
        });
        match body {
            Some(body) => {
                let parameters = Box::new(parameters.unwrap_or_default());
                self.expr(range, ExprKind::Lambda { parameters, body })
            }
            None => self.unknown(cursor),
        }
    }
}
