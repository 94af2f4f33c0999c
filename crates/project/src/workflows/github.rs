//! GitHub Actions.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax>

use super::{Action, CompositeAction, Job, Step, System, Work, Workflow, pairs, run, scalar};
use crate::{Files, paths};
use pyaudit_data::{Entry, Value};
use pyaudit_source::{FileId, Span};

/// Whether GitHub runs the file at this path: only what stands in the root's own directory of workflows.
pub(super) fn is_workflow(path: &str) -> bool {
    let name = path.strip_prefix(".github/workflows/");
    name.is_some_and(|name| !name.contains('/') && (name.ends_with(".yml") || name.ends_with(".yaml")))
}

pub(super) fn read(file: FileId, files: &Files) -> Option<Workflow> {
    let document = files.yaml(file).first()?;
    let defaults = Defaults::default().overridden(document);
    let jobs = document.get("jobs").map_or(&[][..], Value::entries);
    Some(Workflow {
        system: System::GitHub,
        file,
        name: document.get("name").and_then(Value::as_str).map(str::to_owned),
        jobs: jobs.iter().map(|entry| job(file, entry, &defaults)).collect(),
    })
}

pub(super) fn read_action(file: FileId, files: &Files) -> Option<CompositeAction> {
    let document = files.yaml(file).first()?;
    let composite = document.at(&["runs", "using"]).and_then(Value::as_str) == Some("composite");
    let steps = document.at(&["runs", "steps"]).map_or(&[][..], Value::items);
    let steps = steps.iter().map(|value| step(file, value, &Defaults::default())).collect();
    Some(CompositeAction { file, steps, composite })
}

/// `defaults.run` of a workflow or job.
#[derive(Debug, Clone, Default)]
struct Defaults {
    shell: Option<String>,
    directory: String,
}

impl Defaults {
    fn overridden(&self, table: &Value) -> Self {
        let get = |key| table.at(&["defaults", "run", key]).and_then(Value::as_str).map(str::to_owned);
        Self {
            shell: get("shell").or_else(|| self.shell.clone()),
            directory: get("working-directory").unwrap_or_else(|| self.directory.clone()),
        }
    }
}

fn job(file: FileId, entry: &Entry, defaults: &Defaults) -> Job {
    let table = &entry.value;
    let defaults = defaults.overridden(table);
    let steps = table.get("steps").map_or(&[][..], Value::items);
    Job {
        id: entry.key.text.clone(),
        span: Span::new(file, entry.key.range),
        known_machine: is_hosted(table.get("runs-on")) && is_plain(table.get("container")),
        steps: steps.iter().map(|value| step(file, value, &defaults)).collect(),
    }
}

/// Whether a job runs on a machine of GitHub, where no Python tool is installed but pip and pipx. What a matrix gives is
/// taken for such a machine.
fn is_hosted(runs_on: Option<&Value>) -> bool {
    let Some(labels) = runs_on.map(Value::strings) else { return false };
    let hosted = |label: &str| {
        let lower = label.to_ascii_lowercase();
        ["ubuntu", "windows", "macos"].iter().any(|system| lower.starts_with(system)) || lower.contains("${{ matrix.")
    };
    !labels.is_empty() && labels.iter().filter_map(|label| label.as_str()).all(hosted)
}

/// Whether a job runs in no container, or in a plain Python image.
fn is_plain(container: Option<&Value>) -> bool {
    let Some(container) = container else { return true };
    let image = container.as_str().or_else(|| container.get("image")?.as_str());
    image.is_some_and(is_python_image)
}

/// Whether an image is the official one of Python, which brings pip alone.
pub(super) fn is_python_image(image: &str) -> bool {
    let image = image.strip_prefix("docker.io/").unwrap_or(image);
    let image = image.strip_prefix("library/").unwrap_or(image);
    image == "python" || image.starts_with("python:")
}

fn step(file: FileId, value: &Value, defaults: &Defaults) -> Step {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    Step {
        name: text("name"),
        span: Span::new(file, value.range),
        work: work(file, value, defaults).unwrap_or(Work::Unknown),
        condition: value.get("if").map(scalar),
        // An expression may hold or not; it is taken as one that does.
        continue_on_error: value.get("continue-on-error").is_some_and(|each| each.as_bool() != Some(false)),
        environment: pairs(value.get("env")),
    }
}

fn work(file: FileId, value: &Value, defaults: &Defaults) -> Option<Work> {
    if let Some(uses) = value.get("uses") {
        let (name, version) = uses.as_str()?.split_once('@').unwrap_or((uses.as_str()?, ""));
        return Some(Work::Action(Action {
            name: name.to_owned(),
            version: version.to_owned(),
            span: Span::new(file, uses.range),
            inputs: pairs(value.get("with")),
        }));
    }
    let shell = value.get("shell").and_then(Value::as_str).map(str::to_owned).or_else(|| defaults.shell.clone());
    if shell.as_deref().is_some_and(|shell| shell.starts_with("python")) {
        return Some(Work::Unknown);
    }
    let directory = value.get("working-directory").and_then(Value::as_str).unwrap_or(&defaults.directory);
    let directory = directory.trim_start_matches("${{ github.workspace }}/");
    run(file, value.get("run")?, shell, paths::join("", directory)).map(Work::Run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_directory_of_the_root_holds_workflows() {
        assert!(is_workflow(".github/workflows/ci.yml"));
        assert!(!is_workflow("service/.github/workflows/ci.yml"));
        assert!(!is_workflow(".github/workflows/.github/workflows/ci.yml"));
        assert!(!is_workflow(".github/workflows/deploy.sh"));
    }

    #[test]
    fn a_plain_python_image_brings_pip_alone() {
        assert!(is_python_image("python:3.12-slim") && is_python_image("docker.io/library/python:3"));
        assert!(!is_python_image("registry.example.com/python:3") && !is_python_image("pypy:3"));
    }
}
