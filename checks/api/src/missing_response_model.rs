use pyaudit_check::project::{Endpoint, Module, Purpose, Route};
use pyaudit_check::python::{ExprKind, StmtId};
use pyaudit_check::{Findings, Project, Role, Span, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds JSON routes of FastAPI that have neither a `response_model` nor a return type. Those of one module are one
    /// finding.
    ///
    /// ## Why it matters
    /// Without a model FastAPI sends whatever the function returns: a column that is added to a table goes out to every
    /// client, the schema says nothing about the answer, and generated clients get `any`.
    ///
    /// ## How to fix
    /// Annotate the return type with the model of the answer, or give it as `response_model=`.
    ///
    /// ## Limits
    /// Handlers that return responses of their own, redirects, files or nothing are left alone, and so are probes
    /// and routes that the schema leaves out. Any annotation counts, `dict` too.
    id: "missing-response-model",
    summary: "a JSON route has no response model",
    area: Api,
    axis: Modularity,
    severity: Low,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://fastapi.tiangolo.com/tutorial/response-model/"],
    run: Module(run),
}

/// Arguments of a route that say what it answers, or that it is not JSON.
const DECLARED: &[&str] = &["response_model", "response_class"];

fn message(subject: &str, count: usize) -> String {
    let others = match count {
        1 => return format!("`{subject}` has neither `response_model` nor a return type"),
        2 => "another route".to_owned(),
        _ => format!("{} more routes", count - 1),
    };
    format!("`{subject}` and {others} of this module have neither `response_model` nor a return type")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    let mut untyped: Vec<(Span, String)> = Vec::new();
    let mut seen = BTreeSet::new();
    for (handler, route) in project.handlers_in(module) {
        if !is_json(project, route) || !seen.insert(handler) {
            continue;
        }
        findings.examined(1);
        let Some(function) = module.function(handler) else { continue };
        let is_declared =
            function.returns.is_some() || DECLARED.iter().any(|name| project.route_argument(route, name).is_some());
        if !is_declared && returns_data(project, module, handler) {
            untyped.push((module.span(function.name.range), route.subject()));
        }
    }
    let Some(((first, subject), others)) = untyped.split_first() else { return };
    let finding = findings.report(*first, message(subject, untyped.len()));
    finding.subject(module.name.clone());
    for (other, subject) in others {
        finding.related(*other, format!("`{subject}`"));
    }
}

fn is_json(project: &Project, route: &Route) -> bool {
    let is_hidden = project
        .route_argument(route, "include_in_schema")
        .is_some_and(|(module, argument)| module.python.syntax.expr(argument).kind == ExprKind::Bool(false));
    // These statuses have no body (RFC 9110, sections 15.3.5 and 15.4.5).
    let has_no_body = project
        .route_argument(route, "status_code")
        .and_then(|(module, argument)| project.status(module, argument))
        .is_some_and(|status| matches!(status, 204 | 304));
    let is_http = matches!(route.endpoint, Endpoint::Function(..)) && !route.methods.iter().any(|it| it == "WEBSOCKET");
    is_http
        && !is_hidden
        && !has_no_body
        && project.is_fastapi_route(route)
        && project.purpose_of(route) != Purpose::Probe
}

/// Whether a handler returns something else than a response of its own.
fn returns_data(project: &Project, module: &Module, handler: StmtId) -> bool {
    let mut returned = project.returned_by(module, handler).into_iter();
    returned.any(|value| {
        let is_nothing = module.python.syntax.expr(value).kind == ExprKind::None;
        !is_nothing && !project.is_response_value(module, value)
    })
}
