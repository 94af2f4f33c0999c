use pyaudit_check::project::variables::{Definition, Scope, Site, SiteKind};
use pyaudit_check::project::{Condition, Module, PossibleValue};
use pyaudit_check::python::{ExprId, Parent};
use pyaudit_check::{Findings, Project, Role, Severity, check};

check! {
    /// ## What it does
    /// Finds applications that let any web site call them: `*` among the origins that the CORS middleware really gets,
    /// also through constants, settings classes and their validators, defaults of environment variables, branches, and values that a
    /// manifest, image or compose file of the repository gives them; an
    /// `allow_origin_regex` that matches everything; an `Access-Control-Allow-Origin: *` set by hand.
    ///
    /// ## Why it matters
    /// With a wildcard, a page that a user happens to have open can read what the API answers to that user's browser.
    /// With `allow_credentials=True`, Starlette answers a request that carries cookies with the caller's own origin,
    /// so that every site may act as the user who is logged in.
    ///
    /// ## How to fix
    /// List the origins of your own front ends, per environment, and have no wildcard as a default.
    ///
    /// ## Limits
    /// `allow_headers` and `allow_methods` may be `*`. A default of `*` counts although a manifest may
    /// replace it. What manifests, images, compose files and environment files for production give the variable counts where nothing in the
    /// code opens it; what is set by hand on a platform is not seen. A branch that runs in development alone
    /// is reported at low severity. Credentials are only claimed where the option is known to be true. Tests, scripts and
    /// examples are not examined. An expression that cannot be followed is silent, and so is what a handler below
    /// `/.well-known` sets by hand.
    id: "wildcard-cors",
    summary: "any web site may call the API",
    area: Api,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/tutorial/cors/",
        "https://cwe.mitre.org/data/definitions/942.html",
    ],
    run: Module(run),
}

/// Regular expressions that match every origin, anchors taken off.
const MATCH_ALL: &[&str] = &[
    ".*",
    ".+",
    "(.*)",
    "https?://.*",
    "https?://.+",
    "http(s)?://.*",
    "http.*",
    "(http|https)://.*",
    "https://.*",
    "http://.*",
    "https?:\\/\\/.*",
];

fn origins_message(value: &PossibleValue, with_credentials: bool) -> String {
    let with = if with_credentials { " with credentials" } else { "" };
    let why = match &value.variable {
        Some(variable) if !variable.is_empty() => format!(" by default: `*` is allowed unless `{variable}` is set"),
        Some(_) => " by default: `*` is allowed unless the environment says otherwise".to_owned(),
        None => ": `*` is among the allowed origins".to_owned(),
    };
    let place = if value.condition == Some(Condition::Development) { ", in development" } else { "" };
    format!("any web site may call this API{with}{why}{place}")
}

fn deployed_message(variable: &str, with_credentials: bool) -> String {
    let with = if with_credentials { " with credentials" } else { "" };
    format!("any web site may call this API{with}: the deployment sets `{variable}` to `*`")
}

fn regex_message(with_credentials: bool) -> String {
    let with = if with_credentials { " with credentials" } else { "" };
    format!("any web site may call this API{with}: `allow_origin_regex` matches every origin")
}

fn header_message() -> String {
    "any web site may read this answer: `Access-Control-Allow-Origin` is set to `*` by hand".to_owned()
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for policy in project.cors_policies(module) {
        findings.examined(1);
        let with_credentials = policy.credentials.is_some_and(|value| is_on(project, module, value));
        if let Some(origins) = policy.origins {
            report(project, module, origins, with_credentials, |text| text == "*", origins_message, findings);
        }
        if let Some(regex) = policy.origin_regex {
            let message = |_: &PossibleValue, with_credentials| regex_message(with_credentials);
            report(project, module, regex, with_credentials, matches_all, message, findings);
        }
    }
    for value in project.origin_headers(module) {
        findings.examined(1);
        if is_for_everybody(project, module, value) {
            continue;
        }
        report(project, module, value, false, |text| text == "*", |_, _| header_message(), findings);
    }
}

