//! Engines, connection pools, session factories, and where tables are made without migrations.

use super::Database;
use super::reading::CallAt;
use crate::types::canonical;
use crate::{Condition, DatabaseObject, Module, ModuleId, Possible, Project};
use pyaudit_python::{ExprId, ExprKind, FoldedPart, Parent, StmtId};
use pyaudit_source::Span;

/// Calls that make an engine, a pool or a client: the path, whether its calls are awaited.
const ENGINES: &[(&str, bool)] = &[
    ("sqlalchemy.create_engine", false),
    ("sqlalchemy.engine.create_engine", false),
    ("sqlmodel.create_engine", false),
    ("sqlalchemy.engine_from_config", false),
    ("sqlalchemy.engine.engine_from_config", false),
    ("sqlalchemy.ext.asyncio.create_async_engine", true),
    ("sqlalchemy.ext.asyncio.async_engine_from_config", true),
    ("databases.Database", true),
    ("asyncpg.create_pool", true),
    ("psycopg_pool.ConnectionPool", false),
    ("psycopg_pool.AsyncConnectionPool", true),
    ("psycopg2.pool.SimpleConnectionPool", false),
    ("psycopg2.pool.ThreadedConnectionPool", false),
    ("aiomysql.create_pool", true),
];

/// Calls that make a session factory, and whether its sessions are asynchronous.
const FACTORIES: &[(&str, bool)] = &[
    ("sqlalchemy.orm.sessionmaker", false),
    ("sqlalchemy.orm.scoped_session", false),
    ("sqlalchemy.ext.asyncio.async_sessionmaker", true),
    ("sqlalchemy.ext.asyncio.async_scoped_session", true),
];

/// An engine, a connection pool or a client of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// The module that makes it.
    pub module: ModuleId,
    /// The call.
    pub call: ExprId,
    /// The call's place.
    pub span: Span,
    /// The path of what is called: `sqlalchemy.create_engine`.
    pub callee: String,
    /// The function that makes it; `None` for one made when its module is imported.
    pub function: Option<StmtId>,
    /// Whether its calls are awaited.
    pub is_async: bool,
    /// The addresses it may be given.
    pub urls: Possible,
    /// The database, by the start of the address: `postgresql`, `sqlite`. `None` where it cannot be known.
    pub dialect: Option<String>,
    /// The expression of the address, as it is written.
    pub url_text: Option<String>,
    /// The keyword arguments, `**mapping` taken apart.
    pub arguments: Vec<PoolArgument>,
    /// Whether there may be further arguments: a `**mapping` that cannot be read.
    pub has_unknown_arguments: bool,
}

/// A keyword argument of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolArgument {
    /// Its name: `pool_size`.
    pub name: String,
    /// Its value as it is written.
    pub value: String,
    /// The environment in which it is given, where that is limited.
    pub condition: Option<Condition>,
}

impl Engine {
    /// A keyword argument.
    pub fn argument(&self, name: &str) -> Option<&PoolArgument> {
        self.arguments.iter().find(|argument| argument.name == name)
    }
}

/// A factory of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFactory {
    /// The module that makes it.
    pub module: ModuleId,
    /// The call's place.
    pub span: Span,
    /// The function that makes it; `None` for one made when its module is imported.
    pub function: Option<StmtId>,
    /// Whether its sessions are asynchronous.
    pub is_async: bool,
    /// The number of its engine in [`Database::engines`], where that is known.
    pub engine: Option<usize>,
    /// `expire_on_commit`, where it is written as a constant.
    pub expire_on_commit: Option<bool>,
    bind: Option<ExprId>,
}

/// A use of `create_all` or `drop_all`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaCreation {
    /// The module.
    pub module: ModuleId,
    /// `metadata.create_all`, without the call.
    pub call: ExprId,
    /// The place of `metadata.create_all`.
    pub span: Span,
    /// Whether it drops the tables.
    pub drops: bool,
    /// The function around it; `None` for one that runs when its module is imported.
    pub function: Option<StmtId>,
    /// Whether it runs when an application starts: at import, in a lifespan or start-up handler.
    pub runs_at_start: bool,
}

