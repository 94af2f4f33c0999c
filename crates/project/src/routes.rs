//! The route table: applications, routers, what includes what, and the routes with their handlers.
//!
//! Known here: decorators on objects that are an application or a router (module-level, local to a factory, attributes
//! of `self`), `add_api_route` and its kin, `Route` lists, `include_router` and `mount` with literal or foldable
//! prefixes. A prefix that cannot be known leaves the route with [`Route::prefix_known`] unset, never with a guess.

use crate::{Definition, Module, ModuleId, Project, Resolution, Symbol};
use pyaudit_python::{Base, ExprId, ExprKind, Keyword, Parent, StmtId, StmtKind};
use pyaudit_source::{Range, Span};
use std::collections::BTreeMap;

/// Classes whose instances are an application.
const APPLICATIONS: &[&str] = &["fastapi.FastAPI", "fastapi.applications.FastAPI", "starlette.applications.Starlette"];

/// Classes whose instances are a router.
const ROUTERS: &[&str] = &["fastapi.APIRouter", "fastapi.routing.APIRouter", "starlette.routing.Router"];

/// Classes of route objects that name their endpoint.
const ROUTE_OBJECTS: &[&str] =
    &["starlette.routing.Route", "starlette.routing.WebSocketRoute", "fastapi.routing.APIRoute"];

/// Decorators that register one method, with the method they register.
const METHOD_DECORATORS: &[(&str, &str)] = &[
    ("get", "GET"),
    ("post", "POST"),
    ("put", "PUT"),
    ("patch", "PATCH"),
    ("delete", "DELETE"),
    ("head", "HEAD"),
    ("options", "OPTIONS"),
    ("trace", "TRACE"),
    ("websocket", "WEBSOCKET"),
    ("websocket_route", "WEBSOCKET"),
];

/// Methods and decorators that take the HTTP methods as an argument.
const MANY_METHODS: &[&str] = &["api_route", "route", "add_api_route", "add_route"];

/// Methods that register an endpoint given as an argument.
const ADDERS: &[&str] = &["add_api_route", "add_route", "add_api_websocket_route", "add_websocket_route"];

/// How deep includes are followed; an application that nests more is cut off with unknown prefixes.
const MAX_INCLUDE_DEPTH: usize = 16;

/// How many full paths one router may have; the same router is rarely included more than twice.
const MAX_PATHS_PER_ROUTER: usize = 16;

/// The number of an application or router in the route table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouterId(pub u32);

/// Whether something serves routes itself or must be included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouterKind {
    /// `FastAPI()` or `Starlette()`.
    Application,
    /// `APIRouter()` or `Router()`.
    Router,
}

/// An application or a router.
#[derive(Debug, Clone)]
pub struct Router {
    /// Whether it serves by itself.
    pub kind: RouterKind,
    /// The module that makes it.
    pub module: ModuleId,
    /// The call that makes it.
    pub call: ExprId,
    /// The names it is assigned to, as a symbol of the project.
    pub symbol: Symbol,
    /// Its own `prefix=`; `None` where it cannot be known.
    pub prefix: Option<String>,
    /// The elements of its `dependencies=`: `Depends(…)`, `Security(…)`, or a name for one.
    pub dependencies: Vec<Element>,
    /// The middleware of the project that it runs around every request, in the order of its registration.
    pub middlewares: Vec<Middleware>,
    /// The class of the project that its routes are instances of, where `route_class=` names one.
    pub route_class: Option<(ModuleId, StmtId)>,
}

/// A class or function of the project that an application runs around every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Middleware {
    /// The module that defines it.
    pub module: ModuleId,
    /// Its definition.
    pub definition: StmtId,
    /// The call that registers it and holds the arguments of its constructor.
    pub registration: Element,
}

/// An element of a list, with the module that the list stands in.
pub type Element = (ModuleId, ExprId);

