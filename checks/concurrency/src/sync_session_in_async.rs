use pyaudit_check::project::calls::{Confidence as Certainty, FunctionId, FunctionNode, Kind};
use pyaudit_check::project::{BlockingWay, LoopUse};
use pyaudit_check::python::{ExprKind, Parent, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, Span, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds session factories and engines of SQLAlchemy that are not asynchronous, and whose sessions or connections
    /// coroutines use on the event loop: `async def` handlers that call `db.execute(…)`, `db.query(…).all()`,
    /// `db.commit()`, themselves or through plain functions. All coroutines of one factory are one finding.
    ///
    /// ## Why it matters
    /// Each query stops the event loop until the database has answered, and with it all other requests of the process. A
    /// slow query or an exhausted pool (a wait of 30 seconds by default) makes the whole service hang, health checks too.
    ///
    /// ## How to fix
    /// Make the handlers plain `def`, which FastAPI runs in threads, or move to `create_async_engine`,
    /// `async_sessionmaker` and `await`. Where only a few coroutines do it, hand the work to `run_in_threadpool`.
    ///
    /// ## Limits
    /// Only coroutines that an application or an asynchronous worker runs while it serves count, and sessions that are
    /// known by their annotation, dependency or making. Which factory a session comes from is read from the dependencies of the
    /// coroutine; where that says nothing, the only factory of the project is meant, or the one that the other
    /// coroutines use, or else the place of the query is told. Drivers without SQLAlchemy are told by `blocking-call-in-async`.
    id: "sync-session-in-async",
    summary: "coroutines use synchronous database sessions",
    area: Concurrency,
    axis: Robustness,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/async/",
        "https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html",
    ],
    run: Project(run),
}

/// How many coroutines are shown of a finding.
const MAX_RELATED: usize = 20;

fn message(maker: Option<&str>, count: usize, first: &str) -> String {
    let whose =
        maker.map_or_else(|| "a session that is not asynchronous".to_owned(), |maker| format!("sessions of `{maker}`"));
    match count {
        1 => format!("the coroutine `{first}` runs queries on {whose}: each blocks the event loop"),
        _ => format!("{count} coroutines, such as `{first}`, run queries on {whose}: each blocks the event loop"),
    }
}

/// What makes the sessions of a coroutine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Maker {
    /// The number of a session factory.
    Factory(usize),
    /// The number of an engine.
    Engine(usize),
    Unknown,
}

fn run(project: &Project, findings: &mut Findings) {
    let event_loop = project.event_loop();
    let asking = event_loop.served(project).filter(|&(id, _)| project.calls.reaches(id, Kind::Database).is_some());
    findings.examined(asking.count());
    let mut groups: BTreeMap<Maker, Vec<BlockingWay>> = BTreeMap::new();
    for way in project.blocking_ways(&event_loop).into_iter().filter(|way| way.is_of_session(project)) {
        if project.modules.get(way.chain.end().module).role == Role::Application {
            groups.entry(maker(project, way.coroutine)).or_default().push(way);
        }
    }
    // Sessions that coroutines are given by those who call them come from where the others do.
    if groups.len() == 2 {
        let unknown = groups.remove(&Maker::Unknown).unwrap_or_default();
        groups.values_mut().next().into_iter().for_each(|ways| ways.extend(unknown.iter().cloned()));
    }
    for (maker, mut ways) in groups {
        ways.sort_by_key(|way| (std::cmp::Reverse(confidence(way)), way.chain.start().span(project)));
        report(project, maker, &ways, findings);
    }
}

fn confidence(way: &BlockingWay) -> Confidence {
    match (way.chain.confidence, way.how) {
        (Certainty::Guess, _) => Confidence::Low,
        (_, LoopUse::Serving) => Confidence::High,
        _ => Confidence::Medium,
    }
}

