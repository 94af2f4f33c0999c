use crate::repository::{Repository, write};
use pyaudit_source::{LoadOptions, PastFile, Sources};
use std::fs;
use std::path::PathBuf;

fn wants_env(name: &str) -> bool {
    name.ends_with(".env")
}

fn past(repository: &Repository, below: &str) -> Vec<PastFile> {
    let options = LoadOptions { past_wanted: Some(wants_env), ..LoadOptions::default() };
    Sources::load(&repository.path(below), &options).expect("a directory").past_files().to_vec()
}

fn told(files: &[PastFile]) -> Vec<(&str, &str, &str)> {
    files.iter().map(|file| (file.path.as_str(), file.revision.as_str(), file.text.as_str())).collect()
}

/// Three commits: one adds, one changes and moves, one deletes.
fn with_history() -> (Repository, [String; 3]) {
    let repository = Repository::git();
    let first = [("a.env", "A=1"), ("api/b.env", "B=1"), ("main.py", "x = 1")];
    let second = [("a.env", "A=2"), ("api/b.env", "B=1"), ("kept.env", "K=1"), ("main.py", "x = 1")];
    let third = [("kept.env", "K=1"), ("main.py", "x = 2")];
    let commits = [repository.commit(10, &first), repository.commit(20, &second), repository.commit(30, &third)];
    repository.write("main.py", "x = 2").write("kept.env", "K=1").write("api/x.py", "");
    repository.index(&["api/x.py", "kept.env", "main.py"]);
    (repository, commits)
}

#[test]
fn deleted_files_are_told_with_the_newest_commit_of_each_version() {
    let (repository, [first, second, _]) = with_history();
    let found = past(&repository, "");
    let expected = [("a.env", &*second, "A=2"), ("a.env", &*first, "A=1"), ("api/b.env", &*second, "B=1")];
    assert_eq!(told(&found), expected);
}

#[test]
fn a_subdirectory_knows_its_own_history_alone() {
    let (repository, [_, second, _]) = with_history();
    assert_eq!(told(&past(&repository, "api")), [("b.env", &*second, "B=1")]);
}

#[test]
fn history_is_left_alone_unless_it_is_asked_for() {
    let (repository, _) = with_history();
    assert!(repository.load().past_files().is_empty());
}

#[test]
fn a_history_that_is_cut_off_or_lies_elsewhere_says_nothing() {
    let (repository, commits) = with_history();
    write(&repository.path(".git/shallow"), format!("{}\n", commits[1]));
    assert!(past(&repository, "").is_empty());

    let (repository, _) = with_history();
    write(&repository.path(".git/objects/info/alternates"), "/somewhere/else\n");
    assert!(past(&repository, "").is_empty());
}

/// Where an object stood, which git writes so that it cannot be written to.
fn removed(repository: &Repository, id: &str) -> PathBuf {
    let object = repository.path(&format!(".git/objects/{}/{}", &id[..2], &id[2..]));
    fs::remove_file(&object).expect("the object is there");
    object
}

#[test]
fn broken_objects_end_the_walk_and_not_the_run() {
    let (repository, [first, second, third]) = with_history();
    for (commit, is_known) in [(&first, true), (&second, false), (&third, false)] {
        write(&removed(&repository, commit), "no object");
        assert_eq!(!past(&repository, "").is_empty(), is_known, "without {commit}");
    }
}

#[cfg(unix)]
#[test]
fn an_object_that_is_a_fifo_is_not_opened() {
    let (repository, commits) = with_history();
    let made = std::process::Command::new("mkfifo").arg(removed(&repository, &commits[0])).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo is part of every Unix");
    assert!(past(&repository, "").is_empty());
}
