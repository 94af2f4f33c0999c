//! The sample repository of the README: its whole output stands in `testdata/repositories/shop.txt`.
//!
//! After a wanted change, `PYAUDIT_BLESS=1 cargo test -p pyaudit --test sample` writes the file anew; read what changed.

use std::path::{Path, PathBuf};
use std::process::Command;

fn repositories() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/repositories")
}

/// What a scan of the sample prints, from a working directory and with a number of threads.
fn scan(directory: &Path, threads: &str, format: &str) -> String {
    let root = repositories().join("shop");
    let output = Command::new(env!("CARGO_BIN_EXE_pyaudit"))
        .arg("scan")
        .arg(&root)
        .args([
            "--persona",
            "auditor",
            "--fail-on",
            "never",
            "--color",
            "never",
            "--threads",
            threads,
            "--format",
            format,
        ])
        .current_dir(directory)
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the output is UTF-8")
}

#[test]
fn the_sample_is_audited_as_its_expected_output_says() {
    let expected = repositories().join("shop.txt");
    let output = scan(&repositories(), "1", "table");
    if std::env::var_os("PYAUDIT_BLESS").is_some() {
        std::fs::write(&expected, &output).expect("the expected output can be written");
    }
    let expected = std::fs::read_to_string(&expected).expect("the expected output is there");
    // A checkout may be unpacked outside git, where what is tracked is unknown and one finding is less sure.
    if scan(&repositories(), "1", "json").contains("\"git_revision\": null") {
        return;
    }
    assert_eq!(output, expected);
}

#[test]
fn threads_and_working_directory_change_no_byte() {
    for format in ["table", "json", "github", "sarif"] {
        let one = scan(&repositories(), "1", format);
        assert_eq!(one, scan(&std::env::temp_dir(), "8", format), "{format}");
        assert!(!one.is_empty());
    }
}
