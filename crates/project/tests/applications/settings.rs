//! The fields of settings classes and the reads of the environment, compared with what the imported application says.

use crate::{directory, truth, with_truth};
use pyaudit_project::settings::{EnvironmentRead, Field, Literal, SettingsClass};
use pyaudit_project::{Project, analyse, is_wanted};
use pyaudit_source::{LoadOptions, Sources, Span};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Lines in which model and application differ, each with the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// The environment variable that names a directory of imported projects: one directory each, with `application.json`
/// (`checkout`: the sources) and `settings.json`.
const LABORATORY: &str = "PYAUDIT_LABORATORY";

fn model_of(root: &Path) -> Project {
    let options = LoadOptions { wanted: is_wanted, ..LoadOptions::default() };
    let sources = Sources::load(root, &options).expect("the application can be read");
    let files = analyse(&sources);
    Project::build(sources, files)
}

/// A file and a line.
type Place = (String, u64);

fn place(project: &Project, span: Span) -> Place {
    let line = project.sources.positions(span).map_or(0, |(start, _)| u64::from(start.line));
    (project.sources.file(span.file).path.clone(), line)
}

/// What is compared of a field or a read, by where it stands and what it is called.
type Lines = BTreeMap<(Place, String), String>;

fn shown(variables: &[&str], required: bool, default: Option<&str>) -> String {
    format!("{} required={required} default={}", variables.join("|"), default.unwrap_or("-"))
}

/// The truth: fields of classes, and reads by their lines.
fn expected(classes: &Value) -> (Lines, Lines) {
    let (mut fields, mut reads) = (Lines::new(), Lines::new());
    for class in classes.as_array().expect("a list of classes") {
        let file = class["file"].as_str().expect("a file").to_owned();
        let at = (file.clone(), class["line"].as_u64().expect("a line"));
        for field in class["fields"].as_array().expect("a list of fields") {
            let name = field["name"].as_str().unwrap_or("-");
            let variables: Vec<&str> =
                field["variables"].as_array().expect("a list of variables").iter().filter_map(Value::as_str).collect();
            let line = shown(&variables, field["required"] == true, field["default"].as_str());
            match field["read_at"].as_u64() {
                Some(read_at) => reads.insert(((file.clone(), read_at), format!("{} {name}", variables[0])), line),
                None => fields.insert((at.clone(), name.to_owned()), line),
            };
        }
    }
    (fields, reads)
}

/// The model's answer in the same form. Fields whose defaults read a variable that was set when the application was
/// imported have its value.
fn found(project: &Project, environment: &BTreeMap<String, String>) -> (Lines, Lines) {
    let settings = &project.settings;
    let (mut fields, mut reads) = (Lines::new(), Lines::new());
    for class in settings.classes().iter().filter(|class| class.kind.is_settings()) {
        let at = place(project, class.span);
        for field in &class.fields {
            fields.insert((at.clone(), field.name.clone()), field_line(project, class, field, environment));
        }
    }
    for read in settings.reads().iter().filter(|read| read.through.is_none() && !read.asks_only) {
        let variable = read.variable.as_deref().unwrap_or("?");
        let name = read.target.as_deref().unwrap_or("-");
        let unknown = read.default.is_some() && read.default_value.is_none();
        let default = read.default_value.as_ref().filter(|value| **value != Literal::None).map(ToString::to_string);
        let default = if unknown { Some("?".to_owned()) } else { default };
        let line = shown(&[variable], read.required, default.as_deref());
        reads.insert((place(project, read.span), format!("{variable} {name}")), line);
    }
    (fields, reads)
}

fn field_line(
    project: &Project,
    class: &SettingsClass,
    field: &Field,
    environment: &BTreeMap<String, String>,
) -> String {
    let mut reads = field.reads.iter().map(|&read| &project.settings.reads()[read]);
    let set = reads.find_map(|read| Some((read, environment.get(read.variable.as_deref()?)?)));
    let value =
        field.default.as_ref().map(|default| default.value.as_ref().map_or("?".to_owned(), ToString::to_string));
    let is_number = |read: &EnvironmentRead| matches!(read.conversion.as_deref(), Some("int" | "float"));
    let given =
        set.map(|(read, value)| if is_number(read) { value.clone() } else { Literal::Str(value.clone()).to_string() });
    let default = given.or(value);
    let mut variables: Vec<&str> = field.variables.iter().map(String::as_str).collect();
    if class.kind == pyaudit_project::settings::ClassKind::Pydantic1 {
        // Pydantic 1 keeps them as a set.
        variables.sort_unstable();
    }
    shown(&variables, field.required, default.as_deref())
}

