//! The check `committed-env-file`.

use pyaudit_check::project::environment::{EnvironmentFile, EnvironmentFileKind, Variable};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, Span, Tracking, check};

check! {
    /// ## What it does
    /// Finds files of environment variables (`.env`, `.env.production`, `prod.env`) that git tracks and that hold values,
    /// whether ignore rules name them or not. Critical when a variable that names a secret, or a URL with a password, has
    /// a value; high when a `!` rule of a `.gitignore` lets the file in on purpose; medium when all secrets are
    /// placeholders such as `changethis`, or words such as `postgres` beside local hosts alone; low when nothing in the
    /// file is a secret, and for files that tests load (`.env.test`). Values are never shown.
    ///
    /// ## Why it matters
    /// Whoever can read the repository, now or at any later time, has the credentials: they stay in history when the file
    /// is deleted. A file without secrets today is where tomorrow's secret is put.
    ///
    /// ## How to fix
    /// `git rm --cached` the file, ignore it, commit a `.env.example` with names alone, and replace every secret that was
    /// in it at its source. Purging history does not make a secret secret again.
    ///
    /// ## Limits
    /// Files that are named as templates (`.env.example`, `.sample`, `.template`, `.dist`), that are empty, or that hold
    /// placeholders for everything are silent. A URL whose password is a variable (`postgresql://u:${PASSWORD}@db/x`) is no
    /// secret of its own. A file let in by a `!` rule is high at most, and one that holds only values for local development
    /// (words as passwords, no host that others reach) is medium. Files of tests, examples and scripts whose secrets are
    /// words and not random are silent as well. Outside git a file that no ignore rule covers is reported with low confidence.
    /// A file that could not be read is not judged. Encrypted files (`.env.enc`, `sops`) are left alone by name.
    id: "committed-env-file",
    summary: "a file of environment variables is committed with its values",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Critical,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://12factor.net/config",
        "https://cwe.mitre.org/data/definitions/540.html",
        "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/removing-sensitive-data-from-a-repository",
    ],
    run: Project(run),
}

/// The values that count as secrets in the message: those that stand in for one only where there is no other.
fn named<'a>(secrets: &[&'a Variable]) -> Vec<&'a Variable> {
    let own: Vec<&Variable> = secrets.iter().copied().filter(|secret| !stands_in(secret)).collect();
    if own.is_empty() { secrets.to_vec() } else { own }
}

fn stands_in(secret: &Variable) -> bool {
    secret.is_placeholder() || secret.is_weak()
}

fn message(path: &str, tracked: bool, values: &[&Variable], secrets: &[&Variable]) -> String {
    let state = if tracked { "is committed" } else { "is not ignored" };
    let noun = if values.len() == 1 { "value" } else { "values" };
    let mut names: Vec<String> = secrets.iter().take(3).map(|secret| format!("`{}`", secret.name)).collect();
    if secrets.len() > 3 {
        let more = secrets.len() - 3;
        names.push(format!("{more} more {}", if more == 1 { "secret" } else { "secrets" }));
    }
    let among = if names.is_empty() { String::new() } else { format!(", among them {}", names.join(", ")) };
    format!("`{path}` {state} with {} {noun}{among}", values.len())
}

fn run(project: &Project, findings: &mut Findings) {
    for file in &project.environment_files.files {
        let source = project.sources.file(file.file);
        let Some(variables) = &file.variables else { continue };
        if file.kind == EnvironmentFileKind::Template || source.tracking == Tracking::Untracked {
            continue;
        }
        findings.examined(1);
        let values: Vec<&Variable> = variables.iter().filter(|variable| !variable.value.trim().is_empty()).collect();
        let secrets: Vec<&Variable> = values.iter().copied().filter(|variable| variable.is_secret()).collect();
        let Some(severity) = severity(file, source.role, &values, &secrets) else { continue };
        let wanted = severity == Severity::Critical && is_let_in(project, &source.path);
        let severity = if wanted { Severity::High } else { severity };
        let tracked = source.tracking == Tracking::Tracked;
        // The file as a whole: a frame around a line would show the value in it.
        let finding = findings.report(Span::file(file.file), message(&source.path, tracked, &values, &named(&secrets)));
        finding.subject(&source.path).severity(severity);
        let is_test = file.kind == EnvironmentFileKind::Test;
        let replace = secrets.iter().any(|secret| !stands_in(secret) && (secret.is_random() || !is_test));
        finding.help(help(tracked, replace));
        if !tracked {
            finding.confidence(Confidence::Low);
        }
    }
}

