//! Field trials: runs pyaudit on checkouts of real repositories and joins what it finds with what people said of it.
//!
//! `docs/field-trials/` holds three lists. `repositories.json` says which repositories at which revision.
//! `verdicts.jsonl` holds one graded finding a line, by its fingerprint, so that nothing is graded twice and a finding
//! that goes missing shows. `expected.jsonl` holds places that a person listed by reading, before the tool ran: what
//! must be found, and look-alikes that must stay silent.

mod join;
mod records;
mod table;

use anyhow::{Context, Result, bail};
use join::Joined;
use records::{Expected, Finding, Repository, Verdict};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Where the lists stand, from the root of the workspace.
const LISTS: &str = "docs/field-trials";

/// The page that holds the table, from the root of the workspace.
const PAGE: &str = "docs/field-trials.md";

/// Run the field trials and join them with the verdicts.
#[derive(clap::Args)]
pub(crate) struct Task {
    /// A directory with one checkout a repository, each in a directory with the name that `repositories.json` gives.
    #[arg(long)]
    checkouts: PathBuf,
    /// The program to try.
    #[arg(long, default_value = "target/release/pyaudit")]
    binary: PathBuf,
    /// Only this repository.
    #[arg(long)]
    only: Option<String>,
    /// Write findings without a verdict to this file, one JSON object a line, ready to be graded.
    #[arg(long)]
    ungraded: Option<PathBuf>,
    /// List every expected place that was missed, and every look-alike that was flagged.
    #[arg(long)]
    differences: bool,
    /// Write the table into `docs/field-trials.md`.
    #[arg(long)]
    update: bool,
}

/// Runs the trials. Fails when a finding that was graded right is gone, or one that was graded wrong is back.
pub(crate) fn run(task: &Task) -> Result<ExitCode> {
    let repositories: Vec<Repository> = records::repositories(&read(&format!("{LISTS}/repositories.json"))?)?;
    let verdicts: Vec<Verdict> = records::verdicts(&read(&format!("{LISTS}/verdicts.jsonl"))?)?;
    let expected: Vec<Expected> = records::expected(&read(&format!("{LISTS}/expected.jsonl"))?)?;
    let mut joined = Joined::default();
    for repository in repositories.iter().filter(|one| task.only.as_ref().is_none_or(|only| *only == one.name)) {
        let findings = scan(task, repository)?;
        joined.add(repository, &findings, &verdicts, &expected);
    }
    let page = table::page(&joined);
    print(&page);
    if task.differences {
        print(&table::differences(&joined));
    }
    if let Some(path) = &task.ungraded {
        std::fs::write(path, joined.ungraded_lines()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if task.update {
        crate::page::update(Path::new(PAGE), &page)?;
    }
    print(&table::regressions(&joined));
    Ok(if joined.regressions.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The findings of one repository, which must be checked out at the revision that the lists name.
fn scan(task: &Task, repository: &Repository) -> Result<Vec<Finding>> {
    let checkout = task.checkouts.join(&repository.name);
    let output = Command::new(&task.binary)
        .args(["scan", "--format", "json", "--fail-on", "never", "--no-config"])
        .arg(&checkout)
        .output()
        .with_context(|| format!("cannot run {}", task.binary.display()))?;
    if !output.status.success() {
        bail!(
            "the scan of {} ended with {}: {}",
            repository.name,
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let audit: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let revision = audit["root"]["git_revision"].as_str();
    if revision.is_some_and(|revision| !revision.starts_with(&repository.revision)) {
        bail!("{} is checked out at another revision than {}", repository.name, repository.revision);
    }
    records::findings(&audit)
}

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(Path::new(path)).with_context(|| format!("cannot read {path}"))
}

#[expect(clippy::print_stdout, reason = "a task of the workspace talks to the terminal")]
fn print(text: &str) {
    println!("{text}");
}
