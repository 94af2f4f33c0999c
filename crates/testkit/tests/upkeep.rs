//! Upkeep notices everything that an area can leave undone.

use pyaudit_check::{Check, Findings, Project, check};
use std::fs;
use std::path::Path;

mod tidy {
    use super::*;
    check! {
        /// ## What it does
        /// ## Why it matters
        /// ## How to fix
        /// ## Limits
        id: "tidy-check",
        summary: "all is well",
        area: Testing,
        axis: Tests,
        severity: Low,
        confidence: High,
        maturity: Preview,
        since: "0.1.0",
        references: ["https://peps.python.org/pep-0008/"],
        run: Project(nothing),
    }
}

mod untidy {
    use super::*;
    check! {
        /// ## What it does
        id: "Untidy_check",
        summary: "Nothing is well.",
        area: Ci,
        axis: Tests,
        severity: Low,
        confidence: High,
        maturity: Preview,
        since: "0.1.0",
        references: ["somewhere"],
        run: Project(nothing),
    }
}

fn nothing(_: &Project, _: &mut Findings) {}

const MANIFEST: &str = "[dependencies]\npyaudit-check = \"1\"\n[dev-dependencies]\npyaudit-testkit = \"1\"\n";

/// An area `testing` in a fresh workspace with these files, and what upkeep says of it.
fn complaints(files: &[(&str, &str)], checks: &[&'static Check]) -> Vec<String> {
    let workspace = tempfile::tempdir().expect("a directory can be made");
    let area = workspace.path().join("checks/testing");
    for (path, text) in files {
        let path: &Path = &workspace.path().join(path);
        fs::create_dir_all(path.parent().expect("the file is in a directory")).expect("a directory can be made");
        fs::write(path, text).expect("a file can be written");
    }
    pyaudit_testkit::complaints(area.to_str().expect("the path is UTF-8"), checks)
}

#[test]
fn a_tidy_area_has_no_complaints() {
    let files = [
        ("checks/testing/Cargo.toml", MANIFEST),
        ("checks/testing/src/lib.rs", ""),
        ("checks/testing/src/tidy_check.rs", "use std::collections::BTreeMap;"),
        ("testdata/testing/tidy-check.md", ""),
    ];
    assert_eq!(complaints(&files, &[&tidy::CHECK]), Vec::<String>::new());
}

#[test]
fn an_untidy_area_has_all_of_them() {
    let files = [
        (
            "checks/testing/Cargo.toml",
            "[dependencies]\npyaudit-project = \"1\"\n[dev-dependencies]\ntempfile = \"3\"\n",
        ),
        ("checks/testing/src/lib.rs", ""),
        ("checks/testing/src/forgotten.rs", "use std::{env, thread};"),
        ("testdata/testing/orphan.md", ""),
    ];
    let told = complaints(&files, &[&tidy::CHECK, &untidy::CHECK, &tidy::CHECK]).join("\n");
    let expected = [
        "`forgotten` has a file and is not in CHECKS",
        "`tidy-check` is in CHECKS and has no file",
        "not sorted",
        "names a check twice",
        "`tidy-check` has no fixture",
        "`orphan.md` belongs to no check",
        "`Untidy_check`: its id is not in kebab-case",
        "its area is `ci` and it stands in `checks/testing`",
        "its summary is not one lower-case line",
        "the headings of its documentation are",
        "`somewhere` is no https address",
        "must not name `pyaudit-project` in [dependencies]",
        "must not name `tempfile` in [dev-dependencies]",
        "src/forgotten.rs:1 names `std::env`",
        "src/forgotten.rs:1 names `std::thread`",
    ];
    for complaint in expected {
        assert!(told.contains(complaint), "missing `{complaint}` in:\n{told}");
    }
}
