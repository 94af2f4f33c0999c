//! Secrets that the source gives a value where the environment gives none.

use super::Fallback;
use crate::environment::Variable;
use crate::{Project, names_secret};

/// A secret with a usable value in the source.
#[derive(Debug, Clone)]
pub struct SecretDefault<'p> {
    /// Where it stands, and what would replace it.
    pub fallback: Fallback<'p>,
    /// What it opens.
    pub kind: SecretKind,
    /// The value, which no message shows.
    pub text: String,
}

/// What a secret opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretKind {
    /// The application itself: it signs tokens and sessions, or is asked of callers. Any value works, so a word does.
    Own,
    /// A database or queue beside the application, with a word that everybody tries first.
    Infrastructure,
    /// Something with a value that looks real.
    Real,
}

/// Words beside `key` and `token` that say that the application made it up itself.
const OWN_WORDS: &[&str] = &[
    "access",
    "admin",
    "api",
    "apikey",
    "app",
    "application",
    "auth",
    "authentication",
    "backend",
    "bearer",
    "config",
    "cookie",
    "cron",
    "csrf",
    "dashboard",
    "default",
    "encryption",
    "fernet",
    "first",
    "flask",
    "fastapi",
    "hash",
    "internal",
    "jwt",
    "login",
    "key",
    "master",
    "my",
    "passwd",
    "password",
    "pepper",
    "private",
    "refresh",
    "reset",
    "root",
    "salt",
    "secret",
    "security",
    "server",
    "service",
    "session",
    "sign",
    "signing",
    "static",
    "super",
    "superuser",
    "superadmin",
    "system",
    "token",
    "user",
    "verification",
];

/// Words that name a service beside the application.
const INFRASTRUCTURE_WORDS: &[&str] = &[
    "amqp",
    "broker",
    "cache",
    "clickhouse",
    "database",
    "db",
    "elastic",
    "elasticsearch",
    "mariadb",
    "minio",
    "mongo",
    "mongodb",
    "mysql",
    "neo4j",
    "pg",
    "postgres",
    "postgresql",
    "rabbitmq",
    "redis",
    "s3",
    "sql",
];

/// Words of a name that say that it is about a secret, and is none.
const ABOUT_WORDS: &[&str] = &[
    "alg",
    "backend",
    "bucket",
    "class",
    "column",
    "context",
    "cookie",
    "dir",
    "directory",
    "encoding",
    "endpoint",
    "env",
    "environ",
    "expiration",
    "format",
    "grant",
    "hint",
    "hours",
    "label",
    "location",
    "mode",
    "model",
    "pattern",
    "placeholder",
    "regex",
    "scheme",
    "schemes",
    "scope",
    "scopes",
    "source",
    "strategy",
    "subject",
    "table",
    "template",
    "text",
    "validator",
    "var",
    "variable",
    "verb",
    "view",
];

/// Words that say so where a name ends with them: `SECRET_METADATA_ROOT`, `TOKEN_TYPE`. Elsewhere they may say whose secret
/// it is (`ROOT_PASSWORD`).
const ABOUT_LAST: &[&str] = &[
    "category",
    "description",
    "error",
    "event",
    "field",
    "folder",
    "group",
    "kind",
    "manager",
    "marker",
    "message",
    "metadata",
    "namespace",
    "permission",
    "prefix",
    "resource",
    "role",
    "root",
    "section",
    "store",
    "suffix",
    "tag",
    "title",
    "topic",
    "type",
];

/// Words of names that hold what is shown in place of a secret.
const SHOWN_INSTEAD: &[&str] = &["mask", "masked", "preview", "redacted", "sentinel"];

/// Values that name something about a secret.
const ABOUT_VALUES: &[&str] = &[
    "bearer",
    "none",
    "null",
    "header",
    "cookie",
    "query",
    "basic",
    "token",
    "jwt",
    "hs256",
    "rs256",
    "bcrypt",
    "true",
    "false",
    "disabled",
    "not-needed",
    "not_needed",
    "no-key-required",
    "no-key",
    "empty",
    "n/a",
    "unset",
    "unused",
    "access_token",
    "refresh_token",
    "api_key",
    "authorization",
    "missing",
    "not-set",
    "not_set",
    "unknown",
    "ollama",
];

