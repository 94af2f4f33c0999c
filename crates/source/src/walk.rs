//! Lists the files below a directory.
//!
//! One walk, without recursion, decides for every name: tracked files count wherever they stand; of the others, those that
//! the repository's own rules leave. What is left out is counted by reason; a directory that is not entered counts as
//! one. Symbolic links are not followed at all, neither to directories nor to files: what they point to inside the root is
//! listed under its own path, and what lies outside is not part of the repository. So no loop can arise.

use crate::exclude::Excludes;
use crate::git::{Index, Kind};
use crate::ignore::{IGNORE_FILE, IgnoreRules};
use crate::tree::{Entry, EntryKind, Tree};
use crate::{LeftOut, Phase, Problem, Tracking, paths, roles};
use std::path::PathBuf;

/// Directories deeper than this are not entered.
const MAX_DEPTH: usize = 256;
/// After so many names the walk ends.
const MAX_ENTRIES: usize = 2_000_000;
/// After so many files the walk ends.
pub(crate) const MAX_FILES: usize = 1_000_000;

/// The names of reasons, as `left_out` shows them.
pub(crate) mod reason {
    pub(crate) const IGNORED: &str = "ignored";
    pub(crate) const IGNORED_DIRECTORY: &str = "ignored directory";
    pub(crate) const VENDORED: &str = "vendored";
    pub(crate) const VENDORED_DIRECTORY: &str = "vendored directory";
    pub(crate) const EXCLUDED: &str = "excluded";
    pub(crate) const EXCLUDED_DIRECTORY: &str = "excluded directory";
    pub(crate) const SYMBOLIC_LINK: &str = "symbolic link";
    pub(crate) const SUBMODULE: &str = "submodule";
    pub(crate) const NESTED_REPOSITORY: &str = "nested repository";
    pub(crate) const DELETED: &str = "deleted";
    pub(crate) const SPARSE: &str = "not checked out";
}

/// A file that counts.
pub(crate) struct Found {
    /// Relative to the root, with `/`.
    pub(crate) path: Vec<u8>,
    /// The same for the operating system.
    pub(crate) on_disk: PathBuf,
    pub(crate) tracking: Tracking,
    /// Neither a directory nor a regular file.
    pub(crate) is_special: bool,
}

/// Everything that a walk needs to know, and what it gathers.
pub(crate) struct Walk<'a> {
    tree: &'a dyn Tree,
    /// `None` when it is unknown what git tracks.
    index: Option<&'a Index>,
    excludes: &'a Excludes,
    pub(crate) rules: IgnoreRules,
    pub(crate) found: Vec<Found>,
    pub(crate) left_out: LeftOut,
    pub(crate) problems: Vec<Problem>,
    seen: Vec<bool>,
    entries: usize,
    /// Directories still to be entered.
    stack: Vec<Directory>,
}

