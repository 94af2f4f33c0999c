//! A small audit with a finding of every shape.

use pyaudit_check::source::{MemoryFile, MemoryGit, Phase, Problem, Range, Sources, Span};
use pyaudit_check::{Axis, Confidence, Finding, Findings, Project, Severity, check};
use pyaudit_engine::{Audit, Fact, Judged, Status, SuppressedBy};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds `print`.
    ///
    /// ## Why it matters
    /// It is seen by nobody.
    ///
    /// ## How to fix
    /// Log.
    ///
    /// ## Limits
    /// None.
    id: "print-logging",
    summary: "application code prints instead of logging",
    area: Observability,
    axis: Observability,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://docs.python.org/3/howto/logging.html"],
    run: Project(nothing),
}

fn nothing(_: &Project, _: &mut Findings) {}

/// The files of the audited repository; the last line of `app/main.py` holds a terminal escape and an override.
const FILES: [(&str, &str); 4] = [
    ("app/main.py", "import os\n\n\ndef main() -> None:\n\tprint(\"é\", os.environ)\n\n\nx = \"\u{1b}[31m\u{202e}\"\n"),
    ("app/settings.py", "class Settings:\n    debug = True\n"),
    (".env", "SECRET=hunter2hunter2\n"),
    ("data.json", "{}\n"),
];

/// The place of the only `needle` in a file.
pub(crate) fn at(sources: &Sources, path: &str, needle: &str) -> Span {
    let file = sources.find(path).expect("the file was given");
    let start = sources.text(file).and_then(|text| text.find(needle)).expect("the needle stands in the file") as u32;
    Span::new(file, Range::new(start, start + needle.len() as u32))
}

/// An audit over files in memory, with what `report` reports.
pub(crate) fn audit(files: &[(&str, &str)], report: impl FnOnce(&Sources, &mut Findings)) -> Audit {
    let files = files.iter().map(|&(path, text)| MemoryFile::new(path, text));
    let project =
        Project::build(Sources::from_memory(files, MemoryGit::Some), pyaudit_check::project::Files::default());
    let mut findings = Findings::new(&CHECK);
    report(&project.sources, &mut findings);
    let (findings, examined) = findings.finish();
    let judge = |finding: Finding| Judged { finding, status: Status::New, fingerprint: "f00d".to_owned(), shown: true };
    Audit {
        project,
        checks: vec![&CHECK],
        findings: findings.into_iter().map(judge).collect(),
        examined: BTreeMap::from([(CHECK.id, examined)]),
        facts: Vec::new(),
        problems: Vec::new(),
    }
}

/// An audit with a finding of every shape, a fact, and problems.
pub(crate) fn sample() -> Audit {
    let mut audit = audit(&FILES, every_shape);
    audit.findings[3].status =
        Status::Suppressed { reason: Some("known\u{202e} reason".to_owned()), by: SuppressedBy::Comment };
    audit.findings[4].shown = false;
    let sources = &audit.project.sources;
    let file = Span::file(sources.find("data.json").expect("the file was given"));
    audit.facts = vec![Fact {
        id: "logs-configured",
        axis: Axis::Observability,
        message: "logs are configured".into(),
        span: file,
    }];
    let problem = |span, path: Option<&str>, message: &str| Problem {
        span,
        path: path.map(str::to_owned),
        phase: Phase::Parse,
        message: message.to_owned(),
    };
    let broken = Some(at(sources, "app/main.py", "x = "));
    audit.problems = vec![
        problem(None, None, "no git"),
        problem(None, Some("un\u{1b}readable"), "no permission"),
        problem(broken, None, "unexpected `x`"),
    ];
    audit
}

fn every_shape(sources: &Sources, findings: &mut Findings) {
    findings.examined(7);
    let print = at(sources, "app/main.py", "print");
    let debug = at(sources, "app/settings.py", "debug");
    findings
        .report(print, "`print` in the handler of `GET /`")
        .related(debug, "debug mode is on here")
        .related(at(sources, "app/main.py", "main"), "the handler")
        .step(at(sources, "app/main.py", "main"), "`main` calls `helper`")
        .step(print, "`helper` prints")
        .subject("GET /")
        .severity(Severity::High)
        .confidence(Confidence::Medium)
        .help("use `logger.info`");
    findings.report(at(sources, ".env", "hunter2hunter2"), "a secret is committed").secret();
    findings.report(Span::file(print.file), "the file is bad,\nvery: 100%");
    findings.report(at(sources, "app/main.py", "os.environ"), "suppressed");
    findings.report(at(sources, "app/main.py", "import os"), "not shown");
    let escapes = at(sources, "app/main.py", "\"\u{1b}[31m\u{202e}\"");
    findings.report(escapes, "holds \u{1b}[31m").severity(Severity::Critical);
}

/// What a format writes.
pub(crate) fn written(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).expect("writing to memory cannot fail");
    String::from_utf8(bytes).expect("outputs are UTF-8")
}
