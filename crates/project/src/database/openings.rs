//! Sessions and connections that a function opens, and who closes them.

use crate::{DatabaseObject, Module, Project};
use pyaudit_python::{BindingKind, ExprId, ExprKind, NameId, Parent, ScopeId, StmtId, StmtKind};
use pyaudit_source::Span;

/// A session or connection that a function opens without a context manager.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub struct SessionOpening {
    /// The callee: `SessionLocal`, `engine.connect`, `next`.
    pub span: Span,
    /// The function.
    pub function: StmtId,
    /// Whether its calls are awaited; such a connection is not given back when the object is forgotten.
    pub is_async: bool,
    /// The generator that `next` takes it from and then drops.
    pub drops_generator: bool,
    /// Whether the function yields or returns it to a framework that does not close it.
    pub is_lent: bool,
    /// Whether it is handed to other functions, which might close it.
    pub is_passed_on: bool,
    /// A call of `close` that an exception before it leaves out; `None` where nothing closes it.
    pub close: Option<Span>,
}

/// Calls that open a connection.
const CONNECTS: &[&str] = &[
    "sqlite3.connect",
    "psycopg2.connect",
    "psycopg.connect",
    "psycopg.AsyncConnection.connect",
    "pymysql.connect",
    "mysql.connector.connect",
    "asyncpg.connect",
    "aiosqlite.connect",
];

/// Methods of an engine or a pool that take a connection out.
const TAKES: &[&str] = &["connect", "raw_connection", "acquire", "getconn"];

/// Classes whose calls give a session.
const FACTORIES: &[&str] = &["sqlalchemy.orm.sessionmaker", "sqlalchemy.ext.asyncio.async_sessionmaker"];

/// Parts of the names of callables that open.
const OPENERS: &[&str] =
    &["session", "maker", "factory", "conn", "local", "db", "database", "acquire", "next", "engine", "pool", "open"];

/// Methods that close.
const CLOSES: &[&str] = &["close", "aclose", "remove", "release", "close_all", "terminate", "invalidate"];

/// Parts of the names of callables that close what they are given, now or later.
const CLOSERS: &[&str] =
    &["clos", "releas", "putconn", "cleanup", "clean_up", "dispose", "enter_", "finalize", "shutdown"];

/// How a name that holds an open session is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It is closed whatever happens, or by somebody else later.
    Settled,
    /// It is closed here, if nothing is raised before.
    Closed(ExprId),
    /// It is closed in an `except` clause.
    ClosedOnError,
    Yielded,
    PassedOn,
    Used,
}

impl Project {
    /// The sessions and connections that the functions of a module open, and that are not closed whatever happens, in the
    /// order of the source. What is returned, kept in an attribute or entered by a `with` is somebody else's to close.
    pub fn unsettled_openings(&self, module: &Module) -> Vec<SessionOpening> {
        let syntax = &module.python.syntax;
        let calls = syntax.exprs().filter_map(|(id, expr)| match expr.kind {
            ExprKind::Call { func, .. } => Some((id, func)),
            _ => None,
        });
        let mut found: Vec<SessionOpening> =
            calls.filter_map(|(call, func)| self.unsettled_opening(module, call, func)).collect();
        found.sort_by_key(|opening| opening.span);
        found
    }

    fn unsettled_opening(&self, module: &Module, call: ExprId, func: ExprId) -> Option<SessionOpening> {
        let syntax = &module.python.syntax;
        let function = syntax.enclosing_functions(Parent::Expr(call)).next()?;
        let holder = holder(module, call).filter(|_| may_open(module, func))?;
        let object = self.opens(module, call, 2)?;
        let mut opening = SessionOpening {
            span: module.span_of(func),
            function,
            is_async: object == DatabaseObject::AsyncSession || is_awaited(module, call),
            drops_generator: self.is_any(module, func, &["next", "anext"]),
            is_lent: false,
            is_passed_on: false,
            close: None,
        };
        match holder {
            Holder::Name(target) => judge(module, function, target, &mut opening)?,
            Holder::Nobody => {}
            Holder::Yielded => opening.is_lent = true,
            Holder::Returned => {
                let id = self.calls.of(module.id, function)?;
                opening.is_lent = self.calls.function(id).entry.dependency;
                opening.is_lent.then_some(())?;
            }
        }
        Some(opening)
    }

