//! Modules and classes that nothing uses.
//!
//! Python loads by name in many ways, and programs are named in commands, manifests and strings. What any text of the
//! repository may mean counts as used: a module or class is dead only where nothing at all speaks of it.

mod classes;
mod loaders;
mod mentions;
mod starts;
mod unreached;

use crate::{Module, ModuleId, Project};
use loaders::Loaders;
use mentions::Mentions;
use pyaudit_source::Role;
use std::collections::{BTreeMap, BTreeSet};

pub use classes::DeadClass;
pub(crate) use unreached::Reached;

/// A module of an application that no program loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadModule {
    /// The module.
    pub module: ModuleId,
    /// The modules of tests that import it, in the order of their paths.
    pub tests: Vec<ModuleId>,
    /// The modules that only it, or what it alone imports, loads.
    pub only_it: Vec<ModuleId>,
    /// How many routes it registers, which nothing serves.
    pub routes: usize,
}

/// What the search for dead code knows of a project.
#[derive(Debug)]
pub struct Liveness {
    /// The modules that were examined.
    pub examined: BTreeSet<ModuleId>,
    /// The modules of applications whose import root holds a shipped application.
    is_ours: BTreeSet<ModuleId>,
    /// The modules that some program may load.
    live: BTreeSet<ModuleId>,
    /// The modules that some program surely or probably loads: a word that is no dotted name or path names none.
    loaded: BTreeSet<ModuleId>,
    mentions: Mentions,
}

impl Project {
    /// Which modules of the applications some program may load. Only modules below an import root that holds a shipped
    /// application are examined: others are libraries, whose users are elsewhere.
    /// Worked out when it is first asked for.
    pub fn liveness(&self) -> &Liveness {
        self.liveness.get_or_init(|| self.find_liveness())
    }

    fn find_liveness(&self) -> Liveness {
        let mentions = Mentions::read(self);
        let loaders = Loaders::read(self);
        let applications = self.application_modules();
        let roots: BTreeSet<&str> = self
            .shipped_applications()
            .map(|id| self.modules.root_of(self.modules.path(self.routes.router(id).module)))
            .collect();
        let mut examined = BTreeSet::new();
        let mut is_ours = BTreeSet::new();
        let mut starts = Vec::new();
        let mut programs = Vec::new();
        for module in self.modules.iter().filter(|module| module.role != Role::Test) {
            let path = self.modules.path(module.id);
            let dotted = dotted(path);
            let is_package = path.ends_with("__init__.py");
            let is_program = module.role != Role::Application
                || !roots.contains(self.modules.root_of(path))
                || !is_importable(&dotted)
                || self.may_be_started(module, &applications)
                || loaders.may_load(path, &dotted)
                || mentions.names_dotted(&dotted, loaders.by_name);
            let is_started = is_program || mentions.has_word(last(&dotted)) || self.is_exported(module, &dotted);
            if is_program {
                programs.push(module.id);
                programs.extend(self.modules.packages_of(module));
            }
            if module.role == Role::Application && roots.contains(self.modules.root_of(path)) {
                is_ours.insert(module.id);
            }
            if is_started {
                starts.push(module.id);
                starts.extend(self.modules.packages_of(module));
            } else if !is_package {
                examined.insert(module.id);
            }
        }
        let mut live = self.imports.reach(starts);
        self.add_packages(&mut live);
        let mut loaded = self.imports.reach(programs);
        self.add_packages(&mut loaded);
        Liveness { examined, is_ours, live, loaded, mentions }
    }

    /// A module loads the packages around it, and whatever these import.
    fn add_packages(&self, live: &mut BTreeSet<ModuleId>) {
        loop {
            let around: BTreeSet<ModuleId> =
                live.iter().flat_map(|&id| self.modules.packages_of(self.modules.get(id))).collect();
            if around.is_subset(live) {
                return;
            }
            let reached = self.imports.reach(around.into_iter().collect());
            live.extend(reached);
        }
    }

    /// Whether the package around a module lists it in `__all__`.
    fn is_exported(&self, module: &Module, dotted: &str) -> bool {
        let stem = last(dotted);
        let packages = self.modules.packages_of(module);
        let exported = packages.last().and_then(|&id| self.modules.get(id).python.names.exported.as_ref());
        exported.is_some_and(|names| names.iter().any(|name| name == stem))
    }

