use pyaudit_check::project::{Condition, CorsPolicy, Module, Possible, Route};
use pyaudit_check::{Findings, Project, Role, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds applications with routes that a browser on another origin can never call: `allow_methods` of the CORS
    /// middleware lacks their method. Without `allow_methods` Starlette allows `GET` alone.
    ///
    /// ## Why it matters
    /// The browser asks before a `PUT`, `PATCH` or `DELETE`, gets no for an answer, and the request never leaves it. Tests
    /// and `curl` do not ask, so that this shows in production first.
    ///
    /// ## How to fix
    /// List every method that the API uses: `allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"]`.
    ///
    /// ## Limits
    /// Lists that cannot be followed, policies that hold in development alone, and applications whose middleware is not
    /// joined to its routes are silent. `HEAD` and `OPTIONS` do not count. A method may be left out on purpose, for clients
    /// that are no browsers.
    id: "cors-method-mismatch",
    summary: "routes use a method that CORS does not allow",
    area: Api,
    axis: Robustness,
    severity: Medium,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://www.starlette.io/middleware/#corsmiddleware",
        "https://developer.mozilla.org/en-US/docs/Glossary/Preflight_request",
    ],
    run: Module(run),
}

/// Methods that a front end uses. A plain `POST` of a form goes through without asking, one of JSON does not.
const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

fn message(methods: &[&str], routes: usize, is_default: bool) -> String {
    let why = if is_default { "without `allow_methods` only `GET` is allowed" } else { "`allow_methods` lacks it" };
    let names: Vec<String> = methods.iter().map(|method| format!("`{method}`")).collect();
    let count = if routes == 1 { "1 route".to_owned() } else { format!("{routes} routes") };
    format!("no page of another origin can call {count} with {}: {why}", names.join(", "))
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for policy in project.cors_policies(module) {
        if !policy.has_unseen_options && policy.condition != Some(Condition::Development) {
            look(project, module, &policy, findings);
        }
    }
}

fn look(project: &Project, module: &Module, policy: &CorsPolicy, findings: &mut Findings) {
    let routes = routes_behind(project, policy);
    let allowed = policy.methods.map(|methods| project.possible_strings(module, methods));
    let Some(allowed) = allowed_methods(allowed.as_ref()) else { return };
    if routes.is_empty() {
        return;
    }
    findings.examined(1);
    let mut missing: BTreeMap<usize, (&str, Vec<&Route>)> = BTreeMap::new();
    for route in routes {
        for (at, method) in METHODS.iter().enumerate() {
            if route.methods.iter().any(|one| one == method) && !allowed.iter().any(|one| one == method) {
                missing.entry(at).or_insert_with(|| (method, Vec::new())).1.push(route);
            }
        }
    }
    if missing.is_empty() {
        return;
    }
    let methods: Vec<&str> = missing.values().map(|(method, _)| *method).collect();
    let count = missing.values().map(|(_, routes)| routes.len()).sum();
    let at = policy.methods.unwrap_or(policy.call);
    let finding = findings.report(module.span_of(at), message(&methods, count, policy.methods.is_none()));
    finding.subject(methods.join(" "));
    for (_, routes) in missing.values() {
        finding.related(routes[0].span, format!("`{}`, for one", routes[0].subject()));
    }
}

/// The methods that a policy allows, in upper case; `None` where all are, or some cannot be known.
fn allowed_methods(possible: Option<&Possible>) -> Option<Vec<String>> {
    let Some(possible) = possible else { return Some(vec!["GET".to_owned()]) };
    let methods: Vec<String> = possible.values.iter().map(|value| value.text.trim().to_ascii_uppercase()).collect();
    let is_known = possible.complete && !methods.is_empty() && !methods.iter().any(|method| method == "*");
    is_known.then_some(methods)
}

/// The routes of the applications around which a policy runs.
fn routes_behind<'p>(project: &'p Project, policy: &CorsPolicy) -> Vec<&'p Route> {
    let registration = (policy.module, policy.call);
    let routes = project.routes.routes.iter().filter(|route| route.may_be_served);
    routes.filter(|route| project.routes.layers_of(route).any(|layer| layer.registration == registration)).collect()
}
