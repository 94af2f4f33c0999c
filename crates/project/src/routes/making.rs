//! Constructors of the framework: which objects become applications, routers and routes, and what their arguments say.

use super::framework::{
    Call, Entry, EntryClass, EntryId, EntryKind, RouteEntry, RouterClass, RouterState, is_router_class,
};
use super::interpreter::{Frame, Interpreter};
use super::value::{Arguments, Object, ObjectId, ObjectRole, Value};
use super::{ExceptionHandler, RouterId, RouterKind};
use pyaudit_python::ExprId;
use std::rc::Rc;

impl Interpreter<'_> {
    /// An application, router or route of the framework, where the call makes one.
    pub(super) fn make(
        &mut self,
        frame: &mut Frame,
        call: ExprId,
        dotted: &str,
        arguments: &Arguments,
    ) -> Option<Value> {
        if !is_router_class(dotted) && EntryClass::of(dotted).is_none() {
            return None;
        }
        let id = self.new_object(Object::default());
        self.take_role(frame, call, id, &[Rc::from(dotted)]);
        self.initialise(id, arguments);
        Some(Value::Object(id))
    }

    /// Makes an object an application, router or route when a class that it inherits from says so.
    pub(super) fn take_role(&mut self, frame: &Frame, call: ExprId, id: ObjectId, classes: &[Rc<str>]) {
        let place = (frame.module, call);
        if let Some(class) = classes.iter().find_map(|dotted| RouterClass::of(dotted)) {
            self.visited.insert(place);
            self.new_router(class, id, place);
        } else if let Some(class) = classes.iter().find_map(|dotted| EntryClass::of(dotted)) {
            self.visited.insert(place);
            let kind = match class {
                EntryClass::Mount | EntryClass::Host => EntryKind::Foreign { path: None },
                _ => EntryKind::Route(RouteEntry {
                    path: None,
                    methods: if is_websocket(class) { vec!["WEBSOCKET".to_owned()] } else { Vec::new() },
                    endpoint: Value::Unknown,
                    dependencies: Vec::new(),
                    is_starlette: matches!(class, EntryClass::Route | EntryClass::WebSocket),
                }),
            };
            let condition = self.conditions.last().copied();
            self.new_entry(
                Entry { kind, call: place, condition, object: id, decorator: None },
                class == EntryClass::Host,
            );
        }
    }

    pub(super) fn new_router(&mut self, class: RouterClass, object: ObjectId, call: Call) -> RouterId {
        self.routers.push(RouterState {
            class,
            call,
            prefix: Some(String::new()),
            dependencies: Vec::new(),
            added_layers: Vec::new(),
            given_layers: Vec::new(),
            route_class: None,
            exception_handlers: Vec::new(),
            at_start: Vec::new(),
            entries: Vec::new(),
            is_held: false,
        });
        let id = RouterId(self.routers.len() as u32 - 1);
        self.objects[object.0 as usize].role = ObjectRole::Router(id);
        id
    }

    /// What the constructor of the framework does with its arguments, for an object that has a role.
    pub(super) fn initialise(&mut self, id: ObjectId, arguments: &Arguments) {
        match self.objects[id.0 as usize].role {
            ObjectRole::Router(router) => self.initialise_router(id, router, arguments),
            ObjectRole::Entry(entry) => self.initialise_entry(entry, arguments),
            ObjectRole::Plain => {}
        }
    }

    fn initialise_router(&mut self, id: ObjectId, router: RouterId, arguments: &Arguments) {
        let (class, call) = (self.state(router).class, self.state(router).call);
        let (prefix, dependencies) = match class {
            RouterClass::FastApi => (Some(String::new()), self.given_elements(call, arguments, "dependencies")),
            RouterClass::ApiRouter => {
                (self.given_prefix(arguments), self.given_elements(call, arguments, "dependencies"))
            }
            _ => (Some(String::new()), Vec::new()),
        };
        let layers = self.given_layers(arguments);
        let route_class = arguments.get("route_class", None).and_then(|class| self.callable(class));
        let state = self.state_mut(router);
        state.prefix = prefix;
        state.dependencies = dependencies;
        state.given_layers = layers;
        state.route_class = route_class;
        let place = match class {
            RouterClass::Starlette => Some(1),
            RouterClass::Router => Some(0),
            _ => None,
        };
        if let Some(routes) = arguments.get("routes", place).cloned() {
            self.add_routes(router, &routes);
        }
        if class == RouterClass::FastApi {
            self.add_framework_routes(router, arguments);
        }
        self.note_lifespan(id, router, arguments);
    }

    /// The prefix that an argument gives: empty where none is given, `None` where it cannot be known.
    pub(super) fn given_prefix(&self, arguments: &Arguments) -> Option<String> {
        match arguments.get("prefix", None) {
            Some(Value::None) => Some(String::new()),
            Some(value) => self.text_of(value),
            None => (!arguments.has_more).then(String::new),
        }
    }

    fn note_lifespan(&mut self, id: ObjectId, router: RouterId, arguments: &Arguments) {
        if let Some(lifespan) = arguments.get("lifespan", None).cloned() {
            self.note_start(id, router, &lifespan);
        }
        for value in arguments.get("on_startup", None).and_then(|value| self.elements(value)).unwrap_or_default() {
            self.note_start(id, router, &value);
        }
        let handlers = arguments.get("exception_handlers", None).and_then(|value| self.pairs(value));
        let call = self.state(router).call;
        for (_, handler) in handlers.unwrap_or_default() {
            let handler = ExceptionHandler { exception: None, handler: self.callable(&handler), registration: call };
            self.state_mut(router).exception_handlers.push(handler);
        }
    }

    /// Notes what runs when an application starts.
    pub(super) fn note_start(&mut self, id: ObjectId, router: RouterId, function: &Value) {
        let place = self.callable(function);
        self.state_mut(router).at_start.extend(place);
        self.at_start.push((function.clone(), id));
    }

    /// The routes of the documentation: where each is served by default, and what else decides whether it is.
    fn add_framework_routes(&mut self, router: RouterId, arguments: &Arguments) {
        let path = |name: &str, default: &str| match arguments.get(name, None) {
            Some(Value::None) => None,
            Some(value) => {
                let choices = value.choices();
                choices.iter().find_map(|value| value.as_text().map(str::to_owned))
            }
            None => Some(default.to_owned()),
        };
        let Some(schema) = path("openapi_url", "/openapi.json").filter(|path| !path.is_empty()) else { return };
        let docs = path("docs_url", "/docs");
        let redirect = docs.as_ref().and_then(|_| path("swagger_ui_oauth2_redirect_url", "/docs/oauth2-redirect"));
        let call = self.state(router).call;
        for path in [Some(schema), docs, redirect, path("redoc_url", "/redoc")].into_iter().flatten() {
            self.push_entry(router, EntryKind::Framework(Rc::from(path)), call);
        }
    }

    fn initialise_entry(&mut self, id: EntryId, arguments: &Arguments) {
        let call = self.entries[id.0 as usize].call;
        let given = self.text_argument(arguments, "path", 0);
        let kind = match self.entries[id.0 as usize].kind.clone() {
            EntryKind::Route(route) => {
                let endpoint = arguments.get("endpoint", Some(1)).cloned().unwrap_or(Value::Unknown);
                let methods =
                    if route.methods.is_empty() { self.given_methods(arguments, 2) } else { route.methods.clone() };
                let dependencies = self.given_elements(call, arguments, "dependencies");
                EntryKind::Route(RouteEntry { path: given, methods, endpoint, dependencies, ..route })
            }
            _ if self.hosts.contains(&id) => {
                let host = self.text_argument(arguments, "host", 0).or(Some(String::new()));
                let routes = arguments.get("routes", None).cloned();
                self.mount_of(call, arguments, Some(String::new()), host, routes)
            }
            _ => {
                let routes = arguments.get("routes", Some(2)).cloned();
                self.mount_of(call, arguments, given, None, routes)
            }
        };
        self.entries[id.0 as usize].kind = kind;
    }

    /// What a `Mount` or `Host` holds: the application that it is given, or a router of the routes that it lists.
    fn mount_of(
        &mut self,
        call: Call,
        arguments: &Arguments,
        path: Option<String>,
        host: Option<String>,
        routes: Option<Value>,
    ) -> EntryKind {
        let app = arguments.get("app", Some(1)).cloned().filter(|app| !matches!(app, Value::None));
        if let Some(app) = app {
            return self.mounted(&app, path, host);
        }
        let object = self.new_object(Object::default());
        let inner = self.new_router(RouterClass::Router, object, call);
        if let Some(routes) = routes {
            self.add_routes(inner, &routes);
        }
        self.state_mut(inner).is_held = true;
        EntryKind::Mount { inner, path, host }
    }

    /// What stands below a path: an application or router of the project, or somebody else's.
    pub(super) fn mounted(&mut self, app: &Value, path: Option<String>, host: Option<String>) -> EntryKind {
        // An application that is mounted where nobody knows, and only under a condition, is told as it is without that.
        let may_stand_alone = |this: &Self, inner: RouterId| {
            path.is_none() && !this.conditions.is_empty() && this.state(inner).class.kind() == RouterKind::Application
        };
        if let Some(inner) = self.router_in(app).filter(|&inner| !may_stand_alone(self, inner)) {
            self.state_mut(inner).is_held = true;
            return EntryKind::Mount { inner, path, host };
        }
        EntryKind::Foreign { path }
    }
}

const fn is_websocket(class: EntryClass) -> bool {
    matches!(class, EntryClass::WebSocket | EntryClass::ApiWebSocket)
}
