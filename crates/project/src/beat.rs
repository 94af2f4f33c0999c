//! What Celery beat runs again and again. <https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html>

use crate::calls::{Callee, EdgeKind, FunctionId};
use crate::settings::Literal;
use crate::{CeleryTask, Module, Project};
use pyaudit_python::{DictItem, ExprId, ExprKind};
use pyaudit_source::Role;
use std::collections::BTreeMap;

/// An entry of a schedule.
#[derive(Debug, Clone, Copy)]
pub struct BeatEntry<'p> {
    /// The module it stands in.
    pub module: &'p Module,
    /// What names the task: a text in `beat_schedule`, a signature in `add_periodic_task`.
    pub task: Option<ExprId>,
    /// When it runs.
    pub schedule: ExprId,
}

/// The seconds of a minute, an hour and a day.
const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

impl Project {
    /// The entries of schedules in a module, in the order of the source: dictionaries with the keys `task` and `schedule`,
    /// and calls of `add_periodic_task`.
    pub fn beat_entries<'p>(&'p self, module: &'p Module) -> Vec<BeatEntry<'p>> {
        let syntax = &module.python.syntax;
        let listed = syntax.exprs().filter_map(|(_, expr)| match &expr.kind {
            ExprKind::Dict(items) => {
                let task = value_of(module, items, "task")?;
                Some(BeatEntry { module, task: Some(task), schedule: value_of(module, items, "schedule")? })
            }
            _ => None,
        });
        let added = module.calls_named(&["add_periodic_task"]).into_iter().filter_map(|call| {
            let schedule = call.argument(self, "schedule", 0)?;
            Some(BeatEntry { module, task: call.argument(self, "sig", 1), schedule })
        });
        let mut entries: Vec<BeatEntry<'p>> = listed.chain(added).collect();
        entries.sort_by_key(|entry| syntax.expr(entry.schedule).range);
        entries
    }

    /// The seconds of an interval: a number, `timedelta(…)`, or Celery's `schedule(…)` around one.
    pub fn interval_of(&self, module: &Module, schedule: ExprId) -> Option<f64> {
        let ExprKind::Call { func, args, keywords } = &module.python.syntax.expr(schedule).kind else {
            return self.seconds_in(module, schedule);
        };
        let inner = args.first().copied();
        if self.is_any(module, *func, &["celery.schedules.schedule"]) {
            let inner = inner.or_else(|| module.keyword(keywords, "run_every"))?;
            return self.seconds_in(module, inner).or_else(|| self.time_delta(module, inner));
        }
        if self.is_any(module, *func, &["float", "int"]) {
            return self.seconds_in(module, inner?);
        }
        self.time_delta(module, schedule)
    }

    /// The longest time between two runs, in seconds: of an interval, or of a `crontab(…)`.
    pub fn longest_pause(&self, module: &Module, schedule: ExprId) -> Option<f64> {
        let ExprKind::Call { func, args, keywords } = &module.python.syntax.expr(schedule).kind else {
            return self.interval_of(module, schedule);
        };
        if !self.is_any(module, *func, &["celery.schedules.crontab"]) {
            return self.interval_of(module, schedule);
        }
        let is_any_time = |name: &str| {
            let value = module.keyword(keywords, name);
            value.is_none_or(|value| module.python.syntax.string(value) == Some("*"))
        };
        let hourly = args.len() < 2
            && ["hour", "day_of_week", "day_of_month", "month_of_year"].iter().all(|name| is_any_time(name));
        let minute = args.first().copied().or_else(|| module.keyword(keywords, "minute"));
        let every = minute.and_then(|minute| module.python.syntax.string(minute)).map(|text| {
            text.strip_prefix("*/")
                .map_or(HOUR, |step| step.parse::<u8>().map_or(HOUR, |step| f64::from(step) * MINUTE))
        });
        match (hourly, minute) {
            (false, _) => Some(DAY),
            (true, None) => Some(MINUTE),
            (true, Some(minute)) if module.python.syntax.string(minute) == Some("*") => Some(MINUTE),
            (true, Some(_)) => Some(every.unwrap_or(HOUR)),
        }
    }

