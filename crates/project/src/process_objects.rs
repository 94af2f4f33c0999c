//! Containers of a module that hold what belongs to the process, so that no other process could use it.

use crate::{Module, Project, Symbol};
use pyaudit_python::{
    BindingKind, CompareOperator, ExprContext, ExprId, ExprKind, Parent, ScopeKind, StmtId, StmtKind,
};
use std::collections::BTreeSet;

/// Methods of containers that only change what they hold.
const CHANGES: &[&str] = &["append", "appendleft", "add", "remove", "discard", "clear"];

/// Methods of containers that take something out.
const REMOVALS: &[&str] = &["remove", "discard"];

/// Methods of objects that end them.
const ENDINGS: &[&str] =
    &["close", "aclose", "stop", "shutdown", "disconnect", "cancel", "terminate", "cleanup", "dispose", "release"];

/// Methods of dictionaries that look something up.
const LOOKUPS: &[&str] = &["get", "setdefault"];

impl Project {
    /// Whether a container that a module keeps under a name holds objects of this very process: objects that are kept to
    /// be closed at the end and are asked nothing, or services that the function which hands them out makes when they
    /// are missing.
    pub fn holds_process_objects(&self, module: &Module, name: &str) -> bool {
        let Some(id) = module.python.name_id(name) else { return false };
        if self.is_used_elsewhere(module, name) {
            return false;
        }
        let syntax = &module.python.syntax;
        let is_it = |expr: ExprId| {
            let (scope, _) = module.python.lookup(expr)?;
            (module.python.names.scope(scope).kind == ScopeKind::Module).then_some(expr)
        };
        let named = syntax.exprs().filter_map(|(expr, node)| match node.kind {
            ExprKind::Name { id: found, ctx: ExprContext::Load } if found == id => is_it(expr),
            _ => None,
        });
        let uses: Vec<ExprId> = named.collect();
        self.only_closes(module, &uses) || self.makes_services(module, &uses)
    }

    /// Whether another module imports a name of a module, or reads it as an attribute.
    fn is_used_elsewhere(&self, module: &Module, name: &str) -> bool {
        let it = Symbol::Definition { module: module.id, path: vec![name.to_owned()] };
        let others = self.imports.importers(module.id).iter().filter(|&&other| other != module.id);
        others.map(|&other| self.modules.get(other)).filter(|other| other.python.name_id(name).is_some()).any(|other| {
            let mut imports = other.python.names.imports.iter().filter(|import| import.name.as_deref() == Some(name));
            let syntax = &other.python.syntax;
            let is_attribute =
                |node: &ExprKind| matches!(node, ExprKind::Attribute { attr, .. } if syntax.identifier(*attr) == name);
            imports.any(|import| self.imported(other, import).as_ref() == Some(&it)) || { syntax.exprs() }
                .any(|(expr, node)| is_attribute(&node.kind) && self.symbol(other, expr).as_ref() == Some(&it))
        })
    }

    /// Whether the uses of a container put objects in, take them out, and go through them to end them.
    fn only_closes(&self, module: &Module, uses: &[ExprId]) -> bool {
        uses.iter().any(|&at| self.is_gone_through_to_end(module, at))
            && uses.iter().all(|&at| {
                module.is_changed(at) || self.is_gone_through_to_end(module, at) || module.is_asked_before_removal(at)
            })
    }

    /// `for one in objects: one.close()`, with nothing else that is asked of it but for what is logged.
    fn is_gone_through_to_end(&self, module: &Module, container: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let Parent::Stmt(stmt) = syntax.expr_parent(container) else { return false };
        let StmtKind::For { target, iter, body, .. } = &syntax.stmt(stmt).kind else { return false };
        let ExprKind::Name { id: target, .. } = syntax.expr(*target).kind else { return false };
        if *iter != container {
            return false;
        }
        let is_logged = |part| match syntax.enclosing_stmt(part).map(|stmt| &syntax.stmt(stmt).kind) {
            Some(StmtKind::Expr(value)) => self.is_log_call(module, *value),
            _ => false,
        };
        let parts = body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
        let is_target = |&part: &ExprId| matches!(syntax.expr(part).kind, ExprKind::Name { id, .. } if id == target);
        let mut reads = parts.filter(is_target).filter(|&part| !is_logged(part)).peekable();
        reads.peek().is_some() && reads.all(|read| module.method_of(read).is_some_and(|name| ENDINGS.contains(&name)))
    }

    /// Whether a dictionary is declared to hold objects of an abstract class, and each function that puts one in looks for
    /// it first: any process makes its own.
    fn makes_services(&self, module: &Module, uses: &[ExprId]) -> bool {
        let Some((_, binding)) = uses.first().and_then(|&first| module.python.lookup(first)) else { return false };
        let declared = binding.sites.iter().find_map(|site| match site.kind {
            BindingKind::Annotated { annotation, .. } => Some(annotation),
            _ => None,
        });
        if !declared.is_some_and(|annotation| self.is_dict_of_services(module, annotation)) {
            return false;
        }
        let syntax = &module.python.syntax;
        let function = |&expr: &ExprId| syntax.enclosing_functions(Parent::Expr(expr)).next();
        let looking: BTreeSet<Option<StmtId>> = uses.iter().filter(|&&at| module.looks_up(at)).map(function).collect();
        let mut adding = uses.iter().filter(|&&at| module.is_given_item(at)).map(function).peekable();
        adding.peek().is_some() && adding.all(|function| function.is_some() && looking.contains(&function))
    }

