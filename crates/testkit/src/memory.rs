//! The repository of a section, in memory.

use crate::{Git, Section};
use pyaudit_source::{MemoryFile, MemoryGit, Sources};

/// The files of a section as if they had been walked.
pub(crate) fn sources(section: &Section) -> Sources {
    let (git, untracked, past) = match &section.git {
        Git::Inside { untracked, past } => (MemoryGit::Some, Some(untracked), Some(past)),
        Git::Outside => (MemoryGit::None, None, None),
    };
    let files = section.files.iter().map(|file| {
        let entry = MemoryFile::new(&file.path, file.text.as_str());
        if past.is_some_and(|paths| paths.contains(&file.path)) {
            entry.past()
        } else if untracked.is_some_and(|paths| paths.contains(&file.path)) {
            entry.untracked()
        } else {
            entry
        }
    });
    Sources::from_memory(files, git)
}
