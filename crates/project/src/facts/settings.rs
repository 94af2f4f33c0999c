//! Settings that are typed, secrets without defaults, guards of production, and variables that are all written down.

use super::{Axis, Fact, counted};
use crate::environment::Variable;
use crate::settings::{Field, Literal, Refusal, SettingsClass, ValidatorKind};
use crate::variables::{Reader, Scope, Site, SiteKind};
use crate::{Condition, Project, paths};
use pyaudit_source::{Range, Role};
use std::collections::BTreeSet;

/// Words of names that speak of a secret and are none.
const HARMLESS: &[&str] = &[
    "algorithm",
    "alias",
    "audience",
    "bytes",
    "cookie",
    "days",
    "enabled",
    "expire",
    "expires",
    "expiration",
    "expiry",
    "file",
    "header",
    "hours",
    "id",
    "issuer",
    "length",
    "lifetime",
    "max",
    "min",
    "minutes",
    "name",
    "path",
    "prefix",
    "public",
    "required",
    "rounds",
    "seconds",
    "size",
    "ttl",
    "type",
    "url",
    "username",
];

/// The facts of every settings class of the application that is used, and of the variables that the code needs.
pub(super) fn facts(project: &Project) -> Vec<Fact> {
    let mut facts = Vec::new();
    for class in project.settings.classes() {
        let is_used = !class.instances.is_empty() && class.kind.is_settings();
        if is_used && project.modules.get(class.module).role == Role::Application {
            facts.extend([typed(class), required(project, class), guarded(project, class)].into_iter().flatten());
        }
    }
    facts.extend(project.variables.sites().iter().filter_map(|site| complete(project, site)));
    facts.extend(debug(project));
    facts
}

/// Every field of the class has a type that is checked when the program starts.
fn typed(class: &SettingsClass) -> Option<Fact> {
    let fields = class.fields.iter().filter(|field| !field.name.contains('.')).count();
    let all = class.fields.iter().all(|field| field.annotation.is_some());
    (all && fields > 1 && !class.is_open).then(|| Fact {
        id: "typed-settings",
        axis: Axis::ConfigurationSecurity,
        message: format!("`{}` declares {} with their types", class.qualname(), counted(fields, "setting")),
        span: class.span,
    })
}

fn is_secret(field: &Field) -> bool {
    let text = match field.default.as_ref().map(|default| default.value.as_ref()) {
        // What is not known may be a secret; a number or a flag is none.
        Some(Some(value)) => match value {
            Literal::None => "",
            Literal::Str(text) => text,
            _ => return false,
        },
        _ => "",
    };
    let nowhere = Range::new(0, 0);
    let (name, value) = (field.name.clone(), text.to_owned());
    let secret = Variable { name, name_range: nowhere, value, value_range: nowhere }.is_secret();
    let lower = field.name.to_ascii_lowercase();
    secret && !lower.split(['_', '.']).any(|word| HARMLESS.contains(&word))
}

/// No secret of the class has a default, and some must be given; nor does the application fall back to one elsewhere.
fn required(project: &Project, class: &SettingsClass) -> Option<Fact> {
    let secrets: Vec<&Field> = class.fields.iter().filter(|field| is_secret(field)).collect();
    let is_empty = |field: &&Field| match &field.default {
        None => true,
        Some(default) => matches!(default.value.as_ref(), Some(Literal::None)),
    };
    let count = secrets.iter().filter(|field| field.required).count();
    if count == 0 || !secrets.iter().all(is_empty) || falls_back(project) {
        return None;
    }
    let first = secrets.iter().find(|field| field.required)?;
    let have = if count == 1 { "has" } else { "have" };
    Some(Fact {
        id: "required-secrets",
        axis: Axis::ConfigurationSecurity,
        message: format!("{} of `{}` {have} no default", counted(count, "secret"), class.qualname()),
        span: first.span,
    })
}

/// Whether some read of a secret in the application has a text to fall back to, or one that is not known.
fn falls_back(project: &Project) -> bool {
    let reads = project.settings.reads().iter();
    let mut reads = reads.filter(|read| project.modules.get(read.module).role == Role::Application);
    reads.any(|read| {
        let Some(name) = &read.variable else { return false };
        let nowhere = Range::new(0, 0);
        let named = Variable { name: name.clone(), name_range: nowhere, value: String::new(), value_range: nowhere };
        let has_text = match &read.default_value {
            Some(value) => value.as_str().is_some_and(|text| !text.is_empty()),
            None => read.default.is_some(),
        };
        named.is_secret() && (has_text || read.fallback.is_some())
    })
}

