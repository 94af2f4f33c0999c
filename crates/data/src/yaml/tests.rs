//! Tests of the whole reader.
use super::*;
use crate::{MAX_DEPTH, ValueKind};
use pyaudit_source::{LineIndex, Range};
use std::fmt::Write as _;

fn read(text: &str) -> Value {
    let (mut documents, problems) = parse(text);
    assert_eq!(problems, [], "{text}");
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0)
}

fn string<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    value.at(path).and_then(Value::as_str).unwrap_or_else(|| panic!("no string at {path:?} in {value:?}"))
}

/// The line of the file on which a part of a decoded string stands.
fn line_of(text: &str, value: &Value, part: &str) -> u32 {
    let decoded = value.as_text().unwrap();
    let at = decoded.text.find(part).unwrap() as u32;
    let source = decoded.source_range(Range::new(at, at + part.len() as u32)).unwrap();
    assert_eq!(source.slice(text), part);
    LineIndex::new(text).line(source.start)
}

#[test]
fn a_workflow_keeps_on_as_a_key_and_the_lines_of_its_scripts() {
    let text = "name: CI # é\non: [push]\njobs:\n  test:\n    steps:\n    - run: |\n        set -e\n\n        pytest -x\n    - name: Ünï\n      run: >-\n        one\n        two\n\n        three\n          four\n        five\n";
    let value = read(text);
    assert_eq!(value.get("on").unwrap().items()[0].as_str(), Some("push"));
    let steps = value.at(&["jobs", "test", "steps"]).unwrap();
    assert_eq!(steps.range.start as usize, text.find("- run").unwrap());
    let first = steps.items()[0].get("run").unwrap();
    assert_eq!(first.as_str(), Some("set -e\n\npytest -x\n"));
    assert_eq!(line_of(text, first, "pytest -x"), 9);
    assert_eq!(first.range.slice(text), "|\n        set -e\n\n        pytest -x");
    let second = steps.items()[1].get("run").unwrap();
    assert_eq!(second.as_str(), Some("one two\nthree\n  four\nfive"));
    assert_eq!(line_of(text, second, "two"), 13);
    assert_eq!(line_of(text, second, "five"), 17);
}

#[test]
fn block_scalars_in_all_their_forms() {
    for (text, decoded) in [
        ("a: |\n  x\n  y\n", "x\ny\n"),
        ("a: |-\n  x\n\n", "x"),
        ("a: |+\n  x\n\n\n", "x\n\n\n"),
        ("a: |2\n    x\n   y\n", "  x\n y\n"),
        ("a: |1-  # note | here\n   x\n", "  x"),
        ("a: >\n  x\n  y\n\n\n  z\n", "x y\n\nz\n"),
        ("a: >\n\n  x\n\ty\n", "\nx\n\ty\n"),
        ("a: |\n  x", "x"),
        ("a: |\r\n  x\r\n  y\r\n", "x\ny\n"),
        ("a: !t &b |\n  x\nc: d\n", "x\n"),
        ("a: |\n\n  \n   x\n", "\n\nx\n"),
        ("a: |\n\nb: c\n", ""),
        ("a: |+\n\n\nb: c\n", "\n\n"),
        ("a:\n  # | note\n  |\n  x\n", "x\n"),
    ] {
        let (documents, problems) = parse(text);
        if text.contains("\ty") && !problems.is_empty() {
            continue;
        }
        assert_eq!(problems, [], "{text:?}");
        let value = documents[0].get("a").unwrap();
        assert_eq!(value.as_str(), Some(decoded), "{text:?}");
        let text_of = value.as_text().unwrap();
        assert!(!text_of.segments.is_empty(), "{text:?}");
        assert!(value.range.slice(text).starts_with(['|', '>']), "{text:?} {:?}", value.range);
    }
}

#[test]
fn flow_scalars_fold_and_map() {
    let text = "a: \"x\\ty \\\n   z\\x41\n\n  q\"  # c\nb: 'it''s\n  so'\nc: one\n  two\n\n  thrée\nd: \"\"\n";
    let value = read(text);
    assert_eq!(string(&value, &["a"]), "x\ty zA\nq");
    assert_eq!(line_of(text, value.get("a").unwrap(), "z"), 2);
    assert_eq!(value.get("a").unwrap().range.slice(text).chars().last(), Some('"'));
    assert_eq!(string(&value, &["b"]), "it's so");
    assert_eq!(value.get("b").unwrap().range.slice(text), "'it''s\n  so'");
    assert_eq!(string(&value, &["c"]), "one two\nthrée");
    assert_eq!(line_of(text, value.get("c").unwrap(), "thrée"), 10);
    assert_eq!(value.get("d").unwrap().as_text().unwrap().source_offset(0), Some(text.len() as u32 - 2));
}

