//! What git says of a directory: the index, `HEAD`, and whether history is cut off.
//!
//! Everything is read by `gix`, isolated from the environment and from the configuration of the system and the user; no
//! git program is started. The work tree is the nearest directory at or above the root that holds `.git`, be it a
//! directory or the file of a linked worktree or a submodule; `core.worktree` is not obeyed, because it may point anywhere.

use crate::{GitState, paths};
use gix::index::entry::{Flags, Mode};
use std::fs;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// An index larger than this is not read: it would name some five million files.
const MAX_INDEX_BYTES: u64 = 512 * 1024 * 1024;

/// A `.git` file holds one path.
const MAX_GIT_FILE_BYTES: u64 = 8192;

/// No object that takes more memory is decoded.
const MAX_OBJECT_BYTES: usize = 16 * 1024 * 1024;

/// A work tree around the root, and what could be read of its repository.
pub(crate) struct WorkTree {
    /// The directory that holds `.git`.
    pub(crate) directory: PathBuf,
    /// Where the root lies in it, as bytes with `/`.
    pub(crate) prefix: Vec<u8>,
    pub(crate) state: GitState,
    /// `None` when it could not be read.
    pub(crate) index: Option<Index>,
    /// What could not be read.
    pub(crate) problem: Option<String>,
}

/// The files that git tracks below the root, in the order of their paths.
#[derive(Debug, Default)]
pub(crate) struct Index {
    entries: Vec<Entry>,
}

/// One path of the index, relative to the root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: Kind,
    /// A sparse checkout leaves it out of the work tree.
    pub(crate) skipped: bool,
}

/// What an entry of the index stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A file or a symbolic link.
    File,
    /// The commit of another repository.
    Submodule,
    /// A whole directory, in a sparse index.
    Directory,
}

impl Index {
    /// Sorts the entries, and keeps one where a merge conflict left several of the same path.
    pub(crate) fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable();
        entries.dedup_by(|next, kept| next.path == kept.path);
        Self { entries }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The place of a path in `entries`.
    pub(crate) fn find(&self, path: &[u8]) -> Option<usize> {
        self.entries.binary_search_by(|entry| entry.path.as_slice().cmp(path)).ok()
    }

    /// Whether anything below a directory is tracked.
    pub(crate) fn has_below(&self, directory: &[u8]) -> bool {
        let start = paths::join(directory, b"");
        let at = self.entries.partition_point(|entry| entry.path < start);
        self.entries.get(at).is_some_and(|entry| entry.path.starts_with(&start))
    }
}

/// The work tree around `root`, which is absolute and without symbolic links; `None` outside git.
pub(crate) fn work_tree(root: &Path) -> Option<WorkTree> {
    let directory = root.ancestors().find(|directory| holds_repository(directory))?;
    let prefix = paths::slashed(root.strip_prefix(directory).unwrap_or(Path::new("")));
    let mut found = WorkTree {
        directory: directory.to_path_buf(),
        state: GitState { prefix: paths::display(&prefix), ..GitState::default() },
        prefix,
        index: None,
        problem: None,
    };
    // The decoder of the index is written for trusted files; a panic in it must not end the run.
    let read = catch_unwind(AssertUnwindSafe(|| read(&mut found)));
    found.problem = match read {
        Ok(Ok(())) => None,
        Ok(Err(message)) => Some(message),
        Err(_) => Some("the git index could not be decoded".to_owned()),
    };
    Some(found)
}

/// Whether `.git` stands here: a directory with `HEAD`, or a file that points to one.
fn holds_repository(directory: &Path) -> bool {
    let git = directory.join(".git");
    fs::metadata(&git).is_ok_and(|found| found.is_file() || (found.is_dir() && git.join("HEAD").exists()))
}

/// Whether the directory itself looks like a repository without a work tree.
pub(crate) fn is_bare(root: &Path) -> bool {
    root.join("HEAD").is_file() && root.join("objects").is_dir() && root.join("refs").is_dir()
}

fn read(found: &mut WorkTree) -> Result<(), String> {
    let repository = open(&found.directory)?;
    // The commit itself need not be there: a clone may be partial.
    let head = repository.head().ok().and_then(|head| head.id().map(|id| id.to_hex().to_string()));
    found.state.shallow = repository.is_shallow().unwrap_or(false);
    let has_commits = head.is_some();
    found.state.revision = head;
    let path = repository.index_path();
    match fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !has_commits => {
            found.index = Some(Index::default());
            return Ok(());
        }
        Err(error) => return Err(format!("the git index cannot be read: {}", error.kind())),
        Ok(file) if !file.is_file() => return Err("the git index is no regular file".to_owned()),
        Ok(file) if file.len() > MAX_INDEX_BYTES => {
            return Err(format!("the git index has {} bytes, more than {MAX_INDEX_BYTES}", file.len()));
        }
        Ok(_) => {}
    }
    let index = repository.open_index().map_err(|error| format!("the git index cannot be read: {error}"))?;
    found.index = Some(lower(&index, &found.prefix));
    Ok(())
}

/// The repository whose work tree is at `directory`.
pub(crate) fn open(directory: &Path) -> Result<gix::Repository, String> {
    let git = directory.join(".git");
    let resolved = resolve(&git);
    for name in ["HEAD", "config", "config.worktree", "commondir", "packed-refs", "shallow"] {
        // Opening a FIFO would wait for ever.
        if fs::metadata(resolved.join(name)).is_ok_and(|found| !found.is_file()) {
            return Err(format!("`.git/{name}` is no regular file"));
        }
    }
    // The owner of the directory must not change what is found, and nothing that is read here can start a program.
    let limit = format!("gitoxide.objects.allocLimit={MAX_OBJECT_BYTES}");
    let options = gix::open::Options::isolated().with(gix::sec::Trust::Full).config_overrides([limit]);
    let repository = options.open(&git).map_err(|error| format!("`.git` cannot be opened: {error}"))?;
    Ok(repository.to_thread_local())
}

/// The directory that a `.git` file points to, or `.git` itself.
fn resolve(git: &Path) -> PathBuf {
    let Ok(file) = fs::File::open(git).map(|file| file.take(MAX_GIT_FILE_BYTES)) else { return git.to_path_buf() };
    let text = std::io::read_to_string(file).unwrap_or_default();
    let target = text.strip_prefix("gitdir:").map(str::trim);
    target.map_or_else(|| git.to_path_buf(), |target| git.with_file_name(target))
}

fn lower(index: &gix::index::File, prefix: &[u8]) -> Index {
    let entries = index.entries().iter().filter_map(|entry| {
        let path = paths::below(entry.path(index), prefix)?;
        let path = path.strip_suffix(b"/").unwrap_or(path);
        let kind = match entry.mode {
            Mode::COMMIT => Kind::Submodule,
            Mode::DIR => Kind::Directory,
            _ => Kind::File,
        };
        Some(Entry { path: path.to_vec(), kind, skipped: entry.flags.contains(Flags::SKIP_WORKTREE) })
    });
    Index::new(entries.filter(|entry| !entry.path.is_empty()).collect())
}
