use pyaudit_check::project::Module;
use pyaudit_check::project::database::SessionOpening;
use pyaudit_check::python::{Parent, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, check};

check! {
    /// ## What it does
    /// Finds sessions and connections that a function of a running application opens and that nothing closes, or that stay
    /// open when something is raised: `db = SessionLocal()` without `with` or `finally`, a `get_db` whose `close` after the
    /// `yield` stands in no `finally`, a dependency that returns a session, `next(get_db())`.
    ///
    /// ## Why it matters
    /// A session keeps its connection, and with it a transaction and its locks, until it is closed. What is forgotten waits
    /// for the garbage collector; an asynchronous connection is not even given back by that. After as many errors as the
    /// pool has connections (fifteen by default) every request waits thirty seconds and fails. The generator of
    /// `next(get_db())` is dropped at once, so that its `finally` closes the session before it is used, and nothing closes it
    /// afterwards.
    ///
    /// ## How to fix
    /// Write `with SessionLocal() as db:` (`async with` for an asynchronous one), or `try:` … `finally: db.close()`. A
    /// dependency yields inside of that.
    ///
    /// ## Limits
    /// What is returned, kept in an attribute, a container or a global name, or given to an exit stack is somebody else's to
    /// close, and stays silent; so do sessions bound to a connection that is given. Where the session is handed to
    /// another function, which might close it, the confidence is medium. `with sqlite3.connect(…)` only ends the transaction and
    /// leaves the connection open, which is not reported. Factories whose name says nothing of sessions, connections, makers or
    /// factories are not looked at. Silent for tests, scripts and command lines, which end soon.
    id: "session-not-closed",
    summary: "a session or connection stays open",
    area: Database,
    axis: Robustness,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/orm/session_basics.html#closing",
        "https://fastapi.tiangolo.com/tutorial/dependencies/dependencies-with-yield/",
        "https://cwe.mitre.org/data/definitions/772.html",
    ],
    run: Module(run),
}

fn message(callee: &str, opening: &SessionOpening) -> String {
    if opening.drops_generator {
        return format!(
            "`{callee}` drops the generator it asks, whose `finally` runs at once: nothing closes the session afterwards"
        );
    }
    match (opening.close.is_some(), opening.is_lent) {
        (true, true) => {
            format!("what `{callee}` opens stays open when a request fails: its `close` stands in no `finally`")
        }
        (true, false) => format!("what `{callee}` opens stays open when something is raised before its `close`"),
        (false, true) => format!("`{callee}` opens a session for each request, and nothing closes it"),
        (false, false) => {
            format!("nothing closes what `{callee}` opens: its connection waits for the garbage collector")
        }
    }
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application || project.is_command_line(module) || is_program(project, module) {
        return;
    }
    let openings = project.unsettled_openings(module);
    findings.examined(openings.len() + managed(project, module));
    for opening in openings {
        let is_short = project.is_command(module, opening.function)
            || project.is_used_by_main_guard_only(module, opening.function);
        if !is_short {
            report(project, &opening, findings);
        }
    }
}

/// Whether a module that nothing imports has a `__main__` block: it ends soon, whatever directory it stands in.
fn is_program(project: &Project, module: &Module) -> bool {
    let syntax = &module.python.syntax;
    project.imports.importers(module.id).is_empty()
        && syntax.stmts().any(|(id, _)| module.python.is_in_main_guard(Parent::Stmt(id)))
        && !project.imports.is_served(module.id)
}

/// How many sessions and connections a `with` closes.
fn managed(project: &Project, module: &Module) -> usize {
    let statements = module.python.syntax.stmts().filter_map(|(_, stmt)| match &stmt.kind {
        StmtKind::With { items, .. } => Some(items),
        _ => None,
    });
    statements.flatten().filter(|item| project.database_object(module, item.context_expr).is_some()).count()
}

fn report(project: &Project, opening: &SessionOpening, findings: &mut Findings) {
    let callee = project.sources.slice(opening.span).split_whitespace().collect::<String>();
    let finding = findings.report(opening.span, message(&callee, opening));
    if let Some(close) = opening.close {
        finding.related(close, "the `close` that an exception leaves out");
        // Without a request that fails on purpose, and with a collector that is quick, it is seldom felt.
        if !opening.is_lent && !opening.is_async {
            finding.severity(Severity::Low);
        }
    }
    if opening.is_passed_on && !opening.is_lent && opening.close.is_none() {
        finding.confidence(Confidence::Medium);
    }
}
