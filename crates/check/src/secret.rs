//! Secrets in messages.

/// A secret as a message may show it: enough to recognise it, too little to use it. Long ones keep their first three
/// characters, where the kind of a key is often written; short ones keep nothing, and none keeps its length.
pub fn mask(secret: &str) -> String {
    const LONG: usize = 16;
    let kept = if secret.chars().count() >= LONG { 3 } else { 0 };
    secret.chars().take(kept).chain("****".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_too_little_to_use() {
        assert_eq!(mask("hunter2"), "****");
        assert_eq!(mask("sk-0123456789abcdef"), "sk-****");
        assert_eq!(mask("éééééééééééééééé"), "ééé****");
        assert_eq!(mask(""), "****");
    }
}
