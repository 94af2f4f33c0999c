use pyaudit_check::project::calls::{Callee, Confidence as Certainty, FunctionId, Kind};
use pyaudit_check::project::database::Engine;
use pyaudit_check::project::{Module, NamedCall};
use pyaudit_check::python::{ExprId, ExprKind, Parent};
use pyaudit_check::{Confidence, Findings, Project, Role, Span, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds tasks, threads and plain handlers that run coroutines in a new event loop (`asyncio.run`, `anyio.run`,
    /// `new_event_loop` with `run_until_complete`), where these coroutines use a pooled asynchronous engine that was made
    /// when its module was imported. All such places are one finding.
    ///
    /// ## Why it matters
    /// A pooled connection belongs to the loop that opened it. The second task of a worker process gets a connection
    /// of a loop that is closed, and fails with "attached to a different loop" or "Event loop is closed".
    ///
    /// ## How to fix
    /// Give the worker an engine with `poolclass=NullPool`, make the engine inside the coroutine, `await engine.dispose()`
    /// before the loop ends, or keep one loop for the life of the worker process.
    ///
    /// ## Limits
    /// The coroutine must be seen to reach a call of an asynchronous session or connection, directly or as the argument of
    /// a helper that runs it. Silent for SQLite, for engines with `NullPool` or arguments that cannot be read, for
    /// scripts and commands, for coroutines that dispose of an engine, and for a loop that the worker keeps.
    id: "event-loop-mismatch",
    summary: "a new event loop uses the connections of another",
    area: Concurrency,
    axis: Robustness,
    severity: Critical,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#using-multiple-asyncio-event-loops",
        "https://docs.python.org/3/library/asyncio-runner.html#asyncio.run",
    ],
    run: Project(run),
}

fn message(runner: &str, function: &str, count: usize) -> String {
    let more = match count {
        1 => String::new(),
        _ => format!(", as in {} more places", count - 1),
    };
    format!(
        "`{runner}` in `{function}` starts a new event loop over the pool of an engine that is made at import: its connections belong to another loop{more}"
    )
}

/// A place that runs a coroutine which asks the database in a loop of its own.
struct Site {
    /// What is called to run it.
    span: Span,
    runner: String,
    function: String,
    is_certain: bool,
}

fn run(project: &Project, findings: &mut Findings) {
    let engines: Vec<&Engine> = project.database.engines().iter().filter(|engine| is_shared(project, engine)).collect();
    let Some(engine) = engines.first() else { return };
    let apart = project.apart_from_the_loop();
    let modules = project.modules.iter().filter(|module| module.role == Role::Application);
    let mut sites = Vec::new();
    for module in modules {
        for call in module.calls_named(&["run", "run_until_complete"]) {
            let function = project.calls.function_of(module, call.id);
            if !apart.contains(&function) || !starts_a_loop(project, &call) {
                continue;
            }
            findings.examined(1);
            sites.extend(site(project, &call, function));
        }
    }
    report(project, engine, &sites, findings);
}

fn report(project: &Project, engine: &Engine, sites: &[Site], findings: &mut Findings) {
    let Some(first) = sites.iter().max_by_key(|site| site.is_certain) else { return };
    let finding = findings.report(first.span, message(&first.runner, &first.function, sites.len()));
    let confidence = if first.is_certain { Confidence::High } else { Confidence::Low };
    finding.confidence(confidence).subject(first.function.clone());
    finding.related(callee(project, engine), "the engine, which keeps a pool");
    for site in sites.iter().filter(|site| site.span != first.span) {
        finding.related(site.span, format!("`{}` starts one here too", site.function));
    }
}

fn callee(project: &Project, engine: &Engine) -> Span {
    let module = project.modules.get(engine.module);
    match module.python.syntax.expr(engine.call).kind {
        ExprKind::Call { func, .. } => module.span_of(func),
        _ => engine.span,
    }
}

/// Whether an engine is asynchronous, made at import, and keeps its connections.
fn is_shared(project: &Project, engine: &Engine) -> bool {
    let is_made_at_import = engine.function.is_none_or(|function| {
        let made = project.calls.of(engine.module, function);
        let mut callers = made.into_iter().flat_map(|made| project.calls.callers(made));
        callers.any(|caller| is_module_body(project, caller)) && project.outlives_its_function(engine)
    });
    engine.is_async
        && engine.callee.starts_with("sqlalchemy.")
        && !engine.has_unknown_arguments
        && engine.argument("poolclass").is_none()
        && engine.dialect.as_deref() != Some("sqlite")
        && project.modules.get(engine.module).role == Role::Application
        && is_made_at_import
}

fn is_module_body(project: &Project, function: FunctionId) -> bool {
    project.calls.of_body(project.calls.function(function).module) == Some(function)
}

/// Whether a call makes an event loop and runs a coroutine in it.
fn starts_a_loop(project: &Project, call: &NamedCall<'_>) -> bool {
    if call.name == "run" {
        return call.is_any(project, &["asyncio.run", "anyio.run"]);
    }
    // The loop must be made in the same function; one that a worker keeps is no new one.
    let function = project.calls.function_of(call.module, call.id);
    let mut calls = project.calls.external_calls(function);
    calls.any(|other| other.symbol == "asyncio.new_event_loop")
}

/// The place, where the coroutine that it runs asks the database.
fn site(project: &Project, call: &NamedCall<'_>, function: FunctionId) -> Option<Site> {
    let coroutine = *call.args.first()?;
    let is_certain =
        asks(project, call.module, coroutine).or_else(|| given(project, call.module, coroutine, function))?;
    let runner = project.sources.slice(call.span()).to_owned();
    let function = call.module.path_to(Parent::Expr(call.id)).pop()?;
    Some(Site { span: call.span(), runner, function, is_certain })
}

/// Whether a coroutine reaches an asynchronous session or connection, and if so whether that is certain.
fn asks(project: &Project, module: &Module, coroutine: ExprId) -> Option<bool> {
    let edges = project.calls.edges_at(module, coroutine).filter_map(|edge| match edge.callee {
        Callee::Function(callee) => Some((callee, edge.confidence)),
        Callee::External(_) => None,
    });
    let answers = edges.filter_map(|(callee, confidence)| {
        let chain = project.calls.reaches(callee, Kind::Database)?;
        let disposes = project.calls.external_calls(callee).any(|call| call.symbol.ends_with(".dispose"));
        let is_async = chain.symbol(&project.calls).starts_with("sqlalchemy.ext.asyncio.");
        let is_certain = chain.confidence == Certainty::Known && confidence == Certainty::Known;
        (is_async && !disposes).then_some(is_certain)
    });
    answers.max()
}

/// The same for what callers of a helper give it to run.
fn given(project: &Project, module: &Module, coroutine: ExprId, helper: FunctionId) -> Option<bool> {
    if !matches!(module.python.syntax.expr(coroutine).kind, ExprKind::Name { .. }) {
        return None;
    }
    let places: BTreeSet<_> = project.calls.edges_to(helper).map(|edge| (edge.module, edge.place)).collect();
    let answers = places.into_iter().flat_map(|(module, place)| {
        let module = project.modules.get(module);
        let args = match &module.python.syntax.expr(place).kind {
            ExprKind::Call { args, .. } => &args[..],
            _ => &[],
        };
        args.iter().filter_map(move |&arg| asks(project, module, arg))
    });
    answers.max()
}
