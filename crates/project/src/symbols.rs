//! What a name means across modules: imports followed through re-exports to the definition.

use crate::budget::{Budget, steps};
use crate::{Module, ModuleId, Project};
use pyaudit_python::{
    Base, BindingKind, BindingSite, ClassDef, ExprId, ExprKind, FunctionDef, Import, Qualified, ScopeId, StmtId,
    StmtKind,
};
use std::collections::BTreeSet;

/// What a dotted name stands for in the whole project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbol {
    /// A module of the project.
    Module(ModuleId),
    /// Something defined in a module of the project: the path is qualified from the module, as in `__qualname__`.
    Definition {
        /// The module that defines it.
        module: ModuleId,
        /// The names from the module's own scope.
        path: Vec<String>,
    },
    /// Something of the standard library or of a distribution, by its absolute dotted path.
    External(String),
    /// A built-in of Python.
    Builtin(String),
}

impl Symbol {
    /// Whether this is the external name or built-in with this dotted path.
    pub fn is(&self, dotted: &str) -> bool {
        matches!(self, Self::External(name) | Self::Builtin(name) if name == dotted)
    }

    /// Whether this is one of these external names or built-ins.
    pub fn is_any(&self, dotted: &[&str]) -> bool {
        dotted.iter().any(|name| self.is(name))
    }

    /// The dotted path of an external name.
    pub fn external(&self) -> Option<&str> {
        match self {
            Self::External(name) => Some(name),
            _ => None,
        }
    }
}

/// The node that defines a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Definition {
    /// A function or method.
    Function(StmtId),
    /// A class.
    Class(StmtId),
    /// A name with its one value.
    Value(ExprId),
    /// An annotated name or parameter.
    Annotated {
        /// The annotation.
        annotation: ExprId,
        /// The value or default, if there is one.
        value: Option<ExprId>,
    },
}

impl Project {
    /// What an expression that is a name or a dotted name stands for, where there is exactly one answer.
    pub fn symbol(&self, module: &Module, expr: ExprId) -> Option<Symbol> {
        let mut symbols = self.symbols(module, expr);
        if symbols.len() == 1 { symbols.pop() } else { None }
    }

    /// Everything that a name or dotted name may stand for: several where a name is bound again, as in
    /// `try: import a` … `except ImportError: import b as a`.
    pub fn symbols(&self, module: &Module, expr: ExprId) -> Vec<Symbol> {
        let qualified = module.python.qualified_names(expr);
        let mut symbols: Vec<Symbol> =
            qualified.iter().filter_map(|name| self.resolve(module, name, Budget::new(&steps()))).collect();
        symbols.sort();
        symbols.dedup();
        symbols
    }

    /// Whether every meaning of an expression is one of these external names or built-ins, and there is one.
    pub fn is_any(&self, module: &Module, expr: ExprId, dotted: &[&str]) -> bool {
        if !self.may_mean(module, expr, dotted) {
            return false;
        }
        let symbols = self.symbols(module, expr);
        !symbols.is_empty() && symbols.iter().all(|symbol| symbol.is_any(dotted))
    }

    /// The symbol of a name as one module knows it.
    pub fn resolve_qualified(&self, module: &Module, name: &Qualified) -> Option<Symbol> {
        self.resolve(module, name, Budget::new(&steps()))
    }

    fn resolve(&self, module: &Module, name: &Qualified, budget: Budget<'_>) -> Option<Symbol> {
        match name.base {
            Base::Builtin => Some(Symbol::Builtin(name.dotted())),
            Base::Local => Some(Symbol::Definition { module: module.id, path: name.path.clone() }),
            Base::Import { level } => self.resolve_import(module, level, &name.path, budget),
        }
    }

    fn resolve_import(&self, importer: &Module, level: u32, path: &[String], budget: Budget<'_>) -> Option<Symbol> {
        let Some((found, taken)) = self.modules.find(importer, level, path) else {
            return (level == 0).then(|| Symbol::External(path.join(".")));
        };
        let budget = budget.step()?;
        // What the submodule itself defines is meant of the submodule: `from package.router import router`.
        let is_defined = path.get(taken).is_some_and(|name| !self.modules.get(found).sites(name).is_empty());
        if !is_defined && let Some(package) = self.shadowing_package(importer, level, &path[..taken], found) {
            return self.resolve_member(package, &path[taken - 1..], budget);
        }
        self.resolve_member(found, &path[taken..], budget)
    }

