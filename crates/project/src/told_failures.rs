//! Failures that somebody is told of where they happen, before they come to who called.

use crate::{Breadth, Module, Project};
use pyaudit_python::{ExprId, ExprKind, StmtId, StmtKind};

/// Callables that change or measure what they are given, and fail for nothing that a log would explain.
const PLAIN: &[&str] =
    &["str", "int", "float", "bool", "len", "list", "dict", "set", "tuple", "get", "repr", "isinstance"];

impl Project {
    /// Whether whatever fails in these statements was told already: they call functions of the project, each of which logs
    /// what fails in it and raises it again, and nothing else that may well fail.
    pub fn failures_are_told(&self, module: &Module, body: &[StmtId]) -> bool {
        let mut is_any = false;
        let all_tell = calls(module, body).into_iter().all(|(call, func)| {
            if self.is_log_call(module, call) || is_harmless(module, func) {
                return true;
            }
            let tells =
                self.called_body(module, func).is_some_and(|(home, _, body)| self.tells_what_it_raises(home, body));
            is_any |= tells;
            tells
        });
        all_tell && is_any
    }

    /// Whether a body logs each failure and raises it again: a `try` with a broad clause that does both, and nothing beside
    /// it that may well fail.
    fn tells_what_it_raises(&self, module: &Module, body: &[StmtId]) -> bool {
        let syntax = &module.python.syntax;
        let mut guards = false;
        let quiet = body.iter().all(|&stmt| {
            if matches!(syntax.stmt(stmt).kind, StmtKind::Try { .. }) && self.tells_and_raises(module, stmt) {
                guards = true;
                return true;
            }
            calls(module, &[stmt])
                .into_iter()
                .all(|(call, func)| self.is_log_call(module, call) || is_harmless(module, func))
        });
        quiet && guards
    }

    /// Whether a `try` has a broad clause that tells somebody and raises again.
    fn tells_and_raises(&self, module: &Module, statement: StmtId) -> bool {
        self.catches_of(module, statement)
            .iter()
            .any(|catch| catch.breadth != Breadth::Named && catch.raises() && self.tells(module, &catch.clause.body))
    }
}

/// The calls of statements, each with its callee.
fn calls(module: &Module, body: &[StmtId]) -> Vec<(ExprId, ExprId)> {
    let syntax = &module.python.syntax;
    let exprs = body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
    let calls = exprs.filter_map(|id| match &syntax.expr(id).kind {
        ExprKind::Call { func, .. } => Some((id, *func)),
        _ => None,
    });
    calls.collect()
}

/// Whether a call makes an object or converts a value: `JSONResponse(…)`, `str(x)`.
fn is_harmless(module: &Module, func: ExprId) -> bool {
    module.last_name(func).is_some_and(|name| {
        PLAIN.contains(&name) || name.trim_start_matches('_').starts_with(|first: char| first.is_ascii_uppercase())
    })
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    /// Whether what fails in the body of `f` was told.
    fn told(callee: &str, body: &str) -> bool {
        let text = format!("import logging\nlog = logging.getLogger(__name__)\n{callee}\ndef f():\n    {body}\n");
        let project = project(&[("app/main.py", &text)]);
        let module = project.modules.iter().next().expect("one module");
        let syntax = &module.python.syntax;
        let is_f = |id| module.function(id).is_some_and(|it| syntax.identifier(it.name) == "f");
        let (function, _) = syntax.stmts().find(|&(id, _)| is_f(id)).expect("it is defined");
        project.failures_are_told(module, &module.function(function).expect("it is a function").body)
    }

    const TELLS: &str = "def save(x):\n    try:\n        return store(x)\n    except Exception as error:\n        \
        log.error('failed: %s', error)\n        raise\n";

    #[test]
    fn a_function_that_logs_and_raises_tells() {
        assert!(told(TELLS, "return save(1)"));
        assert!(told(TELLS, "save(1)\n    return JSONResponse(content=str(1))"));
    }

    #[test]
    fn what_fails_beside_it_or_is_not_logged_is_not_told() {
        assert!(!told(TELLS, "return save(load())"));
        assert!(!told(TELLS, "return 1"));
        assert!(!told(&TELLS.replace("log.error('failed: %s', error)", "rollback()"), "return save(1)"));
        assert!(!told(&TELLS.replace("    try:", "    open_it()\n    try:"), "return save(1)"));
        assert!(!told(&TELLS.replace("        raise\n", ""), "return save(1)"));
        assert!(!told(&TELLS.replace("Exception", "KeyError"), "return save(1)"));
    }
}
