//! Globals that a function of their module binds anew.

use crate::{Module, Project, Symbol};
use pyaudit_python::{ExprContext, ExprKind, Import, Parent, ScopeId, StmtId, StmtKind};
use pyaudit_source::Range;

/// A global that a function of its module binds anew.
#[derive(Debug, Clone, Copy)]
pub struct ReboundGlobal<'p> {
    /// The module of the global.
    pub home: &'p Module,
    /// The name where the function assigns to it.
    pub assigned: Range,
}

impl Project {
    /// The global of the project that an import takes by name, where a function of its module binds it anew after the
    /// module was loaded.
    pub fn rebound_global<'p>(&'p self, module: &Module, import: &Import) -> Option<ReboundGlobal<'p>> {
        let Some(Symbol::Definition { module: home, path }) = self.imported(module, import) else { return None };
        let home = self.modules.get(home);
        let [name] = &path[..] else { return None };
        let assigned = home.rebinding(name)?;
        Some(ReboundGlobal { home, assigned })
    }
}

impl Module {
    /// Where a function that does not run while the module is loaded assigns to a global of this name.
    fn rebinding(&self, name: &str) -> Option<Range> {
        let id = self.python.name_id(name)?;
        // A global that is only ever declared in functions has no first value that could be kept.
        self.python.binding(ScopeId(0), name)?;
        let syntax = &self.python.syntax;
        let mut declaring: Vec<StmtId> = syntax
            .stmts()
            .filter(|(_, stmt)| match &stmt.kind {
                StmtKind::Global(names) => names.iter().any(|declared| declared.name == id),
                _ => false,
            })
            .filter_map(|(at, _)| syntax.enclosing_functions(Parent::Stmt(at)).next())
            .collect();
        declaring.sort_by_key(|&function| syntax.stmt(function).range);
        declaring.dedup();
        let mut late = declaring.into_iter().filter(|&function| !self.is_called_on_load(function));
        late.find_map(|function| {
            let body = &self.function(function)?.body;
            let exprs = body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
            let mut stores = exprs.filter(|&expr| match syntax.expr(expr).kind {
                ExprKind::Name { id: stored, ctx: ExprContext::Store } => stored == id,
                _ => false,
            });
            stores.next().map(|expr| syntax.expr(expr).range)
        })
    }

    /// Whether some statement that runs when the module is loaded calls a function of it by name.
    fn is_called_on_load(&self, function: StmtId) -> bool {
        let syntax = &self.python.syntax;
        let Some(name) = self.function(function).map(|function| syntax.identifier(function.name)) else { return false };
        let calls = self.calls_named(&[name]);
        calls.iter().any(|call| self.runs_on_import(self.python.scope_of_expr(call.id)))
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn rebound(home: &str) -> bool {
        let project = project(&[("app/__init__.py", ""), ("app/a.py", home), ("app/b.py", "from app.a import x\n")]);
        let module = project.modules.iter().find(|module| module.name == "app.b").expect("a module");
        project.rebound_global(module, &module.python.names.imports[0]).is_some()
    }

    #[test]
    fn only_what_a_function_binds_after_loading_is_rebound() {
        assert!(rebound("x = None\ndef start():\n    global x\n    x = object()\n"));
        assert!(rebound("x: int = 0\ndef start():\n    global x\n    x += 1\n"));
        assert!(!rebound("x = None\ndef start():\n    global x\n    x = object()\nstart()\n"));
        assert!(!rebound("x = None\ndef start():\n    global x\n    return x\n"));
        assert!(!rebound("x = None\ndef start():\n    x = object()\n"));
        assert!(!rebound("x = []\nx = [1]\n"));
    }
}
