use pyaudit_check::project::calls::Kind;
use pyaudit_check::project::{Demand, Endpoint, Module, Purpose, Route, RouteStatus, RouterId, RouterKind};
use pyaudit_check::python::{StmtId, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, Span, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds routes that change something (POST, PUT, PATCH, DELETE), belong to the administration, or open a web
    /// socket, and answer anyone: no dependency, decorator or middleware of route, router, include or application
    /// demands a credential, and neither does the handler. A router all of whose routes are open is one finding, and so
    /// is an application in which nothing demands a credential.
    ///
    /// ## Why it matters
    /// Whoever finds the address can create, change and delete what the service holds, or spend its money.
    ///
    /// ## How to fix
    /// Demand the user in the signature (`user: Annotated[User, Depends(get_current_user)]`), or guard the whole router
    /// with `APIRouter(dependencies=[Depends(get_current_user)])`.
    ///
    /// ## Limits
    /// A dependency counts by what it does, not by its name: it demands a credential if a request without one is turned
    /// away. Left alone are routes that hand out or take credentials (login, sign-up, reset, a POST to `/account`), webhooks, probes and
    /// public forms, by the words of their paths, routes that ask for a credential and answer without it too, and those
    /// where something cannot be followed. Authentication by a gateway in front of the service is not seen.
    id: "unauthenticated-mutation",
    summary: "a route that changes something asks for no credential",
    area: Api,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://cwe.mitre.org/data/definitions/306.html",
        "https://owasp.org/API-Security/editions/2023/en/0xa2-broken-authentication/",
        "https://fastapi.tiangolo.com/tutorial/security/",
    ],
    run: Project(run),
}

/// Methods that change something.
const CHANGING: &[&str] = &["POST", "PUT", "PATCH", "DELETE", "WEBSOCKET"];

/// Methods that no reading route has, so that what the handler reaches says nothing more.
const SURELY_CHANGING: &[&str] = &["PUT", "PATCH", "DELETE"];

/// A router with so many open routes, and no other, lacks a guard of its own.
const ROUTER: usize = 3;

fn message_for_route(subject: &str) -> String {
    format!("`{subject}` answers anyone: nothing demands a credential on route, router or application")
}

fn message_for_router(count: usize) -> String {
    format!("no route of this router demands a credential, and {count} of them change something for anyone")
}

fn message_for_application(count: usize) -> String {
    match count {
        1 => "nothing in this application demands a credential, and one route changes something for anyone".to_owned(),
        _ => {
            format!("nothing in this application demands a credential, and {count} routes change something for anyone")
        }
    }
}

/// An open route, with its place in the table.
type Open<'p> = (usize, &'p Route);

fn run(project: &Project, findings: &mut Findings) {
    let mut open: Vec<Open> = Vec::new();
    for (at, route) in project.routes.routes.iter().enumerate() {
        if !is_in_question(project, route) {
            continue;
        }
        findings.examined(1);
        if project.authentications.of(at).demand == Demand::Nothing {
            open.push((at, route));
        }
    }
    one_for_each_registration(&mut open);
    let guarded_applications = guarded(project, |route| route.application);
    let guarded_routers = guarded(project, |route| route.router);
    for (application, routes) in grouped(&open, |route| route.application) {
        match application.filter(|id| !guarded_applications.contains(id)) {
            Some(id) => report_application(project, id, &routes, findings),
            None => report_routes(project, &routes, &guarded_routers, findings),
        }
    }
}

/// Whether a route changes something and is none that is meant to be open.
fn is_in_question(project: &Project, route: &Route) -> bool {
    let module = project.modules.get(route.module);
    if module.role != Role::Application || !route.may_be_served || route.status == RouteStatus::UnresolvedPrefix {
        return false;
    }
    let Endpoint::Function(..) = route.endpoint else { return false };
    let is_tried = |id: RouterId| project.modules.get(project.routes.router(id).module).role != Role::Application;
    if route.application.is_some_and(is_tried) || project.is_for_development(route) {
        return false;
    }
    match project.purpose_of(route) {
        Purpose::Administration if !has_method(route, CHANGING) => reaches_something(project, route) == Some(true),
        Purpose::Administration | Purpose::Other => has_method(route, CHANGING) && changes_something(project, route),
        Purpose::Credentials | Purpose::Webhook | Purpose::Probe | Purpose::PublicForm => false,
    }
}

fn has_method(route: &Route, methods: &[&str]) -> bool {
    route.methods.iter().any(|method| methods.contains(&method.as_str()))
}

