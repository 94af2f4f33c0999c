//! Exceptions of the project that a handler answers with 401 or 403.

use super::Analyst;
use super::rejections::Rejection;
use crate::{Module, ModuleId};
use pyaudit_python::{ExprId, ExprKind, StmtId, StmtKind};
use std::collections::BTreeMap;

impl Analyst<'_> {
    /// What the handler answers that is registered for an exception class or one above it.
    pub(super) fn answered_by_handler(&self, home: &Module, class: StmtId) -> Option<Rejection> {
        let handled = self.handled.get_or_init(|| self.collect_handled());
        if handled.is_empty() {
            return None;
        }
        let mut lineage = self.project.lineage(home, class).into_iter();
        lineage.find_map(|(home, class)| handled.get(&(home.id, class)).copied())
    }

    fn collect_handled(&self) -> BTreeMap<(ModuleId, StmtId), Rejection> {
        let modules = self.project.modules.iter();
        let naming = modules.filter(|module| {
            self.project.sources.text(module.file).is_some_and(|text| text.contains("exception_handler"))
        });
        let registered = naming.flat_map(|module| {
            let each = registrations(module);
            each.into_iter().filter_map(|(exception, handler)| {
                let (home, class, _) = self.project.class(module, exception)?;
                Some(((home.id, class), self.answer_of(module, handler)?))
            })
        });
        registered.collect()
    }

    /// The rejection that a handler answers with.
    fn answer_of(&self, module: &Module, handler: Handler) -> Option<Rejection> {
        let (home, function) = match handler {
            Handler::Defined(function) => (module, function),
            Handler::Named(name) => {
                let (home, function, _) = self.project.function(module, name)?;
                (home, function)
            }
        };
        let syntax = &home.python.syntax;
        let body = &home.function(function)?.body;
        let mut answers = syntax.walk_stmts_in(body, false);
        answers.find_map(|stmt| match syntax.stmt(stmt).kind {
            StmtKind::Return(Some(_)) => self.rejection(home, stmt),
            _ => None,
        })
    }
}

/// A function that answers for an exception.
#[derive(Debug, Clone, Copy)]
enum Handler {
    Defined(StmtId),
    Named(ExprId),
}

/// The exceptions that a module registers handlers for: `@app.exception_handler(Denied)`,
/// `app.add_exception_handler(Denied, answer)` and `FastAPI(exception_handlers={Denied: answer})`.
fn registrations(module: &Module) -> Vec<(ExprId, Handler)> {
    let syntax = &module.python.syntax;
    let mut found = Vec::new();
    for (id, stmt) in syntax.stmts() {
        let StmtKind::FunctionDef(function) = &stmt.kind else { continue };
        for &decorator in &function.decorators {
            if let ExprKind::Call { func, args, .. } = &syntax.expr(decorator).kind
                && is_method(module, *func, "exception_handler")
            {
                found.extend(args.first().map(|&exception| (exception, Handler::Defined(id))));
            }
        }
    }
    for (_, expr) in syntax.exprs() {
        let ExprKind::Call { func, args, keywords } = &expr.kind else { continue };
        if let [exception, handler, ..] = args[..]
            && is_method(module, *func, "add_exception_handler")
        {
            found.push((exception, Handler::Named(handler)));
        }
        let table = module.keyword(keywords, "exception_handlers");
        if let Some(ExprKind::Dict(items)) = table.map(|table| &syntax.expr(table).kind) {
            found.extend(items.iter().filter_map(|item| Some((item.key?, Handler::Named(item.value)))));
        }
    }
    found
}

fn is_method(module: &Module, func: ExprId, name: &str) -> bool {
    let syntax = &module.python.syntax;
    matches!(syntax.expr(func).kind, ExprKind::Attribute { attr, .. } if syntax.identifier(attr) == name)
}
