//! The scored report in its three formats.

mod support;

use pyaudit_check::source::Span;
use pyaudit_engine::Audit;
use pyaudit_report::{ReportOptions, report_html, report_json, report_markdown};
use serde_json::Value;
use support::{at, audit, sample, written};

/// Names and words that would be markup if anything took them for it.
const HOSTILE: &str = "<script>alert(1)</script> [x](javascript:alert(2)) <img src=x onerror=alert(3)> `<b>` | \u{1b}[31m\u{202e} {{ 7*7 }}";

fn options() -> ReportOptions {
    ReportOptions { name: "shop".to_owned() }
}

fn markdown(audit: &Audit) -> String {
    written(|out| report_markdown(audit, &options(), out))
}

fn html(audit: &Audit) -> String {
    written(|out| report_html(audit, &options(), out))
}

/// An audit whose every text comes from somebody who means ill.
fn hostile() -> Audit {
    let path = "<script>alert(1)</script>`|[x](javascript:2).py";
    let mut audit = audit(&[(path, "x = 1\n")], |sources, findings| {
        findings.examined(1);
        findings.report(at(sources, path, "x"), HOSTILE).subject(HOSTILE).help(HOSTILE);
        findings.report(Span::file(sources.find(path).expect("the file was given")), HOSTILE);
    });
    audit.problems = sample().problems;
    audit.problems.truncate(1);
    HOSTILE.clone_into(&mut audit.problems[0].message);
    audit.problems[0].path = Some(HOSTILE.to_owned());
    audit.facts = sample().facts;
    HOSTILE.clone_into(&mut audit.facts[0].message);
    audit.facts[0].span = audit.findings[0].finding.span;
    audit
}

#[test]
fn json_is_what_its_schema_says() {
    let schema: Value =
        serde_json::from_str(include_str!("../../../docs/report.schema.json")).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is valid");
    for audit in [sample(), hostile(), audit(&[], |_, _| ())] {
        let text = written(|out| report_json(&audit, &ReportOptions::default(), out));
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "no hidden character passes");
        let document: Value = serde_json::from_str(&text).expect("the report is JSON");
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn deductions_add_up_in_what_is_written() {
    let text = written(|out| report_json(&sample(), &options(), out));
    let document: Value = serde_json::from_str(&text).expect("the report is JSON");
    let axes = document["axes"].as_array().expect("a list");
    let tenths = |value: &Value| value.as_f64().map(|points| (points * 10.0).round());
    let assessed: Vec<_> = axes.iter().filter(|axis| !axis["score"].is_null()).collect();
    assert_eq!(assessed.len(), 1, "one check ran");
    let deductions = assessed[0]["deductions"].as_array().expect("a list");
    let lost: f64 = deductions.iter().filter_map(|it| tenths(&it["points"])).sum();
    assert_eq!(tenths(&assessed[0]["score"]), Some(100.0 - lost));
    assert!(lost > 0.0);
    assert_eq!(document["summary"]["suppressed"], 1);
    assert_eq!(document["summary"]["findings"], 5, "what a filter hides is there all the same");
}

#[test]
fn markdown_has_its_sections_in_order() {
    let page = markdown(&sample());
    let headings: Vec<&str> = page.lines().filter(|line| line.starts_with("# ") || line.starts_with("## ")).collect();
    assert_eq!(
        headings,
        ["# Audit of shop", "## Scores", "## What works", "## Findings", "## Plan", "## Coverage and limits"]
    );
    assert!(page.contains("* logs are configured (`data.json`)"), "{page}");
    assert!(page.contains("* `app/main.py:5`: `print` in the handler of `GET /` (high) — use `logger.info`"), "{page}");
    assert!(page.contains("not assessed | Do tests guard what matters? | no check for it ran |"), "{page}");
    assert!(!page.contains("hunter2"), "a secret is never shown");
}

#[test]
fn nothing_of_the_repository_is_markup_in_markdown() {
    let page = markdown(&hostile());
    // What renders Markdown leaves no element, link or image of the repository's own.
    for event in pulldown_cmark::Parser::new_ext(&page, pulldown_cmark::Options::all()) {
        match event {
            pulldown_cmark::Event::Html(raw) | pulldown_cmark::Event::InlineHtml(raw) => assert_eq!(&*raw, "<br>"),
            pulldown_cmark::Event::Start(pulldown_cmark::Tag::Link { dest_url, .. }) => {
                panic!("a link to {dest_url}");
            }
            _ => {}
        }
    }
    assert!(!page.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn nothing_of_the_repository_is_markup_in_html() {
    let page = html(&hostile());
    let lower = page.to_lowercase();
    assert!(!lower.contains("<script") && !lower.contains("<img") && !lower.contains("<b>"), "no element passes");
    assert!(!lower.contains("href=\"javascript"), "no link passes");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "it is shown as text");
    assert!(page.contains("{{ 7*7 }}") && !page.contains(">49<"), "it is no template");
    assert!(!page.contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn html_fetches_nothing_and_runs_nothing() {
    let page = html(&sample());
    for forbidden in ["<script", "src=", "@import", "url(", "<link", "<iframe", "<form", " onclick"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("default-src 'none'"));
    // The links that are there lead within the page, and every one of them has its goal.
    for rest in page.split("href=\"").skip(1) {
        let target = rest.split('"').next().expect("a split has a first part");
        let goal = target.strip_prefix('#').unwrap_or_else(|| panic!("a link to {target}"));
        assert!(page.contains(&format!("id=\"{goal}\"")), "nothing is called {goal}");
    }
}

#[test]
fn an_audit_without_anything_is_a_report_too() {
    let empty = audit(&[], |_, _| ());
    assert!(markdown(&empty).contains("**Not assessed**: 0 of 6 axes assessed."));
    assert!(html(&empty).contains("not assessed"));
}