/// Whether the handler does more than compute or refuse: a POST that only answers what it was given changes nothing.
fn changes_something(project: &Project, route: &Route) -> bool {
    if route.handler.is_some_and(|(module, handler)| only_raises(project.modules.get(module), handler)) {
        return false;
    }
    has_method(route, SURELY_CHANGING) || reaches_something(project, route).is_none_or(|reaches| reaches)
}

/// Whether a handler refuses every request: it was retired, or is not written yet.
fn only_raises(module: &Module, handler: StmtId) -> bool {
    let body = module.function(handler).map_or(&[][..], |function| &function.body);
    let syntax = &module.python.syntax;
    body.iter().any(|&stmt| matches!(syntax.stmt(stmt).kind, StmtKind::Raise { .. }))
        && body.iter().all(|&stmt| {
            matches!(syntax.stmt(stmt).kind, StmtKind::Raise { .. } | StmtKind::Expr(_) | StmtKind::Delete(_))
        })
}

/// Whether the handler reaches a database, a network, a process or a file; `None` where some of its calls are unknown
/// and the others reach nothing.
fn reaches_something(project: &Project, route: &Route) -> Option<bool> {
    let (module, handler) = route.handler?;
    let function = project.calls.of(module, handler)?;
    let kinds = [Kind::Database, Kind::Network, Kind::Cache, Kind::Subprocess, Kind::File];
    if kinds.iter().any(|&kind| project.calls.reaches(function, kind).is_some()) {
        return Some(true);
    }
    (project.calls.function(function).unknown_calls == 0).then_some(false)
}

/// A router that is included in several places has a row for each; one is enough.
fn one_for_each_registration(open: &mut Vec<Open>) {
    let mut seen = BTreeSet::new();
    open.retain(|(_, route)| seen.insert((route.registration, route.span)));
}

fn grouped<'p>(open: &[Open<'p>], by: fn(&Route) -> Option<RouterId>) -> BTreeMap<Option<RouterId>, Vec<Open<'p>>> {
    let mut groups: BTreeMap<Option<RouterId>, Vec<Open>> = BTreeMap::new();
    for &(at, route) in open {
        groups.entry(by(route)).or_default().push((at, route));
    }
    groups
}

/// The applications or routers of which a route demands something, or may.
fn guarded(project: &Project, by: fn(&Route) -> Option<RouterId>) -> BTreeSet<RouterId> {
    let routes = project.routes.routes.iter().enumerate();
    let guarded = routes.filter(|&(at, _)| project.authentications.of(at).demand != Demand::Nothing);
    guarded.filter_map(|(_, route)| by(route)).collect()
}

/// The call that makes an application or router.
fn made_at(project: &Project, id: RouterId) -> Span {
    let made = project.routes.router(id);
    project.modules.get(made.module).span_of(made.call)
}

fn report_application(project: &Project, id: RouterId, routes: &[Open], findings: &mut Findings) {
    let at = made_at(project, id);
    let finding = findings.report(at, message_for_application(routes.len()));
    // A gateway in front of a whole service is common, in front of a part of it is not.
    finding.confidence(Confidence::Medium).subject(project.router_name(id));
    for (_, route) in routes {
        finding.related(route.span, format!("`{}`", route.subject()));
    }
}

fn report_routes(project: &Project, routes: &[Open], guarded: &BTreeSet<RouterId>, findings: &mut Findings) {
    let is_router = |id: &RouterId| project.routes.router(*id).kind == RouterKind::Router;
    for (router, routes) in grouped(routes, |route| route.router) {
        match router.filter(|id| is_router(id) && routes.len() >= ROUTER && !guarded.contains(id)) {
            Some(id) => report_router(project, id, &routes, findings),
            None => routes.iter().for_each(|(_, route)| report_route(project, route, findings)),
        }
    }
}

fn report_router(project: &Project, id: RouterId, routes: &[Open], findings: &mut Findings) {
    let at = made_at(project, id);
    let finding = findings.report(at, message_for_router(routes.len()));
    finding.subject(project.router_name(id));
    for (_, route) in routes {
        finding.related(route.span, format!("`{}`", route.subject()));
    }
}

fn report_route(project: &Project, route: &Route, findings: &mut Findings) {
    let finding = findings.report(route.span, message_for_route(&route.subject()));
    finding.subject(route.subject());
    let is_certain = has_method(route, SURELY_CHANGING)
        || project.purpose_of(route) == Purpose::Administration
        || (!has_method(route, &["WEBSOCKET"]) && reaches_something(project, route) == Some(true));
    if !is_certain || route.condition.is_some() {
        finding.confidence(Confidence::Medium);
    }
}
