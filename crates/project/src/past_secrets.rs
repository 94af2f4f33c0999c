//! Secrets in files that only earlier commits hold.

use crate::Project;
use crate::environment::{EnvironmentFileKind, Variable, is_known_key, variables_of};
use crate::paths;
use pyaudit_data::{Value, dotenv, json};
use pyaudit_source::{PastFile, Role};
use std::collections::{BTreeMap, BTreeSet};

/// A file that was committed with secrets and that git does not track any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastSecret<'p> {
    /// Relative to the root.
    pub path: &'p str,
    /// The newest commit that holds the file with a secret, in hexadecimal.
    pub revision: &'p str,
    /// What all its versions hold together.
    pub secrets: Vec<HeldSecret>,
}

/// What a deleted file held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeldSecret {
    /// A private key without a passphrase.
    PrivateKey,
    /// The secret of an OAuth client.
    ClientSecret,
    /// A variable of an environment file, by its name.
    Variable(String),
}

/// How the name of a file with a private key ends, and how those of `ssh-keygen` are called.
const KEY_ENDS: &[&str] = &[".pem", ".key", ".p8", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"];

/// Parts of a path that say that nobody guards what the file holds.
const UNGUARDED: &[&str] = &[
    "dev",
    "development",
    "devcontainer",
    "dummy",
    "example",
    "examples",
    "fake",
    "fixtures",
    "local",
    "localhost",
    "mock",
    "mocks",
    "sample",
    "samples",
    "selfsigned",
    "snakeoil",
    "test",
    "testing",
    "tests",
];

/// Whether a deleted file is looked at, by its name: files of environment variables, private keys, and the credentials that
/// Google's consoles hand out.
pub fn is_wanted_of_the_past(name: &str) -> bool {
    let is_real = EnvironmentFileKind::of_name(name) == Some(EnvironmentFileKind::Real);
    is_real || is_key_file(name) || is_credentials_file(name)
}

fn is_key_file(name: &str) -> bool {
    KEY_ENDS.iter().any(|end| name.ends_with(end))
}

fn is_credentials_file(name: &str) -> bool {
    let plain = name.to_ascii_lowercase().replace(['-', '_'], "");
    let named = ["credentials", "serviceaccount", "clientsecret", "adminsdk"].iter().any(|word| plain.contains(word));
    named && plain.ends_with(".json")
}

impl Project {
    /// The files with secrets that earlier commits hold and git does not track any more, in the order of their paths. What
    /// tests and examples held, or a tracked environment file still holds, is none. Empty where history is not known.
    pub fn past_secrets(&self) -> Vec<PastSecret<'_>> {
        let tracked = self.environment_files.files.iter().filter_map(|file| file.variables.as_ref()).flatten();
        let tracked: BTreeSet<&str> = tracked.map(|variable| variable.value.as_str()).collect();
        let mut found: BTreeMap<&str, PastSecret<'_>> = BTreeMap::new();
        for file in self.sources.past_files().iter().filter(|file| is_guarded(file)) {
            let secrets = secrets_of(file, &tracked);
            if !secrets.is_empty() {
                let new = || PastSecret { path: &file.path, revision: &file.revision, secrets: Vec::new() };
                found.entry(&file.path).or_insert_with(new).secrets.extend(secrets);
            }
        }
        let mut found: Vec<_> = found.into_values().collect();
        for past in &mut found {
            past.secrets.sort();
            past.secrets.dedup();
        }
        found
    }
}

/// Whether a file was for the application, and nothing in its path says that it held stand-ins.
fn is_guarded(file: &PastFile) -> bool {
    let lower = file.path.to_ascii_lowercase();
    let mut parts = lower.split(['/', '.', '-', '_']);
    matches!(file.role, Role::Application | Role::Script) && !parts.any(|part| UNGUARDED.contains(&part))
}

fn secrets_of(file: &PastFile, tracked: &BTreeSet<&str>) -> Vec<HeldSecret> {
    let name = paths::file_name(&file.path);
    if is_key_file(name) {
        let is_key = file.text.find("-----BEGIN ").is_some_and(|start| is_usable_key(&file.text[start..]));
        is_key.then_some(HeldSecret::PrivateKey).into_iter().collect()
    } else if is_credentials_file(name) {
        json::parse(&file.text).0.map(|value| in_credentials(&value)).unwrap_or_default()
    } else {
        let variables = dotenv::parse(&file.text).0.map(|table| variables_of(&table)).unwrap_or_default();
        let real = |variable: &Variable| variable.looks_real() || is_known_key(&variable.value);
        let held = variables.into_iter().filter(|held| real(held) && !tracked.contains(held.value.as_str()));
        held.map(|variable| HeldSecret::Variable(variable.name)).collect()
    }
}

/// Whether a key can be used as it stands, without a passphrase.
fn is_usable_key(text: &str) -> bool {
    is_known_key(text) && !text.contains("ENCRYPTED")
}

/// What a file of Google's consoles holds: a service account (`private_key`), or a client for the web or for programs.
fn in_credentials(value: &Value) -> Vec<HeldSecret> {
    let text = |path: &[&str]| value.at(path).and_then(Value::as_str);
    let mut found = Vec::new();
    if text(&["private_key"]).is_some_and(is_usable_key) {
        found.push(HeldSecret::PrivateKey);
    }
    let client = [&["web", "client_secret"][..], &["installed", "client_secret"], &["client_secret"]];
    let real = |secret: &str| Variable::named("client_secret", secret).looks_real() || is_known_key(secret);
    if client.iter().any(|path| text(path).is_some_and(real)) {
        found.push(HeldSecret::ClientSecret);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_that_hold_credentials() {
        let wanted =
            [".env", ".env.production", "server.pem", "id_rsa", "service-account.json", "client_secret_12.json"];
        assert!(wanted.iter().all(|name| is_wanted_of_the_past(name)));
        let left = [".env.example", ".env.test", "id_rsa.pub", "credentials.py", "package.json", "key", "env.py"];
        assert_eq!(left.iter().find(|name| is_wanted_of_the_past(name)), None);
    }

    #[test]
    fn credentials_are_told_by_what_they_hold() {
        let held = |text: &str| in_credentials(&json::parse(text).0.expect("JSON"));
        let key = format!("-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----", "MIIEvQ".repeat(60));
        assert_eq!(held(&format!(r#"{{"private_key": "{key}"}}"#)), [HeldSecret::PrivateKey]);
        let client = r#"{"web": {"client_secret": "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"}}"#;
        assert_eq!(held(client), [HeldSecret::ClientSecret]);
        assert!(held(r#"{"web": {"client_secret": "your-client-secret"}}"#).is_empty());
        assert!(!is_usable_key(&key.replace("PRIVATE", "ENCRYPTED PRIVATE")));
    }
}
