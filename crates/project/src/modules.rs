//! Python modules: their import roots, their names in the project, and which file an import means.
//!
//! A repository may hold several import roots (a monorepo, a `src` layout). A directory is a root when it is the
//! parent of a top-level package, holds a manifest, is named `src`, or is the repository's own root. An import is
//! looked up from the roots around the importing file, the innermost first, then from all others.

use crate::Files;
use crate::aliases::Aliases;
use crate::paths::ancestors;
use crate::standard_library::is_standard_library;
use pyaudit_python::{ExprId, Keyword, Parent, StmtKind};
use pyaudit_source::{FileId, Range, Role, Sources, Span};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// The number of a module in its project, in the order of their paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

/// One Python file of the project. Stubs (`.pyi`) are none.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its own number.
    pub id: ModuleId,
    /// The file.
    pub file: FileId,
    /// What the file is for.
    pub role: Role,
    /// Its dotted name from its import root: `app.api.users`. A package has the name of its directory.
    pub name: String,
    /// The file as plain data.
    pub python: Arc<pyaudit_python::Module>,
    /// The directory that relative imports start from.
    directory: String,
}

impl Module {
    /// A place in this module.
    pub fn span(&self, range: Range) -> Span {
        Span::new(self.file, range)
    }

    /// The place of an expression.
    pub fn span_of(&self, expr: ExprId) -> Span {
        self.span(self.python.syntax.expr(expr).range)
    }

    /// The value of a keyword argument.
    pub fn keyword(&self, keywords: &[Keyword], name: &str) -> Option<ExprId> {
        let syntax = &self.python.syntax;
        let mut named = keywords.iter().filter_map(|keyword| Some((syntax.identifier(keyword.name?), keyword.value)));
        named.find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The names of the classes and functions around a node, from the outermost, with its own when it is one.
    pub fn path_to(&self, node: Parent) -> Vec<String> {
        let syntax = &self.python.syntax;
        let around = std::iter::once(node).chain(syntax.ancestors(node));
        let mut path: Vec<String> = around
            .filter_map(|node| match node {
                Parent::Stmt(id) => match &syntax.stmt(id).kind {
                    StmtKind::FunctionDef(function) => Some(function.name),
                    StmtKind::ClassDef(class) => Some(class.name),
                    _ => None,
                },
                _ => None,
            })
            .map(|name| syntax.identifier(name).to_owned())
            .collect();
        path.reverse();
        path
    }
}

/// Every module of a project, and the way from an import to one.
#[derive(Debug, Default)]
pub struct Modules {
    modules: Vec<Module>,
    /// By path from the root without `.py`; a package by its directory. It is asked for every import of every file, and
    /// never gone through, so its order does not matter.
    by_path: HashMap<String, ModuleId>,
    by_file: BTreeMap<FileId, ModuleId>,
    /// The path of each module's file, in the order of the modules.
    paths: Vec<String>,
    roots: BTreeSet<String>,
    /// The roots below which a module stands whose dotted path from there starts with this name. Most imports are of
    /// somebody else, and no root needs to be tried for them.
    roots_with: HashMap<String, BTreeSet<String>>,
    /// The names that stand for others.
    pub(crate) aliases: Aliases,
}

/// Files whose directory is taken for an import root.
const ROOT_MARKERS: &[&str] =
    &["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "alembic.ini", "Pipfile"];

/// Libraries that modules of packages are named after, which wrap them or stand beside those that do.
const WRAPPED: &[&str] = &[
    "aiohttp",
    "anthropic",
    "authlib",
    "bcrypt",
    "boto3",
    "celery",
    "docker",
    "elasticsearch",
    "fastapi",
    "firebase_admin",
    "httpx",
    "jwt",
    "kafka",
    "kombu",
    "ldap",
    "minio",
    "openai",
    "posthog",
    "pydantic",
    "redis",
    "requests",
    "sendgrid",
    "sentry_sdk",
    "slack_sdk",
    "sqlalchemy",
    "starlette",
    "stripe",
    "structlog",
    "supabase",
    "twilio",
];

impl Modules {
    /// Names every Python file that was parsed.
    pub(crate) fn build(sources: &Sources, files: &Files) -> Self {
        let mut built = Self { roots: find_roots(sources), ..Self::default() };
        for (file, source) in sources.files() {
            let Some((path, python)) = source.path.strip_suffix(".py").zip(files.python(file)) else { continue };
            let id = ModuleId(built.modules.len() as u32);
            let import_path = path.strip_suffix("/__init__").unwrap_or(path).to_owned();
            built.modules.push(Module {
                id,
                file,
                role: source.role,
                name: built.name(&import_path),
                python: Arc::clone(python),
                directory: source.directory().to_owned(),
            });
            built.by_file.insert(file, id);
            built.paths.push(source.path.clone());
            built.note_roots(&import_path);
            // A package shadows a module of the same name: the finder looks for the directory first
            // (https://docs.python.org/3/reference/import.html#searching).
            if path.ends_with("/__init__") {
                built.by_path.insert(import_path, id);
            } else {
                built.by_path.entry(import_path).or_insert(id);
            }
        }
        built.aliases = Aliases::build(&built.modules);
        built
    }

    /// Notes below which roots a path of a module can be found, and by which first name.
    fn note_roots(&mut self, import_path: &str) {
        let parent = import_path.rsplit_once('/').map_or("", |(parent, _)| parent);
        for root in ancestors(parent).filter(|directory| self.roots.contains(*directory)) {
            let below = import_path.strip_prefix(root).unwrap_or(import_path).trim_start_matches('/');
            let first = below.split('/').next().unwrap_or(below);
            let roots = self.roots_with.entry(first.to_owned()).or_default();
            if !roots.contains(root) {
                roots.insert(root.to_owned());
            }
        }
    }

    /// Every module, in the order of their paths.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Module> {
        self.modules.iter()
    }

    /// What a look at each module gives, in the order of the modules; the looks are taken beside each other.
    pub(crate) fn gather<T: Send>(&self, look: impl Fn(&Module) -> Vec<T> + Send + Sync) -> Vec<T> {
        let each: Vec<Vec<T>> = self.modules.par_iter().map(look).collect();
        each.into_iter().flatten().collect()
    }

    /// The module with this number.
    pub fn get(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// The module in a file.
    pub fn in_file(&self, file: FileId) -> Option<&Module> {
        self.by_file.get(&file).map(|&id| self.get(id))
    }

    /// The number of modules.
    pub fn len(&self) -> usize {
        self.modules.len()
    }

    /// Whether the project holds no Python at all.
    pub fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }

    /// The directories from which absolute imports are looked up, in order of their paths; the repository's own root
    /// is the empty path.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.roots.iter().map(String::as_str)
    }

