//! The class of an object, as far as annotations, constructors, returns and context managers tell.
//!
//! This is no type checker: an answer is given where the source says it in a way that a reader would follow, through
//! as many modules as it takes, and withheld otherwise.

use crate::budget::{Budget, steps};
use crate::{Definition, Module, Project, Symbol};
use pyaudit_python::{BindingKind, BindingSite, ExprId, ExprKind, FunctionDef, StmtId, StmtKind};
use std::collections::BTreeSet;

/// Annotations that stand for their first argument.
const TRANSPARENT: &[&str] = &[
    "typing.Annotated",
    "typing_extensions.Annotated",
    "typing.Optional",
    "typing.Final",
    "typing.ClassVar",
    "typing.Union",
    "typing.Generator",
    "typing.Iterator",
    "typing.Iterable",
    "typing.AsyncGenerator",
    "typing.AsyncIterator",
    "typing.AsyncIterable",
    "typing.Awaitable",
    "typing.ContextManager",
    "typing.AsyncContextManager",
    "collections.abc.Generator",
    "collections.abc.Iterator",
    "collections.abc.Iterable",
    "collections.abc.AsyncGenerator",
    "collections.abc.AsyncIterator",
    "collections.abc.AsyncIterable",
    "collections.abc.Awaitable",
    "contextlib.AbstractContextManager",
    "contextlib.AbstractAsyncContextManager",
];

/// Functions that give the object that a generator yields.
const GENERATOR_STEPS: &[&str] = &["next", "anext"];

/// Functions whose call marks a parameter's default as a dependency.
pub(crate) const DEPENDS: &[&str] = &[
    "fastapi.Depends",
    "fastapi.param_functions.Depends",
    "fastapi.params.Depends",
    "fastapi.Security",
    "fastapi.param_functions.Security",
    "fastapi.params.Security",
];

/// External calls that make or lend an object: the path of the callable, or of a class with one of its methods, and
/// the class of the result. Constructors need no row: a call of an external class gives that class.
const PRODUCTS: &[(&str, &str)] = &[
    ("sqlalchemy.create_engine", "sqlalchemy.engine.Engine"),
    ("sqlalchemy.engine.create_engine", "sqlalchemy.engine.Engine"),
    ("sqlmodel.create_engine", "sqlalchemy.engine.Engine"),
    ("sqlalchemy.ext.asyncio.create_async_engine", "sqlalchemy.ext.asyncio.AsyncEngine"),
    ("sqlalchemy.engine.Engine.connect", "sqlalchemy.engine.Connection"),
    ("sqlalchemy.engine.Engine.begin", "sqlalchemy.engine.Connection"),
    ("sqlalchemy.engine.Engine.raw_connection", "dbapi.Connection"),
    ("sqlalchemy.ext.asyncio.AsyncEngine.connect", "sqlalchemy.ext.asyncio.AsyncConnection"),
    ("sqlalchemy.ext.asyncio.AsyncEngine.begin", "sqlalchemy.ext.asyncio.AsyncConnection"),
    ("sqlalchemy.orm.sessionmaker.__call__", "sqlalchemy.orm.Session"),
    ("sqlalchemy.orm.sessionmaker.begin", "sqlalchemy.orm.Session"),
    ("sqlalchemy.orm.scoped_session.__call__", "sqlalchemy.orm.Session"),
    ("sqlalchemy.ext.asyncio.async_sessionmaker.__call__", "sqlalchemy.ext.asyncio.AsyncSession"),
    ("sqlalchemy.ext.asyncio.async_sessionmaker.begin", "sqlalchemy.ext.asyncio.AsyncSession"),
    ("sqlalchemy.ext.asyncio.async_scoped_session.__call__", "sqlalchemy.ext.asyncio.AsyncSession"),
    ("sqlite3.connect", "dbapi.Connection"),
    ("aiosqlite.connect", "dbapi.Connection"),
    ("psycopg2.connect", "dbapi.Connection"),
    ("psycopg.connect", "dbapi.Connection"),
    ("psycopg.Connection.connect", "dbapi.Connection"),
    ("psycopg.AsyncConnection.connect", "dbapi.Connection"),
    ("pymysql.connect", "dbapi.Connection"),
    ("MySQLdb.connect", "dbapi.Connection"),
    ("mysql.connector.connect", "dbapi.Connection"),
    ("pyodbc.connect", "dbapi.Connection"),
    ("cx_Oracle.connect", "dbapi.Connection"),
    ("oracledb.connect", "dbapi.Connection"),
    ("asyncpg.connect", "dbapi.Connection"),
    ("asyncpg.create_pool", "asyncpg.Pool"),
    ("asyncpg.Pool.acquire", "dbapi.Connection"),
    ("dbapi.Connection.cursor", "dbapi.Cursor"),
    ("requests.session", "requests.Session"),
    ("requests.sessions.Session", "requests.Session"),
    ("redis.from_url", "redis.Redis"),
    ("redis.StrictRedis", "redis.Redis"),
    ("redis.client.Redis", "redis.Redis"),
    ("redis.client.StrictRedis", "redis.Redis"),
    ("redis.Redis.from_url", "redis.Redis"),
    ("redis.StrictRedis.from_url", "redis.Redis"),
    ("redis.Redis.pipeline", "redis.client.Pipeline"),
    ("redis.asyncio.from_url", "redis.asyncio.Redis"),
    ("redis.asyncio.StrictRedis", "redis.asyncio.Redis"),
    ("redis.asyncio.client.Redis", "redis.asyncio.Redis"),
    ("redis.asyncio.Redis.from_url", "redis.asyncio.Redis"),
    ("redis.asyncio.Redis.pipeline", "redis.asyncio.client.Pipeline"),
    ("pathlib.Path.open", "io.TextIOWrapper"),
    ("open", "io.TextIOWrapper"),
    ("io.open", "io.TextIOWrapper"),
    ("pathlib.Path.cwd", "pathlib.Path"),
    ("pathlib.Path.home", "pathlib.Path"),
    ("pathlib.Path.resolve", "pathlib.Path"),
    ("pathlib.Path.absolute", "pathlib.Path"),
    ("pathlib.Path.expanduser", "pathlib.Path"),
    ("pathlib.Path.joinpath", "pathlib.Path"),
    ("pathlib.Path.with_suffix", "pathlib.Path"),
    ("pathlib.Path.with_name", "pathlib.Path"),
];

