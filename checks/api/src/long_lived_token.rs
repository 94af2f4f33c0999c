use pyaudit_check::project::settings::Literal;
use pyaudit_check::project::{Module, NamedCall};
use pyaudit_check::python::{BindingKind, ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, Span, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds tokens that live too long: `jwt.encode` of claims that have no `exp`, and access tokens that are good for more
    /// than a day (refresh tokens: for more than ninety days), as constants and defaults of settings say.
    ///
    /// ## Why it matters
    /// A signed token cannot be taken back. Whoever finds one in a log, a backup or a browser is that user until it ends.
    ///
    /// ## How to fix
    /// Minutes for access tokens, beside a refresh token that the server can revoke.
    ///
    /// ## Limits
    /// The time must be known: a constant, or a default of the settings. Claims that come from elsewhere or are changed
    /// after they were made count only where `exp` cannot have been added. A time belongs to a token when the function
    /// around it encodes one, or is named after one.
    id: "long-lived-token",
    summary: "a token is good for a long time, or for ever",
    area: Api,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://www.rfc-editor.org/rfc/rfc8725",
        "https://cwe.mitre.org/data/definitions/613.html",
    ],
    run: Project(run),
}

const ENCODERS: &[&str] = &["jwt.encode", "jose.jwt.encode", "jwt.api_jwt.encode"];

const DAY: f64 = 86_400.0;

/// The keywords of `timedelta` and their seconds.
const UNITS: &[(&str, f64)] =
    &[("weeks", 7.0 * DAY), ("days", DAY), ("hours", 3_600.0), ("minutes", 60.0), ("seconds", 1.0)];

/// Words of tokens that may live longer.
const LASTING: &[&str] = &[
    "refresh",
    "remember",
    "session",
    "invite",
    "invitation",
    "unsubscribe",
    "share",
    "api",
    "verification",
    "reset",
    "email",
    "activation",
    "verify",
];

fn endless_message() -> String {
    "a token that never ends: its claims have no `exp`".to_owned()
}

fn long_message(days: f64, variable: Option<&str>) -> String {
    let default = variable.map_or(String::new(), |variable| format!(" by default (`{variable}`)"));
    format!("a token that is good for {days:.0} days{default}: whoever finds one is that user until then")
}

fn run(project: &Project, findings: &mut Findings) {
    // A time that one setting gives is mended once.
    let mut by_variable: BTreeMap<String, Vec<(Span, f64)>> = BTreeMap::new();
    for module in project.modules.iter().filter(|module| module.role == Role::Application) {
        let encoders = module.calls_named(&["encode"]);
        let encoders: Vec<&NamedCall<'_>> = encoders.iter().filter(|call| call.is_any(project, ENCODERS)).collect();
        endless(project, &encoders, findings);
        for call in module.calls_named(&["timedelta"]) {
            let Some((seconds, variable)) = too_long(project, &call, &encoders) else { continue };
            let span = module.span_of(call.id);
            match variable {
                Some(variable) => by_variable.entry(variable).or_default().push((span, seconds)),
                None => {
                    findings.report(span, long_message(seconds / DAY, None)).confidence(Confidence::High);
                }
            }
        }
    }
    for (variable, places) in by_variable {
        let (first, seconds) = places[0];
        let finding = findings.report(first, long_message(seconds / DAY, Some(&variable)));
        finding.subject(variable);
        for &(other, _) in &places[1..] {
            finding.related(other, "here too");
        }
    }
}

fn endless(project: &Project, encoders: &[&NamedCall<'_>], findings: &mut Findings) {
    for call in encoders {
        findings.examined(1);
        let claims = call.argument(project, "payload", 0).or_else(|| call.option(project, "claims"));
        if let Some(claims) = claims.filter(|&claims| never_ends(project, call.module, claims)) {
            findings.report(call.module.span_of(claims), endless_message()).severity(Severity::Medium);
        }
    }
}

/// How many seconds a token lives whose time a call gives, and by which variable, where that is too long for its kind.
fn too_long(project: &Project, time: &NamedCall<'_>, encoders: &[&NamedCall<'_>]) -> Option<(f64, Option<String>)> {
    if !time.is_any(project, &["datetime.timedelta"]) {
        return None;
    }
    let kind = token_kind(time.module, time, encoders)?;
    let (seconds, variable) = length(project, time)?;
    let most = if kind == Kind::Lasting { 90.0 * DAY } else { DAY };
    (seconds > most).then_some((seconds, variable))
}

