//! Projects in memory, and their functions and edges as texts.

use pyaudit_project::calls::{Callee, Confidence, Edge, FunctionId};
use pyaudit_project::{Project, analyse};
use pyaudit_source::{MemoryFile, MemoryGit, Sources};

/// A project of Python files given as pairs of a path and a text.
pub(crate) fn project(files: &[(&str, &str)]) -> Project {
    let files = files.iter().map(|(path, text)| MemoryFile::new(*path, *text));
    let sources = Sources::from_memory(files, MemoryGit::None);
    let data = analyse(&sources);
    Project::build(sources, data)
}

pub(crate) fn name(project: &Project, function: FunctionId) -> String {
    let module = project.modules.get(project.calls.function(function).module);
    format!("{}:{}", module.name, project.calls.qualname(project, function))
}

/// `caller -> callee kind`, with `?` for a guess and `off` for another thread.
fn text(project: &Project, edge: &Edge) -> String {
    let callee = match edge.callee {
        Callee::Function(function) => name(project, function),
        Callee::External(path) => project.calls.path(path).to_owned(),
    };
    let kind = edge.kind.name();
    let guess = if edge.confidence == Confidence::Guess { "?" } else { "" };
    let thread = if edge.off_loop { " off" } else { "" };
    format!("{} -> {callee} {kind}{guess}{thread}", name(project, edge.caller))
}

/// The edges of one function, in the order of the source.
pub(crate) fn edges_of(project: &Project, caller: &str) -> Vec<String> {
    let all = project.calls.edges().iter().filter(|edge| name(project, edge.caller) == caller);
    let prefix = format!("{caller} -> ");
    all.map(|edge| text(project, edge).trim_start_matches(&prefix).to_owned()).collect()
}

/// The edges of one function of the only file, `m.py`.
pub(crate) fn edges(source: &str, caller: &str) -> Vec<String> {
    edges_of(&project(&[("m.py", source)]), &format!("m:{caller}"))
}

/// A class with a constructor and one method.
pub(crate) const SERVICE: &str =
    "class Service:\n    def __init__(self, db=None):\n        self.db = db\n    def run(self):\n        return 1\n";
