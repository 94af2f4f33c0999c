//! Which module imports which, and what a running application can reach.

use crate::{Module, ModuleId, Project, Routes};
use pyaudit_python::StmtId;
use std::collections::BTreeSet;

/// The import graph of a project.
#[derive(Debug, Default)]
pub struct Imports {
    imports: Vec<BTreeSet<ModuleId>>,
    importers: Vec<BTreeSet<ModuleId>>,
    served: BTreeSet<ModuleId>,
}

/// Libraries whose import marks a module as the start of a worker.
const WORKERS: &[&str] = &["celery", "dramatiq", "rq", "arq", "taskiq", "huey", "procrastinate"];

impl Project {
    /// Whether a statement imports something that is not of the project, and may be missing.
    pub fn imports_foreign(&self, module: &Module, stmt: StmtId) -> bool {
        let mut imports = module.python.names.imports.iter().filter(|import| import.stmt == stmt);
        imports.any(|import| {
            let path: Vec<String> =
                import.module.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            import.level == 0 && self.modules.find(module, import.level, &path).is_none()
        })
    }
}

impl Imports {
    /// Reads the graph of a project whose modules and routes are known.
    pub(crate) fn build(project: &Project, routes: &Routes) -> Self {
        let count = project.modules.len();
        let mut graph =
            Self { imports: vec![BTreeSet::new(); count], importers: vec![BTreeSet::new(); count], ..Self::default() };
        let mut starts: Vec<ModuleId> = routes.routers.iter().map(|router| router.module).collect();
        starts.extend(routes.routes.iter().map(|route| route.module));
        starts.extend(project.plugin_modules());
        for module in project.modules.iter() {
            for import in &module.python.names.imports {
                let top = import.module.split('.').next().unwrap_or("");
                if import.level == 0 && WORKERS.contains(&top) {
                    starts.push(module.id);
                }
                let mut path: Vec<String> =
                    import.module.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
                path.extend(import.name.clone().filter(|name| name != "*"));
                for imported in project.modules.along(module, import.level, &path) {
                    graph.imports[module.id.0 as usize].insert(imported);
                    graph.importers[imported.0 as usize].insert(module.id);
                }
            }
        }
        graph.served = graph.reach(starts);
        graph
    }

    /// The modules that import a module directly.
    pub fn importers(&self, module: ModuleId) -> &BTreeSet<ModuleId> {
        &self.importers[module.0 as usize]
    }

    /// The modules that a module imports directly.
    pub(crate) fn imported_by(&self, module: ModuleId) -> &BTreeSet<ModuleId> {
        &self.imports[module.0 as usize]
    }

    /// Whether an application, a router, a worker or a plugin is in this module or imports it, through any number of modules.
    pub fn is_served(&self, module: ModuleId) -> bool {
        self.served.contains(&module)
    }

    /// The modules that a module loads, through any number of others; with itself.
    pub fn loaded_by(&self, module: ModuleId) -> BTreeSet<ModuleId> {
        self.reach(vec![module])
    }

    /// The modules that these load, through any number of others; with themselves.
    pub(crate) fn reach(&self, mut open: Vec<ModuleId>) -> BTreeSet<ModuleId> {
        let mut seen = BTreeSet::new();
        while let Some(module) = open.pop() {
            if seen.insert(module) {
                open.extend(&self.imports[module.0 as usize]);
            }
        }
        seen
    }
}
