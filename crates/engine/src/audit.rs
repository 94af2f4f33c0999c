//! The result of a run.

use pyaudit_check::{Check, Fact, Finding, Project};
use pyaudit_source::Problem;
use std::collections::BTreeMap;

/// What a run found in a repository.
#[derive(Debug)]
pub struct Audit {
    /// The project, whose texts the code frames come from.
    pub project: Project,
    /// The checks that ran, in the order of their ids.
    pub checks: Vec<&'static Check>,
    /// Every finding with its judgement, in the order of path, place, check id and message.
    pub findings: Vec<Judged>,
    /// How many units each check examined, by check id; 0 means that it did not apply.
    pub examined: BTreeMap<&'static str, usize>,
    /// What is already right.
    pub facts: Vec<Fact>,
    /// What could not be read or done: those of the project, crashed checks, and suppressions that are misspelt or
    /// unused; in the order of their places.
    pub problems: Vec<Problem>,
}

/// A finding and what became of it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The finding, with the severity that the configuration gives it.
    pub finding: Finding,
    /// Whether it counts.
    pub status: Status,
    /// Recognises the finding in another run, whatever moved around it.
    pub fingerprint: String,
    /// Whether it passes the filters of severity, confidence and path, so that it is shown.
    pub shown: bool,
}

/// What became of a finding. Findings are judged, never dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It counts.
    New,
    /// It was in the baseline.
    Known,
    /// The user asked for silence.
    Suppressed {
        /// The reason that the user gave.
        reason: Option<String>,
        /// Where the user asked.
        by: SuppressedBy,
    },
}

/// Where a suppression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressedBy {
    /// In a comment of the file.
    Comment,
    /// In the configuration: a suppression or a path ignore.
    Configuration,
}

impl Status {
    /// The name as outputs show it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known => "known",
            Self::Suppressed { .. } => "suppressed",
        }
    }
}

impl Judged {
    /// Whether the finding is new and shown, so that it counts for the exit code.
    pub fn counts(&self) -> bool {
        self.shown && self.status == Status::New
    }
}
