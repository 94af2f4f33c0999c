use pyaudit_check::project::{Module, NamedCall};
use pyaudit_check::python::{ExprContext, ExprId, ExprKind, NameId, Parent, StmtId, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds tasks that nobody keeps: `asyncio.create_task(…)`, `asyncio.ensure_future(…)` and `loop.create_task(…)` whose
    /// result is dropped, or is assigned to a local name that is never read in a function that ends at once.
    ///
    /// ## Why it matters
    /// The event loop holds a task weakly. A task that nothing else holds may be collected in the middle of its work,
    /// which then never ends, without a message; and when it raises, nobody hears of it until, perhaps, its collection.
    ///
    /// ## How to fix
    /// Keep the task in a set until it is done (`tasks.add(task)`, `task.add_done_callback(tasks.discard)`), await it, use
    /// an `asyncio.TaskGroup`, or hand the work to `BackgroundTasks` or a worker.
    ///
    /// ## Limits
    /// Task groups and nurseries hold their tasks and stay silent, and so does a task that is returned, awaited, stored or
    /// passed on, and a local name in a function that awaits or yields afterwards, because its frame holds the task. A
    /// lambda hands its task to whoever calls it and is left alone.
    id: "unreferenced-task",
    summary: "the task that runs in the background is not kept",
    area: Concurrency,
    axis: Robustness,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task",
        "https://docs.astral.sh/ruff/rules/asyncio-dangling-task/",
    ],
    run: Module(run),
}

fn message(callee: &str, coroutine: Option<&str>) -> String {
    let work = coroutine.map_or_else(String::new, |name| format!(" of `{name}`"));
    format!(
        "the task{work} that `{callee}` starts is not kept: it may be collected before it ends, and what it raises is lost"
    )
}

/// The functions and methods that start a task.
const STARTERS: &[&str] = &["create_task", "ensure_future"];

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for call in module.calls_named(STARTERS).into_iter().filter(|call| is_asyncio(project, call)) {
        findings.examined(1);
        let Some(confidence) = dropped(module, call.id) else { continue };
        let callee = project.sources.slice(call.span());
        let coroutine = call.args.first().and_then(|&work| callee_text(project, module, work));
        let finding = findings.report(call.span(), message(callee, coroutine));
        finding.confidence(confidence);
        finding.subject(module.path_to(Parent::Expr(call.id)).join("."));
    }
}

/// Whether a call is one of asyncio's and not of a task group.
fn is_asyncio(project: &Project, call: &NamedCall<'_>) -> bool {
    if call.is_any(project, &["asyncio.create_task", "asyncio.ensure_future"]) {
        return true;
    }
    let symbol = project.calls.symbol_at(call.module, call.id);
    symbol.is_some_and(|symbol| {
        symbol.starts_with("asyncio.")
            && symbol.to_ascii_lowercase().contains("loop")
            && symbol.ends_with(".create_task")
    })
}

/// What the coroutine is called from, as it is written: `mailer.send`.
fn callee_text<'p>(project: &'p Project, module: &Module, work: ExprId) -> Option<&'p str> {
    let ExprKind::Call { func, .. } = module.python.syntax.expr(work).kind else { return None };
    let text = project.sources.slice(module.span_of(func));
    (!text.contains(['\n', '`'])).then_some(text)
}

/// Whether the result of a call is dropped, and how certain that is.
fn dropped(module: &Module, call: ExprId) -> Option<Confidence> {
    let syntax = &module.python.syntax;
    match syntax.expr_parent(call) {
        Parent::Stmt(stmt) => match &syntax.stmt(stmt).kind {
            StmtKind::Expr(_) => Some(Confidence::High),
            StmtKind::Assign { targets, .. } => match &targets[..] {
                [target] => is_never_read(module, stmt, *target).then_some(Confidence::Medium),
                _ => None,
            },
            _ => None,
        },
        // `create_task(f()).add_done_callback(g)`: the callback does not hold the task.
        Parent::Expr(attribute) => is_dropped_with_callback(module, attribute).then_some(Confidence::Medium),
        _ => None,
    }
}

fn is_dropped_with_callback(module: &Module, attribute: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Attribute { attr, .. } = syntax.expr(attribute).kind else { return false };
    let Parent::Expr(outer) = syntax.expr_parent(attribute) else { return false };
    let Parent::Stmt(stmt) = syntax.expr_parent(outer) else { return false };
    syntax.identifier(attr) == "add_done_callback"
        && matches!(syntax.expr(outer).kind, ExprKind::Call { func, .. } if func == attribute)
        && matches!(syntax.stmt(stmt).kind, StmtKind::Expr(_))
}

/// Whether a task is given a local name that nothing reads, in a function that does not wait for anything afterwards.
fn is_never_read(module: &Module, assignment: StmtId, target: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Name { id, .. } = syntax.expr(target).kind else { return false };
    let Some(function) = syntax.enclosing_functions(Parent::Stmt(assignment)).next() else { return false };
    let start = syntax.stmt(assignment).range.start;
    let is_local = !declares_outer(module, function, id);
    let holds = |expr: ExprId| {
        let expr = syntax.expr(expr);
        match &expr.kind {
            ExprKind::Name { id: other, ctx: ExprContext::Load } => *other == id,
            ExprKind::Await(_) | ExprKind::Yield(_) | ExprKind::YieldFrom(_) => expr.range.start > start,
            _ => false,
        }
    };
    is_local && !is_in_loop_that_waits(module, assignment) && !syntax.walk_exprs_in(function, true).any(holds)
}

/// Whether a function says that a name belongs to a scope around it.
fn declares_outer(module: &Module, function: StmtId, name: NameId) -> bool {
    let Some(definition) = module.function(function) else { return true };
    let syntax = &module.python.syntax;
    syntax.walk_stmts_in(&definition.body, false).any(|stmt| match &syntax.stmt(stmt).kind {
        StmtKind::Global(names) | StmtKind::Nonlocal(names) => names.iter().any(|outer| outer.name == name),
        _ => false,
    })
}

/// Whether a statement stands in a loop or an `async with`, whose end or next turn may wait.
fn is_in_loop_that_waits(module: &Module, stmt: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let around = syntax.ancestors(Parent::Stmt(stmt)).take_while(|node| match node {
        Parent::Stmt(id) => !matches!(syntax.stmt(*id).kind, StmtKind::FunctionDef(_)),
        _ => true,
    });
    around.into_iter().any(|node| match node {
        Parent::Stmt(id) => matches!(
            syntax.stmt(id).kind,
            StmtKind::While { .. } | StmtKind::For { .. } | StmtKind::With { is_async: true, .. }
        ),
        _ => false,
    })
}
