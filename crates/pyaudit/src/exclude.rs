//! The globs of `exclude`, as loading counts them: from the root.

use crate::settings::{Origin, Settings};
use globset::GlobBuilder;

/// The globs for loading. Those of a configuration file count from its directory, which may be above the root.
pub(crate) fn globs(settings: &Settings) -> Vec<String> {
    let rebased = settings.exclude.iter().flat_map(|glob| {
        let base = if matches!(glob.origin, Origin::File { .. }) { settings.pattern_base.as_str() } else { "" };
        rebase(&anchored(&glob.value), base.trim_end_matches('/'))
    });
    rebased.collect()
}

/// The glob with the rules of `.gitignore`: one without `/` but at its end is found at any depth.
fn anchored(glob: &str) -> String {
    let trimmed = glob.strip_prefix("./").unwrap_or(glob).trim_end_matches('/');
    match trimmed.strip_prefix('/') {
        Some(anchored) => anchored.to_owned(),
        None if trimmed.contains('/') => trimmed.to_owned(),
        None => format!("**/{trimmed}"),
    }
}

/// The globs that mean, from the directory `base`, what `glob` means from above it. There are none where it speaks of
/// other directories, or of the root itself, which is scanned because somebody asked for it.
fn rebase(glob: &str, base: &str) -> Vec<String> {
    let mut open = vec![glob.to_owned()];
    for name in base.split('/').filter(|name| !name.is_empty()) {
        let mut next: Vec<String> = open.iter().flat_map(|glob| enter(glob, name)).collect();
        next.sort();
        next.dedup();
        open = next;
    }
    open
}

/// What is left of a glob inside the directory `name`.
fn enter(glob: &str, name: &str) -> Vec<String> {
    let (first, rest) = glob.split_once('/').unwrap_or((glob, ""));
    if first == "**" {
        let mut left = vec![glob.to_owned()];
        left.extend((!rest.is_empty()).then(|| enter(rest, name)).into_iter().flatten());
        return left;
    }
    let matcher = GlobBuilder::new(first).literal_separator(true).build().map(|glob| glob.compile_matcher());
    let enters = matcher.is_ok_and(|matcher| matcher.is_match(name));
    if enters && !rest.is_empty() { vec![rest.to_owned()] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_from_above_is_seen_from_the_root() {
        assert_eq!(rebase("backend/tests", "backend"), ["tests"]);
        assert_eq!(rebase("*/app/**", "backend"), ["app/**"]);
        assert_eq!(rebase("**/tests", "a/b"), ["**/tests"]);
        assert_eq!(rebase("**/b/c", "a/b"), ["**/b/c", "c"]);
        assert!(rebase("frontend/tests", "backend").is_empty());
        assert!(rebase("backend", "backend").is_empty(), "the root itself was asked for");
        assert_eq!(rebase("a/b", ""), ["a/b"]);
    }

    #[test]
    fn a_glob_without_a_slash_is_found_at_any_depth() {
        assert_eq!(anchored("tests/"), "**/tests");
        assert_eq!(anchored("/tests"), "tests");
        assert_eq!(anchored("./a/*.py"), "a/*.py");
    }
}
