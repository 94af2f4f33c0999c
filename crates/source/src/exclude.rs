//! The globs of paths that the user leaves out.

use crate::paths;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Compiled globs.
pub(crate) struct Excludes {
    set: GlobSet,
}

impl Excludes {
    /// Compiles globs relative to the root: `*` stays within a component, `**` does not, and a glob that matches a
    /// directory leaves out everything below it. Invalid ones are dropped; their messages come second.
    pub(crate) fn new(globs: &[String]) -> (Self, Vec<String>) {
        let mut builder = GlobSetBuilder::new();
        let mut messages = Vec::new();
        for glob in globs {
            match compile(glob) {
                Ok(compiled) => drop(builder.add(compiled)),
                Err(message) => messages.push(message),
            }
        }
        let set = builder.build().unwrap_or_else(|error| {
            messages.push(format!("the globs of `exclude` cannot be used together: {error}"));
            GlobSet::empty()
        });
        (Self { set }, messages)
    }

    /// Whether a path itself is left out.
    pub(crate) fn matches(&self, path: &[u8]) -> bool {
        !self.set.is_empty() && self.set.is_match(paths::display(path))
    }

    /// Whether a path or a directory above it is left out.
    pub(crate) fn matches_any_level(&self, path: &[u8]) -> bool {
        !self.set.is_empty() && (paths::ancestors(path).any(|above| self.matches(above)) || self.matches(path))
    }
}

fn compile(glob: &str) -> Result<globset::Glob, String> {
    let trimmed = glob.strip_prefix("./").unwrap_or(glob);
    let trimmed = trimmed.trim_start_matches('/').trim_end_matches('/');
    // `tests/**` means the directory too, so that it is not even entered.
    let trimmed = trimmed.strip_suffix("/**").unwrap_or(trimmed);
    let compiled = GlobBuilder::new(trimmed).literal_separator(true).build();
    compiled.map_err(|error| format!("the glob `{glob}` of `exclude` is invalid: {}", error.kind()))
}

/// Whether a glob of `LoadOptions::exclude` is well formed.
///
/// # Errors
/// A message that names the glob and what is wrong with it.
pub fn check_exclude(glob: &str) -> Result<(), String> {
    compile(glob).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_leaves_out_what_is_below_a_directory() {
        let globs = ["docs/", "**/gen", "*.lock", "./a/**"].map(str::to_owned);
        let (excludes, messages) = Excludes::new(&globs);
        assert!(messages.is_empty());
        for path in ["docs/a/b.md", "x/gen/y.py", "uv.lock", "a/b", "a"] {
            assert!(excludes.matches_any_level(path.as_bytes()), "{path}");
        }
        for path in ["app/docs/a.md", "x/uv.lock", "generated.py"] {
            assert!(!excludes.matches_any_level(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn an_invalid_glob_says_so_and_the_others_count() {
        let (excludes, messages) = Excludes::new(&["[".to_owned(), "a".to_owned()]);
        assert!(excludes.matches(b"a"));
        assert_eq!(messages.len(), 1);
        assert!(messages[0].starts_with("the glob `[` of `exclude` is invalid"), "{}", messages[0]);
        assert!(check_exclude("[").is_err());
    }
}