/// One router that another serves.
#[derive(Debug, Clone)]
struct Include {
    outer: RouterId,
    inner: RouterId,
    /// `prefix=` of the include, or the path of the mount; `None` where it cannot be known.
    prefix: Option<String>,
    /// The elements of its `dependencies=`.
    dependencies: Vec<Element>,
}

/// One way in which an application serves a router.
#[derive(Debug, Clone, PartialEq)]
struct Served {
    application: RouterId,
    /// What stands before the paths of the router; `None` where it cannot be known.
    prefix: Option<String>,
    /// The dependencies of the application, of each include and of the router, from the outermost.
    dependencies: Vec<Element>,
}

/// One registered route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The module that registers it.
    pub module: ModuleId,
    /// The function that answers, with its module; `None` where it cannot be known.
    pub handler: Option<(ModuleId, StmtId)>,
    /// The application or router that it is registered on, where that is known.
    pub router: Option<RouterId>,
    /// The HTTP methods in upper case; `WEBSOCKET` for a web socket.
    pub methods: Vec<String>,
    /// The path, with the prefixes of includes when they are known.
    pub path: String,
    /// Whether every prefix in front of the path is known and an application serves the route.
    pub prefix_known: bool,
    /// Whether an application may serve the route: not where its router is known and every include of the project is
    /// read, but none includes it.
    pub may_be_served: bool,
    /// The registration: the decorator or call.
    pub span: Span,
    /// The application that serves it, where that is known.
    pub application: Option<RouterId>,
    /// The elements of every `dependencies=` that guards it: of the application, the includes, the router and the route,
    /// from the outermost.
    pub dependencies: Vec<Element>,
}

impl Route {
    /// What a finding about this route is about: `GET /users/{id}`, or `GET …/{id}` where what stands before is unknown.
    pub fn subject(&self) -> String {
        let before = if self.prefix_known { "" } else { "…" };
        format!("{} {before}{}", self.methods.join("|"), self.path)
    }
}

/// Every application, router and route of a project.
#[derive(Debug, Default)]
pub struct Routes {
    /// The applications and routers, in the order of their places.
    pub routers: Vec<Router>,
    /// The routes, in the order of their places; one row for each full path.
    pub routes: Vec<Route>,
    handlers: BTreeMap<(ModuleId, StmtId), usize>,
}

impl Routes {
    /// Reads the route table of a project whose modules are linked.
    pub(crate) fn build(project: &Project) -> Self {
        let mut builder = Builder::new(project);
        for module in project.modules.iter() {
            builder.collect_routers(module);
        }
        let mut registered = Vec::new();
        for module in project.modules.iter() {
            builder.collect_routes(module, &mut registered);
        }
        let routes = builder.with_full_paths(registered);
        let handlers = routes.iter().enumerate().filter_map(|(at, route)| Some((route.handler?, at))).rev().collect();
        Self { routers: builder.routers, routes, handlers }
    }

    /// How many routes have a known full path.
    pub(crate) fn resolution(&self) -> Resolution {
        let resolved = self.routes.iter().filter(|route| route.prefix_known).count();
        Resolution { what: "route prefixes", resolved, all: self.routes.len() }
    }

    /// The first route that a function answers.
    pub fn of_handler(&self, module: ModuleId, function: StmtId) -> Option<&Route> {
        self.handlers.get(&(module, function)).map(|&at| &self.routes[at])
    }

    /// The functions of one module that answer a route, each with its first route.
    pub fn handlers_of(&self, module: ModuleId) -> impl Iterator<Item = (StmtId, &Route)> {
        let range = (module, StmtId(0))..=(module, StmtId(u32::MAX));
        self.handlers.range(range).map(|(&(_, function), &at)| (function, &self.routes[at]))
    }
}

struct Builder<'p> {
    project: &'p Project,
    routers: Vec<Router>,
    by_symbol: BTreeMap<Symbol, RouterId>,
    includes: Vec<Include>,
    /// Whether the project includes something that cannot be followed, so that any router may be served.
    has_unknown_includes: bool,
}

