use pyaudit_check::project::{Module, Signs};
use pyaudit_check::python::{ExprKind, StmtId};
use pyaudit_check::{Confidence, Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds served applications that leave no line for a request: the access log of the server is off, or is never turned on, and
    /// no middleware of the application writes a log. One finding for the repository.
    ///
    /// ## Why it matters
    /// When a user reports a failure, the first questions are whether the request came, what was answered and how long it took.
    /// Nothing answers them.
    ///
    /// ## How to fix
    /// A middleware that logs method, path, status and duration of each request, with its id; or the access log of the server:
    /// `--access-log` of uvicorn, `--access-logfile -` of gunicorn.
    ///
    /// ## Limits
    /// uvicorn's access log is on by default and tells no duration and no user: where it is all there is, that is a hint of low
    /// confidence. A proxy or platform may log requests too, which is not seen. Middleware counts when it logs or is named for it.
    id: "no-request-logging",
    summary: "requests leave no line in a log",
    area: Observability,
    axis: Observability,
    severity: Low,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://www.uvicorn.org/settings/#logging", "https://docs.gunicorn.org/en/stable/settings.html#accesslog"],
    run: Project(run),
}

/// Libraries that log or trace each request.
const LIBRARIES: &[&str] = &[
    "asgi_logger",
    "access_logger",
    "fastapi_structlog",
    "opentelemetry",
    "ddtrace",
    "newrelic",
    "elasticapm",
    "logfire",
    "azure",
    "opencensus",
    "aws_xray_sdk",
    "apitally",
    "appsignal",
    "scout_apm",
    "fastapi_analytics",
    "api_analytics",
    "prometheus_fastapi_instrumentator",
    "starlette_exporter",
    "starlette_prometheus",
];

/// Words in the name of middleware that logs.
const MIDDLEWARE: &[&str] =
    &["log", "audit", "trace", "tracing", "timing", "process_time", "metric", "telemetry", "monitor"];

/// What takes the place of the server's access log.
enum AccessLog {
    /// uvicorn writes one by default.
    Default,
    /// It is turned off.
    Off,
    /// gunicorn writes none by default.
    NeverOn,
}

fn message(access_log: &AccessLog) -> &'static str {
    match access_log {
        AccessLog::Off => "no request is logged: the access log of the server is off, and no middleware writes one",
        AccessLog::NeverOn => {
            "no request is logged: gunicorn writes no access log unless it is told to, and no middleware writes one"
        }
        AccessLog::Default => {
            "the access log of the server is all that tells of a request: without duration, user or id"
        }
    }
}

fn run(project: &Project, findings: &mut Findings) {
    let Some(main) = project.served_application() else { return };
    findings.examined(1);
    if logs_requests(project) {
        return;
    }
    let access_log = access_log(project);
    let finding = findings.report(project.made_at(main), message(&access_log));
    if matches!(access_log, AccessLog::Default) {
        finding.confidence(Confidence::Low);
    }
}

/// Whether some middleware, or a library, leaves a line or a record of each request.
fn logs_requests(project: &Project) -> bool {
    let layers = || project.shipped_applications().flat_map(|id| &project.routes.router(id).layers);
    project.shows(&Signs { libraries: LIBRARIES, layers: MIDDLEWARE, ..Signs::default() })
        || layers().filter_map(|layer| layer.definition).any(|(module, definition)| {
            let module = project.modules.get(module);
            let class = module.class(definition).map(|class| &class.body);
            let body = module.function(definition).map(|function| &function.body).or(class);
            body.is_some_and(|body| logs(project, module, body))
        })
}

/// Whether a body logs, in its methods too.
fn logs(project: &Project, module: &Module, body: &[StmtId]) -> bool {
    let syntax = &module.python.syntax;
    let methods = body.iter().filter_map(|&stmt| module.function(stmt));
    let calls = body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true));
    calls.into_iter().any(|expr| project.is_log_call(module, expr))
        || project.tells(module, body)
        || methods.into_iter().any(|method| project.tells(module, &method.body))
}

/// What the repository says of the access log of the server.
fn access_log(project: &Project) -> AccessLog {
    let is_off = || {
        project.modules.iter().filter(|module| module.role != Role::Test).any(|module| {
            module.calls_named(&["run", "Config"]).iter().any(|call| {
                let value = call.option(project, "access_log");
                value.is_some_and(|value| matches!(module.python.syntax.expr(value).kind, ExprKind::Bool(false)))
            })
        })
    };
    let names_access_log = || {
        project
            .modules
            .iter()
            .any(|module| ["accesslog", "access_log"].iter().any(|name| module.python.name_id(name).is_some()))
    };
    if project.runs_any(&["--no-access-log"]) || is_off() {
        AccessLog::Off
    } else if project.runs_any(&["gunicorn"])
        && !project.runs_any(&["access-log", "GUNICORN_CMD_ARGS", "gunicorn_conf", "gunicorn.conf"])
        && !names_access_log()
    {
        AccessLog::NeverOn
    } else {
        AccessLog::Default
    }
}
