//! HTTP exceptions that leave a piece of code.

use crate::{Answer, AnswerKind, HTTP_EXCEPTIONS, Module, ModuleId, Project};
use pyaudit_python::{ExceptHandler, ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::Span;
use std::collections::BTreeSet;

/// How many functions of the project are followed in a row.
const MAX_DEPTH: u32 = 3;

/// A `raise` of an HTTP exception that reaches the code around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRaise {
    /// The name of the exception in the `raise` statement.
    pub span: Span,
    /// Its status, where it is known.
    pub status: Option<u16>,
    /// The call in the code at hand through which it comes; `None` where it is raised there.
    pub call: Option<Span>,
}

impl Project {
    /// The HTTP exceptions that leave these statements: raised there or in functions of the project that they call, and
    /// not caught on the way. In the order of the source; those of one called function once.
    pub fn http_raises(&self, module: &Module, body: &[StmtId]) -> Vec<HttpRaise> {
        self.raises_within(module, body, MAX_DEPTH, &mut BTreeSet::new())
    }

    fn raises_within(
        &self,
        module: &Module,
        body: &[StmtId],
        depth: u32,
        seen: &mut BTreeSet<(ModuleId, StmtId)>,
    ) -> Vec<HttpRaise> {
        let syntax = &module.python.syntax;
        let mut found = Vec::new();
        for stmt in syntax.walk_stmts_in(body, false) {
            let StmtKind::Raise { exc: Some(raised), .. } = syntax.stmt(stmt).kind else { continue };
            if let Some(answer) = self.answer(module, raised).filter(|answer| answer.kind == AnswerKind::Exception)
                && !self.is_caught(module, Parent::Stmt(stmt), body)
            {
                found.push(own_raise(module, &answer));
            }
        }
        let Some(depth) = depth.checked_sub(1) else { return found };
        let exprs = body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
        for expr in exprs {
            let ExprKind::Call { func, .. } = syntax.expr(expr).kind else { continue };
            if self.is_caught(module, Parent::Expr(expr), body) {
                continue;
            }
            found.extend(self.raises_of_call(module, func, depth, seen));
        }
        found
    }

    fn raises_of_call(
        &self,
        module: &Module,
        func: ExprId,
        depth: u32,
        seen: &mut BTreeSet<(ModuleId, StmtId)>,
    ) -> Vec<HttpRaise> {
        let Some((home, id, function)) = self.function(module, func) else { return Vec::new() };
        if !seen.insert((home.id, id)) {
            return Vec::new();
        }
        let mut raises = self.raises_within(home, &function.body, depth, seen);
        for raise in &mut raises {
            raise.call = Some(module.span_of(func));
        }
        raises
    }

    /// Whether a `try` inside `body` that stands around a node catches HTTP exceptions.
    fn is_caught(&self, module: &Module, node: Parent, body: &[StmtId]) -> bool {
        let syntax = &module.python.syntax;
        let mut inner = node;
        for outer in syntax.ancestors(node) {
            let (Parent::Stmt(id), Parent::Stmt(statement)) = (outer, inner) else {
                inner = outer;
                continue;
            };
            if body.contains(&statement) {
                return false;
            }
            if let StmtKind::Try { body: guarded, handlers, .. } = &syntax.stmt(id).kind
                && guarded.contains(&statement)
                && handlers.iter().any(|handler| self.catches_http_exceptions(module, handler))
            {
                return true;
            }
            inner = outer;
        }
        false
    }

    /// Whether an `except` clause catches `HTTPException`, by its own name or by that of a class above it.
    pub fn catches_http_exceptions(&self, module: &Module, clause: &ExceptHandler) -> bool {
        let syntax = &module.python.syntax;
        let Some(exception) = clause.exception else { return true };
        let classes: &[ExprId] = match &syntax.expr(exception).kind {
            ExprKind::Tuple { elts, .. } => elts,
            _ => &[exception],
        };
        classes.iter().any(|&class| {
            self.is_any(module, class, &["Exception", "BaseException"])
                || self.is_any(module, class, HTTP_EXCEPTIONS)
                || self.is_http_exception(module, class)
        })
    }
}

fn own_raise(module: &Module, answer: &Answer) -> HttpRaise {
    HttpRaise { span: module.span_of(answer.func), status: answer.status, call: None }
}
