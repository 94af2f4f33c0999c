use pyaudit_check::project::environment::{EnvironmentFileKind, Variable, is_known_key};
use pyaudit_check::{Findings, Project, Role, Span, Tracking, check, mask};

check! {
    /// ## What it does
    /// Finds templates of environment files (`.env.example`, `.env.sample`, `.env.template`) in which a secret has a value
    /// that looks made by a machine: a key with letters and digits, an address with such a password. One finding a file.
    /// Values are never shown.
    ///
    /// ## Why it matters
    /// The template is committed on purpose and copied by everybody. A real key in it is published; a signing key in it is
    /// the one that half of all deployments run with, because it works.
    ///
    /// ## How to fix
    /// Replace the value by an empty one or a placeholder, and the secret at its source; say beside it how to make one:
    /// `# openssl rand -hex 32`.
    ///
    /// ## Limits
    /// Placeholders (`changeme`, `your-key`, `sk-xxxx`), words such as `postgres`, credentials for `localhost`, and values that
    /// repeat or count are silent. Whether a key is still valid is not asked. Files that tests use and vendored ones are not examined.
    id: "secret-in-env-example",
    summary: "a template of an environment file holds a real secret",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://cwe.mitre.org/data/definitions/540.html",
        "https://cwe.mitre.org/data/definitions/798.html",
    ],
    run: Project(run),
}

fn message(path: &str, secrets: &[&Variable]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> =
        secrets.iter().take(SHOWN).map(|secret| format!("`{}` (`{}`)", secret.name, mask(&secret.value))).collect();
    let more = if secrets.len() > SHOWN { format!(" and {} more", secrets.len() - SHOWN) } else { String::new() };
    let (looks, noun) = if secrets.len() == 1 { ("looks", "a real secret") } else { ("look", "real secrets") };
    format!("{}{more} in `{path}` {looks} like {noun}, and everybody who copies the file has them", shown.join(", "))
}

fn run(project: &Project, findings: &mut Findings) {
    for file in &project.environment_files.files {
        let source = project.sources.file(file.file);
        let is_examined = file.kind == EnvironmentFileKind::Template && source.tracking != Tracking::Untracked;
        let Some(variables) = file.variables.as_ref().filter(|_| is_examined && source.role != Role::Test) else {
            continue;
        };
        findings.examined(1);
        let secrets: Vec<&Variable> = variables.iter().filter(|variable| is_real(variable)).collect();
        let Some((first, others)) = secrets.split_first() else { continue };
        let at = Span::new(file.file, first.name_range);
        let finding = findings.report(at, message(&source.path, &secrets));
        finding.subject(&source.path).secret();
        for secret in others {
            finding.related(Span::new(file.file, secret.name_range), format!("`{}` too", secret.name));
        }
    }
}

/// Whether a variable holds a secret that works; what front ends are built with is none.
fn is_real(variable: &Variable) -> bool {
    let is_public = variable.name.to_ascii_lowercase().split('_').any(|word| matches!(word, "public" | "publishable"));
    variable.looks_real() || (is_known_key(&variable.value) && !is_public)
}
