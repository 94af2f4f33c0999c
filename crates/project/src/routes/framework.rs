//! What applications, routers and routes are while their making is followed, and which classes make them.

use super::interpreter::Interpreter;
use super::value::{ClassId, Object, ObjectId, ObjectRole, Value};
use super::{Element, ExceptionHandler, Layer, RouterId, RouterKind};
use crate::ModuleId;
use pyaudit_python::{ExprId, StmtId};
use pyaudit_source::Span;
use std::rc::Rc;

/// The number of a route, mount or host that was made as an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct EntryId(pub(super) u32);

/// The place of a call: its module and itself.
pub(super) type Call = (ModuleId, ExprId);

/// Classes of FastAPI whose instances are an application.
const FASTAPI: &[&str] = &["fastapi.FastAPI", "fastapi.applications.FastAPI"];

/// The classes of applications of Starlette.
const STARLETTE: &[&str] = &["starlette.applications.Starlette"];

/// Classes of FastAPI, and of libraries that inherit from them without more, whose instances are a router.
const API_ROUTERS: &[&str] = &[
    "fastapi.APIRouter",
    "fastapi.routing.APIRouter",
    "fastapi_utils.inferring_router.InferringRouter",
    "fastapi_restful.inferring_router.InferringRouter",
];

/// The classes of routers of Starlette.
const PLAIN_ROUTERS: &[&str] = &["starlette.routing.Router", "fastapi.routing.Router"];

/// Whether the instances of a class of a library are applications or routers.
pub(super) fn is_router_class(dotted: &str) -> bool {
    RouterClass::of(dotted).is_some()
}

/// The four classes that hold routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RouterClass {
    FastApi,
    Starlette,
    ApiRouter,
    Router,
}

impl RouterClass {
    pub(super) fn of(dotted: &str) -> Option<Self> {
        let classes = [
            (FASTAPI, Self::FastApi),
            (STARLETTE, Self::Starlette),
            (API_ROUTERS, Self::ApiRouter),
            (PLAIN_ROUTERS, Self::Router),
        ];
        classes.into_iter().find(|(names, _)| names.contains(&dotted)).map(|(_, class)| class)
    }

    /// Whether it serves by itself.
    pub(super) const fn kind(self) -> RouterKind {
        match self {
            Self::FastApi | Self::Starlette => RouterKind::Application,
            Self::ApiRouter | Self::Router => RouterKind::Router,
        }
    }
}

/// The classes of routes that stand in lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryClass {
    Route,
    WebSocket,
    ApiRoute,
    ApiWebSocket,
    Mount,
    Host,
}

impl EntryClass {
    pub(super) fn of(dotted: &str) -> Option<Self> {
        let name = dotted.strip_prefix("starlette.routing.").or_else(|| dotted.strip_prefix("fastapi.routing."))?;
        match name {
            "Route" => Some(Self::Route),
            "WebSocketRoute" => Some(Self::WebSocket),
            "APIRoute" => Some(Self::ApiRoute),
            "APIWebSocketRoute" => Some(Self::ApiWebSocket),
            "Mount" => Some(Self::Mount),
            "Host" => Some(Self::Host),
            _ => None,
        }
    }
}

/// An application or router while its making is followed.
#[derive(Debug)]
pub(super) struct RouterState {
    pub(super) class: RouterClass,
    /// The call that makes it.
    pub(super) call: Call,
    /// Its own `prefix=`; `None` where it cannot be known.
    pub(super) prefix: Option<String>,
    pub(super) dependencies: Vec<Element>,
    /// What was put around it, in the order of registration, and what its constructor was given, the outermost first.
    pub(super) added_layers: Vec<Layer>,
    pub(super) given_layers: Vec<Layer>,
    pub(super) route_class: Option<(ModuleId, StmtId)>,
    pub(super) exception_handlers: Vec<ExceptionHandler>,
    pub(super) at_start: Vec<(ModuleId, StmtId)>,
    /// What it serves, in the order in which it is tried.
    pub(super) entries: Vec<EntryId>,
    /// Whether another router or application serves it.
    pub(super) is_held: bool,
}

/// Something that a router serves.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) kind: EntryKind,
    /// The call that registers it.
    pub(super) call: Call,
    /// The innermost condition around the registration that is not known.
    pub(super) condition: Option<Span>,
    /// The object that it is.
    pub(super) object: ObjectId,
    /// The decorator that was applied when it was registered.
    pub(super) decorator: Option<Decorator>,
}

/// A decorator of a function, which may register the function with a call that stands elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decorator {
    pub(super) module: ModuleId,
    pub(super) function: StmtId,
    pub(super) expr: ExprId,
}

/// What an [`Entry`] is.
#[derive(Debug, Clone)]
pub(super) enum EntryKind {
    Route(RouteEntry),
    /// The routes of another router. The prefix, `None` where it is not known, and the dependencies are those of the
    /// include after those of the outer router.
    Include {
        inner: RouterId,
        prefix: Option<String>,
        dependencies: Vec<Element>,
    },
    /// Another application or router below a path, or for a host.
    Mount {
        inner: RouterId,
        path: Option<String>,
        host: Option<String>,
    },
    /// An application that has no routes to list, below a path.
    Foreign {
        path: Option<String>,
    },
    /// A route that FastAPI itself brings.
    Framework(Rc<str>),
}

