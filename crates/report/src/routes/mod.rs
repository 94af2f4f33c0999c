//! The route table of a project: as JSON version 1, for people, and as Markdown. `docs/routes.md` says what each part means.

mod listing;

use crate::JsonOptions;
use crate::escape::ascii_controls;
use crate::place::{Place, place};
pub use listing::{routes_markdown, routes_table};

use pyaudit_check::project::{Authentication, ModuleId, Route, RouteStatus};
use pyaudit_check::{Project, Role};
use serde::Serialize;
use std::io::{self, Write};

/// Writes the route table of a project as JSON version 1, with a line end.
pub fn routes_json(project: &Project, options: &JsonOptions, out: &mut dyn Write) -> io::Result<()> {
    let document = Document { version: 1, routes: rows(project) };
    let text = if options.pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
    writeln!(out, "{}", ascii_controls(&text?))
}

#[derive(Serialize)]
struct Document<'p> {
    version: u32,
    routes: Vec<Row<'p>>,
}

/// Something with a name that looks at credentials.
#[derive(Debug, Serialize)]
pub(crate) struct Named<'p> {
    pub(crate) name: &'p str,
    #[serde(flatten)]
    pub(crate) place: Place<'p>,
}

/// One method of a route.
#[derive(Debug, Serialize)]
pub(crate) struct Row<'p> {
    pub(crate) method: &'p str,
    pub(crate) path: &'p str,
    pub(crate) handler: Option<String>,
    pub(crate) file: Option<&'p str>,
    pub(crate) line: Option<u32>,
    pub(crate) status: &'static str,
    pub(crate) auth: &'static str,
    pub(crate) auth_via: Vec<Named<'p>>,
    pub(crate) app: Option<String>,
    pub(crate) via: Vec<Place<'p>>,
}

/// The routes that are shown, each with what it asks of a client: application by application in the order in which each
/// tries them, then what is served nobody knows where.
///
/// What only tests serve is left out, and so are routers that nothing includes where every include is known.
pub(crate) fn shown(project: &Project) -> Vec<(&Route, &Authentication)> {
    let table = &project.routes;
    let own = table.routes.iter().enumerate().map(|(at, route)| (route, project.authentications.of(at)));
    let brought = table.framework.iter().enumerate();
    let brought = brought.map(|(at, route)| (route, project.authentications.of_framework(at)));
    let mut found: Vec<_> = own.chain(brought).filter(|(route, _)| is_shown(project, route)).collect();
    found.sort_by_key(|(route, _)| (route.application.is_none(), route.order, route.span));
    found
}

fn is_shown(project: &Project, route: &Route) -> bool {
    let is_test = |module: ModuleId| project.modules.get(module).role == Role::Test;
    match route.application {
        Some(application) => !is_test(project.routes.router(application).module),
        None => route.may_be_served && !is_test(route.module),
    }
}

/// The table, a row a method.
fn rows(project: &Project) -> Vec<Row<'_>> {
    let routes = shown(project).into_iter();
    routes.flat_map(|(route, asked)| route.methods.iter().map(|method| row(project, route, asked, method))).collect()
}

/// One method of a route as it is shown.
pub(crate) fn row<'p>(project: &'p Project, route: &'p Route, asked: &'p Authentication, method: &'p str) -> Row<'p> {
    let at = project.endpoint_span(&route.endpoint).map(|span| place(project, span));
    let handler = match route.status {
        RouteStatus::Framework => None,
        _ => project.endpoint_name(&route.endpoint),
    };
    let guards = asked.guards.iter();
    Row {
        method,
        path: &route.path,
        handler,
        file: at.as_ref().map(|at| at.file),
        line: at.as_ref().map(|at| at.line),
        status: route.status.name(),
        auth: asked.demand.name(),
        auth_via: guards.map(|guard| Named { name: &guard.name, place: place(project, guard.span) }).collect(),
        app: route.application.map(|application| project.router_name(application)),
        via: route.via.iter().map(|&span| place(project, span)).collect(),
    }
}
