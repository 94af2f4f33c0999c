use pyaudit_check::project::database::SchemaCreation;
use pyaudit_check::project::{Condition, Module, paths};
use pyaudit_check::python::{ExprId, ExprKind, Parent, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds applications that call `metadata.create_all` when they start, at import, in a lifespan or in a start-up
    /// handler, although the repository has Alembic migrations for them.
    ///
    /// ## Why it matters
    /// Two things make the schema. Whichever runs first wins: a table that `create_all` made is not in the history, so that the
    /// migration that should create it fails with "already exists", and a column that is new in a model is added to no table
    /// that exists. Databases that were made at different times differ.
    ///
    /// ## How to fix
    /// Remove the call and run `alembic upgrade head` before the application starts. Keep `create_all` in tests.
    ///
    /// ## Limits
    /// Silent for calls in tests, scripts and migrations (a baseline may use it), for functions that nothing calls when the
    /// application starts, for calls in development or for SQLite alone, and for the metadata of tables that the
    /// migrations do not target.
    id: "create-all-beside-migrations",
    summary: "`create_all` makes at start-up what migrations make too",
    area: Database,
    axis: Reproducibility,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://alembic.sqlalchemy.org/en/latest/cookbook.html#building-an-up-to-date-database-from-scratch"],
    run: Project(run),
}

fn message(revisions: usize) -> String {
    let migrations = if revisions == 1 { "a migration".to_owned() } else { format!("{revisions} migrations") };
    format!(
        "`create_all` makes tables when the application starts, beside {migrations}: what it makes is in no history"
    )
}

fn run(project: &Project, findings: &mut Findings) {
    for creation in project.database.creations().iter().filter(|creation| !creation.drops) {
        let module = project.modules.get(creation.module);
        if module.role != Role::Application {
            continue;
        }
        findings.examined(1);
        let Some(environment) = environment_of(project, module) else { continue };
        let revisions = project.migrations.in_environment(Some(environment)).count();
        let runs = creation.runs_at_start && project.imports.is_served(creation.module);
        if revisions == 0
            || !runs
            || is_limited(project, module, creation)
            || is_foreign(project, module, creation, environment)
        {
            continue;
        }
        let finding = findings.report(creation.span, message(revisions));
        if creation.function.is_some() && calls_are_conditional(project, module, creation) {
            finding.confidence(Confidence::Medium);
        }
        finding.related(project.migrations.environments[environment].span, "the migrations");
    }
}

/// The Alembic environment nearest to a module: the one whose configuration stands in the deepest directory around it.
fn environment_of(project: &Project, module: &Module) -> Option<usize> {
    let path = project.sources.file(module.file).directory();
    let environments = project.migrations.environments.iter().enumerate();
    let around = environments.filter_map(|(at, environment)| {
        let home = project.sources.file(environment.span.file).directory();
        paths::is_within(path, home).then_some((home.len(), at))
    });
    let nearest = around.max_by_key(|&(depth, at)| (depth, std::cmp::Reverse(at))).map(|(_, at)| at);
    nearest.or_else(|| (project.migrations.environments.len() == 1).then_some(0))
}

/// Whether the call, or every call of the function that holds it, is for development or for `SQLite`.
fn is_limited(project: &Project, module: &Module, creation: &SchemaCreation) -> bool {
    if is_limited_at(project, module, creation.call) {
        return true;
    }
    let calls = calls(project, module, creation);
    !calls.is_empty() && calls.iter().all(|&(caller, call)| is_limited_at(project, caller, call))
}

fn is_limited_at(project: &Project, module: &Module, expr: ExprId) -> bool {
    project.condition_at(module, Parent::Expr(expr)) == Some(Condition::Development)
        || tests_around(project, module, expr).iter().any(|test| test.to_lowercase().contains("sqlite"))
}

/// The texts of the conditions around an expression.
fn tests_around(project: &Project, module: &Module, expr: ExprId) -> Vec<String> {
    let syntax = &module.python.syntax;
    let around = syntax.enclosing_stmts(Parent::Expr(expr));
    let tests = around.filter_map(|stmt| match &syntax.stmt(stmt).kind {
        StmtKind::If { clauses, .. } => clauses.first().map(|clause| clause.test),
        _ => None,
    });
    tests.map(|test| project.sources.slice(module.span_of(test)).to_owned()).collect()
}

fn calls_are_conditional(project: &Project, module: &Module, creation: &SchemaCreation) -> bool {
    let calls = calls(project, module, creation);
    !calls.is_empty() && calls.iter().all(|&(caller, call)| !tests_around(project, caller, call).is_empty())
}

/// The calls of the function that holds the creation.
fn calls<'p>(project: &'p Project, module: &'p Module, creation: &SchemaCreation) -> Vec<(&'p Module, ExprId)> {
    let Some(function) = creation.function else { return Vec::new() };
    let importers = project.imports.importers(module.id).iter().map(|&id| project.modules.get(id));
    let callers = std::iter::once(module).chain(importers).filter(|caller| caller.role == Role::Application);
    let calls = callers.flat_map(|caller| {
        let calls = caller.python.syntax.exprs().filter_map(move |(id, expr)| match expr.kind {
            ExprKind::Call { func, .. } => Some((id, func)),
            _ => None,
        });
        let is_call = move |&(_, func): &(ExprId, ExprId)| {
            project.function(caller, func).is_some_and(|(home, id, _)| (home.id, id) == (module.id, function))
        };
        calls.filter(is_call).map(move |(id, _)| (caller, id))
    });
    calls.collect()
}

/// Whether the environment targets the metadata of other bases, and not of this one.
fn is_foreign(project: &Project, module: &Module, creation: &SchemaCreation, environment: usize) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Attribute { value: metadata, .. } = syntax.expr(creation.call).kind else { return false };
    let ExprKind::Attribute { value: base, .. } = syntax.expr(metadata).kind else { return false };
    let Some(base) = project.symbol(module, base) else { return false };
    let env = project.migrations.environments[environment].env_module;
    let targets = env.and_then(|file| project.modules.in_file(file)).map(|env| project.metadata_read_in(env));
    let is_base = |symbol| project.declarative_bases().iter().any(|base| base.symbol == symbol);
    targets.is_some_and(|targets| {
        !targets.contains(&base) && is_base(base) && targets.iter().any(|target| is_base(target.clone()))
    })
}
