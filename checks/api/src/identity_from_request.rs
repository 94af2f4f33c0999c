use pyaudit_check::project::{Demand, Module, Purpose};
use pyaudit_check::python::{ExprKind, Parameter, StmtId};
use pyaudit_check::{Confidence, Findings, Project, check};

check! {
    /// ## What it does
    /// Finds routes that let a client say who it is: a WebSocket whose path or query names the user and that asks for no
    /// credential, in a project whose other routes do; and a route that changes something behind a login, never looks at
    /// who logged in, and takes a `user_id` out of the query.
    ///
    /// ## Why it matters
    /// Everybody can write somebody else's number. Whoever is logged in, or not even that, reads and writes as any user.
    ///
    /// ## How to fix
    /// Take the user from the credential: `user: User = Depends(current_user)` and `user.id`. For a WebSocket, verify a
    /// token before `accept()`.
    ///
    /// ## Limits
    /// Projects without any authentication are silent, and so are routes of administration, whose users act for others.
    /// Fields of a body are not examined.
    id: "identity-from-request",
    summary: "a client says who it is, and is believed",
    area: Api,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://owasp.org/API-Security/editions/2023/en/0xa1-broken-object-level-authorization/",
        "https://cwe.mitre.org/data/definitions/639.html",
    ],
    run: Project(run),
}

/// Parameters that name the one who acts.
const IDENTITIES: &[&str] =
    &["user_id", "userid", "uid", "username", "current_user_id", "sender_id", "author_id", "owner_id"];

/// Parts of names of guards that let some act for others.
const RULING: &[&str] =
    &["admin", "superuser", "staff", "role", "permission", "service", "internal", "api_key", "apikey"];

fn socket_message(subject: &str, name: &str) -> String {
    format!("`{subject}` believes whoever connects: `{name}` says who it is, and nothing asks for a credential")
}

fn route_message(subject: &str, name: &str) -> String {
    format!(
        "`{subject}` acts for whoever the client names: it takes `{name}` from the query and never looks at who logged in"
    )
}

fn run(project: &Project, findings: &mut Findings) {
    let demands = (0..project.routes.routes.len()).map(|at| project.authentications.of(at).demand);
    if !demands.into_iter().any(|demand| demand == Demand::Required) {
        return;
    }
    for (at, route) in project.shipped_routes() {
        let Some((module, handler)) = route.handler.filter(|_| project.purpose_of(route) == Purpose::Other) else {
            continue;
        };
        let home = project.modules.get(module);
        let authentication = project.authentications.of(at);
        let is_socket = route.methods.iter().any(|method| method == "WEBSOCKET");
        let changes = route.methods.iter().any(|method| matches!(method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE"));
        let Some(parameter) = identity(home, handler, |name| is_socket || !route.path.contains(&format!("{{{name}")))
        else {
            continue;
        };
        findings.examined(1);
        let name = home.python.syntax.identifier(parameter.name);
        let subject = route.subject();
        let span = home.span(parameter.name.range);
        let rules = || {
            authentication.guards.iter().any(|guard| {
                let lower = guard.name.to_ascii_lowercase();
                RULING.iter().any(|word| lower.contains(word))
            })
        };
        if is_socket && authentication.demand == Demand::Nothing {
            findings.report(span, socket_message(&subject, name)).subject(subject);
        } else if changes
            && authentication.demand == Demand::Required
            && !rules()
            && !reads_principal(project, home, handler)
        {
            findings.report(span, route_message(&subject, name)).subject(subject).confidence(Confidence::Low);
        }
    }
}

/// The parameter of a handler that names a user and comes from the client's text.
fn identity(module: &Module, handler: StmtId, wanted: impl Fn(&str) -> bool) -> Option<&Parameter> {
    let syntax = &module.python.syntax;
    let definition = module.function(handler)?;
    definition.parameters.iter().find(|parameter| {
        let name = syntax.identifier(parameter.name);
        let from_call = |expr| matches!(syntax.expr(expr).kind, ExprKind::Call { func, .. } if !matches!(module.last_name(func), Some("Query" | "Path" | "Form")));
        IDENTITIES.contains(&name) && wanted(name) && !parameter.default.is_some_and(from_call)
    })
}

/// Whether the body of a handler reads a parameter that a dependency gives, or the request.
fn reads_principal(project: &Project, module: &Module, handler: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let Some(definition) = module.function(handler) else { return true };
    let given: Vec<_> = definition
        .parameters
        .iter()
        .filter(|parameter| {
            let name = syntax.identifier(parameter.name);
            let is_user = ["user", "principal", "auth", "token", "claims", "account", "me"]
                .iter()
                .any(|word| name.to_ascii_lowercase().split('_').any(|part| part == *word));
            name == "request" || (is_user && !project.parameter_dependencies(module, parameter).is_empty())
        })
        .map(|parameter| parameter.name.name)
        .collect();
    definition
        .body
        .iter()
        .flat_map(|&stmt| syntax.walk_exprs_in(stmt, true))
        .any(|id| matches!(syntax.expr(id).kind, ExprKind::Name { id, .. } if given.contains(&id)))
}
