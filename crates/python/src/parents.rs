//! Which node holds each node.

use crate::module::{Parent, Syntax};
use crate::syntax::{ExprId, PatternId, StmtId};
use crate::walk::Child;

/// Fills the vectors of parents in one pass over the nodes.
pub(crate) fn fill(syntax: &mut Syntax) {
    let mut stmts = vec![Parent::Module; syntax.stmts.len()];
    let mut exprs = vec![Parent::Module; syntax.exprs.len()];
    let mut patterns = vec![Parent::Module; syntax.patterns.len()];
    let mut set = |child: Child, parent: Parent| match child {
        Child::Stmt(id) => stmts[id.0 as usize] = parent,
        Child::Expr(id) => exprs[id.0 as usize] = parent,
        Child::Pattern(id) => patterns[id.0 as usize] = parent,
    };
    for at in 0..syntax.stmts.len() {
        let id = StmtId(at as u32);
        syntax.for_each_child(Parent::Stmt(id), |child| set(child, Parent::Stmt(id)));
    }
    for at in 0..syntax.exprs.len() {
        let id = ExprId(at as u32);
        syntax.for_each_child(Parent::Expr(id), |child| set(child, Parent::Expr(id)));
    }
    for at in 0..syntax.patterns.len() {
        let id = PatternId(at as u32);
        syntax.for_each_child(Parent::Pattern(id), |child| set(child, Parent::Pattern(id)));
    }
    (syntax.stmt_parents, syntax.expr_parents, syntax.pattern_parents) = (stmts, exprs, patterns);
}
