//! What a job has installed when it runs a tool.
//!
//! A job is followed step by step. What cannot be followed (a script that is not in the repository, an unknown action, a
//! variable) makes everything after it unknown: nothing is guessed.

use super::actions::{self, Effect};
use super::commands::{self, Change, Installer};
use super::tools::{self, Program};
use super::{Context, Job, Requested, Step, Work, pip, pytest};
use crate::dependencies::{Declared, Group, LockKind, Manifest, ManifestKind, Pin, Purpose};
use crate::scripts::{Invocation, Script};
use pyaudit_source::{FileId, Span};
use std::collections::BTreeSet;

/// Whether a tool is there when a job runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// It was installed before.
    Installed,
    /// Nothing that the job did before installs it.
    Missing,
    /// The job did something before that cannot be followed.
    Unknown,
}

/// One run of a tool, or of an option of a tool that a plugin brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolRun {
    /// The program, or the option that needs a plugin.
    pub tool: String,
    /// The distribution that brings it.
    pub distribution: &'static str,
    /// The program or option in the command.
    pub span: Span,
    /// Where an option is configured, if not in the command.
    pub configured: Option<Span>,
    /// Whether it is there.
    pub availability: Availability,
    /// The commands before it that installed something.
    pub installs: Vec<Span>,
}

impl Context<'_> {
    /// Every run of a known tool in a job, in order, with whether the tool is there.
    pub fn tool_runs(&self, job: &Job) -> Vec<ToolRun> {
        let mut following = Following::new(self, job);
        for step in self.workflows.steps(job) {
            following.step(step);
        }
        following.runs
    }

    /// The tools of tests and development that a step installs by name, where neither the command nor any manifest or
    /// lock of the repository settles the version; each with its place.
    pub fn unsettled_tools(&self, step: &Step) -> Vec<(String, Span)> {
        let mut found = Vec::new();
        for invocation in self.invocations(step).iter().filter(|invocation| invocation.script == Script::None) {
            for program in tools::unwrapped(&invocation.command) {
                for (name, word) in pip::unsettled(&program) {
                    let serves = Purpose::of_distribution(&name) != Purpose::Runtime;
                    if serves && !self.is_settled_somewhere(&name) {
                        found.push((name, Span::new(invocation.file, word.range)));
                    }
                }
            }
        }
        found
    }

    /// Whether some manifest or lock settles the version of a distribution.
    fn is_settled_somewhere(&self, name: &str) -> bool {
        let mut declared = self.dependencies.manifests.iter().flat_map(|manifest| &manifest.declared);
        declared.any(|declared| declared.distribution == name && declared.is_pinned())
            || self.dependencies.locks.iter().any(|lock| lock.packages.contains_key(name))
    }

    /// Every command that a step of the repository's workflows runs, scripts and make targets followed.
    pub fn invocations(&self, step: &Step) -> Vec<Invocation> {
        let Work::Run(run) = &step.work else { return Vec::new() };
        self.scripts.expand(self.sources, run.span.file, &run.commands, run.directory.as_deref())
    }
}

/// The state of a job that is followed.
struct Following<'a> {
    context: &'a Context<'a>,
    distributions: BTreeSet<String>,
    unknown: bool,
    installs: Vec<Span>,
    runs: Vec<ToolRun>,
}

