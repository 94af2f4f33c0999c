//! Modules that import each other while they are loaded, and whether that can fail.
//!
//! A module runs once, when the first import of it is met (Python language reference, "The import system"). Where that
//! import leads back to a module that is still running, `from module import name` works only if the name is already bound.

mod components;
mod loading;

use crate::{Module, ModuleId, Project, Symbol};
use loading::Loading;
use pyaudit_python::{Import, Parent, ScopeId, ScopeKind, StmtKind};
use pyaudit_source::{Range, Role};
use std::collections::BTreeSet;

/// How many modules of one component, and how many altogether, are tried as the first that is imported.
const MAX_STARTS: usize = 12;

/// One import that runs when its module is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadingImport {
    /// The module that imports.
    pub from: ModuleId,
    /// The module that must be there: the one that a name is taken from, or the imported module itself.
    pub to: ModuleId,
    /// The packages that are loaded on the way, the outermost first.
    packages: Vec<ModuleId>,
    /// The name that `to` must have bound by then; `None` where the module itself is imported.
    pub name: Option<String>,
    /// The imported name in the statement.
    pub range: Range,
    /// Where the statement starts.
    position: u32,
    /// Whether the module goes on where it fails: it stands in a `try` whose handlers catch `ImportError`.
    is_optional: bool,
}

/// What becomes of a cycle when a program starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CycleOutcome {
    /// Loading this module first, which nothing else imports, ends at this import.
    Fails(ModuleId, LoadingImport),
    /// It works as the programs import it now, and would end at this import if this module were imported first.
    DependsOnOrder(ModuleId, LoadingImport),
    /// It works whichever module is imported first.
    Works,
    /// It depends on an import below a condition.
    Unknown,
}

/// Modules that import each other while they are loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportCycle {
    /// Every module from which each other one of them is reached, in the order of their paths.
    pub modules: Vec<ModuleId>,
    /// The imports of a shortest cycle among them, each leading to the next; the first is that of the module which most
    /// others import.
    pub imports: Vec<LoadingImport>,
    /// Whether it can fail.
    pub outcome: CycleOutcome,
}

impl Project {
    /// The cycles of imports among the modules of applications, in the order of their first modules. Imports in functions,
    /// for type checkers, in a `__main__` block and those that may fail are no part of one.
    pub fn import_cycles(&self) -> Vec<ImportCycle> {
        let imports: Vec<Vec<LoadingImport>> = self.modules.iter().map(|module| self.running_imports(module)).collect();
        let edges: Vec<Vec<usize>> = self.modules.iter().map(|module| self.edges(module, &imports)).collect();
        let mut loading = Loading::new(self, &imports);
        let components = components::components(&edges);
        components.iter().map(|component| self.cycle(component, &edges, &mut loading)).collect()
    }

    /// The imports that run when a module of an application is loaded, in the order of the source, without those that may
    /// fail.
    pub fn loading_imports(&self, module: &Module) -> Vec<LoadingImport> {
        let mut imports = self.running_imports(module);
        imports.retain(|import| !import.is_optional);
        imports
    }

    /// The imports that run when a module of an application is loaded, in the order of the source. Those that may fail are
    /// tried all the same, and what they load is there for those that follow; below a condition they may not even be tried.
    fn running_imports(&self, module: &Module) -> Vec<LoadingImport> {
        if module.role != Role::Application {
            return Vec::new();
        }
        let runs = |import: &&Import| {
            let at = Parent::Stmt(import.stmt);
            let hidden = import.type_checking || module.python.is_in_main_guard(at);
            !hidden && module.runs_on_import(import.scope) && !self.may_be_left_out(module, import)
        };
        module.python.names.imports.iter().filter(runs).filter_map(|import| self.loading(module, import)).collect()
    }

    /// Whether an import that may fail stands below a condition as well, so that it may not even be tried.
    fn may_be_left_out(&self, module: &Module, import: &Import) -> bool {
        let syntax = &module.python.syntax;
        let mut around = syntax.enclosing_stmts(Parent::Stmt(import.stmt));
        import.optional
            && !import.type_checking
            && module.runs_on_import(import.scope)
            && around.any(|stmt| matches!(syntax.stmt(stmt).kind, StmtKind::If { .. }))
            && self.imported(module, import).is_some_and(|symbol| symbol.external().is_none())
    }

