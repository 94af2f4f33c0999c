//! Modules that no program can load, because an import at their start fails or a package has their name.

use super::BrokenImport;
use crate::routes::RouterKind;
use crate::{Module, ModuleId, Project};
use pyaudit_python::{Import, Parent, ScopeId, StmtKind};
use pyaudit_source::Role;
use std::collections::BTreeSet;

/// The modules that cannot be loaded.
#[derive(Debug, Default)]
pub struct Unloadable {
    /// Those that a package of the same name hides.
    hidden: BTreeSet<ModuleId>,
    /// Those with an import at their start that fails.
    failing: BTreeSet<ModuleId>,
    /// All, with those that import them at their start, and those that only these import.
    all: BTreeSet<ModuleId>,
}

impl Unloadable {
    /// Whether no program can load a module.
    pub fn contains(&self, module: ModuleId) -> bool {
        self.all.contains(&module)
    }

    /// Whether a module is never loaded for another reason than what fails in itself: a package hides it, or all that
    /// import it fail by themselves.
    pub fn is_out_of_reach(&self, project: &Project, module: ModuleId) -> bool {
        let importers: Vec<ModuleId> = project.importers_of_application(module).collect();
        self.hidden.contains(&module)
            || (!importers.is_empty() && importers.iter().all(|importer| self.failing.contains(importer)))
    }
}

impl Project {
    /// The modules that no program can load. Where the application itself seems to be one of them, something about the
    /// imports is not known, or all else can wait: then those alone are told that a package hides.
    pub fn unloadable_modules(&self, broken: &[BrokenImport]) -> Unloadable {
        let hidden: BTreeSet<ModuleId> =
            self.modules.iter().filter(|module| self.is_hidden(module)).map(|module| module.id).collect();
        let failing = broken.iter().filter(|one| self.fails_at_start(one)).map(|one| one.module).collect();
        let mut found = Unloadable { all: hidden.clone(), hidden, failing };
        // Who imports a hidden module gets the package in its place.
        let mut open: Vec<ModuleId> = found.failing.difference(&found.hidden).copied().collect();
        while let Some(module) = open.pop() {
            if found.all.insert(module) {
                open.extend(self.imports.importers(module).iter().filter(|&&importer| self.needs(importer, module)));
                open.extend(self.orphans_of(module, &found));
            }
        }
        let mut applications = self.routes.routers.iter().filter(|router| router.kind == RouterKind::Application);
        if applications.any(|router| found.contains(router.module)) {
            found = Unloadable { all: found.hidden.clone(), hidden: found.hidden, failing: BTreeSet::new() };
        }
        found
    }

    /// The modules that only unloadable ones import, one of them this one.
    fn orphans_of<'p>(&'p self, module: ModuleId, found: &'p Unloadable) -> impl Iterator<Item = ModuleId> + 'p {
        let imported = self.imports.imported_by(module).iter().copied();
        imported.filter(move |&id| {
            let mut importers = self.importers_of_application(id).peekable();
            importers.peek().is_some() && importers.all(|importer| found.contains(importer))
        })
    }

    /// The modules of the application that import a module.
    fn importers_of_application(&self, module: ModuleId) -> impl Iterator<Item = ModuleId> {
        let importers = self.imports.importers(module).iter().copied();
        importers.filter(move |&importer| importer != module && self.modules.get(importer).role == Role::Application)
    }

    /// Whether a package with a file of its own stands beside a module under the same name.
    fn is_hidden(&self, module: &Module) -> bool {
        let path = self.modules.path(module.id);
        path.strip_suffix(".py").is_some_and(|stem| self.sources.find(&format!("{stem}/__init__.py")).is_some())
    }

    /// Whether an import fails whenever its module is loaded.
    fn fails_at_start(&self, broken: &BrokenImport) -> bool {
        let module = self.modules.get(broken.module);
        let mut imports = module.python.names.imports.iter();
        let import = imports.find(|import| Some(import.range) == broken.span.range);
        !broken.is_for_types && !broken.is_conditional && import.is_some_and(|import| runs_at_start(module, import))
    }

    /// Whether loading one module loads another.
    fn needs(&self, importer: ModuleId, wanted: ModuleId) -> bool {
        let importer = self.modules.get(importer);
        let mut imports = importer.python.names.imports.iter().filter(|import| runs_at_start(importer, import));
        imports.any(|import| {
            let parts = import.module.split('.').filter(|part| !part.is_empty()).map(str::to_owned);
            let path: Vec<String> = parts.chain(import.name.clone().filter(|name| name != "*")).collect();
            self.modules.along(importer, import.level, &path).contains(&wanted)
        })
    }
}

/// Whether an import runs whenever its module is loaded, and its failure is nobody's to catch.
fn runs_at_start(module: &Module, import: &Import) -> bool {
    let syntax = &module.python.syntax;
    let mut around = syntax.enclosing_stmts(Parent::Stmt(import.stmt));
    import.scope == ScopeId(0)
        && !import.type_checking
        && !import.optional
        && !around.any(|stmt| {
            matches!(syntax.stmt(stmt).kind, StmtKind::If { .. } | StmtKind::Match { .. } | StmtKind::Try { .. })
        })
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    /// The paths of the modules that cannot be loaded, and of those that are out of reach.
    fn unloadable(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let project = project(files);
        let found = project.unloadable_modules(&project.broken_imports().0);
        let paths = |wanted: &dyn Fn(crate::ModuleId) -> bool| {
            let modules = project.modules.iter().filter(|module| wanted(module.id));
            modules.map(|module| project.modules.path(module.id).to_owned()).collect()
        };
        (paths(&|id| found.contains(id)), paths(&|id| found.is_out_of_reach(&project, id)))
    }

    const MAIN: (&str, &str) = (
        "app/main.py",
        "from fastapi import FastAPI\nfrom app.live import x\nfrom app.store import load\napp = FastAPI()\n",
    );

    #[test]
    fn a_failing_import_takes_those_with_it_that_need_the_module_or_are_for_it_alone() {
        let files = [
            ("app/__init__.py", ""),
            MAIN,
            ("app/live.py", "def x():\n    from app.old import run\n    return run()\n"),
            ("app/store.py", "def load(): ...\n"),
            ("app/old.py", "from app.store import gone\nfrom app.store import load\nfrom app.helper import help\n"),
            ("app/helper.py", "def help(): ...\n"),
            ("app/user.py", "from app.old import run\n"),
            ("app/careful.py", "try:\n    from app.old import run\nexcept Exception:\n    run = None\n"),
        ];
        let (all, apart) = unloadable(&files);
        assert_eq!(all, ["app/helper.py", "app/old.py", "app/user.py"]);
        assert_eq!(apart, ["app/helper.py"]);
    }

    #[test]
    fn a_package_hides_a_module_of_its_name() {
        let files = [
            ("app/__init__.py", ""),
            ("app/a.py", "x = 1\n"),
            ("app/a/__init__.py", ""),
            ("app/b.py", "import app.a\n"),
        ];
        assert_eq!(unloadable(&files).0, ["app/a.py"]);
    }

    #[test]
    fn where_the_application_itself_would_fail_nothing_is_said() {
        let files = [
            ("app/__init__.py", ""),
            MAIN,
            ("app/live.py", "from app.store import gone, load\nfrom app.store import load\nx = 1\n"),
            ("app/store.py", "def load(): ...\n"),
        ];
        assert_eq!(unloadable(&files).0, [""; 0]);
    }
}
