//! What a route takes from its request: the parameters of its handler and of everything the handler depends on.

use crate::routes::Element;
use crate::{Definition, Endpoint, Module, ModuleId, Project, Route, Symbol};
use pyaudit_python::{ExprId, ExprKind, Parameter, Parent, StmtId};
use pyaudit_source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// What declares that a parameter comes from the path.
/// <https://fastapi.tiangolo.com/tutorial/path-params-numeric-validations/>
const PATH: &[&str] = &["fastapi.Path", "fastapi.params.Path", "fastapi.param_functions.Path"];

/// Everything that holds the request, and so its `path_params`.
/// <https://www.starlette.io/requests/#path-parameters>
const REQUESTS: &[&str] = &[
    "fastapi.Request",
    "fastapi.WebSocket",
    "fastapi.requests.HTTPConnection",
    "starlette.requests.Request",
    "starlette.requests.HTTPConnection",
    "starlette.websockets.WebSocket",
];

/// How many callables one route may depend on; more than any real one does.
const MAX_CALLABLES: usize = 256;

/// What a route takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouteParameters {
    /// The names by which values are taken, the aliases of `Path(alias="…")` among them.
    pub names: BTreeSet<String>,
    /// The parameters that are declared with `Path(…)`, by the name they have in the path.
    pub declared: BTreeMap<String, Span>,
    /// Whether something takes the request itself, and may read any value of the path from it.
    pub takes_request: bool,
    /// Whether every dependency was read.
    pub is_complete: bool,
}

/// A walk over the dependencies of one route.
struct Walk<'p> {
    project: &'p Project,
    seen: BTreeSet<(ModuleId, StmtId)>,
    found: RouteParameters,
}

impl Project {
    /// What a route takes: through its handler, and through all dependencies of handler, route, router and application.
    pub fn route_parameters(&self, route: &Route) -> RouteParameters {
        let found = RouteParameters { is_complete: true, ..RouteParameters::default() };
        let mut walk = Walk { project: self, seen: BTreeSet::new(), found };
        match route.endpoint {
            Endpoint::Function(module, function) => {
                let module = self.modules.get(module);
                walk.function(module, function);
                self.view_dependencies(module, function).into_iter().for_each(|callable| walk.callable(callable));
            }
            _ => walk.found.is_complete = false,
        }
        for &(module, element) in &route.dependencies {
            match self.element_dependency(self.modules.get(module), element) {
                Some(callable) => walk.callable(callable),
                None => walk.found.is_complete = false,
            }
        }
        walk.found
    }
}

fn is_of_framework(name: &str) -> bool {
    name.starts_with("fastapi.") || name.starts_with("starlette.")
}

/// Attributes of a request that have nothing of its path.
const WITHOUT_PATH: &[&str] = &["state", "app", "client", "headers", "cookies", "method", "session", "user", "auth"];

/// Whether a function may read the path from its request: unless all that it does with it is to ask for an attribute that
/// has nothing of it. What takes a request and does nothing with it may be read by a decorator.
fn may_read_path(module: &Module, function: StmtId, request: &str) -> bool {
    let syntax = &module.python.syntax;
    let body = module.function(function).map_or(&[][..], |function| &function.body);
    let exprs = body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true));
    let is_request =
        |&expr: &ExprId| matches!(syntax.expr(expr).kind, ExprKind::Name { id, .. } if syntax.name(id) == request);
    let mut is_plain = exprs.filter(is_request).map(|expr| match syntax.expr_parent(expr) {
        Parent::Expr(outer) => matches!(syntax.expr(outer).kind, ExprKind::Attribute { attr, .. }
            if WITHOUT_PATH.contains(&syntax.identifier(attr))),
        _ => false,
    });
    is_plain.next().is_none_or(|first| !first) || !is_plain.all(|plain| plain)
}

