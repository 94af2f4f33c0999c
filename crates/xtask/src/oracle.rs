//! Comparisons with reference implementations.
//!
//! Nothing is installed here: `oracle/install.sh` beside this crate puts what is needed into `.oracle`, which git
//! ignores. A reference that is missing is an error unless `--allow-missing` is given.
#![expect(clippy::print_stdout, reason = "the report of a task is its output")]

mod compare;
mod constant;
mod exceptions;
mod files;
mod mutations;
mod python;
mod reference;
mod report;
mod requirements;
mod tables;
mod tree;

use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

/// The comparisons.
#[derive(Subcommand)]
pub(crate) enum Task {
    /// Run everything that must agree: `python --pyodide` and `requirements`. Fails where a reference is missing.
    All,
    /// Compare modules with CPython's `ast` and `symtable`, over its standard library and `testdata/python`.
    Python(PythonOptions),
    /// Compare requirement lines with PyPI's `packaging`.
    Requirements(requirements::Options),
    /// Break 300 files of the standard library, and report which definitions are still found.
    Mutations(MutationOptions),
}

/// Which files are broken.
#[derive(clap::Args)]
pub(crate) struct MutationOptions {
    /// The directory whose `.py` files are broken (default: the standard library of `python3`).
    #[arg(long, value_name = "DIR")]
    stdlib: Option<PathBuf>,
    /// How many files.
    #[arg(long, default_value_t = 300)]
    files: usize,
}

/// What to compare with, and over which files.
#[derive(clap::Args)]
pub(crate) struct PythonOptions {
    /// The program of the CPython on this machine.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// The directory whose `.py` files are compared (default: the standard library of `--python`).
    #[arg(long, value_name = "DIR")]
    stdlib: Option<PathBuf>,
    /// Compare with CPython 3.14 too, as npm's `pyodide` carries it in `.oracle`, over its own library as well.
    #[arg(long)]
    pyodide: bool,
    /// Leave out a reference that is not installed, instead of failing.
    #[arg(long)]
    allow_missing: bool,
    /// How many examples of each difference to show.
    #[arg(long, default_value_t = 3)]
    examples: usize,
}

/// Runs a comparison; the exit code tells whether everything agreed.
pub(crate) fn run(task: &Task) -> anyhow::Result<ExitCode> {
    let agreed = match task {
        Task::All => all()?,
        Task::Python(options) => python::run(options)?,
        Task::Requirements(options) => requirements::run(options)?,
        Task::Mutations(options) => mutations::run(options)?,
    };
    Ok(if agreed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every comparison that CI asks for.
fn all() -> anyhow::Result<bool> {
    let python = python::run(&PythonOptions {
        python: PathBuf::from("python3"),
        stdlib: None,
        pyodide: true,
        allow_missing: false,
        examples: 3,
    })?;
    Ok(requirements::run(&requirements::Options::default())? && python)
}
