//! Classes that nothing names.

use super::Liveness;
use super::mentions::strings;
use crate::{Module, ModuleId, Project, Symbol};
use pyaudit_python::{ClassDef, ExprContext, ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::{Range, Role};
use std::collections::{BTreeMap, BTreeSet};

/// A class of an application that nothing names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadClass {
    /// Its module.
    pub module: ModuleId,
    /// Its definition.
    pub class: StmtId,
    /// Its name in the definition.
    pub name: Range,
}

/// Bases of others that do not make a class known to anybody.
const PLAIN_BASES: &[&str] = &[
    "object",
    "Exception",
    "ValueError",
    "RuntimeError",
    "KeyError",
    "TypeError",
    "LookupError",
    "str",
    "int",
    "dict",
    "list",
    "tuple",
    "abc.ABC",
    "enum.Enum",
    "enum.IntEnum",
    "enum.StrEnum",
    "enum.Flag",
    "enum.IntFlag",
    "typing.Generic",
    "typing.Protocol",
    "typing.NamedTuple",
    "typing.TypedDict",
    "typing_extensions.TypedDict",
    "typing_extensions.Protocol",
    "pydantic.BaseModel",
    "pydantic.main.BaseModel",
    "fastapi.HTTPException",
];

/// Decorators that do not make a class known to anybody.
const PLAIN_DECORATORS: &[&str] = &[
    "dataclasses.dataclass",
    "attr.s",
    "attrs.define",
    "attrs.frozen",
    "enum.unique",
    "functools.total_ordering",
    "typing.final",
    "typing.runtime_checkable",
    "pydantic.dataclasses.dataclass",
];

/// Names whose use means that classes may be found by going through a module or through subclasses.
const SEARCHES: &[&str] = &["getmembers", "__subclasses__", "__init_subclass__", "getclasses"];

impl Project {
    /// The classes of the examined modules that nothing outside them names, and how many classes could have been such.
    pub fn dead_classes(&self, liveness: &Liveness) -> (Vec<DeadClass>, usize) {
        let modules = || liveness.examined_and_started(self);
        let searched = modules().any(|module| SEARCHES.iter().any(|name| module.python.name_id(name).is_some()));
        let looked_into = self.modules_looked_into();
        let mut candidates: BTreeMap<&str, Vec<DeadClass>> = BTreeMap::new();
        let mut count = 0;
        for module in modules().filter(|module| !looked_into.contains(&module.id)) {
            for (class, definition) in own_classes(module) {
                if !self.is_plain(module, class, definition, searched) {
                    continue;
                }
                count += 1;
                let name = module.python.syntax.identifier(definition.name);
                let dead = DeadClass { module: module.id, class, name: definition.name.range };
                candidates.entry(name).or_default().push(dead);
            }
        }
        candidates.retain(|name, _| !liveness.mentions.has_word(name));
        for module in self.modules.iter() {
            self.forget_used(module, &mut candidates);
        }
        let mut dead: Vec<DeadClass> = candidates.into_values().flatten().collect();
        dead.sort_by_key(|dead| (dead.module, dead.name));
        (dead, count)
    }

    /// Takes out the names that a module uses.
    fn forget_used(&self, module: &Module, candidates: &mut BTreeMap<&str, Vec<DeadClass>>) {
        let syntax = &module.python.syntax;
        let is_package = self.modules.path(module.id).ends_with("__init__.py");
        let mut used: BTreeSet<&str> = BTreeSet::new();
        for import in &module.python.names.imports {
            // A package that only passes a name on does not use it.
            used.extend(import.name.as_deref().filter(|_| !is_package || import.scope.0 != 0));
        }
        let is_own = |name: &str, id: ExprId| {
            let range = syntax.expr(id).range;
            let mut classes = candidates.get(name).into_iter().flatten();
            classes.any(|class| class.module == module.id && syntax.stmt(class.class).range.contains(range))
        };
        let is_used = |name: &str, id: ExprId| candidates.contains_key(name) && !is_own(name, id);
        for (id, expr) in syntax.exprs() {
            let name = match expr.kind {
                ExprKind::Name { id, ctx: ExprContext::Load } => syntax.name(id),
                ExprKind::Attribute { attr, .. } => syntax.identifier(attr),
                _ => continue,
            };
            used.extend(Some(name).filter(|name| is_used(name, id)));
        }
        for (id, text) in strings(module).filter(|&(id, _)| !is_exporting(module, id)) {
            let words = text.split(|mark: char| !mark.is_alphanumeric() && mark != '_');
            used.extend(words.filter(|word| is_used(word, id)));
        }
        for name in used {
            candidates.remove(name);
        }
    }

