use pyaudit_check::project::environment::Variable;
use pyaudit_check::project::names_secret;
use pyaudit_check::project::settings::{Fallback, Literal};
use pyaudit_check::{Findings, Project, check, mask};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds environment variables that one application reads in several places with different defaults: in classes of
    /// settings, by `os.getenv` and its kin. One finding a variable, with every place. Secrets are not shown.
    ///
    /// ## Why it matters
    /// Where the variable is not set, one half of the program works with one value and the other half with another: a
    /// worker listens to a queue that nobody writes to, a token is signed with one key and checked with another.
    ///
    /// ## How to fix
    /// Read the variable once, in the class of settings, and use the setting everywhere.
    ///
    /// ## Limits
    /// Values are compared as text, so `8000` and `"8000"` agree. Places without a default, with an empty one, or with one that is not known
    /// are left out, and so are branches and classes for development, what chooses between classes of settings, and what
    /// classes have of which the environment chooses one. Packages of a monorepo are applications of
    /// their own. Tests, scripts, examples and migrations are not examined.
    id: "conflicting-env-default",
    summary: "one environment variable has two defaults",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://12factor.net/config"],
    run: Project(run),
}

fn message(name: &str, here: &str, there: &str) -> String {
    format!("`{name}` defaults to `{here}` here and to `{there}` elsewhere: without it the application works with both")
}

fn run(project: &Project, findings: &mut Findings) {
    let fallbacks = project.fallbacks();
    let mut by_variable: BTreeMap<(&str, String), Vec<(&Fallback<'_>, String)>> = BTreeMap::new();
    let is_compared = |fallback: &&Fallback<'_>| !fallback.is_for_development() && !fallback.selects_settings(project);
    for fallback in fallbacks.iter().filter(is_compared) {
        let Some(text) = compared(&fallback.value) else { continue };
        for variable in fallback.variables {
            let key =
                (project.modules.root_of(&project.sources.file(fallback.span.file).path), variable.to_uppercase());
            by_variable.entry(key).or_default().push((fallback, text.clone()));
        }
    }
    for ((_, variable), places) in by_variable {
        findings.examined(1);
        let conflict = places.iter().enumerate().find_map(|(at, other)| {
            let mut before = places[..at].iter();
            let first = before.find(|first| first.1 != other.1 && !first.0.is_chosen_beside(project, other.0))?;
            Some((first, other))
        });
        let Some((first, (other, text))) = conflict else { continue };
        let is_secret = names_secret(&variable)
            || places.iter().any(|(_, text)| Variable::named(&variable, text).has_credentials());
        let shown = |text: &str| if is_secret { mask(text) } else { shortened(text) };
        let finding = findings.report(other.span, message(&variable, &shown(text), &shown(&first.1)));
        finding.subject(&variable);
        if is_secret {
            finding.secret();
        }
        for (place, text) in places.iter().filter(|(place, _)| place.span != other.span) {
            finding.related(place.span, format!("defaults to `{}`", shown(text)));
        }
    }
}

/// A value as text that is the same for all that the environment could give in its place.
fn compared(value: &Literal) -> Option<String> {
    let text = match value {
        Literal::Bool(_) => value.text().to_lowercase(),
        Literal::Int(_) | Literal::Float(_) => value.text(),
        _ => value.as_str()?.trim().trim_end_matches('/').to_owned(),
    };
    let lower = text.to_lowercase();
    let text = match lower.as_str() {
        "true" | "false" => lower,
        _ => text.strip_suffix(".0").map_or(text.clone(), str::to_owned),
    };
    (!text.is_empty()).then_some(text)
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST {
        text.to_owned()
    } else {
        text.chars().take(LONGEST - 1).chain("…".chars()).collect()
    }
}