    /// Whether an annotation is `dict[…, Class]` with a class of the project that has abstract methods.
    fn is_dict_of_services(&self, module: &Module, annotation: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let ExprKind::Subscript { slice, .. } = syntax.expr(annotation).kind else { return false };
        let ExprKind::Tuple { elts, .. } = &syntax.expr(slice).kind else { return false };
        let [_, value] = **elts else { return false };
        let Some((home, _, class)) = self.class(module, value) else { return false };
        class.body.iter().filter_map(|&stmt| home.function(stmt)).any(|method| {
            let mut decorators = method.decorators.iter();
            decorators.any(|&decorator| self.is_any(home, decorator, &["abc.abstractmethod"]))
        })
    }
}

impl Module {
    /// `objects.append(…)`
    fn is_changed(&self, container: ExprId) -> bool {
        self.method_of(container).is_some_and(|name| CHANGES.contains(&name))
    }

    /// The method of a container that is called in a statement of its own.
    fn method_of(&self, container: ExprId) -> Option<&str> {
        let syntax = &self.python.syntax;
        let Parent::Expr(attribute) = syntax.expr_parent(container) else { return None };
        let ExprKind::Attribute { attr, .. } = syntax.expr(attribute).kind else { return None };
        let Parent::Expr(call) = syntax.expr_parent(attribute) else { return None };
        matches!(syntax.expr(call).kind, ExprKind::Call { func, .. } if func == attribute)
            .then(|| syntax.identifier(attr))
    }

    /// `if one in objects: objects.remove(one)`
    fn is_asked_before_removal(&self, container: ExprId) -> bool {
        let syntax = &self.python.syntax;
        let Parent::Expr(test) = syntax.expr_parent(container) else { return false };
        let ExprKind::Compare { comparisons, .. } = &syntax.expr(test).kind else { return false };
        let [(CompareOperator::In, right)] = **comparisons else { return false };
        let Parent::Stmt(stmt) = syntax.expr_parent(test) else { return false };
        let StmtKind::If { clauses, orelse } = &syntax.stmt(stmt).kind else { return false };
        let [clause] = &**clauses else { return false };
        let is_same = |part: ExprId| match (&syntax.expr(part).kind, &syntax.expr(container).kind) {
            (ExprKind::Name { id, .. }, ExprKind::Name { id: wanted, .. }) => id == wanted,
            _ => false,
        };
        let mut parts = clause.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
        let removes = |part| is_same(part) && self.method_of(part).is_some_and(|name| REMOVALS.contains(&name));
        right == container && orelse.is_empty() && parts.any(removes)
    }

    /// `objects.get(key)`, `objects[key]`, `key in objects`.
    fn looks_up(&self, container: ExprId) -> bool {
        let syntax = &self.python.syntax;
        let Parent::Expr(parent) = syntax.expr_parent(container) else { return false };
        match &syntax.expr(parent).kind {
            ExprKind::Compare { comparisons, .. } => comparisons.iter().any(|&(_, right)| right == container),
            ExprKind::Attribute { .. } => self.method_of(container).is_some_and(|name| LOOKUPS.contains(&name)),
            _ => false,
        }
    }

    /// `objects[key] = …`
    fn is_given_item(&self, container: ExprId) -> bool {
        let syntax = &self.python.syntax;
        let Parent::Expr(item) = syntax.expr_parent(container) else { return false };
        matches!(syntax.expr(item).kind, ExprKind::Subscript { value, ctx: ExprContext::Store, .. } if value == container)
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn holds(text: &str) -> bool {
        let project = project(&[("app/a.py", text)]);
        let module = project.modules.iter().next().expect("it was parsed");
        project.holds_process_objects(module, "kept")
    }

    #[test]
    fn what_is_kept_to_be_closed_belongs_to_the_process() {
        let head = "kept = []\ndef add(one):\n    kept.append(one)\n    if one in kept:\n        kept.remove(one)\n";
        let end = "async def end():\n    for one in kept:\n        await one.close()\n    kept.clear()\n";
        assert!(holds(&format!("{head}{end}")));
        assert!(!holds(head));
        assert!(!holds(&format!("{head}{end}def known(one):\n    return one in kept\n")));
        assert!(!holds(&format!("{head}{end}def tell(text):\n    for one in kept:\n        one.send(text)\n")));
        assert!(!holds(&format!("{head}{end}def all():\n    return kept\n")));
    }

    #[test]
    fn services_that_are_made_when_missing_belong_to_the_process() {
        let class =
            "from abc import ABC, abstractmethod\nclass Way(ABC):\n    @abstractmethod\n    def send(self): ...\n";
        let made = "kept: dict[str, Way] = {}\ndef way(name):\n    found = kept.get(name)\n    if not found:\n        \
            kept[name] = make(name)\n    return kept[name]\n";
        assert!(holds(&format!("{class}{made}")));
        assert!(!holds(&format!("class Way:\n    count = 0\n{made}")));
        assert!(!holds(&format!("{class}{made}def put(name, way):\n    kept[name] = way\n")));
    }
}
