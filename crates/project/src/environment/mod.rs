//! Files of environment variables: what they set, and whether they are the real thing or a template.

mod loads;
mod real_secrets;

pub use loads::Load;
pub use real_secrets::is_known_key;

use crate::{Data, Files};
use pyaudit_data::Value;
use pyaudit_source::{FileId, Range, Role, Sources};

/// Every file of environment variables in the repository, in the order of their paths.
#[derive(Debug, Default)]
pub struct EnvironmentFiles {
    /// The files.
    pub files: Vec<EnvironmentFile>,
    /// Who loads a `.env` file.
    pub loads: Vec<Load>,
}

/// One file of environment variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentFile {
    /// The file.
    pub file: FileId,
    /// What its name says it is.
    pub kind: EnvironmentFileKind,
    /// The variables, in order of the source; `None` where the file could not be read.
    pub variables: Option<Vec<Variable>>,
}

/// What the name of an environment file says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EnvironmentFileKind {
    /// It is loaded: `.env`, `.env.production`, `prod.env`.
    Real,
    /// It is loaded by the tests: `.env.test`, `.env.ci`.
    Test,
    /// It is copied and filled in: `.env.example`, `.env.sample`, `template.env`.
    Template,
}

/// One variable of an environment file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub name_range: Range,
    /// Its value, quotes removed; empty where it has none.
    pub value: String,
    /// Where the value stands.
    pub value_range: Range,
}

/// Parts of a name that make a file a template.
const TEMPLATE: &[&str] = &[
    "example",
    "examples",
    "sample",
    "template",
    "tmpl",
    "tpl",
    "dist",
    "default",
    "defaults",
    "skel",
    "skeleton",
    "schema",
    "blank",
    "placeholder",
    "reference",
    "docs",
];

/// Parts of a name that make a file one for tests.
const TEST: &[&str] = &["test", "testing", "tests", "ci", "pytest", "e2e"];

/// Parts of a variable's name that make its value a secret.
const SECRET_WORDS: &[&str] = &[
    "secret",
    "secrets",
    "password",
    "passwd",
    "pass",
    "pwd",
    "token",
    "credential",
    "credentials",
    "apikey",
    "dsn",
    "salt",
    "pepper",
    "signature",
    "private",
];

/// Values, or parts of them, that somebody is meant to replace.
const PLACEHOLDER: &[&str] = &[
    "changeme",
    "change_me",
    "change-me",
    "change this",
    "changethis",
    "change_this",
    "change-this",
    "replace",
    "your_",
    "your-",
    "yourpassword",
    "yoursecret",
    "<",
    "xxx",
    "todo",
    "example",
    "placeholder",
    "dummy",
    "fill_me",
    "insert",
    "...",
    "***",
];

/// Words of passwords that only stand in for one.
const WEAK: &[&str] = &[
    "admin",
    "app",
    "change",
    "changeme",
    "changethis",
    "db",
    "default",
    "demo",
    "dev",
    "development",
    "dummy",
    "example",
    "fake",
    "for",
    "guest",
    "key",
    "local",
    "minio",
    "minioadmin",
    "me",
    "my",
    "mysql",
    "not",
    "pass",
    "password",
    "postgres",
    "redis",
    "root",
    "sample",
    "secret",
    "super",
    "supersecret",
    "test",
    "testing",
    "this",
    "token",
    "user",
];

impl EnvironmentFiles {
    /// Finds the environment files among all files that are not vendored.
    pub fn build(sources: &Sources, files: &Files) -> Self {
        let found = sources.files().filter(|(_, source)| source.role != Role::Vendored).filter_map(|(file, source)| {
            let kind = EnvironmentFileKind::of_name(source.name())?;
            let variables = match files.get(file) {
                Some(Data::Dotenv(table)) => Some(variables_of(table)),
                // An empty file was read, and sets nothing.
                _ => sources.text(file).is_some_and(|text| text.trim().is_empty()).then(Vec::new),
            };
            Some(EnvironmentFile { file, kind, variables })
        });
        let found: Vec<EnvironmentFile> = found.collect();
        let loads = loads::find(sources, files, &found);
        Self { files: found, loads }
    }
}

