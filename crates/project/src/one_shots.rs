//! Work that is done when something is asked for the first time, and not again.

use crate::Module;
use pyaudit_python::{
    BoolOperator, CompareOperator, ExprId, ExprKind, Parent, ScopeKind, StmtId, StmtKind, UnaryOperator,
};

impl Module {
    /// Whether a place is reached only until something is there that the same function sets, a name of the module or an
    /// attribute of the object: `if self._client is None: self._client = connect()`, or `if _client: return _client`
    /// before it.
    pub fn runs_until_set(&self, place: ExprId) -> bool {
        let syntax = &self.python.syntax;
        let Some(function) = syntax.enclosing_functions(Parent::Expr(place)).next() else { return false };
        let unset = self.unset_around(place);
        let Some(definition) = self.function(function).filter(|_| !unset.is_empty()) else { return false };
        syntax.walk_stmts_in(&definition.body, false).any(|stmt| {
            let targets = match &syntax.stmt(stmt).kind {
                StmtKind::Assign { targets, .. } => &**targets,
                StmtKind::AnnAssign { target, .. } => std::slice::from_ref(target),
                _ => return false,
            };
            targets.iter().any(|&target| self.kept(target).is_some_and(|kept| unset.contains(&kept)))
        })
    }

    /// What must not be there yet for a place to be reached.
    fn unset_around(&self, place: ExprId) -> Vec<Kept<'_>> {
        let syntax = &self.python.syntax;
        let mut unset = Vec::new();
        let mut inner = Parent::Expr(place);
        for outer in syntax.enclosing_stmts(inner) {
            if let Parent::Stmt(stmt) = inner {
                if let StmtKind::If { clauses, .. } = &syntax.stmt(outer).kind {
                    let clause = clauses.iter().find(|clause| clause.body.contains(&stmt));
                    unset.extend(clause.into_iter().flat_map(|clause| self.unset_where(clause.test, true)));
                }
                unset.extend(self.unset_after_guards(outer, stmt));
            }
            if matches!(syntax.stmt(outer).kind, StmtKind::FunctionDef(_)) {
                break;
            }
            inner = Parent::Stmt(outer);
        }
        unset
    }

    /// What an earlier statement of the block would have returned.
    fn unset_after_guards(&self, holder: StmtId, stmt: StmtId) -> Vec<Kept<'_>> {
        let syntax = &self.python.syntax;
        let block = self.blocks_of(holder).into_iter().find(|block| block.contains(&stmt)).unwrap_or_default();
        let guards = block.iter().take_while(|&&one| one != stmt).filter_map(|&one| match &syntax.stmt(one).kind {
            StmtKind::If { clauses, orelse } if orelse.is_empty() => match &**clauses {
                [only] => Some(only),
                _ => None,
            },
            _ => None,
        });
        let leaves =
            |body: &[StmtId]| body.last().is_some_and(|&last| matches!(syntax.stmt(last).kind, StmtKind::Return(_)));
        guards.filter(|clause| leaves(&clause.body)).flat_map(|clause| self.unset_where(clause.test, false)).collect()
    }

    /// What is not there where a condition holds (or does not).
    fn unset_where(&self, test: ExprId, holds: bool) -> Vec<Kept<'_>> {
        let syntax = &self.python.syntax;
        match &syntax.expr(test).kind {
            ExprKind::BoolOp { op: BoolOperator::And, values } if holds => {
                values.iter().filter_map(|&value| self.unset_if(value, true)).collect()
            }
            _ => self.unset_if(test, holds).into_iter().collect(),
        }
    }

    fn unset_if(&self, test: ExprId, holds: bool) -> Option<Kept<'_>> {
        let syntax = &self.python.syntax;
        match &syntax.expr(test).kind {
            ExprKind::UnaryOp { op: UnaryOperator::Not, operand } => self.unset_if(*operand, !holds),
            ExprKind::Compare { left, comparisons } => {
                let [(operator, right)] = comparisons[..] else { return None };
                let wanted = if holds { CompareOperator::Is } else { CompareOperator::IsNot };
                let is_none = matches!(syntax.expr(right).kind, ExprKind::None);
                self.kept(*left).filter(|_| is_none && operator == wanted)
            }
            ExprKind::Call { func, args, .. } if !holds && self.last_name(*func) == Some("hasattr") => {
                let [object, name] = args[..] else { return None };
                let is_self = matches!(self.bare_name(object), Some("self" | "cls"));
                syntax.string(name).filter(|_| is_self).map(Kept::Attribute)
            }
            _ if !holds => self.kept(test),
            _ => None,
        }
    }

    /// The attribute of the object, or the name of the module, that an expression is.
    fn kept(&self, expr: ExprId) -> Option<Kept<'_>> {
        let syntax = &self.python.syntax;
        match syntax.expr(expr).kind {
            ExprKind::Attribute { value, attr, .. } if matches!(self.bare_name(value), Some("self" | "cls")) => {
                Some(Kept::Attribute(syntax.identifier(attr)))
            }
            ExprKind::Name { id, .. } => {
                let (scope, _) = self.python.lookup(expr)?;
                let is_of_module = self.python.names.scope(scope).kind == ScopeKind::Module;
                is_of_module.then(|| Kept::Name(syntax.name(id)))
            }
            _ => None,
        }
    }
}

/// What outlives the function that sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept<'m> {
    /// An attribute of `self` or `cls`.
    Attribute(&'m str),
    /// A name of the module.
    Name(&'m str),
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    /// Whether the call of `ask` is made until something is set.
    fn is_one_shot(source: &str) -> bool {
        let project = project(&[("app/a.py", source)]);
        let module = project.modules.iter().next().expect("it was parsed");
        let call = module.calls_named(&["ask"]).first().map(|call| call.id).expect("it asks");
        module.runs_until_set(call)
    }

    #[test]
    fn what_is_set_where_it_is_missed_is_asked_for_once() {
        assert!(is_one_shot("class A:\n    def f(self):\n        if self.x is None:\n            self.x = ask()\n"));
        assert!(is_one_shot(
            "class A:\n    def f(self):\n        if self.x:\n            return\n        ask()\n        self.x = 1\n"
        ));
        assert!(is_one_shot(
            "class A:\n    def f(self):\n        if not hasattr(self, 'x'):\n            self.x = ask()\n"
        ));
        assert!(is_one_shot(
            "x = None\ndef f():\n    global x\n    if not x:\n        with lock:\n            x = ask()\n"
        ));
        assert!(is_one_shot(
            "x = None\ndef f():\n    global x\n    if x is not None:\n        return x\n    x = ask()\n"
        ));
    }

    #[test]
    fn what_is_not_kept_is_asked_for_each_time() {
        assert!(!is_one_shot("class A:\n    def f(self):\n        if self.x is None:\n            return ask()\n"));
        assert!(!is_one_shot("class A:\n    def f(self):\n        if self.x:\n            self.x = ask()\n"));
        assert!(!is_one_shot("class A:\n    def f(self):\n        if self.x is None:\n            self.y = ask()\n"));
        assert!(!is_one_shot("def f(x=None):\n    if x is None:\n        x = ask()\n"));
        assert!(!is_one_shot("x = None\ndef f():\n    global x\n    x = ask()\n"));
    }
}
