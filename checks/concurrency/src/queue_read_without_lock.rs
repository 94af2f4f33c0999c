use pyaudit_check::project::Module;
use pyaudit_check::project::calls::{Callee, EdgeKind, FunctionId, FunctionNode};
use pyaudit_check::project::database::QueueRead;
use pyaudit_check::python::{ExprKind, StmtId, StmtKind};
use pyaudit_check::{Findings, Project, Role, Span, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds workers that read the rows which wait (`status == "pending"`) and then give them another state, without a lock:
    /// no `with_for_update(skip_locked=True)`, no advisory lock, no lock in Redis. Workers are tasks of Celery, Dramatiq,
    /// Taskiq or arq, and endless loops that the web process starts.
    ///
    /// ## Why it matters
    /// Two workers, or two runs of one task of which the first took longer than the schedule, read the same rows before
    /// either has marked them. Each mail goes out twice, each payment is made twice, and only under load.
    ///
    /// ## How to fix
    /// Take the rows and lock them in one statement, `.with_for_update(skip_locked=True)`, or mark them first with
    /// `update(…).where(status == "pending").returning(…)` and work on what that gives.
    ///
    /// ## Limits
    /// The rows must be of a mapped class, and be marked in the function that reads them. Scripts that a scheduler starts
    /// one at a time are left alone, and so is a function that takes a lock in any way, also where its callers do, and a sweep that only gives up what is overdue
    /// (`expired`, `terminated`) and starts nothing. Raw SQL is not read.
    id: "queue-read-without-lock",
    summary: "several workers may take the same waiting rows",
    area: Concurrency,
    axis: Robustness,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/core/selectable.html#sqlalchemy.sql.expression.GenerativeSelect.with_for_update",
        "https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE",
    ],
    run: Project(run),
}

/// How many calls away from its start the query of a worker may be.
const DEPTH: usize = 4;

/// Parts of names of what takes a lock.
const LOCKS: &[&str] = &["lock", "acquire", "advisory", "mutex", "semaphore", "for_update", "leader"];

/// What starts a worker, in the words of a message.
struct Worker {
    function: FunctionId,
    what: &'static str,
}

fn message(read: QueueRead<'_>, state: &str, worker: &str) -> String {
    let table = read.table.class_path.last().map_or("rows", String::as_str);
    format!(
        "{worker} takes each `{table}` whose `{}` is `{state}` without a lock: two workers may take the same",
        read.column
    )
}

fn run(project: &Project, findings: &mut Findings) {
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    for worker in workers(project) {
        findings.examined(1);
        let known = project.calls.function(worker.function);
        let FunctionNode::Definition(start) = known.node else { continue };
        let functions = project.functions_behind(known.module, start, DEPTH);
        if takes_lock(project, &functions) {
            continue;
        }
        for &(module, function) in &functions {
            for read in project.queue_reads(module, function) {
                let span = module.span_of(read.call);
                if seen.insert(span) {
                    report(project, &worker, module, read, findings);
                }
            }
        }
    }
}

/// The functions of which several copies may run at once, apart from those that answer requests.
fn workers(project: &Project) -> Vec<Worker> {
    let is_shipped = |id: FunctionId| project.modules.get(project.calls.function(id).module).role == Role::Application;
    let tasks = project.calls.functions().filter(|(_, function)| function.entry.task).map(|(id, _)| id);
    let mut found: Vec<Worker> = tasks.map(|function| Worker { function, what: "task" }).collect();
    let mut loops = BTreeSet::new();
    for start in project.functions_at_start() {
        for edge in project.calls.edges_from(start) {
            if let Callee::Function(function) = edge.callee
                && (edge.kind == EdgeKind::Callback || project.starts_a_task(edge))
                && repeats(project, function)
                && loops.insert(function)
            {
                found.push(Worker { function, what: "loop" });
            }
        }
    }
    found.retain(|worker| is_shipped(worker.function));
    found
}

/// Whether a function holds an endless loop.
fn repeats(project: &Project, function: FunctionId) -> bool {
    let known = project.calls.function(function);
    let FunctionNode::Definition(stmt) = known.node else { return false };
    let module = project.modules.get(known.module);
    let syntax = &module.python.syntax;
    let body = module.function(stmt).map_or(&[][..], |it| &it.body);
    syntax.walk_stmts_in(body, false).any(|stmt| matches!(syntax.stmt(stmt).kind, StmtKind::While { .. }))
}

/// Whether one of these functions takes a lock, by the names that it calls or opens, or in SQL.
fn takes_lock(project: &Project, functions: &[(&Module, StmtId)]) -> bool {
    let is_lock = |text: &str| {
        let lower = text.to_ascii_lowercase();
        LOCKS.iter().any(|word| lower.contains(word)) && !lower.contains("block") && !lower.contains("clock")
    };
    project.names_called(functions).iter().any(|name| is_lock(name))
        || functions.iter().any(|&(module, function)| {
            module.strings_in(function).iter().any(|(_, text)| {
                let lower = text.to_ascii_lowercase();
                lower.contains("for update") || lower.contains("skip locked") || lower.contains("advisory")
            }) || opens_lock(project, module, function)
        })
}

fn opens_lock(project: &Project, module: &Module, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let Some(definition) = module.function(function) else { return false };
    let decorated = definition.decorators.iter().any(|&it| project.sources.slice(module.span_of(it)).contains("lock"));
    decorated
        || syntax.walk_stmts_in(&definition.body, false).any(|stmt| match &syntax.stmt(stmt).kind {
            StmtKind::With { items, .. } => items
                .iter()
                .any(|item| project.sources.slice(module.span_of(item.context_expr)).to_lowercase().contains("lock")),
            StmtKind::Expr(value) | StmtKind::Assign { value, .. } => {
                // `redis.set(key, 1, nx=True)`
                let value = match syntax.expr(*value).kind {
                    ExprKind::Await(inner) => inner,
                    _ => *value,
                };
                matches!(&syntax.expr(value).kind, ExprKind::Call { keywords, .. } if module.keyword(keywords, "nx").is_some())
            }
            _ => false,
        })
}

fn report(project: &Project, worker: &Worker, module: &Module, read: QueueRead<'_>, findings: &mut Findings) {
    let syntax = &module.python.syntax;
    let name = project.calls.qualname(project, worker.function);
    let place = match syntax.expr(read.call).kind {
        ExprKind::Call { func, .. } => module.span_of(func),
        _ => module.span_of(read.call),
    };
    let state = project.sources.slice(module.span_of(read.state));
    let message = message(read, state, &format!("the {} `{name}`", worker.what));
    let finding = findings.report(place, message);
    finding.subject(name);
    finding.related(project.calls.span(project, worker.function), format!("the {} starts here", worker.what));
    finding.related(module.span(syntax.stmt(read.marked_at).range), "the row is marked here, after it was read");
}
