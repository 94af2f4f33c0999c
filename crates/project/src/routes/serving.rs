//! Lays out what the followed routers hold as rows: one for each way in which an application serves a route.

use super::framework::{Entry, EntryKind, RouteEntry, RouterState};
use super::held;
use super::interpreter::Interpreter;
use super::unfollowed::symbol_of_router;
use super::value::{Code, Value};
use super::{Element, Endpoint, Layer, Middleware, Route, RouteStatus, Router, RouterId, RouterKind, Routes};
use crate::ModuleId;
use pyaudit_source::{Role, Span};

/// How deep includes and mounts are followed.
const MAX_DEPTH: usize = 16;

/// In how many ways one router is served; the same router is rarely included more than twice.
const MAX_WAYS: u32 = 16;

/// The verbs that an `HTTPEndpoint` may answer, by the names of its methods.
const VERBS: &[&str] = &["delete", "get", "head", "options", "patch", "post", "put"];

/// The way from an application to a router.
#[derive(Debug, Clone)]
struct Way {
    application: RouterId,
    /// What stands before the paths of the router; `None` where it cannot be known.
    prefix: Option<String>,
    dependencies: Vec<Element>,
    via: Vec<Span>,
    mounted_in: Vec<RouterId>,
    host: Option<String>,
    condition: Option<Span>,
    /// The routers on the way, which cannot be met again.
    through: Vec<RouterId>,
}

/// The rows that are known so far.
#[derive(Default)]
struct Rows {
    routes: Vec<Route>,
    framework: Vec<Route>,
    /// In how many ways each router is served.
    ways: Vec<u32>,
    next: usize,
}

/// The route table out of what was followed, with the routes of which it is not known what they are registered on.
pub(super) fn table(interpreter: &Interpreter<'_>, unplaced: Vec<Route>) -> Routes {
    let server = Server { interpreter };
    let mut rows = server.served();
    let standalone = server.standalone();
    server.add_unserved(&mut rows);
    rows.routes.extend(unplaced.into_iter().map(|route| Route { order: rows.next, ..route }));
    let mut routes = rows.routes;
    routes.sort_by_key(|route| (route.span, route.order));
    let module_names = interpreter.names.different();
    let handlers = routes.iter().enumerate().filter_map(|(at, route)| Some((route.handler?, at))).rev().collect();
    Routes { routers: server.routers(), routes, framework: rows.framework, standalone, module_names, handlers }
}

struct Server<'i, 'p> {
    interpreter: &'i Interpreter<'p>,
}

impl Server<'_, '_> {
    fn state(&self, id: RouterId) -> &RouterState {
        self.interpreter.state(id)
    }

    /// The applications that the repository ships first, then those of tests and the like.
    fn applications(&self) -> Vec<RouterId> {
        let ids = (0..self.interpreter.routers.len()).map(|at| RouterId(at as u32));
        let mut found: Vec<RouterId> =
            ids.filter(|&id| self.state(id).class.kind() == RouterKind::Application).collect();
        found.sort_by_key(|&id| {
            let module = self.interpreter.module(self.state(id).call.0);
            (module.role != Role::Application, id)
        });
        found
    }

    /// The routes of every application that no other holds, and of those that only hold each other.
    fn served(&self) -> Rows {
        let mut rows = Rows { ways: vec![0; self.interpreter.routers.len()], ..Rows::default() };
        let applications = self.applications();
        for &id in applications.iter().filter(|&&id| !self.state(id).is_held) {
            self.walk(id, &Way::from(id), &mut rows);
        }
        for id in applications {
            if rows.ways[id.0 as usize] == 0 {
                self.walk(id, &Way::from(id), &mut rows);
            }
        }
        rows
    }

    /// The routes of applications that another one holds.
    fn standalone(&self) -> Vec<Route> {
        let mut rows = Rows { ways: vec![0; self.interpreter.routers.len()], ..Rows::default() };
        for id in self.applications().into_iter().filter(|&id| self.state(id).is_held) {
            self.walk(id, &Way::from(id), &mut rows);
        }
        let mut all = rows.routes;
        all.extend(rows.framework);
        all.sort_by_key(|route| route.order);
        all
    }

