//! `pyaudit model` prints what is known of a project.

use crate::support::{repository, run};
use pyaudit::ExitStatus::{NothingToScan, Success};

#[test]
fn the_model_is_json_with_a_version() {
    let repository = repository(&[("app.py", "from fastapi import FastAPI\n\napp = FastAPI()\n")]);
    let ended = run(&["model", repository.path().to_str().expect("a path of the test's own")]);
    assert_eq!(ended.status, Success, "{}", ended.errors);
    let model: serde_json::Value = serde_json::from_str(&ended.out).expect("the model is JSON");
    assert_eq!(model["version"], 1);
    assert!(model["resolution"].as_array().is_some_and(|lines| !lines.is_empty()));
}

#[test]
fn a_directory_without_files_has_no_model() {
    let repository = repository(&[]);
    assert_eq!(run(&["model", repository.path().to_str().expect("a path of the test's own")]).status, NothingToScan);
}
