//! A directory that a test fills, and git's files in it, written by hand.

use gix::index::entry::{Flags, Mode, Stat};
use gix::objs::tree::{Entry, EntryKind};
use pyaudit_source::{LoadOptions, Problem, Sources};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A temporary directory with a repository or without.
pub(crate) struct Repository {
    directory: TempDir,
}

impl Repository {
    /// An empty directory outside git.
    pub(crate) fn plain() -> Self {
        Self { directory: TempDir::new().expect("a temporary directory") }
    }

    /// An empty directory with an empty repository.
    pub(crate) fn git() -> Self {
        let repository = Self::plain();
        git_directory(&repository.path(".git"));
        repository
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, bytes: impl AsRef<[u8]>) -> &Self {
        write(&self.path(relative), bytes);
        self
    }

    /// Writes an index of regular files.
    pub(crate) fn index(&self, paths: &[&str]) -> &Self {
        let entries: Vec<_> = paths.iter().map(|path| (*path, Mode::FILE, Flags::empty())).collect();
        write_index(&self.path(".git"), &entries, gix::hash::Kind::Sha1);
        self
    }

    /// Commits files, each a path and its text, in place of those of the last commit, and lets `main` be it. Gives the commit.
    pub(crate) fn commit(&self, seconds: i64, files: &[(&str, &str)]) -> String {
        let repository = gix::open_opts(self.path("."), gix::open::Options::isolated()).expect("a repository");
        let root = write_tree(&repository, files);
        let parents = repository.head_id().map(gix::Id::detach).into_iter().collect();
        let person = gix::actor::Signature {
            name: "A".into(),
            email: "a@b.c".into(),
            time: gix::date::Time { seconds, offset: 0 },
        };
        let commit = gix::objs::Commit {
            tree: root,
            parents,
            author: person.clone(),
            committer: person,
            encoding: None,
            message: "change".into(),
            extra_headers: Vec::new(),
        };
        let id = repository.write_object(&commit).expect("a commit").to_hex().to_string();
        self.write(".git/refs/heads/main", format!("{id}\n"));
        id
    }

    pub(crate) fn load(&self) -> Sources {
        self.load_below("")
    }

    pub(crate) fn load_below(&self, relative: &str) -> Sources {
        Sources::load(&self.path(relative), &LoadOptions::default()).expect("the root is a directory")
    }
}

/// Writes the tree of files, each a path below it and its text.
fn write_tree(repository: &gix::Repository, files: &[(&str, &str)]) -> gix::ObjectId {
    let mut below: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    let mut entries = Vec::new();
    for &(path, text) in files {
        if let Some((directory, rest)) = path.split_once('/') {
            below.entry(directory).or_default().push((rest, text));
        } else {
            let oid = repository.write_blob(text).expect("a blob").detach();
            entries.push(Entry { mode: EntryKind::Blob.into(), filename: path.into(), oid });
        }
    }
    entries.extend(below.into_iter().map(|(name, files)| {
        let oid = write_tree(repository, &files);
        Entry { mode: EntryKind::Tree.into(), filename: name.into(), oid }
    }));
    entries.sort();
    repository.write_object(&gix::objs::Tree { entries }).expect("a tree").detach()
}

/// The least that git takes for a repository.
pub(crate) fn git_directory(git: &Path) {
    write(&git.join("HEAD"), "ref: refs/heads/main\n");
    write(&git.join("config"), "[core]\n\trepositoryformatversion = 0\n\tbare = false\n");
    fs::create_dir_all(git.join("objects")).expect("a directory");
    fs::create_dir_all(git.join("refs/heads")).expect("a directory");
}

pub(crate) fn write_index(git: &Path, entries: &[(&str, Mode, Flags)], hash: gix::hash::Kind) {
    let mut state = gix::index::State::new(hash);
    for (path, mode, flags) in entries {
        state.dangerously_push_entry(Stat::default(), hash.null(), *flags, *mode, (*path).into());
    }
    state.sort_entries();
    let mut file = gix::index::File::from_state(state, git.join("index"));
    file.write(gix::index::write::Options::default()).expect("the index can be written");
}

pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, bytes).expect("the file can be written");
}

pub(crate) fn paths(sources: &Sources) -> Vec<&str> {
    sources.files().map(|(_, file)| file.path.as_str()).collect()
}

/// Each problem as its path and message.
pub(crate) fn problems(sources: &Sources) -> Vec<(String, String)> {
    let place = |problem: &Problem| match (problem.span, &problem.path) {
        (Some(span), _) => sources.file(span.file).path.clone(),
        (None, path) => path.clone().unwrap_or_default(),
    };
    sources.problems().iter().map(|problem| (place(problem), problem.message.clone())).collect()
}