    /// Adds the rows of a router that is served in a way.
    fn walk(&self, id: RouterId, way: &Way, rows: &mut Rows) {
        let ways = &mut rows.ways[id.0 as usize];
        if *ways >= MAX_WAYS || way.through.len() > MAX_DEPTH || way.through.contains(&id) {
            return;
        }
        *ways += 1;
        let state = self.state(id);
        let way = way.past(id);
        for entry in &state.entries {
            self.walk_entry(id, &self.interpreter.entries[entry.0 as usize], &way, rows);
        }
    }

    fn walk_entry(&self, id: RouterId, entry: &Entry, way: &Way, rows: &mut Rows) {
        match &entry.kind {
            EntryKind::Route(route) => {
                for found in self.rows_of(Some(id), entry, route) {
                    let row = way.serve(found, route.is_starlette, rows.next);
                    rows.routes.push(row);
                    rows.next += 1;
                }
            }
            EntryKind::Include { inner, prefix, dependencies } => {
                let inner_way = way.through_entry(self.span(entry), entry.condition, prefix.as_deref(), dependencies);
                self.walk(*inner, &inner_way, rows);
            }
            EntryKind::Mount { inner, path, host } => {
                let path = path.as_deref().map(|path| path.trim_end_matches('/'));
                let mut inner_way = way.through_entry(self.span(entry), entry.condition, path, &[]);
                // What is mounted is an application of its own, which the dependencies around it do not reach.
                inner_way.dependencies.clear();
                inner_way.host = host.clone().or(inner_way.host);
                if self.state(*inner).class.kind() == RouterKind::Application {
                    inner_way.mounted_in.push(*inner);
                }
                self.walk(*inner, &inner_way, rows);
            }
            EntryKind::Framework(path) => {
                let row = Route {
                    methods: vec!["GET".to_owned()],
                    path: path.to_string(),
                    prefix_known: true,
                    ..self.row(Some(id), entry, Endpoint::Unknown)
                };
                let row = way.serve(row, true, rows.next);
                rows.framework.push(Route { status: RouteStatus::Framework, ..row });
                rows.next += 1;
            }
            EntryKind::Foreign { .. } => {}
        }
    }

    fn span(&self, entry: &Entry) -> Span {
        let (module, expr) = match &entry.decorator {
            Some(decorator) if matches!(entry.kind, EntryKind::Route(_)) => (decorator.module, decorator.expr),
            _ => entry.call,
        };
        self.interpreter.module(module).span_of(expr)
    }

    /// The rows of one registration: one, or of an `HTTPEndpoint` one for each verb.
    fn rows_of(&self, router: Option<RouterId>, entry: &Entry, route: &RouteEntry) -> Vec<Route> {
        let endpoint = self.endpoint(&route.endpoint);
        let one = |endpoint: Endpoint, methods: Vec<String>| Route {
            methods,
            path: route.path.clone().unwrap_or_default(),
            prefix_known: route.path.is_some(),
            dependencies: route.dependencies.clone(),
            ..self.row(router, entry, endpoint)
        };
        if !route.methods.is_empty() {
            return vec![one(endpoint, route.methods.clone())];
        }
        if let Value::Class(class) = route.endpoint.plain() {
            let verbs = VERBS.iter().filter_map(|verb| {
                let Some(Value::Function(method)) = self.interpreter.class_member(*class, verb) else { return None };
                Some((verb.to_ascii_uppercase(), method))
            });
            let verbs: Vec<_> = verbs.collect();
            let is_http = self.interpreter.class_is(*class, &["starlette.endpoints.HTTPEndpoint"]);
            return if is_http {
                let rows =
                    verbs.into_iter().map(|(verb, method)| one(self.endpoint(&Value::Function(method)), vec![verb]));
                rows.collect()
            } else {
                vec![one(endpoint, vec!["*".to_owned()])]
            };
        }
        let methods = match endpoint {
            Endpoint::Library(_) => "*",
            _ => "GET",
        };
        vec![one(endpoint, vec![methods.to_owned()])]
    }

