//! The check `committed-env-file`.

use pyaudit_check::project::environment::{EnvironmentFile, EnvironmentFileKind, Variable};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, Span, Tracking, check};

check! {
    /// ## What it does
    /// Finds files of environment variables (`.env`, `.env.production`, `prod.env`) that git tracks and that hold values,
    /// whether ignore rules name them or not. Critical when a variable that names a secret, or a URL with a password, has
    /// a value; medium when all secrets are placeholders such as `changethis`; low when nothing in the file is a secret,
    /// and for files that tests load (`.env.test`). Values are never shown.
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
    /// placeholders for everything are silent, and so are those of tests, examples and scripts whose secrets are words and
    /// not random. Outside git a file that no ignore rule covers is reported with low confidence.
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

fn message(path: &str, tracked: bool, values: &[&Variable], secrets: &[&Variable]) -> String {
    let state = if tracked { "is committed" } else { "is not ignored" };
    let noun = if values.len() == 1 { "value" } else { "values" };
    let mut names: Vec<String> = secrets.iter().take(3).map(|secret| format!("`{}`", secret.name)).collect();
    if secrets.len() > 3 {
        names.push(format!("{} more secrets", secrets.len() - 3));
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
        let tracked = source.tracking == Tracking::Tracked;
        // The file as a whole: a frame around a line would show the value in it.
        let finding = findings.report(Span::file(file.file), message(&source.path, tracked, &values, &secrets));
        finding.subject(&source.path).severity(severity);
        finding
            .help("stop tracking the file, ignore it, commit an example without values, and replace the secrets in it");
        if !tracked {
            finding.confidence(Confidence::Low);
        }
    }
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
    let real = secrets.iter().any(|secret| !secret.is_placeholder());
    Some(if real { Severity::Critical } else { Severity::Medium })
}