    fn loading(&self, module: &Module, import: &Import) -> Option<LoadingImport> {
        let mut path: Vec<String> =
            import.module.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let mut name = import.name.clone().filter(|name| name != "*");
        let is_module = matches!(self.imported(module, import), Some(Symbol::Module(_)));
        // `from package import module` takes no name that the package itself must have bound.
        if let Some(last) = name.take_if(|last| is_module && self.is_submodule(module, import.level, &path, last)) {
            path.push(last);
        }
        let (to, taken) = self.modules.find(module, import.level, &path)?;
        if taken != path.len() {
            return None;
        }
        let mut packages = self.modules.along(module, import.level, &path);
        packages.retain(|&package| package != to);
        let position = module.python.syntax.stmt(import.stmt).range.start;
        Some(LoadingImport {
            from: module.id,
            to,
            packages,
            name,
            range: import.range,
            position,
            is_optional: import.optional,
        })
    }

    fn is_submodule(&self, importer: &Module, level: u32, package: &[String], name: &str) -> bool {
        let path: Vec<String> = package.iter().cloned().chain([name.to_owned()]).collect();
        self.modules.find(importer, level, &path).is_some_and(|(_, taken)| taken == path.len())
    }

    /// The modules that a module leads to. A package around it has always been begun before the module itself, so that
    /// only a name taken from it counts.
    fn edges(&self, module: &Module, imports: &[Vec<LoadingImport>]) -> Vec<usize> {
        let around = self.modules.packages_of(module);
        let is_application = |id: ModuleId| self.modules.get(id).role == Role::Application;
        let mut edges: Vec<usize> = Vec::new();
        for import in imports[module.id.0 as usize].iter().filter(|import| !import.is_optional) {
            let packages = import.packages.iter().filter(|package| !around.contains(package));
            edges.extend(packages.filter(|&&id| is_application(id)).map(|id| id.0 as usize));
            let counts = import.name.is_some() || !around.contains(&import.to);
            if counts && is_application(import.to) {
                edges.push(import.to.0 as usize);
            }
        }
        // A package that imports its own modules passes through itself.
        edges.retain(|&to| to != module.id.0 as usize);
        edges.sort_unstable();
        edges.dedup();
        edges
    }

    fn cycle(&self, component: &[usize], edges: &[Vec<usize>], loading: &mut Loading<'_>) -> ImportCycle {
        let modules: Vec<ModuleId> = component.iter().map(|&node| ModuleId(node as u32)).collect();
        let importers = |node: usize| self.imports.importers(ModuleId(node as u32)).len();
        // The module that most others need is the lowest layer: it is the one that should not look up.
        let start = component.iter().copied().max_by_key(|&node| (importers(node), std::cmp::Reverse(node)));
        let nodes = start.map_or_else(Vec::new, |start| components::shortest_cycle(edges, component, start));
        let pairs = nodes.iter().zip(nodes.iter().cycle().skip(1));
        let imports = pairs.filter_map(|(&from, &to)| loading.import(from, to).cloned()).collect();
        let outcome = self.cycle_outcome(&modules, loading);
        ImportCycle { modules, imports, outcome }
    }

    /// Tries the programs that load a component, and then each of its modules by itself.
    fn cycle_outcome(&self, modules: &[ModuleId], loading: &mut Loading<'_>) -> CycleOutcome {
        loading.is_doubtful = false;
        let programs = self.programs_that_load(modules);
        let fails = |loading: &mut Loading<'_>, first: &[ModuleId]| {
            let mut tried = first.iter().take(MAX_STARTS);
            tried.find_map(|&first| Some((first, loading.run(first, modules)?)))
        };
        if let Some((first, import)) = fails(loading, &programs) {
            return CycleOutcome::Fails(first, import);
        }
        match fails(loading, modules) {
            Some((first, import)) => CycleOutcome::DependsOnOrder(first, import),
            None if loading.is_doubtful => CycleOutcome::Unknown,
            None => CycleOutcome::Works,
        }
    }

    /// The modules of applications that nothing imports and that lead to one of these.
    fn programs_that_load(&self, modules: &[ModuleId]) -> Vec<ModuleId> {
        let mut seen: BTreeSet<ModuleId> = BTreeSet::new();
        let mut open: Vec<ModuleId> = modules.to_vec();
        while let Some(module) = open.pop() {
            if seen.insert(module) {
                open.extend(self.imports.importers(module));
            }
        }
        let is_program = |id: &ModuleId| {
            let is_application = self.modules.get(*id).role == Role::Application;
            is_application && self.imports.importers(*id).is_empty()
        };
        seen.into_iter().filter(is_program).collect()
    }
}

