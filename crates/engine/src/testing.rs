//! Checks for the tests of this crate.

use crate::{Audit, Config, Judged, Status};
use pyaudit_check::{Area, Axis, Check, Confidence, Findings, Maturity, Project, Run, Severity, Span};
use pyaudit_project::analyse;
use pyaudit_source::{MemoryFile, MemoryGit, Phase, Problem, Range, Sources};

const fn check(id: &'static str, area: Area, run: Run) -> Check {
    Check {
        id,
        summary: "a check for tests",
        docs: "",
        area,
        axis: Axis::Tests,
        severity: Severity::Medium,
        confidence: Confidence::High,
        maturity: Maturity::Stable,
        since: "0.1.0",
        references: &[],
        aliases: &[],
        run,
    }
}

/// Finds the word `alpha` in every file.
pub(crate) static ALPHA: Check =
    Check { aliases: &["old-alpha"], ..check("alpha-word", Area::Api, Run::Project(|p, f| words(p, f, "alpha"))) };
/// Finds the word `beta` in every file.
pub(crate) static BETA: Check = check("beta-word", Area::Ci, Run::Project(|p, f| words(p, f, "beta")));
/// Finds the word `gamma` in every file.
pub(crate) static GAMMA: Check = check("gamma-word", Area::Api, Run::Project(|p, f| words(p, f, "gamma")));

/// Finds the word `delta` in every file, and has not proved itself.
pub(crate) static DELTA: Check = Check {
    maturity: Maturity::Preview,
    confidence: Confidence::Medium,
    ..check("delta-word", Area::Api, Run::Project(|p, f| words(p, f, "delta")))
};

fn words(project: &Project, findings: &mut Findings, word: &str) {
    for (id, file) in project.sources.files() {
        let Ok(content) = &file.content else { continue };
        // The ids of these checks hold their words, and a comment that names one is not meant.
        let is_code = |at: usize| {
            let line = content.text[..at].rfind('\n').map_or(0, |end| end + 1);
            !content.text[line..at].contains("# pyaudit")
        };
        for (at, _) in content.text.match_indices(word).filter(|&(at, _)| is_code(at)) {
            let range = Range::new(at as u32, (at + word.len()) as u32);
            findings.examined(1);
            findings.report(Span::new(id, range), format!("the word `{word}`"));
        }
    }
}

/// Reports each module, and panics on those whose text holds `boom`.
pub(crate) static CRASHING: Check = check(
    "crashing-check",
    Area::Ci,
    Run::Module(|project, module, findings| {
        findings.report(Span::file(module.file), "a module");
        assert!(!project.sources.text(module.file).unwrap_or("").contains("boom"), "met boom");
    }),
);

/// Panics on the project.
pub(crate) static FAILING: Check = check("failing-check", Area::Ci, Run::Project(|_, _| panic!("gave up")));

/// All checks of this file that find words.
pub(crate) const WORDS: &[&Check] = &[&GAMMA, &ALPHA, &BETA];

/// A repository in memory.
pub(crate) fn project(files: &[(&str, &str)]) -> Project {
    let files = files.iter().map(|&(path, text)| MemoryFile::new(path, text));
    let sources = Sources::from_memory(files, MemoryGit::Some);
    let files = analyse(&sources);
    Project::build(sources, files)
}

/// An audit of a repository in memory.
pub(crate) fn audit(files: &[(&str, &str)], config: &Config) -> Audit {
    crate::run(project(files), WORDS, config)
}

/// Each finding as `path:line word status`, with `(reason)` where it has one.
pub(crate) fn lines(audit: &Audit) -> Vec<String> {
    let line = |judged: &Judged| {
        let span = judged.finding.span;
        let line = audit.project.sources.positions(span).map_or(0, |(start, _)| start.line);
        let word = audit.project.sources.slice(span);
        let reason = match &judged.status {
            Status::Suppressed { reason: Some(reason), .. } => format!(" ({reason})"),
            _ => String::new(),
        };
        let path = &audit.project.sources.file(span.file).path;
        format!("{path}:{line} {word} {}{reason}", judged.status.name())
    };
    audit.findings.iter().map(line).collect()
}

/// Each problem with suppressions as `line: message`.
pub(crate) fn problems(audit: &Audit) -> Vec<String> {
    let line = |problem: &Problem| {
        let position = problem.span.and_then(|span| audit.project.sources.positions(span));
        format!("{}: {}", position.map_or(0, |(start, _)| start.line), problem.message)
    };
    audit.problems.iter().filter(|problem| problem.phase == Phase::Suppress).map(line).collect()
}
