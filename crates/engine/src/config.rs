//! The values that decide what runs and what is shown. Where they come from is for the program to know.

use pyaudit_check::{Confidence, Severity};
use std::collections::BTreeMap;

/// What decides a run, after files and arguments are merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Check ids or areas to run; empty means all.
    pub select: Vec<String>,
    /// Check ids or areas not to run.
    pub ignore: Vec<String>,
    /// Severities that replace whatever the check says, by check id.
    pub severity: BTreeMap<String, Severity>,
    /// Checks that are silent in some paths.
    pub per_path_ignores: Vec<PathIgnore>,
    /// Suppressions of findings that no comment can reach: JSON files, whole-repository findings.
    pub suppressions: Vec<Suppression>,
    /// Findings below are not shown.
    pub min_severity: Severity,
    /// Findings below are not shown.
    pub min_confidence: Confidence,
    /// The same for checks that are previews, unless they are selected by their id.
    pub min_preview_confidence: Confidence,
    /// Findings at or above fail the run.
    pub fail_on: Gate,
    /// Whether findings are suppressed at all, by comments, by `suppressions` and by `per_path_ignores`
    /// (`--no-suppressions` shows what they hide).
    pub suppress: bool,
    /// Whether a suppression that hides nothing is a problem. Those of checks that did not run never are.
    pub report_unused: bool,
    /// Files and directories relative to the root, with `/`, outside of which findings are not shown; empty shows all.
    pub paths: Vec<String>,
    /// The path of the root relative to the directory that patterns count from, with `/` at its end: `backend/` where
    /// the configuration of a repository is used for its directory `backend`. Empty where they are the same.
    pub pattern_base: String,
}

/// The severity at which a run fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// At this severity and above.
    At(Severity),
    /// Never.
    Never,
}

/// Checks that are silent in the paths a pattern matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathIgnore {
    /// A glob over paths; see `PathPattern`.
    pub pattern: String,
    /// Check ids or areas.
    pub checks: Vec<String>,
}

/// A suppression in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression {
    /// The check id.
    pub check: String,
    /// The subject that the finding must have; `None` means any.
    pub subject: Option<String>,
    /// A glob over paths (see `PathPattern`) that the finding's path must match; `None` means any.
    pub path: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            select: Vec::new(),
            ignore: Vec::new(),
            severity: BTreeMap::new(),
            per_path_ignores: Vec::new(),
            suppressions: Vec::new(),
            min_severity: Severity::Info,
            min_confidence: Confidence::Low,
            min_preview_confidence: Confidence::Low,
            fail_on: Gate::At(Severity::High),
            suppress: true,
            report_unused: true,
            paths: Vec::new(),
            pattern_base: String::new(),
        }
    }
}
