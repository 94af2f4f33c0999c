use crate::repository::{Repository, git_directory, paths, problems, write, write_index};
use gix::index::entry::{Flags, Mode};
use pyaudit_source::{LoadError, LoadOptions, Phase, Role, Sources, Tracking};
use std::fs;
use std::path::Path;

fn tracking(sources: &Sources, path: &str) -> Tracking {
    sources.file(sources.find(path).expect("the file is listed")).tracking
}

#[test]
fn the_index_and_what_the_rules_leave_count() {
    let repository = Repository::git();
    repository.write(".gitignore", ".env*\nbuild/\n*.log\n").write("app/main.py", "x = 1\n").write("app/new.py", "");
    repository
        .write(".env", "A=1\n")
        .write(".env.local", "A=1\n")
        .write("build/kept.py", "")
        .write("build/gone.py", "");
    repository.write("a.log", "").write("other/build/x.py", "");
    repository.index(&[".env", ".gitignore", "app/main.py", "build/kept.py", "gone.py"]);
    let sources = repository.load();
    assert_eq!(paths(&sources), [".env", ".gitignore", "app/main.py", "app/new.py", "build/kept.py"]);
    assert_eq!(tracking(&sources, ".env"), Tracking::Tracked, "tracked though a rule covers it");
    assert_eq!(tracking(&sources, "app/new.py"), Tracking::Untracked);
    assert!(sources.is_ignored(".env") && sources.is_ignored("app/.env.production") && !sources.is_ignored("env.py"));
    assert_eq!(sources.ignore_files(), [sources.find(".gitignore").expect("listed")]);
    let left_out: Vec<_> = sources.left_out().iter().map(|(reason, count)| (*reason, *count)).collect();
    assert_eq!(left_out, [("deleted", 1), ("ignored", 3), ("ignored directory", 1)]);
    assert_eq!(sources.tracking("gone.py"), Tracking::Tracked, "the index still has it");
    assert_eq!(sources.tracked_paths().count(), 5);
    assert_eq!(sources.git().expect("in git").revision, None);
    assert!(problems(&sources).is_empty(), "{:?}", problems(&sources));
}

#[test]
fn outside_git_nothing_is_known_and_the_rules_count() {
    let repository = Repository::plain();
    repository.write(".gitignore", "*.log\n").write("a.log", "").write("b.py", "").write("c/.gitignore", "d.py\n");
    repository.write("c/d.py", "");
    let sources = repository.load();
    assert_eq!(paths(&sources), [".gitignore", "b.py", "c/.gitignore"]);
    assert_eq!(tracking(&sources, "b.py"), Tracking::Unknown);
    assert_eq!(sources.tracking("b.py"), Tracking::Unknown);
    assert!(sources.git().is_none() && sources.is_ignored("c/d.py"));
}

#[test]
fn a_subdirectory_knows_its_work_tree() {
    let repository = Repository::git();
    repository.write(".gitignore", "secret.py\n/services/api/local.py\n").write("services/.gitignore", "*.tmp.py\n");
    for name in ["main.py", "secret.py", "local.py", "x.tmp.py"] {
        repository.write(&format!("services/api/{name}"), "");
    }
    repository.index(&["services/api/main.py", "services/apiary/other.py", "top.py"]);
    let sources = repository.load_below("services/api");
    assert_eq!(paths(&sources), ["main.py"]);
    assert_eq!(tracking(&sources, "main.py"), Tracking::Tracked);
    assert_eq!(sources.git().expect("in git").prefix, "services/api");
    assert!(sources.is_ignored("deep/secret.py") && sources.is_ignored("local.py"));
    assert!(!sources.left_out().contains_key("deleted"), "what lies beside the root is not missing");
}

#[test]
fn a_root_that_its_repository_disowns_stands_outside_git() {
    let repository = Repository::git();
    repository.write(".gitignore", "trials/\n").write("trials/app/main.py", "").index(&[".gitignore"]);
    let sources = repository.load_below("trials/app");
    assert_eq!(paths(&sources), ["main.py"]);
    assert!(sources.git().is_none());
}

