//! Measures what hostile repositories cost: seconds and peak memory of a scan of each.

use crate::process::{self, Cost};
use anyhow::{Context, Result};
use pyaudit_testkit::hostile::{CASES, Case};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

/// The aim for one scan, in seconds and in MB.
const AIM: (f64, f64) = (2.0, 500.0);

/// Measure the cost of each hostile repository.
#[derive(clap::Args)]
pub(crate) struct Task {
    /// The program to measure; build it with `--release`.
    #[arg(long, default_value = "target/release/pyaudit")]
    binary: PathBuf,
}

/// Prints a table of every case, in Markdown. Missing the aim is no failure: it is a figure to look at.
pub(crate) fn run(task: &Task) -> Result<ExitCode> {
    let binary = task.binary.canonicalize().with_context(|| format!("no program at {}", task.binary.display()))?;
    let mut table = String::from("| case | seconds | MB | exit | within the aim |\n|---|--:|--:|--:|---|\n");
    for case in CASES {
        let (elapsed, memory, exit) = measure(&binary, case)?;
        let seconds = elapsed.as_secs_f64();
        let within = if seconds <= AIM.0 && memory <= AIM.1 { "yes" } else { "no" };
        writeln!(table, "| {} | {seconds:.2} | {memory:.0} | {exit} | {within} |", case.name)?;
    }
    print(&table);
    Ok(ExitCode::SUCCESS)
}

/// The time, the peak memory in MB and the exit of one scan.
fn measure(binary: &Path, case: &Case) -> Result<(Duration, f64, String)> {
    let directory = tempfile::tempdir()?;
    case.write(directory.path())?;
    let mut command = Command::new(binary);
    command.args(["scan", ".", "--format", "json", "--fail-on", "never"]).current_dir(directory.path());
    let Cost { elapsed, peak_kib, status } = process::cost(&mut command)?;
    let exit = status.code().map_or("killed".to_owned(), |code| code.to_string());
    Ok((elapsed, f64::from(peak_kib) / 1024.0, exit))
}

#[expect(clippy::print_stdout, reason = "a task of the workspace talks to the terminal")]
fn print(text: &str) {
    println!("{text}");
}
