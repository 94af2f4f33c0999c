//! What happens when modules are loaded, import by import.

use super::LoadingImport;
use crate::{ModuleId, Project};
use pyaudit_python::ScopeId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Running,
    Done,
}

/// Loads modules as Python does, with a stack of its own in place of recursion.
pub(super) struct Loading<'a> {
    project: &'a Project,
    imports: &'a [Vec<LoadingImport>],
    states: Vec<State>,
    /// Where each running module stands in its text, in bytes.
    positions: Vec<u32>,
    touched: Vec<ModuleId>,
    /// Whether an import of the last program may end it, or may not.
    pub(super) is_doubtful: bool,
}

/// A module that runs: the import that comes next, and how many of the modules on its way are loaded.
struct Frame {
    module: ModuleId,
    import: usize,
    loaded: usize,
}

impl<'a> Loading<'a> {
    pub(super) fn new(project: &'a Project, imports: &'a [Vec<LoadingImport>]) -> Self {
        let count = imports.len();
        Self {
            project,
            imports,
            states: vec![State::New; count],
            positions: vec![0; count],
            touched: Vec::new(),
            is_doubtful: false,
        }
    }

    /// The first import by which one module leads to another.
    pub(super) fn import(&self, from: usize, to: usize) -> Option<&'a LoadingImport> {
        let to = ModuleId(to as u32);
        let leads = |import: &&LoadingImport| import.to == to || import.packages.contains(&to);
        let imports = || self.imports[from].iter().filter(|import| !import.is_optional);
        // An import for its name says more than one that only passes through.
        imports().find(|import| import.to == to).or_else(|| imports().find(leads))
    }

    /// The import that ends a program which loads a module first; only imports between modules of the cycle are told.
    pub(super) fn run(&mut self, first: ModuleId, cycle: &[ModuleId]) -> Option<LoadingImport> {
        let project = self.project;
        let mut starts = project.modules.packages_of(project.modules.get(first));
        starts.push(first);
        let failed = starts.into_iter().find_map(|start| self.load(start, cycle));
        for module in self.touched.drain(..) {
            self.states[module.0 as usize] = State::New;
        }
        failed
    }

    fn load(&mut self, start: ModuleId, cycle: &[ModuleId]) -> Option<LoadingImport> {
        let mut running = Vec::new();
        running.extend(self.begin(start));
        while let Some(frame) = running.last_mut() {
            let module = frame.module.0 as usize;
            let Some(import) = self.imports[module].get(frame.import) else {
                self.states[module] = State::Done;
                running.pop();
                continue;
            };
            self.positions[module] = import.position;
            let needed = import.packages.iter().chain([&import.to]).nth(frame.loaded).copied();
            if let Some(needed) = needed {
                frame.loaded += 1;
                running.extend(self.begin(needed));
            } else {
                frame.loaded = 0;
                frame.import += 1;
                let is_told = cycle.contains(&import.from) && cycle.contains(&import.to);
                if is_told && !import.is_optional && self.is_missing(import) {
                    // What an import may fail for is caught on the way, and what is loaded then is not known.
                    let is_certain = !self.is_caught(&running) && !self.has_met_condition(cycle);
                    self.is_doubtful |= !is_certain;
                    return is_certain.then(|| import.clone());
                }
            }
        }
        None
    }

    fn begin(&mut self, module: ModuleId) -> Option<Frame> {
        let state = &mut self.states[module.0 as usize];
        (*state == State::New).then(|| {
            *state = State::Running;
            self.touched.push(module);
            Frame { module, import: 0, loaded: 0 }
        })
    }

    /// Whether a module of the cycle that was begun has imports of which it is not known whether they are tried: what they
    /// load, and in which order, may decide.
    fn has_met_condition(&self, cycle: &[ModuleId]) -> bool {
        let begun = self.touched.iter().filter(|module| cycle.contains(module));
        let mut modules = begun.map(|&module| self.project.modules.get(module));
        modules
            .any(|module| module.python.names.imports.iter().any(|import| self.project.may_be_left_out(module, import)))
    }

    /// Whether a running module waits for an import that may fail.
    fn is_caught(&self, running: &[Frame]) -> bool {
        let above = running.iter().rev().skip(1);
        let mut waiting = above.filter_map(|frame| self.imports[frame.module.0 as usize].get(frame.import));
        waiting.any(|import| import.is_optional)
    }

    /// Whether the name that an import takes is not bound yet by a module that still runs.
    fn is_missing(&self, import: &LoadingImport) -> bool {
        let Some(name) = &import.name else { return false };
        let source = import.to.0 as usize;
        if self.states[source] != State::Running || import.from == import.to {
            return false;
        }
        let module = self.project.modules.get(import.to);
        // A name that is not bound in sight comes from a star import or `__getattr__`.
        let binding = module.python.binding(ScopeId(0), name);
        let is_later = |start: u32| start >= self.positions[source];
        let is_submodule = self.project.modules.submodule(module, name).is_some();
        !is_submodule && binding.is_some_and(|binding| binding.sites.iter().all(|site| is_later(site.range.start)))
    }
}