#[test]
fn linked_work_trees_and_submodules_point_to_their_repository() {
    let repository = Repository::git();
    let linked = repository.path(".git/worktrees/feature");
    write(&linked.join("HEAD"), "ref: refs/heads/feature\n");
    write(&linked.join("commondir"), "../..\n");
    write_index(&linked, &[("main.py", Mode::FILE, Flags::empty())], gix::hash::Kind::Sha1);
    let other = Repository::plain();
    other.write(".git", format!("gitdir: {}\n", linked.display())).write("main.py", "").write("new.py", "");
    let commit = "0123456789012345678901234567890123456789";
    repository.write(".git/refs/heads/feature", format!("{commit}\n"));
    let sources = other.load();
    assert_eq!(tracking(&sources, "main.py"), Tracking::Tracked);
    assert_eq!(tracking(&sources, "new.py"), Tracking::Untracked);
    assert_eq!(sources.git().expect("in git").revision.as_deref(), Some(commit));

    let module = repository.path(".git/modules/library");
    git_directory(&module);
    write(&module.join("config"), "[core]\n\trepositoryformatversion = 0\n\tworktree = ../../../library\n");
    write_index(&module, &[("a.py", Mode::FILE, Flags::empty())], gix::hash::Kind::Sha1);
    repository
        .write("library/.git", "gitdir: ../.git/modules/library\n")
        .write("library/a.py", "")
        .write("main.py", "");
    let entries = [("library", Mode::COMMIT, Flags::empty()), ("main.py", Mode::FILE, Flags::empty())];
    write_index(&repository.path(".git"), &entries, gix::hash::Kind::Sha1);
    let outer = repository.load();
    assert_eq!(paths(&outer), ["main.py"]);
    assert_eq!(outer.left_out().get("submodule"), Some(&1));
    let inner = repository.load_below("library");
    assert_eq!(tracking(&inner, "a.py"), Tracking::Tracked);
    assert_eq!(inner.git().expect("in git").prefix, "");
}

#[test]
fn an_untracked_repository_inside_is_another_one() {
    let repository = Repository::git();
    git_directory(&repository.path("clone/.git"));
    repository.write("clone/a.py", "").write("b.py", "").index(&["b.py"]);
    let sources = repository.load();
    assert_eq!(paths(&sources), ["b.py"]);
    assert_eq!(sources.left_out().get("nested repository"), Some(&1));
}

#[test]
fn untracked_environments_are_not_entered_and_tracked_ones_are_vendored() {
    let repository = Repository::git();
    for path in ["venv/pyvenv.cfg", "venv/x.py", "web/node_modules/a/i.js", "lib/site-packages/y.py"] {
        repository.write(path, "");
    }
    repository.write("old/pyvenv.cfg", "").write("old/a.py", "").write("old/b.py", "").write("app.py", "");
    repository.index(&["app.py", "old/pyvenv.cfg", "old/a.py"]);
    let sources = repository.load();
    assert_eq!(paths(&sources), ["app.py", "old/a.py", "old/pyvenv.cfg"]);
    assert_eq!(sources.file(sources.find("old/a.py").expect("listed")).role, Role::Vendored);
    assert_eq!(sources.left_out().get("vendored directory"), Some(&3));
    assert_eq!(sources.left_out().get("vendored"), Some(&1));
}

#[test]
fn sparse_and_unmerged_and_empty_indexes_are_read() {
    let repository = Repository::git();
    repository.write("a.py", "").write("conflict.py", "");
    let stage = |number: u32| Flags::from_bits_retain(number << 12);
    let entries = [
        ("a.py", Mode::FILE, Flags::empty()),
        ("away.py", Mode::FILE, Flags::EXTENDED | Flags::SKIP_WORKTREE),
        ("conflict.py", Mode::FILE, stage(1)),
        ("conflict.py", Mode::FILE, stage(2)),
        ("conflict.py", Mode::FILE, stage(3)),
    ];
    write_index(&repository.path(".git"), &entries, gix::hash::Kind::Sha1);
    let sources = repository.load();
    assert_eq!(paths(&sources), ["a.py", "conflict.py"]);
    assert_eq!(sources.left_out().get("not checked out"), Some(&1));
    assert_eq!(sources.tracked_paths().count(), 3);
    assert!(problems(&sources).is_empty(), "{:?}", problems(&sources));
}

#[test]
fn sha_256_repositories_and_shallow_clones_are_read() {
    let repository = Repository::git();
    let config = "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha256\n";
    repository.write(".git/config", config).write("a.py", "");
    write_index(&repository.path(".git"), &[("a.py", Mode::FILE, Flags::empty())], gix::hash::Kind::Sha256);
    let sources = repository.load();
    assert_eq!(tracking(&sources, "a.py"), Tracking::Tracked, "{:?}", problems(&sources));

    let shallow = Repository::git();
    shallow.write("a.py", "").write(".git/shallow", "0123456789012345678901234567890123456789\n").index(&["a.py"]);
    assert!(shallow.load().git().expect("in git").shallow);
}