/// Paths that are written to be read by any site: discovery documents and public keys.
const FOR_EVERYBODY: &[&str] = &[".well-known", "jwks", "openapi"];

/// Whether a value stands in the handlers of such paths alone.
fn is_for_everybody(project: &Project, module: &Module, value: ExprId) -> bool {
    let mut around = module.python.syntax.enclosing_functions(Parent::Expr(value));
    around.any(|function| {
        let mut routes = project.routes.handlers_of(module.id).filter(|(handler, _)| *handler == function).peekable();
        routes.peek().is_some() && routes.all(|(_, route)| FOR_EVERYBODY.iter().any(|part| route.path.contains(part)))
    })
}

/// Reports the first value that lets everybody in; one that holds outside development comes first.
fn report(
    project: &Project,
    module: &Module,
    expr: ExprId,
    with_credentials: bool,
    is_open: impl Fn(&str) -> bool,
    message: impl Fn(&PossibleValue, bool) -> String,
    findings: &mut Findings,
) {
    let possible = project.possible_strings(module, expr);
    let open = possible.values.iter().filter(|value| is_open(value.text.trim()));
    let at = module.span_of(expr);
    let Some(value) = open.min_by_key(|value| value.condition == Some(Condition::Development)) else {
        if let Some(definition) = opened_by_deployment(project, module, expr, &is_open) {
            let finding = findings.report(at, deployed_message(&definition.name, with_credentials));
            finding.related(definition.value_span, "the deployment gives the value here");
            if with_credentials {
                finding.severity(Severity::Critical);
            }
        }
        return;
    };
    let finding = findings.report(at, message(value, with_credentials));
    let inside = at.file == value.span.file
        && at.range.zip(value.span.range).is_some_and(|(outer, inner)| outer.contains(inner));
    if !inside {
        finding.related(value.span, "the value comes from here");
    }
    if value.condition == Some(Condition::Development) {
        finding.severity(Severity::Low);
    } else if with_credentials {
        finding.severity(Severity::Critical);
    }
}

/// What a deployment of the repository gives the variable behind an option, where that lets everybody in.
fn opened_by_deployment<'p>(
    project: &'p Project,
    module: &Module,
    expr: ExprId,
    is_open: impl Fn(&str) -> bool,
) -> Option<&'p Definition> {
    let variable = project.variables.get(&project.deciding_variable(module, expr)?)?;
    let mut given = project.variables.definitions(variable).filter(|(site, _)| deploys(site));
    let elements = |text: &str| -> Vec<String> {
        let list = text.trim().trim_start_matches('[').trim_end_matches(']');
        list.split(',').map(|each| each.trim().trim_matches(['"', '\'']).to_owned()).collect()
    };
    let found = given.find(|(_, definition)| {
        let text = definition.value.literal();
        text.is_some_and(|text| is_open(text.trim()) || elements(text).iter().any(|each| is_open(each)))
    });
    found.map(|(_, definition)| definition)
}

/// Whether a place gives variables to what users are served by.
fn deploys(site: &Site) -> bool {
    let is_platform = matches!(site.kind, SiteKind::Render | SiteKind::Fly | SiteKind::AppJson | SiteKind::Dockerfile);
    let is_compose = site.kind == SiteKind::Compose && matches!(site.scope, Scope::Deployment | Scope::Unstated);
    site.is_own
        && (is_platform || is_compose || (site.kind == SiteKind::EnvironmentFile && site.scope == Scope::Deployment))
}

/// Whether an option is true, or is unless the environment says otherwise, or is by what a deployment sets. What cannot be
/// followed is not claimed.
fn is_on(project: &Project, module: &Module, value: ExprId) -> bool {
    let is_true = |text: &str| matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on");
    let by_default = project.value_when_unset(module, value).is_some_and(|value| value.truth());
    by_default || opened_by_deployment(project, module, value, is_true).is_some()
}

/// Whether a regular expression matches every origin.
fn matches_all(regex: &str) -> bool {
    MATCH_ALL.contains(&regex.trim_start_matches('^').trim_end_matches('$'))
}
