//! Exit codes, mistakes in arguments, and what the arguments do.

use crate::support::{program, repository, run, scan};
use pyaudit::ExitStatus::{Error, Findings, NothingToScan, Success};
use std::fs;
use std::path::Path;

const FILES: &[(&str, &str)] =
    &[("app/a.py", "alpha = 1\n"), ("app/b.py", "beta = 1\n"), ("tests/c.py", "alpha = 2\n")];

#[test]
fn the_gate_decides_the_exit_code() {
    let repository = repository(FILES);
    let status = |arguments: &[&str]| scan(repository.path(), arguments).status;
    assert_eq!(status(&[]), Findings);
    assert_eq!(status(&["--fail-on", "critical"]), Success);
    assert_eq!(status(&["--fail-on", "never"]), Success);
    assert_eq!(status(&["--select", "beta-word"]), Success, "low is below the default gate");
    assert_eq!(status(&["--select", "beta-word", "--fail-on", "low"]), Findings);
    assert_eq!(status(&["--ignore", "api"]), Success);
    assert_eq!(status(&["--select", "ci", "--fail-on", "info", "--min-severity", "medium"]), Success, "what is hidden");
    assert_eq!(status(&["--exclude", "a.py", "--exclude", "tests"]), Success);
}

#[test]
fn a_problem_fails_a_strict_run_before_findings_do() {
    let repository = repository(&[("a.py", "alpha = 1  # pyaudit: ignore[beta-word]\n")]);
    assert_eq!(scan(repository.path(), &[]).status, Findings);
    assert_eq!(scan(repository.path(), &["--strict"]).status, Error);
    assert_eq!(scan(repository.path(), &["--strict", "--select", "alpha-word"]).status, Findings, "not told here");
}

#[test]
fn suppressions_can_be_looked_behind() {
    let repository = repository(&[("a.py", "alpha = 1  # pyaudit: ignore[alpha-word] known\n")]);
    let hidden = scan(repository.path(), &[]);
    assert_eq!(hidden.status, Success);
    assert!(hidden.out.contains("1 suppressed"), "{}", hidden.out);
    assert_eq!(scan(repository.path(), &["--no-suppressions"]).status, Findings);
}

#[test]
fn nothing_to_scan_is_its_own_exit_code() {
    let repository = repository(&[("README.md", "# nothing\n")]);
    let ended = scan(repository.path(), &[]);
    assert_eq!(ended.status, NothingToScan);
    assert!(ended.errors.starts_with("error: nothing to scan in `"), "{}", ended.errors);
    assert_eq!(ended.out, "");
}

#[test]
fn mistakes_are_told_on_one_line() {
    let repository = repository(FILES);
    let cases: &[(&[&str], &str)] = &[
        (&["--threads", "0"], "0 is not in 1..=1024"),
        (&["--select", "alpa-word"], "unknown check `alpa-word`; did you mean `alpha-word`? (in `--select`)"),
        (&["--ignore", "apii"], "unknown check `apii`; did you mean `api`? (in `--ignore`)"),
        (&["--output", "json"], "write FORMAT=FILE"),
        (
            &["--output", "jsn=x"],
            "unknown format `jsn`, there are table, json, github, sarif, markdown, html; did you mean `json`?",
        ),
        (&["--output", "json=none/x.json"], "cannot write `none/x.json`: "),
        (&["--format", "jsn"], "invalid value 'jsn' for '--format <FORMAT>'"),
        (&["--exclude", "a["], "the glob `a[` of `--exclude` is invalid"),
        (&["--config", "none.toml"], "`none.toml` does not exist"),
        (&["--root", "/none/there"], "`/none/there` does not exist"),
        (&["/none/there"], "`/none/there` does not exist"),
        (&["--nonsense"], "unexpected argument '--nonsense' found"),
    ];
    for (arguments, expected) in cases {
        let ended = scan(repository.path(), arguments);
        assert_eq!(ended.status, Error, "{arguments:?}");
        assert!(ended.errors.starts_with("error: ") && ended.errors.contains(expected), "{}", ended.errors);
        assert_eq!((ended.errors.lines().count(), ended.out.as_str()), (1, ""), "{}", ended.errors);
    }
}

