//! Requirement lines against PyPI's `packaging`: names, extras, specifiers, URLs and markers of real lines.

use super::files::workspace;
use anyhow::{Context, bail, ensure};
use pyaudit_data::requirements::{Requirement, parse_requirement};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What to compare, and with which `packaging`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The program of a Python.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// The directory that holds `packaging` (default: `.oracle/packages` in the workspace).
    #[arg(long, value_name = "DIR")]
    packages: Option<PathBuf>,
    /// The lines, with comments after `#` at their start (default: `testdata/requirements/lines.txt`).
    #[arg(long, value_name = "FILE")]
    lines: Option<PathBuf>,
    /// Leave the comparison out where `packaging` is missing, instead of failing.
    #[arg(long)]
    allow_missing: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { python: PathBuf::from("python3"), packages: None, lines: None, allow_missing: false }
    }
}

/// Compares every line; whether all agreed.
pub(super) fn run(options: &Options) -> anyhow::Result<bool> {
    let default = |path: &str| workspace().join(path);
    let packages = options.packages.clone().unwrap_or_else(|| default(".oracle/packages"));
    if !packages.join("packaging").is_dir() {
        let missing = format!("`{}` holds no `packaging`: run crates/xtask/oracle/install.sh", packages.display());
        ensure!(options.allow_missing, missing);
        println!("requirements: left out: {missing}");
        return Ok(true);
    }
    let path = options.lines.clone().unwrap_or_else(|| default("testdata/requirements/lines.txt"));
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let ours: Vec<_> = lines.iter().map(|line| parse_requirement(line)).collect();
    let markers = ours.iter().map(|found| found.as_ref().ok().and_then(|found| found.marker.as_deref()));
    let asked = lines.iter().zip(markers).map(|(line, marker)| json!({"line": line, "marker": marker}));
    let theirs = ask(&options.python, &packages, asked)?;
    ensure!(theirs.len() == lines.len(), "{} answers to {} lines", theirs.len(), lines.len());
    let mut different = 0;
    for ((line, ours), theirs) in lines.iter().zip(&ours).zip(&theirs) {
        let shown = ours.as_ref().map_or_else(|_| Value::Null, comparable);
        let agrees = if theirs.get("error").is_some() { shown.is_null() } else { shown == *theirs };
        if !agrees {
            different += 1;
            println!("{line}\n  pyaudit:   {shown}\n  packaging: {theirs}");
        }
    }
    let refused = theirs.iter().filter(|theirs| theirs.get("error").is_some()).count();
    let equal = lines.len() - different;
    println!(
        "requirements: {equal} of {} lines equal, {different} different; `packaging` refuses {refused}",
        lines.len()
    );
    Ok(different == 0)
}

/// A requirement in the form in which the script answers.
fn comparable(found: &Requirement) -> Value {
    let extras: BTreeSet<_> = found.extras.iter().collect();
    let specifiers = found.specifiers.iter().map(|found| format!("{}{}", found.operator, found.version));
    let specifiers: BTreeSet<_> = specifiers.collect();
    json!({"name": found.name, "extras": extras, "specifiers": specifiers, "url": found.url, "marker": true})
}

/// Asks the script about every line. A thread writes, so that neither pipe can fill and stop both sides.
fn ask(python: &Path, packages: &Path, asked: impl Iterator<Item = Value>) -> anyhow::Result<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle/dump_requirements.py");
    let mut child = Command::new(python)
        .arg("-I")
        .arg(script)
        .arg(packages)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", python.display()))?;
    let lines: Vec<_> = asked.map(|line| format!("{line}\n")).collect();
    let input = lines.concat();
    let mut stdin = child.stdin.take().context("the script has no input")?;
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output()?;
    if writer.join().is_err() || !output.status.success() {
        bail!("the script failed: {}", output.status);
    }
    let answers = String::from_utf8(output.stdout)?;
    answers.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}
