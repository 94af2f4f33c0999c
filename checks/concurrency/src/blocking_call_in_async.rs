use pyaudit_check::project::calls::{Chain, Confidence as Certainty, FunctionId, Kind};
use pyaudit_check::project::settings::Literal;
use pyaudit_check::project::{BlockingWay, LoopUse, ModuleId};
use pyaudit_check::python::{ExprKind, Integer, StmtId};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, Span, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds calls that make the event loop stand still: `requests`, `time.sleep`, drivers of databases and stores that
    /// are not asynchronous, `subprocess.run`, `smtplib`, clients of services, password hashing, files. They are found in
    /// an `async def` and behind any number of plain functions that it calls, and the chain is shown. Calls of one kind
    /// in one function, or in the methods of one class, are one finding, however many coroutines reach them.
    ///
    /// ## Why it matters
    /// One event loop serves all requests of a process. While a coroutine waits in a blocking call, no other request is
    /// answered, health checks fail, and web sockets miss their pings: a slow service elsewhere stops the whole process.
    ///
    /// ## How to fix
    /// Use the asynchronous twin (`httpx.AsyncClient`, `asyncio.sleep`, `redis.asyncio`, an asynchronous driver), or hand
    /// the call to a thread: `await run_in_threadpool(f, …)`, `await asyncio.to_thread(f, …)`. A handler that awaits
    /// nothing can be a plain `def`, which FastAPI runs in a thread.
    ///
    /// ## Limits
    /// Only coroutines that routes, dependencies, middleware, tasks of asynchronous workers, or the tasks these start lead
    /// to are examined, and those that a library is given by a decorator (confidence medium). What runs when the
    /// application starts or stops is left alone, and so is a coroutine that `asyncio.run` runs in a thread, a script or a
    /// Celery task. Sessions and connections of SQLAlchemy are told by `sync-session-in-async`. Where an override or one
    /// of several values may be meant, the confidence is low, and so it is where the coroutine awaits the asynchronous twin of a
    /// function on the way before (`discover_async` beside `discover`). What is done only until it is kept
    /// (`if self.client is None: self.client = connect()`) has severity low. A call that gives a constant to a parameter
    /// which keeps the callee from blocking (`resolve=False` before `if not resolve: return`) is silent. Work that only computes is not seen.
    id: "blocking-call-in-async",
    summary: "a blocking call stops the event loop",
    area: Concurrency,
    axis: Robustness,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.python.org/3/library/asyncio-dev.html#running-blocking-code",
        "https://fastapi.tiangolo.com/async/",
        "https://www.starlette.io/threadpool/",
    ],
    run: Project(run),
}

/// How many functions a message names.
const MAX_NAMES: usize = 6;

fn path(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.len() {
        0..=MAX_NAMES => names.join(" → "),
        count => format!("{} → … → {}", names[..MAX_NAMES - 2].join(" → "), names[count - 1]),
    }
}

fn message(symbol: &str, duration: &str, names: &[String], others: usize) -> String {
    let way = if let [only] = names { format!(" in `{only}`") } else { format!(": {} → here", path(names)) };
    let more = match others {
        0 => String::new(),
        1 => ", and so from one more coroutine".to_owned(),
        _ => format!(", and so from {others} more coroutines"),
    };
    format!("`{symbol}` blocks the event loop{duration}{way}{more}")
}

fn confidence(project: &Project, way: &BlockingWay) -> Confidence {
    match (way.chain.confidence, way.how) {
        (Certainty::Guess, _) => Confidence::Low,
        _ if way.follows_awaited_twin(project) => Confidence::Low,
        (_, LoopUse::Serving) => Confidence::High,
        _ => Confidence::Medium,
    }
}

/// What is mended at once: the class that holds a client, or one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Class(StmtId),
    Function(FunctionId),
}

fn place(project: &Project, caller: FunctionId) -> (ModuleId, Place) {
    let function = project.calls.function(caller);
    (function.module, function.class.map_or(Place::Function(caller), Place::Class))
}

fn run(project: &Project, findings: &mut Findings) {
    let event_loop = project.event_loop();
    findings.examined(event_loop.served(project).count());
    let mut groups: BTreeMap<(ModuleId, Place, Kind), Vec<BlockingWay>> = BTreeMap::new();
    for way in project.blocking_ways(&event_loop).into_iter().filter(|way| counts(project, way)) {
        let (module, place) = place(project, way.chain.end().caller);
        groups.entry((module, place, way.chain.primitive.kind)).or_default().push(way);
    }
    let mut groups: Vec<(Kind, Vec<BlockingWay>)> = groups.into_iter().map(|((.., kind), ways)| (kind, ways)).collect();
    for (_, ways) in &mut groups {
        ways.sort_by_cached_key(|way| {
            let place = (way.chain.end().span(project), way.chain.start().span(project));
            (way.is_one_shot(project), std::cmp::Reverse(confidence(project, way)), way.chain.edges.len(), place)
        });
    }
    for (kind, ways) in &groups {
        report(project, *kind, ways, findings);
    }
}

/// Whether a way is one that this check tells.
fn counts(project: &Project, way: &BlockingWay) -> bool {
    let module = project.modules.get(way.chain.end().module);
    module.role == Role::Application
        && !way.is_of_session(project)
        && !is_short_sleep(project, &way.chain)
        && !is_light_hash(project, &way.chain)
}

