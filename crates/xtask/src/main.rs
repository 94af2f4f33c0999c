//! Tasks of the workspace that do not ship: `cargo xtask TASK`.

mod oracle;

use clap::Parser;
use std::process::ExitCode;

/// Tasks of the workspace that do not ship.
#[derive(Parser)]
#[command(name = "xtask")]
enum Task {
    /// Compare what the crates read with what a reference implementation reads.
    #[command(subcommand)]
    Oracle(oracle::Task),
}

fn main() -> anyhow::Result<ExitCode> {
    match Task::parse() {
        Task::Oracle(task) => oracle::run(&task),
    }
}
