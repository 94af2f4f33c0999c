//! The tables of the fixture applications, against what their imported metadata says.

use pyaudit_check::Project;
use pyaudit_check::project::analyse;
use pyaudit_check::source::{MemoryFile, MemoryGit, Sources};
use pyaudit_report::JsonOptions;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn applications() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/applications")
}

/// The Python files below a directory, by their paths from it.
fn python_files(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).expect("the directory is there") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "py") {
                let name = path.strip_prefix(directory).expect("it is below").to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).expect("the file can be read")));
            }
        }
    }
    found.sort();
    found
}

fn tables(files: Vec<(String, String)>) -> Vec<Value> {
    let files = files.into_iter().map(|(path, text)| MemoryFile::new(path, text));
    let sources = Sources::from_memory(files, MemoryGit::None);
    let data = analyse(&sources);
    let project = Project::build(sources, data);
    let mut out = Vec::new();
    pyaudit_report::model(&project, &JsonOptions::default(), &mut out).expect("memory takes it");
    let model: Value = serde_json::from_slice(&out).expect("the model is JSON");
    model["database"]["tables"].as_array().expect("the tables are a list").clone()
}

/// One line for each thing that is compared.
fn lines(tables: &[Value]) -> Vec<String> {
    let mut lines = Vec::new();
    for table in tables {
        let name = table["table"].as_str().unwrap_or("?");
        lines.push(format!("{name}: {} at {}:{}", table["class"], shown(table, "file"), shown(table, "line")));
        for column in table["columns"].as_array().into_iter().flatten() {
            let keys = column["foreign_keys"].as_array().into_iter().flatten();
            let mut keys: Vec<&str> = keys.filter_map(|key| key.as_str().or_else(|| key["target"].as_str())).collect();
            keys.sort_unstable();
            let part = |key: &str| column[key].to_string();
            // Only the newest SQLModel stores a `datetime` as a class of its own, which the source does not tell.
            let kind = part("type").replace("UTCDateTime", "DateTime");
            lines.push(format!(
                "{name}.{}: {kind} null={} key={} index={} unique={} -> {keys:?}",
                column["name"],
                part("nullable"),
                part("primary_key"),
                part("index"),
                part("unique"),
            ));
        }
        for relationship in table["relationships"].as_array().into_iter().flatten() {
            lines.push(format!("{name} ~ {} {}", relationship["name"], relationship["target"]));
        }
    }
    lines.sort();
    lines
}

/// A place counts for mapped classes alone: the metadata does not say where a bare table stands.
fn shown(table: &Value, key: &str) -> String {
    if table["class"].is_null() { String::new() } else { table[key].to_string() }
}

#[test]
fn the_tables_of_the_applications_are_those_of_their_metadata() {
    let mut differences: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for application in ["bookshop", "ledger", "warehouse"] {
        let directory = applications().join(application);
        let stored = std::fs::read(directory.join("tables.json")).expect("the expectation is stored");
        let expected: Vec<Value> = serde_json::from_slice(&stored).expect("the expectation is JSON");
        let (expected, found) = (lines(&expected), lines(&tables(python_files(&directory))));
        assert!(!expected.is_empty());
        let missing = expected.iter().filter(|line| !found.contains(line)).map(|line| format!("missing {line}"));
        let extra = found.iter().filter(|line| !expected.contains(line)).map(|line| format!("extra {line}"));
        let all: Vec<String> = missing.chain(extra).collect();
        if !all.is_empty() {
            differences.insert(application, all);
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
}
