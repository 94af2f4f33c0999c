//! Applications with what they run around their routes, and the routes with their registrations.

use crate::place::{Place, place};
use crate::routes::{Row, row, shown};
use pyaudit_check::Project;
use pyaudit_check::project::{
    Authentication, Element, Endpoint, ExceptionHandler, Layer, ModuleId, Route, Router, RouterId, RouterKind,
};
use pyaudit_check::python::StmtId;
use pyaudit_source::Span;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Section<'p> {
    applications: Vec<Application<'p>>,
    table: Vec<Entry<'p>>,
}

#[derive(Serialize)]
struct Application<'p> {
    app: String,
    #[serde(flatten)]
    place: Place<'p>,
    dependencies: Vec<Source<'p>>,
    middlewares: Vec<Middleware<'p>>,
    exception_handlers: Vec<Handler<'p>>,
    at_start: Vec<Callable<'p>>,
}

/// What stands in the source of a project.
#[derive(Serialize)]
struct Source<'p> {
    source: &'p str,
    #[serde(flatten)]
    place: Place<'p>,
}

#[derive(Serialize)]
struct Middleware<'p> {
    name: Option<String>,
    #[serde(flatten)]
    place: Place<'p>,
}

#[derive(Serialize)]
struct Handler<'p> {
    exception: Option<&'p str>,
    handler: Option<String>,
    #[serde(flatten)]
    place: Place<'p>,
}

#[derive(Serialize)]
struct Callable<'p> {
    name: Option<String>,
    #[serde(flatten)]
    place: Place<'p>,
}

#[derive(Serialize)]
struct Entry<'p> {
    #[serde(flatten)]
    row: Row<'p>,
    registered: Place<'p>,
    condition: Option<Place<'p>>,
    host: Option<&'p str>,
    mounted_in: Vec<String>,
    dependencies: Vec<Source<'p>>,
    response_model: Option<&'p str>,
    status_code: Option<&'p str>,
    tags: Option<&'p str>,
    include_in_schema: Option<&'p str>,
}

pub(super) fn section(project: &Project) -> Section<'_> {
    let ids = (0..project.routes.routers.len()).map(|at| RouterId(u32::try_from(at).unwrap_or(u32::MAX)));
    let routers = ids.zip(&project.routes.routers).filter(|(_, router)| router.kind == RouterKind::Application);
    Section {
        applications: routers.map(|(id, router)| application(project, id, router)).collect(),
        table: shown(project).into_iter().flat_map(|(route, asked)| entries(project, route, asked)).collect(),
    }
}

fn application<'p>(project: &'p Project, id: RouterId, router: &'p Router) -> Application<'p> {
    Application {
        app: project.router_name(id),
        place: place_of(project, (router.module, router.call)),
        dependencies: router.dependencies.iter().map(|&element| source(project, element)).collect(),
        middlewares: router.layers.iter().map(|layer| middleware(project, layer)).collect(),
        exception_handlers: router.exception_handlers.iter().map(|it| handler(project, it)).collect(),
        at_start: router.at_start.iter().map(|&function| callable(project, function)).collect(),
    }
}

fn middleware<'p>(project: &'p Project, layer: &'p Layer) -> Middleware<'p> {
    let name = match layer.definition {
        Some(definition) => named(project, definition),
        None => Some(layer.name.clone()).filter(|name| !name.is_empty()),
    };
    Middleware { name, place: place_of(project, layer.registration) }
}

fn handler<'p>(project: &'p Project, handler: &'p ExceptionHandler) -> Handler<'p> {
    Handler {
        exception: handler.exception.map(|element| text(project, element)),
        handler: handler.handler.and_then(|function| named(project, function)),
        place: place_of(project, handler.registration),
    }
}

fn callable(project: &Project, (module, definition): (ModuleId, StmtId)) -> Callable<'_> {
    let endpoints = [Endpoint::Function(module, definition), Endpoint::Class(module, definition)];
    let span = endpoints.iter().find_map(|endpoint| project.endpoint_span(endpoint));
    let span = span.unwrap_or_else(|| Span::file(project.modules.get(module).file));
    Callable { name: named(project, (module, definition)), place: place(project, span) }
}

fn entries<'p>(project: &'p Project, route: &'p Route, asked: &'p Authentication) -> impl Iterator<Item = Entry<'p>> {
    let argument = |name: &str| {
        let (module, value) = project.route_argument(route, name)?;
        Some(text(project, (module.id, value)))
    };
    route.methods.iter().map(move |method| Entry {
        row: row(project, route, asked, method),
        registered: place(project, route.span),
        condition: route.condition.map(|span| place(project, span)),
        host: route.host.as_deref(),
        mounted_in: route.mounted_in.iter().map(|&id| project.router_name(id)).collect(),
        dependencies: route.dependencies.iter().map(|&element| source(project, element)).collect(),
        response_model: argument("response_model"),
        status_code: argument("status_code"),
        tags: argument("tags"),
        include_in_schema: argument("include_in_schema"),
    })
}

fn source(project: &Project, element: Element) -> Source<'_> {
    Source { source: text(project, element), place: place_of(project, element) }
}

fn place_of(project: &Project, (module, expr): Element) -> Place<'_> {
    place(project, project.modules.get(module).span_of(expr))
}

/// An expression as it is written.
fn text(project: &Project, (module, expr): Element) -> &str {
    let span = project.modules.get(module).span_of(expr);
    let text = project.sources.text(span.file).unwrap_or("");
    span.range.map_or("", |range| range.slice(text))
}

/// `module:qualname` of a class or function.
fn named(project: &Project, (module, definition): (ModuleId, StmtId)) -> Option<String> {
    let qualname = project.modules.get(module).python.qualname(definition)?;
    Some(format!("{}:{qualname}", project.imported_name(module)))
}