    /// The modules that no program loads and no other dead module imports, in the order of their paths.
    pub fn dead_modules(&self, liveness: &Liveness) -> Vec<DeadModule> {
        let dead: BTreeSet<ModuleId> =
            liveness.examined.iter().copied().filter(|&id| liveness.is_dead(self, id)).collect();
        let importers = |id: ModuleId| self.imports.importers(id).iter().copied().filter(move |&other| other != id);
        let mut routes: BTreeMap<ModuleId, usize> = BTreeMap::new();
        for route in &self.routes.routes {
            *routes.entry(route.module).or_default() += 1;
        }
        let mut told = BTreeSet::new();
        let tops = dead.iter().filter(|&&id| !importers(id).any(|other| dead.contains(&other)));
        let found = tops.map(|&module| {
            let below = self.imports.reach(vec![module]);
            let only_it = below.into_iter().filter(|id| *id != module && dead.contains(id));
            DeadModule {
                module,
                tests: importers(module).filter(|&other| self.modules.get(other).role == Role::Test).collect(),
                only_it: only_it.filter(|&id| told.insert(id)).collect(),
                routes: routes.get(&module).copied().unwrap_or(0),
            }
        });
        found.collect()
    }
}

impl Liveness {
    fn is_dead(&self, project: &Project, id: ModuleId) -> bool {
        !self.live.contains(&id) && project.modules.get(id).defines_something()
    }
}

/// The dotted name of a file from the root of the repository.
fn dotted(path: &str) -> String {
    let path = path.strip_suffix(".py").unwrap_or(path);
    path.strip_suffix("/__init__").unwrap_or(path).replace('/', ".")
}

/// The last part of a dotted name.
fn last(dotted: &str) -> &str {
    dotted.rsplit('.').next().unwrap_or(dotted)
}

/// Whether an import statement can name the last part of a dotted name.
fn is_importable(dotted: &str) -> bool {
    let last = last(dotted);
    let starts = last.starts_with(|first: char| first.is_alphabetic() || first == '_');
    starts && last.chars().all(|character| character.is_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    const APPLICATION: &str = "from fastapi import FastAPI\nfrom app import users\napp = FastAPI()\n";

    fn dead(files: &[(&str, &str)]) -> Vec<String> {
        let mut all = vec![("app/__init__.py", ""), ("app/main.py", APPLICATION), ("app/users.py", "def f(): pass\n")];
        all.extend(files);
        let project = project(&all);
        let liveness = project.liveness();
        project.dead_modules(liveness).iter().map(|dead| project.modules.get(dead.module).name.clone()).collect()
    }

    #[test]
    fn what_nothing_speaks_of_is_dead() {
        assert_eq!(dead(&[("app/old.py", "def f(): pass\n")]), ["app.old"]);
        let chain =
            [("app/old.py", "from app.older import f\nX = 1\nY = 2\nZ = 3\n"), ("app/older.py", "def f(): pass\n")];
        assert_eq!(dead(&chain), ["app.old"]);
        assert_eq!(dead(&[("app/old.py", "def f(): pass\n"), ("tests/test_old.py", "import app.old\n")]), ["app.old"]);
    }

    #[test]
    fn what_is_started_named_or_loaded_by_name_is_not() {
        let module = ("app/old.py", "def f(): pass\n");
        assert!(dead(&[module, ("Procfile", "w: python -m app.old\n")]).is_empty());
        assert!(dead(&[module, ("scripts/run.py", "from app.old import f\n")]).is_empty());
        let loader = "import importlib\ndef load(n): importlib.import_module(f'app.{n}')\nX = load('old')\n";
        assert!(dead(&[module, ("app/loader.py", "def g(): pass\n"), ("app/main2.py", loader)]).is_empty());
        let passed_on = "from app.loader import load_it\ndef g(n): load_it(f'app.plugins.{n}.api')\ng('x')\n";
        let function = "import importlib\ndef load_it(path): return importlib.import_module(path)\n";
        let plugin = ("app/plugins/x/api.py", "def f(): pass\n");
        assert!(dead(&[plugin, ("lib/loader.py", function), ("app/run.py", passed_on)]).is_empty());
        assert!(dead(&[("app/old.py", "def f(): pass\nif __name__ == '__main__':\n    f()\n")]).is_empty());
        assert!(dead(&[("app/old.py", "def f(): pass\nf()\n")]).is_empty());
        assert!(dead(&[("app/old.py", "def f(): pass\ntry:\n    f()\nexcept OSError:\n    pass\n")]).is_empty());
        assert_eq!(dead(&[("app/old.py", "class A:\n    x.f()\n    def f(self):\n        g()\n")]).len(), 1);
        assert!(
            dead(&[("lib/setup.py", ""), ("lib/pkg/__init__.py", ""), ("lib/pkg/a.py", "def f(): pass\n")]).is_empty()
        );
    }
}
