//! Checks for the tests of this crate.

use pyaudit_check::{Area, Axis, Check, Confidence, Findings, Maturity, Project, Run, Severity};

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

fn words(project: &Project, findings: &mut Findings, word: &str) {
    for (id, file) in project.sources.files() {
        let Ok(content) = &file.content else { continue };
        for (at, _) in content.text.match_indices(word) {
            let range = pyaudit_source::Range::new(at as u32, (at + word.len()) as u32);
            findings.examined(1);
            findings.report(pyaudit_source::Span::new(id, range), format!("the word `{word}`"));
        }
    }
}
