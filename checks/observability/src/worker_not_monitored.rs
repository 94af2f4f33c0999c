use pyaudit_check::{Findings, Project, Role, Span, check};

check! {
    /// ## What it does
    /// Finds workers (Celery, Dramatiq, RQ, arq) that nothing watches: no dashboard or exporter is installed or started, no error
    /// tracker is imported, no signal or hook of a failed task is handled, and no probe asks the worker. One finding for the
    /// repository, where the worker's application is made.
    ///
    /// ## Why it matters
    /// A worker answers no request, so nobody notices when it dies or its tasks fail: mails are not sent, reports are not made, and
    /// the queue grows until users ask.
    ///
    /// ## How to fix
    /// Run Flower or an exporter for Prometheus beside it, let the container ask `celery inspect ping`, and tell failed tasks to an
    /// error tracker (`sentry_sdk` does that for Celery by itself) or handle `task_failure`.
    ///
    /// ## Limits
    /// What watches from outside the repository is not seen. A handler of failures counts whatever it does.
    id: "worker-not-monitored",
    summary: "nothing notices when a worker fails",
    area: Observability,
    axis: Observability,
    severity: Low,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://docs.celeryq.dev/en/stable/userguide/monitoring.html", "https://flower.readthedocs.io/"],
    run: Project(run),
}

/// What makes the application of a worker, with the name that is told.
const WORKERS: &[(&str, &str)] = &[
    ("celery.Celery", "Celery"),
    ("celery.app.Celery", "Celery"),
    ("celery.app.base.Celery", "Celery"),
    ("dramatiq.set_broker", "Dramatiq"),
    ("rq.Queue", "RQ"),
    ("rq.Worker", "RQ"),
    ("arq.create_pool", "arq"),
    ("arq.connections.create_pool", "arq"),
];

/// Distributions that show what workers do.
const DISTRIBUTIONS: &[&str] = &[
    "flower",
    "celery-exporter",
    "celery-prometheus-exporter",
    "rq-dashboard",
    "rq-exporter",
    "dramatiq-dashboard",
    "sentry-sdk",
];

/// Words in commands and manifests that start something that watches, or ask a worker.
const COMMANDS: &[&str] = &[
    "flower",
    "celery-exporter",
    "celery_exporter",
    "inspect ping",
    "inspect\", \"ping",
    "rq-dashboard",
    "rqmonitor",
    "ddtrace-run",
    "newrelic-admin",
    "opentelemetry-instrument",
];

/// Libraries that tell failures of tasks or measure them.
const LIBRARIES: &[&str] = &[
    "sentry_sdk",
    "rollbar",
    "bugsnag",
    "honeybadger",
    "elasticapm",
    "newrelic",
    "ddtrace",
    "opentelemetry",
    "logfire",
    "prometheus_client",
    "appsignal",
    "scout_apm",
];

/// Identifiers of code that handles a failed task, or looks at workers.
const NAMES: &[&str] = &[
    "health_check_interval",
    "health_check_key",
    "task_failure",
    "task_postrun",
    "task_retry",
    "on_failure",
    "worker_ready",
    "heartbeat_sent",
    "control",
    "on_job_end",
    "after_job_end",
    "exc_handler",
    "exception_handlers",
    "push_exc_handler",
    "FailedJobRegistry",
    "StatsD",
    "Prometheus",
];

fn message(worker: &str) -> String {
    format!("nothing watches the workers of {worker}: one that dies, or whose tasks fail, is noticed by users")
}

fn run(project: &Project, findings: &mut Findings) {
    let Some((at, worker)) = first_worker(project) else { return };
    findings.examined(1);
    let is_watched = project.installs_any(DISTRIBUTIONS)
        || project.runs_any(COMMANDS)
        || project.application_imports(LIBRARIES)
        || project
            .modules
            .iter()
            .filter(|module| module.role == Role::Application)
            .any(|module| NAMES.iter().any(|name| module.python.name_id(name).is_some()));
    if !is_watched {
        findings.report(at, message(worker));
    }
}

/// Where the application of a worker is made first, and that a task is defined at all.
fn first_worker(project: &Project) -> Option<(Span, &'static str)> {
    let mut modules = project.served_modules();
    let found = modules.find_map(|module| {
        let calls = module.calls_named(&["Celery", "set_broker", "Queue", "Worker", "create_pool"]);
        calls.into_iter().find_map(|call| {
            let symbol = call.symbol(project)?;
            let &(_, name) = WORKERS.iter().find(|(path, _)| symbol.is(path))?;
            Some((call.span(), name))
        })
    });
    let has_tasks = || project.calls.functions().any(|(_, function)| function.entry.task);
    found.filter(|&(_, worker)| worker == "RQ" || worker == "arq" || has_tasks())
}