/// Whether a chain ends in a sleep that is shorter than a request to a database.
fn is_short_sleep(project: &Project, chain: &Chain) -> bool {
    chain.primitive.kind == Kind::Wait && seconds(project, chain).is_some_and(|seconds| seconds <= 0.02)
}

/// Whether a chain ends in a derivation of a key with so few rounds that it is over within some milliseconds.
fn is_light_hash(project: &Project, chain: &Chain) -> bool {
    const LIGHT: u64 = 20_000;
    let end = chain.end();
    let syntax = &project.modules.get(end.module).python.syntax;
    let ExprKind::Call { args, .. } = &syntax.expr(end.place).kind else { return false };
    let rounds = args.get(3).map(|&rounds| &syntax.expr(rounds).kind);
    chain.symbol(&project.calls) == "hashlib.pbkdf2_hmac"
        && matches!(rounds, Some(ExprKind::Int(Integer::Small(rounds))) if *rounds < LIGHT)
}

fn report(project: &Project, kind: Kind, ways: &[BlockingWay], findings: &mut Findings) {
    let Some(best) = ways.first() else { return };
    let names = names(project, best);
    let mut coroutines: Vec<FunctionId> = ways.iter().map(|way| way.coroutine).collect();
    coroutines.sort_unstable();
    coroutines.dedup();
    let symbol = shown(best.chain.symbol(&project.calls));
    let text = message(symbol, &duration(project, &best.chain), &names, coroutines.len() - 1);
    let place = callee(project, &best.chain);
    let finding = findings.report(place, text);
    // What is best comes first: where even that is done once only, the rest is too.
    let severity = if best.is_one_shot(project) { Severity::Low } else { severity(kind) };
    finding.severity(severity).confidence(confidence(project, best)).subject(format!(
        "{} in {}",
        symbol,
        names[names.len() - 1]
    ));
    if best.chain.edges.len() > 1 {
        for (edge, name) in best.chain.edges.iter().zip(&names) {
            let next = names.iter().skip_while(|other| *other != name).nth(1);
            let said =
                next.map_or_else(|| format!("`{name}` calls `{symbol}`"), |next| format!("`{name}` calls `{next}`"));
            finding.step(edge.span(project), said);
        }
    }
    let mut ends = BTreeSet::from([place]);
    let mut starts = BTreeSet::from([best.coroutine]);
    for way in &ways[1..] {
        let end = callee(project, &way.chain);
        if ends.insert(end) {
            finding.related(end, format!("`{}` blocks here too", shown(way.chain.symbol(&project.calls))));
        }
        if starts.insert(way.coroutine) && way.chain.edges.len() > 1 {
            let start = way.chain.start().span(project);
            finding.related(start, format!("`{}` gets there too", name(project, way.coroutine)));
        }
    }
}

/// How bad a stop of this kind is: a file or a store nearby answers soon, nearly always.
const fn severity(kind: Kind) -> Severity {
    match kind {
        Kind::Wait | Kind::Network | Kind::Database | Kind::Subprocess => Severity::High,
        Kind::Cache | Kind::Hashing => Severity::Medium,
        Kind::File => Severity::Low,
    }
}

/// The functions of a chain, from the coroutine to the one that blocks.
fn names(project: &Project, way: &BlockingWay) -> Vec<String> {
    way.chain.edges.iter().map(|edge| name(project, edge.caller)).collect()
}

fn name(project: &Project, function: FunctionId) -> String {
    let name = project.calls.qualname(project, function);
    name.rsplit("<locals>.").next().unwrap_or(&name).to_owned()
}

/// What is called as a reader would say it.
fn shown(symbol: &str) -> &str {
    symbol.strip_prefix("builtins.").unwrap_or(symbol)
}

/// The place of what the last call of a chain calls.
fn callee(project: &Project, chain: &Chain) -> Span {
    let edge = chain.end();
    let module = project.modules.get(edge.module);
    match module.python.syntax.expr(edge.place).kind {
        ExprKind::Call { func, .. } => module.span_of(func),
        _ => edge.span(project),
    }
}

/// How long the last call of a chain takes, where that is written.
fn duration(project: &Project, chain: &Chain) -> String {
    let up_to = if chain.primitive.kind == Kind::Wait { "" } else { "up to " };
    seconds(project, chain).map_or_else(String::new, |seconds| format!(" for {up_to}{seconds} s"))
}

/// The seconds that the last call of a chain sleeps, or that its `timeout` allows.
fn seconds(project: &Project, chain: &Chain) -> Option<f64> {
    let edge = chain.end();
    let module = project.modules.get(edge.module);
    let ExprKind::Call { args, keywords, .. } = &module.python.syntax.expr(edge.place).kind else { return None };
    let sleeps = chain.symbol(&project.calls) == "time.sleep";
    let value = if sleeps { args.first().copied() } else { module.keyword(keywords, "timeout") };
    match project.value_when_unset(module, value?)? {
        // The time to connect and the time to read.
        Literal::Tuple(parts) => parts.iter().map(as_seconds).sum(),
        number => as_seconds(&number),
    }
}

fn as_seconds(number: &Literal) -> Option<f64> {
    match number {
        Literal::Int(seconds) => u32::try_from(*seconds).ok().map(f64::from),
        Literal::Float(seconds) => Some(*seconds),
        _ => None,
    }
}
