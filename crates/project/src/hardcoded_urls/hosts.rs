//! Whose host an address names.

use crate::{Project, named};
use std::collections::BTreeSet;

/// Whose a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostKind {
    /// The machine itself.
    Local,
    /// A machine of a private network, by its address (RFC 1918).
    Private,
    /// One of the project's own deployments.
    Own,
}
named!(HostKind { Local => "local", Private => "private", Own => "own" });

/// Ends of hosts under which platforms put what their users deploy.
const PLATFORMS: &[&str] = &[
    ".onrender.com",
    ".vercel.app",
    ".netlify.app",
    ".herokuapp.com",
    ".fly.dev",
    ".railway.app",
    ".azurewebsites.net",
    ".run.app",
    ".web.app",
    ".firebaseapp.com",
    ".pythonanywhere.com",
    ".ngrok.io",
    ".ngrok-free.app",
    ".azurecontainerapps.io",
    ".elasticbeanstalk.com",
];

/// Public services that a list of origins may name, and that are nobody's own.
const PUBLIC: &[&str] = &[
    "github.com",
    "gitlab.com",
    "google.com",
    "googleapis.com",
    "facebook.com",
    "stripe.com",
    "discord.com",
    "slack.com",
    "swagger.io",
    "jsdelivr.net",
];

/// The first parts of paths of pages that are read by people.
const PAGES: &[&str] = &[
    "docs",
    "doc",
    "blog",
    "legal",
    "terms",
    "privacy",
    "help",
    "guides",
    "support",
    "security",
    "about",
    "pricing",
    "changelog",
];

/// Names of variables that hold the address of the project's own services.
const OWN_VARIABLES: &[&str] = &[
    "APP_URL",
    "BASE_URL",
    "API_URL",
    "PUBLIC_URL",
    "SERVER_URL",
    "WEB_URL",
    "CLIENT_URL",
    "VITE_API_URL",
    "VITE_API_BASE_URL",
    "NEXT_PUBLIC_API_URL",
    "NEXT_PUBLIC_APP_URL",
    "REACT_APP_API_URL",
    "APP_BASE_URL",
    "API_BASE_URL",
];

/// Words of names of variables that hold the same.
const OWN_WORDS: &[&str] = &["frontend", "backend", "website", "site", "cors", "origin", "origins"];

/// The hosts that the repository itself names as its own.
#[derive(Debug, Default)]
pub(super) struct OwnHosts(BTreeSet<String>);

impl OwnHosts {
    /// From the variables of environment files, compose files and manifests, and the origins that applications allow.
    pub(super) fn of(project: &Project) -> Self {
        let mut hosts = BTreeSet::new();
        for site in project.variables.sites() {
            for definition in &site.definitions {
                if let Some(text) = definition.value.literal().filter(|_| names_own(&definition.name)) {
                    hosts.extend(text.split(',').filter_map(public_host));
                }
            }
        }
        for module in project.modules.iter() {
            for origins in project.cors_policies(module).into_iter().filter_map(|policy| policy.origins) {
                let values = project.possible_strings(module, origins).values;
                hosts.extend(values.iter().filter_map(|value| public_host(&value.text)));
            }
        }
        Self(hosts)
    }

    /// The address that a text names, and whose it is; `None` for a host of others, and for a text that is more than an
    /// address, unless a host of the project's own stands in it.
    pub(super) fn judge(&self, text: &str) -> Option<(String, HostKind)> {
        if !text.contains(char::is_whitespace)
            && let Some((address, host)) = address_of(text)
        {
            let kind = if is_local(host) {
                HostKind::Local
            } else if is_private(host) {
                HostKind::Private
            } else if (self.0.contains(host) || is_of_platform(host)) && !is_page(&text[address.len()..]) {
                HostKind::Own
            } else {
                return None;
            };
            return Some((address.to_owned(), kind));
        }
        // A policy for the contents of pages (CSP) allows addresses.
        let starts = text.match_indices("https://").map(|(at, _)| &text[at..]).filter(|_| !text.contains("-src "));
        let starts =
            starts.filter(|text| address_of(text).is_some_and(|(address, _)| !is_page(&text[address.len()..])));
        starts
            .filter_map(address_of)
            .find(|(_, host)| self.0.contains(*host))
            .map(|(address, _)| (address.to_owned(), HostKind::Own))
    }
}

