//! Where names come from: a directory on disk, or files in memory.

use crate::{open, paths};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A larger `.gitignore` is not read.
const MAX_IGNORE_BYTES: u64 = 1024 * 1024;

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) name: OsString,
    pub(crate) kind: EntryKind,
}

/// What a name stands for, symbolic links not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EntryKind {
    Directory,
    File,
    SymbolicLink,
    /// A FIFO, a socket, a device, or something that vanished while it was listed.
    Special,
}

/// Something that can be walked. Paths are relative to its root: as bytes with `/`, and as the platform has them.
pub(crate) trait Tree {
    /// The names in a directory, at most `limit`, in any order.
    fn list(&self, path: &[u8], on_disk: &Path, limit: usize) -> io::Result<Vec<Entry>>;

    /// The bytes of a `.gitignore`; `None` when it is too large to obey.
    fn ignore_text(&self, path: &[u8], on_disk: &Path) -> io::Result<Option<Vec<u8>>>;
}

/// A directory on disk.
pub(crate) struct Disk {
    pub(crate) root: PathBuf,
}

impl Tree for Disk {
    fn list(&self, _path: &[u8], on_disk: &Path, limit: usize) -> io::Result<Vec<Entry>> {
        let entries = fs::read_dir(self.root.join(on_disk))?.take(limit);
        entries
            .map(|entry| {
                let entry = entry?;
                let kind = entry.file_type().map_or(EntryKind::Special, kind_of);
                Ok(Entry { name: entry.file_name(), kind })
            })
            .collect()
    }

    fn ignore_text(&self, _path: &[u8], on_disk: &Path) -> io::Result<Option<Vec<u8>>> {
        ignore_file(&self.root.join(on_disk))
    }
}

/// The bytes of a `.gitignore` on disk; `None` when it is too large to obey.
pub(crate) fn ignore_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    open::bytes(path, MAX_IGNORE_BYTES)
}

fn kind_of(kind: fs::FileType) -> EntryKind {
    if kind.is_dir() {
        EntryKind::Directory
    } else if kind.is_file() {
        EntryKind::File
    } else if kind.is_symlink() {
        EntryKind::SymbolicLink
    } else {
        EntryKind::Special
    }
}

/// Files in memory, by path.
pub(crate) struct Memory<'a> {
    files: &'a BTreeMap<Vec<u8>, Vec<u8>>,
    directories: BTreeMap<Vec<u8>, BTreeSet<Entry>>,
}

impl<'a> Memory<'a> {
    /// Derives the directories of the files.
    pub(crate) fn new(files: &'a BTreeMap<Vec<u8>, Vec<u8>>) -> Self {
        let mut directories: BTreeMap<Vec<u8>, BTreeSet<Entry>> = BTreeMap::new();
        for path in files.keys() {
            let mut path = path.as_slice();
            let mut kind = EntryKind::File;
            while !path.is_empty() {
                let parent = paths::parent(path);
                let name = paths::below(path, parent).unwrap_or(path);
                let entry = Entry { name: paths::display(name).into(), kind };
                directories.entry(parent.to_vec()).or_default().insert(entry);
                path = parent;
                kind = EntryKind::Directory;
            }
        }
        Self { files, directories }
    }
}

impl Tree for Memory<'_> {
    fn list(&self, path: &[u8], _on_disk: &Path, limit: usize) -> io::Result<Vec<Entry>> {
        Ok(self.directories.get(path).into_iter().flatten().take(limit).cloned().collect())
    }

    fn ignore_text(&self, path: &[u8], _on_disk: &Path) -> io::Result<Option<Vec<u8>>> {
        let text = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok((text.len() as u64 <= MAX_IGNORE_BYTES).then(|| text.clone()))
    }
}
