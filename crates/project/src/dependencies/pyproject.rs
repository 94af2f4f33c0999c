//! `pyproject.toml`: PEP 621, PEP 735, and the tables of uv, PDM, hatch and flit. Poetry's stand in a file of their own.

use super::{Declared, Group, Include, Manifest, ManifestKind, Pin, Purpose, Reader, poetry};
use crate::{Data, paths};
use pyaudit_data::Value;
use pyaudit_data::requirements::normalise_name;
use std::collections::BTreeSet;

pub(super) fn read(reader: Reader<'_>) -> Option<Manifest> {
    let Some(Data::Toml(document)) = reader.files.get(reader.file) else { return None };
    let mut manifest = reader.manifest(ManifestKind::Pyproject);
    describe(document, &mut manifest);
    project(reader, document, &mut manifest);
    dynamic(reader, document, &mut manifest);
    dependency_groups(reader, document, &mut manifest);
    tools(reader, document, &mut manifest);
    poetry::read(reader, document, &mut manifest);
    uv_sources(document, &mut manifest);
    itself(&mut manifest);
    Some(manifest)
}

/// What the file says of the project itself.
fn describe(document: &Value, manifest: &mut Manifest) {
    let name = document
        .at(&["project", "name"])
        .or_else(|| document.at(&["tool", "poetry", "name"]))
        .or_else(|| document.at(&["tool", "flit", "metadata", "module"]));
    manifest.project.name = name.and_then(Value::as_str).map(normalise_name);
    manifest.project.built = document.get("build-system").is_some();
    let classifiers =
        document.at(&["project", "classifiers"]).into_iter().chain(document.at(&["tool", "poetry", "classifiers"]));
    let private = classifiers
        .flat_map(Value::strings)
        .any(|each| each.as_str().is_some_and(|text| text.starts_with("Private ::")));
    let is_false = |path: &[&str]| document.at(path).and_then(Value::as_bool) == Some(false);
    manifest.project.private =
        private || is_false(&["tool", "poetry", "package-mode"]) || is_false(&["tool", "uv", "package"]);
}

/// Adds every PEP 508 string of a list.
fn list(reader: Reader<'_>, values: Option<&Value>, group: &Group, purpose: Purpose, into: &mut Vec<Declared>) {
    let values = values.into_iter().flat_map(Value::strings);
    into.extend(values.filter_map(|value| reader.declared(value, group, purpose)));
}

/// PEP 621 and `[build-system]`.
fn project(reader: Reader<'_>, document: &Value, manifest: &mut Manifest) {
    let declared = &mut manifest.declared;
    list(reader, document.at(&["build-system", "requires"]), &Group::Build, Purpose::Build, declared);
    list(reader, document.at(&["project", "dependencies"]), &Group::Runtime, Purpose::Runtime, declared);
    list(reader, document.at(&["tool", "flit", "metadata", "requires"]), &Group::Runtime, Purpose::Runtime, declared);
    let extras = document.at(&["project", "optional-dependencies"]);
    let flit = document.at(&["tool", "flit", "metadata", "requires-extra"]);
    for entry in extras.into_iter().chain(flit).flat_map(Value::entries) {
        let purpose = Purpose::of_name(&entry.key.text, Purpose::Runtime);
        let group = Group::Extra(normalise_name(&entry.key.text));
        list(reader, Some(&entry.value), &group, purpose, declared);
    }
}

/// Lists that the build backend computes: setuptools can read them from files, anything else is not known.
/// <https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html#dynamic-metadata>
fn dynamic(reader: Reader<'_>, document: &Value, manifest: &mut Manifest) {
    let names = document.at(&["project", "dynamic"]).map(Value::strings).unwrap_or_default();
    if !names
        .iter()
        .filter_map(|name| name.as_str())
        .any(|name| matches!(name, "dependencies" | "optional-dependencies"))
    {
        return;
    }
    let files = document.at(&["tool", "setuptools", "dynamic", "dependencies", "file"]);
    let files = files.map(Value::strings).unwrap_or_default();
    manifest.complete = !files.is_empty();
    for file in files {
        let path = file.as_str().and_then(|path| paths::join(&manifest.directory, path));
        let target = path.and_then(|path| reader.sources.find(&path));
        manifest.includes.push(Include { constraint: false, target, span: reader.span(file.range) });
    }
}

