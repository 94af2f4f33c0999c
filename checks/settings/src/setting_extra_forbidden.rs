use pyaudit_check::project::environment::EnvironmentFileKind;
use pyaudit_check::project::paths;
use pyaudit_check::project::settings::{ClassKind, Extra, SettingsClass};
use pyaudit_check::project::variables::{Definition, Site, SiteKind};
use pyaudit_check::{Confidence, Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds keys of `.env` files and their templates that a settings class refuses: pydantic-settings forbids, unless
    /// told otherwise, every key of its `env_file` that has a value and is no field. One finding a class and file.
    ///
    /// ## Why it matters
    /// Whoever copies `.env.example` to `.env`, as the documentation says, gets an application that does not start:
    /// `Extra inputs are not permitted`.
    ///
    /// ## How to fix
    /// Say `model_config = SettingsConfigDict(env_file=".env", extra="ignore")`, or give the class the fields.
    ///
    /// ## Limits
    /// Only version 2, where the class names an `env_file` whose copy or template stands where the application is started, and an object of the class is
    /// made. Keys without a value are taken by pydantic-settings as not there. Classes with sources of their own, or whose
    /// configuration cannot be read as a whole, are left out, and so are keys that begin like a field that holds a model.
    id: "setting-extra-forbidden",
    summary: "an environment file has keys that the settings class refuses",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://docs.pydantic.dev/latest/concepts/pydantic_settings/#dotenv-env-support",
    ],
    run: Project(run),
}

fn message(class: &str, path: &str, keys: &[&Definition]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = keys.iter().take(SHOWN).map(|key| format!("`{}`", key.name)).collect();
    let more = if keys.len() > SHOWN { format!(" and {} more", keys.len() - SHOWN) } else { String::new() };
    format!(
        "`{class}` does not start with a copy of `{path}`: it forbids {}{more}, which it does not know",
        shown.join(", ")
    )
}

fn run(project: &Project, findings: &mut Findings) {
    for class in project.settings.classes().iter().filter(|class| forbids(project, class)) {
        for site in project.variables.sites() {
            if !is_read(project, class, site) {
                continue;
            }
            findings.examined(1);
            let refused: Vec<&Definition> =
                site.definitions.iter().filter(|definition| is_refused(class, definition)).collect();
            let Some((first, others)) = refused.split_first() else { continue };
            let path = &project.sources.file(site.file).path;
            let finding = findings.report(first.span, message(&class.qualname(), path, &refused));
            finding.subject(class.qualname()).related(class.span, "the class that forbids more keys").secret();
            if project.settings.classes().iter().filter(|other| forbids(project, other)).count() > 1 {
                finding.confidence(Confidence::Medium);
            }
            for other in others {
                finding.related(other.span, format!("`{}` too", other.name));
            }
        }
    }
}

/// Names of templates of `.env`.
const TEMPLATES: &[&str] = &[".env.example", ".env.sample", ".env.template", ".env.dist"];

/// Whether a class refuses keys of its environment file.
fn forbids(project: &Project, class: &SettingsClass) -> bool {
    let configuration = &class.configuration;
    let has_sources = class.members.contains("settings_customise_sources");
    class.kind == ClassKind::Pydantic2
        && configuration.extra == Extra::Forbid
        && !configuration.is_partial
        && !has_sources
        && !class.instances.is_empty()
        && project.modules.get(class.module).role == Role::Application
}

/// Whether a class reads an environment file, or what is made from a template of it.
fn is_read(project: &Project, class: &SettingsClass, site: &Site) -> bool {
    let source = project.sources.file(site.file);
    if site.kind != SiteKind::EnvironmentFile || source.role != Role::Application {
        return false;
    }
    let is_template = EnvironmentFileKind::of_name(source.name()) == Some(EnvironmentFileKind::Template);
    let code = &project.sources.file(project.modules.get(class.module).file).path;
    class.configuration.environment_files.iter().any(|file| {
        let wanted = paths::file_name(&file.path);
        let template = || is_template && wanted == ".env" && TEMPLATES.contains(&source.name());
        // The path counts from where the application is started: where its modules are found, or beside `src`.
        let root = project.modules.root_of(code);
        let start = root.strip_suffix("src").map_or(root, |around| around.trim_end_matches('/'));
        let place = paths::join(start, &file.path);
        let directory = place.as_deref().map_or(start, paths::directory);
        (source.name() == wanted || template()) && file.is_whole && source.directory() == directory
    })
}

/// Whether a key has a value and is no field.
fn is_refused(class: &SettingsClass, definition: &Definition) -> bool {
    let is_empty = definition.value.literal().is_some_and(|text| text.trim().is_empty());
    let name = &definition.name;
    let is_field = class.fields.iter().any(|field| {
        field.variables.iter().any(|variable| variable.eq_ignore_ascii_case(name) || begins(name, variable))
    });
    !is_empty && !is_field
}

/// Whether a key begins with the name of a field and a delimiter, as those for a held model do.
fn begins(key: &str, variable: &str) -> bool {
    key.get(..variable.len()).is_some_and(|start| start.eq_ignore_ascii_case(variable))
        && key[variable.len()..].starts_with("__")
}
