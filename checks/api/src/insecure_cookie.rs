use pyaudit_check::project::settings::Literal;
use pyaudit_check::project::{Condition, Definition, Module, NamedCall};
use pyaudit_check::python::{ExprId, ExprKind, Parent};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds cookies that are set without protection: `set_cookie` without `secure` or `httponly`, with `samesite=None`,
    /// or with `samesite="none"` and no `secure`; `SessionMiddleware` without `https_only`. A flag that is only on when an
    /// environment variable says so counts as off: `secure=not DEBUG` where `DEBUG` is true by default.
    ///
    /// ## Why it matters
    /// Without `secure` a browser sends the cookie over plain HTTP, where everybody on the way reads it. Without
    /// `httponly` a script that was smuggled into a page reads it. Either way the session belongs to somebody else.
    ///
    /// ## How to fix
    /// `response.set_cookie("session", token, secure=True, httponly=True, samesite="lax")`, and development on
    /// `http://localhost` by an explicit exception.
    ///
    /// ## Limits
    /// Starlette sets `samesite="lax"` unless told otherwise, so that leaving it out is fine. A cookie that scripts must
    /// read (`csrftoken`) or that only holds a preference (`theme`, `lang`) or a constant is silent, and so is a deletion. A
    /// cookie whose name does not say that it holds a credential is of low severity. Flags that cannot be followed, that a
    /// validator of the settings looks at, or that a deployment in the repository sets are taken for on. Cookies of one
    /// module with the same defect are one finding.
    id: "insecure-cookie",
    summary: "a cookie is set without `secure` or `httponly`",
    area: Api,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://www.starlette.io/responses/#set-cookie",
        "https://cwe.mitre.org/data/definitions/614.html",
        "https://cwe.mitre.org/data/definitions/1004.html",
    ],
    run: Module(run),
}

/// Middleware of the frameworks that keeps a session in a cookie. <https://www.starlette.io/middleware/#sessionmiddleware>
const SESSION_MIDDLEWARE: &[&str] =
    &["starlette.middleware.sessions.SessionMiddleware", "fastapi.middleware.sessions.SessionMiddleware"];

/// Words in the name of a cookie that holds a credential.
const CREDENTIAL_WORDS: &[&str] = &[
    "session",
    "sessionid",
    "sid",
    "token",
    "refresh",
    "auth",
    "jwt",
    "remember",
    "secret",
    "credentials",
    "authorization",
];

/// Words in the name of a cookie that scripts read, or that says nothing worth stealing.
const HARMLESS_WORDS: &[&str] = &[
    "csrf",
    "csrftoken",
    "xsrf",
    "theme",
    "lang",
    "language",
    "locale",
    "timezone",
    "tz",
    "color",
    "sidebar",
    "consent",
    "flash",
    "message",
    "toast",
    "dark",
];

/// What is wrong with a cookie, in the order in which it is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Defect {
    flag: &'static str,
    /// The variable that would turn the flag on.
    unless: Option<String>,
}

fn cookie_message(names: &str, defects: &[Defect]) -> String {
    let told: Vec<String> = defects.iter().map(Defect::told).collect();
    format!("{names} is set without {}", told.join(" and "))
}

fn session_message(defect: &Defect) -> String {
    match &defect.unless {
        Some(variable) => format!(
            "the session cookie goes over plain HTTP by default: `https_only` is off unless `{variable}` says otherwise"
        ),
        None => "the session cookie goes over plain HTTP: `SessionMiddleware` has no `https_only=True`".to_owned(),
    }
}

impl Defect {
    fn told(&self) -> String {
        match &self.unless {
            Some(variable) => format!("`{}` by default (`{variable}` decides)", self.flag),
            None => format!("`{}`", self.flag),
        }
    }
}

/// Cookies with the same defects.
struct Group<'p> {
    calls: Vec<(NamedCall<'p>, Option<String>)>,
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    session_cookies(project, module, findings);
    let mut groups: BTreeMap<(bool, Vec<Defect>), Group<'_>> = BTreeMap::new();
    for call in module.calls_named(&["set_cookie"]) {
        if !sets_a_value(project, &call)
            || project.condition_at(module, Parent::Expr(call.id)) == Some(Condition::Development)
        {
            continue;
        }
        findings.examined(1);
        let name = call.argument(project, "key", 0).and_then(|key| project.constant_string(module, key));
        let is_credential = name.as_deref().is_some_and(|name| has_word(name, CREDENTIAL_WORDS));
        let mut defects = defects(project, &call, name.as_deref());
        if !is_credential && readable_on_purpose(&call) {
            defects.retain(|defect| defect.flag != "httponly");
        }
        if !defects.is_empty() {
            groups
                .entry((!is_credential, defects))
                .or_insert_with(|| Group { calls: Vec::new() })
                .calls
                .push((call, name));
        }
    }
    for ((is_minor, defects), group) in &groups {
        report(*is_minor, defects, group, findings);
    }
}