    /// What a call newly opens, for its caller to close.
    fn opens(&self, module: &Module, call: ExprId, hops: usize) -> Option<DatabaseObject> {
        let hops = hops.checked_sub(1)?;
        let syntax = &module.python.syntax;
        let ExprKind::Call { func, args, keywords } = &syntax.expr(call).kind else { return None };
        if self.is_any(module, *func, CONNECTS) {
            return Some(DatabaseObject::Connection);
        }
        if self.is_any(module, *func, &["next", "anext"]) {
            return self.drops_lender(module, *args.first()?);
        }
        if let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind
            && TAKES.contains(&syntax.identifier(*attr))
        {
            let is_engine = self.database_object(module, *value) == Some(DatabaseObject::Engine);
            return is_engine.then_some(DatabaseObject::Connection);
        }
        let class = self.type_of(module, *func);
        if class.is_some_and(|class| class.is_any(FACTORIES)) {
            return self.database_object(module, call).filter(|object| object.is_session());
        }
        let symbol = self.symbol(module, *func)?;
        if symbol.external().is_some() {
            let object = self.database_class(&symbol).filter(|object| object.is_session())?;
            let bind = args.first().copied().or_else(|| module.keyword(keywords, "bind"));
            let is_bound = bind.is_some_and(|bind| {
                self.database_object(module, bind) == Some(DatabaseObject::Connection)
                    || self.text_at(module, bind).contains("conn")
            });
            let is_registry = symbol.external().is_some_and(|name| name.contains("scoped_session"));
            return (!is_bound && !is_registry).then_some(object);
        }
        self.opened_by_function(module, call, hops)
    }

    /// What a function of the project opens and returns.
    fn opened_by_function(&self, module: &Module, call: ExprId, hops: usize) -> Option<DatabaseObject> {
        let (home, function) = self.run_by(module, call)?;
        let lender = self.database.lender(home.id, function).filter(|lender| !lender.yields)?;
        let syntax = &home.python.syntax;
        let definition = home.function(function)?;
        let mut returned =
            syntax.walk_stmts_in(&definition.body, false).filter_map(|stmt| match syntax.stmt(stmt).kind {
                StmtKind::Return(Some(value)) => Some(value),
                _ => None,
            });
        let is_new = returned.all(|value| {
            let made = home.python.only_value(value).unwrap_or(value);
            self.opens(home, made, hops).is_some()
        });
        is_new.then_some(lender.object)
    }

    /// What `next(get_db())` gives, where nothing keeps the generator.
    fn drops_lender(&self, module: &Module, argument: ExprId) -> Option<DatabaseObject> {
        let (home, function) = self.run_by(module, argument)?;
        let lender = self.database.lender(home.id, function)?;
        lender.yields.then_some(lender.object)
    }
}

/// Whether the last name of a callee is one that sessions and connections are opened by. What it is, is resolved later;
/// most calls need not be.
fn may_open(module: &Module, func: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let name = match &syntax.expr(func).kind {
        ExprKind::Name { id, .. } => syntax.name(*id),
        ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
        _ => return false,
    };
    let name = name.to_lowercase();
    OPENERS.iter().any(|part| name.contains(part))
}

/// Who has what a call opens.
enum Holder {
    /// A local name.
    Name(ExprId),
    /// Nobody: `SessionLocal().query(…)`.
    Nobody,
    Yielded,
    Returned,
}

/// Who has what a call opens; `None` where something else takes it over, as a `with` or another call does.
fn holder(module: &Module, call: ExprId) -> Option<Holder> {
    let syntax = &module.python.syntax;
    let mut at = call;
    loop {
        match syntax.expr_parent(at) {
            Parent::Expr(parent) => match &syntax.expr(parent).kind {
                ExprKind::Await(_) => at = parent,
                ExprKind::Yield(_) => return Some(Holder::Yielded),
                ExprKind::Attribute { attr, .. } => {
                    let name = syntax.identifier(*attr);
                    let is_manager = CLOSES.contains(&name) || matches!(name, "begin" | "begin_nested");
                    let is_call = matches!(syntax.expr_parent(parent), Parent::Expr(outer)
                        if matches!(syntax.expr(outer).kind, ExprKind::Call { func, .. } if func == parent));
                    return (is_call && !is_manager).then_some(Holder::Nobody);
                }
                _ => return None,
            },
            Parent::Stmt(stmt) => {
                return match &syntax.stmt(stmt).kind {
                    StmtKind::Return(_) => Some(Holder::Returned),
                    StmtKind::Assign { targets, .. } => {
                        let [target] = **targets else { return None };
                        let is_name = matches!(syntax.expr(target).kind, ExprKind::Name { .. });
                        is_name.then_some(Holder::Name(target))
                    }
                    StmtKind::AnnAssign { target, .. } => {
                        let is_name = matches!(syntax.expr(*target).kind, ExprKind::Name { .. });
                        is_name.then_some(Holder::Name(*target))
                    }
                    _ => None,
                };
            }
            _ => return None,
        }
    }
}

fn is_awaited(module: &Module, call: ExprId) -> bool {
    let Parent::Expr(parent) = module.python.syntax.expr_parent(call) else { return false };
    matches!(module.python.syntax.expr(parent).kind, ExprKind::Await(_))
}