    /// The innermost root of modules that holds a path: what belongs to one application; empty for the whole repository.
    pub fn root_of(&self, path: &str) -> &str {
        let around = self.roots().filter(|root| crate::paths::is_within(path, root));
        around.max_by_key(|root| root.len()).unwrap_or("")
    }

    /// The longest leading part of a dotted path that is a module, seen from `importer`, and how many names it took.
    /// `level` is the number of leading dots of the import. `None` for a module of somebody else.
    pub fn find(&self, importer: &Module, level: u32, path: &[String]) -> Option<(ModuleId, usize)> {
        if level > 0 {
            return self.find_below(&ascend(&importer.directory, level - 1)?, path);
        }
        let first = path.first()?;
        let roots = self.roots_with.get(first);
        let found = roots.and_then(|roots| {
            let around = ancestors(&importer.directory).filter(|directory| roots.contains(*directory));
            around.into_iter().find_map(|root| self.find_top_level(root, path))
        });
        let is_in_package = self.by_path.contains_key(&importer.directory);
        // A script finds its neighbours, because Python puts its directory first; a name of the standard library is
        // left alone, since most files in such a directory are not run as scripts, and so is the module's own name:
        // `stripe.py` wraps the library `stripe`.
        let beside = || {
            if is_standard_library(first) || is_in_package && WRAPPED.contains(&first.as_str()) {
                return None;
            }
            self.find_top_level(&importer.directory, path).filter(|&(found, _)| found != importer.id)
        };
        let elsewhere = || {
            let mut others = roots?.iter().filter(|root| !is_at_or_below(&importer.directory, root));
            others.find_map(|root| self.find_top_level(root, path))
        };
        // Two services of one repository may have modules of the same names. A module of a package has no neighbours
        // but by a relative import, so that for it they come last.
        if is_in_package { found.or_else(elsewhere).or_else(beside) } else { found.or_else(beside).or_else(elsewhere) }
    }

    /// Every module that an import loads: the packages along the path and what it ends at.
    pub fn along(&self, importer: &Module, level: u32, path: &[String]) -> Vec<ModuleId> {
        (1..=path.len().max(1))
            .filter_map(|length| {
                let part = &path[..length.min(path.len())];
                let (id, taken) = self.find(importer, level, part)?;
                (taken == part.len()).then_some(id)
            })
            .collect()
    }

    /// The packages around a module, the outermost first, without itself.
    pub(crate) fn packages_of(&self, module: &Module) -> Vec<ModuleId> {
        let around = ancestors(&module.directory).map_while(|directory| self.by_path.get(directory).copied());
        let mut packages: Vec<ModuleId> = around.filter(|&id| id != module.id).collect();
        packages.reverse();
        packages
    }

    /// The path of the file of a module from the root of the repository.
    pub(crate) fn path(&self, id: ModuleId) -> &str {
        &self.paths[id.0 as usize]
    }

    /// The module that a package holds under a name.
    pub(crate) fn submodule(&self, package: &Module, name: &str) -> Option<ModuleId> {
        let is_package = self.by_path.get(&package.directory) == Some(&package.id);
        let (found, taken) = self.find_below(&package.directory, std::slice::from_ref(&name.to_owned()))?;
        (is_package && taken == 1).then_some(found)
    }