impl Project {
    /// The class of the object that an expression gives, if the source says it.
    pub fn type_of(&self, module: &Module, expr: ExprId) -> Option<Symbol> {
        self.infer(module, expr, Budget::new(&steps()))
    }

    fn infer(&self, module: &Module, expr: ExprId, budget: Budget<'_>) -> Option<Symbol> {
        let budget = budget.step()?;
        match &module.python.syntax.expr(expr).kind {
            ExprKind::Await(value) | ExprKind::Named { value, .. } => self.infer(module, *value, budget),
            ExprKind::Call { func, args, .. } => self.infer_call(module, *func, args, budget),
            ExprKind::Name { .. } => self.infer_name(module, expr, budget),
            ExprKind::Attribute { value, attr, .. } => {
                let name = module.python.syntax.identifier(*attr);
                self.infer_attribute(module, expr, *value, name, budget)
            }
            _ => None,
        }
    }

    /// The class of a name: what every place that binds it, and can be read, agrees on.
    fn infer_name(&self, module: &Module, expr: ExprId, budget: Budget<'_>) -> Option<Symbol> {
        let Some((_, binding)) = module.python.lookup(expr) else { return self.infer_imported(module, expr, budget) };
        let imported = binding.sites.iter().any(|site| matches!(site.kind, BindingKind::Import(_)));
        if imported {
            return self.infer_imported(module, expr, budget);
        }
        agreed(binding.sites.iter().filter_map(|site| self.infer_site(module, site, budget)))
    }

    /// The class of an object that lives in another module.
    fn infer_imported(&self, module: &Module, expr: ExprId, budget: Budget<'_>) -> Option<Symbol> {
        let symbol = self.symbol(module, expr)?;
        let (module, definition) = self.definition(&symbol)?;
        match definition {
            Definition::Value(value) => self.infer(module, value, budget),
            Definition::Annotated { annotation, .. } => self.class_of_annotation(module, annotation, budget),
            _ => None,
        }
    }

    fn infer_site(&self, module: &Module, site: &BindingSite, budget: Budget<'_>) -> Option<Symbol> {
        match site.kind {
            BindingKind::Assigned(value) => self.infer(module, value, budget),
            BindingKind::Annotated { annotation, value } => {
                self.class_of_annotation(module, annotation, budget).or_else(|| self.infer(module, value?, budget))
            }
            BindingKind::Parameter { annotation, default } => annotation
                .and_then(|annotation| self.class_of_annotation(module, annotation, budget))
                .or_else(|| self.infer_dependency(module, default?, budget)),
            BindingKind::With(manager) => self.infer_entered(module, manager, budget),
            _ => None,
        }
    }

