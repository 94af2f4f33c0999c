use pyaudit_check::project::Module;
use pyaudit_check::project::settings::Literal;
use pyaudit_check::python::{DictItem, ExprId, ExprKind};
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
    let syntax = &module.python.syntax;
    let entries = syntax.exprs().filter_map(|(_, expr)| match &expr.kind {
        ExprKind::Dict(items) => value_of(module, items, "task").and(value_of(module, items, "schedule")),
        _ => None,
    });
    let added = module.calls_named(&["add_periodic_task"]).into_iter();
    let added = added.filter_map(|call| call.argument(project, "schedule", 0));
    let mut schedules: Vec<ExprId> = entries.chain(added).collect();
    schedules.sort_by_key(|&schedule| syntax.expr(schedule).range);
    findings.examined(schedules.len());
    for schedule in schedules {
        let Some(seconds) = seconds(project, module, schedule) else { continue };
        let days = seconds / DAY;
        if days >= 1.0 && days.fract() == 0.0 {
            findings.report(module.span_of(schedule), message(days));
        }
    }
}

fn value_of(module: &Module, items: &[DictItem], name: &str) -> Option<ExprId> {
    let mut items = items.iter();
    items.find(|item| item.key.is_some_and(|key| module.python.syntax.string(key) == Some(name))).map(|item| item.value)
}

/// The seconds of an interval: a number, `timedelta(…)`, or Celery's `schedule(…)` around one.
fn seconds(project: &Project, module: &Module, schedule: ExprId) -> Option<f64> {
    if let ExprKind::Call { func, args, keywords } = &module.python.syntax.expr(schedule).kind {
        if project.is_any(module, *func, &["celery.schedules.schedule"]) {
            let inner = args.first().copied().or_else(|| module.keyword(keywords, "run_every"))?;
            return number(project, module, inner).or_else(|| interval(project, module, inner));
        }
        return interval(project, module, schedule);
    }
    number(project, module, schedule)
}

/// The seconds of `timedelta(…)`.
fn interval(project: &Project, module: &Module, expr: ExprId) -> Option<f64> {
    let ExprKind::Call { func, args, keywords } = &module.python.syntax.expr(expr).kind else { return None };
    if !project.is_any(module, *func, &["datetime.timedelta"]) {
        return None;
    }
    let days = args.first().map_or(Some(0.0), |&days| number(project, module, days))?;
    let units = [("weeks", 7.0 * DAY), ("days", DAY), ("hours", 3_600.0), ("minutes", 60.0), ("seconds", 1.0)];
    let named = units.iter().map(|&(name, unit)| match module.keyword(keywords, name) {
        Some(value) => number(project, module, value).map(|value| value * unit),
        None => Some(0.0),
    });
    let named: Option<f64> = named.sum();
    named.map(|named| named + days * DAY)
}

fn number(project: &Project, module: &Module, expr: ExprId) -> Option<f64> {
    match project.value_when_unset(module, expr)? {
        Literal::Int(number) => u32::try_from(number).ok().map(f64::from),
        Literal::Float(number) => Some(number),
        _ => None,
    }
}
