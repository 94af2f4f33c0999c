//! How long the parts of a run took.

use std::time::Duration;

/// How long the parts of a run took. It is told beside an audit and never part of one, so that equal repositories keep
/// giving equal audits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Each check that ran, in the order of their ids.
    pub checks: Vec<CheckTime>,
    /// Judging what was found: severities, suppressions, fingerprints, filters.
    pub judging: Duration,
}

/// How long a check took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckTime {
    /// The id of the check.
    pub id: &'static str,
    /// How often it was called: once for the project, or once for each module.
    pub units: usize,
    /// The time of its calls together, on whichever threads they ran.
    pub time: Duration,
}
