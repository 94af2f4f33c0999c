//! Globs over paths of the repository.

use globset::{Candidate, GlobBuilder, GlobMatcher};

/// A glob over paths, with the rules of `.gitignore`: a pattern without `/` (but at its end) is found at any depth, any
/// other counts from the directory of the configuration; a match of a directory covers what is in it; `*` stops at `/`
/// and `**` does not.
#[derive(Debug, Clone)]
pub struct PathPattern {
    itself: GlobMatcher,
    inside: GlobMatcher,
}

impl PathPattern {
    /// Reads a pattern. The error says what is wrong with it, lower-case, without a final full stop.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let trimmed = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
        let glob = match trimmed.strip_prefix('/') {
            Some(anchored) => anchored.to_owned(),
            None if trimmed.contains('/') => trimmed.to_owned(),
            None => format!("**/{trimmed}"),
        };
        Ok(Self { itself: matcher(&glob)?, inside: matcher(&format!("{glob}/**"))? })
    }

    /// Whether a path, with `/`, or a directory around it matches.
    pub fn matches(&self, path: &str) -> bool {
        let candidate = Candidate::new(path);
        self.itself.is_match_candidate(&candidate) || self.inside.is_match_candidate(&candidate)
    }
}

fn matcher(glob: &str) -> Result<GlobMatcher, String> {
    let built = GlobBuilder::new(glob).literal_separator(true).build();
    built.map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
}

#[cfg(test)]
mod tests {
    use super::PathPattern;

    #[test]
    fn matches_as_gitignore_does() {
        let matches = |pattern, path| PathPattern::new(pattern).unwrap().matches(path);
        assert!(matches("tests", "a/tests/b.py"));
        assert!(matches("tests/", "tests/b.py"));
        assert!(matches("*.py", "a/b.py"));
        assert!(matches("app/*.py", "app/b.py"));
        assert!(!matches("app/*.py", "app/a/b.py"));
        assert!(matches("app/**/*.py", "app/a/b.py"));
        assert!(matches("./app", "app/a/b.py"));
        assert!(!matches("app/a", "x/app/a/b.py"));
        assert!(!matches("/tests", "a/tests/b.py"));
        assert!(matches("{a,b}.py", "x/a.py"));
    }

    #[test]
    fn says_what_is_wrong_with_a_pattern() {
        assert!(PathPattern::new("a[").unwrap_err().contains("unclosed"));
    }
}