    /// What a parameter receives whose default is `Depends(provider)`.
    fn infer_dependency(&self, module: &Module, default: ExprId, budget: Budget<'_>) -> Option<Symbol> {
        let ExprKind::Call { func, args, .. } = &module.python.syntax.expr(default).kind else { return None };
        if !self.is_any(module, *func, DEPENDS) {
            return None;
        }
        self.infer_result(module, *args.first()?, budget)
    }

    /// What a call of `callable` gives: an instance of a class, or what a function returns or yields.
    fn infer_result(&self, module: &Module, callable: ExprId, budget: Budget<'_>) -> Option<Symbol> {
        let symbol = self.symbol(module, callable)?;
        match self.definition(&symbol) {
            Some((_, Definition::Class(_))) => Some(symbol),
            Some((module, Definition::Function(id))) => self.infer_returned(module, id, budget),
            _ => None,
        }
    }

    /// The class that an annotation names: that of `Annotated[T, …]` and `T | None` is the class of `T`. An alias for an
    /// annotation is followed.
    pub fn annotated_class(&self, module: &Module, annotation: ExprId) -> Option<Symbol> {
        self.class_of_annotation(module, annotation, Budget::new(&steps()))
    }

    /// The class that an annotation names; an alias for an annotation is followed.
    fn class_of_annotation(&self, module: &Module, annotation: ExprId, budget: Budget<'_>) -> Option<Symbol> {
        let budget = budget.step()?;
        let syntax = &module.python.syntax;
        match &syntax.expr(annotation).kind {
            ExprKind::Subscript { value, slice, .. } if self.is_any(module, *value, TRANSPARENT) => {
                self.class_of_annotation(module, first_of(module, *slice), budget)
            }
            ExprKind::Subscript { value, .. } => self.class_of_annotation(module, *value, budget),
            // `Session | None`
            ExprKind::BinOp { left, right, .. } => self
                .class_of_annotation(module, *left, budget)
                .filter(|class| !class.is("None"))
                .or_else(|| self.class_of_annotation(module, *right, budget)),
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                let symbol = self.symbol(module, annotation)?;
                match self.definition(&symbol) {
                    Some((module, Definition::Value(value))) => {
                        let value = self.new_type(module, value).unwrap_or(value);
                        self.class_of_annotation(module, value, budget)
                    }
                    Some((_, Definition::Class(_))) | None => Some(symbol),
                    Some(_) => None,
                }
            }
            _ => None,
        }
    }

    /// The type behind `NewType("Name", type)`.
    fn new_type(&self, module: &Module, value: ExprId) -> Option<ExprId> {
        let ExprKind::Call { func, args, .. } = &module.python.syntax.expr(value).kind else { return None };
        if self.is_any(module, *func, &["typing.NewType", "typing_extensions.NewType"]) {
            args.get(1).copied()
        } else {
            None
        }
    }

    /// The class of what a call gives.
    fn infer_call(&self, module: &Module, func: ExprId, args: &[ExprId], budget: Budget<'_>) -> Option<Symbol> {
        let symbol = self.symbol(module, func);
        if let Some(symbol) = &symbol {
            if symbol.is_any(GENERATOR_STEPS) {
                return self.infer(module, *args.first()?, budget);
            }
            if let Symbol::External(name) = symbol {
                return Some(product(name).unwrap_or_else(|| symbol.clone()));
            }
            match self.definition(symbol) {
                Some((_, Definition::Class(_))) => return Some(symbol.clone()),
                Some((module, Definition::Function(id))) => return self.infer_returned(module, id, budget),
                _ => {}
            }
        }
        if let ExprKind::Attribute { value, attr, .. } = &module.python.syntax.expr(func).kind {
            let class = self.infer(module, *value, budget)?;
            return self.infer_method(&class, module.python.syntax.identifier(*attr), budget);
        }
        self.infer_method(&self.infer(module, func, budget)?, "__call__", budget)
    }

    /// What a method of a class gives.
    fn infer_method(&self, class: &Symbol, method: &str, budget: Budget<'_>) -> Option<Symbol> {
        if let Symbol::External(name) = class {
            return product(&format!("{name}.{method}"));
        }
        let (module, Definition::Class(id)) = self.definition(class)? else { return None };
        match self.member(module, id, method)? {
            (module, Definition::Function(function)) => self.infer_returned(module, function, budget),
            _ => None,
        }
    }

    /// The class of what a function returns, or of what it yields.
    fn infer_returned(&self, module: &Module, id: StmtId, budget: Budget<'_>) -> Option<Symbol> {
        let function = module.function(id)?;
        let annotated = function.returns.and_then(|returns| self.class_of_annotation(module, returns, budget));
        if annotated.as_ref().is_some_and(|class| !matches!(class, Symbol::Builtin(_))) {
            return annotated;
        }
        agreed(results(module, function).filter_map(|value| self.infer(module, value, budget)))
    }

    /// What `with manager as name` binds: the object itself for sessions and connections, what a generator yields for
    /// `@contextmanager`, what `__enter__` returns for a class of the project.
    fn infer_entered(&self, module: &Module, manager: ExprId, budget: Budget<'_>) -> Option<Symbol> {
        let class = self.infer(module, manager, budget)?;
        let Some((home, Definition::Class(id))) = self.definition(&class) else { return Some(class) };
        let enter = ["__enter__", "__aenter__"].iter().find_map(|name| self.member(home, id, name));
        match enter {
            Some((home, Definition::Function(function))) => {
                if returns_self(home, function) {
                    return Some(class);
                }
                self.infer_returned(home, function, budget)
            }
            _ => Some(class),
        }
    }

    /// The class of an attribute: of a module's object, or of an instance of a class of the project.
    fn infer_attribute(
        &self,
        module: &Module,
        expr: ExprId,
        value: ExprId,
        name: &str,
        budget: Budget<'_>,
    ) -> Option<Symbol> {
        if let Some(found) = self.infer_imported(module, expr, budget) {
            return Some(found);
        }
        let class = match module.own_class(value) {
            Some(class) => (module, class),
            None => match self.infer(module, value, budget).map(|class| self.definition(&class))? {
                Some((home, Definition::Class(id))) => (home, id),
                _ => return None,
            },
        };
        self.infer_member(class.0, class.1, name, budget)
    }

    /// The class of an attribute of a class of the project.
    fn infer_member(&self, module: &Module, class: StmtId, name: &str, budget: Budget<'_>) -> Option<Symbol> {
        let budget = budget.step()?;
        if let Some((home, definition)) = self.member(module, class, name) {
            return match definition {
                Definition::Annotated { annotation, value } => self
                    .class_of_annotation(home, annotation, budget)
                    .or_else(|| self.infer_dependency(home, value?, budget)),
                Definition::Value(value) => {
                    self.infer_dependency(home, value, budget).or_else(|| self.infer(home, value, budget))
                }
                Definition::Function(id) => self.infer_returned(home, id, budget),
                Definition::Class(_) => None,
            };
        }
        agreed(
            instance_assignments(module, class, name).into_iter().filter_map(|value| self.infer(module, value, budget)),
        )
    }

    /// The definition of a name in the body of a class of the project or of the classes it inherits from.
    pub fn member<'p>(&'p self, module: &'p Module, class: StmtId, name: &str) -> Option<(&'p Module, Definition)> {
        let mut open = vec![(module, class)];
        let mut seen = BTreeSet::new();
        while let Some((module, class)) = open.pop() {
            if !seen.insert((module.id, class)) {
                continue;
            }
            let scope = module.scope_opened_by(Definition::Class(class));
            if let Some(found) = scope.and_then(|scope| module.definition_in(scope, name)) {
                return Some((module, found));
            }
            // The first base is looked at first, so the last goes on the pile first.
            for &base in module.class(class)?.bases.iter().rev() {
                let base = self.class(module, module.without_subscript(base));
                open.extend(base.map(|(module, class, _)| (module, class)));
            }
        }
        None
    }
}

