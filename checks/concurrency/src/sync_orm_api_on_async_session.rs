use pyaudit_check::project::{DatabaseObject, Module, NamedCall};
use pyaudit_check::python::{ExprId, ExprKind, Parent, StmtKind};
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds an `AsyncSession` that is used like a `Session`: `session.query(…)`, which it does not have, and calls that
    /// give a coroutine which nothing awaits (`session.commit()`, `session.execute(…).scalars()`).
    ///
    /// ## Why it matters
    /// `query` raises an `AttributeError` at the first request. A call that is not awaited does nothing: what was to be
    /// committed is lost without an error, and a result that is used like rows raises.
    ///
    /// ## How to fix
    /// Write `(await session.execute(select(User))).scalars()` in place of `session.query(User)`, and `await` every call
    /// that talks to the database.
    ///
    /// ## Limits
    /// The object must be known to be an `AsyncSession`. A coroutine that is returned, stored or passed on
    /// (`asyncio.gather`) may be awaited elsewhere and stays silent, and so does the function that `run_sync` is given.
    /// `session.add`, `add_all`, `expunge` and the like are no coroutines. Attributes that load lazily are not seen.
    id: "sync-orm-api-on-async-session",
    summary: "an asynchronous session is used like a synchronous one",
    area: Concurrency,
    axis: Robustness,
    severity: High,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#using-asyncsession"],
    run: Module(run),
}

/// Methods of an asynchronous session that are coroutines.
const COROUTINES: &[&str] = &[
    "close",
    "commit",
    "connection",
    "delete",
    "execute",
    "exec",
    "flush",
    "get",
    "get_one",
    "invalidate",
    "merge",
    "refresh",
    "reset",
    "rollback",
    "run_sync",
    "scalar",
    "scalars",
    "stream",
    "stream_scalars",
];

fn query_message(callee: &str) -> String {
    format!("`{callee}` does not exist: an `AsyncSession` has no `query`, so this raises an `AttributeError`")
}

fn awaited_message(callee: &str) -> String {
    format!("`{callee}` is not awaited: an `AsyncSession` gives a coroutine here, and nothing is sent to the database")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    let names: Vec<&str> = COROUTINES.iter().copied().chain(["query"]).collect();
    for call in module.calls_named(&names) {
        let Some(object) = call.object.filter(|&object| may_be_session(module, object)) else { continue };
        let is_missing = call.name == "query";
        if !(is_missing || is_used_unawaited(module, &call)) {
            continue;
        }
        if project.database_object(module, object) != Some(DatabaseObject::AsyncSession) {
            continue;
        }
        let callee = project.sources.slice(call.span()).split_whitespace().collect::<String>();
        let text = if is_missing { query_message(&callee) } else { awaited_message(&callee) };
        findings.report(call.span(), text).subject(module.path_to(Parent::Expr(call.id)).join("."));
    }
    findings.examined(sessions_called(project, module, &names));
}

/// How many calls of asynchronous sessions a module holds.
fn sessions_called(project: &Project, module: &Module, names: &[&str]) -> usize {
    let calls = module.calls_named(names).into_iter();
    let objects = calls.filter_map(|call| call.object.filter(|&object| may_be_session(module, object)));
    objects.filter(|&object| project.database_object(module, object) == Some(DatabaseObject::AsyncSession)).count()
}

/// A cheap look before the class of an object is asked for.
fn may_be_session(module: &Module, object: ExprId) -> bool {
    let kind = &module.python.syntax.expr(object).kind;
    matches!(kind, ExprKind::Name { .. } | ExprKind::Attribute { .. } | ExprKind::Call { .. })
}

/// Whether what a call gives is dropped, gone through or asked for an attribute: nothing can await it then.
fn is_used_unawaited(module: &Module, call: &NamedCall<'_>) -> bool {
    let syntax = &module.python.syntax;
    match syntax.expr_parent(call.id) {
        Parent::Stmt(stmt) => match &syntax.stmt(stmt).kind {
            StmtKind::Expr(_) => true,
            StmtKind::For { iter, .. } => *iter == call.id,
            _ => false,
        },
        Parent::Expr(outer) => {
            matches!(&syntax.expr(outer).kind, ExprKind::Attribute { value, .. } if *value == call.id)
        }
        _ => false,
    }
}
