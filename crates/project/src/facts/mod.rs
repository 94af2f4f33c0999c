//! Facts: what is already right, with its place.
//!
//! A report that only blames is not believed. A fact is told only where the source shows it, and never guessed.

mod cors;
mod dependencies;
mod deployment;
mod documentation_routes;
mod environment_files;
mod health;
mod integration;
mod linting;
mod migrations;
mod operation;
mod settings;
mod test_suite;
#[cfg(test)]
pub(crate) mod testing;

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
pub(crate) fn collect(project: &Project) -> Vec<Fact> {
    let groups: [fn(&Project) -> Vec<Fact>; 12] = [
        cors::facts,
        dependencies::facts,
        deployment::facts,
        documentation_routes::facts,
        environment_files::facts,
        health::facts,
        integration::facts,
        linting::facts,
        migrations::facts,
        operation::facts,
        settings::facts,
        test_suite::facts,
    ];
    let mut facts: Vec<Fact> = groups.into_iter().flat_map(|group| group(project)).collect();
    facts.sort_by(|a, b| (a.axis, a.id, a.span, &a.message).cmp(&(b.axis, b.id, b.span, &b.message)));
    facts
}

/// `1 revision` or `3 revisions`.
fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