/// A directory to enter.
struct Directory {
    path: Vec<u8>,
    on_disk: PathBuf,
    depth: usize,
    /// Why only tracked files count here, if so.
    only_tracked: Option<&'static str>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        tree: &'a dyn Tree,
        index: Option<&'a Index>,
        excludes: &'a Excludes,
        rules: IgnoreRules,
    ) -> Self {
        Self {
            tree,
            index,
            excludes,
            rules,
            found: Vec::new(),
            left_out: LeftOut::new(),
            problems: Vec::new(),
            seen: vec![false; index.map_or(0, |index| index.entries().len())],
            entries: 0,
            stack: Vec::new(),
        }
    }

    /// Walks the whole tree.
    pub(crate) fn run(&mut self) {
        let only_tracked = (self.index.is_some() && self.rules.ignores_root()).then_some(reason::IGNORED);
        self.stack.push(Directory { path: Vec::new(), on_disk: PathBuf::new(), depth: 0, only_tracked });
        while let Some(directory) = self.stack.pop() {
            if self.entries > MAX_ENTRIES || self.found.len() > MAX_FILES {
                let message = format!("more than {MAX_FILES} files: the rest is left out");
                self.problem(&directory.path, message);
                break;
            }
            self.enter(directory);
        }
        self.count_missing();
    }

    fn enter(&mut self, mut directory: Directory) {
        let entries = match self.list(&directory) {
            Ok(entries) => entries,
            Err(error) => return self.problem(&directory.path, format!("cannot be listed: {}", error.kind())),
        };
        let holds = |name: &str| entries.iter().any(|entry| entry.name == name);
        if !directory.path.is_empty() && directory.only_tracked.is_none() {
            let left_out = if holds("pyvenv.cfg") {
                Some((reason::VENDORED_DIRECTORY, reason::VENDORED))
            } else if holds(".git") {
                Some((reason::NESTED_REPOSITORY, reason::NESTED_REPOSITORY))
            } else {
                None
            };
            if let Some((whole, single)) = left_out {
                if !self.tracks_below(&directory.path) {
                    return self.leave_out(whole);
                }
                directory.only_tracked = Some(single);
            }
        }
        if directory.only_tracked.is_none() && has_rules(&entries) {
            self.read_rules(&directory);
        }
        for entry in entries {
            self.visit(&directory, &entry);
        }
    }

    /// The entries of a directory in the order of their names.
    fn list(&mut self, directory: &Directory) -> std::io::Result<Vec<Entry>> {
        let mut entries = self.tree.list(&directory.path, &directory.on_disk, MAX_ENTRIES + 1 - self.entries)?;
        self.entries += entries.len();
        entries.sort();
        Ok(entries)
    }

    fn read_rules(&mut self, directory: &Directory) {
        let path = paths::join(&directory.path, IGNORE_FILE.as_bytes());
        match self.tree.ignore_text(&path, &directory.on_disk.join(IGNORE_FILE)) {
            Ok(Some(text)) => {
                if !self.rules.add(&directory.path, &text) {
                    self.problem(&path, "has too many patterns: the last ones are not obeyed".to_owned());
                }
            }
            Ok(None) => self.problem(&path, "is too large: its rules are not obeyed".to_owned()),
            Err(error) => self.problem(&path, format!("cannot be read: {}", error.kind())),
        }
    }

    fn visit(&mut self, directory: &Directory, entry: &Entry) {
        if entry.name == ".git" {
            return;
        }
        let path = paths::join(&directory.path, entry.name.as_encoded_bytes());
        let on_disk = directory.on_disk.join(&entry.name);
        if entry.kind == EntryKind::Directory {
            self.visit_directory(directory, path, on_disk);
        } else {
            self.visit_file(directory, path, on_disk, entry.kind);
        }
    }

    fn visit_directory(&mut self, parent: &Directory, path: Vec<u8>, on_disk: PathBuf) {
        if self.mark_seen(&path) == Some(Kind::Submodule) {
            return self.leave_out(reason::SUBMODULE);
        }
        if self.excludes.matches(&path) {
            return self.leave_out(reason::EXCLUDED_DIRECTORY);
        }
        if parent.depth >= MAX_DEPTH {
            return self.problem(&path, format!("lies deeper than {MAX_DEPTH} directories and is left out"));
        }
        let mut only_tracked = parent.only_tracked;
        if only_tracked.is_none() {
            let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(&path);
            let left_out = if roles::is_vendored_name(name) {
                Some((reason::VENDORED_DIRECTORY, reason::VENDORED))
            } else if self.rules.ignores_entry(&path, true) {
                Some((reason::IGNORED_DIRECTORY, reason::IGNORED))
            } else {
                None
            };
            if let Some((whole, single)) = left_out {
                if !self.tracks_below(&path) {
                    return self.leave_out(whole);
                }
                only_tracked = Some(single);
            }
        } else if !self.tracks_below(&path) {
            return self.leave_out(whole_of(only_tracked));
        }
        self.stack.push(Directory { path, on_disk, depth: parent.depth + 1, only_tracked });
    }

    fn visit_file(&mut self, parent: &Directory, path: Vec<u8>, on_disk: PathBuf, kind: EntryKind) {
        let is_tracked = self.mark_seen(&path).is_some();
        if !is_tracked {
            if let Some(reason) = parent.only_tracked {
                return self.leave_out(reason);
            }
            if self.rules.ignores_entry(&path, false) {
                return self.leave_out(reason::IGNORED);
            }
        }
        if self.excludes.matches(&path) {
            return self.leave_out(reason::EXCLUDED);
        }
        if kind == EntryKind::SymbolicLink {
            return self.leave_out(reason::SYMBOLIC_LINK);
        }
        let tracking = match (self.index, is_tracked) {
            (None, _) => Tracking::Unknown,
            (Some(_), true) => Tracking::Tracked,
            (Some(_), false) => Tracking::Untracked,
        };
        self.found.push(Found { path, on_disk, tracking, is_special: kind == EntryKind::Special });
    }

    fn tracks_below(&self, directory: &[u8]) -> bool {
        self.index.is_some_and(|index| index.has_below(directory))
    }

    /// What the index has under this path, and that it was met.
    fn mark_seen(&mut self, path: &[u8]) -> Option<Kind> {
        let index = self.index?;
        let at = index.find(path)?;
        self.seen[at] = true;
        Some(index.entries()[at].kind)
    }

    /// Counts the paths of the index that the work tree does not have.
    fn count_missing(&mut self) {
        let Some(index) = self.index else { return };
        for (entry, seen) in index.entries().iter().zip(&self.seen) {
            if *seen || self.excludes.matches_any_level(&entry.path) {
                continue;
            }
            let reason = match entry.kind {
                Kind::Submodule => reason::SUBMODULE,
                Kind::Directory => reason::SPARSE,
                Kind::File if entry.skipped => reason::SPARSE,
                Kind::File => reason::DELETED,
            };
            *self.left_out.entry(reason).or_default() += 1;
        }
    }

    fn leave_out(&mut self, reason: &'static str) {
        *self.left_out.entry(reason).or_default() += 1;
    }

    fn problem(&mut self, path: &[u8], message: String) {
        let path = if path.is_empty() { ".".to_owned() } else { paths::display(path) };
        self.problems.push(Problem { span: None, path: Some(path), phase: Phase::Walk, message });
    }
}

/// Whether a directory has rules of its own. As in git, a symbolic link is no ignore file.
fn has_rules(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| entry.name == IGNORE_FILE && entry.kind == EntryKind::File)
}

/// The reason for a whole directory, below one of which only the tracked files count.
fn whole_of(single: Option<&'static str>) -> &'static str {
    match single {
        Some(reason::VENDORED) => reason::VENDORED_DIRECTORY,
        Some(reason::NESTED_REPOSITORY) => reason::NESTED_REPOSITORY,
        _ => reason::IGNORED_DIRECTORY,
    }
}
