//! The configuration file: where it is found, what it says, and how mistakes in it are told.

use crate::support::{repository, run, scan};
use pyaudit::ExitStatus::{Error, Findings, Success};
use std::fs;
use std::path::Path;

const CODE: (&str, &str) = ("app/a.py", "alpha = 1\nbeta = 1\n");

fn told(pyproject: &str) -> String {
    let repository = repository(&[CODE, ("pyproject.toml", pyproject)]);
    let ended = scan(repository.path(), &[]);
    assert_eq!(ended.status, Error, "{pyproject}");
    assert_eq!(ended.errors.lines().count(), 1, "{}", ended.errors);
    let file = repository.path().canonicalize().unwrap().join("pyproject.toml").display().to_string();
    ended.errors.replace(&file, "pyproject.toml").trim_end().to_owned()
}

#[test]
fn mistakes_name_the_line_and_the_near_miss() {
    let cases = [
        ("selct = []", "unknown key `selct` in [tool.pyaudit]; did you mean `select`?"),
        ("select = 'alpha-word'", "`select` must be a list of strings"),
        ("select = [1]", "`select` must be a list of strings"),
        ("ignore = ['alpa-word']", "unknown check `alpa-word`; did you mean `alpha-word`?"),
        (
            "severity = { alpha-word = 'hihg' }",
            "`alpha-word` must be one of critical, high, medium, low, info, not `hihg`; did you mean `high`?",
        ),
        ("severity.alpha = 'high'", "unknown check `alpha`"),
        ("severity = 1", "`severity` must be a table"),
        (
            "fail-on = 'nver'",
            "`fail-on` must be one of critical, high, medium, low, info, never, not `nver`; did you mean `never`?",
        ),
        (
            "limits.max-file-byte = 1",
            "unknown key `max-file-byte` in [tool.pyaudit.limits]; did you mean `max-file-bytes`?",
        ),
        ("limits.max-file-bytes = 0", "`max-file-bytes` must be a number of bytes above 0"),
        ("suppress = [{ subject = 'x' }]", "a suppression needs the key `check`"),
        (
            "suppress = [{ check = 'alpha-word', resaon = '' }]",
            "unknown key `resaon` in [tool.pyaudit.suppress]; did you mean `reason`?",
        ),
        ("per-path-ignores = { 'a[' = ['api'] }", "the glob `a[` is invalid: "),
        ("exclude = ['a[']", "the glob `a[` is invalid: "),
    ];
    for (line, expected) in cases {
        let message = told(&format!("[project]\nname = 'x'\n\n[tool.pyaudit]\n{line}\n"));
        let expected = format!("error: pyproject.toml:5: {expected}");
        assert!(message.starts_with(&expected), "{message}\n{expected}");
    }
}

#[test]
fn broken_toml_is_an_error_where_it_may_concern_pyaudit() {
    assert!(told("[tool.pyaudit]\nselect = [\n").starts_with("error: pyproject.toml:"));
    let other = repository(&[CODE, ("pyproject.toml", "[project\n")]);
    assert_eq!(scan(other.path(), &[]).status, Findings, "the manifest is broken, but says nothing to pyaudit");
}

#[test]
fn every_key_has_its_effect() {
    let status = |text: &str| {
        let repository = repository(&[CODE, ("c.py", "x = 1\n"), ("pyaudit.toml", text)]);
        let ended = scan(repository.path(), &[]);
        assert_eq!(ended.errors, "", "{text}");
        ended.status
    };
    assert_eq!(status(""), Findings);
    let silent = [
        "select = ['beta-word']",
        "ignore = ['api']",
        "severity.alpha-word = 'medium'",
        "per-path-ignores.'app' = ['alpha-word']",
        "[[suppress]]\ncheck = 'alpha-word'\npath = 'app/*.py'\nreason = 'known'",
        "exclude = ['a.py']\nfail-on = 'high'",
        "min-severity = 'critical'",
        "fail-on = 'never'",
        "limits.max-file-bytes = 1",
    ];
    for text in silent {
        assert_eq!(status(text), Success, "{text}");
    }
    assert_eq!(status("severity.beta-word = 'high'\nignore = ['alpha-word']"), Findings);
}

