//! Whether a value is a secret that somebody made for use.

use super::Variable;

/// How keys of known services begin, and the fewest characters that follow.
const PREFIXES: &[(&str, usize)] = &[
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 35),
    ("ghp_", 36),
    ("gho_", 36),
    ("ghs_", 36),
    ("github_pat_", 60),
    ("glpat-", 20),
    ("sk-ant-", 40),
    ("sk-proj-", 40),
    ("sk-or-v1-", 40),
    ("sk_live_", 20),
    ("rk_live_", 20),
    ("xoxb-", 40),
    ("xoxp-", 40),
    ("SG.", 60),
    ("hf_", 30),
    ("npm_", 36),
    ("pypi-", 60),
    ("gsk_", 40),
    ("re_", 30),
    ("dop_v1_", 60),
    ("whsec_", 32),
    ("r8_", 37),
];

/// Words of names of things that look like keys and are none.
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
    "anon",
    "site",
    "sitekey",
    "hash",
];

impl Variable {
    /// Whether it is a secret, by its name, whose value looks made for use: no placeholder, no word, no credentials for
    /// this machine, nothing that repeats or counts.
    pub fn looks_real(&self) -> bool {
        if !self.is_secret() || self.is_placeholder() || self.is_weak() || repeats(&self.value) {
            return false;
        }
        if self.has_credentials() {
            let password = password_of(&self.value);
            return self.is_remote() && is_mixed(password) && password.len() >= 8;
        }
        let lower = self.name.to_ascii_lowercase();
        let is_address = self.value.contains("://") || self.value.contains('@');
        let is_other = lower.split('_').any(|word| OTHERS.contains(&word));
        self.is_random() && !is_address && !is_other && entropy(&self.value) > 3.0
    }
}

/// Whether a text is a key of a service that is known by its form, or a private key.
pub fn is_known_key(text: &str) -> bool {
    let text = text.trim();
    if text.starts_with("-----BEGIN ") {
        return text.contains("PRIVATE KEY-----") && text.len() > 200;
    }
    let body =
        PREFIXES.iter().find_map(|(prefix, least)| text.strip_prefix(prefix).filter(|body| body.len() >= *least));
    let Some(body) = body.filter(|body| body.len() <= 250) else { return false };
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    body.bytes().all(is_key) && is_mixed(body) && !repeats(text) && entropy(body) > 3.0 && !says_example(text)
}

fn says_example(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["example", "your", "test", "fake", "dummy", "placeholder", "xxx"].iter().any(|word| lower.contains(word))
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

/// Whether a value only repeats or counts: `1234567890abcdef`, `aaaa`.
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
    #[expect(clippy::cast_precision_loss, reason = "the length of a value is far below 2^52")]
    let length = text.len().max(1) as f64;
    let shares = counts.iter().filter(|&&count| count > 0).map(|&count| f64::from(count) / length);
    shares.map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_placeholders_and_local_credentials_are_not_real() {
        for (name, value, is_real) in [
            ("SECRET_KEY", "0f3c9d1e7b55aa0f3c9d1e2297b1c4d8", true),
            ("DATABASE_URL", "postgresql://app:Zk81xqPw93@db.shop.io/app", true),
            ("DATABASE_URL", "postgresql://app:Zk81xqPw93@localhost/app", false),
            ("SECRET_KEY", "change-me-0f3c9d1e7b55aa0f3c9d1e", false),
            ("JWT_SECRET", "1234567890abcdef1234567890abcdef", false),
            ("STRIPE_PRICE_ID", "price_1N9fT2kQ7vLm4XzB8rWc", false),
            ("REGION", "0f3c9d1e7b55aa0f3c9d1e2297b1c4d8", false),
        ] {
            assert_eq!(Variable::named(name, value).looks_real(), is_real, "{name}={value}");
        }
    }

    #[test]
    fn keys_are_known_by_their_form() {
        assert!(is_known_key(&format!("{}{}", "AKIA", "Q3EGR7XJ2LMN5PZB")));
        assert!(!is_known_key("AKIAIOSFODNN7EXAMPLE"));
        assert!(!is_known_key("sk-"));
        assert!(!is_known_key("AIzaSy"));
    }
}
