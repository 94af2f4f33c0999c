use pyaudit_check::project::LookedAt;
use pyaudit_check::project::front_end::{is_minified, without_comments};
use pyaudit_check::source::SourceFile;
use pyaudit_check::{FileId, Findings, Project, Range, Role, Span, check};

check! {
    /// ## What it does
    /// Finds scripts of the repository that keep the token of a session in the browser's `localStorage`:
    /// `localStorage.setItem("access_token", …)`, `localStorage.token = …`. One finding, with every place.
    ///
    /// ## Why it matters
    /// Every script on the page reads `localStorage`, also one that an injection or a package brought in, and whoever has
    /// the token is the user until it expires. A cookie with `HttpOnly` cannot be read.
    ///
    /// ## How to fix
    /// Let the service set the token as a cookie with `HttpOnly`, `Secure` and `SameSite`, and keep at most a
    /// short-lived token in memory.
    ///
    /// ## Limits
    /// Scripts are looked at as text: comments are left out, and a key is known by a text or by the name of the constant that
    /// holds it. Libraries that store for the application are not followed. Tests, minified and generated scripts are
    /// not examined, and tokens of other things (`csrf`, push messages, invitations, resets) are silent.
    id: "jwt-in-local-storage",
    summary: "a token is kept in the browser's local storage",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://cheatsheetseries.owasp.org/cheatsheets/HTML5_Security_Cheat_Sheet.html#local-storage",
        "https://cwe.mitre.org/data/definitions/922.html",
    ],
    run: Project(run),
}

fn message(key: &str) -> String {
    format!("`{key}` is kept in `localStorage`, where every script on the page can read the token")
}

/// Words of a key that name the token of a session.
const TOKEN_WORDS: &[&str] = &["token", "jwt", "accesstoken", "authtoken", "refreshtoken", "idtoken", "bearer"];

/// Words beside these that make it something else.
const OTHER_WORDS: &[&str] = &[
    "csrf",
    "xsrf",
    "push",
    "device",
    "fcm",
    "reset",
    "invite",
    "invitation",
    "expiry",
    "expires",
    "expire",
    "expiration",
    "type",
    "design",
    "guest",
    "map",
    "mapbox",
    "verification",
    "share",
    "count",
    "limit",
    "usage",
    "tokens",
    "last",
    "at",
];

fn run(project: &Project, findings: &mut Findings) {
    let mut places: Vec<(Span, String)> = Vec::new();
    for (id, file, text) in project.looked_at(LookedAt::Script) {
        if file.role == Role::Application && text.contains("localStorage") && is_examined(file, text) {
            findings.examined(1);
            places.extend(in_script(id, text));
        }
    }
    let Some(((first, key), others)) = places.split_first() else { return };
    let finding = findings.report(*first, message(key));
    finding.subject("localStorage");
    for (span, key) in others {
        finding.related(*span, format!("`{key}` as well"));
    }
}

fn is_examined(file: &SourceFile, text: &str) -> bool {
    let is_test = ["/mocks/", "/__mocks__/", "/cypress/", "/playwright/", ".stories.", ".test.", ".spec."]
        .iter()
        .any(|part| file.path.contains(part));
    !is_test && !is_minified(text)
}

/// The places of a script that store a token, with the key.
fn in_script(file: FileId, script: &str) -> Vec<(Span, String)> {
    let text = without_comments(script);
    let starts = text.match_indices("localStorage").map(|(at, found)| (at, at + found.len()));
    let stored = starts.filter_map(|(start, end)| {
        let (key, length) = stored_key(&text[end..])?;
        let is_token = names_token(&key);
        is_token.then(|| (Span::new(file, Range::new(start as u32, (end + length) as u32)), key))
    });
    stored.collect()
}

/// The key that the text behind `localStorage` stores under, and where the key ends.
fn stored_key(text: &str) -> Option<(String, usize)> {
    let key_of = |inside: &str, offset: usize| {
        let lead = inside.len() - inside.trim_start().len();
        let inside = &inside[lead..];
        let first = inside.chars().next()?;
        let (key, length) = if matches!(first, '"' | '\'' | '`') {
            let key = inside[1..].split(first).next()?;
            (key, key.len() + 2)
        } else {
            let length = inside.find(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '.' | '$'));
            let key = &inside[..length?];
            (key.rsplit('.').next()?, key.len())
        };
        let key = key.to_owned();
        Some((key, offset + lead + length))
    };
    if let Some(inside) = text.strip_prefix(".setItem(") {
        return key_of(inside, ".setItem(".len());
    }
    let (key, length) = match text.strip_prefix('[') {
        Some(inside) => {
            let (key, length) = key_of(inside, 1)?;
            (key, length + 1)
        }
        None => key_of(text.strip_prefix('.')?, 1)?,
    };
    let rest = text.get(length..)?.trim_start();
    let is_set = rest.starts_with('=') && !rest.starts_with("==") && !rest.starts_with("=>");
    is_set.then_some((key, length))
}

/// Whether a key, by its words, is that of the token of a session.
fn names_token(key: &str) -> bool {
    let mut parted = String::with_capacity(key.len() + 4);
    let mut before = '_';
    for letter in key.chars() {
        if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
            parted.push('_');
        }
        parted.push(letter.to_ascii_lowercase());
        before = letter;
    }
    let words: Vec<&str> = parted.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
    words.iter().any(|word| TOKEN_WORDS.contains(word)) && !words.iter().any(|word| OTHER_WORDS.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_from_the_text() {
        for (text, key) in [
            (".setItem(\"token\", t)", Some("token")),
            (".setItem( this.storageTokenKey, t)", Some("storageTokenKey")),
            (".token = t", Some("token")),
            ("['jwt'] = t", Some("jwt")),
            (".token == t", None),
            (".getItem('token')", None),
            (".setItem(", None),
            ("", None),
        ] {
            assert_eq!(stored_key(text).map(|(key, _)| key).as_deref(), key, "{text}");
        }
    }

    #[test]
    fn tokens_of_other_things_are_none() {
        for key in ["token", "accessToken", "auth.jwt", "STORAGE_TOKEN_KEY", "refresh_token"] {
            assert!(names_token(key), "{key}");
        }
        for key in ["csrfToken", "theme", "token_expires_at", "pushToken", "maxTokens", "tokenCount"] {
            assert!(!names_token(key), "{key}");
        }
    }
}
