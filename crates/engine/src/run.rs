//! Running checks, each unit by itself.

use pyaudit_check::project::ModuleId;
use pyaudit_check::{Check, Finding, Findings, Project, Run};
use pyaudit_source::{Phase, Problem, Span};
use rayon::prelude::*;
use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

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

/// Runs every unit of every check in parallel. The outcome does not depend on the number of threads.
pub(crate) fn run_checks(project: &Project, checks: &[&'static Check]) -> Outcome {
    let units: Vec<(&'static Check, Unit)> =
        checks.iter().flat_map(|&check| units(project, check).map(move |unit| (check, unit))).collect();
    // An indexed parallel iterator keeps the order of the units, whichever thread is done first.
    let results: Vec<_> = units.par_iter().map(|&(check, unit)| (check, run_unit(project, check, unit))).collect();
    let mut outcome = Outcome::default();
    outcome.examined.extend(checks.iter().map(|check| (check.id, 0)));
    for (check, result) in results {
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
    use crate::{Audit, Config, run};

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
