//! What a check is: its metadata and the function that runs it.

use crate::Findings;
use pyaudit_project::{Axis, Module, Project, named};

/// How bad it is, if it is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Costs a little.
    Low,
    /// Will cost time or trouble.
    Medium,
    /// Breaks something, or lets somebody break it.
    High,
    /// Must be mended now.
    Critical,
}
named!(Severity { Info => "info", Low => "low", Medium => "medium", High => "high", Critical => "critical" });

/// How sure the check is that it is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// A hint.
    Low,
    /// Likely.
    Medium,
    /// Read from the source without guessing.
    High,
}
named!(Confidence { Low => "low", Medium => "medium", High => "high" });

/// Whether a check has proven itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Maturity {
    /// New; never counts for a score.
    Preview,
    /// Proven on real repositories.
    Stable,
}
named!(Maturity { Preview => "preview", Stable => "stable" });

/// The part of a backend that a check looks at. Each is a directory of `checks/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// Routes, handlers and what they answer.
    Api,
    /// Layers and modules.
    Architecture,
    /// Event loop, workers, shared state.
    Concurrency,
    /// Engines, sessions, models, queries.
    Database,
    /// Settings and secrets.
    Settings,
    /// Timeouts, retries, errors.
    Resilience,
    /// Logs, metrics, health.
    Observability,
    /// Alembic revisions.
    Migrations,
    /// Manifests and locks.
    Dependencies,
    /// Continuous integration.
    Ci,
    /// Images, services, platforms.
    Deployment,
    /// The test suite.
    Testing,
    /// What the documents say.
    Documentation,
}
named!(Area {
    Api => "api",
    Architecture => "architecture",
    Concurrency => "concurrency",
    Database => "database",
    Settings => "settings",
    Resilience => "resilience",
    Observability => "observability",
    Migrations => "migrations",
    Dependencies => "dependencies",
    Ci => "ci",
    Deployment => "deployment",
    Testing => "testing",
    Documentation => "documentation",
});

/// The function of a check, by the unit it looks at. It is called once a unit, and a panic loses only that unit.
#[derive(Debug, Clone, Copy)]
pub enum Run {
    /// Once for the repository.
    Project(fn(&Project, &mut Findings)),
    /// Once a Python module.
    Module(fn(&Project, &Module, &mut Findings)),
}

/// A check: what it looks for, and how.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Names the problem, in kebab-case. It never changes.
    pub id: &'static str,
    /// One line, lower-case, without a final full stop.
    pub summary: &'static str,
    /// Markdown with the sections *What it does*, *Why it matters*, *How to fix* and *Limits*.
    pub docs: &'static str,
    /// The part of a backend it looks at.
    pub area: Area,
    /// The axis of the score that it counts for.
    pub axis: Axis,
    /// How bad a finding is, unless the finding says otherwise.
    pub severity: Severity,
    /// How sure a finding is, unless the finding says otherwise.
    pub confidence: Confidence,
    /// Whether it has proven itself.
    pub maturity: Maturity,
    /// The version of pyaudit that brought it.
    pub since: &'static str,
    /// Pages that say why: a framework's documentation, a PEP, a CWE.
    pub references: &'static [&'static str],
    /// Former ids, which keep working in configuration and suppressions.
    pub aliases: &'static [&'static str],
    /// The function.
    pub run: Run,
}