/// Whether a path is that of a page that people read, and not of a service.
fn is_page(path: &str) -> bool {
    let first = path.trim_start_matches('/').split(['/', '?', '#', '-', ' ', ')', '"']).next().unwrap_or("");
    PAGES.contains(&first)
}

fn names_own(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let lower = name.to_ascii_lowercase();
    OWN_VARIABLES.contains(&upper.as_str()) || lower.split('_').any(|word| OWN_WORDS.contains(&word))
}

/// The host of an address that others reach, unless it only stands for one.
fn public_host(text: &str) -> Option<String> {
    let (_, host) = address_of(text.trim().trim_matches(['"', '\'', '[', ']']))?;
    let is_placeholder = ["example", "your", "domain", "changeme", "yourdomain", "mysite", "test"]
        .iter()
        .any(|word| host.contains(word));
    let is_others =
        PUBLIC.iter().any(|known| host == *known || host.strip_suffix(known).is_some_and(|it| it.ends_with('.')));
    let is_public = host.contains('.') && !is_local(host) && !is_private(host) && !is_placeholder && !is_others;
    is_public.then(|| host.to_owned())
}

fn is_of_platform(host: &str) -> bool {
    let is_placeholder =
        ["your", "example", "{", "<", "*", "xxx", "my-app", "myapp"].iter().any(|word| host.contains(word));
    !is_placeholder && PLATFORMS.iter().any(|end| host.strip_suffix(end).is_some_and(|name| !name.is_empty()))
}

/// Whether a host is the machine itself.
pub(super) fn is_local(host: &str) -> bool {
    host == "localhost" || host.starts_with("127.0.0.") || matches!(host, "0.0.0.0" | "[::1]" | "host.docker.internal")
}

/// Whether a host is an address of a private network (RFC 1918).
pub(super) fn is_private(host: &str) -> bool {
    let parts: Vec<u8> = host.split('.').map_while(|part| part.parse().ok()).collect();
    let is_address = host.split('.').count() == 4;
    is_address && matches!(parts.as_slice(), [10, _, _, _] | [192, 168, _, _] | [172, 16..=31, _, _])
}

/// The address at the start of a text up to its path, and its host: `http://localhost:8000` and `localhost`. Schemes of
/// databases and queues count too.
pub fn address_of(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = !scheme.is_empty()
        && scheme.len() <= 30
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if !is_scheme || matches!(scheme, "file" | "sqlite" | "data" | "urn" | "chrome-extension") {
        return None;
    }
    let length = rest.find(['/', '?', '#', '"', '\'', ' ', '<', ')', ',', '\n']).unwrap_or(rest.len());
    let authority = &rest[..length];
    let place = authority.rsplit('@').next().unwrap_or(authority);
    let host = match place.strip_prefix('[') {
        Some(_) => &place[..=place.find(']')?],
        None => place.split(':').next()?,
    };
    let end = scheme.len() + "://".len() + length;
    (!host.is_empty()).then_some((&text[..end], host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_where_its_path_starts() {
        for (text, expected) in [
            ("http://localhost:8000/a", Some(("http://localhost:8000", "localhost"))),
            ("redis://:pw@10.0.0.3:6379/0", Some(("redis://:pw@10.0.0.3:6379", "10.0.0.3"))),
            ("http://[::1]:80", Some(("http://[::1]:80", "[::1]"))),
            ("see http://localhost", None),
            ("http://", None),
            ("http://[", None),
        ] {
            assert_eq!(address_of(text), expected, "{text}");
        }
        assert!(is_private("172.20.1.1") && !is_private("172.32.1.1") && !is_private("10.0.0"));
    }
}
