//! JSON version 1 and its schema.

mod support;

use pyaudit_check::{Area, Axis, Confidence, Maturity, Severity};
use pyaudit_engine::Audit;
use pyaudit_report::{JsonOptions, json};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::{audit, sample, written};

fn document(audit: &Audit) -> Value {
    let text = written(|out| json(audit, &JsonOptions::default(), out));
    serde_json::from_str(&text).expect("the output is JSON")
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../docs/json.schema.json")).expect("the schema is JSON")
}

/// Every object of the schema requires all its members and forbids others, so that a member that is added, removed or
/// renamed in the code makes this test fail until the schema follows.
#[test]
fn the_sample_is_what_the_schema_says() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema is valid");
    for audit in [sample(), audit(&[], |_, _| ())] {
        let document = document(&audit);
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn the_schema_is_strict_everywhere() {
    let schema = schema();
    let mut pending = vec![&schema];
    let mut objects = 0;
    while let Some(value) = pending.pop() {
        if let Some(properties) = value.get("properties").and_then(Value::as_object) {
            objects += 1;
            let required: BTreeSet<&str> =
                value["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            assert_eq!(required, properties.keys().map(String::as_str).collect(), "{value}");
            assert_eq!(value["additionalProperties"], json!(false), "{value}");
        }
        match value {
            Value::Object(members) => pending.extend(members.values()),
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    assert!(objects > 8, "the schema describes {objects} objects");
}

#[test]
fn the_schema_names_every_value_of_the_enumerations() {
    let names = |pointer: &str| schema().pointer(pointer).cloned().unwrap_or_default();
    let all = |names: Vec<&str>| json!(names);
    assert_eq!(names("/$defs/severity/enum"), all(Severity::ALL.iter().map(|value| value.name()).collect()));
    assert_eq!(names("/$defs/confidence/enum"), all(Confidence::ALL.iter().map(|value| value.name()).collect()));
    assert_eq!(names("/$defs/maturity/enum"), all(Maturity::ALL.iter().map(|value| value.name()).collect()));
    assert_eq!(names("/$defs/area/enum"), all(Area::ALL.iter().map(|value| value.name()).collect()));
    assert_eq!(names("/$defs/axis/enum"), all(Axis::ALL.iter().map(|value| value.name()).collect()));
}

/// The document names every member of the schema.
#[test]
fn every_member_is_documented() {
    let text = include_str!("../../../docs/json.md");
    let schema = schema();
    let mut pending = vec![&schema];
    while let Some(value) = pending.pop() {
        for name in value.get("properties").and_then(Value::as_object).into_iter().flat_map(|members| members.keys()) {
            assert!(text.contains(&format!("`{name}`")), "docs/json.md does not name `{name}`");
        }
        match value {
            Value::Object(members) => pending.extend(members.values()),
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
}

#[test]
fn a_finding_has_these_members_in_this_order() {
    let document = document(&sample());
    let finding = &document["findings"][0];
    let expected = json!({
        "check": "print-logging", "area": "observability", "axis": "observability", "severity": "high",
        "confidence": "medium", "maturity": "stable", "status": "new", "suppression_reason": null,
        "message": "`print` in the handler of `GET /`", "path": "app/main.py",
        "line": 5, "column": 2, "end_line": 5, "end_column": 7, "subject": "GET /",
        "related": [
            {"path": "app/settings.py", "line": 2, "column": 5, "message": "debug mode is on here"},
            {"path": "app/main.py", "line": 4, "column": 5, "message": "the handler"},
        ],
        "trace": [
            {"path": "app/main.py", "line": 4, "column": 5, "message": "`main` calls `helper`"},
            {"path": "app/main.py", "line": 5, "column": 2, "message": "`helper` prints"},
        ],
        "help": "use `logger.info`", "fingerprint": "f00d", "shown": true,
    });
    // The order of members is kept, so that equal texts mean equal order.
    assert_eq!(finding.to_string(), expected.to_string());
    let whole = &document["findings"][2];
    assert_eq!((&whole["line"], &whole["end_column"]), (&Value::Null, &Value::Null));
}

#[test]
fn all_findings_are_listed_and_only_those_that_count_are_counted() {
    let document = document(&sample());
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(6));
    let summary = json!({
        "findings": 4,
        "by_severity": {"critical": 1, "high": 1, "medium": 2, "low": 0, "info": 0},
        "by_status": {"new": 5, "known": 0, "suppressed": 1},
        "files": {"read": 4, "left_out": {}},
        "checks": 1,
        "examined": {"print-logging": 7},
        "problems": 3,
    });
    assert_eq!(document["summary"].to_string(), summary.to_string());
    assert_eq!(document["findings"][3]["suppression_reason"], "known\u{202e} reason");
}

#[test]
fn hidden_characters_are_escaped_and_mean_the_same() {
    for pretty in [false, true] {
        let text = written(|out| json(&sample(), &JsonOptions { pretty }, out));
        let hidden =
            text.chars().find(|character| *character != '\n' && (character.is_control() || *character == '\u{202e}'));
        assert_eq!(hidden, None);
        assert!(text.contains("known\\u202e reason") && text.ends_with("}\n"));
    }
}
