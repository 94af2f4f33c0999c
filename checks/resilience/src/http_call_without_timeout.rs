use pyaudit_check::project::{Client, Module, OutboundCall, Wait};
use pyaudit_check::python::Parent;
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, check};

check! {
    /// ## What it does
    /// Finds calls to other machines that may wait for ever, or for many minutes: `requests` without `timeout`, `httpx` and
    /// `aiohttp` with a timeout of `None`, `urlopen`, `smtplib` and other clients of the standard library without one, and clients of
    /// services (OpenAI, Anthropic, Twilio, SendGrid) that are made without one. All of one module are one finding.
    ///
    /// ## Why it matters
    /// A machine at the other end that accepts a connection and says nothing holds the thread, the worker or the task that waits
    /// for it. A few such requests take all workers, and the service stands still for a failure that is not its own.
    ///
    /// ## How to fix
    /// Give each call or its client a timeout that fits: `requests.get(url, timeout=(3, 10))`, `httpx.AsyncClient(timeout=10)`,
    /// `aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))`, `OpenAI(timeout=30)`.
    ///
    /// ## Limits
    /// `httpx` waits five seconds by default, which is left alone. `aiohttp` waits five minutes and the libraries of OpenAI and
    /// Anthropic ten: those are findings of low severity. A session whose class, adapter or method is the project's own may have a
    /// timeout, and so may options that come from elsewhere; they are left alone, and so is what stands in a function or class that
    /// bounds the time around it, a stream that a loop opens again, which waits for events, and a coroutine that nothing calls but under a limit. Where a function of the same name
    /// is called under a limit (`asyncio.wait_for`), the confidence is low. Sessions whose making cannot be followed are not seen.
    id: "http-call-without-timeout",
    summary: "a call to another machine may wait for ever",
    area: Resilience,
    axis: Robustness,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://requests.readthedocs.io/en/latest/user/advanced/#timeouts", "https://www.python-httpx.org/advanced/timeouts/", "https://docs.aiohttp.org/en/stable/client_quickstart.html#timeouts", "https://cwe.mitre.org/data/definitions/400.html"],
    run: Module(run),
}

/// What waits at most this long by default, in seconds, is left alone.
const LONG: u32 = 120;

fn message(symbol: &str, wait: Wait, count: usize) -> String {
    let how_long = match wait {
        Wait::Default(seconds) => format!("up to {} minutes", seconds / 60),
        _ => "for ever".to_owned(),
    };
    let others = if count > 1 { format!("; this module has {count} such calls") } else { String::new() };
    format!("`{symbol}` may wait {how_long}: it has no timeout{others}")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    let is_served = module.role == Role::Application && project.imports.is_served(module.id);
    if !is_served || project.is_command_line(module) {
        return;
    }
    let calls = project.outbound_calls(module);
    let calls: Vec<_> =
        calls.iter().filter(|found| !module.python.is_in_main_guard(Parent::Expr(found.call.id))).collect();
    findings.examined(calls.len());
    let unbounded = calls.into_iter().filter(|found| is_long(found));
    let mut unbounded: Vec<_> = unbounded.filter(|found| !is_always_bounded(project, module, found)).collect();
    // What nobody bounds comes first, and of that what waits for ever.
    let is_bounded = |found: &OutboundCall<'_>| is_bounded_by_callers(project, module, found);
    unbounded.sort_by_key(|found| (is_bounded(found), found.wait != Wait::Forever, found.call.span()));
    if unbounded.first().is_some_and(|first| !is_bounded(first)) {
        unbounded.retain(|found| !is_bounded(found));
    }
    let Some((first, others)) = unbounded.split_first() else { return };
    let finding = findings.report(first.call.span(), message(first.symbol, first.wait, unbounded.len()));
    if first.wait != Wait::Forever {
        finding.severity(Severity::Low);
    }
    if !matches!(first.client, Client::Requests | Client::Standard) {
        finding.confidence(Confidence::Medium);
    }
    if is_bounded(first) {
        finding.confidence(Confidence::Low);
    }
    for found in others {
        finding.related(found.call.span(), "has no timeout either");
    }
}

/// Whether a function somewhere limits the time of coroutines that have the name of this one: `asyncio.wait_for(…)`.
fn is_bounded_by_callers(project: &Project, module: &Module, found: &OutboundCall<'_>) -> bool {
    let syntax = &module.python.syntax;
    let function = syntax.enclosing_functions(Parent::Expr(found.call.id)).next();
    let Some(function) = function.and_then(|function| module.function(function)) else { return false };
    function.is_async && project.names_limited_in_time().contains(syntax.identifier(function.name))
}

/// Whether nothing calls the coroutine around a call but under a limit.
fn is_always_bounded(project: &Project, module: &Module, found: &OutboundCall<'_>) -> bool {
    let function = module.python.syntax.enclosing_functions(Parent::Expr(found.call.id)).next();
    function.is_some_and(|function| project.is_always_limited_in_time(module, function))
}

fn is_long(found: &OutboundCall<'_>) -> bool {
    match found.wait {
        Wait::Forever => true,
        Wait::Default(seconds) => seconds > LONG,
        Wait::Given(_) | Wait::Unseen => false,
    }
}