fn report(project: &Project, maker: Maker, ways: &[BlockingWay], findings: &mut Findings) {
    let Some(best) = ways.first() else { return };
    // Guessed coroutines are not counted beside certain ones.
    let is_guessed = confidence(best) == Confidence::Low;
    let counted: Vec<&BlockingWay> =
        ways.iter().filter(|way| is_guessed || confidence(way) > Confidence::Low).collect();
    let coroutines: BTreeSet<FunctionId> = counted.iter().map(|way| way.coroutine).collect();
    let made = made_at(project, maker);
    let first = project.calls.qualname(project, best.coroutine);
    let text = message(made.as_ref().map(|(name, _)| name.as_str()), coroutines.len(), &first);
    let place = made.as_ref().map_or_else(|| best.chain.start().span(project), |(_, span)| *span);
    let finding = findings.report(place, text);
    finding.confidence(confidence(best)).subject(made.map_or(first, |(name, _)| name));
    let mut seen = BTreeSet::new();
    for way in counted.iter().filter(|way| seen.insert(way.coroutine)).take(MAX_RELATED) {
        let name = project.calls.qualname(project, way.coroutine);
        let start = way.chain.start().span(project);
        if start != place {
            finding.related(start, format!("`{name}` waits here"));
        }
    }
}

/// The name and place of what makes sessions.
fn made_at(project: &Project, maker: Maker) -> Option<(String, Span)> {
    let span = match maker {
        Maker::Factory(at) => project.database.factories()[at].span,
        Maker::Engine(at) => project.database.engines()[at].span,
        Maker::Unknown => return None,
    };
    let module = project.modules.in_file(span.file)?;
    let syntax = &module.python.syntax;
    let call =
        syntax.exprs().find(|(_, expr)| Some(expr.range) == span.range && matches!(expr.kind, ExprKind::Call { .. }));
    let (id, expr) = call?;
    let ExprKind::Call { func, .. } = expr.kind else { return None };
    let target = syntax.enclosing_stmt(id).and_then(|stmt| match &syntax.stmt(stmt).kind {
        StmtKind::Assign { targets, value } if *value == id => targets.first().copied(),
        StmtKind::AnnAssign { target, .. } => Some(*target),
        _ => None,
    });
    let around = syntax.enclosing_functions(Parent::Expr(id)).next().and_then(|function| module.function(function));
    let name = match (target, around) {
        (Some(target), _) => project.sources.slice(module.span_of(target)).to_owned(),
        (None, Some(function)) => syntax.identifier(function.name).to_owned(),
        (None, None) => project.sources.slice(module.span_of(func)).to_owned(),
    };
    Some((name, module.span_of(func)))
}

/// What makes the sessions of a coroutine: by its dependencies, else the only maker there is.
fn maker(project: &Project, coroutine: FunctionId) -> Maker {
    lent_by(project, coroutine).map_or_else(|| only_maker(project), Maker::Factory)
}

/// The factory that a dependency of a coroutine takes its sessions from.
fn lent_by(project: &Project, coroutine: FunctionId) -> Option<usize> {
    let function = project.calls.function(coroutine);
    let FunctionNode::Definition(stmt) = function.node else { return None };
    let module = project.modules.get(function.module);
    let definition = module.function(stmt)?;
    let given = definition.parameters.iter().flat_map(|parameter| project.parameter_dependencies(module, parameter));
    { given }.find_map(|(home, callable)| {
        let (home, function, _) = project.function(project.modules.get(home), callable)?;
        let factory = project.factory_of(project.database.lender(home.id, function)?)?;
        (!project.database.factories()[factory].is_async).then_some(factory)
    })
}

fn only_maker(project: &Project) -> Maker {
    let is_application = |module| project.modules.get(module).role == Role::Application;
    let factories = project.database.factories().iter().enumerate();
    let factories: Vec<usize> =
        factories.filter(|(_, it)| !it.is_async && is_application(it.module)).map(|(at, _)| at).collect();
    let engines = project.database.engines().iter().enumerate();
    let mut engines =
        engines.filter(|(_, it)| !it.is_async && is_application(it.module) && it.callee.starts_with("sql"));
    match (&factories[..], engines.next(), engines.next()) {
        (&[only], ..) => Maker::Factory(only),
        ([], Some((only, _)), None) => Maker::Engine(only),
        _ => Maker::Unknown,
    }
}
