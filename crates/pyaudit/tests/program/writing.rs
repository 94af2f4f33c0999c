//! Where the audit is written.

use crate::support::{program, repository, run, scan};
use pyaudit::{ExitStatus, Streams};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::process::Stdio;

const FILES: &[(&str, &str)] = &[("a.py", "alpha = 1\n")];

#[test]
fn several_outputs_in_one_run() {
    let repository = repository(FILES);
    let target = tempfile::tempdir().unwrap();
    let at = |name: &str| target.path().join(name).to_str().unwrap().to_owned();
    let outputs =
        [format!("json={}", at("a.json")), format!("github={}", at("a.txt")), format!("table={}", at("t.txt"))];
    let arguments = ["--output", &outputs[0], "--output", &outputs[1], "--output", &outputs[2], "--color", "always"];
    let ended = scan(repository.path(), &arguments);
    assert_eq!(ended.status, ExitStatus::Findings, "{}", ended.errors);
    assert!(ended.out.contains('\u{1b}'), "the terminal's table has the colours that were asked for");
    let table = fs::read_to_string(at("t.txt")).unwrap();
    assert!(table.contains("alpha-word") && !table.contains('\u{1b}'), "{table}");
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(at("a.json")).unwrap()).unwrap();
    assert_eq!(json["findings"][0]["check"], "alpha-word");
    assert!(fs::read_to_string(at("a.txt")).unwrap().starts_with("::error "));
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 3, "nothing is left beside them");
    let twice = scan(repository.path(), &["--output", &outputs[0], "--output", &outputs[0]]);
    assert_eq!(twice.status, ExitStatus::Error);
}

/// One run fails the job, shows the table and leaves the file to upload.
#[test]
fn sarif_beside_the_table_and_a_failing_exit_code() {
    let repository = repository(&[("pkg/a b.py", "x = '🙂'; alpha = 1\n"), ("b.py", "beta = 1\n")]);
    let target = tempfile::tempdir().unwrap();
    let file = target.path().join("pyaudit.sarif");
    let output = format!("sarif={}", file.to_str().unwrap());
    let ended = scan(repository.path(), &["--persona", "pedantic", "--output", &output]);
    assert_eq!(ended.status, ExitStatus::Findings, "{}", ended.errors);
    assert!(ended.out.contains("alpha-word") && !ended.out.contains("partialFingerprints"), "{}", ended.out);
    let written = fs::read_to_string(&file).unwrap();
    let document: serde_json::Value = serde_json::from_str(&written).unwrap();
    let run = &document["runs"][0];
    let ids: Vec<_> = run["results"].as_array().unwrap().iter().map(|result| result["ruleId"].as_str()).collect();
    assert_eq!(ids, [Some("beta-word"), Some("alpha-word")]);
    let place = &run["results"][1]["locations"][0]["physicalLocation"];
    assert_eq!(
        (&place["region"]["startColumn"], &place["artifactLocation"]["uri"]),
        (&10.into(), &"pkg/a%20b.py".into())
    );
    let help = run["tool"]["driver"]["rules"][0]["help"]["markdown"].as_str().unwrap();
    assert!(help.starts_with("# alpha-word\n"), "{help}");
    let ended = scan(repository.path(), &["--persona", "pedantic", "--format", "sarif"]);
    assert_eq!((ended.status, ended.out), (ExitStatus::Findings, written), "equal runs give equal bytes");
}

