//! Which functions something other than the project's code calls.

use super::kinds::Type;
use super::linker::Linker;
use super::{Callee, Entry, FunctionId};
use crate::{Module, ModuleId};
use pyaudit_python::{ExprId, Keyword, StmtId};

/// Methods of applications and routers that register what they are given or decorate, and arguments of an application.
const REGISTRARS: &[&str] =
    &["on_event", "middleware", "exception_handler", "add_event_handler", "add_exception_handler"];
const ARGUMENTS: &[&str] = &["lifespan", "on_startup", "on_shutdown"];

/// Libraries whose applications and routers those are.
const FRAMEWORKS: &[&str] = &["fastapi", "starlette"];

/// Methods of a middleware that run around a request.
const MIDDLEWARE_METHODS: &[&str] = &["dispatch", "__call__"];

/// How many arguments of one call are looked at.
const MAX_ARGUMENTS: usize = 64;

impl<'p> Linker<'p> {
    /// Notes which functions answer routes or stand around them.
    pub(super) fn mark_entries(&mut self) {
        let routes = &self.project.routes;
        for (module, stmt) in routes.routes.iter().filter_map(|route| route.handler) {
            if let Some(handler) = self.function_at(module, stmt) {
                self.entry(handler).route = true;
            }
        }
        for middleware in routes.routers.iter().flat_map(|router| &router.middlewares) {
            self.mark_middleware(middleware.module, middleware.definition);
        }
    }

    fn mark_middleware(&mut self, module: ModuleId, definition: StmtId) {
        let methods = match self.class_at.get(&(module, definition)).copied() {
            Some(class) => {
                let names = MIDDLEWARE_METHODS.iter().map(|name| self.atoms.intern(name));
                let names: Vec<_> = names.collect();
                names.into_iter().filter_map(|name| self.method(class, name)).collect()
            }
            None => self.function_at(module, definition).into_iter().collect::<Vec<_>>(),
        };
        for method in methods {
            self.entry(method).framework = true;
        }
    }

    /// Notes what a call of a framework registers: `FastAPI(lifespan=f)`, `app.add_event_handler("startup", f)`.
    pub(super) fn mark_registered(&mut self, module: &'p Module, callee: Type, args: &[ExprId], keywords: &[Keyword]) {
        let Type::External(path) = callee else { return };
        if !FRAMEWORKS.contains(&self.top(path)) {
            return;
        }
        let is_registrar = REGISTRARS.contains(&self.atoms.text(self.paths.last(path)));
        let named = keywords.iter().filter(|keyword| {
            is_registrar || keyword.name.is_some_and(|name| ARGUMENTS.contains(&module.python.syntax.identifier(name)))
        });
        let positional = args.iter().copied().filter(|_| is_registrar);
        let given: Vec<ExprId> = positional.chain(named.map(|keyword| keyword.value)).take(MAX_ARGUMENTS).collect();
        for value in given {
            let found = match self.type_of(module, value) {
                Type::Container(id) => self.types.parts(id).1,
                found => found,
            };
            for member in self.types.members(found) {
                if let Type::Function(function) = member {
                    self.entry(function).framework = true;
                }
            }
        }
    }

    /// Notes a function that a framework's decorator registers: `@app.on_event("startup")`.
    pub(super) fn mark_decorated(&mut self, decorated: FunctionId, decorator: Type) {
        let (Type::External(path) | Type::Object(path)) = decorator else { return };
        let is_registrar = REGISTRARS.contains(&self.atoms.text(self.paths.last(path)));
        if is_registrar && FRAMEWORKS.contains(&self.top(path)) {
            self.entry(decorated).framework = true;
        }
    }

    /// Notes that a call below `if __name__ == "__main__":` runs a function.
    pub(super) fn mark_main(&mut self, callee: Callee) {
        if let Callee::Function(function) = callee {
            self.entry(function).main = true;
        }
    }

    pub(super) fn entry(&mut self, function: FunctionId) -> &mut Entry {
        &mut self.functions[function.0 as usize].entry
    }
}
