use pyaudit_check::project::Module;
use pyaudit_check::python::{CompareOperator, ExprId, ExprKind};
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds secrets that are compared with `==` or `!=`: an API key or token from the settings or the environment, or a
    /// signature that was just computed with `hmac`, against something that a client sent.
    ///
    /// ## Why it matters
    /// `==` stops at the first byte that differs, so that the time it takes tells how much of a guess is right. Over
    /// many requests a signature or key can be found byte by byte.
    ///
    /// ## How to fix
    /// `secrets.compare_digest(given, expected)`, which takes the same time whatever is given. Both must be bytes, or
    /// text in ASCII.
    ///
    /// ## Limits
    /// A comparison with a constant, with another setting or with nothing asks how the service is configured and is
    /// silent. Passwords and tokens that come out of the database are not examined.
    id: "secret-compared-with-equals",
    summary: "a secret is compared with `==`, whose time tells how much is right",
    area: Api,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://docs.python.org/3/library/hmac.html#hmac.compare_digest",
        "https://cwe.mitre.org/data/definitions/208.html",
    ],
    run: Module(run),
}

/// Calls that compute a signature with a key.
const SIGNATURES: &[&str] = &["hmac.new", "hmac.HMAC", "hmac.digest"];

fn secret_message(secret: &str) -> String {
    format!("the secret `{secret}` is compared with an operator: the time it takes tells how much of a guess is right")
}

fn signature_message() -> String {
    "a signature is compared with an operator: the time it takes tells how much of a forged one is right".to_owned()
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    let syntax = &module.python.syntax;
    for (id, expr) in syntax.exprs() {
        let ExprKind::Compare { left, comparisons } = &expr.kind else { continue };
        let [(CompareOperator::Eq | CompareOperator::NotEq, right)] = **comparisons else { continue };
        if [*left, right].iter().any(|&side| is_plain(module, side))
            || module.python.is_in_main_guard(syntax.expr_parent(id))
        {
            continue;
        }
        let secrets = [(*left, right), (right, *left)].map(|(held, given)| Some((told(project, module, held)?, given)));
        // Two settings compared with each other say something of the configuration.
        let ([Some((message, given)), None] | [None, Some((message, given))]) = secrets else { continue };
        if project.value_when_unset(module, given).is_none() && project.deciding_variable(module, given).is_none() {
            findings.examined(1);
            findings.report(module.span(expr.range), message);
        }
    }
    findings.examined(module.calls_named(&["compare_digest"]).len());
}

/// What is said of a comparison with this operand, where it is a secret.
fn told(project: &Project, module: &Module, operand: ExprId) -> Option<String> {
    if computes_signature(project, module, operand) {
        return Some(signature_message());
    }
    project.held_secret(module, operand).map(|secret| secret_message(&secret))
}

/// Whether an operand is text, a number, a flag or nothing.
fn is_plain(module: &Module, operand: ExprId) -> bool {
    let kind = &module.python.syntax.expr(operand).kind;
    matches!(
        kind,
        ExprKind::Str { .. } | ExprKind::Int(_) | ExprKind::Bool(_) | ExprKind::None | ExprKind::Compare { .. }
    )
}

/// Whether an operand is, or a name for, what `hmac` computed, as text or bytes.
fn computes_signature(project: &Project, module: &Module, operand: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let value = project.local_value(module, operand).unwrap_or(operand);
    if !matches!(syntax.expr(value).kind, ExprKind::Call { .. } | ExprKind::FString(_) | ExprKind::BinOp { .. }) {
        return false;
    }
    syntax.walk_exprs_of(value).any(|part| match &syntax.expr(part).kind {
        ExprKind::Call { func, .. } => {
            project.is_any(module, *func, SIGNATURES) || is_digest_of_signature(project, module, *func)
        }
        _ => false,
    })
}

/// `signer.hexdigest()` of `signer = hmac.new(…)`.
fn is_digest_of_signature(project: &Project, module: &Module, func: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Attribute { value, attr, .. } = &syntax.expr(func).kind else { return false };
    if !matches!(syntax.identifier(*attr), "hexdigest" | "digest") {
        return false;
    }
    let made = project.local_value(module, *value).map(|made| &syntax.expr(made).kind);
    matches!(made, Some(ExprKind::Call { func, .. }) if project.is_any(module, *func, SIGNATURES))
}
