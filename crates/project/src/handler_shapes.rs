//! How much a handler does, in figures.

use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, MatchCase, Parent, StmtId, StmtKind};
use std::collections::BTreeSet;

/// How much a function does, the functions nested in it included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HandlerShape {
    /// The statements of its body, without its docstring, those that log, and `with`, whose body is what counts.
    pub statements: usize,
    /// The places where it chooses: `if`, loops, `except`, cases, conditional expressions. A `match` whose cases only
    /// hand over is one, as a chain of `elif` is.
    pub branches: usize,
    /// The different functions of the project that it calls; those between which a `match` chooses count as one.
    pub callees: usize,
    /// The queries and the steps of transactions that it runs itself.
    pub database: usize,
}

impl Project {
    /// How much a function does.
    pub fn handler_shape(&self, module: &Module, function: StmtId) -> HandlerShape {
        let Some(definition) = module.function(function) else { return HandlerShape::default() };
        let syntax = &module.python.syntax;
        let mut shape = HandlerShape::default();
        let mut handed_over = BTreeSet::new();
        for stmt in syntax.walk_stmts_in(&definition.body, true) {
            if handed_over.contains(&stmt) {
                continue;
            }
            match &syntax.stmt(stmt).kind {
                StmtKind::Expr(value) if self.only_speaks(module, *value) => continue,
                StmtKind::Pass | StmtKind::Import(_) | StmtKind::ImportFrom { .. } | StmtKind::With { .. } => continue,
                StmtKind::If { .. } | StmtKind::For { .. } | StmtKind::While { .. } => shape.branches += 1,
                StmtKind::Try { handlers, .. } => shape.branches += handlers.len(),
                StmtKind::Match { cases, .. } if only_hands_over(module, cases) => {
                    shape.branches += 1;
                    handed_over.extend(cases.iter().flat_map(|case| case.body.iter().copied()));
                }
                StmtKind::Match { cases, .. } => shape.branches += cases.len(),
                _ => {}
            }
            shape.statements += 1;
        }
        let mut callees = BTreeSet::new();
        for expr in definition.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)) {
            match &syntax.expr(expr).kind {
                ExprKind::IfExp { .. } => shape.branches += 1,
                ExprKind::Call { func, .. } => {
                    let case = syntax.enclosing_stmt(expr).filter(|stmt| handed_over.contains(stmt));
                    callees.extend(self.function(module, *func).map(|callee| {
                        match case.map(|case| syntax.stmt_parent(case)) {
                            Some(Parent::Stmt(choice)) => (module.id, choice),
                            _ => (callee.0.id, callee.1),
                        }
                    }));
                }
                _ => {}
            }
        }
        shape.callees = callees.len();
        shape.database = self.queries_in(module, function).len() + self.transactions_in(module, function).len();
        shape
    }

    /// Whether an expression statement is a docstring or the call of a logger.
    fn only_speaks(&self, module: &Module, value: ExprId) -> bool {
        match module.python.syntax.expr(value).kind {
            ExprKind::Call { .. } => self.is_log_call(module, value),
            ExprKind::Str { .. } => true,
            _ => false,
        }
    }
}

/// Whether each case of a `match` is one simple statement that leaves the work to another function, or gives an answer.
fn only_hands_over(module: &Module, cases: &[MatchCase]) -> bool {
    let is_simple = |stmt: StmtId| {
        let kind = &module.python.syntax.stmt(stmt).kind;
        matches!(kind, StmtKind::Expr(_) | StmtKind::Return(_) | StmtKind::Raise { .. } | StmtKind::Pass)
    };
    cases.iter().all(|case| matches!(*case.body, [only] if is_simple(only)))
}
