//! One linked model of a whole repository.
//!
//! [`analyse`] turns each file into plain data by itself, in parallel; [`Project::build`] links them. Neither can fail,
//! and after `build` nothing does IO. Each concern of the model stands in a file of its own.

mod budget;
mod command_lines;
mod conditions;
mod cors;
mod files;
mod imports;
mod modules;
mod queries;
mod routes;
mod sessions;
mod standard_library;
mod symbols;
mod types;
mod values;

pub use conditions::Condition;
pub use cors::CorsPolicy;
pub use files::{Data, Files, analyse, is_wanted};
pub use imports::Imports;
pub use modules::{Module, ModuleId, Modules};
pub use queries::{Call, Query, QueryKind, Transaction};
pub use routes::{Route, Router, RouterId, RouterKind, Routes};
pub use sessions::DatabaseObject;
pub use standard_library::is_standard_library;
pub use symbols::{Definition, Symbol};
pub use values::{Possible, PossibleValue};

use pyaudit_source::{Problem, Sources};

/// A repository as one model. Checks are functions over it.
#[derive(Debug, Default)]
pub struct Project {
    /// The files: paths, roles, texts, git state.
    pub sources: Sources,
    /// The plain data of each file.
    pub files: Files,
    /// The Python modules, in the order of their paths.
    pub modules: Modules,
    /// The applications, routers and routes.
    pub routes: Routes,
    /// Which module imports which.
    pub imports: Imports,
    /// What could not be read, decoded, parsed or linked, in the order of their places.
    pub problems: Vec<Problem>,
}

impl Project {
    /// Links the files. What cannot be known is absent from the model, never guessed.
    pub fn build(sources: Sources, files: Files) -> Self {
        let modules = Modules::build(&sources, &files);
        let mut project = Self { sources, files, modules, ..Self::default() };
        project.routes = Routes::build(&project);
        project.imports = Imports::build(&project, &project.routes);
        project.problems = project.sources.problems().iter().chain(&project.files.problems).cloned().collect();
        project.problems.sort();
        project
    }
}
