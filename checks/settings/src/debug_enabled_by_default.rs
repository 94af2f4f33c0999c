use pyaudit_check::project::settings::{Fallback, Literal, Refused, Selection};
use pyaudit_check::project::variables::{Definition, Scope, Site, SiteKind};
use pyaudit_check::python::ExprKind;
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, Span, check};

check! {
    /// ## What it does
    /// Finds debug switches that are on unless somebody turns them off: `DEBUG: bool = True` in a class of settings,
    /// `os.getenv("DEBUG", "true")`, `FastAPI(debug=True)`. High where the repository deploys itself (an image, a manifest
    /// of a platform, a compose file for production) and none of that sets the variable; low where they turn it off.
    ///
    /// ## Why it matters
    /// Debug mode shows tracebacks with source lines to whoever makes a request fail, and code that asks for it relaxes
    /// cookies, origins and checks. A default that is on makes every forgotten variable an open door.
    ///
    /// ## How to fix
    /// Let the default be `False`, and turn debugging on in the `.env` of developers.
    ///
    /// ## Limits
    /// A default that a validator refuses outside development is silent, and so are classes such as
    /// `DevelopmentSettings` or one that is made for a value of `ENVIRONMENT` that is not its default, branches for development, and switches of one library or subject (`SQL_DEBUG`). Variables
    /// that are set by hand on a platform are not seen. A read of the variable alone, outside of a class, counts whatever is
    /// done with it.
    id: "debug-enabled-by-default",
    summary: "debug mode is on unless somebody turns it off",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/reference/fastapi/#fastapi.FastAPI",
        "https://cwe.mitre.org/data/definitions/489.html",
    ],
    run: Project(run),
}

/// Words beside `debug` in the name of a switch for everything.
const WORDS: &[&str] =
    &["debug", "mode", "app", "application", "api", "is", "enabled", "enable", "fastapi", "server", "flask"];

/// Texts that mean that a switch is on.
const ON: &[&str] = &["1", "true", "t", "yes", "y", "on"];

fn message(name: &str, deployed: Deployed) -> String {
    match deployed {
        Deployed::Unset => format!("`{name}` is on by default, and nothing that deploys the service turns it off"),
        Deployed::Off => format!("`{name}` is on by default; only the deployment turns it off"),
        Deployed::Nowhere => format!("`{name}` is on by default: a deployment that does not set it runs in debug mode"),
    }
}

fn selected_message(name: &str, selection: &Selection) -> String {
    let default = selection.default.as_deref().unwrap_or_default();
    format!("`{}` defaults to `{default}`, whose class of settings has `{name}` on", selection.variable)
}

fn application_message(class: &str) -> String {
    format!("`{class}(debug=True)` shows tracebacks with source lines to every client")
}

/// What the deployments of the repository say of a switch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deployed {
    Nowhere,
    Unset,
    Off,
}

fn run(project: &Project, findings: &mut Findings) {
    findings.examined(project.variables.iter().filter(|variable| is_switch(&variable.name)).count());
    for fallback in project.fallbacks() {
        if !is_on(&fallback.value) || !is_switch(fallback.name) {
            continue;
        }
        // A class that the environment chooses is taken without it only where it is the default.
        match fallback.field.and_then(|(class, _)| project.selection_of(class)) {
            Some(selection) if selection.is_default => {
                let finding = findings.report(selection.span, selected_message(fallback.name, &selection));
                finding.subject(fallback.name).related(fallback.span, "on here");
                continue;
            }
            Some(_) => continue,
            None if fallback.is_for_development() => continue,
            None => {}
        }
        let refused = fallback.refused(project);
        if refused == Refused::Yes {
            continue;
        }
        let deployed = deployed(project, &fallback);
        let finding = findings.report(fallback.span, message(fallback.name, deployed));
        finding.subject(fallback.name);
        match deployed {
            Deployed::Unset => finding.severity(Severity::High),
            Deployed::Off => finding.severity(Severity::Low),
            Deployed::Nowhere => finding,
        };
        if refused == Refused::Perhaps {
            finding.confidence(Confidence::Low);
        }
    }
    constants(project, findings);
}

/// `FastAPI(debug=True)`.
fn constants(project: &Project, findings: &mut Findings) {
    let calls = project.modules.iter().flat_map(|module| module.calls_named(&["FastAPI", "Starlette"]));
    for call in calls {
        let is_made = call.is_any(project, &["fastapi.FastAPI", "starlette.applications.Starlette"]);
        if call.module.role != Role::Application || !is_made {
            continue;
        }
        let Some(value) = call.option(project, "debug") else { continue };
        findings.examined(1);
        if matches!(call.module.python.syntax.expr(value).kind, ExprKind::Bool(true)) {
            let at: Span = call.module.span_of(value);
            let class = call
                .symbol(project)
                .and_then(|symbol| symbol.external().and_then(|name| name.rsplit('.').next().map(str::to_owned)));
            findings.report(at, application_message(class.as_deref().unwrap_or("FastAPI"))).subject("debug");
        }
    }
}

fn is_switch(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let mut words = lower.split(['_', '.']);
    lower.split(['_', '.']).any(|word| word == "debug") && words.all(|word| WORDS.contains(&word))
}

fn is_on(value: &Literal) -> bool {
    match value {
        Literal::Bool(value) => *value,
        Literal::Int(value) => *value == 1,
        Literal::Str(text) => ON.contains(&text.trim().to_ascii_lowercase().as_str()),
        _ => false,
    }
}

/// What deploys the repository, and whether all of it turns the switch off.
fn deployed(project: &Project, fallback: &Fallback<'_>) -> Deployed {
    let sites: Vec<&Site> = project.variables.sites().iter().filter(|site| deploys(site)).collect();
    let given = |site: &&Site| -> Option<Definition> {
        let is_it = |definition: &&Definition| {
            fallback.variables.iter().any(|name| name.eq_ignore_ascii_case(&definition.name))
        };
        site.definitions.iter().find(is_it).cloned()
    };
    if sites.is_empty() {
        return Deployed::Nowhere;
    }
    if sites.iter().any(|site| given(site).is_some()) {
        return Deployed::Off;
    }
    // What is not in the repository may set it.
    if sites.iter().any(|site| site.is_open) { Deployed::Nowhere } else { Deployed::Unset }
}

fn deploys(site: &Site) -> bool {
    let platform = matches!(site.kind, SiteKind::Render | SiteKind::Fly | SiteKind::AppJson);
    site.is_own && (platform || (site.kind == SiteKind::Compose && site.scope == Scope::Deployment))
}
