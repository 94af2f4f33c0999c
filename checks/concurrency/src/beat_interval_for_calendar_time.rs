use pyaudit_check::project::Module;
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds entries of Celery beat that repeat after whole days, written as an interval: `"schedule": 86400`,
    /// `timedelta(days=1)`, `add_periodic_task(86400.0, …)`.
    ///
    /// ## Why it matters
    /// An interval counts from the last run that beat remembers, and in a container beat remembers nothing. The daily
    /// report moves to the time of the last deployment, and with a deployment a day it never runs.
    ///
    /// ## How to fix
    /// Name the time: `crontab(hour=3, minute=0)`, and set `timezone`.
    ///
    /// ## Limits
    /// Only multiples of a day are flagged, in dictionaries with the keys `task` and `schedule` and in `add_periodic_task`.
    /// Intervals that a variable of the environment gives are judged by their default.
    id: "beat-interval-for-calendar-time",
    summary: "a daily job is scheduled by an interval",
    area: Concurrency,
    axis: Robustness,
    severity: Low,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html#crontab-schedules"],
    run: Module(run),
}

/// The seconds of a day.
const DAY: f64 = 86_400.0;

fn message(days: f64) -> String {
    let every = if days <= 1.0 { "day".to_owned() } else { format!("{days} days") };
    format!(
        "an interval for what runs every {every}: it counts from the start of beat, so each deployment moves or skips it"
    )
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    let schedules = project.beat_entries(module);
    findings.examined(schedules.len());
    for entry in schedules {
        let Some(seconds) = project.interval_of(module, entry.schedule) else { continue };
        let days = seconds / DAY;
        if days >= 1.0 && days.fract() == 0.0 {
            findings.report(module.span_of(entry.schedule), message(days));
        }
    }
}
