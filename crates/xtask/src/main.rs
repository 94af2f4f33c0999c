//! Tasks of the workspace that do not ship: `cargo xtask TASK`.

mod bench;
mod docs;
mod hostile;
mod new_check;
mod oracle;
mod page;
mod process;
mod sarif;
mod trials;

use clap::Parser;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Tasks of the workspace that do not ship.
#[derive(Parser)]
#[command(name = "xtask")]
enum Task {
    /// Compare what the crates read with what a reference implementation reads.
    #[command(subcommand)]
    Oracle(oracle::Task),
    Hostile(hostile::Task),
    Trials(trials::Task),
    Sarif(sarif::Task),
    Bench(bench::Task),
    /// What `bench` starts to measure the steps of an audit in a process of their own.
    #[command(hide = true)]
    BenchSteps(bench::steps::Task),
    /// Make the pages of the checks current.
    Docs(docs::Task),
    /// Create the files of a new check.
    NewCheck(new_check::Task),
}

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate stands in crates/xtask").to_owned()
}

fn main() -> anyhow::Result<ExitCode> {
    match Task::parse() {
        Task::Oracle(task) => oracle::run(&task),
        Task::Hostile(task) => hostile::run(&task),
        Task::Trials(task) => trials::run(&task),
        Task::Sarif(task) => sarif::run(&task),
        Task::Bench(task) => bench::run(&task),
        Task::BenchSteps(task) => bench::steps::run(&task),
        Task::Docs(task) => docs::run(&task),
        Task::NewCheck(task) => new_check::run(&task),
    }
}
