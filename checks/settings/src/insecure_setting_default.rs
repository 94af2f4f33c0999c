use pyaudit_check::project::environment::Variable;
use pyaudit_check::project::names_secret;
use pyaudit_check::project::settings::{Refused, SecretDefault, SecretKind, secret_kind};
use pyaudit_check::project::variables::{Definition, Given, Scope, Site, SiteKind};
use pyaudit_check::{Confidence, FileId, Findings, Project, Role, Severity, Span, check, mask};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds secrets that the source gives a usable value where the environment gives none: keys, passwords and tokens
    /// of settings classes (`SECRET_KEY: str = "changeme"`, `Field(default=…)`), of `os.getenv("JWT_SECRET", "dev")` and
    /// its kin, of `os.getenv("JWT_SECRET") or "dev"`, and addresses of databases with a password in them. High where the
    /// secret is the application's own or looks real, medium where it is a word for a database on the same machine, low
    /// for `${VARIABLE:-value}` of a compose file, one finding a file. Values are never shown.
    ///
    /// ## Why it matters
    /// A deployment that forgets the variable starts without a word, and runs with a secret that everybody who has seen
    /// the source knows: whoever has the key signs a token for any user.
    ///
    /// ## How to fix
    /// Leave the default out, so that the application does not start without the variable; put the value for development
    /// into an ignored `.env`, and a placeholder into `.env.example`.
    ///
    /// ## Limits
    /// A default that a validator refuses outside development is silent, one that a test may refuse has low confidence,
    /// and so has an address that is only taken apart (`urlparse`) to look at its host. One below `if DEBUG:` or in a class
    /// such as `DevelopmentSettings` is silent. Placeholders for keys of other companies
    /// (`OPENAI_API_KEY="your-key"`) open nothing and are silent. So are empty values, names of
    /// cookies and headers, lifetimes, files, and addresses without a password. Tests, scripts and examples are not
    /// examined, and of compose files neither those for development.
    id: "insecure-setting-default",
    summary: "a secret has a default that works",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://cwe.mitre.org/data/definitions/1392.html",
        "https://cwe.mitre.org/data/definitions/798.html",
        "https://12factor.net/config",
    ],
    run: Project(run),
}

fn message(secret: &SecretDefault<'_>) -> String {
    let (name, shown) = (secret.fallback.name, mask(&secret.text));
    match secret.kind {
        SecretKind::Own => format!(
            "`{name}` defaults to `{shown}`, which everybody who sees the source knows: a deployment that does not set it runs with it"
        ),
        SecretKind::Infrastructure => format!(
            "`{name}` defaults to a password for development (`{shown}`): a deployment that does not set it runs with it"
        ),
        SecretKind::Real => format!("`{name}` defaults to `{shown}`, which looks like a real secret, in the source"),
    }
}

fn compose_message(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
    let falls = if names.len() == 1 { "falls back to a value that works" } else { "fall back to values that work" };
    format!("{}{more} {falls} where the environment gives none", shown.join(", "))
}

fn run(project: &Project, findings: &mut Findings) {
    findings.examined(secrets_of_settings(project));
    let mut seen: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut variables: Vec<Vec<(SecretDefault<'_>, Refused)>> = Vec::new();
    for secret in project.secret_defaults() {
        let refused = secret.fallback.refused(project);
        if secret.fallback.is_for_development() || refused == Refused::Yes {
            continue;
        }
        // What one application reads in several places is one thing to fix.
        let path = &project.sources.file(secret.fallback.span.file).path;
        let key = (project.modules.root_of(path), secret.fallback.name.to_uppercase());
        let at = *seen.entry(key).or_insert_with(|| {
            variables.push(Vec::new());
            variables.len() - 1
        });
        variables[at].push((secret, refused));
    }
    for places in &variables {
        report(project, places, findings);
    }
    in_compose_files(project, findings);
}

/// Reports the places of one variable: at the field of settings, where there is one.
fn report(project: &Project, places: &[(SecretDefault<'_>, Refused)], findings: &mut Findings) {
    let first = places.iter().position(|(secret, _)| secret.fallback.field.is_some()).unwrap_or(0);
    let Some((secret, refused)) = places.get(first) else { return };
    let finding = findings.report(secret.fallback.span, message(secret));
    finding.subject(secret.fallback.name).secret();
    if secret.kind == SecretKind::Infrastructure {
        finding.severity(Severity::Medium);
    }
    if *refused == Refused::Perhaps {
        finding.confidence(Confidence::Low);
    }
    if places.iter().all(|(secret, _)| secret.fallback.is_only_taken_apart(project)) {
        finding.severity(Severity::Low).confidence(Confidence::Low);
    }
    for (_, (other, _)) in places.iter().enumerate().filter(|(at, _)| *at != first) {
        finding.related(other.fallback.span, format!("`{}` has a default here too", other.fallback.name));
    }
}

/// How many secrets the application takes from its environment.
fn secrets_of_settings(project: &Project) -> usize {
    let is_secret = |name: &str| names_secret(name) || name.to_ascii_uppercase().ends_with("DATABASE_URL");
    let readers = project.variables.iter().filter(|variable| {
        is_secret(&variable.name) && variable.readers.iter().any(|reader| reader.role == Role::Application)
    });
    readers.count()
}

/// `${VARIABLE:-value}`: one finding a file.
fn in_compose_files(project: &Project, findings: &mut Findings) {
    let mut found: BTreeMap<FileId, Vec<(Span, &str)>> = BTreeMap::new();
    for site in project.variables.sites().iter().filter(|site| is_examined(project, site)) {
        for definition in &site.definitions {
            if let Some(variable) = fallback_variable(definition) {
                found.entry(site.file).or_default().push((definition.value_span, variable));
            }
        }
    }
    for places in found.values() {
        findings.examined(1);
        let mut names: Vec<&str> = Vec::new();
        for (_, name) in places {
            if !names.contains(name) {
                names.push(name);
            }
        }
        let Some(&(first, name)) = places.first() else { continue };
        let finding = findings.report(first, compose_message(&names));
        finding.subject(name).severity(Severity::Low).secret();
        for (span, name) in places.iter().skip(1) {
            finding.related(*span, format!("`{name}` too"));
        }
    }
}

fn is_examined(project: &Project, site: &Site) -> bool {
    let role = project.sources.file(site.file).role;
    site.kind == SiteKind::Compose
        && role == Role::Application
        && matches!(site.scope, Scope::Deployment | Scope::Unstated)
}

/// The variable of the shell whose missing value a usable secret replaces.
fn fallback_variable(definition: &Definition) -> Option<&str> {
    let Given::Reference { variable, default: Some(default), .. } = &definition.value else { return None };
    let is_weak = Variable::named(variable, default).is_weak();
    let kind = secret_kind(&definition.name, default).or_else(|| secret_kind(variable, default))?;
    (kind != SecretKind::Real || is_weak || default.len() >= 8).then_some(variable)
}
