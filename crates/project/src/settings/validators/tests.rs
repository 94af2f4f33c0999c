//! What must hold on the way to a statement.

use super::MAX_OUTCOMES;
use crate::Module;
use pyaudit_python::{ExprId, Parent, StmtId, StmtKind};

/// What must hold for a statement to run, each with whether it is true there: tests of the branches around it, and tests
/// before it that leave the function when they hold. From the outside in. What raises before it is left out: a deployment
/// that is refused for one field gives it a value, and then comes here.
pub(super) fn tests_before(module: &Module, stmt: StmtId, function: Option<StmtId>) -> Vec<(ExprId, bool)> {
    let syntax = &module.python.syntax;
    let mut tests = Vec::new();
    if let StmtKind::Assert { test, .. } = syntax.stmt(stmt).kind {
        tests.push((test, false));
    }
    let mut inner = stmt;
    for outer in syntax.enclosing_stmts(Parent::Stmt(stmt)) {
        let mut found = left_before(module, outer, inner);
        if let StmtKind::If { clauses, .. } = &syntax.stmt(outer).kind {
            let at = clauses.iter().position(|clause| clause.body.contains(&inner));
            let passed = &clauses[..at.unwrap_or(clauses.len())];
            found.extend(at.map(|at| (clauses[at].test, true)));
            found.extend(passed.iter().map(|clause| (clause.test, false)));
        }
        tests.extend(found);
        if Some(outer) == function {
            break;
        }
        inner = outer;
    }
    tests.reverse();
    tests
}

/// Tests in the block of a statement, before it, that leave the function without complaint when they hold.
fn left_before(module: &Module, outer: StmtId, inner: StmtId) -> Vec<(ExprId, bool)> {
    let syntax = &module.python.syntax;
    let blocks: Vec<&[StmtId]> = match &syntax.stmt(outer).kind {
        StmtKind::FunctionDef(function) => vec![&function.body],
        StmtKind::If { clauses, orelse } => clauses.iter().map(|clause| &*clause.body).chain([&**orelse]).collect(),
        StmtKind::With { body, .. }
        | StmtKind::For { body, .. }
        | StmtKind::While { body, .. }
        | StmtKind::Try { body, .. } => vec![body],
        _ => Vec::new(),
    };
    let found = blocks.into_iter().find_map(|block| Some((block, block.iter().position(|&it| it == inner)?)));
    let Some((block, at)) = found else { return Vec::new() };
    let leaves = |body: &[StmtId]| {
        let last = body.last().map(|&last| &syntax.stmt(last).kind);
        matches!(last, Some(StmtKind::Return(_) | StmtKind::Continue))
    };
    let tests = block[..at].iter().rev().take(MAX_OUTCOMES).filter_map(|&before| match &syntax.stmt(before).kind {
        StmtKind::If { clauses, orelse } if orelse.is_empty() => match &**clauses {
            [clause] if leaves(&clause.body) => Some((clause.test, false)),
            _ => None,
        },
        _ => None,
    });
    tests.collect()
}
