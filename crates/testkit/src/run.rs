//! Running one check over the small repositories of its fixture.

use crate::judge::judge;
use crate::memory::sources;
use crate::{Failure, FailureKind, Fixture, Section};
use pyaudit_check::Check;
use pyaudit_engine::{Audit, Config};
use pyaudit_project::{Project, analyse};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Runs every check of an area over its fixture, and panics with everything that is wrong.
///
/// `area_directory` is the directory of the area's crate, `env!("CARGO_MANIFEST_DIR")` in its tests. The fixtures stand
/// in `testdata/<area>` of the workspace.
pub fn run_fixtures(area_directory: &str, checks: &[&'static Check]) {
    let mut report = String::new();
    for check in checks {
        let path = fixture_path(area_directory, check.id);
        let failures = match fs::read_to_string(&path) {
            Ok(text) => check_fixture(check, &text),
            Err(error) => vec![unreadable(&error.to_string())],
        };
        for failure in failures {
            let _ = writeln!(report, "  testdata/{}/{}.md:{failure}", check.area, check.id);
        }
    }
    assert!(report.is_empty(), "fixtures and checks disagree:\n{report}");
}

/// Where the fixture of a check stands, for the crate of its area in `area_directory`.
pub fn fixture_path(area_directory: &str, id: &str) -> PathBuf {
    let directory = Path::new(area_directory);
    let area = directory.file_name().unwrap_or_default();
    let root = directory.ancestors().nth(2).unwrap_or(directory);
    root.join("testdata").join(area).join(format!("{id}.md"))
}

fn unreadable(error: &str) -> Failure {
    Failure { line: 1, section: None, kind: FailureKind::Malformed, detail: error.to_owned() }
}

/// Everything that is wrong with a fixture or with the check that it tests; empty when all is well.
pub fn check_fixture(check: &'static Check, markdown: &str) -> Vec<Failure> {
    let (fixture, mut failures) = Fixture::parse(markdown);
    for section in &fixture.sections {
        failures.extend(judge(section, &audit(check, section), check.id));
    }
    let whole = |kind, detail: &str| Failure { line: 1, section: None, kind, detail: detail.to_owned() };
    if fixture.first_firing().is_none() {
        failures.push(whole(FailureKind::NeverFires, "a section with an `expect` mark must show what is found"));
    }
    if fixture.first_silent().is_none() {
        failures
            .push(whole(FailureKind::NeverSilent, "a section without marks must show a look-alike that is not found"));
    }
    failures.sort_by_key(|failure| failure.line);
    failures
}

/// Runs one check alone over the repository of a section.
fn audit(check: &'static Check, section: &Section) -> Audit {
    let sources = sources(section);
    let files = analyse(&sources);
    // Only the check of the fixture runs, so that suppressions of others must not be reported as unused.
    let config = Config { select: vec![check.id.to_owned()], ..Config::default() };
    pyaudit_engine::run(Project::build(sources, files), &[check], &config)
}
