use pyaudit_check::project::{Module, Purpose, Route};
use pyaudit_check::python::{ExprId, ExprKind, Integer, StmtId, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Span, check};

check! {
    /// ## What it does
    /// Finds health checks that cannot fail: one that asks a database, cache or service, catches what goes wrong, and
    /// answers 200 with a text such as `"unhealthy"`; and one that says `"database": "connected"` without asking.
    ///
    /// ## Why it matters
    /// Load balancers, orchestrators and platforms read the status and not the text. A dead instance keeps its traffic, a
    /// broken release goes live, and the alarm stays quiet.
    ///
    /// ## How to fix
    /// Answer 503 when something that the service needs is down: `response.status_code = 503`, or raise
    /// `HTTPException(503)`. A liveness probe that asks nothing says nothing but `{"status": "ok"}`.
    ///
    /// ## Limits
    /// A `raise`, a status of 500 and above or one that is computed, anywhere in the handler or in what it calls, is taken
    /// for a way to fail. A constant answer that claims nothing is a liveness probe and silent. Calls are followed four deep.
    id: "health-check-always-ok",
    summary: "a health check answers 200 whatever happens",
    area: Api,
    axis: Observability,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"],
    run: Project(run),
}

/// How many calls are followed.
const DEPTH: usize = 4;

/// Words of routes that say whether the service is up.
const PROBES: &[&str] =
    &["health", "healthz", "healthcheck", "ready", "readyz", "readiness", "live", "liveness", "livez"];

/// Texts that say that something is down.
const DOWN: &[&str] = &[
    "unhealthy",
    "degraded",
    "down",
    "error",
    "disconnected",
    "unavailable",
    "not connected",
    "failed",
    "not ready",
    "fail",
];

/// Texts that say that something is up.
const UP: &[&str] = &["ok", "connected", "healthy", "up", "operational", "available", "running", "ready"];

/// Keys that name something a service needs.
const PARTS: &[&str] = &[
    "database",
    "db",
    "redis",
    "cache",
    "postgres",
    "postgresql",
    "mongo",
    "mongodb",
    "celery",
    "queue",
    "storage",
    "broker",
];

fn swallowed_message(subject: &str, text: &str) -> String {
    format!(
        "`{subject}` answers 200 when what it asks is down: `{text}` stands in the text alone, which no load balancer reads"
    )
}

fn claimed_message(subject: &str, part: &str, state: &str) -> String {
    format!("`{subject}` says that `{part}` is `{state}` and never asks it")
}

fn run(project: &Project, findings: &mut Findings) {
    for (_, route) in project.shipped_routes() {
        let Some((module, handler)) = route.handler.filter(|_| is_probe(project, route)) else { continue };
        findings.examined(1);
        let home = project.modules.get(module);
        let behind = project.functions_behind(module, handler, DEPTH);
        if behind.iter().any(|&(home, function)| can_fail(project, home, function)) {
            continue;
        }
        let subject = route.subject();
        if let Some((span, part, state)) = claim(home, handler).filter(|_| asks_nothing(home, handler)) {
            let finding = findings.report(span, claimed_message(&subject, &part, &state));
            finding.subject(subject).confidence(Confidence::High);
        } else if let Some((span, text)) = behind.iter().find_map(|&(home, function)| says_down(home, function))
            && behind.iter().any(|&(home, function)| catches(home, function))
        {
            let name = home.function(handler).map_or(route.span, |function| home.span(function.name.range));
            let finding = findings.report(name, swallowed_message(&subject, &text));
            finding.subject(subject).related(span, "said here");
        }
    }
}

fn is_probe(project: &Project, route: &Route) -> bool {
    let is_get = route.methods.iter().any(|method| method == "GET");
    let last = route.path.to_ascii_lowercase();
    let mut words = last.split(['/', '-', '_']).rev().take(3);
    let names_probe = words.any(|word| PROBES.contains(&word));
    // `/patients/{id}/health` is about somebody's health.
    let is_own = !route.path.contains('{');
    is_get && is_own && names_probe && project.purpose_of(route) == Purpose::Probe
}