impl Project {
    /// Reads the engines, factories and uses of `create_all` of a module.
    pub(super) fn read_engines(&self, module: &Module, into: &mut Database) {
        let makers: Vec<&str> = ENGINES.iter().chain(FACTORIES).map(|&(name, _)| name).collect();
        for (id, expr) in module.python.syntax.exprs() {
            match &expr.kind {
                ExprKind::Call { .. } => {
                    let Some(call) = CallAt::of(module, id) else { continue };
                    if !self.may_mean(module, call.func, &makers) {
                        continue;
                    }
                    let Some(callee) = self.callee(&call) else { continue };
                    if let Some(&(_, is_async)) = ENGINES.iter().find(|(known, _)| *known == callee) {
                        into.engines.push(self.engine(&call, id, callee, is_async));
                    } else if let Some(&(_, is_async)) = FACTORIES.iter().find(|(known, _)| *known == callee) {
                        into.factories.push(self.factory(&call, id, is_async));
                    }
                }
                ExprKind::Attribute { value, attr, .. } => {
                    let method = module.python.syntax.identifier(*attr);
                    if matches!(method, "create_all" | "drop_all") && self.is_metadata(module, *value) {
                        into.creations.push(self.creation(module, id, method == "drop_all"));
                    }
                }
                _ => {}
            }
        }
    }

    fn callee(&self, call: &CallAt<'_>) -> Option<String> {
        let symbols = self.symbols(call.module, call.func);
        symbols.iter().find_map(|symbol| symbol.external()).map(canonical)
    }

    fn enclosing_function(module: &Module, expr: ExprId) -> Option<StmtId> {
        module.python.syntax.enclosing_functions(Parent::Expr(expr)).next()
    }

    fn engine(&self, call: &CallAt<'_>, id: ExprId, callee: String, is_async: bool) -> Engine {
        let module = call.module;
        let names = ["url", "dsn", "conninfo"];
        let url = names.iter().find_map(|name| call.keyword(name));
        let url = call.args.first().copied().or(url);
        let is_config = callee.ends_with("engine_from_config");
        let url = url.filter(|_| !is_config);
        let dialect = url.and_then(|url| self.dialect(module, url, 8)).or_else(|| driver(&callee));
        let mut engine = Engine {
            module: module.id,
            call: id,
            span: module.span_of(id),
            callee,
            function: Self::enclosing_function(module, id),
            is_async,
            urls: url.map(|url| self.possible_strings(module, url)).unwrap_or_default(),
            dialect,
            url_text: url.map(|url| self.text_at(module, url)),
            arguments: Vec::new(),
            has_unknown_arguments: is_config,
        };
        for keyword in call.keywords {
            match keyword.name {
                Some(name) => engine.arguments.push(PoolArgument {
                    name: module.python.syntax.identifier(name).to_owned(),
                    value: self.text_at(module, keyword.value),
                    condition: None,
                }),
                None => self.spread(module, keyword.value, 8, None, &mut engine),
            }
        }
        engine
    }

