//! The model of a project as JSON, version 1, a file a section. `docs/model.md` says what each member means.

mod calls;
mod database;
mod resolution;
mod routes;
mod settings;
mod variables;

use crate::JsonOptions;
use crate::escape::ascii_controls;
use pyaudit_check::Project;
use serde::Serialize;
use std::io::{self, Write};

/// Writes the model of a project as JSON version 1, with a line end.
pub fn model(project: &Project, options: &JsonOptions, out: &mut dyn Write) -> io::Result<()> {
    let document = Document::of(project);
    let text = if options.pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
    writeln!(out, "{}", ascii_controls(&text?))
}

#[derive(Serialize)]
struct Document<'p> {
    version: u32,
    resolution: Vec<resolution::Entry>,
    routes: routes::Section<'p>,
    calls: calls::Section<'p>,
    database: database::Section<'p>,
    settings: settings::Section<'p>,
    variables: variables::Section<'p>,
}

impl<'p> Document<'p> {
    fn of(project: &'p Project) -> Self {
        Self {
            version: 1,
            resolution: resolution::section(project),
            routes: routes::section(project),
            calls: calls::section(project),
            database: database::section(project),
            settings: settings::section(project),
            variables: variables::section(project),
        }
    }
}
