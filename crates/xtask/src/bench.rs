//! The benchmark: what each step of an audit costs, and pyaudit beside ruff in turns.
//!
//! Two corpora are made from packages of PyPI that `bench/packages.txt` beside this crate pins. Everything stands below
//! `.bench`, which git ignores. Nobody's machine is quiet, so nothing is measured once: the contestants take turns, and
//! what is told are medians, and ratios within a turn.

mod corpus;
mod figures;
mod pins;
pub(crate) mod steps;
mod table;
mod turns;

use anyhow::{Context, Result, ensure};
use pins::Pins;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use table::{Machine, Results};
use turns::Contestant;

/// The list of pinned packages.
const PACKAGES: &str = include_str!("../bench/packages.txt");

/// The page that holds the table, from the root of the workspace.
const PAGE: &str = "docs/performance.md";

/// Measure pyaudit, step by step and beside ruff.
#[derive(clap::Args)]
pub(crate) struct Task {
    /// How many turns are taken.
    #[arg(long, short = 'n', default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    repetitions: u16,
    /// Only this corpus.
    #[arg(long, value_name = "NAME")]
    corpus: Option<String>,
    /// Another build of pyaudit that takes turns as well, to compare two.
    #[arg(long, value_name = "PROGRAM")]
    against: Option<PathBuf>,
    /// Write the table into `docs/performance.md`.
    #[arg(long, conflicts_with_all = ["corpus", "against"])]
    update: bool,
}

/// Builds pyaudit, makes the corpora, measures and prints the table. No figure is a failure.
pub(crate) fn run(task: &Task) -> Result<ExitCode> {
    let pins = Pins::parse(PACKAGES)?;
    warn_of_settings();
    let release = build()?;
    let directory = crate::root().join(".bench");
    let ruff = pins.tool("ruff")?;
    let mut contestants = vec![
        Contestant::pyaudit("pyaudit", &release.join("pyaudit")),
        Contestant::ruff(&corpus::tool(&directory, ruff)?),
    ];
    if let Some(other) = &task.against {
        contestants.push(Contestant::pyaudit("the other pyaudit", &other.canonicalize()?));
    }
    let machine = Machine::this();
    let mut results = Vec::new();
    for corpus in pins.corpora.iter().filter(|one| task.corpus.as_ref().is_none_or(|only| *only == one.name)) {
        let root = corpus::corpus(&directory, corpus)?;
        let costs = turns::take(&contestants, &release.join("pyaudit-xtask"), &root, task.repetitions)?;
        results.push(Results { corpus, costs });
    }
    ensure!(!results.is_empty(), "there is no such corpus");
    let page = table::page(&results, &machine, &ruff.version, task.repetitions);
    print(&page);
    if task.update {
        crate::page::update(&crate::root().join(PAGE), &page)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the programs that are measured as they are released; gives the directory that they stand in.
fn build() -> Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(crate::root()).args(["build", "--release", "--locked", "--quiet"]);
    let status = cargo.args(["--package", "pyaudit", "--package", "pyaudit-xtask"]).status()?;
    ensure!(status.success(), "the release build ended with {status}");
    // This program stands beside the release, in the directory of its own profile.
    let own = std::env::current_exe()?;
    let target = own.ancestors().nth(2).context("the program stands in no target directory")?;
    Ok(target.join("release"))
}

/// Says when the environment builds the programs otherwise than the workspace does.
fn warn_of_settings() {
    let changes = |name: &str| {
        name.starts_with("CARGO_PROFILE_RELEASE_") || name == "RUSTFLAGS" || name == "CARGO_ENCODED_RUSTFLAGS"
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(changes)) {
        warn(&format!("`{}` changes what is measured", Path::new(&name).display()));
    }
}

#[expect(clippy::print_stdout, reason = "a task of the workspace talks to the terminal")]
fn print(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "a task of the workspace talks to the terminal")]
fn warn(text: &str) {
    eprintln!("warning: {text}");
}