#[test]
fn ranges_of_collections_keys_and_nothing() {
    let text = "é:\n- a\n- [b, {c: d}] # x\n-\n'k' :\n? [m]\n: n\nz: {p, q: }\nend:\n";
    let value = read(text);
    let sequence = value.get("é").unwrap();
    assert_eq!(sequence.range.slice(text), "- a\n- [b, {c: d}] # x\n-");
    assert_eq!(sequence.items()[1].range.slice(text), "[b, {c: d}]");
    assert_eq!(sequence.items()[1].items()[1].range.slice(text), "{c: d}");
    let nothing = &sequence.items()[2];
    assert_eq!((&nothing.kind, nothing.range.start as usize), (&ValueKind::Null, text.find("'k'").unwrap() - 1));
    assert_eq!(value.entries()[1].key.range.slice(text), "'k'");
    assert_eq!(value.entries()[2].key.text, "[m]");
    assert_eq!(value.get("[m]").and_then(Value::as_str), Some("n"));
    assert_eq!(value.get("z").unwrap().range.slice(text), "{p, q: }");
    assert_eq!(value.get("end").unwrap().range, Range::empty(text.len() as u32 - 1));
    assert_eq!(value.range.slice(text), text.trim_end());
}

#[test]
fn tags_keep_their_content() {
    let text = "a: !reference [x, y]\nb: !Ref 12\nc: !vault |\n  s\nd: !!str 1\ne: !!int '7'\nf: !GetAtt\ng: ! 3\nh: !<tag:yaml.org,2002:float> 2\n";
    let value = read(text);
    assert_eq!(value.get("a").unwrap().items().len(), 2);
    assert_eq!(value.get("a").unwrap().range.slice(text), "[x, y]");
    assert_eq!(string(&value, &["b"]), "12");
    assert_eq!(value.get("b").unwrap().range.slice(text), "12");
    assert_eq!(string(&value, &["c"]), "s\n");
    assert_eq!(string(&value, &["d"]), "1");
    assert_eq!(value.get("e").unwrap().kind, ValueKind::Integer(7));
    assert_eq!(value.get("f").unwrap().kind, ValueKind::Null);
    assert_eq!(string(&value, &["g"]), "3");
    assert_eq!(value.get("h").unwrap().kind, ValueKind::Float(2.0));
}

#[test]
fn merges_put_own_keys_first_and_point_at_the_anchor() {
    let text = "base: &b {x: 1, y: 2}\nmore: &m\n  y: 3\n  z: 4\none: {<<: *b, y: 9}\ntwo:\n  <<: [*b, *m]\nodd: {<<: !reference [a]}\nthree: *m\n";
    let value = read(text);
    let shown = |key: &str| {
        let entries = value.get(key).unwrap().entries().iter();
        entries.map(|entry| (entry.key.text.as_str(), entry.value.range.slice(text))).collect::<Vec<_>>()
    };
    assert_eq!(shown("one"), [("y", "9"), ("x", "1")]);
    assert_eq!(shown("two"), [("x", "1"), ("y", "2"), ("z", "4")]);
    assert_eq!(shown("odd"), [("<<", "[a]")]);
    assert_eq!(shown("three"), [("y", "3"), ("z", "4")]);
    assert_eq!(value.get("three").unwrap().range, value.get("more").unwrap().range);
}

#[test]
fn documents_before_an_error_are_kept() {
    let text = "a: 1\n---\nb: 2\n...\n---\nc: [\n";
    let (documents, problems) = parse(text);
    assert_eq!(documents.len(), 2);
    assert_eq!(documents[1].get("b").unwrap().kind, ValueKind::Integer(2));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].range.is_some());
    assert_eq!(parse("# nothing\n").0, []);
    assert_eq!(parse("---\n---\n").0.len(), 2);
}

#[test]
fn templates_and_duplicates_are_problems() {
    let (documents, problems) = parse("a: {{ x }}\n{% if y %}\nb: 1\n{% endif %}\n");
    assert_eq!((documents.len(), problems.len()), (0, 1));
    let text = "a: 1\nb: 2\na: 3\n";
    let (documents, problems) = parse(text);
    assert_eq!(documents[0].entries().len(), 3);
    assert_eq!(problems[0].message, "key `a` occurs twice");
    assert_eq!(problems[0].range, Some(Range::new(10, 11)));
}

#[test]
fn bombs_and_loops_are_problems() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
    }
    let (documents, problems) = parse(&text);
    assert_eq!(documents[0].get("a1").unwrap().items()[8].items().len(), 9);
    assert_eq!(problems[0].message, "aliases stand for more text than they may");
    let (documents, problems) = parse("a: &a [*a]\nb: *a\n");
    assert_eq!(documents[0].get("b").unwrap().items()[0].kind, ValueKind::Null);
    assert!(problems[0].message.starts_with("alias without a finished anchor"));
    assert_eq!(parse("a: &a 1\n---\nb: *a\n").1.len(), 1);
}

#[test]
fn nesting_is_bounded() {
    for opening in ["- ", "? ", "[", "{a: "] {
        let (documents, problems) = parse(&opening.repeat(100_000));
        assert_eq!(problems.len(), 1, "{opening}");
        assert!(documents.len() <= 1);
    }
    assert_eq!(parse(&"- ".repeat(MAX_DEPTH)).1, []);
}