/// What differs, and how many lines are equal, missing and extra.
#[derive(Default)]
struct Comparison {
    equal: usize,
    differing: Vec<String>,
    missing: Vec<String>,
    extra: Vec<String>,
}

impl Comparison {
    /// Compares; extra are lines of classes that the truth knows.
    fn add(&mut self, expected: &Lines, found: &Lines, knows_all: bool) {
        for ((place, name), line) in expected {
            match found.get(&(place.clone(), name.clone())) {
                Some(other) if other == line => self.equal += 1,
                Some(other) => {
                    self.differing.push(format!("{}:{} {name}: {line}, the model: {other}", place.0, place.1));
                }
                None => self.missing.push(format!("{}:{} {name}: {line}", place.0, place.1)),
            }
        }
        let places: BTreeSet<&Place> = expected.keys().map(|(place, _)| place).collect();
        let extra = found.iter().filter(|(key, _)| knows_all && places.contains(&key.0) && !expected.contains_key(key));
        self.extra.extend(extra.map(|((place, name), line)| format!("{}:{} {name}: {line}", place.0, place.1)));
    }

    fn lines(&self) -> Vec<String> {
        let of = |what: &'static str, lines: &[String]| {
            lines.iter().map(move |line| format!("{what} {line}")).collect::<Vec<_>>()
        };
        [of("differs", &self.differing), of("missing", &self.missing), of("extra", &self.extra)].concat()
    }

    fn summary(&self) -> String {
        let sizes = [self.differing.len(), self.missing.len(), self.extra.len()];
        format!("{} equal, {} differing, {} missing, {} extra", self.equal, sizes[0], sizes[1], sizes[2])
    }
}

/// The variables that importing the applications of a project needs.
fn environment(application: &Value) -> BTreeMap<String, String> {
    let applications = application["applications"].as_array().into_iter().flatten();
    let pairs = applications.filter_map(|each| each["environment"].as_object()).flatten();
    pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

fn compare(root: &Path, classes: &Value, application: &Value) -> Comparison {
    let project = model_of(root);
    let (expected_fields, expected_reads) = expected(classes);
    let (fields, reads) = found(&project, &environment(application));
    let mut comparison = Comparison::default();
    comparison.add(&expected_fields, &fields, true);
    // Only what ran was seen to read, so there is no extra read.
    comparison.add(&expected_reads, &reads, false);
    comparison
}

#[test]
fn settings_are_those_of_the_imported_applications() {
    let mut differences = Vec::new();
    let mut equal = 0;
    for name in with_truth("settings.json") {
        let application = truth(&name, "application.json");
        let comparison = compare(&directory().join(&name), &truth(&name, "settings.json"), &application);
        equal += comparison.equal;
        let lines = comparison.lines().into_iter().map(|line| format!("{name}: {line}"));
        differences
            .extend(lines.filter(|line| !EXCEPTIONS.iter().any(|(of, part, _)| *of == name && line.contains(part))));
    }
    assert!(differences.is_empty(), "{equal} agree, {} do not:\n{}", differences.len(), differences.join("\n"));
    assert!(equal >= 38, "only {equal} were compared");
}

#[test]
#[ignore = "needs a directory of imported projects, named by PYAUDIT_LABORATORY"]
fn settings_of_real_projects() {
    let root = std::env::var(LABORATORY).expect("PYAUDIT_LABORATORY names a directory");
    let mut names: Vec<_> = std::fs::read_dir(&root).expect("the directory can be read").flatten().collect();
    names.sort_by_key(std::fs::DirEntry::file_name);
    let mut total = Comparison::default();
    for entry in names {
        let read = |file: &str| -> Option<Value> {
            serde_json::from_str(&std::fs::read_to_string(entry.path().join(file)).ok()?).ok()
        };
        let (Some(application), Some(classes)) = (read("application.json"), read("settings.json")) else { continue };
        let Some(checkout) = application["checkout"].as_str() else { continue };
        let comparison = compare(Path::new(checkout), &classes, &application);
        println!("{}: {}", entry.file_name().to_string_lossy(), comparison.summary());
        comparison.lines().iter().for_each(|line| println!("    {line}"));
        total.equal += comparison.equal;
        total.differing.extend(comparison.differing);
        total.missing.extend(comparison.missing);
        total.extra.extend(comparison.extra);
    }
    println!("all: {}", total.summary());
}