    /// A route that nothing is known of but where it is registered.
    fn row(&self, router: Option<RouterId>, entry: &Entry, endpoint: Endpoint) -> Route {
        Route {
            module: entry.call.0,
            // The function that a registration decorates, whatever the decorators between them make of it.
            handler: entry.decorator.map(|it| (it.module, it.function)).or(match endpoint {
                Endpoint::Function(module, id) => Some((module, id)),
                _ => None,
            }),
            endpoint,
            router,
            methods: Vec::new(),
            path: String::new(),
            prefix_known: false,
            may_be_served: true,
            span: self.span(entry),
            registration: entry.call,
            application: None,
            dependencies: Vec::new(),
            via: Vec::new(),
            mounted_in: Vec::new(),
            order: 0,
            host: None,
            condition: entry.condition,
            status: RouteStatus::UnresolvedPrefix,
        }
    }

    fn endpoint(&self, value: &Value) -> Endpoint {
        match value.plain() {
            Value::Function(function) => match function.code {
                Code::Def(id) => Endpoint::Function(function.module, id),
                Code::Lambda(id) => Endpoint::Lambda(function.module, id),
            },
            Value::Class(class) => {
                let (module, id) = self.interpreter.class_place(*class);
                Endpoint::Class(module, id)
            }
            Value::Partial(partial) => self.endpoint(&partial.function),
            Value::Object(id) => {
                let class = self.interpreter.objects[id.0 as usize].class;
                match class.map(|class| (class, self.interpreter.class_member(class, "__call__"))) {
                    Some((_, Some(method @ Value::Function(_)))) => self.endpoint(&method),
                    Some((class, _)) => self.endpoint(&Value::Class(class)),
                    None => Endpoint::Unknown,
                }
            }
            Value::External(name) => Endpoint::Library(name.to_string()),
            Value::Made(made) => match made.first.as_ref().map(|first| self.endpoint(first)) {
                // `limiter.limit("5/minute")(handler)`: a library's wrapper around a function of the project.
                Some(found @ (Endpoint::Function(..) | Endpoint::Lambda(..))) => found,
                _ => Endpoint::Library(made.callee.to_string()),
            },
            _ => Endpoint::Unknown,
        }
    }

    /// Whether an application or router is one that tests make.
    fn is_of_tests(&self, id: RouterId) -> bool {
        self.interpreter.module(self.state(id).call.0).role == Role::Test
    }

    /// Whether every include of what is shipped is read, so that what none includes is not served.
    fn is_closed(&self, rows: &Rows) -> bool {
        let routers = (0..self.interpreter.routers.len()).map(|at| RouterId(at as u32));
        let mut applications = routers.filter(|&id| self.state(id).class.kind() == RouterKind::Application);
        // What a router includes that is not served itself makes no difference.
        let is_open =
            |id: &RouterId| rows.ways.get(id.0 as usize).is_some_and(|&ways| ways > 0) && !self.is_of_tests(*id);
        applications.any(|id| !self.is_of_tests(id))
            && !self.interpreter.has_unknown_includes
            && !self.interpreter.unknown_includes.iter().any(is_open)
    }

    /// Notes which routes only an application of a test serves: who calls the service never meets them.
    fn close_tested(&self, rows: &mut Rows) {
        for route in &mut rows.routes {
            let is_shipped = self.interpreter.module(route.module).role != Role::Test;
            if is_shipped && route.application.is_some_and(|application| self.is_of_tests(application)) {
                route.may_be_served = false;
            }
        }
    }

