//! What is wrong with a fixture, or with the check that it tests.

use std::fmt;

/// One reason why a fixture fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The line of the fixture, from 1.
    pub line: u32,
    /// The title of the section; `None` for what concerns the whole fixture.
    pub section: Option<String>,
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// The rest of the sentence that [`FailureKind`] begins.
    pub detail: String,
}

/// The ways in which a fixture can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// The fixture itself cannot be understood.
    Malformed,
    /// A mark names another check than the one of the fixture.
    ForeignMark,
    /// The check panicked.
    Crash,
    /// The check reported what no mark expects.
    UnmarkedFinding,
    /// A mark expects what the check did not report.
    MissingFinding,
    /// A finding whose related places are marked has one that is not.
    UnmarkedRelated,
    /// A mark expects a related place that no finding has.
    MissingRelated,
    /// The run met a problem that no mark expects.
    UnmarkedProblem,
    /// A mark expects a problem that the run did not meet.
    MissingProblem,
    /// No section has a mark, so nothing shows that the check works.
    NeverFires,
    /// Every section has a mark, so nothing shows that the check can be silent.
    NeverSilent,
}

impl FailureKind {
    /// The start of the sentence that tells the failure.
    const fn sentence(self) -> &'static str {
        match self {
            Self::Malformed => "the fixture cannot be read",
            Self::ForeignMark => "the mark names another check",
            Self::Crash => "the check crashed",
            Self::UnmarkedFinding => "found without a mark",
            Self::MissingFinding => "expected and not found",
            Self::UnmarkedRelated => "related place without a mark",
            Self::MissingRelated => "related place expected and not found",
            Self::UnmarkedProblem => "problem without a mark",
            Self::MissingProblem => "problem expected and not met",
            Self::NeverFires => "no section fires",
            Self::NeverSilent => "no section is silent",
        }
    }
}

/// The line first, so that a path and a colon before it make a place that editors open.
impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.line)?;
        if let Some(section) = &self.section {
            write!(formatter, "## {section}: ")?;
        }
        write!(formatter, "{}: {}", self.kind.sentence(), self.detail)
    }
}
