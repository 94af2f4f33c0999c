//! The model of the applications in `testdata/applications`, compared with what the imported applications say of
//! themselves. `testdata/applications/README.md` says how the truths are made.

mod authentication;
mod routes;
mod settings;

use pyaudit_project::{Project, analyse, is_wanted};
use pyaudit_source::{LoadOptions, Sources};
use std::path::{Path, PathBuf};

/// The directory of the applications.
fn directory() -> PathBuf {
    let workspace =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate stands in crates/project");
    workspace.join("testdata/applications")
}

/// The names of the applications that have a truth in a file of this name, in order.
fn with_truth(file: &str) -> Vec<String> {
    let entries = std::fs::read_dir(directory()).expect("testdata/applications is there");
    let names = entries.map(|entry| entry.expect("an entry can be read").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| directory().join(name).join(file).is_file()).collect();
    names.sort();
    names
}

/// The model of one application.
fn model(name: &str) -> Project {
    model_in(&directory().join(name))
}

/// The model of a project in a directory.
fn model_in(directory: &Path) -> Project {
    let options = LoadOptions { wanted: is_wanted, ..LoadOptions::default() };
    let sources = Sources::load(directory, &options).expect("the application can be read");
    let files = analyse(&sources);
    Project::build(sources, files)
}

/// The truth about one application.
fn truth(name: &str, file: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(directory().join(name).join(file)).expect("the truth can be read");
    serde_json::from_str(&text).expect("the truth is JSON")
}
