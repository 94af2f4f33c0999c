//! Names that stand for others, which tell at a glance what an expression cannot mean.
//!
//! To resolve a name takes a walk through scopes, imports and modules. Almost every call of a large repository can be
//! left out before that, by its last name: `loader.append` is no `requests.get`, unless somebody wrote
//! `from requests import get as append` or `append = requests.get`.

use crate::{Module, Project};
use pyaudit_python::{Base, BindingKind, ExprId, StmtKind};
use std::collections::{HashMap, HashSet};

/// How many names are followed from a name at most; beyond, anything may be meant.
const MAX_NAMES: usize = 32;

/// The names of a project that stand for others, those of its functions, and the modules of others that it imports.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    /// The last names of what each name is bound to, where that is another name. It is asked and never gone through.
    originals: HashMap<String, Vec<String>>,
    /// The names of all functions and methods of the project. It is asked and never gone through.
    functions: HashSet<String>,
    /// Everything imported by an absolute path: modules, and the names taken from them.
    imported: HashSet<String>,
}

impl Aliases {
    /// Reads the bindings of every module.
    pub(crate) fn build(modules: &[Module]) -> Self {
        let mut built = Self::default();
        for module in modules {
            built.add_functions(module);
            built.add_imports(module);
            built.add_assignments(module);
        }
        built
    }

    fn add_functions(&mut self, module: &Module) {
        let syntax = &module.python.syntax;
        for (_, stmt) in syntax.stmts() {
            let StmtKind::FunctionDef(function) = &stmt.kind else { continue };
            let name = syntax.identifier(function.name);
            if !self.functions.contains(name) {
                self.functions.insert(name.to_owned());
            }
        }
    }

    fn add_imports(&mut self, module: &Module) {
        for import in &module.python.names.imports {
            let last = import.name.as_deref().or_else(|| import.module.rsplit('.').next()).unwrap_or_default();
            if let Some(bound) = import.bound.filter(|_| import.renamed) {
                self.add(module.python.syntax.name(bound), last);
            }
            if import.level == 0 {
                if !self.imported.contains(&import.module) {
                    self.imported.insert(import.module.clone());
                }
                self.imported.extend(import.name.as_ref().map(|name| format!("{}.{name}", import.module)));
            }
        }
    }

    fn add_assignments(&mut self, module: &Module) {
        let syntax = &module.python.syntax;
        for binding in module.python.names.scopes.iter().flat_map(|scope| &scope.bindings) {
            for site in &binding.sites {
                let BindingKind::Assigned(value) = site.kind else { continue };
                if module.last_name(value).is_none() {
                    continue;
                }
                // Most assignments of names pass data on, and only what is imported or built in can be meant.
                for original in module.python.qualified_names(value).iter().filter(|it| it.base != Base::Local) {
                    self.add(syntax.name(binding.name), original.path.last().map_or("", String::as_str));
                }
            }
        }
    }

    fn add(&mut self, name: &str, original: &str) {
        if name == original {
            return;
        }
        let originals = self.originals.entry(name.to_owned()).or_default();
        if !originals.iter().any(|known| known == original) {
            originals.push(original.to_owned());
        }
    }

    /// Whether a name may stand for something whose last name is wanted.
    fn may_mean(&self, name: &str, is_wanted: impl Fn(&str) -> bool) -> bool {
        if is_wanted(name) {
            return true;
        }
        if !self.originals.contains_key(name) {
            return false;
        }
        let mut open = vec![name];
        let mut next = 0;
        while let Some(&name) = open.get(next) {
            next += 1;
            if is_wanted(name) || next > MAX_NAMES {
                return true;
            }
            for original in self.originals.get(name).into_iter().flatten() {
                if !open.contains(&original.as_str()) {
                    open.push(original);
                }
            }
        }
        false
    }
}

impl Project {
    /// Whether an expression may stand for something outside the project whose last name is one of these; the names may
    /// be dotted, and then their last part counts. It is quick, and wrong in one direction alone: what it denies is not
    /// meant. See [`Project::is_any`] for an answer that is certain.
    pub fn may_mean(&self, module: &Module, expr: ExprId, names: &[&str]) -> bool {
        let is_wanted = |name: &str| {
            let ends_in_it =
                |wanted: &&str| wanted.strip_suffix(name).is_some_and(|it| it.is_empty() || it.ends_with('.'));
            names.iter().any(ends_in_it)
        };
        module.last_name(expr).is_some_and(|name| self.modules.aliases.may_mean(name, is_wanted))
    }

    /// Whether an expression may stand for a class, by how PEP 8 writes classes: its last name, or one that it stands for,
    /// starts with a capital.
    pub(crate) fn may_mean_class(&self, module: &Module, expr: ExprId) -> bool {
        let is_class = |name: &str| name.trim_start_matches('_').starts_with(|first: char| first.is_ascii_uppercase());
        module.last_name(expr).is_some_and(|name| self.modules.aliases.may_mean(name, is_class))
    }

    /// Whether any function or method of the project has this name. No object has a method of the project without.
    pub(crate) fn defines_function(&self, name: &str) -> bool {
        self.modules.aliases.functions.contains(name)
    }

    /// Whether any module imports one of these by an absolute path: a module, or a name from one.
    pub(crate) fn imports_any(&self, dotted: &[&str]) -> bool {
        dotted.iter().any(|name| self.modules.aliases.imported.contains(*name))
    }
}
