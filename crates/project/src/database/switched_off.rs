//! Code behind a flag of its function that no caller turns on.

use crate::{Module, NamedCall, Project};
use pyaudit_python::{BoolOperator, ExprContext, ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::Role;

impl Project {
    /// Whether an expression runs only where a parameter of its function is true (`if strict:`, `strict and check(…)`),
    /// and every call outside the tests gives it a constant that is false. The function must be named in calls alone,
    /// all of which are known to run it.
    pub(super) fn is_switched_off(&self, module: &Module, expr: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let Some(function) = syntax.enclosing_functions(Parent::Expr(expr)).next() else { return false };
        let Some(definition) = module.function(function) else { return false };
        let is_parameter = |name: &&str| {
            let mut parameters = definition.parameters.iter();
            parameters.any(|parameter| syntax.identifier(parameter.name) == *name)
        };
        let flags: Vec<&str> = flags_around(module, expr).into_iter().filter(is_parameter).collect();
        if flags.is_empty() {
            return false;
        }
        let Some(calls) = self.all_calls(module, function, syntax.identifier(definition.name)) else { return false };
        !calls.is_empty()
            && flags.iter().any(|flag| calls.iter().all(|call| self.turns_off(module, function, flag, call)))
    }

    /// Every call of a function outside the tests; `None` where it may be run in another way.
    fn all_calls<'p>(&'p self, module: &Module, function: StmtId, name: &'p str) -> Option<Vec<NamedCall<'p>>> {
        if self.routes.of_handler(module.id, function).is_some() {
            return None;
        }
        let mut found = Vec::new();
        for other in self.modules.iter().filter(|other| other.role != Role::Test) {
            let Some(id) = other.python.name_id(name) else { continue };
            let syntax = &other.python.syntax;
            let mentions = syntax.exprs().filter(|(_, expr)| match &expr.kind {
                ExprKind::Name { id: named, ctx: ExprContext::Load } => *named == id,
                ExprKind::Attribute { attr, .. } => attr.name == id,
                _ => false,
            });
            let calls = other.calls_named(&[name]);
            if mentions.count() != calls.len() {
                return None;
            }
            found.extend(calls);
        }
        let runs_it = |call: &NamedCall<'_>| {
            self.run_by(call.module, call.id).is_some_and(|(home, it)| home.id == module.id && it == function)
        };
        found.iter().all(runs_it).then_some(found)
    }

    /// Whether a call gives a parameter a constant that is false, or leaves it to such a default.
    fn turns_off(&self, home: &Module, function: StmtId, flag: &str, call: &NamedCall<'_>) -> bool {
        let syntax = &home.python.syntax;
        let Some(parameters) = home.function(function).map(|definition| &definition.parameters) else { return false };
        let is_false = |module: &Module, value: ExprId| {
            matches!(module.python.syntax.expr(value).kind, ExprKind::Bool(false) | ExprKind::None)
        };
        let is_flag = |parameter: &&pyaudit_python::Parameter| syntax.identifier(parameter.name) == flag;
        if call.has_unseen_arguments(self) {
            return false;
        }
        if let Some(given) = call.option(self, flag) {
            return is_false(call.module, given);
        }
        let mut positional = parameters.posonlyargs.iter().chain(&parameters.args);
        let is_method =
            positional.clone().next().is_some_and(|first| matches!(syntax.identifier(first.name), "self" | "cls"));
        let is_given = positional
            .position(|parameter| is_flag(&parameter))
            .is_some_and(|place| call.args.len() + usize::from(is_method) > place);
        let default = parameters.iter().find(is_flag).and_then(|parameter| parameter.default);
        !is_given && default.is_some_and(|default| is_false(home, default))
    }
}

/// The names that must be true for an expression to be reached, as far as its function says so.
fn flags_around(module: &Module, expr: ExprId) -> Vec<&str> {
    let syntax = &module.python.syntax;
    let mut flags = Vec::new();
    let mut inner = Parent::Expr(expr);
    for outer in syntax.ancestors(inner) {
        match outer {
            Parent::Expr(id) => {
                if let ExprKind::BoolOp { op: BoolOperator::And, values } = &syntax.expr(id).kind {
                    let earlier = values.iter().take_while(|&&value| Parent::Expr(value) != inner);
                    flags.extend(earlier.filter_map(|&value| name(module, value)));
                }
            }
            Parent::Stmt(id) => match &syntax.stmt(id).kind {
                StmtKind::FunctionDef(_) => break,
                StmtKind::If { clauses, .. } => {
                    let is_around = |body: &[StmtId]| matches!(inner, Parent::Stmt(stmt) if body.contains(&stmt));
                    let test = clauses.iter().find(|clause| is_around(&clause.body)).map(|clause| clause.test);
                    flags.extend(test.into_iter().flat_map(|test| conjuncts(module, test)));
                }
                _ => {}
            },
            _ => {}
        }
        inner = outer;
    }
    flags
}

/// The names that a condition asks to be true: `a` and `b` of `a and b`.
fn conjuncts(module: &Module, test: ExprId) -> Vec<&str> {
    match &module.python.syntax.expr(test).kind {
        ExprKind::BoolOp { op: BoolOperator::And, values } => {
            values.iter().filter_map(|&value| name(module, value)).collect()
        }
        _ => name(module, test).into_iter().collect(),
    }
}

fn name(module: &Module, expr: ExprId) -> Option<&str> {
    match module.python.syntax.expr(expr).kind {
        ExprKind::Name { id, .. } => Some(module.python.syntax.name(id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;
    use pyaudit_python::ExprKind;

    /// Whether the call of `ask` is switched off.
    fn is_off(body: &str, calls: &str) -> bool {
        let text = format!("def f(rows, strict=True):\n    for row in rows:\n{body}\n{calls}");
        let project = project(&[("app/a.py", &text)]);
        let module = project.modules.iter().next().expect("it was parsed");
        let call = module.calls_named(&["ask"]).first().map(|call| call.id).expect("it asks");
        assert!(matches!(module.python.syntax.expr(call).kind, ExprKind::Call { .. }));
        project.is_switched_off(module, call)
    }

    #[test]
    fn a_flag_that_every_caller_leaves_off_switches_off() {
        let joined = "        if strict and ask(row):\n            raise E\n";
        let nested = "        if strict:\n            ask(row)\n";
        for body in [joined, nested] {
            assert!(is_off(body, "def g(rows):\n    f(rows, strict=False)\n"), "{body}");
            assert!(!is_off(body, "def g(rows):\n    f(rows)\n"), "{body}");
            assert!(
                !is_off(body, "def g(rows):\n    f(rows, strict=False)\ndef h(rows):\n    f(rows, True)\n"),
                "{body}"
            );
            assert!(!is_off(body, "def g(rows):\n    f(rows, strict=False)\nrun(f)\n"), "{body}");
            assert!(!is_off(body, "def g(rows, options):\n    f(rows, **options)\n"), "{body}");
            assert!(!is_off(body, ""), "{body}");
        }
        let other = "        if strict or ask(row):\n            raise E\n";
        assert!(!is_off(other, "def g(rows):\n    f(rows, strict=False)\n"));
        let otherwise = "        if strict:\n            pass\n        else:\n            ask(row)\n";
        assert!(!is_off(otherwise, "def g(rows):\n    f(rows, strict=False)\n"));
    }
}
