//! Functions that do nothing but look at what they are given, log and answer.

use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, StmtId, StmtKind};

/// Methods that only read.
const READING: &[&str] = &[
    "get",
    "json",
    "body",
    "form",
    "items",
    "keys",
    "values",
    "lower",
    "upper",
    "strip",
    "split",
    "startswith",
    "endswith",
    "format",
    "join",
    "decode",
    "encode",
    "isoformat",
    "model_dump",
    "model_dump_json",
    "dict",
    "loads",
    "dumps",
];

/// Built-in functions that only read.
const BUILT_IN: &[&str] = &[
    "str",
    "int",
    "float",
    "bool",
    "len",
    "list",
    "dict",
    "set",
    "tuple",
    "sorted",
    "isinstance",
    "getattr",
    "hasattr",
    "repr",
    "print",
    "type",
    "any",
    "all",
    "min",
    "max",
];

/// What makes an answer.
const ANSWERS: &[&str] =
    &["HTTPException", "Response", "JSONResponse", "ORJSONResponse", "PlainTextResponse", "HTMLResponse"];

impl Project {
    /// Whether a function changes nothing and calls nobody but loggers, what reads its arguments, and what makes its
    /// answer.
    pub fn is_idle(&self, module: &Module, function: StmtId) -> bool {
        let syntax = &module.python.syntax;
        let Some(definition) = module.function(function) else { return false };
        let is_kept = |&target: &ExprId| {
            matches!(syntax.expr(target).kind, ExprKind::Attribute { .. } | ExprKind::Subscript { .. })
        };
        let writes = |stmt: StmtId| match &syntax.stmt(stmt).kind {
            StmtKind::Assign { targets, .. } => targets.iter().any(is_kept),
            StmtKind::AugAssign { target, .. } => is_kept(target),
            StmtKind::Global(_) | StmtKind::Nonlocal(_) | StmtKind::Delete(_) => true,
            _ => false,
        };
        !syntax.walk_stmts_in(&definition.body, true).any(writes)
            && self.calls_in(module, function).iter().all(|call| self.only_reads(module, call.id, call.func))
    }

    fn only_reads(&self, module: &Module, call: ExprId, func: ExprId) -> bool {
        let syntax = &module.python.syntax;
        match &syntax.expr(func).kind {
            ExprKind::Attribute { attr, .. } => {
                let name = syntax.identifier(*attr);
                READING.contains(&name) || ANSWERS.contains(&name) || self.is_log_call(module, call)
            }
            ExprKind::Name { id, .. } => {
                let name = syntax.name(*id);
                ANSWERS.contains(&name) || self.is_any(module, func, BUILT_IN)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;
    use pyaudit_python::StmtKind;

    fn is_idle(body: &str) -> bool {
        let project = project(&[("app/a.py", &format!("async def f(payload, request):\n{body}"))]);
        let module = project.modules.iter().next().expect("it was parsed");
        let is_function = |kind: &StmtKind| matches!(kind, StmtKind::FunctionDef(_));
        let mut stmts = module.python.syntax.stmts();
        let (function, _) = stmts.find(|(_, stmt)| is_function(&stmt.kind)).expect("a function");
        project.is_idle(module, function)
    }

    #[test]
    fn looking_logging_and_answering_is_idle() {
        let body = "    kind = payload.get('kind')\n    data = await request.json()\n    logger.info('got %s', str(kind))\n    \
            if not data:\n        raise HTTPException(400)\n    return {'ok': len(data)}\n";
        assert!(is_idle(body));
    }

    #[test]
    fn a_change_or_a_call_of_somebody_is_not() {
        assert!(!is_idle("    handle(payload)\n"));
        assert!(!is_idle("    await queue.put(payload)\n"));
        assert!(!is_idle("    request.app.last = payload\n"));
        assert!(!is_idle("    seen[payload.get('id')] = 1\n"));
    }
}
