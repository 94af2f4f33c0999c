//! From a directory to an audit.

use crate::config_file::{self, ConfigSource};
use crate::error::Error;
use crate::exclude;
use crate::settings::{Overrides, Settings};
use crate::target::Target;
use pyaudit_check::{Check, Project};
use pyaudit_engine::{Audit, Config, Gate, Profile, Unknown};
use pyaudit_project::{Files, analyse, is_optional, is_wanted, is_wanted_of_the_past};
use pyaudit_source::{LoadOptions, Sources};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What to scan, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// See [`Target::resolve`].
    pub paths: Vec<PathBuf>,
    /// The root of the model, where it is not what `paths` says.
    pub root: Option<PathBuf>,
    /// Where the configuration comes from.
    pub config: ConfigSource,
    /// What stands above the configuration.
    pub overrides: Overrides,
    /// Whether suppressions and path ignores hold.
    pub suppress: bool,
    /// The number of threads; `None` takes one a processor.
    pub threads: Option<NonZeroUsize>,
    /// Whether checks are measured one by one. The audit is the same either way.
    pub profile: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            root: None,
            config: ConfigSource::default(),
            overrides: Overrides::default(),
            suppress: true,
            threads: None,
            profile: false,
        }
    }
}

/// A finished run.
#[derive(Debug)]
pub struct Scan {
    /// What was found.
    pub audit: Audit,
    /// What the root of the repository is called; empty for the root of a file system.
    pub name: String,
    /// The configuration that held.
    pub settings: Settings,
    /// How long each phase took, in their order.
    pub phases: Vec<(&'static str, Duration)>,
    /// How long each concern of the model took to link, in their order.
    pub concerns: Vec<(&'static str, Duration)>,
    /// How long each check took, where that was asked for.
    pub profile: Option<Profile>,
}

impl Scan {
    /// Whether a finding that counts reaches the gate of the configuration.
    pub fn fails(&self) -> bool {
        let Gate::At(gate) = self.settings.fail_on.value else { return false };
        self.audit.findings.iter().any(|judged| judged.counts() && judged.finding.severity >= gate)
    }
}

/// Deep syntax needs deep stacks while it is read; the memory is only taken when it is used.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Scans a repository with all checks.
pub fn scan(options: &Options) -> Result<Scan, Error> {
    scan_with(&crate::registry::checks(), options)
}

/// Scans a repository with these checks.
pub fn scan_with(checks: &[&'static Check], options: &Options) -> Result<Scan, Error> {
    in_pool(options, || {
        let model = build(checks, options)?;
        Ok(run(checks, options, model))
    })
}

/// A project and what it was read with.
#[derive(Debug)]
pub struct Model {
    /// The linked project.
    pub project: Project,
    /// What the root of the repository is called; empty for the root of a file system.
    pub name: String,
    /// The configuration that held.
    pub settings: Settings,
    /// How long each phase took, in their order.
    pub phases: Vec<(&'static str, Duration)>,
    /// How long each concern of the model took to link, in their order.
    pub concerns: Vec<(&'static str, Duration)>,
    /// The paths that findings are shown for; see [`Target::paths`].
    paths: Vec<String>,
}

/// Reads and links a repository without running a check. `checks` are all checks there are, which the configuration
/// may name.
pub fn model_with(checks: &[&'static Check], options: &Options) -> Result<Model, Error> {
    in_pool(options, || build(checks, options))
}

/// Does something on the threads that the options ask for.
fn in_pool<T: Send>(options: &Options, work: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    let threads = options.threads.map_or(0, NonZeroUsize::get);
    rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK_BYTES).build()?.install(work)
}

/// The root and the effective configuration, without scanning.
pub fn prepare(checks: &[&'static Check], options: &Options) -> Result<(Target, Settings), Error> {
    refuse_mistakes(checks, &options.overrides)?;
    let target = Target::resolve(&options.paths, options.root.as_deref())?;
    let mut settings = config_file::read(&options.config, &target.root, checks)?;
    settings.apply(&options.overrides);
    Ok((target, settings))
}

fn refuse_mistakes(checks: &[&'static Check], overrides: &Overrides) -> Result<(), Error> {
    for (argument, names) in [("--select", &overrides.select), ("--ignore", &overrides.ignore)] {
        for name in names {
            let refuse = |unknown: Unknown| Error::UnknownCheck { argument, unknown };
            pyaudit_engine::find(name, checks).map_err(refuse)?;
        }
    }
    for glob in &overrides.exclude {
        let refuse = |message| Error::Glob { glob: glob.clone(), message };
        pyaudit_engine::PathPattern::new(glob).map_err(refuse)?;
    }
    Ok(())
}

fn build(checks: &[&'static Check], options: &Options) -> Result<Model, Error> {
    let (target, settings) = prepare(checks, options)?;
    let mut clock = Clock::start();
    let sources = load(&target.root, &settings, reads_history(checks, &settings))?;
    clock.lap("read");
    let files = analyse(&sources);
    clock.lap("parse");
    if is_nothing(&sources, &files) {
        return Err(Error::NothingToScan(target.shown));
    }
    let mut linking = Clock::start();
    let project = Project::build_observed(sources, files, |concern| linking.lap(concern));
    clock.lap("link");
    let name = target.root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Model { project, name, settings, phases: clock.laps, concerns: linking.laps, paths: target.paths })
}

fn run(checks: &[&'static Check], options: &Options, model: Model) -> Scan {
    let Model { project, name, settings, mut phases, concerns, paths } = model;
    let overrides = &options.overrides;
    let config = Config {
        suppress: options.suppress,
        // Whoever asks for some checks on the command line does not ask what becomes of the others' suppressions.
        report_unused: overrides.select.is_empty() && overrides.ignore.is_empty(),
        paths,
        ..settings.config()
    };
    let mut clock = Clock::start();
    let (audit, profile) = if options.profile {
        let (audit, profile) = pyaudit_engine::run_profiled(project, checks, &config);
        (audit, Some(profile))
    } else {
        (pyaudit_engine::run(project, checks, &config), None)
    };
    clock.lap("check");
    phases.extend(clock.laps);
    Scan { audit, name, settings, phases, concerns, profile }
}

/// Whether a check runs that asks what earlier commits hold. Walking them takes longer than reading the files.
fn reads_history(checks: &[&'static Check], settings: &Settings) -> bool {
    pyaudit_engine::select(checks, &settings.config()).iter().any(|check| check.id == "secret-in-history")
}

fn load(root: &Path, settings: &Settings, history: bool) -> Result<Sources, Error> {
    let options = LoadOptions {
        exclude: exclude::globs(settings),
        max_file_bytes: settings.max_file_bytes.value,
        max_lock_file_bytes: settings.max_lock_file_bytes.value,
        wanted: is_wanted,
        optional: is_optional,
        past_wanted: history.then_some(is_wanted_of_the_past),
        ..LoadOptions::default()
    };
    Ok(Sources::load(root, &options)?)
}

/// Whether there is neither a Python file nor any other that the project understands.
fn is_nothing(sources: &Sources, files: &Files) -> bool {
    let is_python = |path: &str| Path::new(path).extension().is_some_and(|extension| extension == "py");
    !sources.files().any(|(id, file)| is_python(&file.path) || files.get(id).is_some())
}

/// Measures phases.
struct Clock {
    since: Instant,
    laps: Vec<(&'static str, Duration)>,
}

impl Clock {
    fn start() -> Self {
        Self { since: Instant::now(), laps: Vec::new() }
    }

    fn lap(&mut self, phase: &'static str) {
        self.laps.push((phase, self.since.elapsed()));
        self.since = Instant::now();
    }
}
