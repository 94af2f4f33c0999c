use pyaudit_check::project::{Module, Route, RouteStatus};
use pyaudit_check::python::{ExprKind, StmtId};
use pyaudit_check::{Findings, Project, Role, Span, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Counts the routes in the published schema that have neither a docstring nor a summary or description, and
    /// reports them as one finding.
    ///
    /// ## Why it matters
    /// FastAPI shows the docstring in `/docs` and in clients that are generated from the schema. Without it the path and
    /// the name of the function are all that a caller gets.
    ///
    /// ## How to fix
    /// Say in a docstring what the route does, for whom, and what it answers when it fails.
    ///
    /// ## Limits
    /// Routes that the schema leaves out (`include_in_schema=False` on the route, its router or its include, an application
    /// with `openapi_url=None`), deprecated ones, web sockets and pages of HTML do not count, nor do the routes of plain
    /// Starlette applications, which have no schema, and those that no application serves. An application of which less
    /// than a tenth of the routes is silent stays silent too.
    id: "missing-docstring",
    summary: "public routes say nothing about themselves",
    area: Api,
    axis: Modularity,
    severity: Info,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://fastapi.tiangolo.com/tutorial/path-operation-configuration/#description-from-docstring"],
    run: Project(run),
}

/// Arguments of a route that say what it does.
const DESCRIPTIONS: &[&str] = &["summary", "description"];

fn message(silent: usize, all: usize) -> String {
    format!("{silent} of {all} public routes have neither docstring nor summary")
}

/// One route of so many at least has to be silent.
const MIN_SHARE: usize = 10;

fn run(project: &Project, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    let mut silent: Vec<Span> = Vec::new();
    for route in project.routes.routes.iter().filter(|route| is_public(project, route)) {
        // A decorator may put a wrapper in the place of the handler, which is what somebody wrote for the route.
        let Some((module, function)) = route.handler else { continue };
        let module = project.modules.get(module);
        if module.role != Role::Application || !seen.insert((module.id, function)) {
            continue;
        }
        let Some(definition) = module.function(function) else { continue };
        if !describes_itself(project, module, function, route) {
            silent.push(module.span(definition.name.range));
        }
    }
    findings.examined(seen.len());
    silent.sort();
    let Some((&first, others)) = silent.split_first() else { return };
    if silent.len() * MIN_SHARE < seen.len() {
        return;
    }
    let finding = findings.report(first, message(silent.len(), seen.len()));
    for &other in others {
        finding.related(other, "neither docstring nor summary");
    }
}

/// Whether FastAPI shows the route in its schema, for those who write clients.
fn is_public(project: &Project, route: &Route) -> bool {
    let is_deprecated = project
        .route_argument(route, "deprecated")
        .is_some_and(|(module, argument)| module.python.syntax.expr(argument).kind == ExprKind::Bool(true));
    route.status != RouteStatus::Framework
        && project.is_fastapi_route(route)
        && !route.methods.iter().any(|method| method == "WEBSOCKET")
        && !is_deprecated
        && project.is_published(route)
        && !project.answers_page(route)
        && !project.is_unserved(route)
}

fn describes_itself(project: &Project, module: &Module, function: StmtId, route: &Route) -> bool {
    let body = module.function(function).map_or(&[][..], |definition| &definition.body);
    module.python.syntax.docstring(body).is_some()
        || DESCRIPTIONS.iter().any(|name| project.route_argument(route, name).is_some())
}
