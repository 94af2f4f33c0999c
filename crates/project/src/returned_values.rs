//! What functions return: data, or responses of their own.

use crate::database::reading::returned;
use crate::{Module, Project, Route, Symbol};
use pyaudit_python::{ExprId, ExprKind, StmtId};

/// How many functions are followed in a row.
const MAX_DEPTH: u32 = 4;

/// The class that all responses inherit from. <https://www.starlette.io/responses/>
const RESPONSE_BASES: &[&str] =
    &["starlette.responses.Response", "fastapi.Response", "fastapi.responses.Response", "flask.Response"];

/// Packages whose classes that end in `Response` are responses.
const FRAMEWORKS: &[&str] = &["fastapi", "starlette", "sse_starlette", "fastapi_responses"];

/// The verbs and methods by which FastAPI registers routes, and Starlette does not.
const FASTAPI_METHODS: &[&str] =
    &["get", "post", "put", "patch", "delete", "head", "options", "trace", "api_route", "add_api_route"];

impl Project {
    /// Whether a route is registered as FastAPI does it, so that it has a schema and a response model.
    pub fn is_fastapi_route(&self, route: &Route) -> bool {
        let module = self.modules.get(route.registration.0);
        let syntax = &module.python.syntax;
        let ExprKind::Call { func, .. } = syntax.expr(route.registration.1).kind else { return false };
        match syntax.expr(func).kind {
            ExprKind::Attribute { attr, .. } => FASTAPI_METHODS.contains(&syntax.identifier(attr)),
            ExprKind::Name { id, .. } => FASTAPI_METHODS.contains(&syntax.name(id)),
            _ => false,
        }
    }

    /// The values that a function returns, in the order of the source; a conditional expression gives both of its own.
    pub fn returned_by(&self, module: &Module, function: StmtId) -> Vec<ExprId> {
        let branches = |value: ExprId| match module.python.syntax.expr(value).kind {
            ExprKind::IfExp { body, orelse, .. } => vec![body, orelse],
            _ => vec![value],
        };
        returned(module, function).into_iter().flat_map(branches).collect()
    }

    /// Whether a value is a response that its maker filled, so that FastAPI sends it as it is: an object of a response
    /// class, a rendered template, or what a function of the project returns that only returns such.
    pub fn is_response_value(&self, module: &Module, value: ExprId) -> bool {
        self.is_response_within(module, value, MAX_DEPTH)
    }

    fn is_response_within(&self, module: &Module, value: ExprId, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let syntax = &module.python.syntax;
        if self.type_of(module, value).is_some_and(|class| self.is_response_class(&class)) {
            return true;
        }
        match syntax.expr(value).kind {
            ExprKind::Await(inner) => self.is_response_within(module, inner, depth),
            ExprKind::Name { .. } => {
                self.local_value(module, value).is_some_and(|value| self.is_response_within(module, value, depth))
            }
            ExprKind::Call { func, .. } => self.gives_response(module, func, depth),
            _ => false,
        }
    }

    fn gives_response(&self, module: &Module, func: ExprId, depth: u32) -> bool {
        let syntax = &module.python.syntax;
        if let ExprKind::Attribute { attr, .. } = syntax.expr(func).kind
            && syntax.identifier(attr).ends_with("Response")
        {
            return true;
        }
        let Some((home, id, function)) = self.function(module, func) else { return false };
        if let Some(annotation) = function.returns {
            let classes = self.symbols(home, annotation);
            return !classes.is_empty() && classes.iter().all(|class| self.is_response_class(class));
        }
        let values = self.returned_by(home, id);
        !values.is_empty() && values.into_iter().all(|value| self.is_response_within(home, value, depth))
    }

    /// Whether a class is one of the responses of a framework, or inherits from one.
    fn is_response_class(&self, class: &Symbol) -> bool {
        if let Some(name) = class.external() {
            let package = name.split('.').next().unwrap_or(name);
            return FRAMEWORKS.contains(&package) && name.ends_with("Response");
        }
        match self.definition(class) {
            Some((home, crate::Definition::Class(id))) => {
                self.inherits_from(home, id, RESPONSE_BASES)
                    || self.external_bases(home, id).iter().any(|base| self.is_response_class(base))
            }
            _ => false,
        }
    }
}