/// What a call that closes settles, by where it stands: in a `finally` or a nested function, in an `except`, or elsewhere.
fn closing(module: &Module, function: StmtId, place: ExprId) -> Use {
    let syntax = &module.python.syntax;
    if syntax.enclosing_functions(Parent::Expr(place)).next() != Some(function) {
        return Use::Settled;
    }
    let mut inner = None;
    for stmt in syntax.enclosing_stmts(Parent::Expr(place)) {
        if let StmtKind::Try { handlers, finalbody, .. } = &syntax.stmt(stmt).kind {
            let is_in = |block: &[StmtId]| inner.is_some_and(|inner| block.contains(&inner));
            if is_in(finalbody) {
                return Use::Settled;
            }
            if handlers.iter().any(|handler| is_in(&handler.body)) {
                return Use::ClosedOnError;
            }
        }
        inner = Some(stmt);
    }
    Use::Closed(place)
}

/// What a call does with a session that it is given.
fn passing(module: &Module, function: StmtId, call: ExprId, func: ExprId) -> Use {
    let syntax = &module.python.syntax;
    let name = match &syntax.expr(func).kind {
        ExprKind::Name { id, .. } => syntax.name(*id),
        ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
        _ => "",
    };
    let name = name.to_lowercase();
    if CLOSERS.iter().any(|part| name.contains(part)) {
        let is_registered = name.contains("enter_") || name == "closing" || name == "aclosing";
        return if is_registered { Use::Settled } else { closing(module, function, call) };
    }
    // `return Repository(db)` and `self.repository = Repository(db)` hand it out.
    let is_kept = match syntax.expr_parent(call) {
        Parent::Stmt(stmt) => match &syntax.stmt(stmt).kind {
            StmtKind::Return(_) => is_class(module, func),
            StmtKind::Assign { targets, .. } => {
                targets.iter().any(|&target| !matches!(syntax.expr(target).kind, ExprKind::Name { .. }))
            }
            _ => false,
        },
        Parent::Expr(parent) => matches!(syntax.expr(parent).kind, ExprKind::Yield(_)),
        _ => false,
    };
    if is_kept { Use::Settled } else { Use::PassedOn }
}

/// Whether a callee is named as a class is.
fn is_class(module: &Module, func: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let name = match &syntax.expr(func).kind {
        ExprKind::Name { id, .. } => syntax.name(*id),
        ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
        _ => "",
    };
    name.starts_with(|letter: char| letter.is_ascii_uppercase())
}

fn use_of(module: &Module, function: StmtId, read: ExprId) -> Use {
    let syntax = &module.python.syntax;
    match syntax.expr_parent(read) {
        Parent::Stmt(stmt) => match &syntax.stmt(stmt).kind {
            StmtKind::With { .. } | StmtKind::Return(_) => Use::Settled,
            // `other = db` is not followed; `db = …` again gives it something else.
            StmtKind::Assign { value, .. } if *value == read => Use::Settled,
            _ => Use::Used,
        },
        Parent::Expr(parent) => match &syntax.expr(parent).kind {
            ExprKind::Attribute { attr, .. } if CLOSES.contains(&syntax.identifier(*attr)) => {
                let is_called = matches!(syntax.expr_parent(parent), Parent::Expr(call)
                    if matches!(syntax.expr(call).kind, ExprKind::Call { func, .. } if func == parent));
                if is_called { closing(module, function, parent) } else { Use::Settled }
            }
            ExprKind::Attribute { .. }
            | ExprKind::Compare { .. }
            | ExprKind::BoolOp { .. }
            | ExprKind::UnaryOp { .. } => Use::Used,
            ExprKind::Call { func, .. } => passing(module, function, parent, *func),
            ExprKind::Yield(_) => Use::Yielded,
            // In a tuple, a dictionary, a comprehension: it lives on in something else.
            _ => Use::Settled,
        },
        _ => Use::PassedOn,
    }
}

fn uses(module: &Module, function: StmtId, (scope, name): (ScopeId, NameId), target: ExprId) -> Vec<Use> {
    let syntax = &module.python.syntax;
    let body = module.function(function).map_or(&[][..], |definition| &definition.body);
    let reads = body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)).filter(|&read| {
        read != target
            && matches!(syntax.expr(read).kind, ExprKind::Name { id, .. } if id == name)
            && module.python.lookup(read).is_some_and(|(at, _)| at == scope)
    });
    reads.map(|read| use_of(module, function, read)).collect()
}

