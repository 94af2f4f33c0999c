//! Running checks, each unit by itself.

use crate::{CheckTime, Profile};
use pyaudit_check::project::ModuleId;
use pyaudit_check::{Check, Finding, Findings, Project, Run};
use pyaudit_source::{Phase, Problem, Span};
use rayon::prelude::*;
use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

thread_local! {
    static RUNS_A_CHECK: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread runs a check, so that a panic on it is caught and told as a problem. A program may ask this in
/// its panic hook to keep such a panic off the terminal; this library leaves the hook alone.
pub fn runs_a_check() -> bool {
    RUNS_A_CHECK.get()
}

/// What the checks said, before it is judged.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) findings: Vec<Finding>,
    pub(crate) examined: BTreeMap<&'static str, usize>,
    pub(crate) problems: Vec<Problem>,
}

/// Runs every unit of every check in parallel, and measures each where there is a profile to fill. The outcome depends
/// on neither that nor the number of threads.
pub(crate) fn run_checks(project: &Project, checks: &[&'static Check], profile: Option<&mut Profile>) -> Outcome {
    let is_measured = profile.is_some();
    let units: Vec<(&'static Check, Unit)> =
        checks.iter().flat_map(|&check| units(project, check).map(move |unit| (check, unit))).collect();
    // An indexed parallel iterator keeps the order of the units, whichever thread is done first.
    let results: Vec<_> = units
        .par_iter()
        .map(|&(check, unit)| {
            let (result, time) = timed(is_measured, || run_unit(project, check, unit));
            (check, result, time)
        })
        .collect();
    if let Some(profile) = profile {
        profile.checks = times(checks, results.iter().map(|&(check, _, time)| (check.id, time)));
    }
    let mut outcome = Outcome::default();
    outcome.examined.extend(checks.iter().map(|check| (check.id, 0)));
    for (check, result, _) in results {
        match result {
            Ok((findings, examined)) => {
                outcome.findings.extend(findings);
                *outcome.examined.entry(check.id).or_default() += examined;
            }
            Err(problem) => outcome.problems.push(problem),
        }
    }
    outcome
}

/// Does something and tells how long it took, nothing where that is not asked.
fn timed<T>(is_measured: bool, work: impl FnOnce() -> T) -> (T, Duration) {
    let start = is_measured.then(Instant::now);
    let result = work();
    (result, start.map_or(Duration::ZERO, |start| start.elapsed()))
}

/// The times of calls by check, in the order of the checks.
fn times(checks: &[&'static Check], calls: impl Iterator<Item = (&'static str, Duration)>) -> Vec<CheckTime> {
    let mut sums: BTreeMap<&str, (usize, Duration)> = BTreeMap::new();
    for (id, time) in calls {
        let (units, sum) = sums.entry(id).or_default();
        *units += 1;
        *sum += time;
    }
    let of = |check: &&'static Check| {
        let (units, time) = sums.get(check.id).copied().unwrap_or_default();
        CheckTime { id: check.id, units, time }
    };
    checks.iter().map(of).collect()
}

/// What one call of a check looks at.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Project,
    Module(ModuleId),
}

fn units(project: &Project, check: &Check) -> impl Iterator<Item = Unit> + use<> {
    let (whole, modules) = match check.run {
        Run::Project(_) => (Some(Unit::Project), 0),
        Run::Module(_) => (None, project.modules.len() as u32),
    };
    whole.into_iter().chain((0..modules).map(|at| Unit::Module(ModuleId(at))))
}

fn run_unit(project: &Project, check: &'static Check, unit: Unit) -> Result<(Vec<Finding>, usize), Problem> {
    let run = || {
        let mut findings = Findings::new(check);
        match (check.run, unit) {
            (Run::Project(run), _) => run(project, &mut findings),
            (Run::Module(run), Unit::Module(at)) => run(project, project.modules.get(at), &mut findings),
            (Run::Module(_), Unit::Project) => {}
        }
        findings.finish()
    };
    RUNS_A_CHECK.set(true);
    // The project is only read, and what the check had gathered is thrown away, so nothing half-done is seen again.
    let result = catch_unwind(AssertUnwindSafe(run));
    RUNS_A_CHECK.set(false);
    result.map_err(|payload| crashed(project, check, unit, payload.as_ref()))
}