    /// The package that gives the last name of `path` another meaning than its submodule `found`: after
    /// `from .router import router` in a package, `from package import router` is the object.
    fn shadowing_package(&self, importer: &Module, level: u32, path: &[String], found: ModuleId) -> Option<ModuleId> {
        let (name, outer) = path.split_last()?;
        let (package, taken) = self.modules.find(importer, level, outer)?;
        if taken != outer.len() || package == found {
            return None;
        }
        let home = self.modules.get(package);
        let sites = home.sites(name);
        let is_submodule = home.import_of(sites).is_some_and(|import| {
            let own = import_path(import);
            self.modules.find(home, import.level, &own) == Some((found, own.len()))
        });
        (!sites.is_empty() && !is_submodule).then_some(package)
    }

    /// What `path` means inside a module: a definition, or whatever the module imported under that name.
    fn resolve_member(&self, id: ModuleId, path: &[String], budget: Budget<'_>) -> Option<Symbol> {
        let Some((first, rest)) = path.split_first() else { return Some(Symbol::Module(id)) };
        let module = self.modules.get(id);
        let sites = module.sites(first);
        if let Some(import) = module.import_of(sites) {
            let mut path = import_path(import);
            path.extend(rest.iter().cloned());
            return self.resolve_import(module, import.level, &path, budget.step()?);
        }
        if let Some(alias) = module.alias_of(sites) {
            let mut alias = alias;
            alias.path.extend(rest.iter().cloned());
            return self.resolve(module, &alias, budget.step()?);
        }
        if sites.is_empty() {
            return self.resolve_star(module, path, budget);
        }
        Some(Symbol::Definition { module: id, path: path.to_vec() })
    }

    /// A name that a module has only through `from m import *`, where exactly one such import provides it.
    fn resolve_star(&self, module: &Module, path: &[String], budget: Budget<'_>) -> Option<Symbol> {
        let budget = budget.step()?;
        let stars = module.python.names.imports.iter().filter(|import| import.bound.is_none());
        let mut found = stars.filter_map(|import| {
            let star_path = import_path(import);
            let (source, taken) = self.modules.find(module, import.level, &star_path)?;
            (taken == star_path.len()).then(|| self.resolve_member(source, path, budget)).flatten()
        });
        found.next()
    }

    /// The node behind a symbol of the project, where it has exactly one.
    pub fn definition(&self, symbol: &Symbol) -> Option<(&Module, Definition)> {
        let Symbol::Definition { module, path } = symbol else { return None };
        let module = self.modules.get(*module);
        let mut scope = ScopeId(0);
        let (last, outer) = path.split_last()?;
        for name in outer.iter().filter(|name| *name != "<locals>") {
            let inner = module.definition_in(scope, name)?;
            scope = module.scope_opened_by(inner)?;
        }
        Some((module, module.definition_in(scope, last)?))
    }

    /// The function behind an expression, where it is one of the project.
    pub fn function(&self, module: &Module, expr: ExprId) -> Option<(&Module, StmtId, &FunctionDef)> {
        let symbol = self.symbol(module, expr)?;
        match self.definition(&symbol)? {
            (module, Definition::Function(id)) => Some((module, id, module.function(id)?)),
            _ => None,
        }
    }

    /// The class behind an expression, where it is one of the project.
    pub fn class(&self, module: &Module, expr: ExprId) -> Option<(&Module, StmtId, &ClassDef)> {
        let symbol = self.symbol(module, expr)?;
        match self.definition(&symbol)? {
            (module, Definition::Class(id)) => Some((module, id, module.class(id)?)),
            _ => None,
        }
    }

    /// The external classes that a class of the project inherits from, through other classes of the project.
    pub fn external_bases(&self, module: &Module, class: StmtId) -> Vec<Symbol> {
        let mut external = Vec::new();
        let mut open = vec![(module.id, class)];
        let mut seen = BTreeSet::new();
        while let Some((module, class)) = open.pop() {
            if !seen.insert((module, class)) {
                continue;
            }
            let module = self.modules.get(module);
            for &base in module.class(class).into_iter().flat_map(|class| &class.bases) {
                let base = module.without_subscript(base);
                let symbols = self.symbols(module, base);
                external.extend(symbols.into_iter().filter(|symbol| symbol.external().is_some()));
                open.extend(self.class(module, base).map(|(module, class, _)| (module.id, class)));
            }
        }
        external
    }

