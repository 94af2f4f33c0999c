//! The constructs for which our trees and CPython's may differ, each with its reason. At most twenty.

use super::reference::Version;

/// A construct that may differ.
struct Exception {
    construct: &'static str,
    reason: &'static str,
    /// Whether it covers a difference between two lines, CPython's first.
    covers: fn(Version, &str, &str) -> bool,
}

const TREE: &[Exception] = &[
    Exception {
        construct: "positions inside f-strings before Python 3.12",
        reason: "CPython before PEP 701 counts from the start of the whole string, or from a copy of the expression",
        covers: |version, expected, found| {
            version < (3, 12) && expected.starts_with('f') && without_position(expected) == without_position(found)
        },
    },
    Exception {
        construct: "lone surrogates in string constants",
        reason: "UTF-8 cannot hold them; they stand as U+FFFD",
        covers: |_, expected, found| {
            expected.contains("=surrogates:\"") && expected.replacen("=surrogates:\"", "=str:\"", 1) == found
        },
    },
];

/// The table with how often each entry was needed.
pub(super) struct Exceptions {
    version: Version,
    used: Vec<usize>,
}

impl Exceptions {
    /// A fresh count for one version of CPython.
    pub(super) fn new(version: Version) -> Self {
        Self { version, used: vec![0; TREE.len()] }
    }

    /// Whether an exception covers the difference between two lines, CPython's first; counts it.
    pub(super) fn cover(&mut self, expected: &str, found: &str) -> bool {
        let covering = TREE.iter().position(|exception| (exception.covers)(self.version, expected, found));
        if let Some(at) = covering {
            self.used[at] += 1;
        }
        covering.is_some()
    }

    /// A line for each entry.
    pub(super) fn report(&self) -> Vec<String> {
        let lines = TREE.iter().zip(&self.used);
        lines.map(|(exception, used)| format!("  {used:>7}  {}: {}", exception.construct, exception.reason)).collect()
    }
}

/// A line without its second word.
fn without_position(line: &str) -> (&str, &str) {
    let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
    (kind, rest.split_once(' ').map_or("", |(_, fields)| fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_inside_f_strings_are_excused_before_3_12_alone() {
        let (expected, found) = ("fName 1:0-1:9 id=x ctx=Load", "fName 1:3-1:4 id=x ctx=Load");
        assert!(Exceptions::new((3, 11)).cover(expected, found));
        assert!(!Exceptions::new((3, 14)).cover(expected, found));
        assert!(!Exceptions::new((3, 11)).cover(expected, &found.replace("id=x", "id=y")));
    }

    #[test]
    fn at_most_twenty() {
        assert!(TREE.len() <= 20);
    }
}
