//! Authentication: what a route asks of a client before it answers.
//!
//! A dependency, decorator, middleware or call in the body can demand a credential. What counts is not its name but what
//! it does: whether a request without a credential is turned away. A security scheme of FastAPI alone only asks that a
//! header be there; the function that takes its token and answers 401 or 403 is what demands that it be right.

mod bodies;
mod callables;
mod decorators;
mod dependencies;
mod factories;
mod handled;
mod middleware;
mod rejections;
mod schemes;

use crate::{Definition, Module, ModuleId, Project, Resolution, Route};
use bodies::Body;
use middleware::Request;
use pyaudit_python::{Parent, StmtId};
use pyaudit_source::Span;
use rejections::Rejection;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

/// How many dependencies and calls are followed in a row; an application rarely needs more than six.
const MAX_DEPTH: u32 = 18;

/// What a call costs of that depth. Authentication sits in dependencies, and its helpers close to them.
const CALL_COST: u32 = 3;

/// What a client must bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Demand {
    /// Nothing.
    #[default]
    Nothing,
    /// A credential changes the answer, and a request without one is answered too.
    Optional,
    /// A header, query parameter or cookie that nobody verifies.
    HeaderOnly,
    /// Something may demand a credential that cannot be followed, such as a decorator of a library.
    Unknown,
    /// A credential; a request without one is turned away.
    Required,
}

impl Demand {
    /// The name as outputs show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Optional => "optional",
            Self::HeaderOnly => "header-only",
            Self::Unknown => "unknown",
            Self::Required => "required",
        }
    }
}

/// Something that looks at a credential: a dependency, decorator, middleware or function called in a handler.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guard {
    /// Its name, dotted where it is a method: `get_current_user`, `JWTBearer.__call__`.
    pub name: String,
    /// Where it is defined, or used where its definition is not in the project.
    pub span: Span,
    /// What it demands by itself.
    pub demand: Demand,
}

/// What is asked of a client, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Authentication {
    /// The strongest demand.
    pub demand: Demand,
    /// What makes that demand, each once, in the order of places; empty where nothing is demanded.
    pub guards: Vec<Guard>,
}

impl Authentication {
    /// One guard.
    fn by(guard: Guard) -> Self {
        if guard.demand == Demand::Nothing {
            return Self::default();
        }
        Self { demand: guard.demand, guards: vec![guard] }
    }

    /// The same guards, which let a request without a credential pass.
    fn at_most_optional(mut self) -> Self {
        self.demand = self.demand.min(Demand::Optional);
        for guard in &mut self.guards {
            guard.demand = guard.demand.min(Demand::Optional);
        }
        self
    }

    /// One of several, of which it is not known which: the weakest demand, by all that make it. Where one demands
    /// nothing and another something, it is not known what is demanded.
    fn any_of(all: impl IntoIterator<Item = Self>) -> Self {
        let mut all: Vec<Self> = all.into_iter().collect();
        all.sort_by_key(|one| one.demand);
        let (Some(weakest), Some(strongest)) = (all.first(), all.last()) else { return Self::default() };
        if weakest.demand == Demand::Nothing && strongest.demand > Demand::Nothing {
            let mut unknown = strongest.clone();
            unknown.demand = Demand::Unknown;
            unknown.guards.iter_mut().for_each(|guard| guard.demand = Demand::Unknown);
            return unknown;
        }
        let demand = weakest.demand;
        all.into_iter().filter(|one| one.demand == demand).fold(Self::default(), Self::and)
    }

    /// Both: the stronger demand, by all that make it.
    fn and(mut self, other: Self) -> Self {
        match self.demand.cmp(&other.demand) {
            std::cmp::Ordering::Less => other,
            std::cmp::Ordering::Greater => self,
            std::cmp::Ordering::Equal => {
                self.guards.extend(other.guards);
                self.guards.sort_by(|one, two| (one.span, &one.name).cmp(&(two.span, &two.name)));
                self.guards.dedup();
                self
            }
        }
    }
}

/// What every route asks, in the order of the route table.
#[derive(Debug, Default)]
pub struct Authentications {
    of_routes: Vec<Authentication>,
    of_framework: Vec<Authentication>,
}

impl Authentications {
    /// Looks at every route of a project whose route table is built.
    pub(crate) fn build(project: &Project) -> Self {
        let analyst = Analyst::new(project);
        let all = |routes: &[Route]| routes.iter().map(|route| analyst.of_route(route)).collect();
        Self { of_routes: all(&project.routes.routes), of_framework: all(&project.routes.framework) }
    }

    /// What the route at a place of the route table asks.
    pub fn of(&self, index: usize) -> &Authentication {
        &self.of_routes[index]
    }

    /// What the route at a place of the framework's own routes asks, which only middleware can.
    pub fn of_framework(&self, index: usize) -> &Authentication {
        &self.of_framework[index]
    }

    /// Of how many routes it is known what they ask.
    pub(crate) fn resolution(&self) -> Resolution {
        let resolved = self.of_routes.iter().filter(|it| it.demand != Demand::Unknown).count();
        Resolution { what: "routes with known authentication", resolved, all: self.of_routes.len() }
    }
}

/// What one function does with credentials, with all that it depends on.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own about the function")]
struct Outcome {
    authentication: Authentication,
    /// Whether it looks at a credential of the request itself: a header, a cookie, the session.
    reads_credential: bool,
    /// Whether it can answer 401 or 403, itself or in what it calls.
    rejects: bool,
    /// Whether it, or what it calls, asks a function that cannot be found who is there …
    asks_unknown: bool,
    /// … and hands it the request.
    hands_over: bool,
}

