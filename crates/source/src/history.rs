//! Files that only earlier commits hold.
//!
//! A file that was committed once stays readable after it is deleted. The commits behind `HEAD` are walked from the newest
//! on; a directory whose object was seen is not entered again, so that a commit costs what it changed. Everything is bounded
//! by counts, never by time, so that the same repository gives the same files.

use crate::decode::decode;
use crate::git::Index;
use crate::paths;
use gix::ObjectId;
use gix::hashtable::HashSet;
use gix::objs::{FindExt, TreeRefIter};
use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// How far is looked back, in commits.
const MAX_COMMITS: usize = 30_000;

/// So many commits are looked at together, on one thread. The number must not depend on the machine: what a part has seen
/// decides which commit a file is said to be of.
const COMMITS_IN_A_PART: usize = 2048;

/// How many directories are read for a part.
const MAX_TREES: usize = 30_000;

/// How many bytes of directories are read for a part.
const MAX_TREE_BYTES: usize = 256 * 1024 * 1024;

/// How deep directories are nested.
const MAX_DEPTH: usize = 32;

/// How many versions of files are read.
const MAX_FILES: usize = 500;

/// A file that holds credentials is small.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// How many files of the object database are looked at before it is opened.
const MAX_OBJECT_FILES: usize = 200_000;

/// What the history of a work tree is asked for.
pub(crate) struct Asked<'a> {
    /// The path of the root relative to the work tree, as bytes with `/`.
    pub(crate) prefix: &'a [u8],
    /// What is tracked today is not history.
    pub(crate) index: &'a Index,
    /// Whether a file is read, by its name alone.
    pub(crate) wanted: fn(&str) -> bool,
}

/// A version of a file that an earlier commit holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// Relative to the root, as bytes with `/`.
    pub(crate) path: Vec<u8>,
    /// The newest commit that holds it, in hexadecimal.
    pub(crate) revision: String,
    pub(crate) text: String,
}

/// The wanted files that earlier commits hold and the index does not, in the order of their paths, the newest version of each
/// first. Empty where the history is cut off, lies partly elsewhere, or cannot be read.
pub(crate) fn versions(repository: &gix::Repository, asked: &Asked<'_>) -> Vec<Version> {
    if repository.is_shallow().unwrap_or(true) || !is_self_contained(repository.objects.store_ref().path()) {
        return Vec::new();
    }
    // The decoders of objects are written for trusted files; a panic in one must not end the run.
    catch_unwind(AssertUnwindSafe(|| read(repository, asked))).ok().flatten().unwrap_or_default()
}

/// Whether all objects are regular files below the directory: an alternate would lead elsewhere, and opening a FIFO waits for
/// ever.
fn is_self_contained(objects: &Path) -> bool {
    if fs::symlink_metadata(objects.join("info/alternates")).is_ok() {
        return false;
    }
    let mut left = MAX_OBJECT_FILES;
    let Ok(directories) = fs::read_dir(objects) else { return false };
    directories.flatten().all(|directory| {
        let Ok(files) = fs::read_dir(directory.path()) else {
            return directory.file_type().is_ok_and(|it| it.is_file());
        };
        files.flatten().all(|file| {
            left = left.saturating_sub(1);
            left > 0 && file.file_type().is_ok_and(|kind| kind.is_file() || kind.is_dir())
        })
    })
}

fn read(repository: &gix::Repository, asked: &Asked<'_>) -> Option<Vec<Version>> {
    let commits = commits(repository)?;
    let shared = repository.clone().into_sync();
    let parts: Vec<BTreeMap<Vec<u8>, Versions>> = commits
        .par_chunks(COMMITS_IN_A_PART)
        .map(|part| {
            let repository = shared.to_thread_local();
            let mut walk = Walk::new(&repository, asked, part.first().copied()?);
            part.iter().try_for_each(|&commit| walk.commit(commit));
            Some(walk.found)
        })
        .map(Option::unwrap_or_default)
        .collect();
    let found = joined(parts);
    let each = found.iter().flat_map(|(path, versions)| versions.iter().map(move |version| (path, version)));
    let read = each.take(MAX_FILES).filter_map(|(path, &(id, revision))| {
        let text = text(repository, id)?;
        Some(Version { path: path.clone(), revision: revision.to_hex().to_string(), text })
    });
    Some(read.collect())
}