    /// Whether nothing about a class makes it known to a library or a registry.
    fn is_plain(&self, module: &Module, class: StmtId, definition: &ClassDef, searched: bool) -> bool {
        let plain_decorators = definition.decorators.iter().all(|&decorator| {
            let callee = match module.python.syntax.expr(decorator).kind {
                ExprKind::Call { func, .. } => func,
                _ => decorator,
            };
            self.is_any(module, callee, PLAIN_DECORATORS)
        });
        let has_own_bases = definition.bases.iter().any(|&base| self.class(module, base).is_some());
        let known = definition.bases.iter().all(|&base| {
            let base = module.without_subscript(base);
            self.class(module, base).is_some() || self.symbol(module, base).is_some_and(|base| is_plain_base(&base))
        });
        plain_decorators
            && known
            && definition.keywords.is_empty()
            && !(searched && (has_own_bases || !definition.bases.is_empty()))
            && self.external_bases(module, class).iter().all(is_plain_base)
            && self.member(module, class, "__init_subclass__").is_none()
    }

    /// The modules whose names are asked for by texts that are not known: `getattr(schemas, name)`, `vars(models)`.
    fn modules_looked_into(&self) -> BTreeSet<ModuleId> {
        let mut found = BTreeSet::new();
        for module in self.modules.iter() {
            for call in module.calls_named(&["getattr", "vars", "dir", "globals", "locals", "hasattr"]) {
                match call.args.first().map(|&of| self.symbol(module, of)) {
                    Some(Some(Symbol::Module(id))) => found.extend(self.imports.reach(vec![id])),
                    None if call.name == "globals" => found.extend([module.id]),
                    _ => {}
                }
            }
        }
        found
    }
}

impl Liveness {
    /// The modules of applications that are not dead themselves.
    fn examined_and_started<'p>(&'p self, project: &'p Project) -> impl Iterator<Item = &'p Module> {
        let applications = project.modules.iter().filter(|module| module.role == Role::Application);
        applications.filter(|module| self.is_ours.contains(&module.id) && self.live.contains(&module.id))
    }
}

fn is_plain_base(base: &Symbol) -> bool {
    base.is_any(PLAIN_BASES)
}

/// Whether an expression stands in a statement about `__all__`, which passes names on as an import does.
fn is_exporting(module: &Module, expr: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let is_all =
        |expr: ExprId| matches!(syntax.expr(expr).kind, ExprKind::Name { id, .. } if syntax.name(id) == "__all__");
    let Some(stmt) = syntax.enclosing_stmt(expr) else { return false };
    match &syntax.stmt(stmt).kind {
        StmtKind::Assign { targets, .. } => targets.iter().any(|&target| is_all(target)),
        StmtKind::AnnAssign { target, .. } | StmtKind::AugAssign { target, .. } => is_all(*target),
        // `__all__.append("Name")`
        StmtKind::Expr(value) => syntax.walk_exprs_of(*value).any(is_all),
        _ => false,
    }
}

/// The classes in the own body of a module.
fn own_classes(module: &Module) -> impl Iterator<Item = (StmtId, &ClassDef)> {
    let syntax = &module.python.syntax;
    let own = syntax.stmts().filter(|&(id, _)| syntax.parent(Parent::Stmt(id)) == Parent::Module);
    own.filter_map(|(id, _)| Some((id, module.class(id)?)))
}