/// Answers questions about authentication, each function once.
pub(crate) struct Analyst<'p> {
    project: &'p Project,
    known: RefCell<BTreeMap<(ModuleId, StmtId), (u32, Outcome)>>,
    /// How exceptions of the project are answered that are known by their handlers alone.
    handled: OnceCell<BTreeMap<(ModuleId, StmtId), Rejection>>,
}

impl<'p> Analyst<'p> {
    /// Knows nothing yet.
    pub(crate) fn new(project: &'p Project) -> Self {
        Self { project, known: RefCell::default(), handled: OnceCell::new() }
    }

    fn of_route(&self, route: &Route) -> Authentication {
        let modules = &self.project.modules;
        let outer =
            route.dependencies.iter().map(|&(module, element)| self.of_dependency(modules.get(module), element));
        let outer = outer.fold(Authentication::default(), Authentication::and);
        let whole = match route.handler {
            Some((module, handler)) => outer.and(self.of_handler(modules.get(module), handler)),
            None => outer,
        };
        let applications = route.application.iter().chain(&route.mounted_in);
        let around = applications.flat_map(|&application| &self.project.routes.router(application).middlewares);
        let router = route.router.map(|router| &self.project.routes.routers[router.0 as usize]);
        let route_class = router.and_then(|router| router.route_class);
        let by_class = route_class.map(|(module, class)| self.of_route_class(modules.get(module), class));
        let whole = whole.and(by_class.unwrap_or_default());
        // Of several methods the one that is asked least decides, which for a middleware is all the same.
        let method = route.methods.first().map_or("GET", String::as_str);
        let path = route.prefix_known.then_some(route.path.as_str());
        let request = Request { path, method, registration: None };
        let around = around.map(|middleware| self.of_middleware(middleware, request));
        around.fold(whole, Authentication::and)
    }

    /// What a class of routes asks in what it puts around every handler, `route_class=SignedRoute`.
    fn of_route_class(&self, module: &Module, class: StmtId) -> Authentication {
        match self.project.member(module, class, "get_route_handler") {
            Some((home, Definition::Function(method))) => self.of_wrapper(home, method),
            _ => Authentication::default(),
        }
    }

    /// What the handler of a route itself asks, by its dependencies, decorators and the calls in its body.
    pub(crate) fn of_handler(&self, module: &Module, handler: StmtId) -> Authentication {
        let by_dependencies = self.of_parameters(module, handler, MAX_DEPTH);
        let by_decorators = self.of_decorators(module, handler);
        let by_view = self.of_dependences(self.project.view_dependences(module, handler), MAX_DEPTH);
        by_dependencies.and(by_view).and(by_decorators).and(self.of_handler_body(module, handler))
    }

    /// What a function does, when it is a dependency or called on the way to one. A function that is met again while
    /// it is looked at does nothing there.
    fn outcome(&self, module: &Module, function: StmtId, depth: u32) -> Outcome {
        let key = (module.id, function);
        let Some(depth) = depth.checked_sub(1) else { return Outcome::default() };
        // What was found with fewer steps left may not be all.
        if let Some((_, known)) = self.known.borrow().get(&key).filter(|(looked, _)| *looked >= depth) {
            return known.clone();
        }
        // A function that calls itself learns nothing from that.
        self.known.borrow_mut().insert(key, (u32::MAX, Outcome::default()));
        let outcome = self.analyse(module, function, depth);
        self.known.borrow_mut().insert(key, (depth, outcome.clone()));
        outcome
    }

    fn analyse(&self, module: &Module, function: StmtId, depth: u32) -> Outcome {
        let parameters = self.of_parameters(module, function, depth);
        let mut body = Body::of(self, module, function, depth);
        // `user = from_cookie(request)`, and then a rejection of one's own.
        body.reads_credential |= body.callee_reads && (body.rejects_401 || body.rejects_403);
        let demand = if body.turns_away(parameters.demand) {
            if body.is_optional && parameters.demand < Demand::HeaderOnly { Demand::Optional } else { Demand::Required }
        } else if body.verifies && parameters.demand == Demand::HeaderOnly {
            Demand::Required
        } else if body.leaves_it_to_others() {
            Demand::Unknown
        } else if body.reads_credential {
            Demand::Optional
        } else {
            Demand::Nothing
        };
        let own = Authentication::by(Guard {
            name: module.path_to(Parent::Stmt(function)).join("."),
            span: definition_span(module, function),
            demand,
        });
        Outcome {
            authentication: parameters.and(own),
            reads_credential: body.reads_credential,
            rejects: body.rejects_401 || body.rejects_403,
            asks_unknown: body.asks_unknown,
            hands_over: body.hands_over,
        }
    }

    /// What the body of a handler asks. A login answers 401 as well, so that a rejection counts only beside a look at a
    /// credential of the request. Where the one who is rejected comes from a function that cannot be found, it is not
    /// known what is asked.
    fn of_handler_body(&self, module: &Module, handler: StmtId) -> Authentication {
        let body = Body::of(self, module, handler, MAX_DEPTH);
        if body.reads_credential && (body.rejects_401 || body.rejects_403) && !body.is_optional {
            return body.by_calls.unwrap_or_else(|| own_guard(module, handler, Demand::Required));
        }
        if body.leaves_it_to_others() {
            return own_guard(module, handler, Demand::Unknown);
        }
        Authentication::default()
    }
}

fn own_guard(module: &Module, function: StmtId, demand: Demand) -> Authentication {
    let name = module.path_to(Parent::Stmt(function)).join(".");
    Authentication::by(Guard { name, span: definition_span(module, function), demand })
}

/// The name in a definition.
fn definition_span(module: &Module, function: StmtId) -> Span {
    let name = module.function(function).map(|function| function.name.range);
    name.map_or(Span::file(module.file), |range| module.span(range))
}
