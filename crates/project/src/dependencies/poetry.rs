//! The tables of Poetry in `pyproject.toml`.
//! <https://python-poetry.org/docs/pyproject/>

use super::pyproject::pin_of_table;
use super::{Declared, Group, Manifest, Pin, Purpose, Reader};
use pyaudit_data::requirements::normalise_name;
use pyaudit_data::{Entry, Value};

pub(super) fn read(reader: Reader<'_>, document: &Value, manifest: &mut Manifest) {
    let Some(poetry) = document.at(&["tool", "poetry"]) else { return };
    let optional = extras(poetry);
    for entry in entries(poetry.get("dependencies")) {
        let extra = optional.iter().find(|(name, _)| *name == normalise_name(&entry.key.text));
        let group = extra.map_or(Group::Runtime, |(_, extra)| Group::Extra(extra.clone()));
        let purpose = match &group {
            Group::Extra(extra) => Purpose::of_name(extra, Purpose::Runtime),
            _ => Purpose::Runtime,
        };
        add(reader, entry, &group, purpose, manifest);
    }
    let development = Group::Named("dev".to_owned());
    for entry in entries(poetry.get("dev-dependencies")) {
        add(reader, entry, &development, Purpose::Development, manifest);
    }
    for table in entries(poetry.get("group")) {
        let group = Group::Named(normalise_name(&table.key.text));
        let purpose = match table.key.text.as_str() {
            "main" => Purpose::Runtime,
            name => Purpose::of_name(name, Purpose::Development),
        };
        for entry in entries(table.value.get("dependencies")) {
            add(reader, entry, &group, purpose, manifest);
        }
    }
}

fn entries(table: Option<&Value>) -> &[Entry] {
    table.map_or(&[], Value::entries)
}

/// Each distribution that an extra lists, with the first extra that does.
fn extras(poetry: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for extra in entries(poetry.get("extras")) {
        let names = extra.value.strings().into_iter().filter_map(Value::as_str);
        found.extend(names.map(|name| (normalise_name(name), normalise_name(&extra.key.text))));
    }
    found
}

fn add(reader: Reader<'_>, entry: &Entry, group: &Group, purpose: Purpose, manifest: &mut Manifest) {
    // `python` states the interpreter, and is no distribution.
    if entry.key.text == "python" {
        return;
    }
    manifest.declared.push(of_entry(reader, entry, group, purpose));
}

/// A requirement written as `name = "constraint"`, as a table, or as a list of tables; Pipenv writes the same.
pub(super) fn of_entry(reader: Reader<'_>, entry: &Entry, group: &Group, purpose: Purpose) -> Declared {
    let table = entry.value.items().first().unwrap_or(&entry.value);
    let version = table.as_str().or_else(|| table.get("version")?.as_str());
    let from_table = pin_of_table(table);
    let extras = table.get("extras").map(Value::strings).unwrap_or_default();
    Declared {
        distribution: normalise_name(&entry.key.text),
        group: group.clone(),
        purpose,
        pin: from_table.unwrap_or_else(|| version.map_or(Pin::Unconstrained, Pin::of_constraint)),
        specifiers: version.filter(|version| *version != "*").unwrap_or("").to_owned(),
        extras: extras.into_iter().filter_map(Value::as_str).map(normalise_name).collect(),
        name: reader.span(entry.key.range),
        pinned_by: None,
    }
}
