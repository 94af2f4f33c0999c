//! Facts of repositories in memory, for the tests of this folder.

use super::Fact;
use crate::{Project, analyse};
use pyaudit_source::{MemoryFile, MemoryGit, Sources};

/// Each fact of a group as `id path:line message`, in a git work tree; without the line for a whole file.
pub(super) fn told(group: fn(&Project) -> Vec<Fact>, files: &[(&str, &str)]) -> Vec<String> {
    told_in(MemoryGit::Some, group, files)
}

/// The same, inside or outside git.
pub(super) fn told_in(git: MemoryGit, group: fn(&Project) -> Vec<Fact>, files: &[(&str, &str)]) -> Vec<String> {
    let project = project_in(git, files);
    let line = |fact: Fact| {
        let path = &project.sources.file(fact.span.file).path;
        let line =
            project.sources.positions(fact.span).map_or_else(String::new, |(start, _)| format!(":{}", start.line));
        format!("{} {path}{line} {}", fact.id, fact.message)
    };
    group(&project).into_iter().map(line).collect()
}

/// The project of these files, in a git work tree.
pub(crate) fn project(files: &[(&str, &str)]) -> Project {
    project_in(MemoryGit::Some, files)
}

fn project_in(git: MemoryGit, files: &[(&str, &str)]) -> Project {
    let files = files.iter().map(|&(path, text)| MemoryFile::new(path, text));
    let sources = Sources::from_memory(files, git);
    let data = analyse(&sources);
    Project::build(sources, data)
}