/// Something surely refuses the default of a secret wherever users are served.
fn guarded(project: &Project, class: &SettingsClass) -> Option<Fact> {
    let mut names = BTreeSet::new();
    let mut place = None;
    for field in class.fields.iter().filter(|field| is_secret(field)) {
        let refusals = project.default_refusals(class, field);
        let is_at_start = |it: &&Refusal<'_>| it.validator.kind != ValidatorKind::Method;
        let mut sure = refusals.iter().filter(is_at_start);
        let sure = sure.find(|it| it.is_certain && it.condition != Some(Condition::Development));
        let has_text =
            field.default.as_ref().and_then(|it| it.value.as_ref()?.as_str()).is_some_and(|it| !it.is_empty());
        if let Some(refusal) = sure.filter(|_| has_text) {
            names.insert(field.name.as_str());
            place.get_or_insert(refusal.outcome.span);
        }
    }
    let defaults = if names.len() == 1 { "default" } else { "defaults" };
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Some(Fact {
        id: "production-guard",
        axis: Axis::ConfigurationSecurity,
        message: format!("outside development the program does not start with the {defaults} of {}", names.join(", ")),
        span: place?,
    })
}

/// A template or a manifest names every variable without which the code does not run.
fn complete(project: &Project, site: &Site) -> Option<Fact> {
    let is_template = site.kind == SiteKind::EnvironmentFile && site.scope == Scope::Template;
    let is_manifest = site.kind == SiteKind::Render && site.is_own;
    if !(is_template || is_manifest) || site.is_open || !project.variables.missing_at(project, site).is_empty() {
        return None;
    }
    let below = |need: &&&Reader| {
        let path = &project.sources.file(need.span.file).path;
        paths::is_within(path, &site.directory) && site.definition_for(need).is_some()
    };
    let needs = project.variables.needs();
    let given: BTreeSet<&[String]> = needs.iter().filter(below).map(|need| need.names.as_slice()).collect();
    let path = &project.sources.file(site.file).path;
    let who = match &site.name {
        Some(name) if is_manifest => format!("service `{name}`"),
        _ => format!("`{path}`"),
    };
    let (id, does) = if is_template { ("complete-env-template", "names") } else { ("complete-manifest-env", "gets") };
    (!given.is_empty()).then(|| Fact {
        id,
        axis: Axis::ConfigurationSecurity,
        message: format!("{who} {does} every variable that the code requires: {}", given.len()),
        span: site.span,
    })
}

/// Debug mode is off unless a variable turns it on, and no deployment in the repository does.
fn debug(project: &Project) -> Vec<Fact> {
    let is_application = |class: &&SettingsClass| project.modules.get(class.module).role == Role::Application;
    let fields = project.settings.classes().iter().filter(is_application).flat_map(|class| &class.fields);
    let mut fields: Vec<&Field> = fields.filter(|field| field.name.eq_ignore_ascii_case("debug")).collect();
    // A class that inherits the field has it too.
    fields.dedup_by_key(|field| field.span);
    let is_off = |field: &&Field| {
        let value = field.default.as_ref().and_then(|default| default.value.as_ref());
        value == Some(&Literal::Bool(false)) && !field.variables.is_empty() && !is_turned_on(project, field)
    };
    let [field] = fields[..] else { return Vec::new() };
    let others = project.settings.reads().iter().enumerate().any(|(at, read)| {
        let is_debug = read.variable.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("debug"));
        is_debug && !field.reads.contains(&at) && project.modules.get(read.module).role == Role::Application
    });
    let fact = |field: &Field| Fact {
        id: "debug-off-by-default",
        axis: Axis::ConfigurationSecurity,
        message: format!("debug mode is off unless `{}` turns it on", field.variables.join("` or `")),
        span: field.span,
    };
    Some(field).filter(is_off).filter(|_| !others).map(fact).into_iter().collect()
}

