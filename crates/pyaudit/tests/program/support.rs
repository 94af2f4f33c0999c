//! Repositories, checks and ways to run the program, for the tests.

use pyaudit::{ExitStatus, Streams};
use pyaudit_check::{Area, Axis, Check, Confidence, Findings, Maturity, Project, Range, Run, Severity, Span};
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A directory with these files.
pub(crate) fn repository(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

const fn check(id: &'static str, area: Area, severity: Severity, run: Run) -> Check {
    Check {
        id,
        summary: "a word that must not be there",
        docs: " ## What it does\n Finds a word.\n",
        area,
        axis: Axis::Tests,
        severity,
        confidence: Confidence::High,
        maturity: Maturity::Stable,
        since: "0.1.0",
        references: &[],
        aliases: &[],
        run,
    }
}

/// Finds `alpha`; high.
static ALPHA: Check =
    check("alpha-word", Area::Api, Severity::High, Run::Project(|project, findings| words(project, findings, "alpha")));
/// Finds `beta`; low.
static BETA: Check =
    check("beta-word", Area::Ci, Severity::Low, Run::Project(|project, findings| words(project, findings, "beta")));

const CHECKS: &[&Check] = &[&ALPHA, &BETA];

fn words(project: &Project, findings: &mut Findings, word: &str) {
    for (id, file) in project.sources.files().filter(|(_, file)| file.name().split('.').next_back() == Some("py")) {
        let Ok(content) = &file.content else { continue };
        // The id of a check holds its word, and a comment that names it is not meant.
        let is_id = |at: usize| content.text[at + word.len()..].starts_with('-');
        for (at, _) in content.text.match_indices(word).filter(|&(at, _)| !is_id(at)) {
            let span = Span::new(id, Range::new(at as u32, (at + word.len()) as u32));
            findings.report(span, format!("the word `{word}`"));
        }
    }
}

/// How the program ended, and what it wrote.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) errors: String,
}

/// Runs the program in this process, with the checks of this file.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    let arguments = ["pyaudit"].iter().chain(arguments).map(OsString::from);
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let streams = Streams { out: &mut out, errors: &mut errors, is_terminal: false };
    let status = pyaudit::main(arguments, CHECKS, streams);
    let text = |bytes| String::from_utf8(bytes).expect("outputs are UTF-8");
    Ended { status, out: text(out), errors: text(errors) }
}

/// `scan` with a directory behind the arguments.
pub(crate) fn scan(directory: &Path, arguments: &[&str]) -> Ended {
    let directory = directory.to_str().expect("the path of the temporary directory is UTF-8");
    run(&[&["scan"], arguments, &[directory]].concat())
}

/// The program itself, from a working directory.
pub(crate) fn program(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pyaudit"));
    command.args(arguments).current_dir(directory).env_remove("NO_COLOR");
    command
}