/// Fills in what becomes of the session in a name; `None` where it is closed or cannot be followed.
fn judge(module: &Module, function: StmtId, target: ExprId, opening: &mut SessionOpening) -> Option<()> {
    let syntax = &module.python.syntax;
    let (scope, binding) = module.python.lookup(target)?;
    let is_own =
        matches!(module.python.names.scope(scope).kind, pyaudit_python::ScopeKind::Function(id) if id == function);
    let is_parameter = binding.sites.iter().any(|site| matches!(site.kind, BindingKind::Parameter { .. }));
    if !is_own || is_parameter {
        return None;
    }
    let ExprKind::Name { id: name, .. } = syntax.expr(target).kind else { return None };
    let uses = uses(module, function, (scope, name), target);
    if uses.contains(&Use::Settled) {
        return None;
    }
    let closed = uses.iter().find_map(|one| match one {
        Use::Closed(place) => Some(*place),
        _ => None,
    });
    if closed.is_some() && uses.contains(&Use::ClosedOnError) {
        return None;
    }
    opening.close = closed.map(|place| module.span_of(place));
    opening.is_lent = uses.contains(&Use::Yielded);
    opening.is_passed_on = uses.contains(&Use::PassedOn);
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    const HEAD: &str = "import sqlite3\nfrom contextlib import closing\nfrom sqlalchemy import create_engine\n\
        from sqlalchemy.orm import Session, sessionmaker\nengine = create_engine('sqlite://')\nSessionLocal = sessionmaker(engine)\n\
        def get_db():\n    db = SessionLocal()\n    try:\n        yield db\n    finally:\n        db.close()\n\
        def opened():\n    return SessionLocal()\n";

    fn told(body: &str) -> Vec<String> {
        let text = format!("{HEAD}{body}");
        let project = project(&[("app/db.py", &text)]);
        let module = project.modules.iter().next().expect("it was parsed");
        let line = |opening: &super::SessionOpening| {
            let callee = project.sources.slice(opening.span);
            let close = if opening.close.is_some() { " closed" } else { "" };
            let lent = if opening.is_lent { " lent" } else { "" };
            let passed = if opening.is_passed_on { " passed on" } else { "" };
            format!("{callee}{close}{lent}{passed}")
        };
        project.unsettled_openings(module).iter().map(line).collect()
    }

    #[test]
    fn what_nobody_closes_or_an_exception_leaves_open_is_told() {
        assert_eq!(told("def f():\n    db = SessionLocal()\n    db.execute('x')\n"), ["SessionLocal"]);
        assert_eq!(
            told("def f():\n    db = SessionLocal()\n    db.execute('x')\n    db.close()\n"),
            ["SessionLocal closed"]
        );
        assert_eq!(
            told("def f():\n    db = SessionLocal()\n    yield db\n    db.close()\n"),
            ["SessionLocal closed lent"]
        );
        assert_eq!(told("def f():\n    yield SessionLocal()\n"), ["SessionLocal lent"]);
        assert_eq!(told("def f():\n    return SessionLocal().execute('x').all()\n"), ["SessionLocal"]);
        assert_eq!(told("def f():\n    c = engine.connect()\n    run(c)\n"), ["engine.connect passed on"]);
        assert_eq!(told("def f():\n    c = sqlite3.connect('x')\n    c.execute('x')\n"), ["sqlite3.connect"]);
        assert_eq!(told("def f():\n    db = next(get_db())\n    db.execute('x')\n"), ["next"]);
        assert_eq!(told("def f():\n    db = opened()\n    db.execute('x')\n"), ["opened"]);
    }

    #[test]
    fn what_is_closed_whatever_happens_or_handed_out_is_not() {
        let none = |body: &str| assert_eq!(told(body), [""; 0], "{body}");
        none("def f():\n    with SessionLocal() as db:\n        db.execute('x')\n");
        none("def f():\n    db = SessionLocal()\n    with db:\n        db.execute('x')\n");
        none(
            "def f():\n    db = SessionLocal()\n    try:\n        db.execute('x')\n    finally:\n        db.close()\n",
        );
        none(
            "def f():\n    db = SessionLocal()\n    try:\n        db.execute('x')\n        db.close()\n    except E:\n        db.close()\n",
        );
        none("def f():\n    with closing(sqlite3.connect('x')) as c:\n        c.execute('x')\n");
        none("def f(stack):\n    db = stack.enter_context(SessionLocal())\n    db.execute('x')\n");
        none("def f(stack):\n    db = SessionLocal()\n    stack.callback(db.close)\n");
        none("def f(self):\n    self.db = SessionLocal()\n");
        none("def f():\n    db = SessionLocal()\n    return Repository(db)\n");
        none("def f():\n    db = SessionLocal()\n    return db\n");
        none("def f(connection):\n    db = Session(bind=connection)\n    db.execute('x')\n");
        none(
            "def f():\n    db = next(get_db())\n    try:\n        db.execute('x')\n    finally:\n        db.close()\n",
        );
        none("def f():\n    global db\n    db = SessionLocal()\n");
    }
}
