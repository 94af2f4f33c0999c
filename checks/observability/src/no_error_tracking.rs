use pyaudit_check::project::Signs;
use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds served applications that send their exceptions nowhere: nothing imports Sentry, Rollbar, Bugsnag, Honeybadger,
    /// Elastic APM, New Relic, Datadog, OpenTelemetry or another service of the kind. One finding for the repository.
    ///
    /// ## Why it matters
    /// An exception in production is a line in a log that nobody reads. Without something that groups errors and tells somebody,
    /// users report them first, and nobody knows how often one happens or since which version.
    ///
    /// ## How to fix
    /// Call `sentry_sdk.init(dsn=…)` (or that of another service, or of a free server of the same protocol) where the
    /// application is made, with the release and the environment.
    ///
    /// ## Limits
    /// An agent that is started from outside the repository is not seen. A library that is installed and never imported does not
    /// count. A module of the project with the name of such a service does. Applications with fewer than three routes, and those
    /// that nothing in the repository runs, are not examined.
    id: "no-error-tracking",
    summary: "exceptions are sent to nobody",
    area: Observability,
    axis: Observability,
    severity: Low,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://docs.sentry.io/platforms/python/integrations/fastapi/"],
    run: Project(run),
}

/// Libraries that tell exceptions to a service.
const LIBRARIES: &[&str] = &[
    "sentry_sdk",
    "raven",
    "rollbar",
    "bugsnag",
    "honeybadger",
    "airbrake",
    "pybrake",
    "raygun4py",
    "elasticapm",
    "newrelic",
    "ddtrace",
    "datadog",
    "opentelemetry",
    "logfire",
    "appsignal",
    "scout_apm",
    "highlight_io",
    "applicationinsights",
    "opencensus",
    "posthog",
    "exceptionless",
    "glitchtip",
    "atatus",
    "instana",
    "stackify",
    "uptrace",
    "signoz",
    "aws_xray_sdk",
    "aws_lambda_powertools",
    "betterstack",
    "logtail",
    "axiom_py",
];

/// Words in commands and names that say the same.
const COMMANDS: &[&str] = &["ddtrace-run", "newrelic-admin", "opentelemetry-instrument", "elasticapm-run", "appsignal"];

/// Identifiers that only code for such a service has.
const NAMES: &[&str] =
    &["capture_exception", "error_reporting", "configure_azure_monitor", "report_exc_info", "sentry_dsn", "SENTRY_DSN"];

fn message() -> &'static str {
    "nothing tracks errors: an exception in production is a line in a log, and nobody is told"
}

fn run(project: &Project, findings: &mut Findings) {
    let Some(main) = project.served_application() else { return };
    findings.examined(1);
    if !project.shows(&Signs { libraries: LIBRARIES, commands: COMMANDS, names: NAMES, ..Signs::default() }) {
        findings.report(project.made_at(main), message());
    }
}