impl EnvironmentFileKind {
    /// The kind of environment file that a name means; `None` for any other file.
    pub fn of_name(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        let begins = lower == ".env" || [".env.", ".env-", ".env_"].iter().any(|prefix| lower.starts_with(prefix));
        let ends = lower.ends_with(".env");
        let is_code = [".py", ".sh", ".ts", ".js", ".md", ".enc", ".gpg", ".age", ".sops", ".j2", ".mako", ".d"];
        let named = begins || ends || matches!(lower.as_str(), "env.example" | "env.sample" | "env.template");
        if !named || is_code.iter().any(|suffix| lower.ends_with(suffix)) {
            return None;
        }
        let parts = || lower.split(['.', '-', '_']);
        if parts().any(|part| TEMPLATE.contains(&part)) {
            return Some(Self::Template);
        }
        Some(if parts().any(|part| TEST.contains(&part)) { Self::Test } else { Self::Real })
    }
}

impl Variable {
    /// A variable that stands in no file, so that its name and value can be asked about.
    pub fn named(name: &str, value: &str) -> Self {
        let (name_range, value_range) = (Range::default(), Range::default());
        Self { name: name.to_owned(), name_range, value: value.to_owned(), value_range }
    }

    /// Whether the value is a URL that carries a password of its own.
    pub fn has_credentials(&self) -> bool {
        has_credentials(self.value.trim())
    }

    /// Whether the name says that the value is a secret.
    pub fn is_secret(&self) -> bool {
        let lower = self.name.to_ascii_lowercase();
        let key = lower.ends_with("_key") || lower == "key" || lower.contains("_key_");
        let public = lower.contains("public") || lower.contains("publishable") || lower.ends_with("_token_url");
        (key || lower.split('_').any(|word| SECRET_WORDS.contains(&word)) || has_credentials(&self.value)) && !public
    }

    /// Whether the value looks made by a machine, as a real key is: long, with letters and digits, and no plain words.
    pub fn is_random(&self) -> bool {
        let value = self.value.trim();
        let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        let lower = value.to_ascii_lowercase();
        let says = ["test", "dummy", "secret", "password", "localhost", "fake"].iter().any(|word| lower.contains(word));
        value.len() >= 20 && letters >= 4 && digits >= 3 && !says && !value.contains([' ', '/'])
    }

    /// Whether the value is one that nobody guards: made of words such as `test`, `dummy` and `password` alone, or digits
    /// counted up from 1. Of a URL the password counts.
    pub fn is_weak(&self) -> bool {
        let lower = self.value.trim().to_ascii_lowercase();
        let said = url_password(&lower).unwrap_or(&lower);
        let mut words = said.split(|letter: char| !letter.is_ascii_alphabetic()).filter(|word| !word.is_empty());
        if said.len() >= 3 && "1234567890".starts_with(said) {
            return true;
        }
        let digits = said.bytes().filter(u8::is_ascii_digit).count();
        digits <= 4 && said.bytes().any(|byte| byte.is_ascii_alphabetic()) && words.all(|word| WEAK.contains(&word))
    }

    /// Whether its value is an address of this machine: `http://localhost:8000`, `127.0.0.1:9000`.
    pub fn is_on_this_machine(&self) -> bool {
        let value = self.value.trim();
        let host = authority(value).unwrap_or(value);
        let host = host.rsplit('@').next().unwrap_or(host).split(':').next().unwrap_or(host);
        matches!(host, "localhost" | "0.0.0.0") || host.starts_with("127.")
    }

    /// Whether the variable names a host of a network that others reach: by a URL, or by a name such as `DB_HOST`.
    pub fn is_remote(&self) -> bool {
        let value = self.value.trim();
        let host = match authority(value) {
            Some(authority) => Some(authority.rsplit('@').next().unwrap_or(authority)),
            None => {
                self.name.to_ascii_lowercase().split('_').any(|word| matches!(word, "host" | "server")).then_some(value)
            }
        };
        let host = host.map(|host| host.split(':').next().unwrap_or(host));
        host.is_some_and(|host| !is_local_host(host) && !host.contains(REFERENCE))
    }

    /// Whether the value stands for one that somebody fills in: empty, a reference to another variable, `changeme`.
    pub fn is_placeholder(&self) -> bool {
        let lower = self.value.trim().to_ascii_lowercase();
        lower.is_empty() || lower.starts_with('$') || PLACEHOLDER.iter().any(|mark| lower.contains(mark))
    }
}

/// The mark that stands for a reference to a variable once its name is taken out.
const REFERENCE: char = '$';

/// The value with every `$NAME` and `${NAME}` reduced to its dollar sign.
fn without_references(value: &str) -> String {
    let mut found = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once(REFERENCE) {
        found.push_str(before);
        found.push(REFERENCE);
        rest = match after.strip_prefix('{') {
            Some(braced) => braced.split_once('}').map_or("", |(_, after)| after),
            None => after.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric() || letter == '_'),
        };
    }
    found + rest
}