impl<'p> Builder<'p> {
    fn new(project: &'p Project) -> Self {
        let by_symbol = BTreeMap::new();
        Self { project, routers: Vec::new(), by_symbol, includes: Vec::new(), has_unknown_includes: false }
    }

    /// Finds what is assigned a new application or router.
    fn collect_routers(&mut self, module: &'p Module) {
        let syntax = &module.python.syntax;
        for (_, stmt) in syntax.stmts() {
            let (target, value) = match &stmt.kind {
                StmtKind::Assign { targets, value } => (targets.first().copied(), *value),
                StmtKind::AnnAssign { target, value: Some(value), .. } => (Some(*target), *value),
                _ => continue,
            };
            let ExprKind::Call { func, keywords, .. } = &syntax.expr(value).kind else { continue };
            let Some((kind, target)) = self.kind_of_class(module, *func).zip(target) else { continue };
            let Some(symbol) = symbol_of_target(module, target) else { continue };
            let prefix = self.prefix(module, keywords, "prefix");
            let id = RouterId(self.routers.len() as u32);
            self.by_symbol.entry(symbol.clone()).or_insert(id);
            let dependencies = self.elements(module, keywords, "dependencies");
            let middlewares = self.listed_middlewares(module, keywords);
            let route_class = module.keyword(keywords, "route_class").and_then(|class| self.callable(module, class));
            let router =
                Router { kind, module: module.id, call: value, symbol, prefix, dependencies, middlewares, route_class };
            self.routers.push(router);
        }
    }

    /// Whether a callable is the class of an application or router, or a class of the project that inherits from one.
    fn kind_of_class(&self, module: &Module, func: ExprId) -> Option<RouterKind> {
        let symbol = self.project.symbol(module, func)?;
        let by_path = |symbol: &Symbol| {
            if symbol.is_any(APPLICATIONS) {
                Some(RouterKind::Application)
            } else if symbol.is_any(ROUTERS) {
                Some(RouterKind::Router)
            } else {
                None
            }
        };
        by_path(&symbol).or_else(|| {
            let (home, class, _) = self.project.class(module, func)?;
            self.project.external_bases(home, class).iter().find_map(by_path)
        })
    }

    /// A literal or foldable prefix: empty where none is given, `None` where it cannot be known.
    fn prefix(&self, module: &Module, keywords: &[Keyword], name: &str) -> Option<String> {
        match module.keyword(keywords, name) {
            Some(value) => self.project.constant_string(module, value),
            None if keywords.iter().any(|keyword| keyword.name.is_none()) => None,
            None => Some(String::new()),
        }
    }

    /// Finds the registrations of one module.
    fn collect_routes(&mut self, module: &'p Module, routes: &mut Vec<Route>) {
        let syntax = &module.python.syntax;
        for (id, stmt) in syntax.stmts() {
            if let StmtKind::FunctionDef(function) = &stmt.kind {
                for &decorator in &function.decorators {
                    self.decorating_middleware(module, id, decorator);
                    routes.extend(self.decorated(module, id, decorator));
                }
            }
        }
        for (id, expr) in syntax.exprs() {
            let ExprKind::Call { func, args, keywords } = &expr.kind else { continue };
            match &syntax.expr(*func).kind {
                ExprKind::Attribute { value, attr, .. } => {
                    let method = syntax.identifier(*attr);
                    match method {
                        "include_router" | "mount" => self.included(module, *value, method, args, keywords),
                        "add_middleware" => self.added_middleware(module, id, *value, args),
                        _ if ADDERS.contains(&method) => {
                            routes.extend(self.added(module, *value, method, args, keywords, expr.range));
                        }
                        "Route" | "WebSocketRoute" | "APIRoute" => {
                            routes.extend(self.route_object(module, id, *func, args, keywords));
                        }
                        _ => {}
                    }
                }
                ExprKind::Name { .. } => routes.extend(self.route_object(module, id, *func, args, keywords)),
                _ => {}
            }
        }
    }

