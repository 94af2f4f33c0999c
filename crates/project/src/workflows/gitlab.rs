//! GitLab CI. <https://docs.gitlab.com/ci/yaml/>

use super::github::is_python_image;
use super::{Job, Step, System, Work, Workflow, pairs, run};
use crate::Files;
use pyaudit_data::{Entry, Value};
use pyaudit_source::{FileId, Span};

/// Keys at the top that are no jobs.
const KEYWORDS: &[&str] = &[
    "default",
    "include",
    "stages",
    "variables",
    "workflow",
    "image",
    "services",
    "cache",
    "before_script",
    "after_script",
    "spec",
    "pages",
];

/// How far templates of templates are followed.
const MAX_EXTENDS: usize = 10;

pub(super) fn read(file: FileId, files: &Files) -> Option<Workflow> {
    let document = files.yaml(file).first()?;
    let entries = document.entries().iter();
    let jobs = entries.filter(|entry| !KEYWORDS.contains(&entry.key.text.as_str()) && !entry.key.text.starts_with('.'));
    let jobs = jobs.filter(|entry| inherited(document, &entry.value, "script").is_some());
    let jobs = jobs.map(|entry| job(file, document, entry)).collect();
    Some(Workflow { system: System::GitLab, file, name: None, jobs })
}

fn job(file: FileId, document: &Value, entry: &Entry) -> Job {
    let value = |key| inherited(document, &entry.value, key);
    let image = value("image").or_else(|| default(document, "image"));
    let image = image.and_then(|image| image.as_str().or_else(|| image.get("name")?.as_str()));
    // A file that is included may give defaults that are not seen here.
    let known_machine = image.is_some_and(is_python_image) && document.get("include").is_none();
    let before = value("before_script").or_else(|| default(document, "before_script"));
    let steps =
        [before, value("script")].into_iter().flatten().map(|script| step(file, script, &entry.value)).collect();
    Job { id: entry.key.text.clone(), span: Span::new(file, entry.key.range), known_machine, steps }
}

/// A value of the defaults, which also stand at the top without `default`.
fn default<'a>(document: &'a Value, key: &str) -> Option<&'a Value> {
    document.at(&["default", key]).or_else(|| document.get(key))
}

/// A value of a job, or of the first template it extends that has it.
fn inherited<'a>(document: &'a Value, job: &'a Value, key: &str) -> Option<&'a Value> {
    let mut open = vec![job];
    for _ in 0..MAX_EXTENDS {
        let table = open.pop()?;
        if let Some(value) = table.get(key) {
            return Some(value);
        }
        let parents = table.get("extends").map(Value::strings).unwrap_or_default();
        // The last template named wins.
        open.extend(parents.into_iter().filter_map(|parent| document.get(parent.as_str()?)));
    }
    None
}

/// A script as one step: a list of lines, each a text of its own.
fn step(file: FileId, script: &Value, job: &Value) -> Step {
    let mut commands = Vec::new();
    let mut known = true;
    let mut open = vec![script];
    while let Some(value) = open.pop() {
        match run(file, value, None, Some(String::new())) {
            Some(run) => commands.extend(run.commands),
            // A list in a list is joined; a `!reference` or an alias that is no text is not known.
            None if !value.items().is_empty() => open.extend(value.items().iter().rev()),
            None => known = false,
        }
    }
    let span = Span::new(file, script.range);
    let run = super::Run { span, commands, shell: None, directory: Some(String::new()) };
    Step {
        name: None,
        span,
        work: if known { Work::Run(run) } else { Work::Unknown },
        condition: None,
        continue_on_error: job.get("allow_failure").and_then(Value::as_bool) == Some(true),
        environment: pairs(job.get("variables")),
    }
}
