//! The route table: applications, routers, what includes what, and the routes with their handlers.
//!
//! The making of every application is followed as Python would run it (`interpreter`), as far as it matters for what is
//! served: imports, factories, loops, decorators, constructors. What the followed routers hold at the end is laid out as
//! rows (`serving`). Registrations that nothing followed reaches, such as those in a function that nobody calls, are read
//! from the source (`unfollowed`). A prefix that cannot be known leaves the route with [`Route::prefix_known`] unset, never
//! with a guess.

mod attributes;
mod builtins;
mod calls;
mod containers;
mod entry_points;
mod expressions;
mod framework;
mod held;
mod imports;
mod interpreter;
mod libraries;
mod making;
mod methods;
mod names;
mod operators;
mod registering;
mod route_lists;
mod serving;
mod sorting;
mod statements;
mod unfollowed;
mod unfollowed_includes;
mod value;

use crate::{Module, ModuleId, Project, Resolution, Symbol};
use interpreter::Interpreter;
use pyaudit_python::{ExprId, ExprKind, StmtId};
use pyaudit_source::Span;
use std::collections::BTreeMap;

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
    /// The name it is assigned to where it is made, as a symbol of the project.
    pub symbol: Option<Symbol>,
    /// The name of a module that holds it in the end, where it is made by a function: `app` of `app = create_app()`.
    pub held_by: Option<(ModuleId, String)>,
    /// Its own `prefix=`; `None` where it cannot be known.
    pub prefix: Option<String>,
    /// The elements of its `dependencies=`: `Depends(…)`, `Security(…)`, or a name for one.
    pub dependencies: Vec<Element>,
    /// The middleware of the project that it runs around every request, in the order of its registration.
    pub middlewares: Vec<Middleware>,
    /// All middleware, that of libraries too, the outermost first.
    pub layers: Vec<Layer>,
    /// The class of the project that its routes are instances of, where `route_class=` names one.
    pub route_class: Option<(ModuleId, StmtId)>,
    /// What answers when a handler raises, in the order of its registration.
    pub exception_handlers: Vec<ExceptionHandler>,
    /// The functions of the project that run when it starts: its lifespan, and those of the event `startup`.
    pub at_start: Vec<(ModuleId, StmtId)>,
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

/// Something that an application runs around every request, its own or a library's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its definition, where it is one of the project.
    pub definition: Option<(ModuleId, StmtId)>,
    /// Its dotted path, where it is a library's; empty otherwise.
    pub name: String,
    /// The call that registers it and holds the arguments of its constructor.
    pub registration: Element,
}

/// What answers when a handler raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExceptionHandler {
    /// The class or status, as it stands in the registration.
    pub exception: Option<Element>,
    /// The function of the project that answers.
    pub handler: Option<(ModuleId, StmtId)>,
    /// The registration.
    pub registration: Element,
}

/// An expression with its module: an element of a list that may stand elsewhere, or a call.
pub type Element = (ModuleId, ExprId);

/// How much is known of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteStatus {
    /// Its full path and its handler are known.
    Exact,
    /// What stands before its path, or who serves it, is not known.
    UnresolvedPrefix,
    /// Its handler is a library's.
    Library,
    /// FastAPI itself brings it: the documentation and its schema.
    Framework,
}

impl RouteStatus {
    /// The name as outputs show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::UnresolvedPrefix => "unresolved-prefix",
            Self::Library => "library",
            Self::Framework => "framework",
        }
    }
}

/// What answers a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A function or method.
    Function(ModuleId, StmtId),
    /// A class: a `WebSocketEndpoint`, or an application of its own.
    Class(ModuleId, StmtId),
    /// A `lambda`.
    Lambda(ModuleId, ExprId),
    /// Something of a library, by its dotted path.
    Library(String),
    /// It cannot be known.
    Unknown,
}

/// One registered route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The module that registers it.
    pub module: ModuleId,
    /// The function that does the work, with its module: what the registration decorates, also where a decorator between
    /// them puts a wrapper in its place, or else what answers. `None` where it cannot be known, or is none.
    pub handler: Option<(ModuleId, StmtId)>,
    /// What answers, function or not: the wrapper, where a decorator puts one in place of the handler without `wraps`.
    pub endpoint: Endpoint,
    /// The application or router that it is registered on, where that is known.
    pub router: Option<RouterId>,
    /// The HTTP methods in upper case and in order; `WEBSOCKET` for a web socket, `*` where all are answered or none is
    /// known.
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
    /// The decorator or call that registers it, with its module; see [`Project::route_argument`].
    pub registration: Element,
    /// The outermost application that serves it, where that is known.
    pub application: Option<RouterId>,
    /// The elements of every `dependencies=` that guards it: of the application, the includes, the router and the route,
    /// from the outermost.
    pub dependencies: Vec<Element>,
    /// The calls that include or mount its router, from the outermost.
    pub via: Vec<Span>,
    /// The applications between [`Self::application`] and the route that are mounted, from the outermost.
    pub mounted_in: Vec<RouterId>,
    /// The place in which its application tries it, from 0; routes that nothing serves come last.
    pub order: usize,
    /// The host that it is for, where it is for one.
    pub host: Option<String>,
    /// The innermost condition around its registration, where it is not known whether it holds.
    pub condition: Option<Span>,
    /// How much is known of it.
    pub status: RouteStatus,
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
    /// The routes that FastAPI itself brings, by application in the order in which they are tried.
    pub framework: Vec<Route>,
    /// The routes of applications that another one mounts, as they are when they are served by themselves.
    pub standalone: Vec<Route>,
    /// The names of modules that are imported by another name than [`Module::name`].
    module_names: BTreeMap<ModuleId, String>,
    handlers: BTreeMap<(ModuleId, StmtId), usize>,
}