/// The part of a URL before its path: `user:password@host:80`.
fn authority(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    rest.split(['/', '?', '#']).next()
}

/// The password that a URL carries: `postgresql://user:password@host`.
fn url_password(value: &str) -> Option<&str> {
    let (user, _) = authority(value)?.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password).filter(|password| !password.is_empty())
}

/// Whether a URL carries a password of its own, and not one that another variable holds.
fn has_credentials(value: &str) -> bool {
    url_password(&without_references(value)).is_some_and(|password| password.contains(|each| each != REFERENCE))
}

/// Whether a host is the machine itself, or a name that only a network of containers knows: `localhost`, `db`.
fn is_local_host(host: &str) -> bool {
    let named = host.contains('.');
    let itself = ["127.", "0.0.0.0", "192.168.", "10."].iter().any(|start| host.starts_with(start));
    let reserved = [".local", ".localhost", ".internal", ".test"].iter().any(|end| host.ends_with(end));
    !named || itself || reserved
}

/// The variables of an environment file.
pub(crate) fn variables_of(table: &Value) -> Vec<Variable> {
    let entries = table.entries().iter();
    entries
        .map(|entry| Variable {
            name: entry.key.text.clone(),
            name_range: entry.key.range,
            value: entry.value.as_str().unwrap_or("").to_owned(),
            value_range: entry.value.range,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_a_template_from_the_real_thing() {
        use EnvironmentFileKind::{Real, Template, Test};
        for (name, kind) in [
            (".env", Some(Real)),
            (".env.production", Some(Real)),
            (".env.local", Some(Real)),
            ("prod.env", Some(Real)),
            (".env.server", Some(Real)),
            (".env.test", Some(Test)),
            (".env.testing", Some(Test)),
            (".env.example", Some(Template)),
            (".env.local.example", Some(Template)),
            (".env.r2.template", Some(Template)),
            (".env.dist", Some(Template)),
            ("template.env", Some(Template)),
            ("example.env", Some(Template)),
            (".env.prod.enc", None),
            ("env.py", None),
            (".environment", None),
            (".env.ts", None),
        ] {
            assert_eq!(EnvironmentFileKind::of_name(name), kind, "{name}");
        }
    }

    #[test]
    fn a_secret_is_known_by_its_name_or_by_a_password_in_a_url() {
        let variable = |name: &str, value: &str| Variable {
            name: name.to_owned(),
            name_range: Range::default(),
            value: value.to_owned(),
            value_range: Range::default(),
        };
        for (name, value) in
            [("SECRET_KEY", "a"), ("POSTGRES_PASSWORD", "a"), ("DB", "postgres://a:b@host/c"), ("OPENAI_API_KEY", "a")]
        {
            assert!(variable(name, value).is_secret(), "{name}");
        }
        for (name, value) in
            [("PORT", "80"), ("DOMAIN", "localhost"), ("STRIPE_PUBLISHABLE_KEY", "a"), ("URL", "https://a@b/c")]
        {
            assert!(!variable(name, value).is_secret(), "{name}");
        }
        for value in ["postgresql://u:${P}@db/x", "postgresql://${U:-a}:$P@db/x", "postgresql://u:@db/x"] {
            assert!(!variable("DB", value).is_secret(), "{value}");
        }
        for value in ["test", "dummy-key", "password123", "my_secret", "123456", "postgres://postgres:postgres@db/app"]
        {
            assert!(variable("A", value).is_weak(), "{value}");
        }
        for value in ["hunter2", "0f3c9d1e7b", "918273", "postgres://postgres:hunter2@db/app"] {
            assert!(!variable("A", value).is_weak(), "{value}");
        }
        for (name, value) in [("URL", "https://u:p@db.acme.io:5432/x"), ("DB_HOST", "db.acme.io")] {
            assert!(variable(name, value).is_remote(), "{value}");
        }
        for (name, value) in [("URL", "redis://localhost:6379"), ("DB_HOST", "db"), ("URL", "http://127.0.0.1")] {
            assert!(!variable(name, value).is_remote(), "{value}");
        }
        assert!(variable("A", "changethis").is_placeholder() && variable("A", "${B}").is_placeholder());
        assert!(!variable("A", "hunter2").is_placeholder());
        assert!(
            variable("A", "sk0f3c9d1e7b55aa0f3c9d1e").is_random()
                && !variable("A", "somethingverysecret12345").is_random()
        );
    }
}