    /// Takes `**mapping` apart.
    fn spread(&self, module: &Module, expr: ExprId, hops: usize, condition: Option<Condition>, into: &mut Engine) {
        let Some(hops) = hops.checked_sub(1) else {
            into.has_unknown_arguments = true;
            return;
        };
        let (module, expr) = self.follow(module, expr);
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Dict(items) => {
                for item in items {
                    match item.key.map(|key| self.constant_string(module, key)) {
                        Some(Some(name)) => {
                            let value = self.text_at(module, item.value);
                            into.arguments.push(PoolArgument { name, value, condition });
                        }
                        Some(None) => into.has_unknown_arguments = true,
                        None => self.spread(module, item.value, hops, condition, into),
                    }
                }
            }
            ExprKind::IfExp { test, body, orelse } => {
                let (then, otherwise) = match self.condition_of(module, *test) {
                    Some(Condition::Development) => (Some(Condition::Development), Some(Condition::NotDevelopment)),
                    Some(Condition::NotDevelopment) => (Some(Condition::NotDevelopment), Some(Condition::Development)),
                    None => (condition, condition),
                };
                self.spread(module, *body, hops, then, into);
                self.spread(module, *orelse, hops, otherwise, into);
            }
            ExprKind::Call { func, args, keywords } if args.is_empty() && self.is_any(module, *func, &["dict"]) => {
                for keyword in keywords {
                    match keyword.name {
                        Some(name) => into.arguments.push(PoolArgument {
                            name: syntax.identifier(name).to_owned(),
                            value: self.text_at(module, keyword.value),
                            condition,
                        }),
                        None => self.spread(module, keyword.value, hops, condition, into),
                    }
                }
            }
            _ => into.has_unknown_arguments = true,
        }
    }

    /// The database that an address starts with.
    fn dialect(&self, module: &Module, url: ExprId, hops: usize) -> Option<String> {
        let hops = hops.checked_sub(1)?;
        let possible = self.possible_strings(module, url);
        let mut known: Vec<String> = possible.values.iter().filter_map(|value| scheme(&value.text)).collect();
        known.sort();
        known.dedup();
        match known.as_slice() {
            [only] => return Some(only.clone()),
            [_, ..] => return None,
            [] => {}
        }
        let (home, value) = self.follow(module, url);
        if let Some(FoldedPart::Text(start)) = home.python.fold_string(value).parts.first()
            && let Some(scheme) = scheme(start)
        {
            return Some(scheme);
        }
        let call = CallAt::of(home, value)?;
        let syntax = &home.python.syntax;
        if let ExprKind::Attribute { value, attr, .. } = &syntax.expr(call.func).kind
            && matches!(syntax.identifier(*attr), "replace" | "strip" | "unicode_string" | "render_as_string")
        {
            return self.dialect(home, *value, hops);
        }
        let name = self.callee(&call).unwrap_or_default();
        let first = call.args.first().copied();
        if name.ends_with("URL.create") || name.ends_with("sqlalchemy.engine.url.URL") {
            let driver = self.constant_string(home, first.or_else(|| call.keyword("drivername"))?)?;
            return scheme(&format!("{driver}:"));
        }
        let is_wrapper = name.ends_with("make_url") || self.is_any(home, call.func, &["str"]);
        first.filter(|_| is_wrapper).and_then(|first| self.dialect(home, first, hops))
    }

    fn factory(&self, call: &CallAt<'_>, id: ExprId, is_async: bool) -> SessionFactory {
        let module = call.module;
        let class = call.keyword("class_").and_then(|class| self.symbol(module, class));
        let class = class.and_then(|class| self.database_class(&class));
        SessionFactory {
            module: module.id,
            span: module.span_of(id),
            function: Self::enclosing_function(module, id),
            is_async: is_async || class == Some(DatabaseObject::AsyncSession),
            engine: None,
            expire_on_commit: call.flag("expire_on_commit"),
            bind: call.keyword("bind").or_else(|| call.args.first().copied()),
        }
    }

    /// Finds the engine of each factory.
    pub(super) fn link_factories(&self, into: &mut Database) {
        let Database { engines, factories, .. } = into;
        for factory in factories {
            let Some(bind) = factory.bind else { continue };
            let (home, call) = self.follow(self.modules.get(factory.module), bind);
            factory.engine = engines.iter().position(|engine| (engine.module, engine.call) == (home.id, call));
        }
    }

    fn is_metadata(&self, module: &Module, expr: ExprId) -> bool {
        let syntax = &module.python.syntax;
        if let ExprKind::Attribute { attr, .. } = &syntax.expr(expr).kind {
            return syntax.identifier(*attr) == "metadata";
        }
        let (home, value) = self.follow(module, expr);
        match &home.python.syntax.expr(value).kind {
            ExprKind::Attribute { attr, .. } => home.python.syntax.identifier(*attr) == "metadata",
            _ => CallAt::of(home, value)
                .is_some_and(|call| self.library_name(home, call.func).as_deref() == Some("MetaData")),
        }
    }

    fn creation(&self, module: &Module, id: ExprId, drops: bool) -> SchemaCreation {
        let function = Self::enclosing_function(module, id);
        let runs_at_start = match function {
            Some(function) => self.runs_at_start(module, function, 3),
            None => !is_main_block(self, module, id),
        };
        SchemaCreation { module: module.id, call: id, span: module.span_of(id), drops, function, runs_at_start }
    }

    /// Whether a function is a lifespan or start-up handler, or is called by one, as far as names tell.
    fn runs_at_start(&self, module: &Module, function: StmtId, hops: usize) -> bool {
        let Some(definition) = module.function(function) else { return false };
        let syntax = &module.python.syntax;
        let name = syntax.identifier(definition.name);
        let handles_start = definition.decorators.iter().any(|&decorator| {
            let text = self.text_at(module, decorator);
            text.contains("on_event(") && text.contains("startup")
        });
        if handles_start || name.contains("lifespan") {
            return true;
        }
        let Some(hops) = hops.checked_sub(1) else { return false };
        let importers = self.imports.importers(module.id).iter().map(|&id| self.modules.get(id));
        std::iter::once(module).chain(importers).any(|caller| {
            caller.python.syntax.exprs().any(|(id, expr)| {
                let ExprKind::Call { func, .. } = expr.kind else { return false };
                let is_call =
                    self.function(caller, func).is_some_and(|(home, id, _)| (home.id, id) == (module.id, function));
                is_call
                    && match Self::enclosing_function(caller, id) {
                        Some(outer) => {
                            (caller.id, outer) != (module.id, function) && self.runs_at_start(caller, outer, hops)
                        }
                        None => !is_main_block(self, caller, id) && self.imports.is_served(caller.id),
                    }
            })
        })
    }
}