#[test]
fn the_nearest_file_up_to_the_work_tree_holds() {
    let repository = repository(&[
        (".git/HEAD", "ref: refs/heads/main\n"),
        ("pyproject.toml", "[tool.pyaudit]\nper-path-ignores.'backend/app' = ['alpha-word']\n"),
        ("backend/pyproject.toml", "[project]\nname = 'backend'\n"),
        ("backend/app/a.py", "alpha = 1\n"),
    ]);
    let backend = repository.path().join("backend");
    assert_eq!(scan(&backend, &[]).status, Success, "patterns count from the file's directory");
    assert_eq!(scan(&backend, &["--no-config"]).status, Findings);
    fs::write(backend.join("pyaudit.toml"), "").unwrap();
    assert_eq!(scan(&backend, &[]).status, Findings, "the nearer file holds, alone");
}

#[test]
fn without_a_work_tree_only_the_root_is_asked() {
    let repository = repository(&[("pyaudit.toml", "fail-on = 'never'\n"), CODE]);
    assert_eq!(scan(repository.path(), &[]).status, Success);
    assert_eq!(scan(&repository.path().join("app"), &[]).status, Findings);
}

#[test]
fn arguments_stand_above_the_file() {
    let repository = repository(&[("pyaudit.toml", "select = ['beta-word']\nignore = ['alpha-word']\n"), CODE]);
    assert_eq!(scan(repository.path(), &[]).status, Success);
    assert_eq!(scan(repository.path(), &["--select", "alpha-word"]).status, Findings);
}

#[test]
fn a_named_file_replaces_the_nearest() {
    let repository = repository(&[("pyaudit.toml", "fail-on = 'never'\n"), ("other.toml", "select = ['api']\n"), CODE]);
    let file = |name: &str| repository.path().join(name).display().to_string();
    assert_eq!(scan(repository.path(), &["--config", &file("other.toml")]).status, Findings);
    fs::write(file("pyproject.toml"), "[project]\n").unwrap();
    let ended = scan(repository.path(), &["--config", &file("pyproject.toml")]);
    assert!(ended.errors.ends_with("pyproject.toml: has no table [tool.pyaudit]\n"), "{}", ended.errors);
}

#[test]
fn each_value_says_where_it_came_from() {
    let text = "[tool.pyaudit]\nmin-severity = 'low'\nignore = [\n  'ci',\n]\n[[tool.pyaudit.suppress]]\ncheck = 'alpha-word'\nreason = 'a \"b\"'\n";
    let repository = repository(&[("pyproject.toml", text)]);
    let ended = run(&["config", "--ignore", "api", repository.path().to_str().unwrap()]);
    assert_eq!(ended.status, Success, "{}", ended.errors);
    let line = |start: &str| ended.out.lines().find(|line| line.trim_start().starts_with(start)).unwrap().to_owned();
    assert!(line("min-severity = \"low\"").ends_with("pyproject.toml:2"));
    assert!(line("\"ci\",").ends_with("pyproject.toml:4"));
    assert!(line("\"api\",").ends_with("# --ignore"));
    assert_eq!(line("reason"), r#"reason = "a \"b\"""#);
    let again = repository.path().join("again.toml");
    fs::write(&again, &ended.out).unwrap();
    assert_eq!(scan_with(&again, repository.path()), ended.out.lines().filter(|line| line.contains('=')).count());
}

/// What `config` prints can be read again: the number of values it then has.
fn scan_with(config: &Path, root: &Path) -> usize {
    let ended = run(&["config", "--config", config.to_str().unwrap(), root.to_str().unwrap()]);
    assert_eq!(ended.status, Success, "{}", ended.errors);
    ended.out.lines().filter(|line| line.contains('=')).count()
}