    /// The route that a decorator registers.
    fn decorated(&self, module: &Module, function: StmtId, decorator: ExprId) -> Option<Route> {
        let syntax = &module.python.syntax;
        let ExprKind::Call { func, args, keywords } = &syntax.expr(decorator).kind else { return None };
        let (func, args) = self.wrapped_method(module, args).unwrap_or((*func, args));
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(func).kind else { return None };
        let name = syntax.identifier(*attr);
        let methods = self.methods(module, name, keywords)?;
        let path = args.first().copied().or_else(|| module.keyword(keywords, "path"));
        let router = self.router_of(module, *value);
        if router.is_none() && !self.may_be_router(module, *value, path) {
            return None;
        }
        let constant = path.and_then(|path| self.project.constant_string(module, path));
        Some(Route {
            module: module.id,
            handler: Some((module.id, function)),
            router,
            methods,
            prefix_known: constant.is_some(),
            may_be_served: true,
            path: constant.unwrap_or_default(),
            span: module.span(syntax.expr(decorator).range),
            application: None,
            dependencies: self.elements(module, keywords, "dependencies"),
        })
    }

    /// The method of a router that a decorator of the project is handed, with the arguments after it:
    /// `@protected(router.get, "/users")`.
    fn wrapped_method<'a>(&self, module: &Module, args: &'a [ExprId]) -> Option<(ExprId, &'a [ExprId])> {
        let syntax = &module.python.syntax;
        let at = args.iter().position(|&argument| match &syntax.expr(argument).kind {
            ExprKind::Attribute { value, attr, .. } => {
                let name = syntax.identifier(*attr);
                METHOD_DECORATORS.iter().any(|(known, _)| *known == name) && self.router_of(module, *value).is_some()
            }
            _ => false,
        })?;
        Some((args[at], &args[at + 1..]))
    }

    /// The methods that a decorator or adder of this name registers.
    fn methods(&self, module: &Module, name: &str, keywords: &[Keyword]) -> Option<Vec<String>> {
        if let Some((_, method)) = METHOD_DECORATORS.iter().find(|(known, _)| *known == name) {
            return Some(vec![(*method).to_owned()]);
        }
        if name.contains("websocket") {
            return Some(vec!["WEBSOCKET".to_owned()]);
        }
        MANY_METHODS.contains(&name).then(|| self.methods_argument(module, keywords))
    }

    /// The methods of a `methods=` argument; `GET` where there is none, as in Starlette and FastAPI.
    fn methods_argument(&self, module: &Module, keywords: &[Keyword]) -> Vec<String> {
        let syntax = &module.python.syntax;
        let listed = module.keyword(keywords, "methods").map(|value| match &syntax.expr(value).kind {
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } | ExprKind::Set(elts) => {
                let texts = elts.iter().filter_map(|&element| self.project.constant_string(module, element));
                texts.map(|text| text.to_ascii_uppercase()).collect()
            }
            _ => Vec::new(),
        });
        listed.filter(|methods: &Vec<String>| !methods.is_empty()).unwrap_or_else(|| vec!["GET".to_owned()])
    }

    /// Whether an object whose making is not seen is an application or router: a parameter annotated as one, or an
    /// unknown name with a route path, in a module that imports the framework.
    fn may_be_router(&self, module: &Module, value: ExprId, path: Option<ExprId>) -> bool {
        if let Some(class) = self.project.type_of(module, value) {
            let is_framework = class.is_any(APPLICATIONS) || class.is_any(ROUTERS);
            return is_framework;
        }
        let is_path = path
            .and_then(|path| self.project.constant_string(module, path))
            .is_some_and(|path| path.is_empty() || path.starts_with('/'));
        let external = self.project.symbols(module, value).iter().any(|symbol| symbol.external().is_some());
        is_path && !external && imports_framework(module)
    }

    /// The route that `add_api_route(path, endpoint)` registers.
    fn added(
        &self,
        module: &Module,
        object: ExprId,
        method: &str,
        args: &[ExprId],
        keywords: &[Keyword],
        range: Range,
    ) -> Option<Route> {
        let router = self.router_of(module, object);
        let path = args.first().copied().or_else(|| module.keyword(keywords, "path"))?;
        if router.is_none() && !self.may_be_router(module, object, Some(path)) {
            return None;
        }
        let endpoint = args.get(1).copied();
        let endpoint =
            endpoint.or_else(|| ["endpoint", "route"].iter().find_map(|name| module.keyword(keywords, name)));
        let constant = self.project.constant_string(module, path);
        Some(Route {
            module: module.id,
            handler: endpoint.and_then(|endpoint| self.endpoint(module, endpoint)),
            router,
            methods: self.methods(module, method, keywords)?,
            prefix_known: constant.is_some(),
            may_be_served: true,
            path: constant.unwrap_or_default(),
            span: module.span(range),
            application: None,
            dependencies: self.elements(module, keywords, "dependencies"),
        })
    }

    /// The function behind an endpoint argument.
    fn endpoint(&self, module: &Module, endpoint: ExprId) -> Option<(ModuleId, StmtId)> {
        self.project.function(module, endpoint).map(|(home, id, _)| (home.id, id))
    }

    /// The route that `Route("/x", endpoint)` describes. Which application lists it is not followed, so that its
    /// prefix is unknown.
    fn route_object(
        &self,
        module: &Module,
        call: ExprId,
        func: ExprId,
        args: &[ExprId],
        keywords: &[Keyword],
    ) -> Option<Route> {
        let syntax = &module.python.syntax;
        if !imports_framework(module) || !self.project.is_any(module, func, ROUTE_OBJECTS) {
            return None;
        }
        let path = args.first().copied().or_else(|| module.keyword(keywords, "path"))?;
        let endpoint = args.get(1).copied().or_else(|| module.keyword(keywords, "endpoint"))?;
        let is_websocket = self.project.is_any(module, func, &["starlette.routing.WebSocketRoute"]);
        let methods = if is_websocket { vec!["WEBSOCKET".to_owned()] } else { self.methods_argument(module, keywords) };
        Some(Route {
            module: module.id,
            handler: self.endpoint(module, endpoint),
            router: None,
            methods,
            path: self.project.constant_string(module, path).unwrap_or_default(),
            prefix_known: false,
            may_be_served: true,
            span: module.span(syntax.expr(call).range),
            application: None,
            dependencies: Vec::new(),
        })
    }

    /// Notes that one router serves another.
    fn included(&mut self, module: &Module, object: ExprId, method: &str, args: &[ExprId], keywords: &[Keyword]) {
        let (inner, prefix) = if method == "mount" {
            let path = args.first().copied().or_else(|| module.keyword(keywords, "path"));
            let app = args.get(1).copied().or_else(|| module.keyword(keywords, "app"));
            (app, path.and_then(|path| self.project.constant_string(module, path)))
        } else {
            let router = args.first().copied().or_else(|| module.keyword(keywords, "router"));
            (router, self.prefix(module, keywords, "prefix"))
        };
        let outer = self.router_of(module, object).or_else(|| self.application_passed_to(module, object));
        match outer.zip(inner.and_then(|inner| self.router_of(module, inner))) {
            Some((outer, inner)) => {
                let dependencies = self.elements(module, keywords, "dependencies");
                self.includes.push(Include { outer, inner, prefix, dependencies });
            }
            // A mount that is not followed is a directory of files or somebody else's application.
            None if method == "mount" || inner.is_some_and(|inner| self.is_foreign(module, inner)) => {}
            None => self.has_unknown_includes = true,
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
            let mut applications = self.routers.iter().enumerate().filter(|(_, router)| {
                router.kind == RouterKind::Application && (!in_module || router.module == module.id)
            });
            let first = applications.next();
            first.filter(|_| applications.next().is_none()).map(|(at, _)| RouterId(at as u32))
        };
        only(true).or_else(|| only(false))
    }

    /// The application or router that an expression is.
    fn router_of(&self, module: &Module, expr: ExprId) -> Option<RouterId> {
        let symbol = self.project.symbol(module, expr).or_else(|| symbol_of_target(module, expr))?;
        self.by_symbol.get(&symbol).copied()
    }

    /// Gives each registered route the paths under which applications serve it.
    fn with_full_paths(&self, registered: Vec<Route>) -> Vec<Route> {
        let ways = self.served();
        let has_application = self.routers.iter().any(|router| router.kind == RouterKind::Application);
        let is_closed = has_application && !self.has_unknown_includes;
        let mut routes = Vec::with_capacity(registered.len());
        for route in registered {
            let served = route.router.and_then(|router| ways.get(&router)).filter(|served| !served.is_empty());
            let Some(served) = served else {
                let may_be_served = route.router.is_none() || !is_closed;
                let own = route.router.and_then(|router| self.routers[router.0 as usize].prefix.as_deref());
                let path = format!("{}{}", own.unwrap_or(""), route.path);
                let of_router = route.router.map(|router| self.routers[router.0 as usize].dependencies.as_slice());
                let dependencies = [of_router.unwrap_or(&[]), &route.dependencies].concat();
                routes.push(Route { path, prefix_known: false, may_be_served, dependencies, ..route });
                continue;
            };
            for served in served {
                let known = served.prefix.is_some() && route.prefix_known;
                let path = format!("{}{}", served.prefix.as_deref().unwrap_or(""), route.path);
                let dependencies = [served.dependencies.as_slice(), &route.dependencies].concat();
                let application = Some(served.application);
                routes.push(Route { path, prefix_known: known, application, dependencies, ..route.clone() });
            }
        }
        routes.sort_by_key(|route| route.span);
        routes
    }

    /// The ways in which each router is served: the prefixes and dependencies of the includes around it and its own.
    fn served(&self) -> BTreeMap<RouterId, Vec<Served>> {
        let mut inner_of: BTreeMap<RouterId, Vec<&Include>> = BTreeMap::new();
        for include in &self.includes {
            inner_of.entry(include.outer).or_default().push(include);
        }
        let mut served: BTreeMap<RouterId, Vec<Served>> = BTreeMap::new();
        let mut open: Vec<(RouterId, Served, usize)> = Vec::new();
        for (at, router) in self.routers.iter().enumerate().rev() {
            if router.kind == RouterKind::Application {
                let id = RouterId(at as u32);
                let whole = Served { application: id, prefix: Some(String::new()), dependencies: Vec::new() };
                open.push((id, whole, 0));
            }
        }
        while let Some((id, before, depth)) = open.pop() {
            let router = &self.routers[id.0 as usize];
            let here = before.within(router.prefix.as_ref(), &router.dependencies);
            let ways = served.entry(id).or_default();
            if ways.contains(&here) || ways.len() >= MAX_PATHS_PER_ROUTER || depth > MAX_INCLUDE_DEPTH {
                continue;
            }
            ways.push(here.clone());
            for include in inner_of.get(&id).into_iter().flatten().rev() {
                let inner = here.within(include.prefix.as_ref(), &include.dependencies);
                open.push((include.inner, inner, depth + 1));
            }
        }
        served
    }

    /// The elements of a list that a keyword argument gives, or that a name stands for.
    fn elements(&self, module: &Module, keywords: &[Keyword], name: &str) -> Vec<Element> {
        let Some(value) = module.keyword(keywords, name) else { return Vec::new() };
        let symbol = self.project.symbol(module, value);
        let (home, value) = match symbol.and_then(|symbol| self.project.definition(&symbol)) {
            Some((home, Definition::Value(value))) => (home, value),
            _ => (module, value),
        };
        match &home.python.syntax.expr(value).kind {
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
                elts.iter().map(|&it| (home.id, it)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The classes of the project in `middleware=[Middleware(Class, …)]`.
    fn listed_middlewares(&self, module: &Module, keywords: &[Keyword]) -> Vec<Middleware> {
        let elements = self.elements(module, keywords, "middleware").into_iter();
        let classes = elements.filter_map(|registration| {
            let home = self.project.modules.get(registration.0);
            let ExprKind::Call { args, .. } = &home.python.syntax.expr(registration.1).kind else { return None };
            let (module, definition) = self.callable(home, *args.first()?)?;
            Some(Middleware { module, definition, registration })
        });
        classes.collect()
    }

    /// The class or function of the project that an expression names.
    fn callable(&self, module: &Module, expr: ExprId) -> Option<(ModuleId, StmtId)> {
        match self.project.definition(&self.project.symbol(module, expr)?)? {
            (home, Definition::Class(id) | Definition::Function(id)) => Some((home.id, id)),
            _ => None,
        }
    }

    /// Notes `application.add_middleware(Class)`.
    fn added_middleware(&mut self, module: &Module, call: ExprId, object: ExprId, args: &[ExprId]) {
        let application = self.router_of(module, object).or_else(|| self.application_passed_to(module, object));
        let class = args.first().and_then(|&class| self.callable(module, class));
        if let Some((application, (home, definition))) = application.zip(class) {
            let middleware = Middleware { module: home, definition, registration: (module.id, call) };
            self.routers[application.0 as usize].middlewares.push(middleware);
        }
    }

    /// Notes a function under `@application.middleware("http")`.
    fn decorating_middleware(&mut self, module: &Module, function: StmtId, decorator: ExprId) {
        let syntax = &module.python.syntax;
        let ExprKind::Call { func, .. } = &syntax.expr(decorator).kind else { return };
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind else { return };
        if syntax.identifier(*attr) != "middleware" {
            return;
        }
        if let Some(application) = self.router_of(module, *value) {
            let registration = (module.id, decorator);
            let middleware = Middleware { module: module.id, definition: function, registration };
            self.routers[application.0 as usize].middlewares.push(middleware);
        }
    }
}

impl Served {
    /// The same way one step further in.
    fn within(&self, prefix: Option<&String>, dependencies: &[Element]) -> Self {
        Self {
            application: self.application,
            prefix: self.prefix.as_ref().zip(prefix).map(|(outer, own)| format!("{outer}{own}")),
            dependencies: [self.dependencies.as_slice(), dependencies].concat(),
        }
    }
}

/// Whether a module imports FastAPI or Starlette, under any name.
fn imports_framework(module: &Module) -> bool {
    let imports = &module.python.names.imports;
    imports.iter().any(|import| {
        let top = import.module.split('.').next().unwrap_or("");
        import.level == 0 && matches!(top, "fastapi" | "starlette")
    })
}

/// The symbol of something assigned: a name by its scope, `self.x` by its class.
fn symbol_of_target(module: &Module, target: ExprId) -> Option<Symbol> {
    let syntax = &module.python.syntax;
    if let ExprKind::Attribute { value, attr, .. } = &syntax.expr(target).kind {
        let class = module.own_class(*value)?;
        let mut path = module.path_to(Parent::Stmt(class));
        path.push(syntax.identifier(*attr).to_owned());
        return Some(Symbol::Definition { module: module.id, path });
    }
    let local = module.python.qualified_name(target).filter(|name| name.base == Base::Local)?;
    Some(Symbol::Definition { module: module.id, path: local.path })
}
