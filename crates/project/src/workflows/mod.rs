//! Continuous integration: workflows, their jobs and steps, what a job has installed at each step, and what it runs.
//!
//! GitHub Actions with composite actions of the repository, GitLab CI and tox. A job is a list of steps in order; a step
//! runs commands or uses an action.

mod actions;
mod commands;
mod github;
mod gitlab;
mod installs;
mod pip;
mod pytest;
mod tools;
mod tox;

pub use installs::{Availability, ToolRun};
pub use tools::{Program, unwrapped};

use crate::dependencies::Dependencies;
use crate::scripts::Scripts;
use crate::{Files, paths};
use pyaudit_shell::Command;
use pyaudit_source::{FileId, Role, Sources, Span};
use std::collections::BTreeMap;

/// Every workflow of the repository.
#[derive(Debug, Default)]
pub struct Workflows {
    /// The workflows, in the order of their files.
    pub workflows: Vec<Workflow>,
    /// Composite actions of the repository, by their directories.
    pub actions: BTreeMap<String, CompositeAction>,
    /// Workflows that could not be read.
    pub unread: Vec<FileId>,
}

/// What runs a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum System {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
    /// tox: each environment is a job.
    Tox,
}

/// One workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct Workflow {
    /// What runs it.
    pub system: System,
    /// The file.
    pub file: FileId,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its jobs, in order of the source.
    pub jobs: Vec<Job>,
}

/// One job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its key.
    pub id: String,
    /// The key.
    pub span: Span,
    /// Whether what the machine brings is known: a hosted runner or a plain Python image.
    pub known_machine: bool,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// One step of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// The whole step.
    pub span: Span,
    /// What it does.
    pub work: Work,
    /// The condition, as written.
    pub condition: Option<String>,
    /// Whether its failure does not fail the job.
    pub continue_on_error: bool,
    /// The environment variables it sets.
    pub environment: Vec<(String, String)>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// It runs a shell text.
    Run(Run),
    /// It uses an action.
    Action(Action),
    /// It installs requirements: the `deps` and extras of tox.
    Install(Vec<Requested>),
    /// Something that cannot be known.
    Unknown,
}

/// A shell text of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The text.
    pub span: Span,
    /// Its commands; ranges count in the workflow.
    pub commands: Vec<Command>,
    /// The shell, where one is named.
    pub shell: Option<String>,
    /// The directory, relative to the root; `None` where it cannot be known.
    pub directory: Option<String>,
}

/// An action that a step uses.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// `owner/repository`, with a path inside it, or a path that starts with `./`.
    pub name: String,
    /// What follows `@`; empty for an action of the repository itself.
    pub version: String,
    /// The whole reference.
    pub span: Span,
    /// Its inputs (`with`).
    pub inputs: Vec<(String, String)>,
}

/// Something that a step installs without a shell command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// A distribution.
    Distribution(String),
    /// A requirements file.
    File(FileId),
    /// The project in a directory, with extras.
    Project {
        /// The directory, relative to the root.
        directory: String,
        /// The extras.
        extras: Vec<String>,
    },
}

/// A composite action of the repository.
#[derive(Debug, Clone, PartialEq)]
pub struct CompositeAction {
    /// Its `action.yml`.
    pub file: FileId,
    /// Its steps, in order; none for an action in JavaScript or in a container.
    pub steps: Vec<Step>,
    /// Whether it is a composite action, so that its steps are all it does.
    pub composite: bool,
}

impl Workflows {
    /// Reads every workflow.
    pub fn build(sources: &Sources, files: &Files) -> Self {
        let mut workflows = Self::default();
        for (file, source) in sources.files().filter(|(_, source)| source.role != Role::Vendored) {
            let name = source.name();
            if github::is_workflow(&source.path) {
                workflows.add(file, github::read(file, files));
            } else if source.path == ".gitlab-ci.yml" {
                workflows.add(file, gitlab::read(file, files));
            } else if name == "tox.ini" {
                workflows.add(file, tox::read(sources, file, files));
            } else if matches!(name, "action.yml" | "action.yaml") {
                let action = github::read_action(file, files);
                workflows.actions.extend(action.map(|action| (source.directory().to_owned(), action)));
            }
        }
        workflows
    }

    fn add(&mut self, file: FileId, workflow: Option<Workflow>) {
        match workflow {
            Some(workflow) => self.workflows.push(workflow),
            None => self.unread.push(file),
        }
    }

    /// The steps of a job in order, those of the repository's own composite actions in place of their use.
    pub fn steps<'a>(&'a self, job: &'a Job) -> Vec<&'a Step> {
        let mut found = Vec::new();
        self.flatten(&job.steps, 0, &mut found);
        found
    }

    fn flatten<'a>(&'a self, steps: &'a [Step], depth: usize, found: &mut Vec<&'a Step>) {
        for step in steps {
            match self.composite(step).filter(|_| depth < 5 && found.len() < 2_000) {
                Some(action) => self.flatten(&action.steps, depth + 1, found),
                None => found.push(step),
            }
        }
    }

    /// The composite action of the repository that a step uses.
    fn composite(&self, step: &Step) -> Option<&CompositeAction> {
        let Work::Action(action) = &step.work else { return None };
        let path = action.name.starts_with('.').then(|| paths::join("", &action.name))??;
        self.actions.get(&path).filter(|action| action.composite)
    }
}

/// What the joins over workflows need of the rest of the model.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// Their plain data.
    pub files: &'a Files,
    /// What the manifests declare.
    pub dependencies: &'a Dependencies,
    /// The scripts.
    pub scripts: &'a Scripts,
    /// The workflows themselves.
    pub workflows: &'a Workflows,
}

/// An environment variable table as pairs of text.
fn pairs(table: Option<&pyaudit_data::Value>) -> Vec<(String, String)> {
    let entries = table.map_or(&[][..], pyaudit_data::Value::entries).iter();
    entries.map(|entry| (entry.key.text.clone(), scalar(&entry.value))).collect()
}

/// A scalar as text; empty for anything else.
fn scalar(value: &pyaudit_data::Value) -> String {
    use pyaudit_data::ValueKind;
    match &value.kind {
        ValueKind::String(text) => text.text.clone(),
        ValueKind::Bool(value) => value.to_string(),
        ValueKind::Integer(value) => value.to_string(),
        ValueKind::Float(value) => value.to_string(),
        _ => String::new(),
    }
}

/// A shell text of a workflow with its commands.
fn run(file: FileId, value: &pyaudit_data::Value, shell: Option<String>, directory: Option<String>) -> Option<Run> {
    let text = value.as_text()?;
    let commands = crate::scripts::commands_of(text, value.range);
    Some(Run { span: Span::new(file, value.range), commands, shell, directory })
}
