//! The repository's own ignore rules, in memory: the `.gitignore` files of the work tree.
//!
//! The rules are those of `gitignore(5)`: within one level the last pattern that matches decides, a deeper file wins over
//! one above it, and nothing below an ignored directory can be taken back. `{a,b}` is literal, as in git. Names are compared case-sensitively everywhere, so that a finding does
//! not depend on the machine. `.git/info/exclude` and the user's global excludes are not read: they belong to one clone
//! or one person, and the same commit must give the same findings everywhere.

use crate::glob::Pattern;
use crate::paths;
use std::collections::BTreeMap;

/// The name of the files that hold the rules.
pub(crate) const IGNORE_FILE: &str = ".gitignore";

/// More patterns in one file than a person writes; the time to match is patterns times untracked files.
const MAX_PATTERNS: usize = 20_000;

/// The patterns of every level that was read.
#[derive(Debug, Default)]
pub(crate) struct IgnoreRules {
    /// Where the root lies in the work tree.
    prefix: Vec<u8>,
    /// The patterns by the directory of their file, relative to the work tree.
    levels: BTreeMap<Vec<u8>, Vec<Pattern>>,
}

impl IgnoreRules {
    /// No rules yet, for a root at `prefix` of its work tree.
    pub(crate) fn new(prefix: Vec<u8>) -> Self {
        Self { prefix, levels: BTreeMap::new() }
    }

    /// Adds the text of the `.gitignore` in `directory`, relative to the work tree. False when it holds too many patterns
    /// and the rest was dropped.
    pub(crate) fn add_above(&mut self, directory: &[u8], text: &[u8]) -> bool {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let lines = text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let numbered =
            lines.zip(1..).filter_map(|(line, number)| Pattern::parse(line).map(|pattern| pattern.on_line(number)));
        let mut patterns: Vec<Pattern> = numbered.take(MAX_PATTERNS + 1).collect();
        let fits = patterns.len() <= MAX_PATTERNS;
        patterns.truncate(MAX_PATTERNS);
        if !patterns.is_empty() {
            self.levels.insert(directory.to_vec(), patterns);
        }
        fits
    }

    /// The same for a directory relative to the root.
    pub(crate) fn add(&mut self, directory: &[u8], text: &[u8]) -> bool {
        let directory = self.full(directory);
        self.add_above(&directory, text)
    }

    /// Whether the rules ignore the root itself, so that it is no part of the repository around it.
    pub(crate) fn ignores_root(&self) -> bool {
        !self.prefix.is_empty() && self.ignores_full(&self.prefix, true)
    }

    /// Whether the rules ignore a path relative to the root, by itself or by a directory above it.
    pub(crate) fn ignores(&self, path: &[u8], is_directory: bool) -> bool {
        self.ignores_full(&self.full(path), is_directory)
    }

    /// The same for a path whose directory is known not to be ignored.
    pub(crate) fn ignores_entry(&self, path: &[u8], is_directory: bool) -> bool {
        self.decide(&self.full(path), is_directory) == Some(true)
    }

    /// The rule that ignores a path relative to the root: the topmost directory above it that a rule ignores, or the path
    /// itself, as bytes from the work tree; the directory of the ignore file; and the line of the rule, from 1.
    pub(crate) fn rule_for(&self, path: &[u8]) -> Option<(Vec<u8>, Vec<u8>, u32)> {
        let full = self.full(path);
        let decided = |path: &[u8], is_directory| {
            let (directory, pattern) = self.deciding(path, is_directory)?;
            (!pattern.is_negative).then(|| (path.to_vec(), directory.to_vec(), pattern.line))
        };
        paths::ancestors(&full).find_map(|directory| decided(directory, true)).or_else(|| decided(&full, false))
    }

    fn ignores_full(&self, path: &[u8], is_directory: bool) -> bool {
        paths::ancestors(path).any(|directory| self.decide(directory, true) == Some(true))
            || self.decide(path, is_directory) == Some(true)
    }

