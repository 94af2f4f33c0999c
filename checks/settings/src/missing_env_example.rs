use pyaudit_check::project::environment::EnvironmentFileKind;
use pyaudit_check::project::variables::{Reader, ReaderKind};
use pyaudit_check::{Findings, Project, Role, Span, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds repositories whose code does not run without environment variables, and that hold no template which names
    /// them: no `.env.example`, `.env.sample` or `.env.template`. One finding a repository. Says so when ignore rules hide the template.
    ///
    /// ## Why it matters
    /// Whoever deploys the service, or works on it for the first time, learns the names of the variables from one crash
    /// after the other.
    ///
    /// ## How to fix
    /// Commit a `.env.example` with every variable and no secret. Where `.env*` is ignored, take it back: `!.env.example`.
    ///
    /// ## Limits
    /// Only what fails without its variable counts, three variables or more; what has a default does not. A committed environment file
    /// of any name that holds most of the names is taken for the template, and so are a compose file, a manifest or a readme that do.
    id: "missing-env-example",
    summary: "no template names the environment variables that the code needs",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://12factor.net/config"],
    run: Project(run),
}

/// The fewest variables for which a template is worth its while.
const FEWEST: usize = 3;

/// Names that a template has.
const TEMPLATES: &[&str] = &[".env.example", ".env.sample", ".env.template"];

fn message(names: &[&str], hidden: bool) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let why = if hidden { ", and ignore rules hide `.env.example`" } else { "" };
    let count = names.len();
    format!(
        "the code does not run without {count} variables ({}, …), and no `.env.example` names them{why}",
        shown.join(", ")
    )
}

fn run(project: &Project, findings: &mut Findings) {
    let mut needs: BTreeMap<&str, &Reader> = BTreeMap::new();
    for need in project.variables.needs() {
        if let Some(name) = need.names.first() {
            needs.entry(name).or_insert(need);
        }
    }
    if needs.len() < FEWEST {
        return;
    }
    findings.examined(1);
    let has_template = project.environment_files.files.iter().any(|file| file.kind == EnvironmentFileKind::Template);
    if has_template || is_told_elsewhere(project, &needs) {
        return;
    }
    let names: Vec<&str> = needs.keys().copied().collect();
    let hidden = TEMPLATES.iter().any(|name| project.sources.is_ignored(name));
    let Some(first) = needs.values().min_by_key(|need| (!matches!(need.kind, ReaderKind::Field { .. }), need.span))
    else {
        return;
    };
    let finding = findings.report(first.span, message(&names, hidden));
    finding.subject(".env.example");
    for need in needs.values().filter(|need| need.span != first.span) {
        finding.related(need.span, format!("`{}` is required here", need.names.first().map_or("", String::as_str)));
    }
    if hidden && let Some(&rules) = project.sources.ignore_files().first() {
        finding.related(Span::file(rules), "rules that hide the template");
    }
}

/// Whether one place of the repository gives most of the variables, so that it tells their names.
fn is_told_elsewhere(project: &Project, needs: &BTreeMap<&str, &Reader>) -> bool {
    let readable = |text: &str| needs.keys().filter(|name| text.contains(**name)).count() * 2 > needs.len();
    let by_site = project.variables.sites().iter().any(|site| {
        let is_shipped = project.sources.file(site.file).role == Role::Application;
        let given = needs.values().filter(|need| site.definition_for(need).is_some()).count();
        is_shipped && given * 2 > needs.len()
    });
    let by_readme = || {
        project.sources.files().any(|(file, source)| {
            let lower = source.name().to_ascii_lowercase();
            let is_document = lower.starts_with("readme") || lower.contains("env");
            let is_text = !lower.ends_with(".py") && source.role != Role::Vendored;
            is_document && is_text && project.sources.text(file).is_some_and(readable)
        })
    };
    by_site || by_readme()
}
