//! Registrations that nothing followed reaches, read from their source: in functions that no code calls, on objects
//! whose making is not seen.
//!
//! What is known to be registered on a followed router joins its entries; the rest is told without a prefix.

use super::framework::{Call, RouteEntry, RouterClass};
use super::interpreter::Interpreter;
use super::value::{Code, EnvironmentId, Function, Object, Value};
use super::{Element, Endpoint, Route, RouteStatus, RouterId, imports_framework};
use crate::{Definition, Module, ModuleId, Project, Symbol};
use pyaudit_python::{Base, ExprId, ExprKind, Keyword, Parent, StmtId, StmtKind};
use pyaudit_source::Role;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Classes whose instances are an application.
pub(super) const APPLICATIONS: &[&str] =
    &["fastapi.FastAPI", "fastapi.applications.FastAPI", "starlette.applications.Starlette"];

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

/// A registration that was not followed.
enum Registration {
    Decorator(StmtId, ExprId),
    Adder(ExprId),
    Include(ExprId),
    Object(ExprId),
}

/// Adds what was not followed to the routers, and gives the routes of which it is not known what they are registered on.
pub(super) fn add(interpreter: &mut Interpreter<'_>) -> Vec<Route> {
    let project = interpreter.project;
    let found: Vec<(&Module, Registration)> = project
        .modules
        .iter()
        .filter(|module| module.role != Role::Vendored && imports_framework(module))
        .flat_map(|module| not_followed(interpreter, module).into_iter().map(move |it| (module, it)))
        .collect();
    if found.is_empty() {
        return Vec::new();
    }
    let by_symbol = routers_by_symbol(interpreter);
    let mut reader = Reader { project, interpreter, by_symbol };
    found.into_iter().filter_map(|(module, registration)| reader.read(module, &registration)).collect()
}

/// The registrations of a module that were not followed and do not stand in what never runs.
fn not_followed(interpreter: &Interpreter<'_>, module: &Module) -> Vec<Registration> {
    let syntax = &module.python.syntax;
    let mut found = Vec::new();
    let is_open = |id: ExprId| !interpreter.visited.contains(&(module.id, id)) && !interpreter.is_dead(module, id);
    for (id, stmt) in syntax.stmts() {
        if let StmtKind::FunctionDef(function) = &stmt.kind {
            let decorators = function.decorators.iter().filter(|&&decorator| may_register(module, decorator));
            found.extend(decorators.filter(|&&it| is_open(it)).map(|&it| Registration::Decorator(id, it)));
        }
    }
    for (id, expr) in syntax.exprs() {
        let ExprKind::Call { func, .. } = &expr.kind else { continue };
        let name = match &syntax.expr(*func).kind {
            ExprKind::Name { id, .. } => syntax.name(*id),
            ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
            _ => continue,
        };
        let registration = match name {
            "include_router" | "mount" => Registration::Include(id),
            _ if ADDERS.contains(&name) => Registration::Adder(id),
            _ if name.ends_with("Route") => Registration::Object(id),
            _ => continue,
        };
        if is_open(id) {
            found.push(registration);
        }
    }
    found
}

/// Whether a decorator may register a route, by the names in it.
fn may_register(module: &Module, decorator: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Call { func, args, .. } = &syntax.expr(decorator).kind else { return false };
    std::iter::once(func).chain(args).any(|&expr| match &syntax.expr(expr).kind {
        ExprKind::Attribute { attr, .. } => {
            let name = syntax.identifier(*attr);
            METHOD_DECORATORS.iter().any(|(known, _)| *known == name) || MANY_METHODS.contains(&name)
        }
        _ => false,
    })
}

/// The applications and routers by the names that they are assigned to; those whose making was not followed are made.
fn routers_by_symbol(interpreter: &mut Interpreter<'_>) -> BTreeMap<Symbol, Vec<RouterId>> {
    let project = interpreter.project;
    let mut by_call: HashMap<Call, Vec<RouterId>> = HashMap::new();
    for (at, state) in interpreter.routers.iter().enumerate() {
        by_call.entry(state.call).or_default().push(RouterId(at as u32));
    }
    let mut by_symbol: BTreeMap<Symbol, Vec<RouterId>> = BTreeMap::new();
    for module in project.modules.iter().filter(|module| module.role != Role::Vendored && imports_framework(module)) {
        let syntax = &module.python.syntax;
        for (_, stmt) in syntax.stmts() {
            let (target, value) = match &stmt.kind {
                StmtKind::Assign { targets, value } => (targets.first().copied(), *value),
                StmtKind::AnnAssign { target, value: Some(value), .. } => (Some(*target), *value),
                _ => continue,
            };
            let ExprKind::Call { func, keywords, .. } = &syntax.expr(value).kind else { continue };
            let known = by_call.get(&(module.id, value)).cloned();
            let Some(symbol) = target.and_then(|target| symbol_of_target(module, target)) else { continue };
            let routers = known.or_else(|| {
                let class = class_of(project, module, *func)?;
                let id = make_router(interpreter, module, value, class, keywords);
                Some(vec![id])
            });
            if let Some(routers) = routers {
                by_symbol.entry(symbol).or_insert(routers);
            }
        }
    }
    by_symbol
}

