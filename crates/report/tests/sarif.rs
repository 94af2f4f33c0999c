//! SARIF 2.1.0 and its schema.

mod support;

use proptest::prelude::*;
use pyaudit_check::Severity;
use pyaudit_check::source::{Phase, Problem, Range, Span};
use pyaudit_engine::{Audit, Status, SuppressedBy};
use pyaudit_report::{SarifOptions, sarif};
use serde_json::{Value, json};
use std::sync::LazyLock;
use support::{at, audit, sample, written};

fn text(audit: &Audit) -> String {
    written(|out| sarif(audit, &SarifOptions::default(), out))
}

/// The only run of an audit, once the whole file is what the schema says.
fn run(audit: &Audit) -> Value {
    let document: Value = serde_json::from_str(&text(audit)).expect("the output is JSON");
    let errors: Vec<String> = validator()
        .iter_errors(&document)
        .take(20)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    document["runs"][0].clone()
}

fn validator() -> &'static jsonschema::Validator {
    static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(made_validator);
    &VALIDATOR
}

fn made_validator() -> jsonschema::Validator {
    let schema = include_str!("../../../testdata/third-party/sarif/sarif-schema-2.1.0.json");
    let mut schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
    // The pattern of a member that is not written has a bracket too many, which makes the schema invalid.
    for owner in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{owner}/properties/language"));
        let language = language.and_then(Value::as_object_mut);
        language.and_then(|language| language.remove("pattern")).expect("the pattern is there");
    }
    jsonschema::options().should_validate_formats(true).build(&schema).expect("the schema is valid")
}

/// An audit with everything that a repository could use against a reader of the file.
fn hostile() -> Audit {
    let files = [
        ("a b#c/%20é?.py", "x = \"🙂\"; secret = 'hunter2'\n"),
        ("c:d/[x](1).py", ""),
        ("\u{1b}]8;;\u{202e}.py", "\tvalue\u{202e} = 1\u{1b}\r\nlast"),
    ];
    let mut audit = audit(&files, |sources, findings| {
        let secret = at(sources, files[0].0, "hunter2");
        let value = at(sources, files[2].0, "value\u{202e}");
        findings.report(secret, "a secret").secret().related(value, "[click](javascript:x) {0}").step(value, "\u{7}");
        findings
            .report(Span::file(sources.find(files[1].0).expect("it was given")), "[evil](https://evil.example) \\[");
        findings.report(value, "`{0}` and `{id}` \u{9b}31m\n<script>").subject("\u{2066}GET").help("[x](2)");
    });
    audit.findings[1].status = Status::Known;
    let by = SuppressedBy::Configuration;
    audit.findings[2].status = Status::Suppressed { reason: Some("[why](3)\u{1b}".to_owned()), by };
    let problem = |path: Option<&str>, phase, message: &str| Problem {
        span: None,
        path: path.map(str::to_owned),
        phase,
        message: message.to_owned(),
    };
    audit.problems = vec![
        problem(None, Phase::Check, "`x` crashed: [y](1) {0}\u{1b}"),
        problem(Some("un read/\u{1b}"), Phase::Read, "no"),
        problem(None, Phase::Suppress, "unused"),
    ];
    audit
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_audit_is_what_the_schema_says() {
    for audit in [sample(), hostile(), audit(&[], |_, _| ())] {
        run(&audit);
        assert_eq!(text(&audit), text(&audit));
    }
}

/// Text in which everything is likely that SARIF, JSON or a terminal gives a meaning.
const TEXT: &str = "([a-zé🙂 ]|[\\[\\](){}0-9\\\\`<>#]|\\]\\(1\\)|[\u{0}-\u{1f}\u{9b}\u{202e}\u{e0041}]){0,24}";

/// The same, as a path.
const PATH: &str = "[^/\u{0}]{1,9}(/[^/\u{0}]{1,9})?\\.py";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_and_any_place_give_a_valid_file(
        path in PATH, code in TEXT, texts in [TEXT; 5], from in 0_u32..40, length in 0_u32..40,
    ) {
        let [message, label, help, subject, reason] = texts;
        let mut audit = audit(&[(path.as_str(), code.as_str())], |sources, findings| {
            let Some((file, _)) = sources.files().next() else { return };
            let place = Span::new(file, Range::new(from, from + length));
            let related = findings.report(place, message.as_str()).related(place, label.as_str());
            related.step(Span::file(file), label.as_str()).help(help.as_str()).subject(subject.as_str());
            findings.report(Span::file(file), message.as_str());
        });
        if let Some(judged) = audit.findings.first_mut() {
            judged.status = Status::Suppressed { reason: Some(reason.clone()), by: SuppressedBy::Comment };
        }
        audit.problems = vec![Problem { span: None, path: Some(path), phase: Phase::Walk, message: reason }];
        let run = run(&audit);
        for result in run["results"].as_array().into_iter().flatten() {
            let text = result["message"]["text"].as_str().unwrap_or_default();
            let links = if result.get("relatedLocations").is_some() { vec!["1"] } else { Vec::new() };
            prop_assert_eq!(targets(text), links, "{}", text);
        }
        let visible = |text: &str| !text.chars().any(|found| found.is_control() || found == '\u{202e}');
        prop_assert!(texts_without_code(&run["results"]).into_iter().all(visible));
    }
}