impl Module {
    /// Whether the statements of a scope run when the module is loaded: its own, and those of classes in it.
    pub fn runs_on_import(&self, scope: ScopeId) -> bool {
        let mut chain = self.python.names.scope_chain(scope);
        chain.all(|(_, scope)| matches!(scope.kind, ScopeKind::Module | ScopeKind::Class(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::project;

    #[test]
    fn a_cycle_that_its_program_cannot_load_fails() {
        let project = project(&[
            ("main.py", "import app.first\n"),
            ("app/__init__.py", ""),
            ("app/first.py", "from app.second import b\na = 1\n"),
            ("app/second.py", "from app.first import a\nb = 2\n"),
        ]);
        let cycles = project.import_cycles();
        assert_eq!(cycles.len(), 1);
        assert_eq!(cycles[0].imports.len(), 2);
        let CycleOutcome::Fails(first, import) = &cycles[0].outcome else { panic!("{:?}", cycles[0].outcome) };
        assert_eq!(project.modules.get(*first).name, "main");
        assert_eq!(import.name.as_deref(), Some("a"));
    }

    #[test]
    fn an_import_that_may_fail_runs_before_those_that_follow() {
        let files = |before: &str| {
            [
                ("app/__init__.py", format!("{before}from app.first import a\n")),
                ("app/base.py", "from app.second import b\n".to_owned()),
                ("app/first.py", "from app.second import b\na = 1\n".to_owned()),
                ("app/second.py", "import app.help\nb = 2\nfrom app.first import a\n".to_owned()),
                ("app/help.py", "h = 1\n".to_owned()),
            ]
        };
        let outcome = |before: &str| {
            let files = files(before);
            let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
            project(&files).import_cycles()[0].outcome.clone()
        };
        assert_ne!(outcome(""), CycleOutcome::Works);
        let tried = "try:\n    from app.base import b\nexcept ImportError:\n    pass\n";
        assert_eq!(outcome(tried), CycleOutcome::Works);
    }

    #[test]
    fn a_name_bound_before_the_import_is_there() {
        let project = project(&[
            ("main.py", "import app.first\n"),
            ("app/__init__.py", ""),
            ("app/first.py", "a = 1\nfrom app.second import b\n"),
            ("app/second.py", "from app.first import a\nb = 2\n"),
        ]);
        let outcome = &project.import_cycles()[0].outcome;
        assert!(matches!(outcome, CycleOutcome::DependsOnOrder(ModuleId(2), _)), "{outcome:?}");
    }

    #[test]
    fn modules_that_are_only_looked_into_later_never_fail() {
        let project = project(&[
            ("app/__init__.py", ""),
            ("app/first.py", "from app import second\n"),
            ("app/second.py", "from app import first\n"),
        ]);
        assert_eq!(project.import_cycles()[0].outcome, CycleOutcome::Works);
    }

    #[test]
    fn the_cycle_of_a_package_is_told_through_its_modules() {
        let files = [
            ("app/__init__.py", ""),
            ("app/sub/__init__.py", "from app.sub.first import a\n"),
            ("app/sub/first.py", "from app.sub import b\na = 1\n"),
        ];
        assert_eq!(project(&files).import_cycles()[0].imports.len(), 2);
    }

    #[test]
    fn a_package_that_loads_its_modules_is_no_cycle() {
        let files = [
            ("app/__init__.py", "from app.first import a\n"),
            ("app/first.py", "from app import second\nfrom app.second import b\na = 1\n"),
            ("app/second.py", "b = 2\ndef later():\n    from app.first import a\n"),
        ];
        assert_eq!(project(&files).import_cycles(), []);
    }
}
