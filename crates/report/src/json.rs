//! JSON, version 1. `docs/json.md` says what each member means, `docs/json.schema.json` what it may be.

use crate::escape::ascii_controls;
use crate::summary::{by_severity, counting, files_read, left_out, with_status, worst_first};
use pyaudit_check::Label;
use pyaudit_engine::{Audit, Fact, Judged, Status};
use pyaudit_source::{Position, Problem, Sources, Span};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// How JSON is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonOptions {
    /// Whether to indent; otherwise everything stands on one line.
    pub pretty: bool,
}

impl Default for JsonOptions {
    fn default() -> Self {
        Self { pretty: true }
    }
}

/// Writes the whole audit as JSON version 1, with a line end.
pub fn json(audit: &Audit, options: &JsonOptions, out: &mut dyn Write) -> io::Result<()> {
    let document = Document::of(audit);
    let text = if options.pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
    writeln!(out, "{}", ascii_controls(&text?))
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    root: Root<'a>,
    summary: Summary,
    findings: Vec<Finding<'a>>,
    facts: Vec<FactEntry<'a>>,
    problems: Vec<ProblemEntry<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the members in the output")]
struct Root<'a> {
    git_revision: Option<&'a str>,
    git_prefix: Option<&'a str>,
    git_shallow: Option<bool>,
}

#[derive(Serialize)]
struct Summary {
    findings: usize,
    by_severity: Severities,
    by_status: Statuses,
    files: FileCounts,
    checks: usize,
    examined: BTreeMap<&'static str, usize>,
    problems: usize,
}

/// Counts by severity, in which no severity is absent.
struct Severities(BTreeMap<pyaudit_check::Severity, usize>);

impl Serialize for Severities {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(worst_first().map(|severity| (severity.name(), self.0.get(&severity).unwrap_or(&0))))
    }
}

#[derive(Serialize)]
struct Statuses {
    new: usize,
    known: usize,
    suppressed: usize,
}

#[derive(Serialize)]
struct FileCounts {
    read: usize,
    left_out: BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
struct Finding<'a> {
    check: &'a str,
    area: &'a str,
    axis: &'a str,
    severity: &'a str,
    confidence: &'a str,
    maturity: &'a str,
    status: &'a str,
    suppression_reason: Option<&'a str>,
    message: &'a str,
    #[serde(flatten)]
    place: LongPlace<'a>,
    subject: Option<&'a str>,
    related: Vec<LabelEntry<'a>>,
    trace: Vec<LabelEntry<'a>>,
    help: Option<&'a str>,
    fingerprint: &'a str,
    shown: bool,
}

#[derive(Serialize)]
struct LongPlace<'a> {
    path: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    end_line: Option<u32>,
    end_column: Option<u32>,
}

#[derive(Serialize)]
struct LabelEntry<'a> {
    path: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    message: &'a str,
}

#[derive(Serialize)]
struct FactEntry<'a> {
    fact: &'a str,
    axis: &'a str,
    message: &'a str,
    path: &'a str,
    line: Option<u32>,
}

#[derive(Serialize)]
struct ProblemEntry<'a> {
    path: Option<&'a str>,
    line: Option<u32>,
    phase: &'a str,
    message: &'a str,
}

impl<'a> Document<'a> {
    fn of(audit: &'a Audit) -> Self {
        let sources = &audit.project.sources;
        let git = sources.git();
        Self {
            version: 1,
            tool: Tool { name: "pyaudit", version: env!("CARGO_PKG_VERSION") },
            root: Root {
                git_revision: git.and_then(|git| git.revision.as_deref()),
                git_prefix: git.map(|git| git.prefix.as_str()),
                git_shallow: git.map(|git| git.shallow),
            },
            summary: Summary::of(audit),
            findings: audit.findings.iter().map(|judged| Finding::of(judged, sources)).collect(),
            facts: audit.facts.iter().map(|fact| FactEntry::of(fact, sources)).collect(),
            problems: audit.problems.iter().map(|problem| ProblemEntry::of(problem, sources)).collect(),
        }
    }
}

impl Summary {
    fn of(audit: &Audit) -> Self {
        let statuses = ["new", "known", "suppressed"].map(|status| with_status(audit, status));
        let [new, known, suppressed] = statuses;
        Self {
            findings: counting(audit).count(),
            by_severity: Severities(by_severity(audit)),
            by_status: Statuses { new, known, suppressed },
            files: FileCounts { read: files_read(audit), left_out: left_out(audit) },
            checks: audit.checks.len(),
            examined: audit.examined.clone(),
            problems: audit.problems.len(),
        }
    }
}

impl<'a> Finding<'a> {
    fn of(judged: &'a Judged, sources: &'a Sources) -> Self {
        let finding = &judged.finding;
        let reason = match &judged.status {
            Status::Suppressed { reason, .. } => reason.as_deref(),
            Status::New | Status::Known => None,
        };
        Self {
            check: finding.check.id,
            area: finding.check.area.name(),
            axis: finding.check.axis.name(),
            severity: finding.severity.name(),
            confidence: finding.confidence.name(),
            maturity: finding.check.maturity.name(),
            status: judged.status.name(),
            suppression_reason: reason,
            message: &finding.message,
            place: LongPlace::of(finding.span, sources),
            subject: finding.subject.as_deref(),
            related: finding.related.iter().map(|label| LabelEntry::of(label, sources)).collect(),
            trace: finding.trace.iter().map(|label| LabelEntry::of(label, sources)).collect(),
            help: finding.help.as_deref(),
            fingerprint: &judged.fingerprint,
            shown: judged.shown,
        }
    }
}

impl<'a> LongPlace<'a> {
    fn of(span: Span, sources: &'a Sources) -> Self {
        let positions = sources.positions(span);
        let start = positions.map(|(start, _)| start);
        let end = positions.map(|(_, end)| end);
        Self {
            path: path(span, sources),
            line: start.map(|start| start.line),
            column: start.map(|start| start.column),
            end_line: end.map(|end| end.line),
            end_column: end.map(|end| end.column),
        }
    }
}

impl<'a> LabelEntry<'a> {
    fn of(label: &'a Label, sources: &'a Sources) -> Self {
        let start = start(label.span, sources);
        Self {
            path: path(label.span, sources),
            line: start.map(|start| start.line),
            column: start.map(|start| start.column),
            message: &label.message,
        }
    }
}

impl<'a> FactEntry<'a> {
    fn of(fact: &'a Fact, sources: &'a Sources) -> Self {
        Self {
            fact: fact.id,
            axis: fact.axis.name(),
            message: &fact.message,
            path: path(fact.span, sources),
            line: start(fact.span, sources).map(|start| start.line),
        }
    }
}

impl<'a> ProblemEntry<'a> {
    fn of(problem: &'a Problem, sources: &'a Sources) -> Self {
        let of_file = problem.span.map(|span| path(span, sources));
        Self {
            path: of_file.or(problem.path.as_deref()),
            line: problem.span.and_then(|span| start(span, sources)).map(|start| start.line),
            phase: problem.phase.name(),
            message: &problem.message,
        }
    }
}

fn path(span: Span, sources: &Sources) -> &str {
    &sources.file(span.file).path
}

fn start(span: Span, sources: &Sources) -> Option<Position> {
    sources.positions(span).map(|(start, _)| start)
}
