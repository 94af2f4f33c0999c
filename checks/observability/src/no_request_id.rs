use pyaudit_check::project::Signs;
use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds served applications that log and give their requests no id: no middleware, library or header (`X-Request-ID`,
    /// `traceparent`) ties the lines of one request together. One finding for the repository.
    ///
    /// ## Why it matters
    /// Lines of requests that run at the same time stand among each other in a log. Without an id nobody can tell which of them
    /// belong to the request that failed, nor follow it into the next service, nor find what a user's report is about.
    ///
    /// ## How to fix
    /// Add `CorrelationIdMiddleware` of `asgi-correlation-id` and its filter to the format of the logs, and hand the id on to the
    /// services that are called.
    ///
    /// ## Limits
    /// Code that names a request id, a correlation id or a trace id anywhere counts as one, whether or not it reaches the logs.
    /// An application without logs is not examined, and neither is one with fewer than three routes or that nothing runs.
    id: "no-request-id",
    summary: "nothing ties the log lines of a request together",
    area: Observability,
    axis: Observability,
    severity: Low,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://github.com/snok/asgi-correlation-id", "https://www.w3.org/TR/trace-context/"],
    run: Project(run),
}

/// Libraries that give requests an id or a trace.
const LIBRARIES: &[&str] = &[
    "asgi_correlation_id",
    "starlette_context",
    "opentelemetry",
    "ddtrace",
    "elasticapm",
    "newrelic",
    "logfire",
    "aws_xray_sdk",
    "fastapi_request_id",
    "azure",
    "opencensus",
    "instana",
    "uptrace",
    "appsignal",
    "jaeger_client",
    "aws_lambda_powertools",
    "asgi_request_id",
    "fastapi_structlog",
    "cid",
];

/// Headers that carry an id.
const HEADERS: &[&str] = &[
    "x-request-id",
    "x-correlation-id",
    "request-id",
    "correlation-id",
    "traceparent",
    "x-trace-id",
    "x-amzn-trace-id",
    "x-cloud-trace-context",
    "x-b3-traceid",
    "request_id",
    "correlation_id",
    "trace_id",
    "req_id",
];

/// Identifiers of code that gives an id.
const NAMES: &[&str] = &["request_id", "correlation_id", "trace_id", "req_id", "request_id_var", "request_id_ctx"];

/// Words in the name of middleware that gives an id.
const MIDDLEWARE: &[&str] =
    &["requestid", "request_id", "correlation", "traceid", "tracing", "requestcontext", "request_context"];

/// Words in commands that start an agent which traces.
const COMMANDS: &[&str] = &["ddtrace-run", "newrelic-admin", "opentelemetry-instrument", "elasticapm-run"];

fn message() -> &'static str {
    "requests have no id: the log lines of one request cannot be told from those of the others"
}

fn run(project: &Project, findings: &mut Findings) {
    let logs = || project.served_code_names(&["getLogger", "logger", "get_logger"]);
    let Some(main) = project.served_application().filter(|_| logs()) else { return };
    findings.examined(1);
    let signs = Signs { libraries: LIBRARIES, commands: COMMANDS, names: NAMES, layers: MIDDLEWARE, texts: HEADERS };
    if !project.shows(&signs) {
        findings.report(project.made_at(main), message());
    }
}
