//! Expressions that lean to the left: sums, attributes, calls, subscripts, `and` and `or`. Their left operands are walked
//! down and up again without recursion, for such chains may be as long as the file.

use super::kinds::{Kind, kind, operator};
use super::{Lowerer, MAX_DEPTH};
use crate::syntax::{BoolOperator, ExprContext, ExprId, ExprKind, Operator};
use pyaudit_source::Range;
use tree_sitter::TreeCursor;

/// A run of one boolean operator, which is one flat node.
struct BoolRun {
    op: BoolOperator,
    values: Vec<ExprId>,
    range: Range,
}

impl Lowerer<'_> {
    /// Lowers the chain whose outermost link the cursor stands on.
    pub(super) fn chain(&mut self, cursor: &mut TreeCursor<'_>) -> ExprId {
        let base = self.depth;
        let levels = self.descend(cursor);
        let mut left = if self.depth >= MAX_DEPTH { self.too_deep(cursor.node()) } else { self.expression(cursor) };
        let mut run = None;
        for level in 0..levels {
            left = self.link(cursor, left, &mut run);
            self.depth = self.depth.saturating_sub(1).max(base);
            debug_assert!(level < levels, "the cursor climbs as far as it went down");
        }
        self.depth = base;
        self.finish_run(run).unwrap_or(left)
    }

    /// Goes down to the innermost left operand and counts the links passed.
    fn descend(&mut self, cursor: &mut TreeCursor<'_>) -> usize {
        let mut levels = 0;
        loop {
            match kind(cursor.node()) {
                Kind::BooleanOperator => {}
                Kind::BinaryOperator
                | Kind::Attribute
                | Kind::Call
                | Kind::Subscript
                | Kind::UnionType
                | Kind::MemberType => self.depth += 1,
                _ => return levels,
            }
            if self.depth >= MAX_DEPTH || !cursor.goto_first_child() {
                return levels;
            }
            levels += 1;
        }
    }

    /// Builds one link around its left operand, on which the cursor stands, and goes up to it.
    fn link(&mut self, cursor: &mut TreeCursor<'_>, left: ExprId, run: &mut Option<BoolRun>) -> ExprId {
        let mut op = Kind::Other;
        let mut right = Right::Nothing;
        while cursor.goto_next_sibling() {
            let node = cursor.node();
            match kind(node) {
                Kind::ArgumentList => right = Right::Arguments(self.arguments(cursor)),
                Kind::GeneratorExpression if op == Kind::Other => right = Right::Arguments(self.only_generator(cursor)),
                found if !node.is_named() && op == Kind::Other => {
                    op = found;
                    if node.end_byte() - node.start_byte() == 1 && self.byte(self.start(node)) == b'[' {
                        right = Right::Index(self.index_here(cursor));
                        break;
                    }
                }
                _ if op == Kind::Dot => right = Right::Name(self.identifier(node)),
                _ if node.is_named() => right = Right::Operand(self.expression(cursor)),
                _ => {}
            }
        }
        cursor.goto_parent();
        let range = self.range(cursor.node());
        if let (Some(bool_op), Right::Operand(value)) = (bool_operator(op), &right) {
            return self.join(run, bool_op, left, *value, range);
        }
        let left = self.finish_run(run.take()).unwrap_or(left);
        let ctx = ExprContext::Load;
        let kind = match (operator(op), right) {
            (Some(op), Right::Operand(right)) => ExprKind::BinOp { left, op, right },
            (_, Right::Arguments(arguments)) => {
                ExprKind::Call { func: left, args: arguments.args, keywords: arguments.keywords }
            }
            (_, Right::Name(attr)) => ExprKind::Attribute { value: left, attr, ctx },
            (_, Right::Index(Some(slice))) => ExprKind::Subscript { value: left, slice, ctx },
            // Only the annotation `A | B` has an operator that is no token of its own kind.
            (None, Right::Operand(right)) => ExprKind::BinOp { left, op: Operator::BitOr, right },
            _ => return self.unknown(cursor),
        };
        self.expr(range, kind)
    }

    fn join(
        &mut self,
        run: &mut Option<BoolRun>,
        op: BoolOperator,
        left: ExprId,
        right: ExprId,
        range: Range,
    ) -> ExprId {
        match run {
            Some(same) if same.op == op => {
                same.values.push(right);
                same.range = range;
            }
            _ => {
                let left = self.finish_run(run.take()).unwrap_or(left);
                *run = Some(BoolRun { op, values: vec![left, right], range });
            }
        }
        left
    }

    fn finish_run(&mut self, run: Option<BoolRun>) -> Option<ExprId> {
        let BoolRun { op, values, range } = run?;
        Some(self.expr(range, ExprKind::BoolOp { op, values: values.into() }))
    }
}

/// What stands to the right of a link's left operand.
enum Right {
    Nothing,
    Operand(ExprId),
    Arguments(super::arguments::Arguments),
    Name(crate::syntax::Identifier),
    Index(Option<ExprId>),
}

fn bool_operator(kind: Kind) -> Option<BoolOperator> {
    match kind {
        Kind::And => Some(BoolOperator::And),
        Kind::Or => Some(BoolOperator::Or),
        _ => None,
    }
}