/// PEP 735. What `include-group` brings counts for the group that includes it, too.
fn dependency_groups(reader: Reader<'_>, document: &Value, manifest: &mut Manifest) {
    let Some(groups) = document.get("dependency-groups") else { return };
    for entry in groups.entries() {
        let group = Group::Named(normalise_name(&entry.key.text));
        let purpose = Purpose::of_name(&entry.key.text, Purpose::Development);
        let members = included_groups(groups, &entry.key.text);
        for value in members.iter().filter_map(|name| find_group(groups, name)) {
            list(reader, Some(value), &group, purpose, &mut manifest.declared);
        }
    }
}

/// The group itself and those it includes, each once.
fn included_groups(groups: &Value, name: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let mut open = vec![normalise_name(name)];
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let items = find_group(groups, &name).map_or(&[][..], Value::items);
        open.extend(items.iter().filter_map(|item| item.get("include-group")?.as_str()).map(normalise_name));
        found.push(name);
    }
    found
}

fn find_group<'a>(groups: &'a Value, name: &str) -> Option<&'a Value> {
    groups.entries().iter().find(|entry| normalise_name(&entry.key.text) == name).map(|entry| &entry.value)
}

/// The development lists of uv, PDM and hatch.
fn tools(reader: Reader<'_>, document: &Value, manifest: &mut Manifest) {
    let declared = &mut manifest.declared;
    let development = Group::Named("dev".to_owned());
    list(reader, document.at(&["tool", "uv", "dev-dependencies"]), &development, Purpose::Development, declared);
    for entry in document.at(&["tool", "pdm", "dev-dependencies"]).map_or(&[][..], Value::entries) {
        let group = Group::Named(normalise_name(&entry.key.text));
        list(reader, Some(&entry.value), &group, Purpose::of_name(&entry.key.text, Purpose::Development), declared);
    }
    for entry in document.at(&["tool", "hatch", "envs"]).map_or(&[][..], Value::entries) {
        let group = Group::Named(format!("hatch:{}", entry.key.text));
        let purpose = Purpose::of_name(&entry.key.text, Purpose::Development);
        list(reader, entry.value.get("dependencies"), &group, purpose, declared);
        list(reader, entry.value.get("extra-dependencies"), &group, purpose, declared);
    }
}

/// `[tool.uv.sources]` says where a requirement comes from, if not from an index.
/// <https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-sources>
fn uv_sources(document: &Value, manifest: &mut Manifest) {
    let Some(sources) = document.at(&["tool", "uv", "sources"]) else { return };
    for entry in sources.entries() {
        let table = entry.value.items().first().unwrap_or(&entry.value);
        let Some(pin) = pin_of_table(table) else { continue };
        let name = normalise_name(&entry.key.text);
        for declared in manifest.declared.iter_mut().filter(|declared| declared.distribution == name) {
            declared.pin = pin;
        }
    }
}

/// The pin that a table with `path`, `git`, `url` or `workspace` gives; `None` where it has none of these.
pub(super) fn pin_of_table(table: &Value) -> Option<Pin> {
    if table.get("path").is_some() || table.get("file").is_some() || table.get("workspace").is_some() {
        return Some(Pin::Local);
    }
    if table.get("git").is_some() {
        if table.get("rev").is_some() || table.get("tag").is_some() {
            let reference = table.get("tag").or_else(|| table.get("rev")).and_then(Value::as_str).unwrap_or("");
            let branch = matches!(reference, "main" | "master" | "develop" | "HEAD");
            return Some(if branch { Pin::Moving } else { Pin::Fixed });
        }
        return Some(table.get("ref").and_then(Value::as_str).map_or(Pin::Moving, Pin::of_reference));
    }
    table.get("url").map(|_| Pin::Fixed)
}

/// A project that asks for its own extras (`name[dev]`) asks for nothing from outside.
fn itself(manifest: &mut Manifest) {
    let Some(name) = &manifest.project.name else { return };
    for declared in manifest.declared.iter_mut().filter(|declared| &declared.distribution == name) {
        declared.pin = Pin::Local;
    }
}