/// The commits behind `HEAD`, the newest first, as far as they are there.
fn commits(repository: &gix::Repository) -> Option<Vec<ObjectId>> {
    let walk = repository
        .rev_walk([repository.head_id().ok()?.detach()])
        .sorting(Sorting::ByCommitTime(CommitTimeOrder::NewestFirst))
        // A commit graph is a copy that may differ from the commits.
        .use_commit_graph(false);
    Some(walk.all().ok()?.map_while(Result::ok).map(|commit| commit.id).take(MAX_COMMITS).collect())
}

/// The versions of all parts, of which the first holds the newest commits.
fn joined(parts: Vec<BTreeMap<Vec<u8>, Versions>>) -> BTreeMap<Vec<u8>, Versions> {
    let mut all: BTreeMap<Vec<u8>, Versions> = BTreeMap::new();
    for (path, versions) in parts.into_iter().flatten() {
        let known = all.entry(path).or_default();
        for version in versions {
            if !known.iter().any(|(id, _)| *id == version.0) {
                known.push(version);
            }
        }
    }
    all
}

/// The text of a file; `None` where it is too large, no text, or not there, as in a partial clone.
fn text(repository: &gix::Repository, id: ObjectId) -> Option<String> {
    let header = repository.try_find_header(id).ok()??;
    if header.size() > MAX_FILE_BYTES {
        return None;
    }
    let bytes = repository.find_blob(id).ok()?.take_data();
    decode(bytes, false).content.ok().map(|text| text.text)
}

/// The versions of a file, each with the newest commit that holds it, from the newest on.
type Versions = Vec<(ObjectId, ObjectId)>;

/// A walk over the directories of some commits.
struct Walk<'a> {
    repository: &'a gix::Repository,
    asked: &'a Asked<'a>,
    /// The directories and files that were looked at.
    seen: HashSet<ObjectId>,
    /// How many bytes the directories had.
    bytes: usize,
    found: BTreeMap<Vec<u8>, Versions>,
    /// The commit that is looked at.
    revision: ObjectId,
}

impl<'a> Walk<'a> {
    fn new(repository: &'a gix::Repository, asked: &'a Asked<'a>, revision: ObjectId) -> Self {
        Self { repository, asked, seen: HashSet::default(), bytes: 0, found: BTreeMap::new(), revision }
    }

    /// Looks at a commit; `None` where there is no more to be had.
    fn commit(&mut self, id: ObjectId) -> Option<()> {
        self.revision = id;
        let tree = self.repository.find_commit(id).ok()?.tree_id().ok()?.detach();
        self.tree(tree, b"", 0);
        (!self.is_full()).then_some(())
    }

    fn is_full(&self) -> bool {
        self.seen.len() >= MAX_TREES || self.bytes >= MAX_TREE_BYTES
    }

    /// Looks at a directory, `path` relative to the work tree.
    fn tree(&mut self, id: ObjectId, path: &[u8], depth: usize) {
        if depth > MAX_DEPTH || self.is_full() || !self.seen.insert(id) {
            return;
        }
        let mut bytes = Vec::new();
        if self.repository.objects.find_tree_iter(&id, &mut bytes).is_err() {
            return;
        }
        self.bytes += bytes.len();
        for entry in TreeRefIter::from_bytes(&bytes, self.repository.object_hash()) {
            let Ok(entry) = entry else { return };
            if entry.mode.is_tree() {
                let path = paths::join(path, entry.filename);
                if self.leads_to_the_root(&path) {
                    self.tree(entry.oid.to_owned(), &path, depth + 1);
                }
            } else if entry.mode.is_blob() && self.is_wanted(entry.filename) {
                self.file(entry.oid.to_owned(), &paths::join(path, entry.filename));
            }
        }
    }

    /// Whether a directory of the work tree is the root, or above or below it.
    fn leads_to_the_root(&self, path: &[u8]) -> bool {
        let root = self.asked.prefix;
        path == root || paths::below(path, root).is_some() || paths::below(root, path).is_some()
    }

    fn is_wanted(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name).is_ok_and(self.asked.wanted)
    }

    fn file(&mut self, id: ObjectId, path: &[u8]) {
        let Some(path) = paths::below(path, self.asked.prefix) else { return };
        if self.asked.index.find(path).is_none() && self.seen.insert(id) {
            self.found.entry(path.to_vec()).or_default().push((id, self.revision));
        }
    }
}
