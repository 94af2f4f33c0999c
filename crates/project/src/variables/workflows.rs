//! Jobs of continuous integration.

use super::compose::scalar;
use super::{Definition, Given, Scope, Site, SiteKind};
use crate::Project;
use crate::workflows::{System, Workflow};
use pyaudit_data::{Value, ValueKind};
use pyaudit_source::{FileId, Span};

/// Every job with the variables of its workflow, its own, and those of its steps.
pub(super) fn sites(project: &Project) -> Vec<Site> {
    let workflows = project.workflows.workflows.iter().filter(|workflow| workflow.system != System::Tox);
    workflows.flat_map(|workflow| jobs(project, workflow)).collect()
}

fn jobs(project: &Project, workflow: &Workflow) -> Vec<Site> {
    let Some(document) = project.files.yaml(workflow.file).first() else { return Vec::new() };
    let is_github = workflow.system == System::GitHub;
    let key = if is_github { "env" } else { "variables" };
    let site = |job: &crate::workflows::Job| {
        let table = if is_github { document.at(&["jobs", &job.id]) } else { document.get(&job.id) };
        let steps = table.and_then(|job| job.get("steps")).map_or(&[][..], Value::items);
        let tables = [document.get(key), table.and_then(|job| job.get(key))].into_iter().flatten();
        let tables = tables.chain(steps.iter().filter_map(|step| step.get(key)));
        Site {
            kind: SiteKind::Workflow,
            scope: Scope::Integration,
            file: workflow.file,
            name: Some(job.id.clone()),
            span: job.span,
            directory: String::new(),
            is_own: true,
            // Steps may write variables for those after them, and the project's settings hold more.
            is_open: true,
            definitions: tables.flat_map(|table| definitions(workflow.file, table)).collect(),
        }
    };
    workflow.jobs.iter().map(site).filter(|site| !site.definitions.is_empty()).collect()
}

/// The entries of a table of variables.
pub(super) fn definitions(file: FileId, table: &Value) -> Vec<Definition> {
    let entries = table.entries().iter();
    entries
        .map(|entry| Definition {
            name: entry.key.text.clone(),
            span: Span::new(file, entry.key.range),
            value: value(&entry.value),
            value_span: Span::new(file, entry.value.range),
        })
        .collect()
}

fn value(value: &Value) -> Given {
    match &value.kind {
        ValueKind::String(text) if text.text.contains("${{") => {
            let whole = text.text.trim();
            let is_one = whole.starts_with("${{") && whole.ends_with("}}") && whole.matches("${{").count() == 1;
            if is_one { Given::Elsewhere } else { Given::Composed(text.text.clone()) }
        }
        // GitLab gives a variable a description beside its value.
        ValueKind::Mapping(_) => value.get("value").map_or(Given::Elsewhere, scalar),
        _ => scalar(value),
    }
}
