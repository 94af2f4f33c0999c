//! Selecting, running and judging checks: overrides → suppressions → [`Audit`].
//!
//! The engine knows no check, no output format and no file system. It takes a project, a list of checks and values of
//! the configuration, and gives an [`Audit`] in which every finding is judged and none is dropped.

mod audit;
mod config;
mod fingerprint;
mod judge;
mod pattern;
mod profile;
mod run;
pub mod score;
mod select;
mod suppress;
#[cfg(test)]
mod testing;

pub use audit::{Audit, Judged, Status, SuppressedBy};
pub use config::{Config, Gate, PathIgnore, Suppression};
pub use pattern::PathPattern;
pub use profile::{CheckTime, Profile};
pub use pyaudit_check::Fact;
pub use run::runs_a_check;
pub use select::{Selector, Unknown, did_you_mean, find, find_check, near_miss, select};

use pyaudit_check::{Check, Project};
use std::time::Instant;

/// Runs the checks that the configuration selects, on the threads of the current rayon pool, and judges what they find.
/// `checks` are all checks there are, so that a suppression of one that does not run is still known. Equal projects and
/// configurations give equal audits, whatever the number of threads.
pub fn run(project: Project, checks: &[&'static Check], config: &Config) -> Audit {
    run_measured(project, checks, config, None)
}

/// Does what [`run`] does, and measures it. The audit is the same.
pub fn run_profiled(project: Project, checks: &[&'static Check], config: &Config) -> (Audit, Profile) {
    let mut profile = Profile::default();
    let audit = run_measured(project, checks, config, Some(&mut profile));
    (audit, profile)
}

fn run_measured(
    project: Project,
    checks: &[&'static Check],
    config: &Config,
    mut profile: Option<&mut Profile>,
) -> Audit {
    let selected = select(checks, config);
    let outcome = run::run_checks(&project, &selected, profile.as_deref_mut());
    let judging = Instant::now();
    let (findings, about_suppressions) = judge::judge(&project, checks, &selected, config, outcome.findings);
    if let Some(profile) = profile {
        profile.judging = judging.elapsed();
    }
    let mut problems = project.sources.problems().to_vec();
    problems.extend(project.problems.iter().cloned());
    problems.extend(outcome.problems);
    problems.extend(about_suppressions);
    problems.sort();
    // A project may already hold the problems of its sources.
    problems.dedup();
    let facts = project.facts.clone();
    Audit { project, checks: selected, findings, examined: outcome.examined, facts, problems }
}