/// GitHub looks for files from the root of the work tree, whichever directory was scanned.
#[test]
fn sarif_of_a_directory_below_the_work_tree_has_paths_from_its_root() {
    let repository = repository(&[
        (".git/HEAD", "ref: refs/heads/main\n"),
        (".git/objects/info/none", ""),
        (".git/refs/heads/none", ""),
        ("back end/app/a.py", "# alpha\nalpha = 1  # pyaudit: ignore[alpha-word] known\n"),
        ("back end/pyaudit.toml", "[[suppress]]\ncheck = 'alpha-word'\nreason = 'settled'\n"),
    ]);
    let ended = scan(&repository.path().join("back end"), &["--persona", "pedantic", "--format", "sarif"]);
    let document: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let run = &document["runs"][0];
    assert_eq!(run["automationDetails"]["id"], "pyaudit/back%20end/", "{}", ended.errors);
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "back%20end/app/a.py");
    let suppression = |at: usize| run["results"][at]["suppressions"][0].to_string();
    assert_eq!(suppression(0), r#"{"kind":"external","justification":"settled"}"#);
    assert_eq!(suppression(1), r#"{"kind":"inSource","justification":"known"}"#);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_written_to() {
    let repository = repository(FILES);
    let ended = scan(repository.path(), &["--output", "json=/dev/null"]);
    assert_eq!(ended.status, ExitStatus::Findings, "{}", ended.errors);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    let full = scan(repository.path(), &["--output", "json=/dev/full"]);
    assert_eq!(full.status, ExitStatus::Error);
    assert!(full.errors.starts_with("error: cannot write `/dev/full`: "), "{}", full.errors);
}

#[test]
fn colours_are_for_terminals_and_whoever_asks() {
    let repository = repository(FILES);
    let colored = |arguments: &[&str]| scan(repository.path(), arguments).out.contains('\u{1b}');
    assert!(!colored(&[]), "no terminal");
    assert!(colored(&["--color", "always"]));
    assert!(!colored(&["--color", "never"]));
}

#[test]
fn quiet_prints_the_last_line_and_verbose_tells_more_beside() {
    let repository = repository(FILES);
    let whole = scan(repository.path(), &[]);
    let quiet = scan(repository.path(), &["--quiet"]);
    assert_eq!(quiet.out.lines().count(), 1);
    assert!(whole.out.ends_with(&quiet.out) && whole.out.len() > quiet.out.len());
    let verbose = scan(repository.path(), &["--verbose"]);
    assert_eq!(verbose.out, whole.out);
    assert!(verbose.errors.contains("parse: "), "{}", verbose.errors);
}

#[test]
fn a_profile_stands_beside_the_audit_and_leaves_it_alone() {
    let repository = repository(FILES);
    let plain = scan(repository.path(), &["--format", "json"]);
    let profiled = scan(repository.path(), &["--format", "json", "--profile"]);
    assert_eq!((profiled.status, &profiled.out), (plain.status, &plain.out));
    assert_eq!(plain.errors, "");
    let first = |line: &str| line.split("  ").next().unwrap_or_default().to_owned();
    let [phases, concerns, checks] = profiled.errors.splitn(3, "\n\n").collect::<Vec<_>>()[..] else {
        panic!("three tables")
    };
    assert!(concerns.lines().any(|line| line.starts_with("routes ")), "{concerns}");
    let phases: Vec<String> = phases.lines().map(first).collect();
    assert_eq!(phases, ["phase", "read", "parse", "link", "check", "output", "total"]);
    let checks: Vec<&str> = checks.lines().filter(|line| line.contains("-word ")).collect();
    assert_eq!(checks.len(), 2, "{checks:?}");
    assert!(checks.iter().all(|line| line.ends_with("       1")), "each looks at the project once: {checks:?}");
    let only_one = scan(repository.path(), &["--profile", "--select", "beta-word"]);
    assert!(!only_one.errors.contains("alpha-word"), "{}", only_one.errors);
}

/// A stream whose reader has gone.
struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_broken_pipe_is_success() {
    let repository = repository(FILES);
    for command in [&["checks"][..], &["scan", repository.path().to_str().unwrap()], &["config"]] {
        let mut errors = Vec::new();
        let streams = Streams { out: &mut Broken, errors: &mut errors, is_terminal: false };
        let arguments = ["pyaudit"].iter().chain(command).map(OsString::from);
        let status = pyaudit::main(arguments, &pyaudit::registry::checks(), streams);
        assert_eq!((status, errors), (ExitStatus::Success, Vec::new()), "{command:?}");
    }
}

#[test]
fn the_process_survives_a_reader_that_goes_away() {
    let repository = repository(FILES);
    let mut child = program(repository.path(), &["scan", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn the_configuration_is_written_as_toml() {
    let repository = repository(&[]);
    let ended = run(&["config", "--select", "alpha-word", "--fail-on", "low", repository.path().to_str().unwrap()]);
    assert_eq!(ended.status, ExitStatus::Success, "{}", ended.errors);
    let line = |start: &str| ended.out.lines().find(|line| line.trim_start().starts_with(start)).unwrap().to_owned();
    assert!(line("\"alpha-word\",").ends_with("# --select"));
    assert!(line("fail-on = \"low\"").ends_with("# --fail-on"));
    assert!(line("ignore = []").ends_with("# default"));
}
