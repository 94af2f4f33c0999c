//! How much a handler does, in figures.

use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, StmtId, StmtKind};
use std::collections::BTreeSet;

/// How much a function does, the functions nested in it included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HandlerShape {
    /// The statements of its body, without its docstring, those that log, and `with`, whose body is what counts.
    pub statements: usize,
    /// The places where it chooses: `if`, loops, `except`, cases, conditional expressions.
    pub branches: usize,
    /// The different functions of the project that it calls.
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
        for stmt in syntax.walk_stmts_in(&definition.body, true) {
            match &syntax.stmt(stmt).kind {
                StmtKind::Expr(value) if self.only_speaks(module, *value) => continue,
                StmtKind::Pass | StmtKind::Import(_) | StmtKind::ImportFrom { .. } | StmtKind::With { .. } => continue,
                StmtKind::If { .. } | StmtKind::For { .. } | StmtKind::While { .. } => shape.branches += 1,
                StmtKind::Try { handlers, .. } => shape.branches += handlers.len(),
                StmtKind::Match { cases, .. } => shape.branches += cases.len(),
                _ => {}
            }
            shape.statements += 1;
        }
        let mut callees = BTreeSet::new();
        for expr in definition.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)) {
            match &syntax.expr(expr).kind {
                ExprKind::IfExp { .. } => shape.branches += 1,
                ExprKind::Call { func, .. } => callees.extend(self.function(module, *func).map(|it| (it.0.id, it.1))),
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
