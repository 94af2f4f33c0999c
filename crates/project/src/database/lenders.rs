//! Functions that lend a session or connection: dependencies, context managers, helpers.

use crate::{DatabaseObject, Module, ModuleId, Project};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::Span;

/// A function that yields or returns a session or connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub struct SessionLender {
    /// Its module.
    pub module: ModuleId,
    /// The function.
    pub function: StmtId,
    /// The name of the function.
    pub span: Span,
    /// What it lends.
    pub object: DatabaseObject,
    /// Whether it yields, so that code after the `yield` runs when the borrower is done.
    pub yields: bool,
    /// Whether it closes what it lends, by `with` or a call of `close`, whatever happens.
    pub closes: bool,
    /// Whether it commits.
    pub commits: bool,
    /// Whether it rolls back.
    pub rolls_back: bool,
}

impl Project {
    /// Every function of the project that lends a session or connection, in the order of their places.
    pub(super) fn session_lenders(&self) -> Vec<SessionLender> {
        let mut all: Vec<SessionLender> = self.modules.gather(|module| {
            let functions =
                module.python.syntax.stmts().filter(|(_, stmt)| matches!(stmt.kind, StmtKind::FunctionDef(_)));
            functions.filter_map(|(id, _)| self.session_lender(module, id)).collect()
        });
        all.sort_by_key(|lender| (lender.module, lender.span.range));
        all
    }

    fn session_lender(&self, module: &Module, function: StmtId) -> Option<SessionLender> {
        let syntax = &module.python.syntax;
        let definition = module.function(function)?;
        let mut lent: Option<(ExprId, DatabaseObject, bool)> = None;
        for id in syntax.walk_stmts_in(&definition.body, false) {
            let (value, yields) = match syntax.stmt(id).kind {
                StmtKind::Return(Some(value)) => (value, false),
                StmtKind::Expr(value) => match syntax.expr(value).kind {
                    ExprKind::Yield(Some(inner)) => (inner, true),
                    _ => continue,
                },
                _ => continue,
            };
            // `return session` of what was borrowed as a parameter lends nothing new, but is rare enough to be told.
            let object = self.database_object(module, value);
            let lends = object.filter(|object| object.is_session() || *object == DatabaseObject::Connection);
            if let Some(object) = lends {
                lent = Some((value, object, yields));
                break;
            }
        }
        let (value, object, yields) = lent?;
        let methods = self.methods_called(module, function);
        let has = |name: &str| methods.iter().any(|method| method == name);
        Some(SessionLender {
            module: module.id,
            function,
            span: module.span(definition.name.range),
            object,
            yields,
            closes: self.is_closed(module, value),
            commits: has("commit") || has("begin"),
            rolls_back: has("rollback") || has("begin"),
        })
    }

    /// The methods of database objects that a function calls.
    fn methods_called(&self, module: &Module, function: StmtId) -> Vec<String> {
        let syntax = &module.python.syntax;
        let calls = self.calls_in(module, function);
        let names = calls.iter().filter_map(|call| match &syntax.expr(call.func).kind {
            ExprKind::Attribute { value, attr, .. } => {
                let name = syntax.identifier(*attr);
                let steers = matches!(name, "commit" | "rollback" | "begin");
                (steers && self.database_object(module, *value).is_some()).then(|| name.to_owned())
            }
            _ => None,
        });
        names.collect()
    }

    /// Whether what is lent stands in a `with` over a database object, or in a `try` whose `finally` closes something.
    fn is_closed(&self, module: &Module, value: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let around = syntax.enclosing_stmts(Parent::Expr(value));
        around.into_iter().any(|id| match &syntax.stmt(id).kind {
            StmtKind::With { items, .. } => items.iter().any(|item| {
                let manager = match &syntax.expr(item.context_expr).kind {
                    ExprKind::Call { func, args, .. } if self.is_any(module, *func, &["contextlib.closing"]) => {
                        args.first().copied().unwrap_or(item.context_expr)
                    }
                    _ => item.context_expr,
                };
                self.database_object(module, manager).is_some()
            }),
            StmtKind::Try { finalbody, .. } => finalbody.iter().any(|&last| {
                syntax.walk_exprs_in(last, false).any(|expr| match &syntax.expr(expr).kind {
                    ExprKind::Call { func, .. } => match &syntax.expr(*func).kind {
                        ExprKind::Attribute { attr, .. } => {
                            matches!(syntax.identifier(*attr), "close" | "aclose" | "remove" | "release")
                        }
                        _ => false,
                    },
                    _ => false,
                })
            }),
            _ => false,
        })
    }
}