/// Whether a site that is not plainly for development or tests gives the variables of a field anything but a plain no.
fn is_turned_on(project: &Project, field: &Field) -> bool {
    let variables = field.variables.iter().filter_map(|name| project.variables.get(name));
    let mut definitions = variables.flat_map(|variable| project.variables.definitions(variable));
    definitions.any(|(site, definition)| {
        let is_off = definition.value.literal().is_some_and(|text| {
            matches!(text.trim().to_ascii_lowercase().as_str(), "false" | "0" | "no" | "off" | "f" | "n" | "")
        });
        matches!(site.scope, Scope::Deployment | Scope::Unstated) && site.kind != SiteKind::Code && !is_off
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::facts;

    fn with(body: &str) -> Vec<String> {
        told(facts, &[("app/config.py", &settings(body))])
    }

    fn settings(body: &str) -> String {
        format!(
            "from pydantic import model_validator\nfrom pydantic_settings import BaseSettings\n\
             class Settings(BaseSettings):\n{body}\nsettings = Settings()\n"
        )
    }

    #[test]
    fn types_and_required_secrets_are_facts() {
        let expected = [
            "typed-settings app/config.py:3 `Settings` declares 3 settings with their types",
            "required-secrets app/config.py:5 1 secret of `Settings` has no default",
        ];
        assert_eq!(with("    name: str = 'x'\n    secret_key: str\n    api_key: str | None = None"), expected);
    }

    #[test]
    fn a_default_or_a_fallback_takes_the_fact_away() {
        let ids = |body: &str| {
            with(body).iter().map(|line| line.split(' ').next().unwrap_or("").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids("    secret_key: str\n    token: str = 'abc'"), ["typed-settings"]);
        assert_eq!(ids("    secret_key: str = make()"), Vec::<String>::new());
        assert_eq!(ids("    token_expire_minutes: int = 5"), Vec::<String>::new());
        assert_eq!(ids("    model_config = {'extra': 'allow'}\n    name: str = 'x'"), Vec::<String>::new());
        let fallback = "import os\nKEY = os.getenv('SECRET_KEY', 'abc')\n";
        let files = [("app/config.py", settings("    secret_key: str")), ("app/keys.py", fallback.to_owned())];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        assert!(told(facts, &files).is_empty());
        let unused = settings("    secret_key: str").replace("settings = Settings()", "");
        assert!(told(facts, &[("app/config.py", &unused)]).is_empty(), "nobody makes one");
    }

    #[test]
    fn a_guard_is_told_where_it_is_certain() {
        let body = |test: &str| {
            format!(
                "    env: str = 'development'\n    secret_key: str = 'changeme'\n    @model_validator(mode='after')\n    \
                 def check(self):\n        if {test}:\n            raise ValueError\n        return self"
            )
        };
        let expected = "production-guard app/config.py:9 outside development the program does not start with the \
                        default of `secret_key`";
        assert_eq!(with(&body("self.env == 'production' and self.secret_key == 'changeme'"))[1], expected);
        for test in [
            "self.env == 'production' and self.secret_key == 'other'",
            "self.env == 'development' and self.secret_key == 'changeme'",
            "is_weak(self.secret_key)",
        ] {
            assert_eq!(with(&body(test)).len(), 1, "{test}");
        }
    }

    #[test]
    fn templates_and_manifests_that_lack_nothing_are_facts() {
        let config = settings("    database_url: str\n    name: str = 'x'");
        let with = |path: &str, text: &str| {
            let mut found = told(facts, &[("app/config.py", &config), (path, text)]);
            found.retain(|line| line.starts_with("complete-"));
            found
        };
        let expected =
            ["complete-env-template .env.example `.env.example` names every variable that the code requires: 1"];
        assert_eq!(with(".env.example", "DATABASE_URL=\n"), expected);
        assert!(with(".env.example", "NAME=\n").is_empty());
        assert!(with(".env", "DATABASE_URL=x\n").is_empty());
        assert!(with("docker/.env.example", "DATABASE_URL=\n").is_empty(), "no code stands below it");
        let render = |key: &str| {
            format!(
                "services:\n  - {{type: web, name: api, runtime: python, envVars: [{{key: {key}, sync: false}}]}}\n"
            )
        };
        let expected =
            ["complete-manifest-env render.yaml:2 service `api` gets every variable that the code requires: 1"];
        assert_eq!(with("render.yaml", &render("DATABASE_URL")), expected);
        assert!(with("render.yaml", &render("OTHER")).is_empty());
    }

    #[test]
    fn debug_is_off_where_nothing_turns_it_on() {
        let config = settings("    debug: bool = False");
        let with = |text: &str, path: &str, given: &str| {
            let mut found = told(facts, &[("app/config.py", text), (path, given)]);
            found.retain(|line| line.starts_with("debug-"));
            found
        };
        let expected = ["debug-off-by-default app/config.py:4 debug mode is off unless `DEBUG` turns it on"];
        assert_eq!(with(&config, ".env.example", "DEBUG=true\n"), expected);
        assert!(with(&config, ".env.production", "DEBUG=true\n").is_empty());
        assert!(with(&config.replace("False", "True"), ".env.example", "").is_empty());
        let other = format!("{config}class Development(Settings):\n    debug: bool = True\n");
        assert!(with(&other, ".env.example", "").is_empty(), "a class for development is chosen somewhere");
        assert!(with(&config, "app/other.py", "import os\nDEBUG = os.getenv('DEBUG', '1')\n").is_empty());
    }
}
