//! The names that a module imports: what they stand for, and whether the module reads them.

use crate::{Module, Project, Symbol};
use pyaudit_python::{Base, ExprKind, Import, NameId, Qualified};
use std::collections::BTreeSet;

impl Project {
    /// What an import binds its name to; `None` for `from m import *`, and for what cannot be resolved.
    pub fn imported(&self, module: &Module, import: &Import) -> Option<Symbol> {
        import.bound?;
        let mut path: Vec<String> = import.module.split('.').map(str::to_owned).collect();
        path.retain(|part| !part.is_empty());
        path.extend(import.name.clone());
        self.resolve_qualified(module, &Qualified { base: Base::Import { level: import.level }, path })
    }
}

impl Module {
    /// Every name that the module reads or assigns to as a whole, and those that `__all__` offers to others.
    pub fn names_used(&self) -> BTreeSet<NameId> {
        let names = self.python.syntax.exprs().filter_map(|(_, expr)| match expr.kind {
            ExprKind::Name { id, .. } => Some(id),
            _ => None,
        });
        let exported = self.python.names.exported.iter().flatten().filter_map(|name| self.python.name_id(name));
        names.chain(exported).collect()
    }
}