impl Routes {
    /// Reads the route table of a project whose modules are linked.
    pub(crate) fn build(project: &Project) -> Self {
        if !project.modules.iter().any(imports_framework) {
            return Self::default();
        }
        let mut interpreter = Interpreter::new(project);
        interpreter.follow_all();
        let unplaced = unfollowed::add(&mut interpreter);
        serving::table(&interpreter, unplaced)
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

    /// The application or router with this number.
    pub fn router(&self, id: RouterId) -> &Router {
        &self.routers[id.0 as usize]
    }

    /// The routes of an application in the order in which it tries them, each with its place in [`Self::routes`].
    pub fn tried_by(&self, application: RouterId) -> Vec<(usize, &Route)> {
        let routes = self.routes.iter().enumerate();
        let mut served: Vec<_> = routes.filter(|(_, route)| route.application == Some(application)).collect();
        served.sort_by_key(|(_, route)| route.order);
        served
    }

    /// All middleware around a route, the outermost first: that of its application and of those mounted below it.
    pub fn layers_of<'r>(&'r self, route: &'r Route) -> impl Iterator<Item = &'r Layer> {
        let applications = route.application.iter().chain(&route.mounted_in);
        applications.flat_map(|&id| &self.router(id).layers)
    }
}

impl Project {
    /// An argument of the registration of a route, by its name: `response_model`, `status_code`, `tags`, `responses`,
    /// `include_in_schema`.
    pub fn route_argument(&self, route: &Route, name: &str) -> Option<(&Module, ExprId)> {
        let module = self.modules.get(route.registration.0);
        match &module.python.syntax.expr(route.registration.1).kind {
            ExprKind::Call { keywords, .. } => module.keyword(keywords, name).map(|value| (module, value)),
            _ => None,
        }
    }

    /// The name of an application or router as servers are given it: `module:attribute`, or `module:factory` where a
    /// function makes it and no module holds it.
    pub fn router_name(&self, id: RouterId) -> String {
        let router = self.routes.router(id);
        if let Some((module, name)) = &router.held_by {
            return format!("{}:{name}", self.imported_name(*module));
        }
        let module = self.modules.get(router.module);
        let made_in = module.python.syntax.enclosing_functions(pyaudit_python::Parent::Expr(router.call)).last();
        let attribute = match (made_in.and_then(|function| module.python.qualname(function)), &router.symbol) {
            (Some(function), _) => function,
            (None, Some(Symbol::Definition { path, .. })) => path.join("."),
            _ => "<anonymous>".to_owned(),
        };
        format!("{}:{attribute}", self.imported_name(module.id))
    }

    /// The dotted name by which the project itself imports a module; [`Module::name`] where it does not.
    pub fn imported_name(&self, id: ModuleId) -> &str {
        self.routes.module_names.get(&id).map_or_else(|| self.modules.get(id).name.as_str(), String::as_str)
    }

    /// What answers a route as outputs show it: `module:qualname`; `None` where it is not known.
    pub fn endpoint_name(&self, endpoint: &Endpoint) -> Option<String> {
        let named = |id: ModuleId, qualname: String| format!("{}:{qualname}", self.imported_name(id));
        match endpoint {
            Endpoint::Function(module, id) | Endpoint::Class(module, id) => {
                Some(named(*module, self.modules.get(*module).python.qualname(*id)?))
            }
            Endpoint::Lambda(module, id) => {
                let python = &self.modules.get(*module).python;
                let around = python.syntax.enclosing_functions(pyaudit_python::Parent::Expr(*id)).next();
                let around = around.and_then(|function| python.qualname(function));
                let before = around.map_or_else(String::new, |function| format!("{function}.<locals>."));
                Some(named(*module, format!("{before}<lambda>")))
            }
            Endpoint::Library(name) => Some(name.clone()),
            Endpoint::Unknown => None,
        }
    }

    /// The place of what answers a route: the name in its `def` or `class`, below decorators.
    pub fn endpoint_span(&self, endpoint: &Endpoint) -> Option<Span> {
        match endpoint {
            Endpoint::Function(module, id) => {
                let module = self.modules.get(*module);
                module.function(*id).map(|function| module.span(function.name.range))
            }
            Endpoint::Class(module, id) => {
                let module = self.modules.get(*module);
                module.class(*id).map(|class| module.span(class.name.range))
            }
            Endpoint::Lambda(module, id) => Some(self.modules.get(*module).span_of(*id)),
            Endpoint::Library(_) | Endpoint::Unknown => None,
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
