//! Reads and decodes the files that are wanted, in parallel.

use crate::decode::{Decoded, decode};
use crate::walk::Found;
use crate::{LoadOptions, Phase, Text, Unread, open, paths};
use rayon::prelude::*;
use std::fs;
use std::path::Path;

/// What became of one file.
pub(crate) struct ReadFile {
    pub(crate) size: u64,
    pub(crate) content: Result<Text, Unread>,
    pub(crate) problem: Option<(Phase, String)>,
}

impl ReadFile {
    fn failed(size: u64, why: Unread, message: String) -> Self {
        Self { size, content: Err(why), problem: Some((Phase::Read, message)) }
    }
}

/// Reads each file that was found, in their order.
pub(crate) fn read_all(root: &Path, found: &[Found], options: &LoadOptions) -> Vec<ReadFile> {
    // A file that vanished has no size, and is found to be missing when it is opened.
    let size_of = |file: &Found| fs::symlink_metadata(root.join(&file.on_disk)).map_or(0, |metadata| metadata.len());
    let sizes: Vec<u64> = found.par_iter().map(size_of).collect();
    let within = within_total(found, &sizes, options);
    let work = (found, sizes, within).into_par_iter();
    work.map(|(file, size, fits)| {
        let read = read_one(root, file, size, fits, options);
        // A file that is only looked at in passing is no problem where it cannot be.
        if read.content.is_err() && (options.optional)(&paths::display(&file.path)) {
            ReadFile { problem: None, ..read }
        } else {
            read
        }
    })
    .collect()
}

/// Which files fit the limit of all bytes together, counted in the order of their paths, so that it does not depend on
/// how many threads read.
fn within_total(found: &[Found], sizes: &[u64], options: &LoadOptions) -> Vec<bool> {
    let mut total = 0_u64;
    let each = found.iter().zip(sizes).map(|(file, size)| {
        let path = paths::display(&file.path);
        if (options.wanted)(&path) && *size <= options.limit_of(&path) {
            total = total.saturating_add(*size);
        }
        total <= options.max_total_bytes
    });
    each.collect()
}

fn read_one(root: &Path, file: &Found, size: u64, fits: bool, options: &LoadOptions) -> ReadFile {
    let path = paths::display(&file.path);
    if !(options.wanted)(&path) {
        return ReadFile { size, content: Err(Unread::NotWanted), problem: None };
    }
    if file.is_special {
        return ReadFile::failed(size, Unread::Unreadable, "is no regular file".to_owned());
    }
    let limit = options.limit_of(&path);
    if size > limit {
        return too_large(size, limit);
    }
    if !fits {
        let message = format!(
            "is not read: together with the files before it there are more than {} bytes",
            options.max_total_bytes
        );
        return ReadFile::failed(size, Unread::TooLarge, message);
    }
    match open::bytes(&root.join(&file.on_disk), limit) {
        Ok(Some(bytes)) => from_bytes(&path, bytes),
        Ok(None) => too_large(limit.saturating_add(1), limit),
        Err(error) => ReadFile::failed(size, Unread::Unreadable, format!("cannot be read: {}", error.kind())),
    }
}

fn too_large(size: u64, limit: u64) -> ReadFile {
    ReadFile::failed(size, Unread::TooLarge, format!("has {size} bytes, more than the limit of {limit}"))
}

/// Decodes the bytes of a wanted file.
pub(crate) fn from_bytes(path: &str, bytes: Vec<u8>) -> ReadFile {
    let size = bytes.len() as u64;
    let is_python = Path::new(path).extension().is_some_and(|extension| extension == "py" || extension == "pyi");
    let Decoded { content, problem } = decode(bytes, is_python);
    ReadFile { size, content, problem: problem.map(|message| (Phase::Decode, message)) }
}

/// The same as `read_all` for bytes in memory.
pub(crate) fn from_memory(path: &str, bytes: Vec<u8>, options: &LoadOptions) -> ReadFile {
    let size = bytes.len() as u64;
    let limit = options.limit_of(path);
    if !(options.wanted)(path) {
        ReadFile { size, content: Err(Unread::NotWanted), problem: None }
    } else if size > limit {
        too_large(size, limit)
    } else {
        from_bytes(path, bytes)
    }
}
