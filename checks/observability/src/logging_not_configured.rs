use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds served applications that write `info` or `debug` to loggers of Python while nothing sets logging up: no
    /// `basicConfig`, `dictConfig`, `fileConfig` or `addHandler`, no logging library, no `--log-config`. One finding for the
    /// repository, with the first line that is lost.
    ///
    /// ## Why it matters
    /// Without a handler Python shows warnings and errors alone, as bare text without time, level or module. What the code says
    /// with `logger.info(…)` is written nowhere; uvicorn sets up its own loggers and no others.
    ///
    /// ## How to fix
    /// Call `logging.basicConfig(level=…, format=…)` or `logging.config.dictConfig(…)` once, before the application is made, with the
    /// level from the settings.
    ///
    /// ## Limits
    /// Any setup in a module that the application loads, or that starts it, counts, whichever logger it is for. Setups in
    /// `alembic/env.py`, tests and scripts that do not start a server do not. A platform that sets up Python's loggers by itself
    /// (AWS Lambda) is not known.
    id: "logging-not-configured",
    summary: "log lines below warning are lost",
    area: Observability,
    axis: Observability,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://docs.python.org/3/howto/logging.html#what-happens-if-no-configuration-is-provided"],
    run: Project(run),
}

fn message(call: &str) -> String {
    format!("nothing sets logging up: `{call}` and its like write nowhere, and errors have no time and no level")
}

fn run(project: &Project, findings: &mut Findings) {
    let Some(main) = project.served_application() else { return };
    let Some((module, func)) = project.first_quiet_log() else { return };
    findings.examined(1);
    if project.may_set_up_logs() {
        return;
    }
    let at = module.span_of(func);
    let finding = findings.report(project.made_at(main), message(project.sources.slice(at)));
    finding.related(at, "the first line that is lost");
}