fn make_router(
    interpreter: &mut Interpreter<'_>,
    module: &Module,
    call: ExprId,
    class: RouterClass,
    keywords: &[Keyword],
) -> RouterId {
    let object = interpreter.new_object(Object::default());
    let id = interpreter.new_router(class, object, (module.id, call));
    interpreter.state_mut(id).prefix = prefix(interpreter.project, module, keywords);
    interpreter.state_mut(id).dependencies = elements(interpreter.project, module, keywords);
    id
}

/// Whether a callable is the class of an application or router, or a class of the project that inherits from one.
fn class_of(project: &Project, module: &Module, func: ExprId) -> Option<RouterClass> {
    let by_path = |symbol: &Symbol| {
        if symbol.is_any(APPLICATIONS) {
            Some(RouterClass::FastApi)
        } else if symbol.is_any(ROUTERS) {
            Some(RouterClass::ApiRouter)
        } else {
            None
        }
    };
    let symbol = project.symbol(module, func)?;
    by_path(&symbol).or_else(|| {
        let (home, class, _) = project.class(module, func)?;
        project.external_bases(home, class).iter().find_map(by_path)
    })
}

/// A literal or foldable prefix: empty where none is given, `None` where it cannot be known.
pub(super) fn prefix(project: &Project, module: &Module, keywords: &[Keyword]) -> Option<String> {
    match module.keyword(keywords, "prefix") {
        Some(value) => project.constant_string(module, value),
        None if keywords.iter().any(|keyword| keyword.name.is_none()) => None,
        None => Some(String::new()),
    }
}

/// The elements of the list of dependencies that a keyword argument gives, or that a name stands for.
pub(super) fn elements(project: &Project, module: &Module, keywords: &[Keyword]) -> Vec<Element> {
    let Some(value) = module.keyword(keywords, "dependencies") else { return Vec::new() };
    let symbol = project.symbol(module, value);
    let (home, value) = match symbol.and_then(|symbol| project.definition(&symbol)) {
        Some((home, Definition::Value(value))) => (home, value),
        _ => (module, value),
    };
    match &home.python.syntax.expr(value).kind {
        ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => elts.iter().map(|&it| (home.id, it)).collect(),
        _ => Vec::new(),
    }
}

pub(super) struct Reader<'r, 'p> {
    pub(super) project: &'p Project,
    pub(super) interpreter: &'r mut Interpreter<'p>,
    by_symbol: BTreeMap<Symbol, Vec<RouterId>>,
}

/// What a registration says.
struct Registered {
    router: Option<RouterId>,
    is_plain: bool,
    methods: Vec<String>,
    path: Option<String>,
    endpoint: Option<(ModuleId, StmtId)>,
    dependencies: Vec<Element>,
}

impl Reader<'_, '_> {
    /// Reads one registration: puts it into the router that it is on, or gives the route back.
    fn read(&mut self, module: &Module, registration: &Registration) -> Option<Route> {
        let (call, registered) = match *registration {
            Registration::Decorator(function, decorator) => (decorator, self.decorated(module, function, decorator)?),
            Registration::Adder(call) => (call, self.added(module, call)?),
            Registration::Object(call) => (call, self.object(module, call)?),
            Registration::Include(call) => {
                self.included(module, call);
                return None;
            }
        };
        let place = (module.id, call);
        let Some(router) = registered.router else { return Some(unplaced(module, place, registered)) };
        let route = RouteEntry {
            path: registered.path,
            methods: registered.methods,
            endpoint: registered.endpoint.map_or(Value::Unknown, function_value),
            dependencies: registered.dependencies,
            is_starlette: registered.is_plain,
        };
        self.interpreter.push_route(router, route, place);
        None
    }