impl Walk<'_> {
    fn callable(&mut self, (module, expr): Element) {
        let module = self.project.modules.get(module);
        if let ExprKind::Call { func, .. } = module.python.syntax.expr(expr).kind
            && let Some((home, factory, _)) = self.project.function(module, func)
        {
            return self.factory(home, factory);
        }
        let symbol = self.project.symbol(module, expr);
        match symbol.as_ref().and_then(|symbol| self.project.definition(symbol)) {
            Some((home, Definition::Function(function))) => self.function(home, function),
            // Security schemes of FastAPI read headers.
            _ if symbol.as_ref().and_then(Symbol::external).is_some_and(is_of_framework) => {}
            Some((home, Definition::Class(class))) => match self.project.member(home, class, "__init__") {
                Some((home, Definition::Function(constructor))) => self.function(home, constructor),
                _ => self.found.is_complete = false,
            },
            _ => self.instance(module, expr),
        }
    }

    /// A function that makes the dependency: `Depends(require_role("admin"))`.
    fn factory(&mut self, home: &Module, factory: StmtId) {
        let returned = self.project.returned_by(home, factory);
        if returned.is_empty() || !self.seen.insert((home.id, factory)) {
            self.found.is_complete = false;
            return;
        }
        for value in returned {
            self.callable((home.id, value));
        }
    }

    /// An object of the project that is called, or of a library: a security scheme.
    fn instance(&mut self, module: &Module, expr: ExprId) {
        let class = self.project.type_of(module, expr);
        if class.as_ref().and_then(Symbol::external).is_some_and(is_of_framework) {
            return;
        }
        match class.and_then(|class| self.project.definition(&class)) {
            Some((home, Definition::Class(class))) => match self.project.member(home, class, "__call__") {
                Some((home, Definition::Function(method))) => self.function(home, method),
                _ => self.found.is_complete = false,
            },
            _ => self.found.is_complete = false,
        }
    }

    fn function(&mut self, module: &Module, id: StmtId) {
        if self.seen.len() >= MAX_CALLABLES {
            self.found.is_complete = false;
            return;
        }
        if !self.seen.insert((module.id, id)) {
            return;
        }
        let Some(function) = module.function(id) else { return };
        self.found.is_complete &= function.parameters.vararg.is_none() && function.parameters.kwarg.is_none();
        for parameter in function.parameters.iter() {
            self.parameter(module, id, parameter);
            for callable in self.project.parameter_dependencies(module, parameter) {
                self.callable(callable);
            }
        }
    }

    fn parameter(&mut self, module: &Module, function: StmtId, parameter: &Parameter) {
        let name = module.python.syntax.identifier(parameter.name).to_owned();
        self.found.takes_request |= self.is_request(module, parameter, &name) && may_read_path(module, function, &name);
        let declared = self.path_declaration(module, parameter);
        if let Some(declared) = declared {
            let alias = match &self.project.modules.get(declared.0).python.syntax.expr(declared.1).kind {
                ExprKind::Call { keywords, .. } => {
                    let home = self.project.modules.get(declared.0);
                    home.keyword(keywords, "alias").map(|alias| self.project.constant_string(home, alias))
                }
                _ => None,
            };
            match alias {
                Some(Some(alias)) => {
                    self.found.names.insert(alias.clone());
                    self.found.declared.insert(alias, module.span(parameter.name.range));
                }
                Some(None) => self.found.is_complete = false,
                None => {
                    self.found.declared.insert(name.clone(), module.span(parameter.name.range));
                }
            }
        }
        self.found.names.insert(name);
    }

    fn is_request(&self, module: &Module, parameter: &Parameter, name: &str) -> bool {
        let Some(annotation) = parameter.annotation else { return name == "request" };
        let symbols = self.project.symbols(module, annotation);
        symbols.iter().any(|symbol| symbol.is_any(REQUESTS))
            || self
                .project
                .class(module, annotation)
                .is_some_and(|(home, class, _)| self.project.inherits_from(home, class, REQUESTS))
    }

    /// The `Path(…)` of a parameter.
    fn path_declaration(&self, module: &Module, parameter: &Parameter) -> Option<Element> {
        let annotated = parameter.annotation.into_iter().flat_map(|it| self.project.annotated(module, it));
        let mut elements: Vec<(&Module, ExprId)> =
            annotated.flat_map(|(home, _, metadata)| metadata.iter().map(move |&element| (home, element))).collect();
        elements.extend(parameter.default.map(|default| (module, default)));
        let is_path = |&(home, element): &(&Module, ExprId)| match &home.python.syntax.expr(element).kind {
            ExprKind::Call { func, .. } => self.project.is_any(home, *func, PATH),
            _ => false,
        };
        elements.into_iter().find(is_path).map(|(home, element)| (home.id, element))
    }
}
