//! Lock files: which versions they pin, and who needs whom.

use super::Reader;
use crate::Data;
use pyaudit_data::Value;
use pyaudit_data::requirements::{normalise_name, parse_requirement};
use pyaudit_source::FileId;
use std::collections::{BTreeMap, BTreeSet};

/// The tool that writes a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockKind {
    /// `poetry.lock`.
    Poetry,
    /// `uv.lock`.
    Uv,
    /// `pdm.lock`.
    Pdm,
    /// `Pipfile.lock`.
    Pipenv,
    /// `pylock.toml` and `pylock.*.toml` (PEP 751).
    Pylock,
}

/// One lock file.
#[derive(Debug, Clone, PartialEq)]
pub struct Lock {
    /// The file.
    pub file: FileId,
    /// The tool that writes it.
    pub kind: LockKind,
    /// Its directory, relative to the root.
    pub directory: String,
    /// What it pins, by normalised name.
    pub packages: BTreeMap<String, Locked>,
}

/// One distribution of a lock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Locked {
    /// The version; empty for a project of the repository itself.
    pub version: String,
    /// The distributions it needs, normalised.
    pub needs: BTreeSet<String>,
    /// Whether it is a project of the repository itself (a member of the workspace).
    pub member: bool,
}

impl LockKind {
    /// The kind of lock that a file of this name is.
    pub fn of_file(name: &str) -> Option<Self> {
        match name {
            "poetry.lock" => Some(Self::Poetry),
            "uv.lock" => Some(Self::Uv),
            "pdm.lock" => Some(Self::Pdm),
            "Pipfile.lock" => Some(Self::Pipenv),
            _ => (name.starts_with("pylock.") && name.ends_with("toml")).then_some(Self::Pylock),
        }
    }
}

impl Lock {
    /// The given distributions and all that they need, as far as the lock tells.
    pub fn closure<'a>(&'a self, roots: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = roots.into_iter().collect();
        while let Some(name) = open.pop() {
            if found.insert(name)
                && let Some(package) = self.packages.get(name)
            {
                open.extend(package.needs.iter().map(String::as_str));
            }
        }
        found
    }
}

pub(super) fn read(reader: Reader<'_>, kind: LockKind) -> Option<Lock> {
    let packages = match (reader.files.get(reader.file)?, kind) {
        (Data::Json(document), LockKind::Pipenv) => pipenv(document),
        (Data::Toml(document), LockKind::Pylock) => tables(document, "packages"),
        (Data::Toml(document), _) => tables(document, "package"),
        _ => return None,
    };
    Some(Lock { file: reader.file, kind, directory: reader.directory(), packages })
}

fn pipenv(document: &Value) -> BTreeMap<String, Locked> {
    let sections = document.entries().iter().filter(|entry| entry.key.text != "_meta");
    let packages = sections.flat_map(|section| section.value.entries());
    packages
        .map(|entry| {
            let version = entry.value.get("version").and_then(Value::as_str).unwrap_or("").trim_start_matches('=');
            (normalise_name(&entry.key.text), Locked { version: version.to_owned(), ..Locked::default() })
        })
        .collect()
}

/// The `[[package]]` tables of Poetry, uv and PDM. One distribution may be locked in several versions; what any of
/// them needs counts.
fn tables(document: &Value, key: &str) -> BTreeMap<String, Locked> {
    let mut packages: BTreeMap<String, Locked> = BTreeMap::new();
    for table in document.get(key).map_or(&[][..], Value::items) {
        let Some(name) = table.get("name").and_then(Value::as_str) else { continue };
        let package = packages.entry(normalise_name(name)).or_default();
        table.get("version").and_then(Value::as_str).unwrap_or("").clone_into(&mut package.version);
        package.member |= ["editable", "virtual"].iter().any(|source| table.at(&["source", source]).is_some());
        package.needs.extend(table.get("dependencies").map(needs).unwrap_or_default());
        for extra in table.get("optional-dependencies").map_or(&[][..], Value::entries) {
            // Extras are needed by whoever asks for them; a lock only holds those that somebody does.
            package.needs.extend(needs(&extra.value));
        }
        for group in table.get("dev-dependencies").map_or(&[][..], Value::entries) {
            package.needs.extend(needs(&group.value));
        }
    }
    packages
}

/// The names in a list of requirements: keys (Poetry), tables with `name` (uv), or PEP 508 strings (PDM).
fn needs(list: &Value) -> Vec<String> {
    let keys = list.entries().iter().map(|entry| normalise_name(&entry.key.text));
    let items = list.items().iter().filter_map(|item| match item.as_str() {
        Some(text) => parse_requirement(text).ok().map(|requirement| normalise_name(&requirement.name)),
        None => item.get("name").and_then(Value::as_str).map(normalise_name),
    });
    keys.chain(items).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_who_needs_whom() {
        let needs =
            |names: &[&str]| Locked { needs: names.iter().map(|&name| name.to_owned()).collect(), ..Locked::default() };
        let packages = [("pytest-cov", needs(&["pytest", "coverage"])), ("pytest", needs(&["pytest-cov"]))];
        let packages = packages.into_iter().map(|(name, locked)| (name.to_owned(), locked)).collect();
        let lock = Lock { file: FileId(0), kind: LockKind::Uv, directory: String::new(), packages };
        assert_eq!(lock.closure(["pytest-cov"]), BTreeSet::from(["coverage", "pytest", "pytest-cov"]));
    }
}
