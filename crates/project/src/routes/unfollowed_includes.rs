//! Includes and mounts that nothing followed reaches, read from their source.

use super::framework::EntryKind;
use super::unfollowed::{APPLICATIONS, Reader, elements, prefix};
use super::{RouterId, RouterKind};
use crate::Module;
use pyaudit_python::{Base, ExprId, ExprKind};
use pyaudit_source::Role;

impl Reader<'_, '_> {
    /// Notes that one router serves another.
    pub(super) fn included(&mut self, module: &Module, call: ExprId) {
        let syntax = &module.python.syntax;
        let ExprKind::Call { func, args, keywords } = &syntax.expr(call).kind else { return };
        let ExprKind::Attribute { value: object, attr, .. } = &syntax.expr(*func).kind else { return };
        let is_mount = syntax.identifier(*attr) == "mount";
        let given = |place: usize, name: &str| args.get(place).copied().or_else(|| module.keyword(keywords, name));
        let inner = if is_mount { given(1, "app") } else { given(0, "router") };
        let outer = self.router_of(module, *object).or_else(|| self.application_passed_to(module, *object));
        let known = inner.and_then(|inner| self.router_of(module, inner));
        let Some((outer, known)) = outer.zip(known) else {
            // A mount that is not followed is a directory of files or somebody else's application, and what a test includes
            // is not served for it.
            let is_shipped = module.role != Role::Test;
            if is_shipped && !is_mount && !inner.is_some_and(|inner| self.is_foreign(module, inner)) {
                self.interpreter.has_unknown_includes = true;
            }
            return;
        };
        let place = (module.id, call);
        if is_mount {
            let path = given(0, "path").and_then(|path| self.project.constant_string(module, path));
            self.interpreter.state_mut(known).is_held = true;
            self.interpreter.push_entry(outer, EntryKind::Mount { inner: known, path, host: None }, place);
        } else {
            let dependencies = elements(self.project, module, keywords);
            let prefix = prefix(self.project, module, keywords);
            self.interpreter.push_include(outer, known, prefix.as_deref(), &dependencies, place);
        }
    }

    /// Whether what is included is no router of the project: a library's, or an import of something that is not there.
    fn is_foreign(&self, module: &Module, router: ExprId) -> bool {
        match &module.python.syntax.expr(router).kind {
            ExprKind::Call { func, .. } => self.is_foreign(module, *func),
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                if let Some(symbol) = self.project.symbol(module, router) {
                    return symbol.external().is_some();
                }
                let name = module.python.qualified_name(router);
                name.is_some_and(|name| matches!(name.base, Base::Import { .. }))
                    || self.is_method_of_library(module, router)
            }
            _ => false,
        }
    }

    /// Whether an expression is an attribute of an object whose class is a library's: `fastapi_users.get_auth_router`.
    fn is_method_of_library(&self, module: &Module, expr: ExprId) -> bool {
        let ExprKind::Attribute { value, .. } = module.python.syntax.expr(expr).kind else { return false };
        self.project.type_of(module, value).is_some_and(|class| class.external().is_some())
    }

    /// The application behind a parameter that is annotated as one, `def add_routers(app: FastAPI)`: the only one of the
    /// module, or of the project.
    fn application_passed_to(&self, module: &Module, object: ExprId) -> Option<RouterId> {
        if !self.project.type_of(module, object).is_some_and(|class| class.is_any(APPLICATIONS)) {
            return None;
        }
        let only = |in_module: bool| {
            let mut applications = self.interpreter.routers.iter().enumerate().filter(|(_, state)| {
                state.class.kind() == RouterKind::Application && (!in_module || state.call.0 == module.id)
            });
            let first = applications.next();
            first.filter(|_| applications.next().is_none()).map(|(at, _)| RouterId(at as u32))
        };
        only(true).or_else(|| only(false))
    }
}
