//! `cargo xtask sarif`: Microsoft's SARIF Multitool checks what pyaudit writes.
//!
//! Nothing is installed here: `sarif/install.sh` beside this crate puts the tool into `.oracle`, which git ignores. Its
//! rules are those of the standard (`SARIF…`) and of GitHub (`GH…`).
#![expect(clippy::print_stdout, reason = "the report of a task is its output")]

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The tool, from the root of the workspace.
const TOOL: &str = ".oracle/sarif/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool";

/// Warnings that are right and that we accept, by rule.
const ACCEPTED: &[(&str, &str)] = &[(
    "SARIF2005",
    "`informationUri` is written as soon as `repository` stands in the manifest of the package; none is made up",
)];

/// A repository with names, suppressions and problems that the sample does not have.
const MADE: &[(&str, &str)] = &[
    (
        "sub dir/#1 [x](2) é%20.py",
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/{0}')\ndef read() -> None:\n    \
         '🙂'; print('[a](1)')\n    print()  # pyaudit: ignore[print-logging] [why](1) {0}\n",
    ),
    ("broken.py", "def f(:\n    print(\n# pyaudit: ignore[print-loging]\n"),
    ("requirements.txt", "fastapi\n"),
];

/// Have the SARIF Multitool check what pyaudit writes.
#[derive(Args)]
pub(crate) struct Task {
    /// The repositories to scan (default: the sample repository and one with strange names).
    paths: Vec<PathBuf>,
}

/// One message of the tool.
struct Told {
    level: String,
    rule: String,
    text: String,
}

/// Scans and checks; the exit code tells whether there was nothing but what is accepted.
pub(crate) fn run(task: &Task) -> Result<ExitCode> {
    let tool = crate::root().join(TOOL);
    ensure!(tool.is_file(), "{} is missing: run crates/xtask/sarif/install.sh", tool.display());
    let made = tempfile::tempdir()?;
    let paths = if task.paths.is_empty() { default_paths(made.path())? } else { task.paths.clone() };
    let mut refused = 0;
    for path in paths {
        let told = check(&tool, &path)?;
        println!("{}: {} messages", path.display(), told.len());
        refused += report(&told);
    }
    println!("{refused} errors and unexplained warnings");
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn default_paths(made: &Path) -> Result<Vec<PathBuf>> {
    for (path, text) in MADE {
        let file = made.join(path);
        fs::create_dir_all(file.parent().unwrap_or(made))?;
        fs::write(file, text)?;
    }
    Ok(vec![crate::root().join("testdata/repositories/shop"), made.to_owned()])
}

/// Scans a repository and has the tool check the file.
fn check(tool: &Path, repository: &Path) -> Result<Vec<Told>> {
    let directory = tempfile::tempdir()?;
    let (written, report) = (directory.path().join("audit.sarif"), directory.path().join("report.sarif"));
    write(repository, &written)?;
    let output = Command::new(tool)
        .arg("validate")
        .arg(&written)
        .args(["--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note", "--quiet", "true"])
        // A file of as many results as GitHub takes is larger than the default.
        .args(["--max-file-size-in-kb", "200000", "--output"])
        .arg(&report)
        // The tool needs no data about languages, which a small system does not have.
        .env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")
        .output()?;
    ensure!(output.status.success(), "the tool failed: {}", String::from_utf8_lossy(&output.stdout));
    let report: Value = serde_json::from_str(&fs::read_to_string(&report).context("the tool left no report")?)?;
    let run = &report["runs"][0];
    ensure!(run["invocations"][0]["executionSuccessful"] == true, "the tool failed: {}", run["invocations"]);
    Ok(run["results"].as_array().into_iter().flatten().map(|result| Told::of(result, run)).collect())
}

fn write(repository: &Path, file: &Path) -> Result<()> {
    let mut output = OsString::from("sarif=");
    output.push(file);
    let words = ["pyaudit", "scan", "--quiet", "--fail-on", "never", "--output"].map(OsString::from);
    let arguments = words.into_iter().chain([output, repository.into()]);
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let streams = pyaudit::Streams { out: &mut out, errors: &mut errors, is_terminal: false };
    let status = pyaudit::main(arguments, &pyaudit::registry::checks(), streams);
    ensure!(status == pyaudit::ExitStatus::Success, "pyaudit: {}", String::from_utf8_lossy(&errors));
    Ok(())
}

impl Told {
    /// A result of the tool, with the arguments in the text of its rule.
    fn of(result: &Value, run: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let rule = text(&result["ruleId"]);
        let message = &result["message"];
        let mut rules = run["tool"]["driver"]["rules"].as_array().into_iter().flatten();
        let found = rules.find(|found| found["id"] == rule.as_str());
        let template = found.map(|found| text(&found["messageStrings"][text(&message["id"]).as_str()]["text"]));
        let mut said = template.unwrap_or_default() + &text(&message["text"]);
        for (at, argument) in message["arguments"].as_array().into_iter().flatten().enumerate() {
            said = said.replace(&format!("{{{at}}}"), argument.as_str().unwrap_or_default());
        }
        let level = result["level"].as_str().unwrap_or("warning").to_owned();
        Self { level, rule, text: said }
    }

    fn accepted(&self) -> Option<&'static str> {
        let explained = ACCEPTED.iter().find(|(rule, _)| *rule == self.rule && self.level == "warning");
        explained.map(|(_, reason)| *reason)
    }
}

/// Prints every error and warning, and one note of each rule. Tells how many of the former are not accepted.
fn report(told: &[Told]) -> usize {
    let mut notes: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    let mut refused = 0;
    for one in told {
        if matches!(one.level.as_str(), "note" | "none") {
            notes.entry(&one.rule).or_insert((0, &one.text)).0 += 1;
            continue;
        }
        println!("  {} {}: {}", one.level, one.rule, one.text);
        match one.accepted() {
            Some(reason) => println!("    accepted: {reason}"),
            None => refused += 1,
        }
    }
    for (rule, (count, text)) in notes {
        println!("  note {rule} ({count} times): {text}");
    }
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_unexplained_warnings_are_refused() {
        let told = |level: &str, rule: &str| Told { level: level.into(), rule: rule.into(), text: String::new() };
        let accepted = ACCEPTED[0].0;
        let all = [
            told("note", "SARIF9"),
            told("warning", accepted),
            told("warning", "SARIF9"),
            told("error", "SARIF9"),
            told("error", accepted),
        ];
        assert_eq!(report(&all), 3);
    }

    #[test]
    fn arguments_stand_in_the_text_of_the_rule() {
        let run = serde_json::json!({"tool": {"driver": {"rules": [
            {"id": "R1", "messageStrings": {"Error": {"text": "{0}: no {1}"}}},
        ]}}});
        let result = serde_json::json!({"ruleId": "R1", "message": {"id": "Error", "arguments": ["a", "b"]}});
        let told = Told::of(&result, &run);
        assert_eq!((told.level.as_str(), told.text.as_str()), ("warning", "a: no b"));
    }
}
