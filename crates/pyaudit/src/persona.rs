//! For whom findings are shown: what a team would fix soon, or all there is.

use pyaudit_check::{Confidence, Severity};
use std::fmt;

/// Who reads the findings. It sets what is shown where no severity and no confidence is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Persona {
    /// A team that works on the project: what it would fix this month.
    #[default]
    Regular,
    /// A team that wants matters of taste and information as well.
    Pedantic,
    /// Somebody who reads every hint.
    Auditor,
}

impl Persona {
    /// All of them, from the fewest findings to the most.
    pub const ALL: [Self; 3] = [Self::Regular, Self::Pedantic, Self::Auditor];

    /// The name in arguments and configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Pedantic => "pedantic",
            Self::Auditor => "auditor",
        }
    }

    /// The persona of a name, `None` for any other name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|persona| persona.name() == name)
    }

    /// Findings below are not shown.
    pub const fn min_severity(self) -> Severity {
        match self {
            Self::Regular => Severity::Medium,
            Self::Pedantic | Self::Auditor => Severity::Info,
        }
    }

    /// Findings below are not shown.
    pub const fn min_confidence(self) -> Confidence {
        match self {
            Self::Regular | Self::Pedantic => Confidence::Medium,
            Self::Auditor => Confidence::Low,
        }
    }

    /// Findings of checks that are previews are not shown below: too few of them proved right on code that nobody had seen.
    /// For a preview that is selected by its id [`Self::min_confidence`] holds.
    pub const fn min_preview_confidence(self) -> Confidence {
        match self {
            Self::Regular => Confidence::High,
            Self::Pedantic => Confidence::Medium,
            Self::Auditor => Confidence::Low,
        }
    }
}

impl fmt::Display for Persona {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