#[test]
fn the_persona_sets_what_is_shown_where_nothing_else_does() {
    let repository = repository(FILES);
    let last_line = |arguments: &[&str]| {
        let out = scan(repository.path(), &[&["--quiet"], arguments].concat()).out;
        out.split(" · ").next().unwrap_or_default().to_owned()
    };
    let fewer = "2 findings (2 high), 1 not shown";
    let all = "3 findings (2 high, 1 low)";
    assert_eq!(last_line(&[]), fewer, "regular is the default");
    assert_eq!(last_line(&["--persona", "regular"]), fewer);
    assert_eq!(last_line(&["--persona", "pedantic"]), all);
    assert_eq!(last_line(&["--persona", "auditor", "--min-severity", "high"]), fewer);
    assert_eq!(last_line(&["--min-severity", "low"]), all);
    assert_eq!(last_line(&["--fail-on", "low"]), all, "what fails the run is shown");
    fs::write(repository.path().join("pyaudit.toml"), "persona = 'pedantic'\nmin-severity = 'high'\n").unwrap();
    assert_eq!(last_line(&[]), fewer, "the severity stands above the persona");
    assert_eq!(last_line(&["--persona", "auditor"]), all, "the argument stands above the whole file");
}

#[test]
fn paths_restrict_what_is_shown() {
    let repository = repository(FILES);
    let at = |path: &str| repository.path().join(path).to_str().unwrap().to_owned();
    let shown = |arguments: &[&str]| {
        let out = run(&[&["scan", "--persona", "pedantic", "--format", "github"], arguments].concat()).out;
        out.lines().map(|line| line.split(',').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(shown(&[&at("app/a.py")]), ["::error file=a.py"]);
    assert_eq!(shown(&[&at("app")]), ["::error file=a.py", "::notice file=b.py"]);
    let below_root = shown(&["--root", &at(""), &at("app/b.py"), &at("tests")]);
    assert_eq!(below_root, ["::notice file=app/b.py", "::error file=tests/c.py"]);
    let several = program(repository.path(), &["scan", "app", "tests", "--format", "json"]).output().unwrap();
    assert_eq!(several.status.code(), Some(0), "the checks of the program find nothing here");
    let outside = program(&repository.path().join("app"), &["scan", "a.py", "../tests"]).output().unwrap();
    let message = String::from_utf8(outside.stderr).unwrap();
    assert!(message.contains("`../tests` is outside of the root `.`"), "{message}");
}

#[test]
fn help_and_version_are_no_mistakes() {
    for arguments in [["--help"], ["--version"]] {
        let ended = run(&arguments);
        assert_eq!((ended.status, ended.errors.as_str()), (Success, ""));
        assert!(!ended.out.is_empty());
    }
    assert_eq!(run(&[]).status, Error);
}

#[test]
fn checks_are_listed_and_explained() {
    let table = run(&["checks"]).out;
    assert_eq!(table.lines().next().unwrap(), "alpha-word  api  high  a word that must not be there");
    let json: serde_json::Value = serde_json::from_str(&run(&["checks", "--format", "json"]).out).unwrap();
    let expected = serde_json::json!({
        "id": "beta-word", "area": "ci", "axis": "tests", "severity": "low", "confidence": "high",
        "maturity": "stable", "summary": "a word that must not be there",
    });
    assert_eq!((&json["version"], &json["checks"][1]), (&serde_json::json!(1), &expected));
    assert!(run(&["explain", "alpha-word"]).out.contains("## What it does\nFinds a word."));
    let unknown = run(&["explain", "alpha-wrod"]);
    assert_eq!(unknown.status, Error);
    assert_eq!(unknown.errors, "error: unknown check `alpha-wrod`; did you mean `alpha-word`?\n");
}

#[test]
fn the_same_bytes_for_any_threads_and_working_directory() {
    let repository = repository(FILES);
    for at in 0..40 {
        fs::write(repository.path().join(format!("f{at}.py")), "alpha beta\n".repeat(at % 5)).unwrap();
    }
    for format in ["table", "json", "github"] {
        let one = scan(repository.path(), &["--threads", "1", "--format", format]);
        assert_eq!(scan(repository.path(), &["--threads", "8", "--format", format]), one);
    }
    let from = |directory: &Path, path: &str| {
        let output = program(directory, &["scan", "--format", "json", path]).output().unwrap();
        (output.status.code(), output.stdout, output.stderr)
    };
    let inside = from(repository.path(), ".");
    assert_eq!(from(&std::env::temp_dir(), repository.path().to_str().unwrap()), inside);
    assert_eq!(from(&repository.path().join("app"), ".."), inside);
}
