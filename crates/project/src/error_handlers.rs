//! Functions that an application calls to answer for an exception.
//! <https://fastapi.tiangolo.com/tutorial/handling-errors/#install-custom-exception-handlers>

use crate::{HTTP_EXCEPTIONS, Module, Project, Symbol};
use pyaudit_python::{ExprId, ExprKind, StmtId};

/// A function that answers for exceptions of one class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorHandler {
    /// The function.
    pub function: StmtId,
    /// The class it answers for, as it is written at the registration.
    pub exception: ExprId,
    /// What that class is, where it can be resolved; a status as number has none.
    pub class: Option<Symbol>,
}

impl ErrorHandler {
    /// Whether it answers for whatever goes wrong.
    pub fn is_for_everything(&self) -> bool {
        self.class.as_ref().is_some_and(|class| class.is_any(&["Exception", "BaseException"]))
    }
}

impl Project {
    /// The functions of a module that are registered by `@app.exception_handler(Class)`, or by
    /// `app.add_exception_handler(Class, function)` or `FastAPI(exception_handlers={Class: function})` in the same module, in
    /// the order of the registrations.
    pub fn error_handlers(&self, module: &Module) -> Vec<ErrorHandler> {
        let syntax = &module.python.syntax;
        let mut found = Vec::new();
        for (id, stmt) in syntax.stmts() {
            let pyaudit_python::StmtKind::FunctionDef(function) = &stmt.kind else { continue };
            for &decorator in &function.decorators {
                if let Some([exception, ..]) = arguments_of(module, decorator, "exception_handler") {
                    found.push(self.error_handler(module, id, *exception));
                }
            }
        }
        for (exception, function) in registrations(module) {
            let Some((home, id, _)) = self.function(module, function) else { continue };
            if home.id == module.id {
                found.push(self.error_handler(module, id, exception));
            }
        }
        found
    }

    fn error_handler(&self, module: &Module, function: StmtId, exception: ExprId) -> ErrorHandler {
        ErrorHandler { function, exception, class: self.symbol(module, exception) }
    }

    /// Whether some function of the project answers for all HTTP exceptions and writes them to a log, wherever it is
    /// registered.
    pub fn logs_http_exceptions(&self) -> bool {
        let is_for_http = |class: Option<Symbol>| class.is_some_and(|class| class.is_any(HTTP_EXCEPTIONS));
        self.modules.iter().any(|module| {
            let mut own = self.error_handlers(module).into_iter();
            own.any(|handler| {
                is_for_http(handler.class)
                    && module.function(handler.function).is_some_and(|it| self.tells(module, &it.body))
            }) || registrations(module).any(|(exception, function)| {
                let handler = || self.function(module, function);
                is_for_http(self.symbol(module, exception))
                    && handler().is_some_and(|(home, _, function)| self.tells(home, &function.body))
            })
        })
    }
}

/// What `add_exception_handler(Class, function)` is called with, and the entries of `FastAPI(exception_handlers={…})`.
fn registrations(module: &Module) -> impl Iterator<Item = (ExprId, ExprId)> {
    let syntax = &module.python.syntax;
    syntax.exprs().flat_map(move |(call, expr)| {
        let ExprKind::Call { keywords, .. } = &expr.kind else { return Vec::new() };
        if let Some([exception, function, ..]) = arguments_of(module, call, "add_exception_handler") {
            return vec![(*exception, *function)];
        }
        let table = module.keyword(keywords, "exception_handlers").map(|table| &syntax.expr(table).kind);
        let Some(ExprKind::Dict(items)) = table else { return Vec::new() };
        items.iter().filter_map(|item| Some((item.key?, item.value))).collect()
    })
}

/// The positional arguments of a call of a method with this name.
fn arguments_of<'m>(module: &'m Module, call: ExprId, method: &str) -> Option<&'m [ExprId]> {
    let syntax = &module.python.syntax;
    let ExprKind::Call { func, args, .. } = &syntax.expr(call).kind else { return None };
    let ExprKind::Attribute { attr, .. } = &syntax.expr(*func).kind else { return None };
    (syntax.identifier(*attr) == method).then_some(&**args)
}
