//! Imports: what is loaded in which order, and what a name of a module is.

use super::interpreter::{Flow, Frame, Interpreter};
use super::value::Value;
use crate::{Module, ModuleId};
use pyaudit_python::Alias;
use std::rc::Rc;

impl Interpreter<'_> {
    /// `import a.b as c`.
    pub(super) fn run_import(&mut self, frame: &mut Frame, aliases: &[Alias]) -> Flow {
        let module = self.module(frame.module);
        let syntax = &module.python.syntax;
        for alias in aliases {
            let dotted = syntax.identifier(alias.name);
            let loaded = self.load(module, 0, dotted);
            if loaded.is_none() && self.is_missing(module, dotted) {
                if frame.tries > 0 {
                    return Flow::Raise;
                }
                let bound = alias.asname.map_or_else(|| first_name(dotted), |name| syntax.identifier(name));
                self.assign(frame.environment, bound, Value::External(Rc::from(dotted)));
                continue;
            }
            let (bound, value) = match alias.asname {
                Some(name) => (syntax.identifier(name), loaded),
                None => (first_name(dotted), self.load(module, 0, first_name(dotted))),
            };
            let external = if alias.asname.is_some() { dotted } else { first_name(dotted) };
            self.assign(frame.environment, bound, value.unwrap_or_else(|| Value::External(Rc::from(external))));
        }
        Flow::Next
    }

    /// `from a.b import c as d`.
    pub(super) fn run_import_from(&mut self, frame: &mut Frame, level: u32, dotted: &str, names: &[Alias]) -> Flow {
        let module = self.module(frame.module);
        let syntax = &module.python.syntax;
        let source = self.load(module, level, dotted);
        for alias in names {
            let name = syntax.identifier(alias.name);
            if name == "*" {
                self.import_star(frame, source.as_ref());
                continue;
            }
            let bound = alias.asname.map_or(name, |bound| syntax.identifier(bound));
            let value = match &source {
                Some(Value::Module(id)) => match self.member(*id, name) {
                    Some(value) => value,
                    None if frame.tries > 0 && self.is_done(*id) => return Flow::Raise,
                    None => Value::Unknown,
                },
                _ if level > 0 || self.is_missing(module, dotted) => {
                    // A directory without a module of its own may still hold the one that is meant.
                    match self.load(module, level, &join(dotted, name)) {
                        Some(value) => value,
                        None if frame.tries > 0 => return Flow::Raise,
                        // It is not there, and so it is no router of the project.
                        None => Value::External(Rc::from(join(dotted, name))),
                    }
                }
                _ => Value::External(Rc::from(join(dotted, name))),
            };
            self.assign(frame.environment, bound, value);
        }
        Flow::Next
    }

    /// The module at a dotted path, gone through with its packages; `None` where the project has none there.
    pub(super) fn load(&mut self, importer: &Module, level: u32, dotted: &str) -> Option<Value> {
        let path: Vec<String> = dotted.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        for length in 0..=path.len() {
            let part = &path[..length];
            // A relative import without names is of the package itself.
            if length == 0 && (level == 0 || !path.is_empty()) {
                continue;
            }
            if let Some((id, taken)) = self.project.modules.find(importer, level, part)
                && taken == length
            {
                self.names.note(importer, level, part, self.module(id));
                self.import(id);
            }
        }
        let (id, taken) = self.project.modules.find(importer, level, &path)?;
        (taken == path.len()).then_some(Value::Module(id))
    }

    /// Whether a dotted path begins in a package of the project and goes on to what is not there. A name that the
    /// project has only as a directory may be a namespace package.
    fn is_missing(&self, importer: &Module, dotted: &str) -> bool {
        let path: Vec<String> = dotted.split('.').map(str::to_owned).collect();
        match self.project.modules.find(importer, 0, &path) {
            Some((_, taken)) => taken < path.len(),
            None => self.project.modules.is_namespace(importer, &path),
        }
    }

    /// What a module has under a name: what it holds, or the submodule of that name.
    pub(super) fn member(&mut self, id: ModuleId, name: &str) -> Option<Value> {
        let environment = self.import(id);
        if let Some(value) = self.environments[environment.0 as usize].values.get(name) {
            return Some(value.clone());
        }
        if name == "__path__" {
            let path = self.path_of(id);
            let directory = path.strip_suffix("__init__.py")?.trim_end_matches('/');
            return Some(self.new_list(vec![Value::Path(Rc::from(directory))]));
        }
        let module = self.module(id);
        let submodule = self.project.modules.submodule(module, name)?;
        self.import(submodule);
        Some(Value::Module(submodule))
    }

    fn import_star(&mut self, frame: &Frame, source: Option<&Value>) {
        let Some(Value::Module(id)) = source else { return };
        let environment = self.import(*id);
        let all = self.environments[environment.0 as usize].values.get("__all__").cloned();
        let listed = all.and_then(|all| self.elements(&all));
        if let Some(listed) = listed {
            let names: Vec<String> = listed.iter().filter_map(|name| name.as_text().map(str::to_owned)).collect();
            for name in names {
                let value = self.member(*id, &name).unwrap_or(Value::Unknown);
                self.assign(frame.environment, &name, value);
            }
            return;
        }
        let public: Vec<(Rc<str>, Value)> = self.environments[environment.0 as usize]
            .values
            .iter()
            .filter(|(name, _)| !name.starts_with('_'))
            .map(|(name, value)| (Rc::clone(name), value.clone()))
            .collect();
        for (name, value) in public {
            self.assign(frame.environment, &name, value);
        }
    }
}

fn first_name(dotted: &str) -> &str {
    dotted.split('.').next().unwrap_or(dotted)
}

fn join(dotted: &str, name: &str) -> String {
    if dotted.is_empty() { name.to_owned() } else { format!("{dotted}.{name}") }
}
