use pyaudit_check::project::{HeldSecret, PastSecret};
use pyaudit_check::{FileId, Findings, Project, Span, check};

check! {
    /// ## What it does
    /// Finds secrets in files that were committed once and are no longer tracked: environment files with values that look
    /// made for use, private keys without a passphrase (`*.pem`, `*.key`, `id_rsa`), keys of service accounts and secrets
    /// of OAuth clients (`credentials.json`, `client_secret*.json`). One finding a path, with the newest commit that holds
    /// it. Values are never shown.
    ///
    /// ## Why it matters
    /// Deleting a file, or adding it to `.gitignore`, takes nothing out of the commits before: every clone has it, and
    /// `git show` prints it.
    ///
    /// ## How to fix
    /// Replace each secret at its source first; only that helps those who cloned already. Then, if it is worth the
    /// trouble, take the file out of all commits with `git filter-repo`.
    ///
    /// ## Limits
    /// The newest 30,000 commits behind `HEAD` are walked; shallow clones, those that borrow objects from another repository,
    /// and files that a partial clone left out say nothing. Only files of these names are opened, not all that was ever
    /// committed, and secrets that were taken out of a file which is still tracked are not seen. Templates, paths that
    /// say `test`, `example`, `dev` or `local`, placeholders, and values that a tracked environment file still holds
    /// (`committed-env-file` tells those) are silent. Whether a key was replaced since cannot be known.
    id: "secret-in-history",
    summary: "an earlier commit holds a file with secrets",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/removing-sensitive-data-from-a-repository",
        "https://cwe.mitre.org/data/definitions/540.html",
    ],
    run: Project(run),
}

/// How many secrets are named.
const NAMED: usize = 3;

fn message(past: &PastSecret) -> String {
    let commit: String = past.revision.chars().take(10).collect();
    format!("`{}` is deleted, but commit `{commit}` still holds {}", past.path, held(&past.secrets))
}

fn held(secrets: &[HeldSecret]) -> String {
    let names: Vec<String> = secrets.iter().take(NAMED).map(name).collect();
    match secrets.len().saturating_sub(NAMED) {
        0 => names.join(" and "),
        1 => format!("{} and 1 more secret", names.join(", ")),
        more => format!("{} and {more} more secrets", names.join(", ")),
    }
}

fn name(secret: &HeldSecret) -> String {
    match secret {
        HeldSecret::PrivateKey => "a private key".to_owned(),
        HeldSecret::ClientSecret => "the secret of an OAuth client".to_owned(),
        HeldSecret::Variable(name) => format!("`{name}`"),
    }
}

fn run(project: &Project, findings: &mut Findings) {
    findings.examined(project.sources.past_files().len());
    let Some(place) = place(project) else { return };
    for past in project.past_secrets() {
        let finding = findings.report(Span::file(place), message(&past));
        finding.subject(past.path);
        finding.help("replace these secrets at their source: whoever cloned the repository has them");
    }
}

/// Where a file that is gone is told: at the ignore rules, which should have kept it out, or else at the first file.
fn place(project: &Project) -> Option<FileId> {
    let first = || project.sources.files().next().map(|(file, _)| file);
    project.sources.ignore_files().first().copied().or_else(first)
}
