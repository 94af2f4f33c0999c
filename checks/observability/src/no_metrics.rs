use pyaudit_check::project::Signs;
use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds served applications that measure nothing: no Prometheus, StatsD, OpenTelemetry or agent of a monitoring service is
    /// imported or started, and no route is for metrics. One finding for the repository.
    ///
    /// ## Why it matters
    /// Without the rate, the duration and the failures of requests, nobody sees that a release made the service slow, that a pool is
    /// exhausted, or that one of a hundred requests fails, until somebody complains.
    ///
    /// ## How to fix
    /// `Instrumentator().instrument(app).expose(app)` of `prometheus-fastapi-instrumentator` gives rate, errors and duration of
    /// every route; OpenTelemetry gives the same with traces.
    ///
    /// ## Limits
    /// An agent that is started from outside the repository is not seen, and neither are the metrics of a proxy or platform.
    /// Applications with fewer than three routes, and those that nothing in the repository runs, are not examined.
    id: "no-metrics",
    summary: "nothing measures the requests",
    area: Observability,
    axis: Observability,
    severity: Low,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://github.com/trallnag/prometheus-fastapi-instrumentator", "https://opentelemetry-python-contrib.readthedocs.io/en/latest/instrumentation/fastapi/fastapi.html"],
    run: Project(run),
}

/// Libraries that measure, or that hand measurements to a service.
const LIBRARIES: &[&str] = &[
    "prometheus_client",
    "prometheus_fastapi_instrumentator",
    "starlette_exporter",
    "starlette_prometheus",
    "aioprometheus",
    "starlette_statsd",
    "statsd",
    "aiostatsd",
    "datadog",
    "ddtrace",
    "opentelemetry",
    "opencensus",
    "newrelic",
    "elasticapm",
    "logfire",
    "appsignal",
    "scout_apm",
    "azure",
    "applicationinsights",
    "influxdb",
    "influxdb_client",
    "aws_embedded_metrics",
    "aws_lambda_powertools",
    "instana",
    "atatus",
    "apitally",
    "uptrace",
    "fastapi_prometheus",
    "api_analytics",
];

/// Words in commands that start an agent.
const COMMANDS: &[&str] = &["ddtrace-run", "newrelic-admin", "opentelemetry-instrument", "elasticapm-run", "appsignal"];

/// Identifiers that only code for measurements has.
const NAMES: &[&str] =
    &["configure_azure_monitor", "traces_sample_rate", "put_metric_data", "PrometheusMiddleware", "MetricsMiddleware"];

/// Words of a path that say that a route gives measurements of the service.
const PATHS: &[&str] = &["/metrics", "/prometheus", "/stats/system", "/-/metrics"];

/// Words in the name of middleware that measures.
const MIDDLEWARE: &[&str] = &["metric", "prometheus", "statsd", "telemetry", "tracing", "monitoring"];

fn message() -> &'static str {
    "nothing measures this application: rate, errors and duration of its requests are known to nobody"
}

fn run(project: &Project, findings: &mut Findings) {
    let Some(main) = project.served_application() else { return };
    findings.examined(1);
    let has_route = || project.routes.routes.iter().any(|route| PATHS.iter().any(|path| route.path.ends_with(path)));
    let signs = Signs { libraries: LIBRARIES, commands: COMMANDS, names: NAMES, layers: MIDDLEWARE, texts: PATHS };
    if !has_route() && !project.shows(&signs) {
        findings.report(project.made_at(main), message());
    }
}
