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

/// A redirect with what its address carries, the first of it apart.
struct Redirect<'p> {
    call: NamedCall<'p>,
    first: Carried,
    others: Vec<Carried>,
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    let mut redirects: Vec<Redirect<'_>> = Vec::new();
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
        let mut carried = carried.into_iter();
        if let Some(first) = carried.next() {
            redirects.push(Redirect { call, first, others: carried.collect() });
        }
    }
    // A function that redirects in several places hands over one credential, by one decision.
    for (at, redirect) in redirects.iter().enumerate() {
        if !redirects[..at].iter().any(|earlier| is_of_one_flow(earlier, redirect)) {
            let again = redirects[at + 1..].iter().filter(|later| is_of_one_flow(redirect, later));
            report(redirect, again, findings);
        }
    }
}

fn is_of_one_flow(one: &Redirect<'_>, other: &Redirect<'_>) -> bool {
    let key = |it: &Redirect<'_>| (it.call.function(), it.first.parameter.clone(), it.first.in_fragment);
    one.call.function().is_some() && key(one) == key(other)
}

fn report<'r, 'p: 'r>(redirect: &Redirect<'p>, again: impl Iterator<Item = &'r Redirect<'p>>, findings: &mut Findings) {
    let Redirect { call, first, others } = redirect;
    let module = call.module;
    let finding = findings.report(module.span_of(first.value), message(&first.parameter, first.in_fragment));
    finding.subject(first.parameter.clone());
    if first.in_fragment {
        finding.severity(Severity::Medium);
    }
    for other in others {
        finding.related(module.span_of(other.value), format!("`{}` too", other.parameter));
    }
    let syntax = &module.python.syntax;
    if !syntax.expr(call.id).range.contains(syntax.expr(first.value).range) {
        finding.related(call.span(), "the redirect");
    }
    for later in again {
        finding.related(later.call.span(), format!("this redirect carries `{}` as well", later.first.parameter));
    }
}

/// The expressions that an address may be: those that the function assigns to its name, also piece by piece.
fn addresses(module: &Module, address: ExprId) -> Vec<ExprId> {
    let Some((scope, binding)) = module.python.lookup(address) else { return vec![address] };
    let syntax = &module.python.syntax;
    let is_same =
        |expr| module.python.lookup(expr).is_some_and(|(other, same)| other == scope && same.name == binding.name);
    let mut pieces: Vec<ExprId> = Vec::new();
    for site in &binding.sites {
        match site.kind {
            BindingKind::Assigned(value) | BindingKind::Annotated { value: Some(value), .. } => pieces.push(value),
            _ => {}
        }
    }
    let around =
        syntax.enclosing_functions(Parent::Expr(address)).next().and_then(|function| module.function(function));
    for id in around.into_iter().flat_map(|function| syntax.walk_stmts_in(&function.body, false)) {
        if let StmtKind::AugAssign { target, value, .. } = syntax.stmt(id).kind
            && is_same(target)
        {
            pieces.push(value);
        }
    }
    let mut found: Vec<ExprId> = Vec::new();
    let mut read_at = vec![address];
    while let Some(place) = read_at.pop() {
        let (reaching, others): (Vec<ExprId>, Vec<ExprId>) =
            pieces.into_iter().partition(|&piece| module.may_reach(piece, place));
        pieces = others;
        // `url = url + "…"` goes on with what `url` was there.
        read_at.extend(reaching.iter().flat_map(|&piece| syntax.walk_exprs_of(piece)).filter(|&part| is_same(part)));
        found.extend(reaching);
    }
    found.sort_by_key(|&piece| syntax.expr(piece).range);
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
