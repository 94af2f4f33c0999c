use pyaudit_check::{Confidence, Findings, Project, check};

check! {
    /// ## What it does
    /// Finds served applications whose logging is set up to write plain text: `basicConfig`, `dictConfig` or a formatter of text,
    /// and nothing that writes JSON or key and value. One finding for the repository, at the first setup.
    ///
    /// ## Why it matters
    /// A log service can filter and count only what it can take apart. Of plain text somebody must write a pattern for each
    /// message, and a traceback is forty messages.
    ///
    /// ## How to fix
    /// Give the handler a formatter that writes one JSON object a line (`python-json-logger`), or use `structlog`, and log values as
    /// fields: `logger.info("user created", extra={"user_id": user.id})`.
    ///
    /// ## Limits
    /// A formatter of the project in a module that makes JSON counts as structured. Nothing is said where logging is not set up at
    /// all, which `logging-not-configured` tells, and nothing
    /// where a setup comes from a file. On a desk plain text is what one wants, so this is a hint where one handler alone
    /// is set up.
    id: "no-structured-logging",
    summary: "logs are plain text",
    area: Observability,
    axis: Observability,
    severity: Low,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://docs.python.org/3/howto/logging-cookbook.html#implementing-structured-logging", "https://www.structlog.org/"],
    run: Project(run),
}

fn message(call: &str) -> String {
    format!("`{call}` sets up plain text: a log service cannot filter or count by the values in it")
}

fn run(project: &Project, findings: &mut Findings) {
    if project.served_application().is_none() {
        return;
    }
    let setups = project.log_setups();
    let Some(setup) = setups.iter().find(|setup| setup.is_for_everything(project)).or(setups.first()) else { return };
    findings.examined(1);
    // A setup that cannot be seen may be of any form.
    let is_shown = setups.iter().all(|setup| setup.is_shown(project) && !setup.may_log_data(project));
    if !is_shown || project.may_write_structured_logs() {
        return;
    }
    let at = project.modules.get(setup.module).span_of(setup.func);
    let finding = findings.report(at, message(project.sources.slice(at)));
    if !setup.is_for_everything(project) {
        finding.confidence(Confidence::Low);
    }
}
