//! `pyaudit report` writes the scored report, and is no gate.

use crate::support::{repository, run};
use pyaudit::ExitStatus::{Error, NothingToScan, Success};
use std::fs;

#[test]
fn the_report_goes_to_standard_output_and_is_no_gate() {
    let repository = repository(&[("a.py", "alpha = 1\n")]);
    let path = repository.path().to_str().unwrap();
    let ended = run(&["report", path]);
    assert_eq!(ended.status, Success, "{}", ended.errors);
    assert!(ended.out.starts_with("# Audit of "), "{}", ended.out);
    assert!(ended.out.contains("alpha-word"));
    assert_eq!(run(&["report", path, "--format", "json"]).out.chars().next(), Some('{'));
    assert!(run(&["report", path, "--format", "html"]).out.starts_with("<!DOCTYPE html>"));
}

#[test]
fn the_extension_of_the_file_says_the_format() {
    let repository = repository(&[("a.py", "alpha = 1\n")]);
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, arguments: &[&str]| {
        let file = directory.path().join(name);
        let base = ["report", repository.path().to_str().unwrap(), "-o", file.to_str().unwrap()];
        (run(&[&base, arguments].concat()), fs::read_to_string(&file).unwrap_or_default())
    };
    let (ended, page) = write("audit.html", &[]);
    assert_eq!((ended.status, ended.out.as_str()), (Success, ""));
    assert!(page.starts_with("<!DOCTYPE html>"));
    assert!(write("audit.md", &[]).1.starts_with("# Audit"));
    assert!(write("audit.json", &[]).1.starts_with('{'));
    assert!(write("audit.txt", &["--format", "markdown"]).1.starts_with("# Audit"));
    let (ended, page) = write("audit.pdf", &[]);
    assert_eq!((ended.status, page.as_str()), (Error, ""));
    assert!(ended.errors.contains("audit.pdf") && ended.errors.contains("--format"), "{}", ended.errors);
}

#[test]
fn scan_writes_the_report_beside_its_own_output() {
    let repository = repository(&[("a.py", "alpha = 1\n")]);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit.html");
    let output = format!("html={}", file.to_str().unwrap());
    run(&["scan", repository.path().to_str().unwrap(), "--output", &output]);
    let page = fs::read_to_string(&file).unwrap();
    let by_report = run(&["report", repository.path().to_str().unwrap(), "--format", "html"]).out;
    assert_eq!(page, by_report);
}

#[test]
fn an_empty_directory_has_no_report() {
    let repository = repository(&[]);
    assert_eq!(run(&["report", repository.path().to_str().unwrap()]).status, NothingToScan);
}
