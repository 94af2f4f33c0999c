//! Requirement lines against PyPI's `packaging`: names, extras, specifiers, URLs and markers of real lines.

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
    /// The program of a Python that has `packaging`.
    #[arg(long, default_value = ".oracle/venv/bin/python")]
    python: PathBuf,
    /// The lines, with comments after `#` at their start.
    #[arg(long, value_name = "FILE", default_value = "testdata/requirements/lines.txt")]
    lines: PathBuf,
    /// Leave the comparison out where `--python` is missing, instead of failing.
    #[arg(long)]
    allow_missing: bool,
}

/// Compares every line; whether all agreed.
pub(super) fn run(options: &Options) -> anyhow::Result<bool> {
    if options.allow_missing && !options.python.exists() {
        println!("requirements: left out, there is no {}", options.python.display());
        return Ok(true);
    }
    let text =
        std::fs::read_to_string(&options.lines).with_context(|| format!("cannot read {}", options.lines.display()))?;
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let ours: Vec<_> = lines.iter().map(|line| parse_requirement(line)).collect();
    let markers = ours.iter().map(|found| found.as_ref().ok().and_then(|found| found.marker.as_deref()));
    let asked = lines.iter().zip(markers).map(|(line, marker)| json!({"line": line, "marker": marker}));
    let theirs = ask(&options.python, asked)?;
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
fn ask(python: &Path, asked: impl Iterator<Item = Value>) -> anyhow::Result<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle/dump_requirements.py");
    let mut child = Command::new(python)
        .arg("-I")
        .arg(script)
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