#[test]
fn a_broken_repository_is_a_problem_and_the_files_are_read() {
    let cases: [(&str, &[u8]); 5] = [
        (".git/index", b"DIRC\0\0\0\x02\xff\xff\xff\xff"),
        (".git/index", b""),
        (".git/index", b"nothing that git ever wrote, but long enough to hold a checksum at its end"),
        (".git/config", b"[core\n"),
        (".git/config", b"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha999\n"),
    ];
    for (path, bytes) in cases {
        let repository = Repository::git();
        repository.write("a.py", "x = 1\n").index(&["a.py"]).write(path, bytes);
        let sources = repository.load();
        assert_eq!(paths(&sources), ["a.py"], "{path} {bytes:?}");
        assert_eq!(tracking(&sources, "a.py"), Tracking::Unknown, "{path} {bytes:?}");
        let found = sources.problems();
        assert!(found.len() == 1 && found[0].phase == Phase::Git, "{path} {bytes:?} {found:?}");
    }
    let repository = Repository::plain();
    repository.write("a.py", "").write(".git", "gitdir: /does/not/exist\n");
    let sources = repository.load();
    assert_eq!(tracking(&sources, "a.py"), Tracking::Unknown);
    assert_eq!(sources.problems().len(), 1, "{:?}", problems(&sources));
}

#[test]
fn commits_without_an_index_say_nothing_of_what_is_tracked() {
    let repository = Repository::git();
    repository.write("a.py", "").write(".git/refs/heads/main", "0123456789012345678901234567890123456789\n");
    let sources = repository.load();
    assert_eq!(tracking(&sources, "a.py"), Tracking::Unknown);
    assert_eq!(problems(&sources).len(), 1);
}

#[test]
fn a_bare_repository_is_a_problem() {
    let repository = Repository::plain();
    git_directory(&repository.path(""));
    let sources = repository.load();
    assert_eq!(sources.problems()[0].phase, Phase::Git);
    assert!(sources.git().is_none());
}

#[test]
fn the_clone_s_own_excludes_and_the_environment_change_nothing() {
    let repository = Repository::git();
    repository.write("a.py", "").write(".git/info/exclude", "*.py\n");
    repository.write(".git/config", "[core]\n\texcludesFile = /tmp/none\n\tworktree = /\n[include]\n\tpath = /none\n");
    let sources = repository.load();
    assert_eq!(paths(&sources), ["a.py"]);
}

#[test]
fn a_root_that_is_no_directory_is_an_error() {
    let repository = Repository::plain();
    repository.write("a.py", "");
    let error = Sources::load(&repository.path("a.py"), &LoadOptions::default()).expect_err("a file");
    assert!(matches!(error, LoadError::NotADirectory { .. }));
    let error = Sources::load(Path::new("/no/such/place"), &LoadOptions::default()).expect_err("nothing");
    assert_eq!(error.to_string(), "`/no/such/place` cannot be read: entity not found");
}

#[test]
fn excluded_paths_are_counted_and_not_missing() {
    let repository = Repository::git();
    repository.write("docs/a.py", "").write("a.py", "").write("b.lock", "").index(&["docs/a.py", "a.py", "b.lock"]);
    let options = LoadOptions { exclude: vec!["docs".into(), "*.lock".into(), "[".into()], ..LoadOptions::default() };
    let sources = Sources::load(&repository.path(""), &options).expect("a directory");
    assert_eq!(paths(&sources), ["a.py"]);
    let left_out: Vec<_> = sources.left_out().iter().map(|(reason, count)| (*reason, *count)).collect();
    assert_eq!(left_out, [("excluded", 1), ("excluded directory", 1)]);
    assert_eq!(problems(&sources).len(), 1, "the invalid glob");
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let repository = Repository::git();
    for number in 0..200 {
        repository.write(&format!("d{}/f{number}.py", number % 7), vec![b'#'; number]);
        repository.write(&format!("d{}/g{number}.py", number % 5), [0xFF, number as u8]);
    }
    let load = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let sources = pool.install(|| repository.load());
        let files: Vec<_> = sources.files().map(|(id, file)| (id, file.clone())).collect();
        (files, sources.problems().to_vec())
    };
    let one = load(1);
    assert_eq!(one.0.len(), 400);
    assert_eq!(one, load(8));
    fs::metadata(repository.path("")).expect("the directory lives until here");
}
