use pyaudit_check::project::Module;
use pyaudit_check::project::database::Engine;
use pyaudit_check::python::ExprKind;
use pyaudit_check::{Confidence, Findings, Project, Role, Span, check};

check! {
    /// ## What it does
    /// Finds SQLAlchemy engines of a running application that connect to a database server and say nothing of their
    /// pool: neither its size (`pool_size`, `max_overflow`) nor how dead connections are noticed (`pool_pre_ping`,
    /// `pool_recycle`) nor another pool (`poolclass`).
    ///
    /// ## Why it matters
    /// The defaults are five connections and ten more in each process, which no database server counts on when there are
    /// many workers. Without `pool_pre_ping` or `pool_recycle` the first requests after a restart of the
    /// database, or after a firewall dropped idle connections, fail.
    ///
    /// ## How to fix
    /// Pass `pool_pre_ping=True`, and a `pool_size` and `max_overflow` that, times the number of processes, stay below
    /// what the server allows. Behind PgBouncer use `poolclass=NullPool`.
    ///
    /// ## Limits
    /// One pool argument is enough for silence; whether its value is wise is not judged. SQLite, engines of
    /// migrations, tests and scripts, engines that live only in the function that makes them, those that no module of the
    /// application names, and engines whose arguments cannot all be read stay silent. Where the address does not tell the database, a declared driver of a server
    /// does; without one the confidence is low.
    id: "unconfigured-pool",
    summary: "the engine of a database server has no pool settings",
    area: Database,
    axis: Robustness,
    severity: Low,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/core/pooling.html",
        "https://docs.sqlalchemy.org/en/20/core/pooling.html#disconnect-handling-pessimistic",
    ],
    run: Project(run),
}

/// Arguments that say something of the pool.
const POOL_ARGUMENTS: &[&str] = &[
    "pool",
    "poolclass",
    "pool_size",
    "max_overflow",
    "pool_pre_ping",
    "pool_recycle",
    "pool_timeout",
    "pool_use_lifo",
    "pool_reset_on_return",
    "creator",
    "async_creator",
];

fn message(dialect: Option<&str>) -> String {
    let server = match dialect {
        Some("postgresql") => "a PostgreSQL server",
        Some("mysql" | "mariadb") => "a MySQL server",
        _ => "a database server",
    };
    format!(
        "`create_engine` for {server} without pool settings: stale connections fail requests, and each process opens up to 15"
    )
}

fn run(project: &Project, findings: &mut Findings) {
    for engine in project.database.engines().iter().filter(|engine| has_own_pool(project, engine)) {
        findings.examined(1);
        if is_configured(engine) {
            continue;
        }
        let driver = project.database_drivers().first().map(|driver| driver.dialect);
        let dialect = engine.dialect.as_deref().or(driver);
        let callee = callee(project.modules.get(engine.module), engine);
        let text =
            message(dialect).replace("create_engine", engine.callee.rsplit('.').next().unwrap_or("create_engine"));
        let finding = findings.report(callee, text);
        if engine.dialect.is_none() {
            let confidence = if driver.is_some() { Confidence::Medium } else { Confidence::Low };
            finding.confidence(confidence);
        }
    }
}

/// Whether an engine keeps connections to a server, or may, for as long as the application runs.
fn has_own_pool(project: &Project, engine: &Engine) -> bool {
    let module = project.modules.get(engine.module);
    let is_sqlalchemy = engine.callee.starts_with("sqlalchemy.") || engine.callee.starts_with("sqlmodel.");
    is_sqlalchemy
        && engine.dialect.as_deref() != Some("sqlite")
        && module.role == Role::Application
        && project.imports.is_served(engine.module)
        && project.outlives_its_function(engine)
        && project.is_used_by_application(engine)
}

fn is_configured(engine: &Engine) -> bool {
    // Only SQLite takes this argument, whatever the address says.
    let is_sqlite = engine.argument("connect_args").is_some_and(|arguments| {
        arguments.value.starts_with('{')
            && arguments.value.ends_with('}')
            && arguments.value.contains("check_same_thread")
    });
    is_sqlite || engine.has_unknown_arguments || POOL_ARGUMENTS.iter().any(|name| engine.argument(name).is_some())
}

/// The place of `create_engine` itself.
fn callee(module: &Module, engine: &Engine) -> Span {
    match module.python.syntax.expr(engine.call).kind {
        ExprKind::Call { func, .. } => module.span_of(func),
        _ => engine.span,
    }
}