fn crashed(project: &Project, check: &Check, unit: Unit, payload: &(dyn Any + Send)) -> Problem {
    let why = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let why = why.unwrap_or("no message");
    let (span, on) = match unit {
        Unit::Project => (None, "the project".to_owned()),
        Unit::Module(at) => {
            let file = project.modules.get(at).file;
            (Some(Span::file(file)), format!("`{}`", project.sources.file(file).path))
        }
    };
    Problem { span, path: None, phase: Phase::Check, message: format!("`{}` crashed on {on}: {why}", check.id) }
}

#[cfg(test)]
mod tests {
    use crate::testing::{ALPHA, CRASHING, FAILING, WORDS, lines, project};
    use crate::{Audit, Config, run, run_profiled};

    const FILES: &[(&str, &str)] = &[("b.py", "beta\nalpha\n"), ("a.py", "x = 'boom'\n"), ("c.py", "alpha = alpha\n")];

    #[test]
    fn findings_stand_in_the_order_of_path_place_and_check() {
        let audit = run(project(FILES), WORDS, &Config::default());
        let expected = ["b.py:1 beta new", "b.py:2 alpha new", "c.py:1 alpha new", "c.py:1 alpha new"];
        assert_eq!(lines(&audit), expected);
        assert_eq!(
            audit.checks.iter().map(|check| check.id).collect::<Vec<_>>(),
            ["alpha-word", "beta-word", "gamma-word"]
        );
        assert_eq!(
            audit.examined.into_iter().collect::<Vec<_>>(),
            [("alpha-word", 3), ("beta-word", 1), ("gamma-word", 0)]
        );
    }

    #[test]
    fn a_crash_loses_only_its_unit() {
        let audit = run(project(FILES), &[&CRASHING, &ALPHA, &FAILING], &Config::default());
        let crashed: Vec<&str> = audit.problems.iter().map(|problem| problem.message.as_str()).collect();
        let expected =
            ["`failing-check` crashed on the project: gave up", "`crashing-check` crashed on `a.py`: met boom"];
        assert_eq!(crashed, expected);
        assert!(!super::runs_a_check());
        let expected = ["b.py:0  new", "b.py:2 alpha new", "c.py:0  new", "c.py:1 alpha new", "c.py:1 alpha new"];
        assert_eq!(lines(&audit), expected);
    }

    #[test]
    fn measuring_counts_every_call_and_changes_nothing() {
        let checks = &[&CRASHING, &ALPHA, &FAILING];
        let plain = run(project(FILES), checks, &Config::default());
        let (audit, profile) = run_profiled(project(FILES), checks, &Config::default());
        assert_eq!((lines(&audit), audit.problems), (lines(&plain), plain.problems));
        let units: Vec<_> = profile.checks.iter().map(|check| (check.id, check.units)).collect();
        assert_eq!(units, [("alpha-word", 1), ("crashing-check", 3), ("failing-check", 1)]);
        assert!(!profile.checks[2].time.is_zero(), "a caught panic takes longer than any clock's step");
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let files: Vec<(String, String)> =
            (0..50).map(|at| (format!("f{at}.py"), "alpha beta alpha\n".repeat(at % 7))).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let with = |threads| -> Audit {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| run(project(&files), WORDS, &Config::default()))
        };
        let facts = |audit: &Audit| {
            let fingerprints = audit.findings.iter().map(|judged| judged.fingerprint.clone());
            (lines(audit), fingerprints.collect::<Vec<_>>(), audit.examined.clone())
        };
        assert_eq!(facts(&with(1)), facts(&with(8)));
    }
}
