//! What every area must keep in order: registration, fixtures, names, documentation, dependencies.

use crate::run::fixture_path;
use crate::scan;
use pyaudit_check::Check;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The headings that the documentation of a check must have, in this order.
pub(crate) const HEADINGS: [&str; 4] = ["What it does", "Why it matters", "How to fix", "Limits"];

/// The modules of the standard library that a check must not name: it does no IO and starts nothing.
const FORBIDDEN: [&str; 5] = ["fs", "env", "process", "thread", "net"];

/// Panics with everything that is out of order in the area whose crate stands in `area_directory`
/// (`env!("CARGO_MANIFEST_DIR")` in its tests).
pub fn upkeep(area_directory: &str, checks: &[&'static Check]) {
    let complaints = complaints(area_directory, checks);
    assert!(complaints.is_empty(), "the area needs upkeep:\n  {}", complaints.join("\n  "));
}

/// Everything that is out of order in an area, one sentence each.
pub fn complaints(area_directory: &str, checks: &[&'static Check]) -> Vec<String> {
    let directory = Path::new(area_directory);
    let mut complaints = registration(directory, checks);
    complaints.extend(fixtures(area_directory, checks));
    complaints.extend(checks.iter().flat_map(|check| metadata(check, directory)));
    complaints.extend(dependencies(directory));
    complaints.extend(forbidden_names(directory));
    complaints
}

/// Every file is a registered check, every registered check has a file, and the list is sorted.
fn registration(directory: &Path, checks: &[&'static Check]) -> Vec<String> {
    let ids: Vec<&str> = checks.iter().map(|check| check.id).collect();
    let files: BTreeSet<String> = stems(&directory.join("src"), "rs")
        .into_iter()
        .filter(|stem| stem != "lib")
        .map(|stem| stem.replace('_', "-"))
        .collect();
    let registered: BTreeSet<String> = ids.iter().map(|&id| id.to_owned()).collect();
    let missing = files.difference(&registered).map(|id| format!("`{id}` has a file and is not in CHECKS of lib.rs"));
    let without_file =
        registered.difference(&files).map(|id| format!("`{id}` is in CHECKS and has no file of its name"));
    let unsorted = (!ids.is_sorted()).then(|| "CHECKS of lib.rs is not sorted by id".to_owned());
    let twice = (registered.len() != ids.len()).then(|| "CHECKS of lib.rs names a check twice".to_owned());
    missing.chain(without_file).chain(unsorted).chain(twice).collect()
}

/// Every check has a fixture, and every fixture a check.
fn fixtures(area_directory: &str, checks: &[&'static Check]) -> Vec<String> {
    let registered: BTreeSet<String> = checks.iter().map(|check| check.id.to_owned()).collect();
    let directory = fixture_path(area_directory, "any");
    let present = directory.parent().map(|directory| stems(directory, "md")).unwrap_or_default();
    let missing = registered.difference(&present).map(|id| format!("`{id}` has no fixture"));
    let orphans = present.difference(&registered).map(|id| format!("the fixture `{id}.md` belongs to no check"));
    missing.chain(orphans).collect()
}

/// The names, without extension, of the files of a directory with this extension. None where there is no directory.
fn stems(directory: &Path, extension: &str) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(directory) else { return BTreeSet::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    let wanted = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
    wanted.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect()
}

fn metadata(check: &Check, directory: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let kebab = check.id.split('-').all(|word| {
        !word.is_empty() && word.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit())
    });
    if !kebab {
        wrong.push("its id is not in kebab-case".to_owned());
    }
    let area = directory.file_name().unwrap_or_default().to_string_lossy();
    if check.area.name() != area {
        wrong.push(format!("its area is `{}` and it stands in `checks/{area}`", check.area));
    }
    if check.summary.starts_with(char::is_uppercase) || check.summary.ends_with('.') || check.summary.contains('\n') {
        wrong.push("its summary is not one lower-case line without a full stop".to_owned());
    }
    let headings: Vec<&str> = check.docs.lines().filter_map(|line| line.trim_start().strip_prefix("## ")).collect();
    if headings != HEADINGS {
        wrong.push(format!("the headings of its documentation are {headings:?} and must be {HEADINGS:?}"));
    }
    if let Some(bare) = check.references.iter().find(|reference| !reference.starts_with("https://")) {
        wrong.push(format!("the reference `{bare}` is no https address"));
    }
    wrong.into_iter().map(|what| format!("`{}`: {what}", check.id)).collect()
}

/// A check sees the project through `pyaudit-check` alone.
fn dependencies(directory: &Path) -> Vec<String> {
    let manifest = fs::read_to_string(directory.join("Cargo.toml")).unwrap_or_default();
    let manifest: toml::Table = match manifest.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![format!("Cargo.toml cannot be read: {error}")],
    };
    let names = |table: &str| -> Vec<String> {
        manifest
            .get(table)
            .and_then(toml::Value::as_table)
            .map(|table| table.keys().cloned().collect())
            .unwrap_or_default()
    };
    let allowed =
        [("dependencies", "pyaudit-check"), ("dev-dependencies", "pyaudit-testkit"), ("build-dependencies", "")];
    allowed
        .iter()
        .flat_map(|&(table, only)| {
            names(table).into_iter().filter(move |name| name != only).map(move |name| (table, name))
        })
        .map(|(table, name)| format!("Cargo.toml must not name `{name}` in [{table}]"))
        .collect()
}

fn forbidden_names(directory: &Path) -> Vec<String> {
    let mut complaints = Vec::new();
    for path in scan::rust_files(&directory.join("src")).unwrap_or_default() {
        let source = fs::read_to_string(&path).unwrap_or_default();
        let name = path.strip_prefix(directory).unwrap_or(&path).display().to_string();
        let found = scan::std_modules(&source, &FORBIDDEN);
        complaints.extend(found.iter().map(|(line, module)| format!("{name}:{line} names `std::{module}`")));
    }
    complaints
}
