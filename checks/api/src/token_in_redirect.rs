use pyaudit_check::project::{Module, NamedCall};
use pyaudit_check::python::{BindingKind, ExprId, ExprKind, FoldedPart, Parent, StmtKind};
use pyaudit_check::{Findings, Project, Role, Severity, check};

check! {
    /// ## What it does
    /// Finds redirects whose address carries a credential that the server just made: `?access_token={token}`,
    /// `urlencode({"token": jwt})`, in a `RedirectResponse` or a `Location` header.
    ///
    /// ## Why it matters
    /// An address ends up in the browser's history, in the logs of every proxy and of the target, in analytics scripts and
    /// in the `Referer` header. Whoever reads one of these has the session.
    ///
    /// ## How to fix
    /// Set the token as a cookie (`secure`, `httponly`), or redirect with a code that can be redeemed once and soon.
    ///
    /// ## Limits
    /// A token that came to the handler in the address itself, such as that of a mail for resetting a password, is passed
    /// on and silent. A token behind `#` does not reach the target's server and is of medium severity. Addresses are
    /// followed through names of the same function and no further.
    id: "token-in-redirect",
    summary: "a token travels in the address of a redirect",
    area: Api,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://www.rfc-editor.org/rfc/rfc6750#section-2.3",
        "https://cwe.mitre.org/data/definitions/598.html",
    ],
    run: Module(run),
}

const REDIRECTS: &[&str] = &["fastapi.responses.RedirectResponse", "starlette.responses.RedirectResponse"];

/// Parameters of an address that hold a credential.
const PARAMETERS: &[&str] = &[
    "token",
    "access_token",
    "accesstoken",
    "refresh_token",
    "refreshtoken",
    "id_token",
    "idtoken",
    "jwt",
    "auth_token",
    "authtoken",
    "session_token",
    "sessiontoken",
    "session_id",
    "api_key",
    "apikey",
    "bearer",
    "password",
    "secret",
];

fn message(parameter: &str, in_fragment: bool) -> String {
    let ends = if in_fragment { "ends up in the browser's history" } else { "ends up in history and logs" };
    format!("the credential `{parameter}` {ends}: it travels in the address of a redirect")
}

/// A credential in an address.
struct Carried {
    parameter: String,
    value: ExprId,
    in_fragment: bool,
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for call in module.calls_named(&["RedirectResponse"]) {
        let Some(address) = call.argument(project, "url", 0).filter(|_| call.is_any(project, REDIRECTS)) else {
            continue;
        };
        findings.examined(1);
        let mut carried = Vec::new();
        for expr in addresses(module, address) {
            collect(project, module, expr, &mut carried);
        }
        carried.retain(|found| !came_with_the_request(project, &call, found.value));
        if let Some(first) = carried.first() {
            report(&call, first, &carried, findings);
        }
    }
}

fn report(call: &NamedCall<'_>, first: &Carried, all: &[Carried], findings: &mut Findings) {
    let module = call.module;
    let finding = findings.report(module.span_of(first.value), message(&first.parameter, first.in_fragment));
    finding.subject(first.parameter.clone());
    if first.in_fragment {
        finding.severity(Severity::Medium);
    }
    for other in &all[1..] {
        finding.related(module.span_of(other.value), format!("`{}` too", other.parameter));
    }
    let syntax = &module.python.syntax;
    if !syntax.expr(call.id).range.contains(syntax.expr(first.value).range) {
        finding.related(call.span(), "the redirect");
    }
}

/// The expressions that an address may be: those that the function assigns to its name, also piece by piece.
fn addresses(module: &Module, address: ExprId) -> Vec<ExprId> {
    let Some((scope, binding)) = module.python.lookup(address) else { return vec![address] };
    let mut found: Vec<ExprId> = Vec::new();
    for site in &binding.sites {
        match site.kind {
            BindingKind::Assigned(value) | BindingKind::Annotated { value: Some(value), .. } => found.push(value),
            _ => {}
        }
    }
    let syntax = &module.python.syntax;
    let around =
        syntax.enclosing_functions(Parent::Expr(address)).next().and_then(|function| module.function(function));
    for id in around.into_iter().flat_map(|function| syntax.walk_stmts_in(&function.body, false)) {
        if let StmtKind::AugAssign { target, value, .. } = syntax.stmt(id).kind
            && module.python.lookup(target).is_some_and(|(other, same)| other == scope && same.name == binding.name)
        {
            found.push(value);
        }
    }
    found
}

/// The credentials that an address carries: `…?token={x}`, and those in a call of `urlencode`.
fn collect(project: &Project, module: &Module, address: ExprId, into: &mut Vec<Carried>) {
    let mut before = String::new();
    for part in module.python.fold_string(address).parts {
        match part {
            FoldedPart::Text(text) => before.push_str(&text),
            FoldedPart::Hole(hole) => {
                if let Some((parameter, in_fragment)) = parameter_at_end(&before) {
                    into.push(Carried { parameter, value: hole, in_fragment });
                } else {
                    collect_encoded(project, module, hole, before.contains('#'), into);
                }
                before.push('\u{fffd}');
            }
        }
    }
}

/// The name of the parameter whose value would follow: `token` of `/login?next=1&token=`.
fn parameter_at_end(before: &str) -> Option<(String, bool)> {
    let name = before.strip_suffix('=')?;
    let at = name.rfind(['?', '&', '#'])?;
    let parameter = &name[at + 1..];
    let is_credential = PARAMETERS.contains(&parameter.to_ascii_lowercase().as_str());
    is_credential.then(|| (parameter.to_owned(), name.contains('#')))
}

/// The credentials in `urlencode({"token": x})`, the dict followed through a name.
fn collect_encoded(project: &Project, module: &Module, hole: ExprId, in_fragment: bool, into: &mut Vec<Carried>) {
    let syntax = &module.python.syntax;
    let hole = project.local_value(module, hole).unwrap_or(hole);
    let ExprKind::Call { func, args, .. } = &syntax.expr(hole).kind else { return };
    if !project.is_any(module, *func, &["urllib.parse.urlencode"]) {
        return;
    }
    let Some(&given) = args.first() else { return };
    let dict = project.local_value(module, given).unwrap_or(given);
    let ExprKind::Dict(items) = &syntax.expr(dict).kind else { return };
    for item in items {
        let Some(parameter) = item.key.and_then(|key| syntax.string(key)) else { continue };
        if PARAMETERS.contains(&parameter.to_ascii_lowercase().as_str()) {
            into.push(Carried { parameter: parameter.to_owned(), value: item.value, in_fragment });
        }
    }
}

/// Whether a value is no secret of the server's: a constant, or a parameter of the function, which the address that was
/// asked for already had.
fn came_with_the_request(project: &Project, call: &NamedCall<'_>, value: ExprId) -> bool {
    let module = call.module;
    if project.constant_string(module, value).is_some() {
        return true;
    }
    let Some((_, binding)) = module.python.lookup(value) else { return false };
    let is_parameter = binding.sites.iter().all(|site| matches!(site.kind, BindingKind::Parameter { .. }));
    let handler = call.function().and_then(|function| project.routes.of_handler(module.id, function));
    is_parameter && handler.is_some()
}