fn report(is_minor: bool, defects: &[Defect], group: &Group<'_>, findings: &mut Findings) {
    let Some((first, _)) = group.calls.first() else { return };
    let mut names: Vec<String> =
        group.calls.iter().filter_map(|(_, name)| name.as_ref()).map(|name| format!("`{name}`")).collect();
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let names = match &names[..] {
        [] => "the cookie".to_owned(),
        [name] => format!("the cookie {name}"),
        [name, others @ ..] => format!("each of the cookies {name}, {}", others.join(", ")),
    };
    let finding = findings.report(first.span(), cookie_message(&names, defects));
    finding.subject(names.replace('`', ""));
    if is_minor {
        finding.severity(Severity::Low).confidence(Confidence::Medium);
    } else if defects.iter().any(|defect| defect.unless.is_some()) {
        finding.confidence(Confidence::Medium);
    }
    for (call, _) in &group.calls[1..] {
        finding.related(call.span(), "the same here");
    }
}

/// Whether a call sets a cookie of a response to something worth stealing: no deletion, no constant, no cookie jar, no
/// method of the project that sets one itself.
fn sets_a_value(project: &Project, call: &NamedCall<'_>) -> bool {
    let is_own = || {
        let class = call.object.and_then(|object| project.type_of(call.module, object));
        let class = class.and_then(|class| project.definition(&class));
        project.function(call.module, call.func).is_some()
            || matches!(class, Some((home, Definition::Class(id))) if project.member(home, id, "set_cookie").is_some())
    };
    let given = |name, place| call.argument(project, name, place);
    let is_constant = |value: ExprId| project.value_when_unset(call.module, value).is_some();
    let expires_now = || {
        let ages = [given("max_age", 2), given("expires", 3)].into_iter().flatten();
        ages.into_iter()
            .any(|value| matches!(project.value_when_unset(call.module, value), Some(Literal::Int(age)) if age <= 0))
    };
    call.object.is_some()
        && !call.has_unseen_arguments(project)
        && given("key", 0).is_some()
        && given("value", 1).is_some_and(|value| !is_constant(value))
        && !expires_now()
        && !is_own()
}

fn defects(project: &Project, call: &NamedCall<'_>, name: Option<&str>) -> Vec<Defect> {
    let is_harmless = name.is_some_and(|name| has_word(name, HARMLESS_WORDS));
    if is_harmless {
        return Vec::new();
    }
    let secure = off(project, call, "secure", 6);
    let http_only = off(project, call, "httponly", 7);
    let mut defects: Vec<Defect> = secure.into_iter().chain(http_only).collect();
    let same_site = call.argument(project, "samesite", 8);
    if same_site.is_some_and(|value| matches!(call.module.python.syntax.expr(value).kind, ExprKind::None)) {
        defects.push(Defect { flag: "samesite", unless: None });
    }
    defects
}

/// The defect of a flag that is off, or off unless the environment says otherwise.
fn off(project: &Project, call: &NamedCall<'_>, flag: &'static str, place: usize) -> Option<Defect> {
    let Some(value) = call.argument(project, flag, place) else { return Some(Defect { flag, unless: None }) };
    let switch = project.switch(call.module, value)?;
    (!switch.value.truth()).then_some(Defect { flag, unless: switch.variable })
}

/// Whether `httponly=False` is written out, so that scripts are meant to read the cookie.
fn readable_on_purpose(call: &NamedCall<'_>) -> bool {
    let value = call.module.keyword(call.keywords, "httponly");
    value.is_some_and(|value| matches!(call.module.python.syntax.expr(value).kind, ExprKind::Bool(false)))
}

fn session_cookies(project: &Project, module: &Module, findings: &mut Findings) {
    for call in module.calls_named(&["add_middleware", "Middleware", "SessionMiddleware"]) {
        let class = if call.name == "SessionMiddleware" { Some(call.func) } else { call.args.first().copied() };
        let Some(class) = class.filter(|&class| project.is_any(module, class, SESSION_MIDDLEWARE)) else { continue };
        if call.has_unseen_arguments(project) {
            continue;
        }
        findings.examined(1);
        if let Some(defect) = off(project, &call, "https_only", usize::MAX - 1) {
            findings
                .report(module.span_of(class), session_message(&defect))
                .subject("session")
                .confidence(Confidence::Medium);
        }
    }
}

fn has_word(name: &str, words: &[&str]) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.split(['_', '-', '.']).any(|part| words.contains(&part))
}
