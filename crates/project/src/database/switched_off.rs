//! Code behind a flag of its function that no caller turns on.

use crate::{Module, NamedCall, Project};
use pyaudit_python::{BindingKind, ExprContext, ExprId, ExprKind, Parent, StmtId};
use pyaudit_source::Role;

impl Project {
    /// Whether an expression runs only where a parameter of its function is true (`if strict:`, `strict and check(…)`,
    /// `if not strict: return` before it),
    /// and every call outside the tests gives it a constant that is false. The function must be named in calls alone,
    /// all of which are known to run it.
    pub(super) fn is_switched_off(&self, module: &Module, expr: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let Some(function) = syntax.enclosing_functions(Parent::Expr(expr)).next() else { return false };
        let Some(definition) = module.function(function) else { return false };
        let kept = module.kept_parameters(function);
        let demands = module.demands_of(expr).into_iter();
        let flags: Vec<&str> =
            demands.filter(|(name, holds)| *holds && kept.contains(name)).map(|(name, _)| name).collect();
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
        self.constant_given(home, function, flag, call, Module::truth_of_constant) == Some(false)
    }

    /// What a call gives a parameter, where that is `True`, `False` or `None`, or the parameter is left to such a default.
    /// What an argument stands for, `truth` says.
    pub(crate) fn constant_given(
        &self,
        home: &Module,
        function: StmtId,
        flag: &str,
        call: &NamedCall<'_>,
        truth: impl Fn(&Module, ExprId) -> Option<bool>,
    ) -> Option<bool> {
        let syntax = &home.python.syntax;
        let parameters = &home.function(function)?.parameters;
        let is_flag = |parameter: &&pyaudit_python::Parameter| syntax.identifier(parameter.name) == flag;
        if call.has_unseen_arguments(self) {
            return None;
        }
        if let Some(given) = call.option(self, flag) {
            return truth(call.module, given);
        }
        let mut positional = parameters.posonlyargs.iter().chain(&parameters.args);
        let is_method =
            positional.clone().next().is_some_and(|first| matches!(syntax.identifier(first.name), "self" | "cls"));
        let place =
            positional.position(|parameter| is_flag(&parameter)).map(|at| at - usize::from(is_method && at > 0));
        if let Some(&given) = place.and_then(|place| call.args.get(place)) {
            return truth(call.module, given);
        }
        let default = parameters.iter().find(is_flag).and_then(|parameter| parameter.default)?;
        home.truth_of_constant(default)
    }
}

impl Module {
    /// Whether `True`, `False` or `None` is true.
    pub(crate) fn truth_of_constant(&self, value: ExprId) -> Option<bool> {
        match self.python.syntax.expr(value).kind {
            ExprKind::Bool(truth) => Some(truth),
            ExprKind::None => Some(false),
            _ => None,
        }
    }

    /// The parameters of a function that it gives no other value.
    pub(crate) fn kept_parameters(&self, function: StmtId) -> Vec<&str> {
        let Some(definition) = self.function(function) else { return Vec::new() };
        let scope = self.python.names.scope(self.python.scope_of_body(function));
        let is_kept = |name: &pyaudit_python::NameId| {
            let binding = scope.bindings.iter().find(|binding| binding.name == *name);
            let mut sites = binding.into_iter().flat_map(|binding| &binding.sites);
            sites.all(|site| matches!(site.kind, BindingKind::Parameter { .. }))
        };
        let names = definition.parameters.iter().map(|parameter| parameter.name.name);
        names.filter(is_kept).map(|name| self.python.syntax.name(name)).collect()
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
        let guarded = "        if not strict:\n            continue\n        ask(row)\n";
        for body in [joined, nested, guarded] {
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
