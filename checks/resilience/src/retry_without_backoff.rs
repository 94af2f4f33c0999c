use pyaudit_check::project::calls::Kind;
use pyaudit_check::project::{Module, NamedCall};
use pyaudit_check::python::{ExprId, Parent, StmtKind};
use pyaudit_check::{Findings, Project, Role, Span, check};

check! {
    /// ## What it does
    /// Finds calls of other machines that are tried again at once: a loop whose `except` leads into the next turn with nothing that
    /// waits, `tenacity.retry` without `wait=`, and `urllib3.Retry` without `backoff_factor`. All of one module are one finding.
    ///
    /// ## Why it matters
    /// What is down for a second is asked three times in a millisecond: the tries are used up before it can recover, and a service
    /// that is overloaded gets the load times three from every client at once.
    ///
    /// ## How to fix
    /// Wait between tries, longer each time and by a random part: `wait=tenacity.wait_random_exponential(max=30)`,
    /// `Retry(total=3, backoff_factor=0.5)`, or `await asyncio.sleep(2**attempt + random.random())`.
    ///
    /// ## Limits
    /// A loop must call something that is known to leave the machine, and leave the loop when that succeeds. A loop over addresses
    /// or pages, one that catches only what an unusable answer or a database raises, and one that calls anything whose name says that it waits
    /// are left alone. Functions under `tenacity` are examined where they are known to call another machine.
    id: "retry-without-backoff",
    summary: "a failed call is tried again at once",
    area: Resilience,
    axis: Robustness,
    severity: Low,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://tenacity.readthedocs.io/en/latest/#waiting-before-retrying", "https://urllib3.readthedocs.io/en/stable/reference/urllib3.util.html#urllib3.util.Retry", "https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/"],
    run: Module(run),
}

/// What tries again by itself, with the option that makes it wait.
const RETRIES: &[(&str, &str)] = &[
    ("tenacity.retry", "wait"),
    ("tenacity.Retrying", "wait"),
    ("tenacity.AsyncRetrying", "wait"),
    ("urllib3.Retry", "backoff_factor"),
    ("urllib3.util.Retry", "backoff_factor"),
    ("urllib3.util.retry.Retry", "backoff_factor"),
    ("requests.adapters.Retry", "backoff_factor"),
    ("requests.packages.urllib3.util.retry.Retry", "backoff_factor"),
];

fn loop_message(call: &str) -> String {
    format!("`{call}` is tried again at once when it fails: nothing waits between the turns of this loop")
}

fn option_message(call: &str, option: &str) -> String {
    format!("`{call}` tries again at once: without `{option}` nothing waits between the tries")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    let is_served = module.role == Role::Application && project.imports.is_served(module.id);
    if !is_served || project.is_command_line(module) {
        return;
    }
    let mut hasty: Vec<(Span, String)> = Vec::new();
    for found in project.hammering_loops(module) {
        let at = module.span_of(callee(module, found.call));
        hasty.push((at, loop_message(project.sources.slice(at))));
    }
    for call in module.calls_named(&["retry", "Retrying", "AsyncRetrying", "Retry"]) {
        let symbol = call.symbol(project);
        let known = RETRIES.iter().find(|(name, _)| symbol.as_ref().is_some_and(|symbol| symbol.is(name)));
        let Some(&(_, option)) = known else { continue };
        findings.examined(1);
        if is_hasty(project, &call, option) {
            hasty.push((call.span(), option_message(project.sources.slice(call.span()), option)));
        }
    }
    hasty.sort();
    findings.examined(hasty.len());
    let Some(((at, text), others)) = hasty.split_first() else { return };
    let finding = findings.report(*at, text);
    for (at, _) in others {
        finding.related(*at, "tries again at once too");
    }
}

fn callee(module: &Module, call: ExprId) -> ExprId {
    match module.python.syntax.expr(call).kind {
        pyaudit_check::python::ExprKind::Call { func, .. } => func,
        _ => call,
    }
}

/// Whether what a library tries again does not wait, and what it tries leaves the machine.
fn is_hasty(project: &Project, call: &NamedCall<'_>, option: &str) -> bool {
    let waits = call.option(project, option).is_some() || call.has_unseen_arguments(project);
    !waits && (option == "backoff_factor" || tries_the_network(project, call))
}

/// Whether the function that a call decorates talks to another machine.
fn tries_the_network(project: &Project, call: &NamedCall<'_>) -> bool {
    let Parent::Stmt(stmt) = call.module.python.syntax.expr_parent(call.id) else { return false };
    if !matches!(call.module.python.syntax.stmt(stmt).kind, StmtKind::FunctionDef(_)) {
        return false;
    }
    let function = project.calls.of(call.module.id, stmt);
    function.is_some_and(|function| project.calls.reaches(function, Kind::Network).is_some())
}
