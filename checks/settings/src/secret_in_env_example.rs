use pyaudit_check::project::environment::{EnvironmentFileKind, Variable};
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
    maturity: Stable,
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

/// Whether a variable is a secret whose value somebody made for use.
fn is_real(variable: &Variable) -> bool {
    if !variable.is_secret() || variable.is_placeholder() || variable.is_weak() || repeats(&variable.value) {
        return false;
    }
    if variable.has_credentials() {
        let password = password_of(&variable.value);
        return variable.is_remote() && is_mixed(password) && password.len() >= 8;
    }
    let is_address = variable.value.contains("://") || variable.value.contains('@');
    variable.is_random() && !is_address && !names_something_else(&variable.name) && entropy(&variable.value) > 3.0
}

/// Words of names of things that look like keys and are none.
fn names_something_else(name: &str) -> bool {
    const OTHERS: &[&str] = &[
        "id",
        "name",
        "path",
        "file",
        "url",
        "host",
        "expire",
        "algorithm",
        "public",
        "template",
        "header",
        "model",
        "prefix",
        "email",
        "price",
    ];
    let lower = name.to_ascii_lowercase();
    lower.split('_').any(|word| OTHERS.contains(&word))
}

/// What stands between the user and the host of a URL.
fn password_of(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    let user = after.rsplit_once('@').map_or("", |(user, _)| user);
    user.split_once(':').map_or("", |(_, password)| password)
}

fn is_mixed(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit()) && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether a value only repeats or counts: `1234567890abcdef`, `0123456789abcdef`, `aaaa`.
fn repeats(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    ["1234567", "abcdef", "abc123", "0000", "xxxx", "aaaa"].iter().any(|run| lower.contains(run))
}

/// How many bits a character of a text says, by how often each character stands in it.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "the length of a line is far below 2^52")]
    let length = text.len().max(1) as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) / length)
        .map(|share| -share * share.log2())
        .sum()
}
