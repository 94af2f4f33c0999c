use pyaudit_check::project::{Module, Route};
use pyaudit_check::python::{DictItem, ExprId, ExprKind, StmtId};
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds OAuth callbacks that take the `code` of an authorisation and never look at its `state`, in the handler or in
    /// what that calls, and authorisation requests whose `state` is a constant.
    ///
    /// ## Why it matters
    /// `state` proves that the browser that comes back is the one that was sent away. Without it an attacker hands a victim
    /// a callback with a code of the attacker's own, and the victim's account is linked to, or filled for, somebody else.
    ///
    /// ## How to fix
    /// Make a random `state` (`secrets.token_urlsafe()`), keep it in the session or a signed cookie, and compare it in the
    /// callback before the code is redeemed. Libraries such as Authlib do it in `authorize_access_token`.
    ///
    /// ## Limits
    /// A callback is a `GET` route whose path says `callback` and whose handler takes a `code`. A `state` that is handed to
    /// anything, compared or used as a key counts as verified. Flows whose callback is a page of a front end are not seen.
    id: "oauth-state-unverified",
    summary: "an OAuth callback does not check that its browser was sent away",
    area: Api,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://www.rfc-editor.org/rfc/rfc6749#section-10.12",
        "https://cwe.mitre.org/data/definitions/352.html",
    ],
    run: Project(run),
}

/// How many calls are followed.
const DEPTH: usize = 4;

/// Calls of libraries that compare the state themselves, in lower case.
const LIBRARIES: &[&str] = &[
    "authorize_access_token",
    "verify_and_process",
    "process_login",
    "get_openid_and_token",
    "fetch_token_with_state",
    "get_access_token_and_state",
    "acquire_token_by_auth_code_flow",
];

fn absent_message(subject: &str) -> String {
    format!("`{subject}` redeems any code: nothing compares the `state` that it comes back with")
}

fn unused_message(subject: &str) -> String {
    format!("`{subject}` redeems any code: it takes a `state` and never looks at it")
}

fn constant_message() -> String {
    "the `state` of this authorisation request is always the same: whoever reads it once can forge the way back"
        .to_owned()
}

fn run(project: &Project, findings: &mut Findings) {
    for (_, route) in project.shipped_routes() {
        let Some((module, handler)) = route.handler.filter(|_| is_callback(route)) else { continue };
        let home = project.modules.get(module);
        if !takes_code(home, handler) {
            continue;
        }
        findings.examined(1);
        look(project, route, home, handler, findings);
    }
    for module in project.modules.iter().filter(|module| module.role == Role::Application) {
        constants(project, module, findings);
    }
}

fn look(project: &Project, route: &Route, module: &Module, handler: StmtId, findings: &mut Findings) {
    let Some(definition) = module.function(handler) else { return };
    let syntax = &module.python.syntax;
    let subject = route.subject();
    let behind = project.functions_behind(module.id, handler, DEPTH);
    let is_library = project.names_called(&behind).iter().any(|name| LIBRARIES.contains(&name.as_str()));
    let parameter = definition.parameters.iter().find(|parameter| syntax.identifier(parameter.name) == "state");
    if is_library {
        return;
    }
    if let Some(parameter) = parameter {
        if !reads(module, handler, "state") {
            findings.report(module.span(parameter.name.range), unused_message(&subject)).subject(subject);
        }
        return;
    }
    let looks = behind.iter().any(|&(home, function)| mentions_state(home, function));
    if !looks {
        findings.report(module.span(definition.name.range), absent_message(&subject)).subject(subject);
    }
}

/// Whether a route is where a provider sends the browser back to.
fn is_callback(route: &Route) -> bool {
    let path = route.path.to_ascii_lowercase();
    let is_way_back = path.split(['/', '-', '_']).any(|word| matches!(word, "callback" | "oauth2callback"));
    let is_get = route.methods.iter().any(|method| method == "GET");
    is_way_back && is_get
}

/// Whether a handler takes the code of an authorisation, as a parameter or out of the request.
fn takes_code(module: &Module, handler: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let by_parameter = module.function(handler).is_some_and(|definition| {
        definition.parameters.iter().any(|parameter| syntax.identifier(parameter.name) == "code")
    });
    by_parameter || module.strings_in(handler).iter().any(|&(_, text)| text == "code")
}

/// Whether the body of a function reads a name.
fn reads(module: &Module, function: StmtId, name: &str) -> bool {
    let syntax = &module.python.syntax;
    let body = module.function(function).map_or(&[][..], |function| &function.body);
    body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)).any(|id| match syntax.expr(id).kind {
        ExprKind::Name { id, .. } => syntax.name(id) == name,
        _ => false,
    })
}

/// Whether a function, or what it is called with, has something to do with a state.
fn mentions_state(module: &Module, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let Some(definition) = module.function(function) else { return false };
    let has_word = |name: &str| name.to_ascii_lowercase().split('_').any(|word| word == "state" || word == "nonce");
    let parameters = definition.parameters.iter().any(|parameter| has_word(syntax.identifier(parameter.name)));
    let names = || {
        definition.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)).any(|id| {
            match &syntax.expr(id).kind {
                ExprKind::Name { id, .. } => has_word(syntax.name(*id)),
                // `request.state` and `app.state` are where Starlette keeps things.
                ExprKind::Attribute { value, attr, .. } => {
                    has_word(syntax.identifier(*attr)) && !matches!(module.last_name(*value), Some("request" | "app"))
                }
                ExprKind::Str { value, .. } => has_word(value),
                _ => false,
            }
        })
    };
    parameters || names()
}

/// Authorisation requests `{"client_id": …, "redirect_uri": …, "state": "constant"}`.
fn constants(project: &Project, module: &Module, findings: &mut Findings) {
    let syntax = &module.python.syntax;
    for (_, expr) in syntax.exprs() {
        let ExprKind::Dict(items) = &expr.kind else { continue };
        let entry = |key: &str| entry(module, items, key);
        if entry("client_id").is_none() || entry("redirect_uri").is_none() {
            continue;
        }
        let Some(state) = entry("state") else { continue };
        findings.examined(1);
        if project.constant_string(module, state).is_some() {
            findings.report(module.span_of(state), constant_message());
        }
    }
}

fn entry(module: &Module, items: &[DictItem], key: &str) -> Option<ExprId> {
    let syntax = &module.python.syntax;
    items.iter().find(|item| item.key.and_then(|key| syntax.string(key)) == Some(key)).map(|item| item.value)
}