/// Whether a function raises something, or makes an answer whose status is not plainly that of success.
fn can_fail(project: &Project, module: &Module, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let Some(definition) = module.function(function) else { return true };
    let is_success = |status: ExprId| project.status(module, status).is_some_and(|status| status < 400);
    let fails = |id: ExprId| match &syntax.expr(id).kind {
        ExprKind::Int(Integer::Small(500..=599)) => true,
        ExprKind::Attribute { attr, .. } => {
            let name = syntax.identifier(*attr);
            name.starts_with("HTTP_5") || matches!(name, "SERVICE_UNAVAILABLE" | "INTERNAL_SERVER_ERROR" | "exit")
        }
        ExprKind::Call { keywords, .. } => {
            module.keyword(keywords, "status_code").is_some_and(|status| !is_success(status))
        }
        _ => false,
    };
    let by_statement = syntax.walk_stmts_in(&definition.body, true).any(|id| match &syntax.stmt(id).kind {
        StmtKind::Raise { .. } | StmtKind::Assert { .. } => true,
        StmtKind::Assign { targets, value } => {
            targets.iter().any(|&target| module.last_name(target) == Some("status_code")) && !is_success(*value)
        }
        _ => false,
    });
    by_statement || definition.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)).any(fails)
}

/// Whether a function catches something, with a call in what it guards.
fn catches(module: &Module, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let body = module.function(function).map_or(&[][..], |definition| &definition.body);
    syntax.walk_stmts_in(body, true).any(|id| match &syntax.stmt(id).kind {
        StmtKind::Try { body, handlers, .. } => {
            let mut guarded = body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
            !handlers.is_empty() && guarded.any(|id| matches!(syntax.expr(id).kind, ExprKind::Call { .. }))
        }
        _ => false,
    })
}

/// The text with which a function says, in an `except` clause, that something is down.
fn says_down(module: &Module, function: StmtId) -> Option<(Span, String)> {
    let syntax = &module.python.syntax;
    let body = module.function(function).map_or(&[][..], |definition| &definition.body);
    syntax.walk_stmts_in(body, true).find_map(|id| {
        let StmtKind::Try { handlers, .. } = &syntax.stmt(id).kind else { return None };
        let stmts = handlers.iter().flat_map(|handler| &handler.body);
        let mut exprs = stmts.flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
        exprs.find_map(|id| {
            let text = syntax.string(id)?;
            let lower = text.to_ascii_lowercase();
            DOWN.contains(&lower.as_str()).then(|| (module.span_of(id), text.to_owned()))
        })
    })
}

/// The part of a service that a handler says is up, as a constant in a dict.
fn claim(module: &Module, handler: StmtId) -> Option<(Span, String, String)> {
    let syntax = &module.python.syntax;
    let definition = module.function(handler)?;
    definition.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false)).find_map(|id| {
        let ExprKind::Dict(items) = &syntax.expr(id).kind else { return None };
        items.iter().find_map(|item| {
            let (part, state) = (syntax.string(item.key?)?, syntax.string(item.value)?);
            let is_claim = PARTS.contains(&part.to_ascii_lowercase().as_str())
                && UP.contains(&state.to_ascii_lowercase().as_str());
            is_claim.then(|| (module.span_of(item.value), part.to_owned(), state.to_owned()))
        })
    })
}

/// Whether a handler calls nothing that could ask something: no dependency, nothing awaited, no call but of a clock.
fn asks_nothing(module: &Module, handler: StmtId) -> bool {
    const CLOCKS: &[&str] =
        &["now", "utcnow", "time", "isoformat", "timestamp", "uptime", "monotonic", "round", "str", "strftime"];
    let syntax = &module.python.syntax;
    let Some(definition) = module.function(handler) else { return false };
    let calls_nothing =
        definition.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)).all(|id| {
            match &syntax.expr(id).kind {
                ExprKind::Await(_) => false,
                ExprKind::Call { func, .. } => module.last_name(*func).is_some_and(|name| CLOCKS.contains(&name)),
                _ => true,
            }
        });
    calls_nothing && definition.parameters.iter().next().is_none()
}