    /// Whether a dotted path is a directory that holds modules and is none itself: a namespace package.
    pub(crate) fn is_namespace(&self, importer: &Module, path: &[String]) -> bool {
        let Some(roots) = path.first().and_then(|first| self.roots_with.get(first)) else { return false };
        let directory = |root: &String| {
            let start = if root.is_empty() { String::new() } else { format!("{root}/") };
            format!("{start}{}", path.join("/"))
        };
        let is_directory = |path: &String| !self.below(path).is_empty() && !self.by_path.contains_key(path);
        self.find(importer, 0, path).is_none_or(|(_, taken)| taken < path.len())
            && roots.iter().map(directory).any(|path| is_directory(&path))
    }

    /// The paths of the files of modules in a directory, and in those below it where `deep` says so.
    pub(crate) fn files_in(&self, directory: &str, deep: bool) -> Vec<&str> {
        let start = if directory.is_empty() { 0 } else { directory.len() + 1 };
        let files = self.below(directory).iter().map(String::as_str);
        files.filter(|path| deep || !path[start..].contains('/')).collect()
    }

    /// The dotted names of the modules and packages in a directory as `pkgutil` gives them, and whether each is a
    /// package, in the order of their names.
    pub(crate) fn modules_in(&self, directory: &str, deep: bool) -> Vec<(String, bool)> {
        let start = if directory.is_empty() { 0 } else { directory.len() + 1 };
        let named = self.below(directory).iter().filter_map(|path| {
            let path = path[start..].strip_suffix(".py")?;
            let package = path.strip_suffix("/__init__");
            let name = package.unwrap_or(path);
            let is_wanted = name != "__init__" && (deep || !name.contains('/'));
            is_wanted.then(|| (name.replace('/', "."), package.is_some()))
        });
        let mut named: Vec<(String, bool)> = named.collect();
        named.sort();
        named
    }

    /// The paths of all modules below a directory.
    fn below(&self, directory: &str) -> &[String] {
        if directory.is_empty() {
            return &self.paths;
        }
        let start = self.paths.partition_point(|path| path.as_str() < directory);
        let prefix = format!("{directory}/");
        let rest = &self.paths[start..];
        let first = rest.partition_point(|path| path.as_str() < prefix.as_str());
        let rest = &rest[first..];
        &rest[..rest.partition_point(|path| path.starts_with(&prefix))]
    }

    /// A module whose first name stands in `root`. A directory without any module there is no package.
    fn find_top_level(&self, root: &str, path: &[String]) -> Option<(ModuleId, usize)> {
        self.find_below(root, path).filter(|&(_, taken)| taken > 0)
    }

    fn find_below(&self, directory: &str, path: &[String]) -> Option<(ModuleId, usize)> {
        let mut at = directory.to_owned();
        let mut found = self.by_path.get(&at).map(|&id| (id, 0));
        for (taken, name) in path.iter().enumerate() {
            if !at.is_empty() {
                at.push('/');
            }
            at.push_str(name);
            found = self.by_path.get(&at).map(|&id| (id, taken + 1)).or(found);
        }
        found
    }

    /// The dotted name of the module at a path without its ending.
    fn name(&self, import_path: &str) -> String {
        let parent = import_path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let root = ancestors(parent).find(|directory| self.roots.contains(*directory)).unwrap_or("");
        let relative = import_path.strip_prefix(root).unwrap_or(import_path);
        relative.trim_start_matches('/').replace('/', ".")
    }
}

/// The directory `steps` levels above `directory`, unless that is outside the repository.
fn ascend(directory: &str, steps: u32) -> Option<String> {
    ancestors(directory).nth(steps as usize).map(str::to_owned)
}

/// Whether `directory` is `root` or lies below it.
fn is_at_or_below(directory: &str, root: &str) -> bool {
    root.is_empty() || directory.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The directories that absolute imports may start from. A package directory is never one, whatever it holds.
fn find_roots(sources: &Sources) -> BTreeSet<String> {
    let packages: BTreeSet<&str> =
        sources.files().filter(|(_, file)| file.name() == "__init__.py").map(|(_, file)| file.directory()).collect();
    let mut roots = BTreeSet::from([String::new()]);
    for (_, file) in sources.files().filter(|(_, file)| file.role != Role::Vendored) {
        let directory = file.directory();
        if file.name() == "__init__.py" {
            let top = ancestors(directory).find(|at| !packages.contains(at)).unwrap_or("");
            roots.insert(top.to_owned());
        } else if ROOT_MARKERS.contains(&file.name()) && !packages.contains(directory) {
            roots.insert(directory.to_owned());
        } else if file.path.ends_with(".py") {
            let source_root = ancestors(directory).find(|at| *at == "src" || at.ends_with("/src"));
            roots.extend(source_root.filter(|root| !packages.contains(root)).map(str::to_owned));
        }
    }
    roots
}
