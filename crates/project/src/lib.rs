//! One linked model of a whole repository.
//!
//! [`analyse`] turns each file into plain data by itself, in parallel; [`Project::build`] links them. Neither can fail,
//! and after `build` nothing does IO. Each concern of the model stands in a file of its own.

mod files;
mod modules;

pub use files::{Data, Files, analyse, is_wanted};
pub use modules::{Module, ModuleId};

use pyaudit_source::{Problem, Sources};

/// A repository as one model. Checks are functions over it.
#[derive(Debug)]
pub struct Project {
    /// The files: paths, roles, texts, git state.
    pub sources: Sources,
    /// The plain data of each file.
    pub files: Files,
    /// The Python modules, in the order of their paths.
    pub modules: Vec<Module>,
    /// What could not be read, decoded, parsed or linked, in the order of their places.
    pub problems: Vec<Problem>,
}

impl Project {
    /// Links the files. What cannot be known is absent from the model, never guessed.
    pub fn build(sources: Sources, files: Files) -> Self {
        Self { sources, files, modules: Vec::new(), problems: Vec::new() }
    }
}
