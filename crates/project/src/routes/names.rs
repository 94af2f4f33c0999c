//! By what names modules are imported, which is what `__name__` holds.
//!
//! A module that is imported has the name in the import, or the one that a relative import gives it from the name of its
//! importer. A module where following begins has the name by which a server is started, by which imports name its
//! neighbours, or the one from its import root.

use crate::{Module, ModuleId, Project};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Programs that are given an application as `module:attribute`.
const SERVERS: &[&str] = &["uvicorn", "gunicorn", "hypercorn", "granian", "daphne", "fastapi"];

/// How large a file may be that is searched for the start of a server, in bytes.
const MAX_FILE: usize = 64 * 1024;

/// The names of the modules of a project.
pub(super) struct Names<'p> {
    project: &'p Project,
    /// The names that are known, and whether an import gave them.
    known: HashMap<ModuleId, (Rc<str>, bool)>,
    /// The import root from which the modules of a directory are named, as imports name them.
    roots: HashMap<&'p str, &'p str>,
    /// The dotted names that servers are started with.
    started: Vec<String>,
}

impl<'p> Names<'p> {
    /// Knows nothing but how servers are started.
    pub(super) fn new(project: &'p Project) -> Self {
        Self { project, known: HashMap::new(), roots: HashMap::new(), started: started(project) }
    }

    /// The name of a module.
    pub(super) fn of(&self, module: &Module) -> &str {
        self.known.get(&module.id).map_or_else(|| self.project.modules.get(module.id).name.as_str(), |(name, _)| name)
    }

    /// Names a module where following begins, and the packages around it.
    pub(super) fn begin_at(&mut self, module: &Module) {
        if !self.known.contains_key(&module.id) {
            let stem = self.stem(module);
            let fits = |name: &&String| {
                let path = name.replace('.', "/");
                stem.strip_suffix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
            };
            let longest = self.started.iter().filter(fits).max_by_key(|name| name.len());
            let name = longest.filter(|name| name.len() > module.name.len()).unwrap_or(&module.name);
            self.known.insert(module.id, (Rc::from(name.as_str()), false));
        }
        let (mut name, is_imported) = self.known[&module.id].clone();
        let mut packages = self.project.modules.packages_of(module);
        while let (Some(package), Some((outer, _))) = (packages.pop(), name.clone().rsplit_once('.')) {
            name = Rc::from(outer);
            self.known.entry(package).or_insert_with(|| (Rc::clone(&name), is_imported));
        }
    }

    /// Notes that an import names a module.
    pub(super) fn note(&mut self, importer: &Module, level: u32, path: &[String], module: &Module) {
        let name = if level == 0 { path.join(".") } else { self.relative(importer, level, path) };
        if name.is_empty() {
            return;
        }
        if level == 0 {
            let stem = self.stem(module);
            if let Some(root) = stem.len().checked_sub(name.len()).and_then(|end| stem.get(..end)) {
                self.roots.entry(self.directory(module)).or_insert_with(|| root.trim_end_matches('/'));
            }
        }
        self.known.entry(module.id).or_insert_with(|| (Rc::from(name), true));
    }

    /// The name that a relative import gives.
    fn relative(&self, importer: &Module, level: u32, path: &[String]) -> String {
        let name = self.of(importer);
        let mut package: Vec<&str> = name.split('.').collect();
        let is_package = self.project.modules.path(importer.id).ends_with("__init__.py");
        let up = level as usize - usize::from(is_package);
        package.truncate(package.len().saturating_sub(up));
        package.extend(path.iter().map(String::as_str));
        package.join(".")
    }

    /// The names that differ from those that the import roots give.
    pub(super) fn different(&self) -> BTreeMap<ModuleId, String> {
        let named = self.known.iter().filter_map(|(&id, (name, is_imported))| {
            let module = self.project.modules.get(id);
            let by_neighbours = || {
                let root = *self.roots.get(self.directory(module))?;
                let below = self.stem(module).strip_prefix(root)?.trim_start_matches('/').replace('/', ".");
                (!below.is_empty()).then_some(below)
            };
            let is_default = !is_imported && **name == *module.name;
            let name = if is_default { by_neighbours().unwrap_or_else(|| name.to_string()) } else { name.to_string() };
            (name != module.name).then_some((id, name))
        });
        named.collect()
    }

    /// The path of a module without its ending; of a package that of its directory.
    fn stem(&self, module: &Module) -> &'p str {
        let path = self.project.modules.path(module.id);
        path.strip_suffix("/__init__.py").or_else(|| path.strip_suffix(".py")).unwrap_or(path)
    }

    fn directory(&self, module: &Module) -> &'p str {
        self.project.modules.path(module.id).rsplit_once('/').map_or("", |(directory, _)| directory)
    }
}

/// The dotted names of modules that files which start servers name: `uvicorn app.main:app`.
fn started(project: &Project) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (file, source) in project.sources.files() {
        if !may_start(&source.path) {
            continue;
        }
        let Some(text) = project.sources.text(file).filter(|text| text.len() <= MAX_FILE) else { continue };
        for line in text.lines().filter(|line| SERVERS.iter().any(|server| line.contains(server))) {
            let words = line.split(|character: char| !(character.is_alphanumeric() || "._:".contains(character)));
            let modules = words.filter_map(|word| word.split_once(':')).map(|(module, _)| module);
            found.extend(modules.filter(|module| module.contains('.')).map(str::to_owned));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Whether a file may start a server, by its name.
fn may_start(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    ["dockerfile", "procfile", "makefile", "justfile"].iter().any(|known| lower.contains(known))
        || [".sh", ".yml", ".yaml", ".toml", ".json"].iter().any(|ending| lower.ends_with(ending))
}
