use pyaudit_check::project::calls::{Callee, FunctionNode};
use pyaudit_check::project::settings::Literal;
use pyaudit_check::project::{Module, NamedCall};
use pyaudit_check::python::{CompareOperator, ExprId, ExprKind, Parent, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, check};

check! {
    /// ## What it does
    /// Finds tokens whose claims are believed without proof: `jwt.decode` with `verify_signature` off (or PyJWT 1's
    /// `verify=False`), `get_unverified_claims`, `verify_exp` off, the algorithm `none` among those that are accepted, and
    /// `jose.jwt.decode` without `algorithms`.
    ///
    /// ## Why it matters
    /// Anybody can write a token that says `{"sub": "admin"}`. Only its signature tells that this service issued it, and
    /// only `exp` tells that a stolen one is worth nothing by now. Without a list of algorithms the token itself says how
    /// it wants to be verified.
    ///
    /// ## How to fix
    /// `jwt.decode(token, key, algorithms=["RS256"], audience=…)`, for tokens of a provider with the keys that it publishes
    /// (`PyJWKClient`).
    ///
    /// ## Limits
    /// Claims that only choose the key or the issuer (`kid`, `iss`, `aud`, `tid`), are only compared with a time, or come
    /// straight out of a provider's answer (`tokens["id_token"]`) are silent, also where they are logged before the same
    /// token is decoded with verification, and so is an option whose value cannot be
    /// followed. Whether a token was issued for the purpose it is used for is not checked.
    id: "jwt-not-verified",
    summary: "the claims of a token are believed without verification",
    area: Api,
    axis: ConfigurationSecurity,
    severity: Critical,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://pyjwt.readthedocs.io/en/stable/usage.html",
        "https://www.rfc-editor.org/rfc/rfc8725",
        "https://cwe.mitre.org/data/definitions/347.html",
    ],
    run: Module(run),
}

/// Calls that decode a token. <https://pyjwt.readthedocs.io/en/stable/api.html>
const DECODERS: &[&str] =
    &["jwt.decode", "jwt.decode_complete", "jwt.api_jwt.decode", "jose.jwt.decode", "jwt.PyJWT.decode"];

/// Calls of python-jose, which accepts any algorithm where none is named.
const JOSE: &[&str] = &["jose.jwt.decode"];

/// Calls that give claims without looking at the signature.
const UNVERIFIED: &[&str] = &["jose.jwt.get_unverified_claims"];

/// Claims that say whose key verifies the token, or when it ends, and not who somebody is.
const ROUTING_CLAIMS: &[&str] = &["iss", "kid", "aud", "tid", "exp", "iat", "nbf", "alg", "azp", "jti"];

fn signature_message() -> String {
    "anybody can forge this token: its claims are used and its signature is not verified".to_owned()
}

fn expiry_message() -> String {
    "a token is accepted for ever: `verify_exp` is off".to_owned()
}

fn none_message() -> String {
    "anybody can forge this token: the algorithm `none` is accepted, which has no signature".to_owned()
}

fn algorithms_message() -> String {
    "the token chooses how it is verified: `jose.jwt.decode` has no `algorithms`".to_owned()
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for call in module.calls_named(&["decode", "decode_complete", "get_unverified_claims"]) {
        if project.is_in_test_case(module, call.id) {
            continue;
        }
        if call.is_any(project, UNVERIFIED) {
            findings.examined(1);
            report_unverified(project, &call, call.func, findings);
        } else if call.is_any(project, DECODERS) || is_decoder_object(project, &call) {
            findings.examined(1);
            look(project, &call, findings);
        }
    }
}

/// `jwt.PyJWT().decode`, also where a name holds the object.
fn is_decoder_object(project: &Project, call: &NamedCall<'_>) -> bool {
    let class = call.object.and_then(|object| project.type_of(call.module, object));
    class.is_some_and(|class| class.is_any(&["jwt.PyJWT", "jwt.api_jwt.PyJWT"]))
}

fn look(project: &Project, call: &NamedCall<'_>, findings: &mut Findings) {
    let module = call.module;
    let is_false = |value: ExprId| project.value_when_unset(module, value) == Some(Literal::Bool(false));
    let signature = option(project, call, "verify_signature").or_else(|| call.option(project, "verify"));
    if let Some(value) = signature.filter(|&value| is_false(value)) {
        return report_unverified(project, call, value, findings);
    }
    if let Some(value) = option(project, call, "verify_exp").filter(|&value| is_false(value)) {
        if !reads_only(project, call, ROUTING_CLAIMS) && !reads(project, call, "exp") {
            findings
                .report(module.span_of(value), expiry_message())
                .severity(Severity::Medium)
                .confidence(Confidence::Medium);
        }
        return;
    }
    match call.argument(project, "algorithms", 2) {
        Some(algorithms) => {
            let possible = project.possible_strings(module, algorithms);
            if possible.values.iter().any(|value| value.text.eq_ignore_ascii_case("none")) {
                findings.report(module.span_of(algorithms), none_message());
            }
        }
        None if call.is_any(project, JOSE) && !call.has_unseen_arguments(project) => {
            report_algorithms(project, call, findings);
        }
        None => {}
    }
}