/// What to do: only secrets that are not placeholders have a source at which they can be replaced.
fn help(tracked: bool, replace: bool) -> &'static str {
    match (tracked, replace) {
        (true, true) => {
            "stop tracking the file, ignore it, commit an example without values, and replace the secrets in it"
        }
        (true, false) => "stop tracking the file, ignore it, and commit an example without values",
        (false, _) => "ignore the file, and commit an example without values",
    }
}

/// Whether a `.gitignore` takes the file back from other rules on purpose: `!.env`, `!/deploy/.env`.
fn is_let_in(project: &Project, path: &str) -> bool {
    let rules = project.sources.ignore_files().iter().filter_map(|&rules| {
        let below = match project.sources.file(rules).directory() {
            "" => Some(path),
            directory => path.strip_prefix(directory)?.strip_prefix('/'),
        };
        Some((below?, project.sources.text(rules)?))
    });
    let mut rules = rules.flat_map(|(below, text)| text.lines().map(move |line| (below, line.trim_end())));
    let takes_back = |(below, line): (&str, &str)| {
        let name = below.rsplit('/').next().unwrap_or(below);
        let pattern = line.strip_prefix('!').map(|rule| rule.trim_start_matches("**/"));
        pattern.is_some_and(|pattern| pattern == name || pattern.trim_start_matches('/') == below)
    };
    rules.any(takes_back) && !project.sources.is_ignored(path)
}

/// How bad it is that these values are committed; `None` where there is nothing to lose.
fn severity(file: &EnvironmentFile, role: Role, values: &[&Variable], secrets: &[&Variable]) -> Option<Severity> {
    if values.iter().all(|variable| variable.is_placeholder()) {
        return None;
    }
    let real = |secret: &&Variable| secret.is_random() && !secret.is_placeholder();
    if matches!(role, Role::Test | Role::Example | Role::Script) {
        return secrets.iter().any(real).then_some(Severity::High);
    }
    if file.kind == EnvironmentFileKind::Test || secrets.is_empty() {
        return Some(Severity::Low);
    }
    let local = || !values.iter().any(|variable| variable.is_remote() && !variable.is_placeholder());
    let harmless = |secret: &&Variable| secret.is_placeholder() || (secret.is_weak() && local());
    Some(if secrets.iter().all(harmless) { Severity::Medium } else { Severity::Critical })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyaudit_check::{FileId, Range};

    fn judged(text: &[(&str, &str)]) -> Option<Severity> {
        let variable = |&(name, value): &(&str, &str)| Variable {
            name: name.to_owned(),
            name_range: Range::default(),
            value: value.to_owned(),
            value_range: Range::default(),
        };
        let variables: Vec<Variable> = text.iter().map(variable).collect();
        let values: Vec<&Variable> = variables.iter().collect();
        let secrets: Vec<&Variable> = values.iter().copied().filter(|variable| variable.is_secret()).collect();
        let file = EnvironmentFile { file: FileId(0), kind: EnvironmentFileKind::Real, variables: None };
        severity(&file, Role::Application, &values, &secrets)
    }

    #[test]
    fn the_severity_follows_the_worst_secret() {
        assert_eq!(judged(&[("SECRET_KEY", "0f3c9d1e7b"), ("PORT", "80")]), Some(Severity::Critical));
        assert_eq!(
            judged(&[("PORT", "80"), ("P_PASSWORD", "changethis"), ("DB", "postgresql://p:${P_PASSWORD}@db/app")]),
            Some(Severity::Medium)
        );
        assert_eq!(judged(&[("DB_PASSWORD", "postgres"), ("DB_HOST", "localhost")]), Some(Severity::Medium));
        assert_eq!(judged(&[("DB_PASSWORD", "postgres"), ("DB_HOST", "db.acme.io")]), Some(Severity::Critical));
        assert_eq!(judged(&[("PORT", "80")]), Some(Severity::Low));
    }
}
