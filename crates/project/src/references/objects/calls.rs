//! What calls give.

use super::super::shapes::ClassId;
use super::{HOPS, ONE, Object, Objects, SESSIONS, TRANSPARENT_DECORATORS, leaves_entity, yields};
use crate::database::reading::returned;
use crate::{Definition, Module, Symbol};
use pyaudit_python::{ExprId, ExprKind, Operator, ScopeId, StmtId};

impl<'p> Objects<'p> {
    pub(super) fn call(
        &self,
        module: &'p Module,
        func: ExprId,
        args: &[ExprId],
        is_awaited: bool,
        hops: usize,
    ) -> Option<Object> {
        let syntax = &module.python.syntax;
        if let ExprKind::Attribute { value, attr, .. } = syntax.expr(func).kind {
            let name = syntax.identifier(attr);
            match self.infer(module, value, hops) {
                Some(object) => return self.method(object, name, is_awaited, hops),
                None => {
                    if let Some(found) = self.session_call(module, value, name, args, hops) {
                        return Some(found);
                    }
                }
            }
        }
        let name = module.python.qualified_name(func)?;
        let symbol = self.project.resolve_qualified(module, &name)?;
        if let Symbol::External(path) = &symbol {
            let is_select = path.starts_with("sqlalchemy.") || path.starts_with("sqlmodel.");
            let [only] = args else { return None };
            let is_select = is_select && path.rsplit('.').next() == Some("select");
            return if is_select { self.entity(module, *only).map(Object::Statement) } else { None };
        }
        match self.project.definition(&symbol)? {
            (home, Definition::Class(class)) => (!is_awaited).then_some(Object::Instance((home.id, class))),
            (home, Definition::Function(function)) => {
                let Symbol::Definition { path, .. } = &symbol else { return None };
                (path.len() == 1).then(|| self.returned(home, function, is_awaited, hops)).flatten()
            }
            _ => None,
        }
    }

    /// What a method of an object gives.
    pub(super) fn method(&self, object: Object, name: &str, is_awaited: bool, hops: usize) -> Option<Object> {
        match object {
            Object::Instance(class) | Object::Class(class) => {
                let module = self.project.modules.get(class.0);
                let below = self.project.shapes().descendants(class);
                let is_overridden = below.len() > 1;
                match self.project.member(module, class.1, name)? {
                    (home, Definition::Function(function)) if !is_overridden => {
                        self.returned(home, function, is_awaited, hops)
                    }
                    _ => None,
                }
            }
            Object::Query(class) | Object::Statement(class) | Object::Scalars(class) | Object::Rows(class)
                if leaves_entity(name) =>
            {
                let _ = class;
                Some(object)
            }
            Object::Query(class) if ONE.contains(&name) || name == "get" => Some(Object::Instance(class)),
            Object::Scalars(class) if ONE.contains(&name) => Some(Object::Instance(class)),
            Object::Rows(class) if matches!(name, "scalar" | "scalar_one" | "scalar_one_or_none") => {
                Some(Object::Instance(class))
            }
            Object::Rows(class) if name == "scalars" => Some(Object::Scalars(class)),
            Object::Query(class) | Object::Scalars(class) if matches!(name, "all" | "fetchall") => {
                Some(Object::Many(class))
            }
            _ => None,
        }
    }

    /// What a call on a session gives.
    pub(super) fn session_call(
        &self,
        module: &'p Module,
        session: ExprId,
        name: &str,
        args: &[ExprId],
        hops: usize,
    ) -> Option<Object> {
        let known = ["query", "get", "get_one", "scalar", "scalars", "execute", "exec"];
        let first = *args.first()?;
        if !known.contains(&name) {
            return None;
        }
        let is_session = module.last_name(session).is_some_and(|it| SESSIONS.contains(&it))
            || self.project.database_object(module, session).is_some();
        if !is_session {
            return None;
        }
        match name {
            "query" if args.len() == 1 => self.entity(module, first).map(Object::Query),
            "get" | "get_one" if args.len() > 1 => self.entity(module, first).map(Object::Instance),
            "scalar" | "scalars" | "execute" | "exec" => match self.infer(module, first, hops)? {
                Object::Statement(class) => Some(match name {
                    "scalar" => Object::Instance(class),
                    "execute" => Object::Rows(class),
                    _ => Object::Scalars(class),
                }),
                _ => None,
            },
            _ => None,
        }
    }

    /// The mapped class that an expression names.
    pub(super) fn entity(&self, module: &'p Module, expr: ExprId) -> Option<ClassId> {
        match self.infer(module, expr, HOPS)? {
            Object::Class(class) => self.project.database.table_of_class(class.0, class.1).map(|_| class),
            _ => None,
        }
    }

    /// What a function gives when it is called, and awaited if it is asynchronous.
    pub(crate) fn returned(&self, module: &'p Module, id: StmtId, is_awaited: bool, hops: usize) -> Option<Object> {
        let hops = hops.checked_sub(1)?;
        let function = module.function(id)?;
        let is_plain = function.decorators.iter().all(|&decorator| {
            let called = match module.python.syntax.expr(decorator).kind {
                ExprKind::Call { func, .. } => func,
                _ => decorator,
            };
            self.project.is_any(module, called, TRANSPARENT_DECORATORS)
        });
        if function.is_async != is_awaited || !is_plain || yields(module, id) {
            return None;
        }
        let values = returned(module, id);
        let Some(annotation) = function.returns else { return self.all(module, &values, hops) };
        let declared = self.annotation(module, annotation, hops)?;
        if !self.trusts_annotations {
            return self.all(module, &values, hops).filter(|given| *given == declared);
        }
        // One value that is certainly something else shows that the annotation is wrong.
        let contradicts =
            |&value: &ExprId| self.infer(module, value, hops).is_some_and(|given| !self.is_kind_of(given, declared));
        (!values.iter().any(contradicts)).then_some(declared)
    }

    /// Whether one object may stand where another is declared: it is of the same class or of one below it.
    pub(super) fn is_kind_of(&self, given: Object, declared: Object) -> bool {
        match (given, declared) {
            (Object::Instance(given), Object::Instance(declared)) | (Object::Many(given), Object::Many(declared)) => {
                self.project.shapes().ancestors(given).contains(&declared)
            }
            (given, declared) => given == declared,
        }
    }

    /// The class that an annotation certainly names.
    pub(crate) fn annotation(&self, module: &'p Module, expr: ExprId, hops: usize) -> Option<Object> {
        let hops = hops.checked_sub(1)?;
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                let name = module.python.qualified_name(expr)?;
                let symbol = self.project.resolve_qualified(module, &name)?;
                match self.project.definition(&symbol)? {
                    (home, Definition::Class(class)) => Some(Object::Instance((home.id, class))),
                    (home, Definition::Value(value)) => self.annotation(home, value, hops),
                    _ => None,
                }
            }
            ExprKind::Str { value, .. } => {
                let text = value.trim();
                let binding = module.python.binding(ScopeId(0), text)?;
                match self.sites(module, &binding.sites, (ScopeId(0), binding.name), hops)? {
                    Object::Class(class) => Some(Object::Instance(class)),
                    _ => None,
                }
            }
            ExprKind::BinOp { left, op: Operator::BitOr, right } => {
                match (&syntax.expr(*left).kind, &syntax.expr(*right).kind) {
                    (_, ExprKind::None) => self.annotation(module, *left, hops),
                    (ExprKind::None, _) => self.annotation(module, *right, hops),
                    _ => None,
                }
            }
            ExprKind::Subscript { value, slice, .. } => self.generic(module, *value, *slice, hops),
            _ => None,
        }
    }
}
