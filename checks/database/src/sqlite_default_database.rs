use pyaudit_check::project::{Condition, Module, PossibleValue};
use pyaudit_check::python::{ExprKind, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds applications whose engine falls back to a SQLite file when the variable with the address is not set, although
    /// the application is made for a database server: it declares a driver of one, or an engine names one.
    ///
    /// ## Why it matters
    /// A deployment without the variable starts, answers and writes into a file inside the container. The data is gone with the
    /// next deployment, each worker or replica may have its own, and nothing fails until somebody misses it.
    ///
    /// ## How to fix
    /// Give the setting no default, so that the application refuses to start, and put the SQLite address into `.env.example`
    /// or the development settings.
    ///
    /// ## Limits
    /// An application without a driver for a server is made for SQLite: a finding there has low confidence. Silent for
    /// defaults in development branches, for addresses that nothing can replace, where some code raises for SQLite
    /// (a production guard), and for tests, scripts and migrations.
    id: "sqlite-default-database",
    summary: "without its variable the application writes to a SQLite file",
    area: Database,
    axis: Reproducibility,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://12factor.net/backing-services", "https://www.sqlite.org/whentouse.html"],
    run: Project(run),
}

fn message(value: &PossibleValue) -> String {
    let place = if value.text.contains(":memory:") || value.text.ends_with("://") { "memory" } else { "a local file" };
    match value.variable.as_deref().filter(|name| !name.is_empty()) {
        Some(variable) => {
            format!("without `{variable}` the application keeps its data in {place}: the default is SQLite")
        }
        None => {
            format!("without a configured address the application keeps its data in {place}: the default is SQLite")
        }
    }
}

fn run(project: &Project, findings: &mut Findings) {
    let drivers = project.database_drivers();
    let has_server = !drivers.is_empty() || project.dialects().iter().any(|dialect| dialect != "sqlite");
    let mut seen = BTreeSet::new();
    let mut defaults = Vec::new();
    for engine in project.database.engines() {
        let module = project.modules.get(engine.module);
        if module.role != Role::Application || !project.imports.is_served(engine.module) {
            continue;
        }
        findings.examined(1);
        let values = engine.urls.values.iter().filter(|value| is_fallback(value, engine.urls.complete));
        defaults.extend(values.filter(|value| seen.insert(value.span)));
    }
    if defaults.is_empty() || refuses_sqlite(project) {
        return;
    }
    for value in defaults {
        let finding = findings.report(value.span, message(value));
        if let Some(variable) = &value.variable {
            finding.subject(variable.clone());
        }
        if let Some(driver) = drivers.first() {
            finding.related(driver.span, format!("`{}` is for {}", driver.distribution, driver.dialect));
        }
        if !has_server {
            finding.confidence(Confidence::Low);
        }
    }
}

/// Whether a value is what is left when nothing is configured.
fn is_fallback(value: &PossibleValue, complete: bool) -> bool {
    let can_be_replaced = value.variable.is_some() || !complete;
    value.text.starts_with("sqlite") && can_be_replaced && value.condition != Some(Condition::Development)
}

/// Whether code of the application raises for `SQLite`, or checks for it together with production.
fn refuses_sqlite(project: &Project) -> bool {
    let application = project.modules.iter().filter(|module| module.role == Role::Application);
    { application }.any(|module| raises_for_sqlite(project, module) || checks_for_sqlite(project, module))
}

fn raises_for_sqlite(project: &Project, module: &Module) -> bool {
    let syntax = &module.python.syntax;
    syntax.stmts().any(|(_, stmt)| {
        let StmtKind::If { clauses, .. } = &stmt.kind else { return false };
        clauses.iter().any(|clause| {
            let test = project.sources.slice(module.span_of(clause.test)).to_lowercase();
            let raises = clause.body.iter().any(|&stmt| matches!(syntax.stmt(stmt).kind, StmtKind::Raise { .. }));
            raises && test.contains("sqlite")
        })
    })
}

fn checks_for_sqlite(project: &Project, module: &Module) -> bool {
    let syntax = &module.python.syntax;
    syntax.exprs().any(|(id, expr)| {
        let ExprKind::BoolOp { .. } = expr.kind else { return false };
        let text = project.sources.slice(module.span_of(id)).to_lowercase();
        text.contains("sqlite") && text.contains("production")
    })
}