/// Whether an expression stands below `if __name__ == "__main__":`.
fn is_main_block(project: &Project, module: &Module, expr: ExprId) -> bool {
    let syntax = &module.python.syntax;
    syntax.enclosing_stmts(Parent::Expr(expr)).any(|id| match &syntax.stmt(id).kind {
        pyaudit_python::StmtKind::If { clauses, .. } => {
            clauses.first().is_some_and(|clause| project.text_at(module, clause.test).contains("__name__"))
        }
        _ => false,
    })
}

/// The database of an address: `postgresql` of `postgresql+asyncpg://…`; `postgres` is its old spelling.
fn scheme(url: &str) -> Option<String> {
    let (scheme, _) = url.split_once(':')?;
    let name = scheme.split('+').next()?.to_ascii_lowercase();
    let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric());
    is_name.then(|| if name == "postgres" { "postgresql".to_owned() } else { name })
}

/// The database that a driver's own pool talks to.
fn driver(callee: &str) -> Option<String> {
    let database = match callee.split('.').next()? {
        "asyncpg" | "psycopg_pool" | "psycopg2" => "postgresql",
        "aiomysql" => "mysql",
        _ => return None,
    };
    Some(database.to_owned())
}

#[cfg(test)]
mod tests {
    use super::scheme;

    #[test]
    fn the_scheme_of_an_address_tells_the_database() {
        assert_eq!(scheme("postgres://localhost/shop").as_deref(), Some("postgresql"));
        assert_eq!(scheme("sqlite+aiosqlite:///./shop.db").as_deref(), Some("sqlite"));
        assert_eq!(scheme("localhost"), None);
        assert_eq!(scheme("://x"), None);
    }
}
