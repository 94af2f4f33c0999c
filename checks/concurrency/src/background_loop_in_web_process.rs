use pyaudit_check::project::Module;
use pyaudit_check::project::calls::{Callee, EdgeKind, FunctionId, FunctionNode};
use pyaudit_check::python::{ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_check::{Findings, Project, Role, Severity, Span, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds endless loops that the web process starts beside its requests: a coroutine or thread with `while True` and a
    /// pause, begun by a lifespan or a start-up handler, and schedulers of APScheduler that such a handler starts.
    ///
    /// ## Why it matters
    /// Each worker process runs its own copy: with four workers mails go out four times, and rows are cleaned up by four
    /// loops at once. When the loop fails nobody restarts it, and a deployment ends it in the middle of its work.
    ///
    /// ## How to fix
    /// Run it as a process of its own: Celery beat, a cron job of the platform, a worker service. Where it must stay, let
    /// one process hold a lock (an advisory lock, Redis `SET NX`) while it runs.
    ///
    /// ## Limits
    /// Loops that wait for a message, a queue or a stream for the clients of this very process (`queue.get`, pub/sub,
    /// `receive`) stay silent, and so do loops that take a lock or try to get one, what starts after a lock that all processes
    /// see was taken (an advisory lock of the database, a key of Redis, a file), loops that touch nothing but the memory of
    /// their process and its log, and those that only look after the process itself (metrics, memory, caches, connections, by
    /// their names). Where each piece of work is claimed before it is done (`SKIP LOCKED`, a lease) the severity is low. Loops
    /// that a library starts are not seen.
    id: "background-loop-in-web-process",
    summary: "each web process runs its own copy of a periodic job",
    area: Concurrency,
    axis: Robustness,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/deployment/concepts/#replication-processes-and-memory",
        "https://apscheduler.readthedocs.io/en/3.x/faq.html#how-do-i-share-a-single-job-store-among-one-or-more-worker-processes",
    ],
    run: Project(run),
}

fn loop_message(name: &str) -> String {
    format!("`{name}` loops for ever in the web process: each worker process runs its own copy")
}

fn scheduler_message(callee: &str) -> String {
    format!("`{callee}` runs the jobs of a scheduler in the web process: each worker process runs all of them")
}

/// Schedulers that run their jobs in the process that starts them.
const SCHEDULERS: &[&str] = &[
    "apscheduler.schedulers.asyncio.AsyncIOScheduler.start",
    "apscheduler.schedulers.background.BackgroundScheduler.start",
];

/// Words in names of loops that look after their own process.
const OWN_WORDS: &[&str] = &[
    "metric",
    "metrics",
    "memory",
    "cache",
    "connection",
    "connections",
    "heartbeat",
    "ping",
    "pool",
    "listen",
    "listener",
    "subscribe",
    "subscriber",
    "websocket",
    "ws",
    "socket",
    "broadcast",
    "watchdog",
    "gc",
    "profiler",
    "lag",
    "buffer",
    "flush",
];

/// Methods by which a loop waits for something that is meant for its own process, or for its turn.
const WAITING: &[&str] = &[
    "get_message",
    "listen",
    "receive",
    "receive_text",
    "receive_json",
    "recv",
    "wait",
    "accept",
    "acquire",
    "lock",
    "popleft",
    "blpop",
    "brpop",
    "xread",
    "subscribe",
    "readline",
];

fn run(project: &Project, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for start in project.functions_at_start() {
        for edge in project.calls.edges_from(start) {
            let module = project.modules.get(edge.module);
            match edge.callee {
                Callee::External(path) if SCHEDULERS.contains(&project.calls.path(path)) => {
                    findings.examined(1);
                    if !project.is_elected(module, edge.place) {
                        report_scheduler(project, module, edge.place, findings);
                    }
                }
                Callee::Function(callee) if edge.kind == EdgeKind::Callback || project.starts_a_task(edge) => {
                    findings.examined(1);
                    if seen.insert(callee) && !project.is_elected(module, edge.place) {
                        report_loop(project, callee, edge.span(project), findings);
                    }
                }
                _ => {}
            }
        }
    }
}

fn report_scheduler(project: &Project, module: &Module, call: ExprId, findings: &mut Findings) {
    let ExprKind::Call { func, .. } = module.python.syntax.expr(call).kind else { return };
    let callee = project.sources.slice(module.span_of(func));
    findings.report(module.span_of(func), scheduler_message(callee)).subject(callee);
}

fn report_loop(project: &Project, function: FunctionId, started: Span, findings: &mut Findings) {
    let known = project.calls.function(function);
    let module = project.modules.get(known.module);
    let FunctionNode::Definition(stmt) = known.node else { return };
    let Some(definition) = module.function(stmt).filter(|_| module.role == Role::Application) else { return };
    let name = module.python.syntax.identifier(definition.name);
    if is_about_itself(project, function) || !repeats_a_job(project, module, &definition.body) {
        return;
    }
    if project.elects(module, stmt) || project.stays_in_memory(module, stmt) {
        return;
    }
    let finding = findings.report(module.span(definition.name.range), loop_message(name));
    finding.subject(module.path_to(Parent::Stmt(stmt)).join("."));
    finding.related(started, "it is started here");
    if project.claims_work(module, stmt) {
        finding.severity(Severity::Low);
    }
}

/// Whether the name of a loop, or of its class, says that it serves its own process.
fn is_about_itself(project: &Project, function: FunctionId) -> bool {
    let name = project.calls.qualname(project, function);
    pyaudit_check::project::paths::words(&name).any(|word| OWN_WORDS.contains(&word.as_str()))
}

/// Whether a body holds an endless loop that pauses, and waits neither for a message nor for its turn.
fn repeats_a_job(project: &Project, module: &Module, body: &[StmtId]) -> bool {
    let syntax = &module.python.syntax;
    let mut loops = syntax.walk_stmts_in(body, false).filter(|&stmt| match &syntax.stmt(stmt).kind {
        StmtKind::While { test, .. } => matches!(syntax.expr(*test).kind, ExprKind::Bool(true) | ExprKind::Int(_)),
        _ => false,
    });
    let locks = syntax.walk_stmts_in(body, false).any(|stmt| match &syntax.stmt(stmt).kind {
        StmtKind::With { items, .. } => items
            .iter()
            .any(|item| project.sources.slice(module.span_of(item.context_expr)).to_lowercase().contains("lock")),
        _ => false,
    });
    !locks
        && loops.any(|stmt| {
            let calls: Vec<ExprId> = syntax.walk_exprs_in(stmt, false).collect();
            calls.iter().any(|&call| pauses(project, module, call))
                && !calls.iter().any(|&call| waits(project, module, call))
        })
}

fn pauses(project: &Project, module: &Module, call: ExprId) -> bool {
    let ExprKind::Call { func, .. } = module.python.syntax.expr(call).kind else { return false };
    project.is_any(module, func, &["asyncio.sleep", "time.sleep", "anyio.sleep"])
}

fn waits(project: &Project, module: &Module, call: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Call { func, keywords, .. } = &syntax.expr(call).kind else { return false };
    let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind else { return false };
    match syntax.identifier(*attr) {
        "get" => project.sources.slice(module.span_of(*value)).to_lowercase().contains("queue"),
        "set" => module.keyword(keywords, "nx").is_some(),
        name => WAITING.contains(&name),
    }
}