    /// Adds the routes of routers that no application serves, and routes that stand in no list.
    fn add_unserved(&self, rows: &mut Rows) {
        let routers = &self.interpreter.routers;
        let is_closed = self.is_closed(rows);
        if is_closed {
            self.close_tested(rows);
        }
        for (at, state) in routers.iter().enumerate().filter(|(at, _)| rows.ways[*at] == 0) {
            for entry in &state.entries {
                let entry = &self.interpreter.entries[entry.0 as usize];
                let EntryKind::Route(route) = &entry.kind else { continue };
                for found in self.rows_of(Some(RouterId(at as u32)), entry, route) {
                    let (prefix_known, may_be_served, order) = (false, !is_closed, rows.next);
                    rows.routes.push(Route { prefix_known, may_be_served, order, ..found });
                }
            }
        }
        for (at, entry) in self.interpreter.entries.iter().enumerate() {
            let is_attached = self.interpreter.attached.contains(&super::framework::EntryId(at as u32));
            if let EntryKind::Route(route) = &entry.kind
                && !is_attached
            {
                let found = self.rows_of(None, entry, route);
                rows.routes.extend(found.into_iter().map(|row| Route { prefix_known: false, order: rows.next, ..row }));
            }
        }
    }

    /// The applications and routers as the table shows them. Their numbers are kept.
    fn routers(&self) -> Vec<Router> {
        let mut held = held::by_names(self.interpreter);
        let states = self.interpreter.routers.iter().enumerate();
        states.map(|(at, state)| self.router(state, held.remove(&RouterId(at as u32)))).collect()
    }

    fn router(&self, state: &RouterState, held_by: Option<(ModuleId, String)>) -> Router {
        let module = self.interpreter.module(state.call.0);
        let in_order: Vec<&Layer> = state.given_layers.iter().chain(&state.added_layers).collect();
        let middlewares = in_order.iter().filter_map(|layer| {
            let (module, definition) = layer.definition?;
            Some(Middleware { module, definition, registration: layer.registration })
        });
        // What is added later goes around what was there before.
        let layers = state.added_layers.iter().rev().chain(&state.given_layers);
        Router {
            kind: state.class.kind(),
            module: state.call.0,
            call: state.call.1,
            symbol: symbol_of_router(module, state.call.1),
            held_by,
            prefix: state.prefix.clone(),
            dependencies: state.dependencies.clone(),
            middlewares: middlewares.collect(),
            layers: layers.cloned().collect(),
            route_class: state.route_class,
            exception_handlers: state.exception_handlers.clone(),
            at_start: state.at_start.clone(),
        }
    }
}

impl Way {
    /// The way to an application that serves by itself.
    const fn from(application: RouterId) -> Self {
        Self {
            application,
            prefix: Some(String::new()),
            dependencies: Vec::new(),
            via: Vec::new(),
            mounted_in: Vec::new(),
            host: None,
            condition: None,
            through: Vec::new(),
        }
    }

    /// The same way, at a router.
    fn past(&self, router: RouterId) -> Self {
        let mut inner = self.clone();
        inner.through.push(router);
        inner
    }

    /// The same way through an include or mount.
    fn through_entry(
        &self,
        place: Span,
        condition: Option<Span>,
        prefix: Option<&str>,
        dependencies: &[Element],
    ) -> Self {
        let mut inner = self.clone();
        inner.prefix = self.prefix.as_ref().zip(prefix).map(|(outer, own)| format!("{outer}{own}"));
        inner.dependencies.extend_from_slice(dependencies);
        inner.via.push(place);
        inner.condition = condition.or(inner.condition);
        inner
    }

    /// The row of a route at the end of the way.
    fn serve(&self, route: Route, is_starlette: bool, order: usize) -> Route {
        let prefix_known = self.prefix.is_some() && route.prefix_known;
        let dependencies =
            if is_starlette { Vec::new() } else { [self.dependencies.as_slice(), &route.dependencies].concat() };
        let status = match &route.endpoint {
            _ if !prefix_known => RouteStatus::UnresolvedPrefix,
            Endpoint::Library(_) => RouteStatus::Library,
            _ => RouteStatus::Exact,
        };
        Route {
            path: format!("{}{}", self.prefix.as_deref().unwrap_or(""), route.path),
            prefix_known,
            dependencies,
            application: Some(self.application),
            via: self.via.clone(),
            mounted_in: self.mounted_in.clone(),
            host: self.host.clone(),
            condition: route.condition.or(self.condition),
            order,
            status,
            ..route
        }
    }
}