/// What a value under a name opens, where it is a secret that works; `None` for everything else.
pub fn secret_kind(name: &str, value: &str) -> Option<SecretKind> {
    let (lower, text) = (name.to_ascii_lowercase(), value.trim());
    let words: Vec<&str> = lower.split(['_', '-', '.']).collect();
    let given = Variable::named(name, text);
    if words.contains(&"test") || words.contains(&"tests") {
        return None;
    }
    if text.contains("://") {
        let local = given.is_placeholder() || given.is_weak() || !given.is_remote();
        let kind = if local { SecretKind::Infrastructure } else { SecretKind::Real };
        return given.has_credentials().then_some(kind);
    }
    let is_of_service = words.iter().any(|word| INFRASTRUCTURE_WORDS.contains(word)) && words.last() == Some(&"pass");
    let is_about_one = words.iter().any(|word| ABOUT_WORDS.contains(word) || SHOWN_INSTEAD.contains(word))
        || words.last().is_some_and(|last| ABOUT_LAST.contains(last));
    if !(names_secret(name) || is_of_service) || is_about_one || is_about(text) {
        return None;
    }
    let is = |known: &[&str]| words.iter().any(|word| known.contains(word));
    let signs = lower.contains("secret_key") || lower.contains("jwt") || lower.contains("session_secret");
    let is_vendor = lower.contains("client_secret") || is(&["aws", "google", "github", "stripe", "smtp", "mail"]);
    let is_service = is(INFRASTRUCTURE_WORDS) && is(&["password", "passwd", "pwd", "pass", "credentials"]);
    if words == ["key"] || words == ["token"] {
        return given.is_random().then_some(SecretKind::Real);
    }
    if given.is_random() && !given.is_placeholder() {
        return Some(SecretKind::Real);
    }
    if is_service || words == ["minio", "secret", "key"] {
        return Some(SecretKind::Infrastructure);
    }
    // The first word may be the name of the project itself.
    let own = |words: &[&str]| words.iter().all(|word| OWN_WORDS.contains(word));
    let is_of_project = words.len() > 2 && own(&words[1..]) && is(&["encryption", "signing", "session", "master"]);
    let is_own = !is_vendor && (signs || is(&["secret"]) || own(&words) || is_of_project);
    is_own.then_some(SecretKind::Own)
}

/// Whether a value names something about a secret: a scheme, a path, another variable, a place to look it up.
fn is_about(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_reference = text.starts_with(['$', '{', '<', '/', '.', '%']);
    let is_file = [".json", ".pem", ".key", ".txt", ".crt", ".db"].iter().any(|end| lower.ends_with(end));
    let is_constant = text.contains('_')
        && text.len() < 40
        && !["CHANGE", "YOUR", "SECRET", "DEFAULT"].iter().any(|start| text.starts_with(start))
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit());
    // `********` is what people see in place of one.
    // Keys that are made to be published: PostHog's of a project, Stripe's of a front end.
    let is_public = ["phc_", "pk_live_", "pk_test_"].iter().any(|start| text.starts_with(start));
    let is_mask = !text.bytes().any(|byte| byte.is_ascii_alphanumeric());
    is_public || is_mask || is_reference || is_file || is_constant || ABOUT_VALUES.contains(&lower.as_str())
}

impl Project {
    /// The secrets that have a usable value in the source where the environment gives none, those for development alone
    /// and those that are certainly refused included. In the order of their places.
    pub fn secret_defaults(&self) -> Vec<SecretDefault<'_>> {
        let found = self.fallbacks().into_iter().filter_map(|fallback| {
            let text = fallback.value.as_str()?.to_owned();
            let kind = secret_kind(fallback.name, &text)?;
            Some(SecretDefault { fallback, kind, text })
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_a_value_opens() {
        for (name, value, kind) in [
            ("SECRET_KEY", "your-secret-key-change-in-production", Some(SecretKind::Own)),
            ("BBH_SECRET_KEY", "CHANGE_ME_FOR_PRODUCTION", Some(SecretKind::Own)),
            ("ADMIN_TOKEN", "dev", Some(SecretKind::Own)),
            ("CONFIG_PASSWORD", "a", Some(SecretKind::Own)),
            ("db_pass", "shop", Some(SecretKind::Infrastructure)),
            ("rows_pass", "first", None),
            ("SHOP_ENCRYPTION_KEY", "a-key-of-ours", Some(SecretKind::Own)),
            ("OPENAI_API_KEY", "a-key-of-ours", None),
            ("POSTGRES_PWD", "postgres", Some(SecretKind::Infrastructure)),
            ("FIRST_SUPERUSER_PASSWORD", "changethis", Some(SecretKind::Own)),
            ("POSTGRES_PASSWORD", "postgres", Some(SecretKind::Infrastructure)),
            ("DATABASE_URL", "postgresql://app:hunter2@db.acme.io/app", Some(SecretKind::Real)),
            ("DATABASE_URL", "postgresql://postgres:postgres@localhost/app", Some(SecretKind::Infrastructure)),
            ("OPENAI_API_KEY", "sk-0f3c9d1e7b55aa0f3c9d1e22", Some(SecretKind::Real)),
            ("DATABASE_URL", "postgresql://localhost/app", None),
            ("OPENAI_API_KEY", "your-openai-key", None),
            ("GOOGLE_CLIENT_SECRET", "changeme", None),
            ("ACCESS_TOKEN_COOKIE_NAME", "access", None),
            ("REPORT_SIGNING_SECRET_NAME", "report-signing-key", None),
            ("TOKEN_URL", "/token", None),
            ("API_KEY_ENV", "OPENAI_API_KEY", None),
            ("SECRET_KEY", "", None),
            ("TEST_DB_URL", "postgresql://u:p@localhost/test", None),
            ("CACHE_KEY", "users", None),
            ("SECRET_METADATA_ROOT", "secret_metadata", None),
            ("REDACTED_SECRET", "hidden", None),
            ("POSTHOG_API_KEY", "phc_0f3c9d1e7b55aa0f3c9d1e22", None),
            ("SESSION_SECRET", "********", None),
            ("ROOT_SECRET", "hunter2", Some(SecretKind::Own)),
            ("SSH_KEY_PATH", "/etc/key", None),
        ] {
            assert_eq!(secret_kind(name, value), kind, "{name}={value}");
        }
    }
}
