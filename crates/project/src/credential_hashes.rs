//! Hashes of passwords, known by their form.
//!
//! The forms are those of `crypt(5)`, of passlib's modular crypt format
//! (<https://passlib.readthedocs.io/en/stable/modular_crypt_format.html>), of Django and of Werkzeug.

/// A hash of a password in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordHash<'t> {
    /// The function that made it, as people call it.
    pub function: &'static str,
    /// Where it starts, in bytes of the text.
    pub start: usize,
    /// The hash.
    pub text: &'t str,
}

/// How a hash begins, and who made it. Longer ones come before those that begin alike.
const STARTS: &[(&str, &str)] = &[
    ("$2a$", "bcrypt"),
    ("$2b$", "bcrypt"),
    ("$2x$", "bcrypt"),
    ("$2y$", "bcrypt"),
    ("$argon2", "argon2"),
    ("$pbkdf2-sha256$", "PBKDF2"),
    ("$pbkdf2-sha512$", "PBKDF2"),
    ("$scrypt$", "scrypt"),
    ("$6$", "SHA-512 crypt"),
    ("$5$", "SHA-256 crypt"),
    ("pbkdf2_sha256$", "PBKDF2"),
    ("pbkdf2_sha1$", "PBKDF2"),
    ("pbkdf2:sha256", "PBKDF2"),
    ("pbkdf2:sha512", "PBKDF2"),
    ("scrypt:", "scrypt"),
];

/// A hash is no longer than this, in bytes.
const MAX_LENGTH: usize = 400;

/// The hashes of passwords in a text, in order.
pub fn password_hashes(text: &str) -> Vec<PasswordHash<'_>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| matches!(byte, b'$' | b'p' | b's')) {
        let start = at + next;
        at = start + 1;
        let rest = &bytes[start..];
        let Some((_, function)) = STARTS.iter().find(|(begins, _)| rest.starts_with(begins.as_bytes())) else {
            continue;
        };
        let is_inside = start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || bytes[start - 1] == b'$');
        let length =
            rest.iter().take(MAX_LENGTH).position(|&byte| !is_of_hash(byte)).unwrap_or(rest.len().min(MAX_LENGTH));
        let Some(hash) = text.get(start..start + length).filter(|_| !is_inside) else { continue };
        if is_whole(function, hash) {
            found.push(PasswordHash { function, start, text: hash });
            at = start + length;
        }
    }
    found
}

const fn is_of_hash(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'$' | b'.' | b'/' | b'+' | b'=' | b':' | b',' | b'_' | b'-')
}

/// Whether a text has every part of a hash, with the length that the function gives it.
fn is_whole(function: &str, hash: &str) -> bool {
    let parts: Vec<&str> = hash.split('$').collect();
    let is_digest = |part: &str, least: usize| part.len() >= least && is_varied(part);
    match (function, parts.as_slice()) {
        ("bcrypt", ["", _, cost, digest]) => cost.parse::<u8>().is_ok() && digest.len() == 53 && is_varied(digest),
        ("argon2", ["", _, version, costs, salt, digest]) => {
            version.starts_with("v=") && costs.contains("m=") && salt.len() >= 8 && is_digest(digest, 16)
        }
        ("argon2", ["", _, costs, salt, digest]) => costs.contains("m=") && salt.len() >= 8 && is_digest(digest, 16),
        ("PBKDF2" | "scrypt", ["", _, _, salt, digest]) => salt.len() >= 4 && is_digest(digest, 24),
        ("PBKDF2", [_, rounds, salt, digest]) => {
            rounds.parse::<u32>().is_ok() && salt.len() >= 4 && is_digest(digest, 24)
        }
        ("PBKDF2" | "scrypt", [_, salt, digest]) => salt.len() >= 4 && is_digest(digest, 40),
        ("SHA-512 crypt", ["", _, rest @ ..]) => {
            rest.last().is_some_and(|digest| digest.len() == 86 && is_varied(digest))
        }
        ("SHA-256 crypt", ["", _, rest @ ..]) => {
            rest.last().is_some_and(|digest| digest.len() == 43 && is_varied(digest))
        }
        _ => false,
    }
}

/// Whether a digest has letters of both cases or digits as a random one has: a placeholder is a word, or repeats.
fn is_varied(digest: &str) -> bool {
    let mut seen = [false; 128];
    digest.bytes().filter(u8::is_ascii).for_each(|byte| seen[usize::from(byte)] = true);
    let kinds = seen.iter().filter(|&&seen| seen).count();
    let lower = digest.to_ascii_lowercase();
    let says = ["placeholder", "example", "dummy", "xxxx", "aaaa", "abcdefg", "1234567", "hashed"];
    kinds >= 10 && digest.bytes().any(|byte| byte.is_ascii_digit()) && !says.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions(text: &str) -> Vec<&'static str> {
        password_hashes(text).into_iter().map(|hash| hash.function).collect()
    }

    #[test]
    fn hashes_are_known_by_their_form() {
        let bcrypt = format!("$2b$12${}", "Q8vXwLk2ZpN4tRyB7mHc1uEo9sDf3gJa6iTqWxYbVnM5rPzKlCeSO");
        assert_eq!(functions(&format!("'{bcrypt}', \"{bcrypt}\"")), ["bcrypt", "bcrypt"]);
        assert_eq!(functions("x: $argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ5$RdescudvJCsgt3ub4aZ0oUVmBcQ"), ["argon2"]);
        assert_eq!(functions("pbkdf2_sha256$260000$c2FsdHk$q3sXw8Lk2ZpN4tRyB7mHc1uEo9sDf3gJa6iT=\n"), ["PBKDF2"]);
        assert_eq!(
            functions("scrypt:32768:8:1$Zk81xqPw$0f3c9d1e7b55aa0f3c9d1e2297b1c4d80f3c9d1e7b55aa0f3c9d1e2297b1c4d8"),
            ["scrypt"]
        );
    }

    #[test]
    fn names_formats_and_placeholders_are_no_hashes() {
        for text in [
            "$2b$12$placeholder_hash",
            "scheme $2b$ or $argon2id$",
            "pbkdf2_sha256$%s$%s$%s",
            "$argon2id$v=19$m=65536,t=3,p=4$",
            &format!("$2b$12${}", "a".repeat(53)),
            "pbkdf2:sha256:600000",
            "price: $5$ and $6$",
        ] {
            assert!(functions(text).is_empty(), "{text}");
        }
    }
}