    /// Whether a class inherits, through classes of the project, from one of these external classes.
    pub fn inherits_from(&self, module: &Module, class: StmtId, dotted: &[&str]) -> bool {
        self.external_bases(module, class).iter().any(|base| base.is_any(dotted))
    }
}

impl Module {
    /// The function definition at a statement.
    pub fn function(&self, id: StmtId) -> Option<&FunctionDef> {
        match &self.python.syntax.stmt(id).kind {
            StmtKind::FunctionDef(function) => Some(function),
            _ => None,
        }
    }

    /// The class definition at a statement.
    pub fn class(&self, id: StmtId) -> Option<&ClassDef> {
        match &self.python.syntax.stmt(id).kind {
            StmtKind::ClassDef(class) => Some(class),
            _ => None,
        }
    }

    /// Every place that binds a name in the module's own scope.
    fn sites(&self, name: &str) -> &[BindingSite] {
        self.sites_in(ScopeId(0), name)
    }

    /// Every place that binds a name in a scope.
    fn sites_in(&self, scope: ScopeId, name: &str) -> &[BindingSite] {
        self.python.binding(scope, name).map_or(&[], |binding| &binding.sites)
    }

    /// The import behind a name that is bound by imports alone; the first of several, which is the one that a `try`
    /// prefers.
    fn import_of(&self, sites: &[BindingSite]) -> Option<&Import> {
        let mut imports = sites.iter().map(|site| match site.kind {
            BindingKind::Import(index) => self.python.names.imports.get(index as usize),
            _ => None,
        });
        let first = imports.next()??;
        imports.all(|import| import.is_some()).then_some(first)
    }

    /// The name that a name bound once by `name = other.name` stands for.
    fn alias_of(&self, sites: &[BindingSite]) -> Option<Qualified> {
        match sites {
            [BindingSite { kind: BindingKind::Assigned(value), .. }] => self.python.qualified_name(*value),
            _ => None,
        }
    }

    /// The node that a name of a scope is bound to, where there is exactly one.
    pub fn definition_in(&self, scope: ScopeId, name: &str) -> Option<Definition> {
        let mut definitions = self.sites_in(scope, name).iter().map(|site| match site.kind {
            BindingKind::Function(id) => Some(Definition::Function(id)),
            BindingKind::Class(id) => Some(Definition::Class(id)),
            BindingKind::Assigned(value) => Some(Definition::Value(value)),
            BindingKind::Annotated { annotation, value } => Some(Definition::Annotated { annotation, value }),
            BindingKind::Parameter { annotation: Some(annotation), default } => {
                Some(Definition::Annotated { annotation, value: default })
            }
            _ => None,
        });
        let first = definitions.next()??;
        let is_function = matches!(first, Definition::Function(_));
        let mut last = first;
        for definition in definitions {
            // A function is often defined again: overloads, a property with its setter, a conditional `def`.
            last = definition.filter(|next| is_function && matches!(next, Definition::Function(_)))?;
        }
        Some(last)
    }

    /// The scope that a function or class opens, which is the one its body runs in.
    pub fn scope_opened_by(&self, definition: Definition) -> Option<ScopeId> {
        let body = match definition {
            Definition::Function(id) => &self.function(id)?.body,
            Definition::Class(id) => &self.class(id)?.body,
            _ => return None,
        };
        Some(self.python.scope_of_stmt(*body.first()?))
    }

    /// The expression without the index around it: `Generic` of `Generic[T]`.
    pub fn without_subscript(&self, expr: ExprId) -> ExprId {
        match self.python.syntax.expr(expr).kind {
            ExprKind::Subscript { value, .. } => value,
            _ => expr,
        }
    }
}

/// The dotted path that an import names, without its leading dots; of a star import that of the module.
fn import_path(import: &Import) -> Vec<String> {
    let module = import.module.split('.').filter(|part| !part.is_empty());
    let name = import.name.as_deref().filter(|name| *name != "*");
    module.chain(name).map(str::to_owned).collect()
}
