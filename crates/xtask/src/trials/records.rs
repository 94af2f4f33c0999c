//! The lists of the field trials, as they stand in their files.

use anyhow::{Context, Result};
use serde_json::Value;

/// A repository at one revision.
#[derive(Debug, Clone)]
pub(super) struct Repository {
    pub(super) name: String,
    pub(super) revision: String,
}

/// What a person said of one finding.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    pub(super) repository: String,
    pub(super) check: String,
    pub(super) fingerprint: String,
    /// `right`, `wrong` or `arguable`.
    pub(super) verdict: String,
    /// Whether it is wrong and known to be: its reason is not mended yet.
    pub(super) open: bool,
}

/// A place that a person listed by reading.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub(super) repository: String,
    pub(super) check: String,
    pub(super) path: String,
    pub(super) lines: Vec<u64>,
    /// The first and last line of the function that the place stands in.
    pub(super) span: Option<(u64, u64)>,
    pub(super) must_fire: bool,
    /// Either answer can be defended.
    pub(super) borderline: bool,
    pub(super) reason: String,
}

/// A finding of the tool.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) check: String,
    pub(super) fingerprint: String,
    pub(super) path: String,
    /// The line of the finding, then those of its related places in the same file.
    pub(super) lines: Vec<u64>,
    /// The related places in other files: path and line.
    pub(super) elsewhere: Vec<(String, u64)>,
    pub(super) message: String,
}

/// Reads `repositories.json`.
pub(super) fn repositories(text: &str) -> Result<Vec<Repository>> {
    let list: Vec<Value> = serde_json::from_str(text)?;
    list.iter().map(|one| Ok(Repository { name: string(one, "name")?, revision: string(one, "revision")? })).collect()
}

/// Reads `verdicts.jsonl`.
pub(super) fn verdicts(text: &str) -> Result<Vec<Verdict>> {
    lines(text, |one| {
        Ok(Verdict {
            repository: string(one, "repository")?,
            check: string(one, "check")?,
            fingerprint: string(one, "fingerprint")?,
            verdict: string(one, "verdict")?,
            open: one["open"].as_bool().unwrap_or(false),
        })
    })
}

/// Reads `expected.jsonl`.
pub(super) fn expected(text: &str) -> Result<Vec<Expected>> {
    lines(text, |one| {
        let line = one["line"].as_u64().unwrap_or(0);
        let listed = one["lines"].as_array().into_iter().flatten().filter_map(Value::as_u64);
        Ok(Expected {
            repository: string(one, "repository")?,
            check: string(one, "check")?,
            path: string(one, "path")?,
            lines: std::iter::once(line).chain(listed).collect(),
            span: one["span"][0].as_u64().zip(one["span"][1].as_u64()),
            must_fire: string(one, "verdict")? == "true",
            borderline: one["borderline"].as_bool().unwrap_or(false),
            reason: string(one, "reason").unwrap_or_default(),
        })
    })
}

/// The findings of an audit in JSON version 1.
pub(super) fn findings(audit: &Value) -> Result<Vec<Finding>> {
    let list = audit["findings"].as_array().context("the output holds no findings")?;
    list.iter().map(finding).collect()
}

fn finding(one: &Value) -> Result<Finding> {
    let path = string(one, "path")?;
    let related = one["related"].as_array().into_iter().flatten();
    let related = related.filter_map(|label| Some((label["path"].as_str()?.to_owned(), label["line"].as_u64()?)));
    let (own, elsewhere): (Vec<_>, Vec<_>) = related.partition(|(at, _)| *at == path);
    Ok(Finding {
        check: string(one, "check")?,
        fingerprint: string(one, "fingerprint")?,
        lines: std::iter::once(one["line"].as_u64().unwrap_or(0))
            .chain(own.into_iter().map(|(_, line)| line))
            .collect(),
        elsewhere,
        message: string(one, "message")?,
        path,
    })
}

fn lines<T>(text: &str, read: impl Fn(&Value) -> Result<T>) -> Result<Vec<T>> {
    let rows = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    rows.map(|(at, line)| {
        let value: Value = serde_json::from_str(line).with_context(|| format!("line {}", at + 1))?;
        read(&value).with_context(|| format!("line {}", at + 1))
    })
    .collect()
}

fn string(value: &Value, key: &str) -> Result<String> {
    value[key].as_str().map(str::to_owned).with_context(|| format!("no `{key}`"))
}
