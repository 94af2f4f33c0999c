//! Tasks of the workspace that do not ship: `cargo xtask TASK`.

mod hostile;
mod oracle;
mod trials;

use clap::Parser;
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
}

fn main() -> anyhow::Result<ExitCode> {
    match Task::parse() {
        Task::Oracle(task) => oracle::run(&task),
        Task::Hostile(task) => hostile::run(&task),
        Task::Trials(task) => trials::run(&task),
    }
}
