//! How long an engine lives: with the process, or only in the function that makes it.

use super::Engine;
use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, Parent, ScopeId, ScopeKind, StmtId, StmtKind};

impl Project {
    /// Whether an engine is still in use when the function that made it has ended: it is returned, lent, kept in an
    /// attribute or a global name, or given to a session factory that is. An engine that a module makes lives on.
    pub fn outlives_its_function(&self, engine: &Engine) -> bool {
        let module = self.modules.get(engine.module);
        engine.function.is_none_or(|function| escapes(module, function, engine.call, 4))
    }
}

/// Whether what an expression gives leaves the function.
fn escapes(module: &Module, function: StmtId, value: ExprId, hops: usize) -> bool {
    let Some(hops) = hops.checked_sub(1) else { return true };
    let syntax = &module.python.syntax;
    let Some(stmt) = syntax.enclosing_stmt(value) else { return true };
    match &syntax.stmt(stmt).kind {
        StmtKind::Return(_) => true,
        StmtKind::Expr(expr) => matches!(syntax.expr(*expr).kind, ExprKind::Yield(_)),
        StmtKind::Assign { targets, .. } => targets.iter().any(|&target| is_kept(module, function, target, hops)),
        StmtKind::AnnAssign { target, .. } => is_kept(module, function, *target, hops),
        _ => false,
    }
}

/// Whether a target lives on, or what is later made from it does.
fn is_kept(module: &Module, function: StmtId, target: ExprId, hops: usize) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Name { id, .. } = syntax.expr(target).kind else { return true };
    let Some((scope, _)) = module.python.lookup(target) else { return true };
    if !is_of(module, scope, function) {
        return true;
    }
    let Some(definition) = module.function(function) else { return true };
    definition.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)).any(|read| {
        let is_read = matches!(syntax.expr(read).kind, ExprKind::Name { id: other, .. } if other == id);
        let is_same = is_read && read != target && module.python.lookup(read).is_some_and(|(at, _)| at == scope);
        is_same
            && (is_in_nested_function(module, function, read)
                || (is_passed(module, read) && escapes(module, function, read, hops)))
    })
}

/// Whether a name is handed on itself: returned, or an argument of a call. `engine.connect()` hands on something else.
fn is_passed(module: &Module, read: ExprId) -> bool {
    let Parent::Expr(parent) = module.python.syntax.expr_parent(read) else { return true };
    !matches!(module.python.syntax.expr(parent).kind, ExprKind::Attribute { .. })
}

fn is_in_nested_function(module: &Module, function: StmtId, read: ExprId) -> bool {
    module.python.syntax.enclosing_functions(Parent::Expr(read)).next() != Some(function)
}

fn is_of(module: &Module, scope: ScopeId, function: StmtId) -> bool {
    matches!(module.python.names.scope(scope).kind, ScopeKind::Function(id) if id == function)
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn lives_on(body: &str) -> bool {
        let text = format!("from sqlalchemy import create_engine\nfrom sqlalchemy.orm import sessionmaker\n{body}");
        let project = project(&[("app/db.py", &text)]);
        project.outlives_its_function(&project.database.engines()[0])
    }

    #[test]
    fn engines_of_modules_and_those_that_are_handed_out_live_on() {
        assert!(lives_on("engine = create_engine(URL)\n"));
        assert!(lives_on("def make():\n    return create_engine(URL)\n"));
        assert!(lives_on("def make():\n    engine = create_engine(URL)\n    check()\n    return engine\n"));
        assert!(lives_on("def make():\n    global engine\n    engine = create_engine(URL)\n"));
        assert!(lives_on("class Broker:\n    def __init__(self):\n        self.engine = create_engine(URL)\n"));
        assert!(lives_on("def make():\n    engine = create_engine(URL)\n    return sessionmaker(bind=engine)\n"));
        assert!(lives_on(
            "async def lifespan(app):\n    engine = create_engine(URL)\n    app.state.db = engine\n    yield\n"
        ));
    }

    #[test]
    fn an_engine_for_one_piece_of_work_does_not() {
        assert!(!lives_on(
            "def repair():\n    engine = create_engine(URL)\n    with engine.connect() as c:\n        c.execute('x')\n    engine.dispose()\n"
        ));
        assert!(!lives_on("def repair():\n    with create_engine(URL).connect() as c:\n        c.execute('x')\n"));
        assert!(!lives_on(
            "def repair():\n    engine = create_engine(URL)\n    factory = sessionmaker(bind=engine)\n    with factory() as db:\n        db.execute('x')\n"
        ));
    }
}