/// One registered route.
#[derive(Debug, Clone)]
pub(super) struct RouteEntry {
    /// With the prefix that its router had when it was registered.
    pub(super) path: Option<String>,
    /// In upper case, in the order of the alphabet; empty where the endpoint decides.
    pub(super) methods: Vec<String>,
    pub(super) endpoint: Value,
    /// Its own after those that its router had when it was registered.
    pub(super) dependencies: Vec<Element>,
    /// Whether it is a route of Starlette, which has no dependencies at all.
    pub(super) is_starlette: bool,
}

/// What a decorator registers.
#[derive(Debug, Clone)]
pub(super) enum Registration {
    Route(RouteEntry),
    Middleware,
    ExceptionHandler(Option<Element>),
    /// To be called when the application starts.
    Startup,
    /// Nothing that counts here.
    Nothing,
}

impl Interpreter<'_> {
    /// Whether a route is of a class of the framework.
    pub(super) fn entry_is(&self, entry: EntryId, class: &str) -> Option<bool> {
        let class = EntryClass::of(class)?;
        Some(match &self.entries[entry.0 as usize].kind {
            EntryKind::Route(route) => {
                let is_websocket = route.methods.first().is_some_and(|method| method == "WEBSOCKET");
                match class {
                    EntryClass::Route => !is_websocket,
                    EntryClass::WebSocket => is_websocket,
                    EntryClass::ApiRoute => !is_websocket && !route.is_starlette,
                    EntryClass::ApiWebSocket => is_websocket && !route.is_starlette,
                    EntryClass::Mount | EntryClass::Host => false,
                }
            }
            EntryKind::Framework(_) => class == EntryClass::Route,
            EntryKind::Mount { .. } | EntryKind::Foreign { .. } => class == EntryClass::Mount,
            EntryKind::Include { .. } => false,
        })
    }

    /// The application or router that a value is, or that a library's object was made around.
    pub(super) fn router_in(&self, value: &Value) -> Option<RouterId> {
        let object = match value.plain() {
            Value::Object(id) => Some(*id),
            Value::Made(made) => made.around,
            _ => None,
        };
        object.and_then(|id| self.router_of(id))
    }

    /// The router that an object is.
    pub(super) fn router_of(&self, id: ObjectId) -> Option<RouterId> {
        match self.objects[id.0 as usize].role {
            ObjectRole::Router(router) => Some(router),
            _ => None,
        }
    }

    pub(super) fn is_router(&self, id: ObjectId) -> bool {
        self.router_of(id).is_some()
    }

    pub(super) fn state(&self, router: RouterId) -> &RouterState {
        &self.routers[router.0 as usize]
    }

    pub(super) fn state_mut(&mut self, router: RouterId) -> &mut RouterState {
        &mut self.routers[router.0 as usize]
    }

    /// Appends what a router serves.
    pub(super) fn push_entry(&mut self, router: RouterId, kind: EntryKind, call: Call) {
        self.visited.insert(call);
        let condition = self.conditions.last().copied();
        let object = self.new_object(Object::default());
        let entry = self.new_entry(Entry { kind, call, condition, object, decorator: None }, false);
        self.attached.insert(entry);
        self.state_mut(router).entries.push(entry);
    }

    /// Registers a route on a router, whose prefix and dependencies it takes on unless it is one of Starlette.
    pub(super) fn push_route(&mut self, router: RouterId, mut route: RouteEntry, call: Call) {
        if !route.is_starlette {
            let state = self.state(router);
            route.path = state.prefix.as_ref().zip(route.path).map(|(prefix, path)| format!("{prefix}{path}"));
            route.dependencies.splice(0..0, state.dependencies.iter().copied());
        }
        self.push_entry(router, EntryKind::Route(route), call);
    }

    /// Includes a router in another, whose prefix and dependencies come before those of the include.
    pub(super) fn push_include(
        &mut self,
        outer: RouterId,
        inner: RouterId,
        prefix: Option<&str>,
        dependencies: &[Element],
        call: Call,
    ) {
        self.state_mut(inner).is_held = true;
        let state = self.state(outer);
        let prefix = state.prefix.as_ref().zip(prefix).map(|(outer, own)| format!("{outer}{own}"));
        let dependencies = [state.dependencies.as_slice(), dependencies].concat();
        self.push_entry(outer, EntryKind::Include { inner, prefix, dependencies }, call);
    }

    /// The class or function of the project that a value is.
    pub(super) fn callable(&self, value: &Value) -> Option<(ModuleId, StmtId)> {
        match value.plain() {
            Value::Function(function) => match function.code {
                super::value::Code::Def(id) => Some((function.module, id)),
                super::value::Code::Lambda(_) => None,
            },
            Value::Class(class) => Some(self.class_place(*class)),
            Value::Partial(partial) => self.callable(&partial.function),
            Value::Object(id) => self.objects[id.0 as usize].class.map(|class| self.class_place(class)),
            _ => None,
        }
    }

    pub(super) fn class_place(&self, class: ClassId) -> (ModuleId, StmtId) {
        let class = &self.classes[class.0 as usize];
        (class.module, class.def)
    }
}
