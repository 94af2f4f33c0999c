//! A place as the model and the route table give it.

use pyaudit_check::Project;
use pyaudit_source::Span;
use serde::Serialize;

/// A file, by its path from the root, and a line from 1.
#[derive(Debug, Serialize)]
pub(crate) struct Place<'p> {
    pub(crate) file: &'p str,
    pub(crate) line: u32,
}

pub(crate) fn place(project: &Project, span: Span) -> Place<'_> {
    Place { file: &project.sources.file(span.file).path, line: line(project, span) }
}

/// The line, from 1.
pub(crate) fn line(project: &Project, span: Span) -> u32 {
    project.sources.positions(span).map_or(1, |(start, _)| start.line)
}
