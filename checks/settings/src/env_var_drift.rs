use pyaudit_check::project::paths;
use pyaudit_check::project::variables::{Definition, Reader, ReaderKind, Scope, Site, SiteKind};
use pyaudit_check::{Confidence, FileId, Findings, Project, Role, Severity, Span, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds environment variables on which the code and the repository's configuration do not agree. *Missing*: code
    /// that does not run without a variable (a required field of settings, `os.environ["NAME"]`) which a template such as
    /// `.env.example`, a service of a compose file or an `app.json` does not name. *Unread*: variables that a template, an environment file
    /// or a manifest gives and nothing in the repository reads. One finding a file and kind.
    ///
    /// ## Why it matters
    /// Somebody who follows the template gets an application that does not start, and learns the names of variables one
    /// crash at a time. A variable that nothing reads is worse than none: its value is set and guarded, and changes nothing.
    ///
    /// ## How to fix
    /// Add the missing names, with placeholders, and take out the others; or give the variable a default in the code.
    ///
    /// ## Limits
    /// Workflows, images, `render.yaml` and `fly.toml` are not said to lack variables, since a platform keeps secrets of its own, nor is a
    /// service that takes an `env_file` that is not in the repository. Unread are only names that no other text of the repository has, and none that
    /// tools, images or front ends read by themselves; JavaScript is not read, so that files in a package of it are left out, and
    /// where it stands elsewhere in the repository the finding has low confidence. Compose files that add to another one are
    /// not examined. Needs of tests, scripts and examples do not count.
    id: "env-var-drift",
    summary: "the code and the configuration name different environment variables",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://12factor.net/config", "https://docs.pydantic.dev/latest/concepts/pydantic_settings/"],
    run: Project(run),
}

fn missing_message(place: &str, names: &[String]) -> String {
    format!("{place} lacks {}, which the code requires", listed(names))
}

fn unread_message(place: &str, names: &[String]) -> String {
    format!("{place} sets {}, which nothing in the repository reads", listed(names))
}

/// Up to four names, and how many more there are.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn run(project: &Project, findings: &mut Findings) {
    for site in project.variables.sites().iter().filter(|site| must_be_whole(project, site)) {
        findings.examined(1);
        let mut needs = project.variables.missing_at(project, site);
        needs.retain(|need| !names_in_text(project, site, need));
        if !needs.is_empty() {
            report_missing(project, site, &needs, findings);
        }
    }
    let mut unread: BTreeMap<FileId, Vec<&Definition>> = BTreeMap::new();
    for (site, definition) in project.unread_variables() {
        let is_own = project.sources.file(site.file).role == Role::Application && site.kind != SiteKind::Compose;
        if is_own && !is_beside_javascript(project, site.file) {
            unread.entry(site.file).or_default().push(definition);
        }
    }
    for (file, definitions) in unread {
        report_unread(project, file, &definitions, findings);
    }
}

/// Whether a site is meant to name everything that the code needs.
fn must_be_whole(project: &Project, site: &Site) -> bool {
    let role = project.sources.file(site.file).role;
    let kind = match site.kind {
        SiteKind::EnvironmentFile => site.scope == Scope::Template,
        SiteKind::Compose | SiteKind::AppJson => {
            !matches!(site.scope, Scope::Test | Scope::Integration | Scope::Example)
        }
        _ => false,
    };
    kind && site.is_own
        && !site.is_open
        && role == Role::Application
        && runs_code(project, site)
        && !adds(project, site)
}

/// Whether a file has one of the names anywhere: a template may hold it in a comment, `# NAME=`.
fn names_in_text(project: &Project, site: &Site, need: &Reader) -> bool {
    let text = project.sources.text(site.file).unwrap_or("");
    site.kind == SiteKind::EnvironmentFile && need.names.iter().any(|name| text.contains(name.as_str()))
}

/// Whether the code reads something of what a site gives. One that gives nothing at all gets it elsewhere.
fn runs_code(project: &Project, site: &Site) -> bool {
    site.definitions.iter().any(|definition| {
        let mut readers = project.variables.readers_of(definition);
        readers.any(|reader| reader.role == Role::Application && reader.kind != ReaderKind::Compose)
    })
}

/// Whether a compose file adds to another one in its directory, as `compose.override.yml` does.
fn adds(project: &Project, site: &Site) -> bool {
    const BASES: &[&str] = &["compose.yml", "compose.yaml", "docker-compose.yml", "docker-compose.yaml"];
    let source = project.sources.file(site.file);
    site.kind == SiteKind::Compose
        && !BASES.contains(&source.name())
        && project
            .sources
            .files()
            .any(|(_, other)| BASES.contains(&other.name()) && other.directory() == source.directory())
}

/// Whether JavaScript, which is not read, may take the variables of a file: a package of it holds the file.
fn is_beside_javascript(project: &Project, file: FileId) -> bool {
    let path = &project.sources.file(file).path;
    project.sources.files().any(|(_, source)| {
        source.name() == "package.json" && source.role != Role::Vendored && paths::is_within(path, source.directory())
    })
}

/// Whether JavaScript stands somewhere below the directory of a file.
fn is_above_javascript(project: &Project, file: FileId) -> bool {
    let directory = project.sources.file(file).directory();
    project.sources.files().any(|(_, source)| {
        source.name() == "package.json" && source.role != Role::Vendored && paths::is_within(&source.path, directory)
    })
}

fn report_missing(project: &Project, site: &Site, needs: &[&Reader], findings: &mut Findings) {
    let mut names: Vec<String> = needs.iter().filter_map(|need| need.names.first().cloned()).collect();
    names.sort();
    names.dedup();
    let finding = findings.report(anchor(site), missing_message(&place(project, site), &names));
    finding.subject(names.join(" "));
    if site.kind != SiteKind::EnvironmentFile {
        finding.confidence(Confidence::Medium);
    }
    for need in needs {
        finding.related(need.span, format!("`{}` is required here", need.names.first().map_or("", String::as_str)));
    }
}

fn report_unread(project: &Project, file: FileId, definitions: &[&Definition], findings: &mut Findings) {
    let Some(first) = definitions.first() else { return };
    findings.examined(1);
    let mut names: Vec<String> = definitions.iter().map(|definition| definition.name.clone()).collect();
    names.sort();
    names.dedup();
    let place = format!("`{}`", project.sources.file(file).path);
    let finding = findings.report(first.span, unread_message(&place, &names));
    finding.subject(names.join(" ")).severity(Severity::Low).confidence(Confidence::Medium);
    if is_above_javascript(project, file) {
        finding.confidence(Confidence::Low);
    }
    for definition in definitions.iter().skip(1) {
        finding.related(definition.span, format!("nothing reads `{}`", definition.name));
    }
}

/// Where names would be added: the last one there is.
fn anchor(site: &Site) -> Span {
    site.definitions.last().map_or(site.span, |definition| definition.span)
}

fn place(project: &Project, site: &Site) -> String {
    let path = &project.sources.file(site.file).path;
    match &site.name {
        Some(name) => format!("the service `{name}` of `{path}`"),
        None => format!("`{path}`"),
    }
}
