//! Repositories that are made to break a reader, each scanned by a child process under a memory limit.
//!
//! A case may find anything or nothing in its bad file, but it ends by itself, without a panic, and the good file
//! beside it is audited. The kill is generous, because a loaded machine is slow; `cargo xtask hostile` measures.

#![cfg(unix)]

use pyaudit_testkit::hostile::{CASES, GOOD_CHECK, GOOD_PATH, GOOD_TEXT, write};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The address space of a child in KiB: more than the 500 MB that a scan should need, because threads reserve stacks.
const MEMORY_KIB: u64 = 4_000_000;

/// After this time a child counts as hanging.
const KILL_AFTER: Duration = Duration::from_mins(4);

/// Scans a directory in a child process; `None` when it had to be killed.
fn scan(root: &Path) -> Option<Output> {
    let program = env!("CARGO_BIN_EXE_pyaudit");
    let script = format!("ulimit -v {MEMORY_KIB}; exec '{program}' scan . --format json --threads 2 --fail-on never");
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .current_dir(root)
        .stdout(Stdio::from(fs::File::create(root.with_extension("out")).expect("the output can be written")))
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell starts");
    let start = std::time::Instant::now();
    while child.try_wait().expect("the child can be asked").is_none() {
        if start.elapsed() > KILL_AFTER {
            child.kill().expect("the child can be killed");
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut output = child.wait_with_output().expect("the child has ended");
    output.stdout = fs::read(root.with_extension("out")).expect("the output is there");
    Some(output)
}

/// Asserts that a scan ended by itself and audited the good file.
fn assert_survives(name: &str, root: &Path) {
    let output = scan(root).unwrap_or_else(|| panic!("{name}: the scan hangs"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{name}: {} {stderr}", output.status);
    assert!(!stderr.contains("panicked"), "{name}: {stderr}");
    let audit: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the output is JSON");
    let findings = audit["findings"].as_array().expect("the output lists findings");
    let good = findings.iter().any(|finding| finding["check"] == GOOD_CHECK && finding["path"] == GOOD_PATH);
    assert!(good, "{name}: the good file was not audited");
    let crashed = |problem: &serde_json::Value| problem["phase"] == "check";
    let problems = audit["problems"].as_array().expect("the output lists problems");
    assert!(!problems.iter().any(crashed), "{name}: {problems:?}");
}

#[test]
fn every_hostile_file_is_survived() {
    for case in CASES {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let root = directory.path().join("repository");
        case.write(&root).expect("the case can be written");
        assert_survives(case.name, &root);
    }
}

#[test]
fn what_is_no_plain_file_is_survived() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let root = directory.path().join("repository");
    write(&root, GOOD_PATH, GOOD_TEXT.as_bytes()).expect("the good file can be written");
    symlink(&root, root.join("app/loop")).expect("a loop can be made");
    symlink("/etc/passwd", root.join("app/outside.py")).expect("a link out of the root can be made");
    symlink("nowhere.py", root.join("app/dangling.py")).expect("a dangling link can be made");
    write(&root, "app/secret.py", b"x = 1\n").expect("a file can be written");
    fs::set_permissions(root.join("app/secret.py"), fs::Permissions::from_mode(0o000)).expect("it can be locked");
    let fifo = root.join("app/pipe.py");
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo runs").success());
    assert_survives("links, a locked file and a FIFO", &root);
}

#[test]
fn a_file_that_comes_and_goes_is_survived() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let root = directory.path().join("repository");
    write(&root, GOOD_PATH, GOOD_TEXT.as_bytes()).expect("the good file can be written");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                // Either call may fail while the other program looks; that is the point.
                let _ = fs::write(root.join("app/ghost.py"), "x = 1\n");
                let _ = fs::remove_file(root.join("app/ghost.py"));
            }
        });
        for _ in 0..5 {
            assert_survives("a file that vanishes", &root);
        }
        stop.store(true, Ordering::Relaxed);
    });
}