/// Calls of one function that name no algorithms are one finding, at the first of them.
fn report_algorithms(project: &Project, call: &NamedCall<'_>, findings: &mut Findings) {
    let calls = call.module.calls_named(&["decode"]);
    let mut same = calls.iter().filter(|other| {
        let names_none = other.argument(project, "algorithms", 2).is_none();
        names_none && other.function() == call.function() && other.is_any(project, JOSE)
    });
    if same.next().is_none_or(|first| first.id != call.id) {
        return;
    }
    let finding = findings.report(call.span(), algorithms_message());
    finding.severity(Severity::High);
    for other in same {
        finding.related(other.span(), "the same here");
    }
}

/// An entry of the dict that `options` is given.
fn option(project: &Project, call: &NamedCall<'_>, name: &str) -> Option<ExprId> {
    let options = call.argument(project, "options", 3)?;
    let syntax = &call.module.python.syntax;
    let dict = project.local_value(call.module, options).unwrap_or(options);
    match &syntax.expr(dict).kind {
        ExprKind::Dict(items) => {
            items.iter().find(|item| item.key.and_then(|key| syntax.string(key)) == Some(name)).map(|item| item.value)
        }
        ExprKind::Call { func, keywords, .. } if project.is_any(call.module, *func, &["dict"]) => {
            call.module.keyword(keywords, name)
        }
        _ => None,
    }
}

fn report_unverified(project: &Project, call: &NamedCall<'_>, at: ExprId, findings: &mut Findings) {
    let is_look = || is_verified_later(project, call) && only_routes_or_logs(project, call);
    if reads_only(project, call, ROUTING_CLAIMS) || is_from_provider(project, call) || is_discarded(call) || is_look() {
        return;
    }
    let finding = findings.report(call.module.span_of(at), signature_message());
    if is_verified_elsewhere(project, call) {
        finding.severity(Severity::High).confidence(Confidence::Medium);
    }
}

/// Whether nothing reads what the call gives: it only asks whether the text is a token at all.
fn is_discarded(call: &NamedCall<'_>) -> bool {
    let syntax = &call.module.python.syntax;
    matches!(syntax.expr_parent(call.id), Parent::Stmt(stmt) if matches!(syntax.stmt(stmt).kind, StmtKind::Expr(_)))
}

/// Whether the same function also decodes with verification, so that this may only be a look beforehand.
fn is_verified_elsewhere(project: &Project, call: &NamedCall<'_>) -> bool {
    let Some(function) = call.function() else { return false };
    let others = call.module.calls_named(&["decode"]);
    others.iter().any(|other| other.id != call.id && other.function() == Some(function) && verifies(project, other))
}

/// Whether a call decodes a token and nothing turns the look at its signature off.
fn verifies(project: &Project, call: &NamedCall<'_>) -> bool {
    (call.is_any(project, DECODERS) || is_decoder_object(project, call))
        && option(project, call, "verify_signature").is_none()
        && call.option(project, "verify").is_none()
}

/// Whether the same token is decoded with verification further down, or by a function that it is handed to there.
fn is_verified_later(project: &Project, call: &NamedCall<'_>) -> bool {
    let (module, syntax) = (call.module, &call.module.python.syntax);
    let text = |expr: ExprId| project.sources.slice(module.span_of(expr));
    let (Some(function), Some(token)) = (call.function(), call.args.first().map(|&token| text(token))) else {
        return false;
    };
    let end = syntax.expr(call.id).range.end;
    let verifying: Vec<ExprId> = verifying_calls(project, module).map(|other| other.id).collect();
    syntax.walk_exprs_in(function, true).filter(|&id| syntax.expr(id).range.start >= end).any(|id| {
        let ExprKind::Call { args, keywords, .. } = &syntax.expr(id).kind else { return false };
        let mut given = args.iter().copied().chain(keywords.iter().map(|keyword| keyword.value));
        given.any(|arg| text(arg) == token) && (verifying.contains(&id) || hands_to_verifier(project, module, id))
    })
}

fn verifying_calls<'p>(project: &'p Project, module: &'p Module) -> impl Iterator<Item = NamedCall<'p>> {
    module.calls_named(&["decode", "decode_complete"]).into_iter().filter(|call| verifies(project, call))
}

/// Whether a call runs a function of the project that decodes with verification.
fn hands_to_verifier(project: &Project, module: &Module, call: ExprId) -> bool {
    project.calls.edges_at(module, call).any(|edge| {
        let Callee::Function(callee) = edge.callee else { return false };
        let function = project.calls.function(callee);
        let home = project.modules.get(function.module);
        let FunctionNode::Definition(definition) = function.node else { return false };
        verifying_calls(project, home).any(|other| other.function() == Some(definition))
    })
}

