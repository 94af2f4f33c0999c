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

/// What MD5, SHA-1 and SHA-256 make of passwords that stand in manuals, sorted: they hide nothing.
const HASHED_WORDS: &[&str] = &[
    "04f8996da763b7a969b1028ee3007569eaf3a635486ddab211d512c85b9df8fb", // sha256 of user
    "057ba03d6c44104863dc7361fe4578965d1887360f90a0895882e58a6248fc86", // sha256 of changeme
    "084e0343a0486ff05530df6c705c8bb4",                                 // md5 of guest
    "098f6bcd4621d373cade4e832627b4f6",                                 // md5 of test
    "12dea96fec20593566ab75692c9949596833adc9",                         // sha1 of user
    "21232f297a57a5a743894a0e4a801fc3",                                 // md5 of admin
    "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b", // sha256 of secret
    "35675e68f4b5af7b995d9205ad0fc43842f16450",                         // sha1 of guest
    "4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2", // sha256 of root
    "4cb9c8a8048fd02294477fcb1a41191a",                                 // md5 of changeme
    "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",                         // sha1 of password
    "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8", // sha256 of password
    "5ebe2294ecd0e0f08eab7690d2a6ee69",                                 // md5 of secret
    "5f4dcc3b5aa765d61d8327deb882cf99",                                 // md5 of password
    "63a9f0ea7bb98050796b649e85481845",                                 // md5 of root
    "7c4a8d09ca3762af61e59520943dc26494f8941b",                         // sha1 of 123456
    "84983c60f7daadc1cb8698621f802c0d9f9a3c3c295c810748fb048115c186ec", // sha256 of guest
    "8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918", // sha256 of admin
    "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92", // sha256 of 123456
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", // sha256 of test
    "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3",                         // sha1 of test
    "d033e22ae348aeb5660fc2140aec35850c4da997",                         // sha1 of admin
    "dc76e9f0c0006e8f919e0c515c66dbba3982f785",                         // sha1 of root
    "e10adc3949ba59abbe56e057f20f883e",                                 // md5 of 123456
    "e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4",                         // sha1 of secret
    "ee11cbb19052e40b07aac0ca060c23ee",                                 // md5 of user
    "fa9beb99e4029ad5a6615399e7bbae21356086b3",                         // sha1 of changeme
];

impl Variable {
    /// Whether it is a secret, by its name, whose value looks made for use: no placeholder, no word, no credentials for
    /// this machine, nothing that repeats or counts, no hash of a word.
    pub fn looks_real(&self) -> bool {
        let is_known = self.is_placeholder() || self.is_weak() || repeats(&self.value) || is_hashed_word(&self.value);
        if !self.is_secret() || is_known {
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

fn is_hashed_word(value: &str) -> bool {
    HASHED_WORDS.binary_search(&value.trim().to_ascii_lowercase().as_str()).is_ok()
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
    fn the_hashes_of_words_are_sorted() {
        assert!(HASHED_WORDS.is_sorted());
    }

    #[test]
    fn words_placeholders_and_local_credentials_are_not_real() {
        for (name, value, is_real) in [
            ("SECRET_KEY", "0f3c9d1e7b55aa0f3c9d1e2297b1c4d8", true),
            ("DATABASE_URL", "postgresql://app:Zk81xqPw93@db.shop.io/app", true),
            ("DATABASE_URL", "postgresql://app:Zk81xqPw93@localhost/app", false),
            ("SECRET_KEY", "change-me-0f3c9d1e7b55aa0f3c9d1e", false),
            ("JWT_SECRET", "1234567890abcdef1234567890abcdef", false),
            ("ROOT_PASSWORD_SHA2", "8C6976E5B5410415BDE908BD4DEE15DFB167A9C873FC4BB8A81F6F2AB448A918", false),
            ("ROOT_PASSWORD_SHA2", "9c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918", true),
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
