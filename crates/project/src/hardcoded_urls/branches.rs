//! Branches of scripts that only development takes, by their braces.

/// How far before a place its branches are looked for, in bytes.
const BEFORE: usize = 4_000;

/// How many blocks around a place are looked at.
const MAX_BLOCKS: usize = 8;

/// Whether a place of a script stands in a branch that production never takes: below `if (env !== "production")`, or in
/// the `else` of `if (env === "production")`.
pub(super) fn is_for_development(script: &str, at: usize) -> bool {
    let start = script.floor_char_boundary(at.saturating_sub(BEFORE));
    let Some(mut rest) = script.get(start..at) else { return false };
    for _ in 0..MAX_BLOCKS {
        let Some(head) = before_open(rest, b'{', b'}') else { return false };
        let head = head.trim_end();
        let is_development = match head.strip_suffix("else") {
            Some(before) => block_before(before.trim_end()).and_then(condition).is_some_and(|it| says(it, false)),
            None => condition(head).is_some_and(|condition| says(condition, true)),
        };
        if is_development {
            return true;
        }
        rest = head;
    }
    false
}

/// What stands before the bracket that is open at the end of a text.
fn before_open(text: &str, open: u8, close: u8) -> Option<&str> {
    let mut closed = 0_usize;
    for (at, &byte) in text.as_bytes().iter().enumerate().rev() {
        if byte == close {
            closed += 1;
        } else if byte == open {
            match closed.checked_sub(1) {
                Some(fewer) => closed = fewer,
                None => return text.get(..at),
            }
        }
    }
    None
}

/// What stands before the block at the end of a text.
fn block_before(text: &str) -> Option<&str> {
    before_open(text.strip_suffix('}')?, b'{', b'}').map(str::trim_end)
}

/// The condition of the `if` at the end of a text.
fn condition(head: &str) -> Option<&str> {
    let inside = head.strip_suffix(')')?;
    let before = before_open(inside, b'(', b')')?;
    before.trim_end().ends_with("if").then(|| &inside[before.len() + 1..])
}

/// Whether a condition that holds says that this is development; with `development` false, that it is production.
fn says(condition: &str, development: bool) -> bool {
    let lower = condition.to_ascii_lowercase();
    if lower.contains("||") || lower.contains("&&") {
        return false;
    }
    let is_negated = lower.contains("!=") || lower.trim_start().starts_with('!');
    let names_production = lower.contains("prod");
    let names_development = ["dev", "local", "debug"].iter().any(|word| lower.contains(word));
    match (names_production, names_development) {
        (true, false) => is_negated == development,
        (false, true) => is_negated != development,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_for_development;

    fn told(script: &str) -> bool {
        is_for_development(script, script.find("URL").expect("it stands there"))
    }

    #[test]
    fn branches_are_known_by_their_conditions() {
        for script in [
            "if (env == 'PROD') {\n  uri = 'x';\n} else {\n  uri = 'URL';\n}",
            "if (process.env.NODE_ENV !== 'production') { start({ uri: 'URL' }) }",
            "if (import.meta.env.DEV) { uri = 'URL' }",
            "if (!isProduction) { uri = 'URL' }",
        ] {
            assert!(told(script), "{script}");
        }
        for script in [
            "if (env == 'PROD') {\n  uri = 'URL';\n} else {\n  uri = 'x';\n}",
            "if (isDev) { uri = 'x' } else { uri = 'URL' }",
            "if (user) { uri = 'x' } else { uri = 'URL' }",
            "const a = { uri: 'URL' }",
            "if (isDev) { } const a = { uri: 'URL' }",
        ] {
            assert!(!told(script), "{script}");
        }
    }
}
