//! What modules and packages offer to those that import from them.

use super::MissingImport;
use crate::{Module, ModuleId, Project};
use pyaudit_python::ScopeId;
use pyaudit_source::Role;
use std::collections::BTreeSet;

/// Endings of files that Python can import, or that are compiled to such.
const ENDINGS: &[&str] = &["py", "pyi", "pyx", "pyd", "so", "pyc", "ipynb", "c", "cpp", "rs"];

/// Names of modules that builds write.
const GENERATED: &[&str] = &["version", "_version", "__version__", "__about__", "_about", "_build", "_git_version"];

/// Parts of names of modules that builds write.
const GENERATED_PARTS: &[&str] = &["_pb2", "generated", "_gen", "codegen", "autogen", "proto"];

/// Texts by which a module gives itself names that no statement binds.
const DYNAMIC: &[&str] = &["globals()", "exec(", "sys.modules", "__path__", "vars()", "locals()", "import_module("];

/// How many modules are followed through star imports.
const MAX_STARS: usize = 64;

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    Yes,
    No,
    Unknown,
}

/// What the files of a repository offer.
pub(super) struct Offers<'p> {
    project: &'p Project,
    /// The paths of all files, in order.
    files: Vec<&'p str>,
    /// The directories of git submodules.
    submodules: Vec<String>,
    /// Whether parts of the tree were left out that may hold modules.
    has_links: bool,
}