    /// A path of the work tree, relative to the root; `None` above the root.
    pub(crate) fn below_root<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        if path == self.prefix { Some(&[]) } else { paths::below(path, &self.prefix) }
    }

    fn full(&self, path: &[u8]) -> Vec<u8> {
        if path.is_empty() { self.prefix.clone() } else { paths::join(&self.prefix, path) }
    }

    /// What the deepest level with a matching pattern says: ignored, taken back, or nothing.
    fn decide(&self, path: &[u8], is_directory: bool) -> Option<bool> {
        self.deciding(path, is_directory).map(|(_, pattern)| !pattern.is_negative)
    }

    /// The last pattern that matches in the deepest level that has one, with the directory of the level.
    fn deciding(&self, path: &[u8], is_directory: bool) -> Option<(&[u8], &Pattern)> {
        let mut directory = path;
        loop {
            directory = paths::parent(directory);
            let found = self.levels.get_key_value(directory).and_then(|(level, patterns)| {
                let relative = paths::below(path, directory).unwrap_or(path);
                let last = patterns.iter().rev().find(|pattern| pattern.matches(relative, is_directory))?;
                Some((level.as_slice(), last))
            });
            if found.is_some() || directory.is_empty() {
                return found;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> IgnoreRules {
        let mut rules = IgnoreRules::default();
        rules.add(b"", text.as_bytes());
        rules
    }

    #[test]
    fn the_last_matching_pattern_decides() {
        let rules = rules(".env*\n!.env.example\n");
        assert!(rules.ignores(b".env", false));
        assert!(rules.ignores(b"backend/.env.local", false));
        assert!(!rules.ignores(b".env.example", false));
    }

    #[test]
    fn the_rule_is_named_with_what_it_covers() {
        let mut rules = rules("# build\n\ndist/\n*.csv\n!keep.csv\n");
        rules.add(b"app", b"/local\n");
        let named = |path: &str| {
            let (covered, directory, line) = rules.rule_for(path.as_bytes())?;
            Some((paths::display(&covered), paths::display(&directory), line))
        };
        assert_eq!(named("web/dist/js/a.js"), Some(("web/dist".to_owned(), String::new(), 3)));
        assert_eq!(named("data/a.csv"), Some(("data/a.csv".to_owned(), String::new(), 4)));
        assert_eq!(named("app/local/x"), Some(("app/local".to_owned(), "app".to_owned(), 1)));
        assert_eq!(named("keep.csv"), None);
    }

    #[test]
    fn nothing_below_an_ignored_directory_is_taken_back() {
        let rules = rules("build/\n!build/keep.py\n");
        assert!(rules.ignores(b"build/keep.py", false));
        assert!(!rules.ignores(b"build", false), "a file is no directory");
    }

    #[test]
    fn a_deeper_file_wins_over_one_above() {
        let mut rules = rules("*.log\n");
        rules.add(b"keep", b"!*.log\n");
        assert!(rules.ignores(b"a.log", false));
        assert!(!rules.ignores(b"keep/a.log", false));
    }

    #[test]
    fn slashes_anchor_a_pattern() {
        let rules = rules("/dist\ndocs/_build\n**/cache/*.db\n");
        assert!(rules.ignores(b"dist", true));
        assert!(!rules.ignores(b"app/dist", true));
        assert!(rules.ignores(b"docs/_build/x", false));
        assert!(!rules.ignores(b"app/docs/_build", true));
        assert!(rules.ignores(b"a/b/cache/x.db", false));
    }

    #[test]
    fn comments_spaces_line_ends_and_marks_are_read_as_git_does() {
        let rules = rules("\u{feff}first\r\n# no\n\\#yes\n\\!bang\ntrailing  \nkept\\ \n{a,b}\n\n   \n");
        assert!(rules.ignores(b"first", false));
        assert!(!rules.ignores(b"# no", false));
        assert!(rules.ignores(b"#yes", false));
        assert!(rules.ignores(b"!bang", false));
        assert!(rules.ignores(b"trailing", false));
        assert!(rules.ignores(b"kept ", false));
        assert!(!rules.ignores(b"a", false), "braces are no alternatives in git");
        assert!(rules.ignores(b"{a,b}", false));
    }

    #[test]
    fn rules_above_the_root_count() {
        let mut rules = IgnoreRules::new(b"services/api".to_vec());
        rules.add_above(b"", b"*.pem\n/services/api/local\n");
        assert!(rules.ignores(b"keys/a.pem", false));
        assert!(rules.ignores(b"local/x", false));
        assert!(!rules.ignores_root());
        rules.add_above(b"services", b"api/\n");
        assert!(rules.ignores_root());
    }

    #[test]
    fn hostile_patterns_are_matched_in_bounded_time() {
        let pattern = format!("{}b\n{}b\n", "a*".repeat(400), "**/a/".repeat(400));
        let rules = rules(&pattern);
        assert!(!rules.ignores("a/".repeat(200).as_bytes(), false));
        assert!(!rules.ignores("a".repeat(4000).as_bytes(), false));
    }
}
