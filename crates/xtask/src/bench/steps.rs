//! The steps of an audit, taken one after the other in a process of their own that ends after one of them.

use anyhow::{Context, Result};
use clap::ValueEnum;
use pyaudit_project::{Project, analyse, is_optional, is_wanted};
use pyaudit_source::{LoadOptions, Sources};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

/// A step of an audit, as it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Step {
    /// Listing the files and asking git, reading none.
    Walk,
    /// Walking, and reading and decoding every file that means something.
    Read,
    /// The pre-pass and the grammar over every Python file; the trees are dropped.
    Parse,
    /// Every file as plain data, which holds `Parse`.
    Analyse,
    /// The project from the plain data.
    Link,
    /// Running the checks and judging what they find.
    Check,
    /// The table, in memory.
    Output,
}

impl Step {
    /// The name, as the process that measures is given it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Read => "read",
            Self::Parse => "parse",
            Self::Analyse => "analyse",
            Self::Link => "link",
            Self::Check => "check",
            Self::Output => "output",
        }
    }
}

/// What a process of steps measured.
#[derive(Debug)]
pub(super) struct Measured {
    /// Seconds by the name of the step.
    pub(super) seconds: BTreeMap<String, f64>,
    /// The peak of its resident memory in KiB.
    pub(super) peak_kib: f64,
}

/// Take the steps of an audit up to one, and tell what they cost as JSON.
#[derive(clap::Args)]
pub(crate) struct Task {
    #[arg(value_enum)]
    until: Step,
    root: PathBuf,
}

/// Measures in this process. Deep syntax needs the stacks that the program has, too.
pub(crate) fn run(task: &Task) -> Result<ExitCode> {
    let pool = rayon::ThreadPoolBuilder::new().stack_size(16 * 1024 * 1024).build()?;
    let seconds = pool.install(|| take(&task.root, task.until))?;
    let peak = crate::process::peak_kib("self").unwrap_or(0);
    super::print(&serde_json::json!({ "seconds": seconds, "peak_kib": peak }).to_string());
    Ok(ExitCode::SUCCESS)
}

/// Starts a process of this program that takes the steps up to one.
pub(super) fn measure(program: &Path, until: Step, root: &Path) -> Result<Measured> {
    let output = Command::new(program).args(["bench-steps", until.name()]).arg(root).output()?;
    anyhow::ensure!(output.status.success(), "measuring ended with {}", output.status);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let seconds = told["seconds"].as_object().context("no times")?;
    let seconds = seconds.iter().map(|(step, time)| (step.clone(), time.as_f64().unwrap_or(0.0))).collect();
    Ok(Measured { seconds, peak_kib: told["peak_kib"].as_f64().unwrap_or(0.0) })
}

/// Seconds by step.
fn take(root: &Path, until: Step) -> Result<BTreeMap<&'static str, f64>> {
    let mut clock = Clock { since: Instant::now(), laps: BTreeMap::new() };
    let wanted = if until == Step::Walk { |_: &str| false } else { is_wanted };
    let sources = Sources::load(root, &LoadOptions { wanted, optional: is_optional, ..LoadOptions::default() })?;
    match until {
        Step::Walk | Step::Read => clock.lap(until),
        Step::Parse => {
            clock.lap(Step::Read);
            parse(&sources);
            clock.lap(Step::Parse);
        }
        _ => audit(sources, until, &mut clock)?,
    }
    Ok(clock.laps)
}

fn parse(sources: &Sources) {
    let is_python = |path: &str| [".py", ".pyi"].iter().any(|ending| path.ends_with(ending));
    let python = sources.files().filter(|(_, file)| is_python(&file.path));
    let texts: Vec<&str> = python.filter_map(|(id, _)| sources.text(id)).collect();
    let accepted = texts.par_iter().filter(|text| pyaudit_python::is_accepted(text)).count();
    std::hint::black_box(accepted);
}

fn audit(sources: Sources, until: Step, clock: &mut Clock) -> Result<()> {
    clock.lap(Step::Read);
    let files = analyse(&sources);
    clock.lap(Step::Analyse);
    if until == Step::Analyse {
        return Ok(());
    }
    let project = Project::build(sources, files);
    clock.lap(Step::Link);
    if until == Step::Link {
        return Ok(());
    }
    let audit = pyaudit_engine::run(project, &pyaudit::registry::checks(), &pyaudit_engine::Config::default());
    clock.lap(Step::Check);
    if until == Step::Output {
        let mut table = Vec::new();
        pyaudit_report::table(&audit, &pyaudit_report::TableOptions::default(), &mut table)?;
        std::hint::black_box(table);
        clock.lap(Step::Output);
    }
    Ok(())
}

struct Clock {
    since: Instant,
    laps: BTreeMap<&'static str, f64>,
}

impl Clock {
    fn lap(&mut self, step: Step) {
        self.laps.insert(step.name(), self.since.elapsed().as_secs_f64());
        self.since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_measures_its_own_steps_alone() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a.py"), "print(1)\n").unwrap();
        let steps = |until| take(directory.path(), until).unwrap().into_keys().collect::<Vec<_>>();
        assert_eq!(steps(Step::Walk), ["walk"]);
        assert_eq!(steps(Step::Parse), ["parse", "read"]);
        assert_eq!(steps(Step::Link), ["analyse", "link", "read"]);
        assert_eq!(steps(Step::Output), ["analyse", "check", "link", "output", "read"]);
    }

    #[test]
    fn names_are_those_of_the_command_line() {
        for step in Step::value_variants() {
            assert_eq!(step.to_possible_value().unwrap().get_name(), step.name());
        }
    }
}