/// The class of what an external callable gives, where it is not the class itself.
fn product(callable: &str) -> Option<Symbol> {
    product_class(callable).map(|class| Symbol::External(class.to_owned()))
}

/// The path of the class of what an external callable gives, where it is not the class itself.
pub(crate) fn product_class(callable: &str) -> Option<&'static str> {
    let canonical = canonical(callable);
    PRODUCTS.iter().find(|(name, _)| *name == canonical).map(|(_, class)| *class)
}

/// The one spelling of a path that the tables use, where a library offers a class under several.
pub(crate) fn canonical(path: &str) -> String {
    const SPELLINGS: &[(&str, &str)] = &[
        ("sqlalchemy.orm.session.", "sqlalchemy.orm."),
        ("sqlalchemy.orm.scoping.", "sqlalchemy.orm."),
        ("sqlalchemy.ext.asyncio.session.", "sqlalchemy.ext.asyncio."),
        ("sqlalchemy.ext.asyncio.engine.", "sqlalchemy.ext.asyncio."),
        ("sqlalchemy.engine.base.", "sqlalchemy.engine."),
        ("sqlalchemy.Connection", "sqlalchemy.engine.Connection"),
        ("sqlalchemy.Engine", "sqlalchemy.engine.Engine"),
        ("sqlmodel.orm.session.", "sqlmodel."),
        ("asyncpg.pool.Pool", "asyncpg.Pool"),
        ("docker.from_env", "docker.DockerClient"),
        ("supabase.create_client", "supabase.Client"),
        ("supabase.acreate_client", "supabase.AsyncClient"),
        ("supabase.create_async_client", "supabase.AsyncClient"),
        ("firebase_admin.firestore.client", "google.cloud.firestore.Client"),
        ("firebase_admin.firestore.Client", "google.cloud.firestore.Client"),
        ("docker.client.DockerClient", "docker.DockerClient"),
        ("docker.client.from_env", "docker.DockerClient"),
        ("starlette.datastructures.UploadFile", "fastapi.UploadFile"),
    ];
    for (from, to) in SPELLINGS {
        if let Some(rest) = path.strip_prefix(from) {
            return format!("{to}{rest}");
        }
    }
    path.to_owned()
}

