//! The invariants of the workspace that hold across rooms.

use pyaudit_testkit::scan;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate stands in crates/testkit").to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The crates of `crates` and `checks`, as `crates/source`, in order.
fn rooms() -> Vec<String> {
    let mut rooms = Vec::new();
    for parent in ["crates", "checks"] {
        for entry in fs::read_dir(root().join(parent)).expect("the workspace has this directory") {
            let name = entry.expect("the entry can be read").file_name();
            rooms.push(format!("{parent}/{}", name.to_string_lossy()));
        }
    }
    rooms.retain(|room| root().join(room).join("Cargo.toml").exists());
    rooms.sort();
    rooms
}

/// The shipped code of a room: each file's path in the workspace and its code without comments and unit tests.
fn code(room: &str) -> Vec<(String, String)> {
    let files = scan::rust_files(&root().join(room).join("src")).expect("the room has sources");
    let name = |path: &Path| path.strip_prefix(root()).unwrap_or(path).display().to_string();
    files.iter().map(|path| (name(path), scan::shipped_code(&read(path)))).collect()
}

/// What a manifest depends on, in every kind of table.
fn dependencies(room: &str) -> Vec<String> {
    let manifest: toml::Table = read(&root().join(room).join("Cargo.toml")).parse().expect("a manifest is TOML");
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = tables.iter().filter_map(|table| manifest.get(*table)?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

#[test]
fn tree_sitter_is_named_in_the_leaf_parsers_alone() {
    let leaves = ["crates/python", "crates/shell", "crates/script"];
    for room in rooms().iter().filter(|room| !leaves.contains(&room.as_str())) {
        assert!(
            !dependencies(room).iter().any(|name| name.starts_with("tree-sitter")),
            "{room} depends on tree-sitter"
        );
        for (path, code) in code(room) {
            assert!(!code.contains("tree_sitter"), "{path} names tree-sitter");
        }
    }
}

#[test]
fn no_interface_shows_a_type_of_the_parser() {
    for room in ["crates/python", "crates/shell"] {
        for (path, code) in code(room) {
            let shown = code.lines().find(|line| line.trim_start().starts_with("pub ") && line.contains("tree_sitter"));
            assert_eq!(shown, None, "{path} shows a type of tree-sitter");
        }
    }
}

#[test]
fn the_model_and_the_engine_do_no_io() {
    for room in ["crates/project", "crates/engine", "crates/check"] {
        for (path, code) in code(room) {
            let found = scan::std_modules(&code, &["fs", "net", "process", "env"]);
            assert!(found.is_empty(), "{path} names {found:?} of the standard library");
        }
    }
}

#[test]
fn rooms_look_only_downwards() {
    const ORDER: [&str; 9] = ["source", "data", "python", "shell", "project", "check", "engine", "report", "testkit"];
    let rank = |name: &str| ORDER.iter().position(|room| *room == name);
    for (at, room) in ORDER.iter().enumerate() {
        for dependency in dependencies(&format!("crates/{room}")) {
            let Some(below) = dependency.strip_prefix("pyaudit-").and_then(rank) else { continue };
            assert!(below < at, "crates/{room} depends on crates/{}", ORDER[below]);
        }
    }
    for room in ["project", "check", "engine", "report"] {
        let areas: Vec<_> = rooms().iter().filter_map(|room| room.strip_prefix("checks/").map(str::to_owned)).collect();
        for dependency in dependencies(&format!("crates/{room}")) {
            let known = dependency.strip_prefix("pyaudit-").is_some_and(|name| areas.iter().any(|area| area == name));
            assert!(!known, "crates/{room} knows the checks of {dependency}");
        }
    }
}

#[test]
fn checks_depend_on_the_vocabulary_alone() {
    for room in rooms().iter().filter(|room| room.starts_with("checks/")) {
        let others = dependencies(room);
        let others = others.iter().filter(|name| !["pyaudit-check", "pyaudit-testkit"].contains(&name.as_str()));
        assert_eq!(others.collect::<Vec<_>>(), Vec::<&String>::new(), "{room}");
    }
}

#[test]
fn the_program_is_thin() {
    let lines = read(&root().join("crates/pyaudit/src/main.rs")).lines().count();
    assert!(lines <= 40, "main.rs has {lines} lines; what it does belongs in the library");
}

#[test]
fn panics_unwind() {
    let manifests = rooms().into_iter().map(|room| format!("{room}/Cargo.toml")).chain(["Cargo.toml".to_owned()]);
    for path in manifests.chain([".cargo/config.toml".to_owned()]) {
        let text = fs::read_to_string(root().join(&path)).unwrap_or_default();
        let sets = text.lines().any(|line| line.trim_start().starts_with("panic") && line.contains("abort"));
        assert!(!sets, "{path} sets panic = \"abort\", and one crashed check would end a run");
    }
}