/// Whether claims are a dict of this function without `exp`, to which nothing is added.
fn never_ends(project: &Project, module: &Module, claims: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let dict = project.local_value(module, claims).unwrap_or(claims);
    let ExprKind::Dict(items) = &syntax.expr(dict).kind else { return false };
    let keys: Option<Vec<String>> = items.iter().map(|item| project.constant_string(module, item.key?)).collect();
    keys.is_some_and(|keys| !keys.iter().any(|key| key == "exp")) && (dict == claims || !is_changed(module, claims))
}

/// Whether a name is used for anything but reading it whole: `claims["exp"] = …`, `claims.update(…)`.
fn is_changed(module: &Module, name: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let Some((scope, binding)) = module.python.lookup(name) else { return true };
    syntax.exprs().any(|(id, expr)| {
        let is_same = matches!(expr.kind, ExprKind::Name { id: other, .. } if other == binding.name)
            && module.python.lookup(id).is_some_and(|(found, _)| found == scope);
        let Parent::Expr(around) = syntax.expr_parent(id) else { return false };
        is_same && matches!(syntax.expr(around).kind, ExprKind::Attribute { .. } | ExprKind::Subscript { .. })
    })
}

/// What a token is for, as far as its time goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Access,
    Lasting,
}

/// The kind of the token that a time belongs to, if it belongs to one.
fn token_kind(module: &Module, time: &NamedCall<'_>, encoders: &[&NamedCall<'_>]) -> Option<Kind> {
    let syntax = &module.python.syntax;
    let function = time.function();
    let holds_one = function.is_some_and(|function| encoders.iter().any(|call| call.function() == Some(function)));
    let given_to = syntax.ancestors(Parent::Expr(time.id)).find_map(|outer| match outer {
        Parent::Expr(id) => match &syntax.expr(id).kind {
            ExprKind::Call { func, .. } if id != time.id => module.last_name(*func),
            _ => None,
        },
        _ => None,
    });
    let makes_token = |name: &&str| {
        let lower = name.to_ascii_lowercase();
        lower.contains("token")
            && ["create", "make", "generate", "encode", "issue", "sign"].iter().any(|word| lower.contains(word))
    };
    let given_to = given_to.filter(makes_token);
    if !holds_one && given_to.is_none() {
        return None;
    }
    let mut said: Vec<String> = function.and_then(|function| module.python.qualname(function)).into_iter().collect();
    said.extend(given_to.map(str::to_owned));
    said.extend(target_of(module, time.id));
    said.extend(
        time.keywords
            .iter()
            .flat_map(|keyword| syntax.walk_exprs_of(keyword.value))
            .filter_map(|part| module.last_name(part).map(str::to_owned)),
    );
    let lower = said.join(" ").to_ascii_lowercase();
    Some(if LASTING.iter().any(|word| lower.contains(word)) { Kind::Lasting } else { Kind::Access })
}

/// The name that the statement around an expression assigns.
fn target_of(module: &Module, expr: ExprId) -> Option<String> {
    let syntax = &module.python.syntax;
    let stmt: StmtId = syntax.enclosing_stmt(expr)?;
    match &syntax.stmt(stmt).kind {
        StmtKind::Assign { targets, .. } => module.last_name(*targets.first()?).map(str::to_owned),
        _ => None,
    }
}

/// How long a time is, in seconds, and the variable that may say otherwise.
fn length(project: &Project, call: &NamedCall<'_>) -> Option<(f64, Option<String>)> {
    let module = call.module;
    let syntax = &module.python.syntax;
    let [keyword] = call.keywords else { return None };
    let unit = UNITS.iter().find(|(name, _)| keyword.name.is_some_and(|given| syntax.identifier(given) == *name))?;
    let is_parameter = module.python.lookup(keyword.value).is_some_and(|(_, binding)| {
        binding.sites.iter().any(|site| matches!(site.kind, BindingKind::Parameter { .. }))
    });
    let value = if is_parameter { None } else { project.value_when_unset(module, keyword.value) };
    let seconds = unit.1 * number(&value?)?;
    let variable = project.deciding_variable(module, keyword.value);
    let is_set = variable.as_deref().is_some_and(|variable| project.deployment_sets(variable));
    (call.args.is_empty() && !is_set).then_some((seconds, variable))
}

/// The number that a value is, also as text, which settings turn into one.
fn number(value: &Literal) -> Option<f64> {
    match value {
        Literal::Int(number) => i32::try_from(*number).ok().map(f64::from),
        Literal::Float(number) => Some(*number),
        Literal::Str(text) => text.trim().parse().ok(),
        _ => None,
    }
}