impl<'a> Following<'a> {
    fn new(context: &'a Context<'a>, job: &Job) -> Self {
        Self {
            context,
            distributions: BTreeSet::new(),
            unknown: !job.known_machine,
            installs: Vec::new(),
            runs: Vec::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        match &step.work {
            Work::Run(_) => {
                for invocation in self.context.invocations(step) {
                    self.invocation(&invocation);
                }
            }
            Work::Action(action) => {
                // A checkout of something else, or to somewhere else, moves every path.
                let moved = action.name == "actions/checkout"
                    && action.inputs.iter().any(|(name, _)| matches!(name.as_str(), "path" | "repository"));
                let restored = action.name.starts_with("actions/download-artifact");
                match actions::effect(&action.name) {
                    Effect::Unknown => self.unknown = true,
                    Effect::Brings(names) => self.distributions.extend(names.iter().map(|&name| name.to_owned())),
                    Effect::Nothing => {
                        self.unknown |=
                            moved || (restored && action.inputs.iter().any(|(_, value)| value.contains("venv")));
                    }
                }
            }
            Work::Install(requested) => {
                for request in requested {
                    self.requested(request);
                }
            }
            Work::Unknown => self.unknown = true,
        }
    }

    fn invocation(&mut self, invocation: &Invocation) {
        match invocation.script {
            Script::Unknown => self.unknown = true,
            // The runner around a script (`uv run ./test.sh`) may install before the script starts.
            Script::Followed | Script::None => {
                for program in tools::unwrapped(&invocation.command) {
                    self.program(&program, invocation);
                }
            }
        }
    }

    fn program(&mut self, program: &Program<'_>, invocation: &Invocation) {
        if program.isolated {
            return;
        }
        if let Some(distribution) = tools::distribution(program.name) {
            self.run(program.name.to_owned(), distribution, Span::new(invocation.file, program.word.range), None);
            if distribution == "pytest" {
                self.options(program, invocation);
            }
        }
        for change in commands::changes(program) {
            self.installs.push(invocation.span());
            self.change(&change, invocation.directory.as_deref());
        }
    }

    fn run(&mut self, tool: String, distribution: &'static str, span: Span, configured: Option<Span>) {
        let availability = if self.distributions.iter().any(|installed| tools::brings(installed, distribution)) {
            Availability::Installed
        } else if self.unknown {
            Availability::Unknown
        } else {
            Availability::Missing
        };
        let installs = self.installs.clone();
        self.runs.push(ToolRun { tool, distribution, span, configured, availability, installs });
    }

    /// The plugins that the options of pytest need.
    fn options(&mut self, program: &Program<'_>, invocation: &Invocation) {
        let mut seen = BTreeSet::new();
        for word in program.arguments {
            let option = word.text.split('=').next().unwrap_or("");
            if let Some(distribution) = pytest::plugin(&word.text)
                && seen.insert(distribution)
                && !pytest::is_own_option(self.context, option)
            {
                self.run(option.to_owned(), distribution, Span::new(invocation.file, word.range), None);
            }
        }
        let overridden = program.arguments.iter().any(|word| word.text == "-c" || word.text.contains("addopts"));
        let Some(directory) = invocation.directory.as_deref().filter(|_| !overridden) else { return };
        for needed in pytest::configured(self.context, directory) {
            if seen.insert(needed.distribution) {
                let at = Span::new(invocation.file, program.word.range);
                self.run(needed.option, needed.distribution, at, Some(needed.span));
            }
        }
    }

    fn change(&mut self, change: &Change, directory: Option<&str>) {
        match change {
            Change::Unknown => self.unknown = true,
            Change::Distribution { name, extras } => self.distribution(name, extras),
            Change::File(path) => match self.file(path, directory) {
                Some(file) => self.requirements_file(file),
                None => self.unknown = true,
            },
            Change::Project { path, extras } => match path_from(directory, path) {
                Some(directory) => self.project(&directory, &Installer::Pip { extras: extras.clone() }),
                None => self.unknown = true,
            },
            Change::Environment { path, installer } => {
                match path_from(directory, path).and_then(|at| self.project_around(&at)) {
                    Some(directory) => self.project(&directory, installer),
                    None => self.unknown = true,
                }
            }
        }
    }

    fn requested(&mut self, request: &Requested) {
        match request {
            Requested::Distribution(name) => self.distribution(name, &[]),
            Requested::File(file) => self.requirements_file(*file),
            Requested::Project { directory, extras } => {
                self.project(directory, &Installer::Pip { extras: extras.clone() });
            }
        }
    }

    fn file(&self, path: &str, directory: Option<&str>) -> Option<FileId> {
        self.context.sources.find(&path_from(directory, path)?)
    }

    fn distribution(&mut self, name: &str, extras: &[String]) {
        self.distributions.insert(name.to_owned());
        // An extra for tests or development of another distribution may bring any tool.
        self.unknown |= extras.iter().any(|extra| Purpose::of_name(extra, Purpose::Runtime) != Purpose::Runtime);
    }

    fn declared(&mut self, declared: &Declared) {
        self.distribution(&declared.distribution, &declared.extras);
        // What stands elsewhere in the repository, or under a URL without a name, brings more.
        self.unknown |= declared.distribution.is_empty() && declared.pin != Pin::Local;
    }

    fn requirements_file(&mut self, file: FileId) {
        let manifests = self.context.dependencies.with_includes(file);
        self.unknown |= manifests.is_empty();
        for manifest in manifests {
            self.unknown |= manifest.includes.iter().any(|include| include.target.is_none());
            for declared in &manifest.declared {
                self.declared(declared);
            }
        }
    }

    /// The nearest directory with a project, from this one outwards.
    fn project_around(&self, directory: &str) -> Option<String> {
        let manifests = &self.context.dependencies.manifests;
        let has_project = |at: &&str| {
            manifests.iter().any(|each| {
                each.directory == *at
                    && matches!(each.kind, ManifestKind::Pyproject | ManifestKind::Pipfile | ManifestKind::Conda)
            })
        };
        crate::paths::ancestors(directory).find(has_project).map(str::to_owned)
    }

    /// The project in a directory: its own requirements and the extras and groups that are asked for.
    fn project(&mut self, directory: &str, installer: &Installer) {
        let dependencies = self.context.dependencies;
        let manifests: Vec<&Manifest> = dependencies
            .manifests
            .iter()
            .filter(|each| each.directory == directory && installer.reads(each.kind))
            .collect();
        self.unknown |= manifests.is_empty() || manifests.iter().any(|manifest| !manifest.complete);
        let mut extras: Vec<String> = installer.extras().to_vec();
        let mut seen = BTreeSet::new();
        loop {
            let mut asked = Vec::new();
            for declared in manifests.iter().flat_map(|manifest| &manifest.declared) {
                if installer.installs(declared, &extras) {
                    let itself =
                        manifests.iter().any(|each| each.project.name.as_ref() == Some(&declared.distribution));
                    if itself {
                        asked.extend(declared.extras.iter().cloned());
                    } else {
                        self.declared(declared);
                    }
                }
            }
            asked.retain(|extra| seen.insert(extra.clone()));
            if asked.is_empty() {
                break;
            }
            extras.extend(asked);
        }
        for manifest in &manifests {
            for include in manifest.includes.iter().filter(|include| !include.constraint) {
                match include.target {
                    Some(file) => self.requirements_file(file),
                    None => self.unknown = true,
                }
            }
        }
        self.locked(directory);
    }

    /// What the lock of a project adds: everything that the installed distributions need.
    fn locked(&mut self, directory: &str) {
        let locks = self.context.dependencies.locks_around(directory);
        let lock = locks.into_iter().find(|lock| lock.kind != LockKind::Pipenv);
        if let Some(lock) = lock {
            let roots: Vec<&str> = self.distributions.iter().map(String::as_str).collect();
            let closure: Vec<String> = lock.closure(roots).into_iter().map(str::to_owned).collect();
            self.distributions.extend(closure);
        }
    }
}

/// A path of a command as a path of the repository, where the working directory is known.
fn path_from(directory: Option<&str>, path: &str) -> Option<String> {
    crate::paths::join(directory?, path)
}

impl Installer {
    /// Whether the installer reads manifests of this kind.
    fn reads(&self, kind: ManifestKind) -> bool {
        match self {
            Self::Pip { .. } => {
                matches!(kind, ManifestKind::Pyproject | ManifestKind::SetupPy | ManifestKind::SetupCfg)
            }
            Self::Pipenv => kind == ManifestKind::Pipfile,
            Self::Conda => kind == ManifestKind::Conda,
            Self::Project { .. } | Self::Hatch => kind == ManifestKind::Pyproject,
        }
    }

    fn extras(&self) -> &[String] {
        match self {
            Self::Pip { extras } | Self::Project { extras, .. } => extras,
            Self::Pipenv | Self::Conda | Self::Hatch => &[],
        }
    }

    /// Whether the installer installs a requirement of the project.
    fn installs(&self, declared: &Declared, extras: &[String]) -> bool {
        match (&declared.group, self) {
            (Group::Runtime, Self::Project { main, .. }) => *main,
            (Group::Runtime, _) | (Group::Named(_), Self::Pipenv) => true,
            (Group::Extra(extra), Self::Project { all_extras, .. }) => *all_extras || extras.contains(extra),
            (Group::Extra(extra), _) => extras.contains(extra),
            (Group::Named(group), Self::Hatch) => group.starts_with("hatch:"),
            (Group::Named(group), Self::Project { groups, .. }) => !group.starts_with("hatch:") && groups.hold(group),
            (Group::Build | Group::Named(_), _) => false,
        }
    }
}
