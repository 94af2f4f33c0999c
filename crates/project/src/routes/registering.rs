//! Methods of applications, routers and their lists of routes, and what they register.

use super::framework::{Call, EntryKind, Registration, RouteEntry};
use super::interpreter::{Frame, Interpreter};
use super::value::{Arguments, ObjectId, ObjectRole, Registrar, Value};
use super::{Element, ExceptionHandler, Layer, RouterId};
use pyaudit_python::{ExprId, ExprKind};
use std::rc::Rc;

/// Decorators that register one method, in lower case as they are called.
const METHOD_DECORATORS: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options", "trace"];

/// Methods of applications and routers that register something, or decorators that do.
const METHODS: &[&str] = &[
    "api_route",
    "route",
    "websocket",
    "websocket_route",
    "add_api_route",
    "add_route",
    "add_api_websocket_route",
    "add_websocket_route",
    "include_router",
    "mount",
    "host",
    "frontend",
    "add_middleware",
    "middleware",
    "exception_handler",
    "add_exception_handler",
    "on_event",
    "add_event_handler",
];

impl Interpreter<'_> {
    /// An attribute of an application or router.
    pub(super) fn router_attribute(&self, id: ObjectId, router: RouterId, name: &str) -> Option<Value> {
        match name {
            // The router of an application serves what the application serves.
            "router" if self.state(router).class.kind() == super::RouterKind::Application => Some(Value::Object(id)),
            "routes" => Some(Value::RoutesOf(id)),
            "dependencies" => Some(Value::DependenciesOf(id)),
            "prefix" => self.state(router).prefix.as_deref().map(Value::text),
            _ if METHODS.contains(&name) || METHOD_DECORATORS.contains(&name) => {
                Some(super::attributes::method(&Value::Object(id), name))
            }
            _ => None,
        }
    }

    /// What setting an attribute of an application or router changes.
    pub(super) fn set_router_attribute(&mut self, id: ObjectId, name: &str, value: &Value) {
        if let ObjectRole::Entry(entry) = self.objects[id.0 as usize].role {
            return self.set_entry_attribute(entry, name, value);
        }
        let Some(router) = self.router_of(id) else { return };
        match name {
            "prefix" => self.state_mut(router).prefix = self.text_of(value),
            "routes" => {
                let only_itself = matches!(value.plain(), Value::RoutesOf(other) if *other == id);
                if !only_itself {
                    // The list may begin with what was there: `app.routes = [*app.routes, …]`.
                    let before = std::mem::take(&mut self.state_mut(router).entries);
                    self.keep_own_routes(id, value, before);
                    self.add_routes(router, value);
                }
            }
            "route_class" => self.state_mut(router).route_class = self.callable(value),
            _ => {}
        }
    }

    /// A method of an application or router.
    pub(super) fn call_router_method(
        &mut self,
        frame: &mut Frame,
        call: ExprId,
        id: ObjectId,
        name: &str,
        arguments: &Arguments,
    ) -> Value {
        let Some(router) = self.router_of(id) else { return Value::Unknown };
        let place = (frame.module, call);
        let plain_path = |this: &Self| this.text_argument(arguments, "path", 0);
        match name {
            _ if METHOD_DECORATORS.contains(&name) || is_route_decorator(name) => {
                let route = self.route_of_decorator(place, name, arguments);
                self.registrar(id, place, Registration::Route(route))
            }
            "add_api_route" | "add_route" | "add_api_websocket_route" | "add_websocket_route" => {
                let endpoint = arguments.get("endpoint", Some(1)).or_else(|| arguments.get("route", None));
                let endpoint = endpoint.cloned().unwrap_or(Value::Unknown);
                let route = RouteEntry { endpoint, ..self.route_of_decorator(place, name, arguments) };
                self.push_route(router, route, place);
                Value::None
            }
            "include_router" => {
                self.include(router, place, arguments);
                Value::None
            }
            "mount" => {
                let app = arguments.get("app", Some(1)).cloned().unwrap_or(Value::Unknown);
                let kind = self.mounted(&app, plain_path(self), None);
                self.push_entry(router, kind, place);
                Value::None
            }
            "host" => {
                let host = self.text_argument(arguments, "host", 0).or(Some(String::new()));
                let app = arguments.get("app", Some(1)).cloned().unwrap_or(Value::Unknown);
                let kind = self.mounted(&app, Some(String::new()), host);
                self.push_entry(router, kind, place);
                Value::None
            }
            "frontend" => {
                let kind = EntryKind::Foreign { path: plain_path(self) };
                self.push_entry(router, kind, place);
                Value::None
            }
            _ => self.call_application_method(frame, call, id, name, arguments),
        }
    }

    /// A method of an application that puts something around its routes.
    fn call_application_method(
        &mut self,
        frame: &Frame,
        call: ExprId,
        id: ObjectId,
        name: &str,
        arguments: &Arguments,
    ) -> Value {
        let Some(router) = self.router_of(id) else { return Value::Unknown };
        let place = (frame.module, call);
        let exception = || self.source_argument(place, 0, "exc_class_or_status_code");
        let is_startup = |given: Option<&Value>| given.and_then(Value::as_text) == Some("startup");
        match name {
            "middleware" => self.registrar(id, place, Registration::Middleware),
            "exception_handler" => self.registrar(id, place, Registration::ExceptionHandler(exception())),
            "on_event" if is_startup(arguments.get("event_type", Some(0))) => {
                self.registrar(id, place, Registration::Startup)
            }
            "on_event" => self.registrar(id, place, Registration::Nothing),
            "add_middleware" => {
                self.visited.insert(place);
                let class = arguments.get("middleware_class", Some(0)).cloned().unwrap_or(Value::Unknown);
                let layer = self.layer(&class, place);
                self.state_mut(router).added_layers.push(layer);
                Value::None
            }
            "add_exception_handler" => {
                let handler = arguments.get("handler", Some(1)).and_then(|value| self.callable(value));
                let handler = ExceptionHandler { exception: exception(), handler, registration: place };
                self.state_mut(router).exception_handlers.push(handler);
                Value::None
            }
            "add_event_handler" if is_startup(arguments.get("event_type", Some(0))) => {
                if let Some(function) = arguments.get("func", Some(1)).cloned() {
                    self.note_start(id, router, &function);
                }
                Value::None
            }
            _ => Value::Unknown,
        }
    }

    fn registrar(&mut self, router: ObjectId, call: Call, kind: Registration) -> Value {
        self.visited.insert(call);
        Value::Registrar(Rc::new(Registrar { router, call, kind }))
    }

    /// Registers what a decorator is called with, and gives it back.
    pub(super) fn register(&mut self, registrar: &Registrar, arguments: &Arguments) -> Value {
        let decorated = arguments.positional.first().cloned().unwrap_or(Value::Unknown);
        let Some(router) = self.router_of(registrar.router) else { return decorated };
        match &registrar.kind {
            Registration::Route(route) => {
                let route = RouteEntry { endpoint: decorated.clone(), ..route.clone() };
                self.push_route(router, route, registrar.call);
            }
            Registration::Middleware => {
                let layer = self.layer(&decorated, registrar.call);
                self.state_mut(router).added_layers.push(layer);
            }
            Registration::ExceptionHandler(exception) => {
                let handler = self.callable(&decorated);
                let handler = ExceptionHandler { exception: *exception, handler, registration: registrar.call };
                self.state_mut(router).exception_handlers.push(handler);
            }
            Registration::Startup => self.note_start(registrar.router, router, &decorated),
            Registration::Nothing => {}
        }
        decorated
    }

    /// The route that a decorator or adder of this name describes, without its endpoint.
    fn route_of_decorator(&self, call: Call, name: &str, arguments: &Arguments) -> RouteEntry {
        let is_plain = matches!(name, "route" | "websocket_route" | "add_route" | "add_websocket_route");
        let methods = if METHOD_DECORATORS.contains(&name) {
            vec![name.to_ascii_uppercase()]
        } else if name.contains("websocket") {
            vec!["WEBSOCKET".to_owned()]
        } else if is_plain {
            self.given_methods(arguments, if name == "route" { 1 } else { 2 })
        } else {
            let methods = self.given_methods(arguments, usize::MAX);
            if methods.is_empty() { vec!["GET".to_owned()] } else { methods }
        };
        let dependencies = self.given_elements(call, arguments, "dependencies");
        let path = self.text_argument(arguments, "path", 0);
        RouteEntry { path, methods, endpoint: Value::Unknown, dependencies, is_starlette: is_plain }
    }

    /// `outer.include_router(inner, prefix=, dependencies=)`.
    fn include(&mut self, outer: RouterId, call: Call, arguments: &Arguments) {
        self.visited.insert(call);
        let Some(given) = arguments.get("router", Some(0)).cloned() else { return };
        let prefix = self.given_prefix(arguments);
        let dependencies = self.given_elements(call, arguments, "dependencies");
        for router in given.choices() {
            match self.router_in(&router) {
                Some(inner) => self.push_include(outer, inner, prefix.as_deref(), &dependencies, call),
                // What a library brings is no router of the project.
                None if matches!(router, Value::Made(_) | Value::External(_) | Value::None) => {}
                None => {
                    self.unknown_includes.insert(outer);
                }
            }
        }
    }

    /// Adds dependencies to a router.
    pub(super) fn add_dependencies(&mut self, router: ObjectId, more: &[Value]) {
        if let Some(router) = self.router_of(router) {
            let elements: Vec<Element> = more.iter().filter_map(element).collect();
            self.state_mut(router).dependencies.extend(elements);
        }
    }

    /// The elements of a list of dependencies that a call is given.
    pub(super) fn given_elements(&self, call: Call, arguments: &Arguments, name: &str) -> Vec<Element> {
        let Some(value) = arguments.get(name, None).filter(|value| !matches!(value, Value::None)) else {
            return Vec::new();
        };
        let found: Option<Vec<Element>> = self.elements(value).and_then(|values| values.iter().map(element).collect());
        found.unwrap_or_else(|| self.source_elements(call, name))
    }

    /// The elements of the list that stands in the source of a call; of what cannot be taken apart, the whole.
    fn source_elements(&self, call: Call, name: &str) -> Vec<Element> {
        let module = self.module(call.0);
        let syntax = &module.python.syntax;
        let ExprKind::Call { keywords, .. } = &syntax.expr(call.1).kind else { return Vec::new() };
        let Some(value) = module.keyword(keywords, name) else { return Vec::new() };
        match &syntax.expr(value).kind {
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
                elts.iter().map(|&element| (call.0, element)).collect()
            }
            ExprKind::None => Vec::new(),
            _ => vec![(call.0, value)],
        }
    }

    /// An argument of a call as it stands in the source.
    fn source_argument(&self, call: Call, place: usize, name: &str) -> Option<Element> {
        let module = self.module(call.0);
        let ExprKind::Call { args, keywords, .. } = &module.python.syntax.expr(call.1).kind else { return None };
        let found = args.get(place).copied().or_else(|| module.keyword(keywords, name));
        found.map(|found| (call.0, found))
    }

    /// The text of an argument.
    pub(super) fn text_argument(&self, arguments: &Arguments, name: &str, place: usize) -> Option<String> {
        arguments.get(name, Some(place)).and_then(|value| self.text_of(value))
    }

    /// The methods that an argument names, in upper case and in order; none where it is not given, `*` where it is not
    /// known.
    pub(super) fn given_methods(&self, arguments: &Arguments, place: usize) -> Vec<String> {
        let Some(given) = arguments.get("methods", Some(place)).filter(|value| !matches!(value, Value::None)) else {
            return Vec::new();
        };
        let texts: Option<Vec<String>> =
            self.elements(given).and_then(|values| values.iter().map(|value| self.text_of(value)).collect());
        let Some(texts) = texts else { return vec!["*".to_owned()] };
        let mut methods: Vec<String> = texts.iter().map(|text| text.to_ascii_uppercase()).collect();
        methods.sort();
        methods.dedup();
        methods
    }

    /// What `middleware=[Middleware(Class, …)]` puts around an application.
    pub(super) fn given_layers(&self, arguments: &Arguments) -> Vec<Layer> {
        let given = arguments.get("middleware", None).and_then(|value| self.elements(value)).unwrap_or_default();
        let made = given.iter().filter_map(|value| match value.plain() {
            Value::Made(made) => Some(made),
            _ => None,
        });
        made.map(|made| self.layer(made.first.as_ref().unwrap_or(&Value::Unknown), (made.module, made.call))).collect()
    }

    fn layer(&self, class: &Value, registration: Call) -> Layer {
        let name = match class.plain() {
            Value::External(name) => name.to_string(),
            _ => String::new(),
        };
        Layer { definition: self.callable(class), name, registration }
    }
}

fn is_route_decorator(name: &str) -> bool {
    matches!(name, "api_route" | "route" | "websocket" | "websocket_route")
}

/// The place of a dependency: the call that made it.
fn element(value: &Value) -> Option<Element> {
    match value.plain() {
        Value::Made(made) => Some((made.module, made.call)),
        _ => None,
    }
}
