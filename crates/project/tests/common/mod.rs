//! Small projects for the tests of this directory.

use pyaudit_project::{Project, analyse};
use pyaudit_source::{MemoryFile, MemoryGit, Sources};

/// The project of these files, each a path and its text, outside git.
pub(crate) fn project(files: &[(&str, &str)]) -> Project {
    let files = files.iter().map(|(path, text)| MemoryFile::new(*path, *text));
    let sources = Sources::from_memory(files, MemoryGit::None);
    let data = analyse(&sources);
    Project::build(sources, data)
}