/// What the links of a message lead to, read as a program reads them that shows it: a backslash takes the meaning from
/// the character behind it, once anything is escaped.
fn targets(text: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    let (mut open, mut escaped) = (false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => open = true,
            ']' if open => {
                open = false;
                let target = text[at + 1..].strip_prefix('(').and_then(|rest| rest.split_once(')'));
                targets.extend(target.map(|(target, _)| target));
            }
            _ => {}
        }
    }
    targets
}

/// All strings but snippets, which keep line ends.
fn texts_without_code(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(members) if members.contains_key("startLine") => Vec::new(),
        Value::Array(items) => items.iter().flat_map(texts_without_code).collect(),
        Value::Object(members) => members.values().flat_map(texts_without_code).collect(),
        other => texts(other),
    }
}

#[test]
fn a_result_has_these_members_in_this_order() {
    let location = |line: u32, column: u32, end: u32| {
        json!({
            "artifactLocation": {"uri": "app/main.py", "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": line, "startColumn": column, "endLine": line, "endColumn": end},
        })
    };
    let mut place = location(5, 2, 7);
    place["region"]["snippet"] = json!({"text": "print"});
    let expected = json!({
        "ruleId": "print-logging", "ruleIndex": 0, "level": "error",
        "message": {"text": "`print` in the handler of `GET /`. To fix: use `logger.info`. \
                             Related: [debug mode is on here](1), [the handler](2)."},
        "locations": [{"physicalLocation": place}],
        "codeFlows": [{"threadFlows": [{"locations": [
            {"location": {"physicalLocation": location(4, 5, 9), "message": {"text": "`main` calls `helper`."}}},
            {"location": {"physicalLocation": location(5, 2, 7), "message": {"text": "`helper` prints."}}},
        ]}]}],
        "relatedLocations": [
            {
                "id": 1,
                "physicalLocation": {
                    "artifactLocation": {"uri": "app/settings.py", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 10},
                },
                "message": {"text": "Debug mode is on here."},
            },
            {"id": 2, "physicalLocation": location(4, 5, 9), "message": {"text": "The handler."}},
        ],
        "partialFingerprints": {"primaryLocationLineHash": "LINE", "pyaudit/v1": "f00d"},
        "properties": {"severity": "high", "confidence": "medium", "subject": "GET /"},
    });
    let mut result = run(&sample())["results"][0].clone();
    let hash = result["partialFingerprints"]["primaryLocationLineHash"].take();
    assert!(hash.as_str().is_some_and(|hash| hash.ends_with(":1")), "{hash}");
    result["partialFingerprints"]["primaryLocationLineHash"] = json!("LINE");
    assert_eq!(result.to_string(), expected.to_string());
}

