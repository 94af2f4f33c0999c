use pyaudit_check::project::Settings;
use pyaudit_check::project::variables::{Reader, ReaderKind};
use pyaudit_check::{Findings, Project, Role, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds applications that ask several environment variables which environment they run in: `ENV` here, `APP_ENV`
    /// there, and whether `RENDER` is set in a third place. One finding an application, with each variable's first reader.
    ///
    /// ## Why it matters
    /// A deployment sets one of them. What asks the others believes that it is development: cookies without `secure`,
    /// documentation that is open, checks that are skipped.
    ///
    /// ## How to fix
    /// Have one setting with the environment's name, `Literal["local", "staging", "production"]`, and derive everything
    /// else from it.
    ///
    /// ## Limits
    /// Variables are known by their names. Several names of one field (`AliasChoices`, `os.getenv("ENV") or
    /// os.getenv("APP_ENV")` in one expression) are one. Variables that platforms set (`RENDER`, `VERCEL`) count beside another one only. Debug switches, and names for one library
    /// (`SENTRY_ENVIRONMENT`), do not count. Tests, scripts, examples and migrations are not examined; packages of a
    /// monorepo are applications of their own.
    id: "scattered-environment-detection",
    summary: "several variables say whether this is production",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://12factor.net/config"],
    run: Project(run),
}

/// Variables that platforms set, by which code tells that it runs there.
const PLATFORMS: &[&str] = &[
    "RENDER",
    "DYNO",
    "FLY_APP_NAME",
    "VERCEL",
    "VERCEL_ENV",
    "RAILWAY_ENVIRONMENT",
    "RAILWAY_ENVIRONMENT_NAME",
    "K_SERVICE",
    "WEBSITE_HOSTNAME",
    "WEBSITE_SITE_NAME",
];

/// Words that name the environment.
const ENVIRONMENT_WORDS: &[&str] =
    &["env", "environment", "production", "prod", "stage", "development", "dev", "environ"];

/// Words that may stand beside them.
const OTHER_WORDS: &[&str] = &[
    "app",
    "application",
    "is",
    "node",
    "fastapi",
    "deploy",
    "deployment",
    "deployed",
    "python",
    "mode",
    "name",
    "run",
    "running",
    "runtime",
    "server",
    "backend",
    "current",
    "in",
    "service",
];

fn message(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "{} each say which environment this is: a deployment that sets one is taken for another by the rest",
        shown.join(", ")
    )
}

fn run(project: &Project, findings: &mut Findings) {
    for deciders in by_application(project).values() {
        findings.examined(1);
        // What platforms set by themselves says where code runs, and need not contradict the one variable.
        let names_environment = deciders.iter().any(|(name, _)| !PLATFORMS.contains(name));
        let Some(((_, first), others)) =
            deciders.split_first().filter(|(_, others)| !others.is_empty() && names_environment)
        else {
            continue;
        };
        let names: Vec<&str> = deciders.iter().map(|(name, _)| *name).collect();
        let finding = findings.report(first.span, message(&names));
        finding.subject("environment");
        for (name, reader) in others {
            finding.related(reader.span, format!("`{name}` decides here"));
        }
    }
}

/// The first reader of each variable that names the environment, by the root of the modules.
fn by_application(project: &Project) -> BTreeMap<&str, Vec<(&str, &Reader)>> {
    let mut found: BTreeMap<&str, Vec<(&str, &Reader)>> = BTreeMap::new();
    for variable in project.variables.iter().filter(|variable| decides(&variable.name)) {
        let readers = variable.readers.iter().filter(|reader| reader.role == Role::Application);
        let mut first: BTreeMap<&str, Vec<&Reader>> = BTreeMap::new();
        for reader in readers.filter(|reader| reader.kind != ReaderKind::Compose) {
            let root = project.modules.root_of(&project.sources.file(reader.span.file).path);
            first.entry(root).or_default().push(reader);
        }
        for (root, readers) in first {
            let deciders = found.entry(root).or_default();
            let is_known =
                |(_, known): &(&str, &Reader)| readers.iter().any(|own| is_one(&project.settings, known, own));
            if !deciders.iter().any(is_known) {
                deciders.push((&variable.name, readers[0]));
            }
        }
    }
    found
}

/// Whether two readers are one place: names of one field, or reads of one statement.
fn is_one(settings: &Settings, first: &Reader, second: &Reader) -> bool {
    let statement = |reader: &Reader| match reader.kind {
        ReaderKind::Read(at) => settings.reads().get(at).map(|read| (read.module, read.stmt)),
        _ => None,
    };
    let same_file = first.span.file == second.span.file;
    first.span == second.span || (same_file && statement(first).is_some() && statement(first) == statement(second))
}

fn decides(name: &str) -> bool {
    if PLATFORMS.contains(&name) {
        return true;
    }
    let lower = name.to_ascii_lowercase();
    let names = lower.split('_').any(|word| ENVIRONMENT_WORDS.contains(&word));
    names && lower.split('_').all(|word| ENVIRONMENT_WORDS.contains(&word) || OTHER_WORDS.contains(&word))
}