/// The first element of a tuple, or the expression itself.
fn first_of(module: &Module, expr: ExprId) -> ExprId {
    match &module.python.syntax.expr(expr).kind {
        ExprKind::Tuple { elts, .. } => elts.first().copied().unwrap_or(expr),
        _ => expr,
    }
}

/// What a function's own `return` and `yield` give.
fn results<'m>(module: &'m Module, function: &'m FunctionDef) -> impl Iterator<Item = ExprId> + 'm {
    let syntax = &module.python.syntax;
    module.python.syntax.walk_stmts_in(&function.body, false).filter_map(move |id| match syntax.stmt(id).kind {
        StmtKind::Return(value) => value,
        StmtKind::Expr(value) => match syntax.expr(value).kind {
            ExprKind::Yield(value) => value,
            _ => None,
        },
        _ => None,
    })
}

/// The class that all answers name, where there is exactly one.
fn agreed(types: impl Iterator<Item = Symbol>) -> Option<Symbol> {
    let mut types: BTreeSet<Symbol> = types.collect();
    if types.len() == 1 { types.pop_first() } else { None }
}

/// Whether a method returns its own instance.
fn returns_self(module: &Module, method: StmtId) -> bool {
    module
        .function(method)
        .is_some_and(|function| results(module, function).any(|value| module.own_class(value).is_some()))
}

/// The values that the methods of a class assign to `self.name`.
pub(crate) fn instance_assignments(module: &Module, class: StmtId, name: &str) -> Vec<ExprId> {
    let syntax = &module.python.syntax;
    let Some(class) = module.class(class) else { return Vec::new() };
    let assigned = syntax.walk_stmts_in(&class.body, true).filter_map(|id| match &syntax.stmt(id).kind {
        StmtKind::Assign { targets, value } => Some((*targets.first()?, *value)),
        StmtKind::AnnAssign { target, value, .. } => Some((*target, (*value)?)),
        _ => None,
    });
    assigned
        .filter(|&(target, _)| match &syntax.expr(target).kind {
            ExprKind::Attribute { value, attr, .. } => {
                syntax.identifier(*attr) == name && module.own_class(*value).is_some()
            }
            _ => false,
        })
        .map(|(_, value)| value)
        .collect()
}

impl Module {
    /// The class whose instance (or which itself) the first parameter of the enclosing method is, where the
    /// expression is that parameter: `self`, `cls`.
    pub fn own_class(&self, expr: ExprId) -> Option<StmtId> {
        let syntax = &self.python.syntax;
        let ExprKind::Name { id, .. } = syntax.expr(expr).kind else { return None };
        if !matches!(syntax.name(id), "self" | "cls") {
            return None;
        }
        syntax
            .enclosing_stmts(pyaudit_python::Parent::Expr(expr))
            .find(|&stmt| matches!(syntax.stmt(stmt).kind, StmtKind::ClassDef(_)))
    }
}
