//! What attributes of objects are.

use super::super::shapes::ClassId;
use super::{Object, Objects, Stored};
use crate::{Definition, Module, Symbol};
use pyaudit_python::{ExprContext, ExprId, ExprKind, Parent, StmtKind};

impl<'p> Objects<'p> {
    pub(super) fn attribute(
        &self,
        module: &'p Module,
        expr: ExprId,
        value: ExprId,
        name: &str,
        hops: usize,
    ) -> Option<Object> {
        let receiver = self.infer(module, value, hops);
        match receiver {
            Some(Object::Instance(class)) => self.member(class, name, hops),
            Some(_) => None,
            None => {
                // `module.name`; what is an attribute of something else is none.
                let name = module.python.qualified_name(expr)?;
                let symbol = self.project.resolve_qualified(module, &name)?;
                let Symbol::Definition { path, .. } = &symbol else { return None };
                if path.len() == 1 { self.defined(&symbol, hops) } else { None }
            }
        }
    }

    /// What an attribute of an object of a class is.
    pub(super) fn member(&self, class: ClassId, name: &str, hops: usize) -> Option<Object> {
        let project = self.project;
        if project.shapes().descendants(class).len() > 1 || project.attribute_index().is_stored(name) {
            return None;
        }
        let module = project.modules.get(class.0);
        match project.member(module, class.1, name) {
            Some((home, Definition::Annotated { annotation, .. })) => {
                if !self.stores(class, name).is_empty() {
                    return None;
                }
                let annotated = || self.annotation(home, annotation, hops).filter(|_| self.trusts_annotations);
                self.mapped(class, name).or_else(annotated)
            }
            Some((home, Definition::Function(function))) => {
                let definition = home.function(function)?;
                let is_property = definition
                    .decorators
                    .iter()
                    .any(|&it| project.is_any(home, it, &["property", "functools.cached_property"]));
                if is_property { self.returned(home, function, false, hops) } else { None }
            }
            Some(_) => None,
            None => {
                let stores = self.stores(class, name);
                let mut found = None;
                for (home, store) in stores {
                    let one = self.stored(home, store, hops)?;
                    match one {
                        Stored::Object(one) if found.is_some_and(|known| known != one) => return None,
                        Stored::Object(one) => found = Some(one),
                        Stored::Nothing => {}
                    }
                }
                found
            }
        }
    }

    /// The objects that a relationship with an annotation leads to.
    pub(super) fn mapped(&self, class: ClassId, name: &str) -> Option<Object> {
        let table = self.project.database.table_of_class(class.0, class.1)?;
        let relationship = table.relationships.iter().find(|it| it.attribute == name)?;
        let target = relationship.class?;
        Some(if relationship.is_collection { Object::Many(target) } else { Object::Instance(target) })
    }

    /// Every place in a class, or in one above it, that assigns an attribute of this name.
    pub(super) fn stores(&self, class: ClassId, name: &str) -> Vec<(&'p Module, ExprId)> {
        let mut found = Vec::new();
        for (module, class) in self.project.shapes().ancestors(class) {
            let module = self.project.modules.get(module);
            if module.python.name_id(name).is_none() && module.python.syntax.stmts().len() == 0 {
                continue;
            }
            let syntax = &module.python.syntax;
            for &stmt in module.class(class).into_iter().flat_map(|class| &class.body) {
                found.extend(syntax.walk_exprs_in(stmt, true).filter(|&expr| {
                    matches!(syntax.expr(expr).kind, ExprKind::Attribute { attr, ctx: ExprContext::Store | ExprContext::Del, .. }
                        if syntax.identifier(attr) == name)
                }).map(|expr| (module, expr)));
            }
        }
        found
    }

    /// What a place assigns to an attribute, where that can be told.
    pub(super) fn stored(&self, module: &'p Module, target: ExprId, hops: usize) -> Option<Stored> {
        let syntax = &module.python.syntax;
        let Parent::Stmt(stmt) = syntax.expr_parent(target) else { return None };
        let value = match &syntax.stmt(stmt).kind {
            StmtKind::AnnAssign { annotation, value, .. } => {
                return self.declared(module, *annotation, *value, hops).map(Stored::Object);
            }
            StmtKind::Assign { targets, value } if targets.contains(&target) => *value,
            _ => return None,
        };
        match syntax.expr(value).kind {
            ExprKind::None => Some(Stored::Nothing),
            _ => self.infer(module, value, hops).map(Stored::Object),
        }
    }
}
