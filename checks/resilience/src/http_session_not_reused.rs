use pyaudit_check::project::{Client, OutboundCall};
use pyaudit_check::python::{ExprKind, Parent, StmtKind};
use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds functions behind routes and tasks that make an HTTP client for one call: `async with httpx.AsyncClient() as client`,
    /// `aiohttp.ClientSession()`, `requests.get(…)`. All of a repository are one finding.
    ///
    /// ## Why it matters
    /// Each such call opens a connection of its own: a look-up of the name, a TCP and a TLS handshake, which often takes longer than
    /// the answer. Under load the sockets that are left behind use up the ports of the machine.
    ///
    /// ## How to fix
    /// Make one client when the application starts (in its `lifespan`) and hand it to handlers as a dependency; close it at the end.
    /// With `requests`, keep one `requests.Session` a thread.
    ///
    /// ## Limits
    /// A client with a loop inside its `with` is left alone, and so is one that is kept (assigned to an attribute, a module's name or a cache), or made with
    /// credentials, a certificate, a proxy or a transport of its own. Fewer than three places in a repository are not told: a
    /// call at login need not be fast.
    id: "http-session-not-reused",
    summary: "each call opens a connection of its own",
    area: Resilience,
    axis: Robustness,
    severity: Low,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://www.python-httpx.org/advanced/clients/", "https://docs.aiohttp.org/en/stable/http_request_lifecycle.html", "https://requests.readthedocs.io/en/latest/user/advanced/#session-objects"],
    run: Project(run),
}

/// Fewer places than this are not worth a client that is shared.
const FEW: usize = 3;

/// How many other places are told.
const MAX_RELATED: usize = 20;

/// Options of a client that is for one caller.
const OWN: &[&str] =
    &["auth", "cert", "cookies", "proxy", "proxies", "mounts", "transport", "app", "connector", "cookie_jar", "verify"];

fn message(symbol: &str, count: usize) -> String {
    format!("`{symbol}` opens a connection for one call, and so do {} other places: none is reused", count - 1)
}

fn run(project: &Project, findings: &mut Findings) {
    let behind = project.functions_behind_requests();
    let mut single: Vec<OutboundCall<'_>> = Vec::new();
    for module in project.served_modules() {
        let calls = project.outbound_calls(module).into_iter();
        let calls = calls.filter(|found| behind.contains(&project.calls.function_of(module, found.call.id)));
        let calls: Vec<OutboundCall<'_>> = calls.filter(|found| found.client != Client::Standard).collect();
        findings.examined(calls.iter().filter(|found| found.client.is_request()).count());
        single.extend(calls.into_iter().filter(|found| is_for_one_call(project, found)));
    }
    let Some((first, others)) = single.split_first().filter(|_| single.len() >= FEW) else { return };
    let finding = findings.report(first.call.span(), message(first.symbol, single.len()));
    for other in others.iter().take(MAX_RELATED) {
        finding.related(other.call.span(), "opens a connection of its own too");
    }
}

/// Whether a call makes a connection that nothing keeps.
fn is_for_one_call(project: &Project, found: &OutboundCall<'_>) -> bool {
    match found.client {
        Client::Requests | Client::Httpx => true,
        Client::HttpxMaking | Client::AiohttpMaking => {
            let is_own = OWN.iter().any(|name| found.call.option(project, name).is_some());
            !is_own && is_entered(found) && !is_lent(found)
        }
        _ => false,
    }
}

/// Whether a client is entered by the `with` that makes it, and so closed at its end.
fn is_entered(found: &OutboundCall<'_>) -> bool {
    let syntax = &found.call.module.python.syntax;
    let Parent::Stmt(stmt) = syntax.expr_parent(found.call.id) else { return false };
    match &syntax.stmt(stmt).kind {
        StmtKind::With { items, body, .. } => {
            let is_loop = |stmt| matches!(syntax.stmt(stmt).kind, StmtKind::For { .. } | StmtKind::While { .. });
            // A loop inside it is served by one client.
            items.iter().any(|item| item.context_expr == found.call.id)
                && !syntax.walk_stmts_in(body, false).any(is_loop)
        }
        _ => false,
    }
}

/// Whether the function that makes a client yields it to whoever asks, which may keep it.
fn is_lent(found: &OutboundCall<'_>) -> bool {
    let module = found.call.module;
    let yields = |function| {
        let syntax = &module.python.syntax;
        syntax.walk_exprs_in(function, false).any(|expr| matches!(syntax.expr(expr).kind, ExprKind::Yield(_)))
    };
    found.call.function().is_some_and(yields)
}