    /// The tasks of Celery that a failure costs one turn, with the most seconds until the next: those that beat runs, and
    /// those that nothing starts but such tasks, which then find the same work again.
    pub fn repeated_tasks(&self, tasks: &[CeleryTask<'_>]) -> BTreeMap<FunctionId, f64> {
        let mut found: BTreeMap<FunctionId, f64> = BTreeMap::new();
        for module in self.modules.iter().filter(|module| module.role == Role::Application) {
            for entry in self.beat_entries(module) {
                let Some(pause) = self.longest_pause(module, entry.schedule) else { continue };
                for task in tasks.iter().filter(|task| self.is_named_by(task, &entry)) {
                    let known = found.entry(task.id).or_insert(pause);
                    *known = known.min(pause);
                }
            }
        }
        // A task that such a task starts may start others: as many rounds as there are tasks are enough.
        for _ in tasks {
            let before = found.len();
            for task in tasks {
                if let Some(pause) = self.pause_of_starters(task.id, &found) {
                    found.entry(task.id).or_insert(pause);
                }
            }
            if found.len() == before {
                break;
            }
        }
        found
    }

    /// The longest pause of the tasks that start a task, where nothing else of the application does.
    fn pause_of_starters(&self, task: FunctionId, known: &BTreeMap<FunctionId, f64>) -> Option<f64> {
        let mut pause = None;
        let edges = self.calls.edges_to(task).filter(|edge| edge.callee == Callee::Function(task));
        for edge in edges.filter(|edge| self.modules.get(edge.module).role != Role::Test) {
            if edge.kind == EdgeKind::Decorator {
                continue;
            }
            let starter = *known.get(&edge.caller)?;
            pause = Some(pause.map_or(starter, |pause: f64| pause.max(starter)));
        }
        pause
    }

    /// Whether an entry names a task: by the `name` that its decorator gives it, or by its module and function; or whether
    /// its signature is made of the function.
    fn is_named_by(&self, task: &CeleryTask<'_>, entry: &BeatEntry<'_>) -> bool {
        let Some(named) = entry.task else { return false };
        let syntax = &entry.module.python.syntax;
        if let Some(text) = self.constant_string(entry.module, named) {
            let given = task.module.keyword(task.options, "name");
            let given = given.and_then(|given| self.constant_string(task.module, given));
            return given.map_or_else(
                || {
                    text.rsplit_once('.')
                        .is_some_and(|(home, name)| name == task.function_name() && self.is_known_as(task.module, home))
                },
                |given| given == text,
            );
        }
        // `job.s()`, `job.signature(…)`, `job.name`.
        let base = match &syntax.expr(named).kind {
            ExprKind::Call { func, .. } => *func,
            _ => named,
        };
        let object = match &syntax.expr(base).kind {
            ExprKind::Attribute { value, .. } => *value,
            _ => base,
        };
        self.function(entry.module, object)
            .is_some_and(|(home, function, _)| home.id == task.module.id && function == task.function)
    }

    /// Whether a dotted name may be that of a module, by its path: it says all of the name, from whatever directory the
    /// code is started in.
    fn is_known_as(&self, module: &Module, name: &str) -> bool {
        let path = &self.sources.file(module.file).path;
        let path = path.strip_suffix(".py").unwrap_or(path);
        let dotted = path.strip_suffix("/__init__").unwrap_or(path).replace('/', ".");
        dotted.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// The seconds of `timedelta(…)`.
    fn time_delta(&self, module: &Module, expr: ExprId) -> Option<f64> {
        let ExprKind::Call { func, args, keywords } = &module.python.syntax.expr(expr).kind else { return None };
        if !self.is_any(module, *func, &["datetime.timedelta"]) {
            return None;
        }
        let days = args.first().map_or(Some(0.0), |&days| self.seconds_in(module, days))?;
        let units = [("weeks", 7.0 * DAY), ("days", DAY), ("hours", HOUR), ("minutes", MINUTE), ("seconds", 1.0)];
        let named = units.iter().map(|&(name, unit)| match module.keyword(keywords, name) {
            Some(value) => self.seconds_in(module, value).map(|value| value * unit),
            None => Some(0.0),
        });
        let named: Option<f64> = named.sum();
        named.map(|named| named + days * DAY)
    }

    fn seconds_in(&self, module: &Module, expr: ExprId) -> Option<f64> {
        match self.value_when_unset(module, expr)? {
            Literal::Int(number) => u32::try_from(number).ok().map(f64::from),
            Literal::Float(number) => Some(number),
            _ => None,
        }
    }
}

/// The value under a key of a dictionary that is written out.
fn value_of(module: &Module, items: &[DictItem], name: &str) -> Option<ExprId> {
    let mut items = items.iter();
    items.find(|item| item.key.is_some_and(|key| module.python.syntax.string(key) == Some(name))).map(|item| item.value)
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    /// The repeated tasks of `app.tasks`, with their pauses.
    fn repeated(schedule: &str) -> Vec<(String, f64)> {
        repeated_below("", schedule)
    }

    /// The same where the code stands in a directory.
    fn repeated_below(root: &str, schedule: &str) -> Vec<(String, f64)> {
        let tasks = "from celery import shared_task\n@shared_task\ndef sweep():\n    each.delay()\n    shared.delay()\n\
            @shared_task\ndef each(): pass\n@shared_task\ndef shared(): pass\n@shared_task(name='tidy')\ndef third(): pass\n\
            def view():\n    shared.delay()\n";
        let worker = format!(
            "from datetime import timedelta\nfrom celery import Celery\nfrom celery.schedules import crontab\n\
             from app.tasks import sweep\napp = Celery()\nPAUSE = 30\n{schedule}\n"
        );
        let project = project(&[(&format!("{root}app/tasks.py"), tasks), (&format!("{root}app/worker.py"), &worker)]);
        let tasks = project.celery_tasks();
        let found = project.repeated_tasks(&tasks);
        found.into_iter().map(|(id, pause)| (project.calls.qualname(&project, id), pause)).collect()
    }

    #[test]
    fn what_beat_runs_and_what_only_that_starts_is_repeated() {
        let both = |pause: f64| vec![("sweep".to_owned(), pause), ("each".to_owned(), pause)];
        for (when, pause) in [
            ("60.0", 60.0),
            ("float(PAUSE)", 30.0),
            ("timedelta(minutes=5)", 300.0),
            ("crontab()", 60.0),
            ("crontab(minute='*/10')", 600.0),
            ("crontab(minute=30)", 3_600.0),
            ("crontab(hour=3, minute=0)", 86_400.0),
        ] {
            let entry = format!("app.conf.beat_schedule = {{'a': {{'task': 'app.tasks.sweep', 'schedule': {when}}}}}");
            assert_eq!(repeated(&entry), both(pause), "{when}");
        }
        assert_eq!(repeated("app.add_periodic_task(60, sweep.s())"), both(60.0));
    }

    #[test]
    fn a_task_is_known_by_the_name_that_it_was_given() {
        let entry = |name: &str| format!("S = {{'a': {{'task': '{name}', 'schedule': 60}}}}");
        assert_eq!(repeated(&entry("tidy")), [("third".to_owned(), 60.0)]);
        assert_eq!(repeated(&entry("app.tasks.third")), []);
        assert_eq!(repeated(&entry("other.sweep")), []);
        let below = repeated_below("server/", &entry("app.tasks.sweep"));
        assert_eq!(below.first().map(|(name, _)| name.as_str()), Some("sweep"));
    }
}
