use pyaudit_check::project::settings::{Refused, SecretDefault, SecretKind};
use pyaudit_check::{Findings, Project, Span, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds classes of settings whose secrets have defaults that work, and that nothing refuses in production: no
    /// validator, constructor or start-up test looks at them and raises. One finding a class, with the defaults as
    /// related places; `insecure-setting-default` tells each of them.
    ///
    /// ## Why it matters
    /// One forgotten variable, one new environment or one renamed setting is enough for a public service to sign its
    /// tokens with `changeme`, and nothing says so: it starts, answers and looks right.
    ///
    /// ## How to fix
    /// Add a `model_validator(mode="after")` that raises when the environment is production and a secret still has its
    /// default; or leave the defaults out.
    ///
    /// ## Limits
    /// A class with a validator that looks at any of the secrets, even one that could not be worked out, is silent,
    /// and so are classes for development and secrets of databases on the same machine. Secrets that are read by `os.getenv` outside of a class have
    /// no place for a guard and are told by `insecure-setting-default` alone.
    id: "missing-production-guard",
    summary: "nothing refuses insecure defaults in production",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.pydantic.dev/latest/concepts/validators/#model-validators",
        "https://cwe.mitre.org/data/definitions/1188.html",
    ],
    run: Project(run),
}

fn message(class: &str, names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
    let noun = if names.len() == 1 { "the default" } else { "the defaults" };
    format!("`{class}` starts in production with {noun} of {}{more}: nothing refuses them", shown.join(", "))
}

fn run(project: &Project, findings: &mut Findings) {
    let mut classes: BTreeMap<Span, (String, Vec<SecretDefault<'_>>)> = BTreeMap::new();
    for secret in project.secret_defaults() {
        let Some((class, _)) = secret.fallback.field.filter(|_| !secret.fallback.is_for_development()) else {
            continue;
        };
        classes.entry(class.span).or_insert_with(|| (class.qualname(), Vec::new())).1.push(secret);
    }
    for (span, (name, secrets)) in classes {
        findings.examined(1);
        let is_guarded = secrets.iter().any(|secret| secret.fallback.refused(project) != Refused::No);
        let has_own = secrets.iter().any(|secret| secret.kind != SecretKind::Infrastructure);
        if is_guarded || !has_own {
            continue;
        }
        let names: Vec<&str> = secrets.iter().map(|secret| secret.fallback.name).collect();
        let finding = findings.report(span, message(&name, &names));
        finding.subject(name).secret();
        for secret in &secrets {
            finding.related(secret.fallback.span, format!("the default of `{}`", secret.fallback.name));
        }
    }
}
