//! How long an engine lives: with the process, or only in the function that makes it.

use super::Engine;
use crate::{Module, Project};
use pyaudit_python::{ExprContext, ExprId, ExprKind, NameId, Parent, ScopeId, ScopeKind, StmtId, StmtKind};
use pyaudit_source::Role;

impl Project {
    /// Whether an engine is still in use when the function that made it has ended: it is returned, lent, kept in an
    /// attribute or a global name, or given to a session factory that is. An engine that a module makes lives on.
    pub fn outlives_its_function(&self, engine: &Engine) -> bool {
        let module = self.modules.get(engine.module);
        engine.function.is_none_or(|function| escapes(module, function, engine.call, 4))
    }

    /// Whether the application itself may use an engine. One that a module keeps under a name which neither the module
    /// reads nor a module of the application that imports it knows is there for tests, scripts or migrations alone: it
    /// connects when it is first used.
    pub fn is_used_by_application(&self, engine: &Engine) -> bool {
        let module = self.modules.get(engine.module);
        let Some(name) = global_name(module, engine) else { return true };
        let text = module.python.syntax.name(name);
        let reads = module.python.syntax.exprs().any(|(_, expr)| {
            matches!(expr.kind, ExprKind::Name { id, ctx: ExprContext::Load } if id == name)
                || matches!(&expr.kind, ExprKind::Str { value, .. } if **value == *text)
        });
        let importers = self.imports.importers(module.id).iter().map(|&importer| self.modules.get(importer));
        let mut importers = importers.filter(|importer| importer.role == Role::Application && importer.id != module.id);
        reads || importers.any(|importer| importer.python.name_id(text).is_some() || imports_all(importer))
    }
}

/// The only name under which a module keeps an engine that it makes when it is imported.
fn global_name(module: &Module, engine: &Engine) -> Option<NameId> {
    let syntax = &module.python.syntax;
    let Parent::Stmt(stmt) = syntax.expr_parent(engine.call) else { return None };
    let target = match &syntax.stmt(stmt).kind {
        StmtKind::Assign { targets, .. } if targets.len() == 1 => targets[0],
        StmtKind::AnnAssign { target, .. } => *target,
        _ => return None,
    };
    match syntax.expr(target).kind {
        ExprKind::Name { id, .. } if engine.function.is_none() => Some(id),
        _ => None,
    }
}

/// Whether a module imports names that it does not write: `from db import *`.
fn imports_all(module: &Module) -> bool {
    module.python.names.imports.iter().any(|import| import.bound.is_none())
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

    #[test]
    fn an_engine_that_tests_alone_name_does_not_serve() {
        let uses = |own: &str, other: &str, path: &str| {
            let text = format!("from sqlalchemy import create_engine\nengine = create_engine(URL)\n{own}");
            let project = project(&[("app/db.py", &text), (path, other), ("app/main.py", "import app.db\n")]);
            project.is_used_by_application(&project.database.engines()[0])
        };
        let reads = "from app.db import engine\nengine.connect()\n";
        assert!(!uses("", reads, "tests/conftest.py"));
        // A package that imports its own modules imports itself.
        assert!(!uses("import app.db\n", reads, "tests/conftest.py"));
        assert!(uses("", reads, "app/users.py"));
        assert!(uses("", "from app import db\ndb.engine.connect()\n", "app/users.py"));
        assert!(uses("", "from app.db import *\n", "app/users.py"));
        assert!(uses("make = sessionmaker(engine)\n", reads, "tests/conftest.py"));
    }
}