#[test]
fn what_is_hidden_by_filters_is_left_out_and_the_suppressed_say_so() {
    let run = run(&sample());
    let results = run["results"].as_array().expect("a list");
    assert_eq!(results.len(), 5, "one of six is not shown");
    let suppressed: Vec<&Value> = results.iter().filter_map(|result| result.get("suppressions")).collect();
    assert_eq!(suppressed, [&json!([{"kind": "inSource", "justification": "known\\u{202e} reason"}])]);
    assert!(results.iter().all(|result| result.get("baselineState").is_none()), "there was no baseline");
}

#[test]
fn a_finding_about_a_whole_file_has_a_region() {
    let run = run(&sample());
    let whole = &run["results"][2];
    assert_eq!(whole["message"]["text"], "The file is bad,\\nvery: 100% (the file as a whole).");
    assert_eq!(whole["locations"][0]["physicalLocation"]["region"], json!({"startLine": 1}));
}

#[test]
fn secrets_are_not_repeated() {
    for audit in [sample(), hostile()] {
        let text = text(&audit);
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn columns_count_characters_and_paths_are_encoded() {
    let run = run(&hostile());
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b%23c/%2520%C3%A9%3F.py");
    assert_eq!(
        place["region"],
        json!({"startLine": 1, "startColumn": 20, "endLine": 1, "endColumn": 27}),
        "the picture before it is one character"
    );
    let uris: Vec<&Value> = [1, 2]
        .iter()
        .map(|at| &run["results"][at]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        .collect();
    assert_eq!(uris, ["c%3Ad/%5Bx%5D%281%29.py", "%1B%5D8%3B%3B%E2%80%AE.py"]);
}

#[test]
fn no_text_of_the_repository_means_anything() {
    let audit = hostile();
    assert!(!text(&audit).chars().any(|found| found != '\n' && (found.is_control() || found == '\u{202e}')));
    let run = run(&audit);
    let results = run["results"].as_array().expect("a list");
    let messages: Vec<&str> = results.iter().filter_map(|result| result["message"]["text"].as_str()).collect();
    let expected = [
        "A secret. Related: [\\[click\\](javascript:x) {{0}}](1).",
        "\\[evil\\](https://evil.example) \\\\\\[ (the file as a whole).",
        "`{{0}}` and `{{id}}` \\\\u{{9b}}31m\\\\n<script>. To fix: \\[x\\](2).",
    ];
    assert_eq!(messages, expected);
    assert!(results.iter().all(|result| result["message"].get("markdown").is_none()));
    let hidden =
        |text: &&str| text.chars().any(|found| found.is_control() || ('\u{2000}'..'\u{2070}').contains(&found));
    assert_eq!(texts(&run["results"]).into_iter().filter(hidden).collect::<Vec<_>>(), Vec::<&str>::new());
    assert_eq!(texts(&run["invocations"]).into_iter().filter(hidden).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn a_baseline_and_the_configuration_are_named() {
    let run = run(&hostile());
    let states: Vec<&str> =
        run["results"].as_array().into_iter().flatten().filter_map(|result| result["baselineState"].as_str()).collect();
    assert_eq!(states, ["new", "unchanged", "new"]);
    assert_eq!(run["results"][2]["suppressions"][0]["kind"], "external");
}

#[test]
fn problems_are_notifications() {
    let invocation = run(&hostile())["invocations"][0].clone();
    assert_eq!(invocation["executionSuccessful"], false, "a check crashed");
    let execution = &invocation["toolExecutionNotifications"];
    assert_eq!((&execution[0]["level"], &execution[1]["level"]), (&json!("error"), &json!("warning")));
    assert_eq!(execution[0]["message"]["text"], "`x` crashed: \\[y\\](1) {{0}}\\\\u{{1b}}.");
    assert_eq!(execution[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "un%20read/%1B");
    assert_eq!(invocation["toolConfigurationNotifications"][0]["message"]["text"], "Unused.");
    let invocation = run(&sample())["invocations"][0].clone();
    assert_eq!(invocation["executionSuccessful"], true);
    assert_eq!(
        invocation["toolExecutionNotifications"][2]["locations"][0]["physicalLocation"]["region"]["startLine"],
        8
    );
}

#[test]
fn the_run_says_how_it_counts_and_what_ran() {
    let run = run(&sample());
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["automationDetails"]["id"], "pyaudit/");
    assert!(run["originalUriBaseIds"]["%SRCROOT%"].get("uri").is_none(), "no path of the machine");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("a list");
    assert_eq!((rules.len(), &rules[0]["id"]), (1, &json!("print-logging")));
    assert!(rules[0]["help"]["markdown"].as_str().is_some_and(|page| page.contains("## How to fix")));
    let silent = self::run(&audit(&[], |_, _| ()));
    assert_eq!(silent["tool"]["driver"]["rules"].as_array().map(Vec::len), Some(1), "a check that found nothing");
}

/// More findings than GitHub takes: the most severe are kept, in the order of the audit, and the file says what is not.
#[test]
fn the_least_important_findings_are_left_out() {
    let audit = audit(&[("a.py", "x\n")], |sources, findings| {
        let place = at(sources, "a.py", "x");
        for number in 0..25_010 {
            let severity = if number % 2 == 0 { Severity::Low } else { Severity::High };
            findings.report(place, format!("number {number}")).severity(severity);
        }
        let high = findings.report(place, "the last").severity(Severity::High);
        for number in 0..1_500 {
            high.related(place, format!("place {number}")).step(place, format!("step {number}"));
        }
    });
    let document: Value = serde_json::from_str(&text(&audit)).expect("the output is JSON");
    let run = &document["runs"][0];
    let results = run["results"].as_array().expect("a list");
    assert_eq!(results.len(), 25_000);
    let low = results.iter().filter(|result| result["level"] == "note").count();
    assert_eq!(low, 25_000 - 12_506, "only of these some are left out");
    assert_eq!(
        (&results[0]["message"]["text"], &results[1]["message"]["text"]),
        (&json!("Number 0."), &json!("Number 1."))
    );
    let last = &results[24_999];
    assert_eq!(last["relatedLocations"].as_array().map(Vec::len), Some(999));
    assert_eq!(last["codeFlows"][0]["threadFlows"][0]["locations"].as_array().map(Vec::len), Some(999));
    let notes = &run["invocations"][0]["toolExecutionNotifications"];
    let said: Vec<&str> =
        notes.as_array().into_iter().flatten().filter_map(|note| note["message"]["text"].as_str()).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("11 of 25011 findings are left out"), "{said:?}");
    assert!(said[1].starts_with("1002 related places and steps"), "{said:?}");
}

/// A repository whose texts are so long that fewer findings fit.
#[test]
fn what_does_not_fit_is_left_out() {
    let audit = audit(&[("a.py", "x\n")], |sources, findings| {
        let place = at(sources, "a.py", "x");
        for number in 0..4_000 {
            findings.report(place, format!("{number} {}", "long ".repeat(700)));
        }
    });
    let text = text(&audit);
    assert!(text.len() < 12_000_000, "{}", text.len());
    let document: Value = serde_json::from_str(&text).expect("the output is JSON");
    let run = &document["runs"][0];
    let results = run["results"].as_array().map(Vec::len).expect("a list");
    assert!((2_000..3_000).contains(&results), "{results}");
    assert!(run["results"][0]["locations"][0]["physicalLocation"]["region"].get("snippet").is_none());
    let notes = run["invocations"][0]["toolExecutionNotifications"].as_array().map(Vec::len);
    assert_eq!(notes, Some(2), "the findings and their code");
}
