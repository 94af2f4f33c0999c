//! The check `env-not-ignored`.

use pyaudit_check::{Confidence, Findings, Project, Span, Tracking, check};

check! {
    /// ## What it does
    /// Finds repositories that load a `.env` file while no ignore rule covers it. That a file is loaded is known from the
    /// code (a string such as `".env"` given to pydantic settings, python-dotenv, decouple or environs), from a compose
    /// file (`env_file: .env`), or from a template beside it (`.env.example`). One finding for the repository. It says so when
    /// the file is committed already.
    ///
    /// ## Why it matters
    /// The file holds the credentials of whoever runs the code. Without a rule the next `git add .` commits them.
    ///
    /// ## How to fix
    /// Add a line `.env` to the `.gitignore` in the root, and `!.env.example` if a broader pattern such as `.env*` is used.
    ///
    /// ## Limits
    /// Only rules of the repository count, not those of a user or a machine. A path in code counts from an unknown
    /// directory, so a rule for the file in any directory between the code and the root is enough. Outside git the
    /// confidence is low.
    id: "env-not-ignored",
    summary: "the repository loads a `.env` file that no ignore rule covers",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://git-scm.com/docs/gitignore", "https://12factor.net/config"],
    run: Project(run),
}

fn message(name: &str, committed: Option<&str>) -> String {
    match committed {
        Some(path) => format!("`{name}` is loaded and no ignore rule covers it: `{path}` is committed already"),
        None => format!("`{name}` is loaded, and no ignore rule keeps it out of git"),
    }
}

fn run(project: &Project, findings: &mut Findings) {
    let users: Vec<_> = project.environment_files.loads.iter().collect();
    findings.examined(users.len());
    let unprotected = users.iter().find(|load| !load.candidates.iter().any(|path| project.sources.is_ignored(path)));
    let Some(load) = unprotected else { return };
    let is_tracked = |path: &&String| project.sources.tracking(path) == Tracking::Tracked;
    let committed = load.candidates.iter().find(is_tracked).map(String::as_str);
    let rules = project.sources.ignore_files().first().copied();
    let finding = findings.report(rules.map_or(load.span, Span::file), message(&load.name, committed));
    let also =
        committed.map(|path| format!(", and stop tracking it with `git rm --cached {path}`")).unwrap_or_default();
    finding.subject(&load.name).help(format!("add a line `{}` to `.gitignore`{also}", load.name));
    if rules.is_some() {
        finding.related(load.span, load.how);
    }
    if project.sources.file(load.span.file).tracking == Tracking::Unknown {
        finding.confidence(Confidence::Low);
    }
}