    /// The route that a decorator registers.
    fn decorated(&self, module: &Module, function: StmtId, decorator: ExprId) -> Option<Registered> {
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
        Some(Registered {
            router,
            is_plain: matches!(name, "route" | "websocket_route"),
            methods,
            path: path.and_then(|path| self.project.constant_string(module, path)),
            endpoint: Some((module.id, function)),
            dependencies: elements(self.project, module, keywords),
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
        let mut methods: Vec<String> = listed.unwrap_or_default();
        methods.sort();
        if methods.is_empty() { vec!["GET".to_owned()] } else { methods }
    }

    /// Whether an object whose making is not seen is an application or router: a parameter annotated as one, or an
    /// unknown name with a route path, in a module that imports the framework.
    fn may_be_router(&self, module: &Module, value: ExprId, path: Option<ExprId>) -> bool {
        if let Some(class) = self.project.type_of(module, value) {
            return class.is_any(APPLICATIONS) || class.is_any(ROUTERS);
        }
        let is_path = path
            .and_then(|path| self.project.constant_string(module, path))
            .is_some_and(|path| path.is_empty() || path.starts_with('/'));
        is_path && !self.project.symbols(module, value).iter().any(|symbol| symbol.external().is_some())
    }

    /// The route that `add_api_route(path, endpoint)` registers.
    fn added(&self, module: &Module, call: ExprId) -> Option<Registered> {
        let syntax = &module.python.syntax;
        let ExprKind::Call { func, args, keywords } = &syntax.expr(call).kind else { return None };
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind else { return None };
        let name = syntax.identifier(*attr);
        let router = self.router_of(module, *value);
        let path = args.first().copied().or_else(|| module.keyword(keywords, "path"))?;
        if router.is_none() && !self.may_be_router(module, *value, Some(path)) {
            return None;
        }
        let endpoint = args.get(1).copied();
        let endpoint =
            endpoint.or_else(|| ["endpoint", "route"].iter().find_map(|name| module.keyword(keywords, name)));
        Some(Registered {
            router,
            is_plain: matches!(name, "add_route" | "add_websocket_route"),
            methods: self.methods(module, name, keywords)?,
            path: self.project.constant_string(module, path),
            endpoint: endpoint.and_then(|endpoint| self.endpoint(module, endpoint)),
            dependencies: elements(self.project, module, keywords),
        })
    }

    /// The function behind an endpoint argument.
    fn endpoint(&self, module: &Module, endpoint: ExprId) -> Option<(ModuleId, StmtId)> {
        self.project.function(module, endpoint).map(|(home, id, _)| (home.id, id))
    }

    /// The route that `Route("/x", endpoint)` describes. Which application lists it is not known.
    fn object(&self, module: &Module, call: ExprId) -> Option<Registered> {
        let ExprKind::Call { func, args, keywords } = &module.python.syntax.expr(call).kind else { return None };
        if !self.project.is_any(module, *func, ROUTE_OBJECTS) {
            return None;
        }
        let path = args.first().copied().or_else(|| module.keyword(keywords, "path"))?;
        let endpoint = args.get(1).copied().or_else(|| module.keyword(keywords, "endpoint"))?;
        let is_websocket = self.project.is_any(module, *func, &["starlette.routing.WebSocketRoute"]);
        let methods = if is_websocket { vec!["WEBSOCKET".to_owned()] } else { self.methods_argument(module, keywords) };
        Some(Registered {
            router: None,
            is_plain: true,
            methods,
            path: self.project.constant_string(module, path),
            endpoint: self.endpoint(module, endpoint),
            dependencies: Vec::new(),
        })
    }

    /// The application or router that an expression is; of several made in one place the first.
    pub(super) fn router_of(&self, module: &Module, expr: ExprId) -> Option<RouterId> {
        let symbol = self.project.symbol(module, expr).or_else(|| symbol_of_target(module, expr))?;
        self.by_symbol.get(&symbol).and_then(|routers| routers.first().copied())
    }
}

/// A route of which it is not known what it is registered on.
fn unplaced(module: &Module, place: Element, registered: Registered) -> Route {
    Route {
        module: module.id,
        handler: registered.endpoint,
        endpoint: registered.endpoint.map_or(Endpoint::Unknown, |(module, id)| Endpoint::Function(module, id)),
        router: None,
        methods: registered.methods,
        path: registered.path.unwrap_or_default(),
        prefix_known: false,
        may_be_served: true,
        span: module.span_of(place.1),
        registration: place,
        application: None,
        dependencies: registered.dependencies,
        via: Vec::new(),
        mounted_in: Vec::new(),
        order: 0,
        host: None,
        condition: None,
        status: RouteStatus::UnresolvedPrefix,
    }
}

/// A function of the project as a value that is only asked what it is.
fn function_value((module, id): (ModuleId, StmtId)) -> Value {
    Value::Function(Rc::new(Function {
        module,
        code: Code::Def(id),
        around: EnvironmentId(0),
        bound: None,
        class: None,
        is_property: false,
        is_static: false,
        is_class_method: false,
    }))
}

/// The symbol of what the call that makes an application or router is assigned to.
pub(super) fn symbol_of_router(module: &Module, call: ExprId) -> Option<Symbol> {
    let syntax = &module.python.syntax;
    let Parent::Stmt(statement) = syntax.parent(Parent::Expr(call)) else { return None };
    let target = match &syntax.stmt(statement).kind {
        StmtKind::Assign { targets, .. } => *targets.first()?,
        StmtKind::AnnAssign { target, .. } => *target,
        _ => return None,
    };
    symbol_of_target(module, target)
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