/// Whether every use of the claims reads one that only chooses the key, or tells a log.
fn only_routes_or_logs(project: &Project, call: &NamedCall<'_>) -> bool {
    let Some(uses) = uses_of(call) else { return false };
    uses.iter().all(|&id| {
        let claim = claim_at(project, call.module, id);
        claim.is_some_and(|claim| ROUTING_CLAIMS.contains(&claim.as_str())) || is_logged(project, call.module, id)
    })
}

/// Whether an expression is an argument of a call that writes to a log.
fn is_logged(project: &Project, module: &Module, expr: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let mut around = syntax.ancestors(Parent::Expr(expr)).take_while(|node| !matches!(node, Parent::Stmt(_)));
    around.any(|node| matches!(node, Parent::Expr(outer) if project.is_log_call(module, outer)))
}

/// Whether the token is taken out of a provider's own answer, where the connection vouches for it.
/// <https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation>
fn is_from_provider(project: &Project, call: &NamedCall<'_>) -> bool {
    let Some(&token) = call.args.first() else { return false };
    let syntax = &call.module.python.syntax;
    let token = project.local_value(call.module, token).unwrap_or(token);
    match &syntax.expr(token).kind {
        ExprKind::Subscript { slice, .. } => syntax.string(*slice) == Some("id_token"),
        ExprKind::Call { func, args, .. } => {
            let is_get = matches!(&syntax.expr(*func).kind, ExprKind::Attribute { attr, .. } if syntax.identifier(*attr) == "get");
            is_get && args.first().and_then(|&key| syntax.string(key)) == Some("id_token")
        }
        _ => false,
    }
}

/// Whether every use of the claims reads one of these, and there is a use.
fn reads_only(project: &Project, call: &NamedCall<'_>, claims: &[&str]) -> bool {
    let read = claims_read(project, call);
    !read.is_empty() && read.iter().all(|claim| claim.as_deref().is_some_and(|claim| claims.contains(&claim)))
}

fn reads(project: &Project, call: &NamedCall<'_>, claim: &str) -> bool {
    claims_read(project, call).iter().any(|read| read.as_deref() == Some(claim))
}

/// The claims that are read of what a call gives; `None` for a use as a whole.
fn claims_read(project: &Project, call: &NamedCall<'_>) -> Vec<Option<String>> {
    let syntax = &call.module.python.syntax;
    if let Some(claim) = claim_at(project, call.module, call.id) {
        return vec![Some(claim)];
    }
    if syntax.enclosing_stmt(call.id).is_none() {
        return Vec::new();
    }
    let Some(uses) = uses_of(call) else { return vec![None] };
    uses.into_iter().map(|id| claim_at(project, call.module, id)).collect()
}

/// The places of the function that use the name which alone holds what a call gives; `None` where there is no such name.
fn uses_of(call: &NamedCall<'_>) -> Option<Vec<ExprId>> {
    let syntax = &call.module.python.syntax;
    let StmtKind::Assign { targets, value } = &syntax.stmt(syntax.enclosing_stmt(call.id)?).kind else { return None };
    let ([target], true) = (&**targets, *value == call.id) else { return None };
    let (scope, binding) = call.module.python.lookup(*target)?;
    let function = call.module.function(call.function()?)?;
    let is_same = |&id: &ExprId| {
        id != *target
            && matches!(syntax.expr(id).kind, ExprKind::Name { id: name, .. } if name == binding.name)
            && call.module.python.lookup(id).is_some_and(|(found, _)| found == scope)
    };
    let all = function.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true));
    Some(all.filter(is_same).collect())
}

/// The claim that is read of an expression: `claims["sub"]`, `claims.get("sub")`, `"sub" in claims`.
fn claim_at(project: &Project, module: &Module, of: ExprId) -> Option<String> {
    let syntax = &module.python.syntax;
    let Parent::Expr(parent) = syntax.expr_parent(of) else { return None };
    match &syntax.expr(parent).kind {
        ExprKind::Compare { left, comparisons } => match comparisons[..] {
            [(CompareOperator::In | CompareOperator::NotIn, object)] if object == of => {
                project.constant_string(module, *left)
            }
            _ => None,
        },
        ExprKind::Subscript { value, slice, .. } if *value == of => project.constant_string(module, *slice),
        ExprKind::Attribute { attr, .. } if syntax.identifier(*attr) == "get" => {
            let Parent::Expr(call) = syntax.expr_parent(parent) else { return None };
            let ExprKind::Call { args, .. } = &syntax.expr(call).kind else { return None };
            project.constant_string(module, *args.first()?)
        }
        _ => None,
    }
}
