use pyaudit_check::project::settings::{Fallback, Refused};
use pyaudit_check::{Findings, Project, Span, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds settings and reads of the environment whose default is an address on the machine itself: `http://localhost:3000`,
    /// `redis://127.0.0.1:6379`, a `DB_HOST` of `localhost`. One finding an application, with every such default.
    ///
    /// ## Why it matters
    /// A deployment that forgets the variable starts, and then sends its users to `localhost`, or waits for a database that
    /// is not there: the mistake shows as broken links and time-outs, and not as a missing setting.
    ///
    /// ## How to fix
    /// Leave the default out, or refuse it in production by a validator; put the address for development into `.env`.
    ///
    /// ## Limits
    /// Defaults that something refuses outside development, or may refuse, are silent, and so are lists (of allowed
    /// origins), addresses to listen on (`HOST`, `BIND_ADDRESS`), classes and branches for development. An address with
    /// a password in it belongs to `insecure-setting-default` alone. Tests, scripts and examples are not examined.
    id: "localhost-setting-default",
    summary: "a setting points at localhost unless somebody sets it",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://12factor.net/backing-services"],
    run: Project(run),
}

/// Hosts that are the machine itself.
const LOCAL: &[&str] = &["localhost", "127.0.0.1", "host.docker.internal", "[::1]"];

/// Words of names of addresses that a server listens on.
const LISTENING: &[&str] = &[
    "bind", "listen", "server", "uvicorn", "app", "api", "gunicorn", "metrics", "allowed", "cors", "origins", "trusted",
];

fn message(names: &[&str]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    let (point, them) = if names.len() == 1 { ("points", "it") } else { ("point", "them") };
    let shown = shown.join(", ");
    format!("{shown}{more} {point} at this machine unless somebody sets {them}, and nothing refuses that in production")
}

fn run(project: &Project, findings: &mut Findings) {
    let fallbacks = project.fallbacks();
    let secrets: BTreeSet<Span> = project.secret_defaults().iter().map(|secret| secret.fallback.span).collect();
    let mut applications: BTreeMap<&str, Vec<(&str, Span, bool)>> = BTreeMap::new();
    for fallback in fallbacks.iter().filter(|fallback| is_address(fallback)) {
        findings.examined(1);
        let is_open = !fallback.is_for_development() && fallback.refused(project) == Refused::No;
        if is_open && is_local(fallback) && !secrets.contains(&fallback.span) {
            let root = project.modules.root_of(&project.sources.file(fallback.span.file).path);
            applications.entry(root).or_default().push((fallback.name, fallback.span, fallback.field.is_none()));
        }
    }
    for (root, mut places) in applications {
        // The class of settings comes first.
        places.sort_by_key(|&(_, span, is_read)| (is_read, span));
        let mut names: Vec<&str> = Vec::new();
        for (name, ..) in &places {
            if !names.contains(name) {
                names.push(name);
            }
        }
        let Some((&(_, first, _), others)) = places.split_first() else { continue };
        let finding = findings.report(first, message(&names));
        finding.subject(root).secret();
        for (name, span, _) in others {
            finding.related(*span, format!("`{name}` too"));
        }
    }
}

/// Whether a default is an address of something that the application calls.
fn is_address(fallback: &Fallback<'_>) -> bool {
    let lower = fallback.name.to_ascii_lowercase();
    let is_test = lower.split(['_', '.']).any(|word| word == "test");
    !is_test && (fallback.value.as_str().is_some_and(|text| text.contains("://")) || names_host(fallback.name))
}

/// Whether a name is that of the host of a service, and not of an address to listen on.
fn names_host(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(['_', '.']).collect();
    words.len() > 1
        && words.iter().any(|word| matches!(*word, "host" | "hostname"))
        && !words.iter().any(|word| LISTENING.contains(word))
}

fn is_local(fallback: &Fallback<'_>) -> bool {
    let Some(text) = fallback.value.as_str() else { return false };
    let after = text.split_once("://").map_or(text, |(_, rest)| rest);
    // A list of addresses in one text names origins.
    let host = after.split(['/', '?']).next().unwrap_or(after);
    let host = host.rsplit('@').next().unwrap_or(host);
    let name = if host.starts_with('[') { host } else { host.split(':').next().unwrap_or(host) };
    let lower = fallback.name.to_ascii_lowercase();
    let is_origin =
        lower.split(['_', '.']).any(|word| matches!(word, "cors" | "origins" | "origin" | "bind" | "listen"));
    LOCAL.contains(&name) && !text.contains(',') && !is_origin
}
