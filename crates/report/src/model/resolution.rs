//! How much the model could resolve.

use pyaudit_check::Project;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Entry {
    what: &'static str,
    resolved: usize,
    all: usize,
}

pub(super) fn section(project: &Project) -> Vec<Entry> {
    let lines = project.resolution().into_iter();
    lines.map(|line| Entry { what: line.what, resolved: line.resolved, all: line.all }).collect()
}
