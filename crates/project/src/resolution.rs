//! How much of a project the model could resolve.

use crate::Project;

/// How many of the things of one kind are known, out of all that were met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution {
    /// The things, in the plural: `route prefixes`.
    pub what: &'static str,
    /// How many of them are known.
    pub resolved: usize,
    /// How many there are.
    pub all: usize,
}

impl Project {
    /// How much could be resolved, a line a kind; kinds of which the project has none are there with zeros.
    pub fn resolution(&self) -> Vec<Resolution> {
        let mut lines = vec![self.routes.resolution(), self.authentications.resolution()];
        lines.push(self.calls.resolution());
        lines.extend(self.database.resolution());
        lines.extend(self.settings.resolution(self));
        lines
    }
}