impl<'p> Offers<'p> {
    pub(super) fn of(project: &'p Project) -> Self {
        let files: Vec<&str> = project.sources.files().map(|(_, file)| file.path.as_str()).collect();
        let submodules = project.sources.find(".gitmodules").and_then(|file| project.sources.text(file));
        let submodules = submodules.unwrap_or("").lines().filter_map(|line| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == "path").then(|| value.trim().to_owned())
        });
        let has_links = project.sources.left_out().contains_key("symbolic link");
        Self { project, files, submodules: submodules.collect(), has_links }
    }

    /// Whether a path without its ending is a module, a package or a directory.
    pub(super) fn exists(&self, path: &str) -> Offer {
        let find = |path: &str| self.project.sources.find(path).is_some();
        if self.is_directory(path) || ENDINGS.iter().any(|ending| find(&format!("{path}.{ending}"))) {
            return Offer::Yes;
        }
        let is_compiled =
            self.starting_with(&format!("{path}.")).any(|file| file.ends_with(".so") || file.ends_with(".pyd"));
        let is_submodule = self.submodules.iter().any(|it| crate::paths::is_within(path, it));
        let is_ignored = self.project.sources.is_ignored(&format!("{path}.py"))
            || self.project.sources.is_ignored(&format!("{path}/__init__.py"));
        if is_compiled || is_submodule || is_ignored { Offer::Unknown } else { Offer::No }
    }

    fn is_directory(&self, path: &str) -> bool {
        path.is_empty() || self.starting_with(&format!("{path}/")).next().is_some()
    }

    fn starting_with<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'p str> + 'a {
        let first = self.files.partition_point(|file| *file < start);
        self.files[first..].iter().copied().take_while(move |file| file.starts_with(start))
    }

    fn module_at(&self, path: &str) -> Option<&'p Module> {
        let find = |path: String| self.project.sources.find(&path);
        let file = find(format!("{path}/__init__.py")).or_else(|| find(format!("{path}.py")))?;
        self.project.modules.in_file(file)
    }

    /// The path of the file of a module; the path itself for a directory that is no package.
    pub(super) fn file_of(&self, path: &str) -> String {
        self.module_at(path).map_or_else(|| path.to_owned(), |module| self.project.modules.path(module.id).to_owned())
    }

    /// Whether a package may find modules elsewhere than in its own directory.
    pub(super) fn may_extend(&self, path: &str) -> bool {
        match self.module_at(path) {
            Some(module) => {
                let is_package = self.project.modules.path(module.id).ends_with("/__init__.py");
                let text = self.project.sources.text(module.file).unwrap_or("");
                !is_package && self.is_directory(path)
                    || ["__path__", "extend_path", "declare_namespace", "sys.modules", "__getattr__"]
                        .iter()
                        .any(|it| text.contains(it))
            }
            // A module that could not be parsed, or a file that is no Python text.
            None => !self.is_directory(path),
        }
    }

    /// Whether what holds the missing thing is a module or a package with an `__init__.py`: other directories of the
    /// same name may add to one without.
    pub(super) fn is_package(&self, missing: &MissingImport) -> bool {
        match missing {
            MissingImport::Module { path, .. } => {
                path.rsplit_once('/').is_none_or(|(parent, _)| self.module_at(parent).is_some())
            }
            MissingImport::Name { path, .. } => path.ends_with(".py"),
        }
    }

    /// Whether a module, package or directory offers a name.
    pub(super) fn name_at(&self, path: &str, name: &str) -> Offer {
        let inner = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        let Some(module) = self.module_at(path) else {
            // Of a directory, only modules can be imported; another kind of module may hold anything.
            return if self.is_directory(path) { self.exists(&inner) } else { Offer::Unknown };
        };
        match self.name_in(module, name, &mut BTreeSet::new()) {
            Offer::No if self.is_directory(path) => self.exists(&inner),
            offer => offer,
        }
    }

    fn name_in(&self, module: &Module, name: &str, seen: &mut BTreeSet<ModuleId>) -> Offer {
        if name.starts_with("__") && name.ends_with("__") || Self::binds(module, name) {
            return Offer::Yes;
        }
        if !seen.insert(module.id) {
            return Offer::No;
        }
        if seen.len() > MAX_STARS || self.is_dynamic(module, name) {
            return Offer::Unknown;
        }
        let stars = module.python.names.imports.iter().filter(|import| import.bound.is_none());
        let mut found = Offer::No;
        for star in stars {
            let path: Vec<String> = star.module.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            let source = self.project.modules.find(module, star.level, &path).filter(|&(_, taken)| taken == path.len());
            let Some((source, _)) = source else { return Offer::Unknown };
            match self.starred(self.project.modules.get(source), name, seen) {
                Offer::Yes => return Offer::Yes,
                Offer::Unknown => found = Offer::Unknown,
                Offer::No => {}
            }
        }
        found
    }

    /// Whether `from module import *` gives a name.
    fn starred(&self, module: &Module, name: &str, seen: &mut BTreeSet<ModuleId>) -> Offer {
        match &module.python.names.exported {
            Some(exported) => {
                if exported.iter().any(|it| it == name) {
                    Offer::Yes
                } else {
                    Offer::No
                }
            }
            None if Self::binds(module, "__all__") => Offer::Unknown,
            None if name.starts_with('_') => Offer::No,
            None => self.name_in(module, name, seen),
        }
    }

    fn binds(module: &Module, name: &str) -> bool {
        module.python.binding(ScopeId(0), name).is_some()
    }

    /// Whether a module may have names that it does not bind itself.
    fn is_dynamic(&self, module: &Module, name: &str) -> bool {
        let text = self.project.sources.text(module.file).unwrap_or("");
        !self.project.is_parsed(module)
            || matches!(module.role, Role::Generated | Role::Vendored | Role::Stub)
            || Self::binds(module, "__getattr__")
            || DYNAMIC.iter().any(|it| text.contains(it))
            || self.project.attribute_index().is_stored(name)
    }

    /// Whether a build, a checkout or a program may make what is missing.
    pub(super) fn may_be_made(&self, missing: &MissingImport) -> bool {
        let MissingImport::Module { path, .. } = missing else { return false };
        let last = path.rsplit('/').next().unwrap_or(path);
        if self.has_links || GENERATED.contains(&last) {
            return true;
        }
        if path.split('/').any(|part| GENERATED_PARTS.iter().any(|it| part.contains(it))) {
            return true;
        }
        let file = format!("{last}.py");
        let dotted = path.replace('/', ".");
        let files = self.project.sources.files().filter(|(_, file)| !file.path.ends_with(".md"));
        files
            .filter_map(|(id, _)| self.project.sources.text(id))
            .any(|text| text.contains(&file) || (text.contains("sys.modules") && text.contains(&dotted)))
    }
}
