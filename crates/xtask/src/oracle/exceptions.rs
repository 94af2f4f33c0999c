//! The constructs for which our trees and CPython's may differ, each with its reason. At most twenty.

use super::reference::Version;

/// A construct that may differ.
struct Exception {
    construct: &'static str,
    reason: &'static str,
    /// Whether it covers a difference between two lines, CPython's first.
    covers: fn(Version, &str, &str) -> bool,
}

/// Symbol tables count their lines as `dump_ast.py` writes them, with nothing on our side.
const TABLE: &[Exception] = &[
    Exception {
        construct: "positions inside f-strings before Python 3.12",
        reason: "CPython before PEP 701 counts from the start of the whole string, or from a copy of the expression",
        covers: |version, expected, found| {
            version < (3, 12) && expected.starts_with('f') && without_position(expected) == without_position(found)
        },
    },
    Exception {
        construct: "comments in fields with `=` in Python 3.12 and 3.13",
        reason: "CPython leaves them out of the text there, and keeps them since 3.14, as we do",
        covers: |version, expected, found| {
            let same_place = expected.split(" value=").next() == found.split(" value=").next();
            version < (3, 14) && expected.starts_with("fConstant ") && same_place && found.contains('#')
        },
    },
    Exception {
        construct: "lone surrogates in string constants",
        reason: "UTF-8 cannot hold them; they stand as U+FFFD",
        covers: |_, expected, found| {
            expected.contains("=surrogates:\"") && expected.replacen("=surrogates:\"", "=str:\"", 1) == found
        },
    },
    Exception {
        construct: "the name `__class__`",
        reason: "a method that reads it or `super` gets it from its class; nothing in the text binds it",
        covers: |_, expected, found| expected.starts_with("  __class__ ") && found.is_empty(),
    },
    Exception {
        construct: "names of the module that only functions bind, by `global`",
        reason: "CPython calls them local to the module only where its own statements bind them; ours have a binding",
        covers: |_, expected, _| expected == DECLARED,
    },
    Exception {
        construct: "names that CPython makes up in symbol tables",
        reason: "no program can write or needs them: `.0`, `.format`, `__classdict__` and the like",
        covers: |_, expected, found| {
            let name = expected.trim_start().split(' ').next().unwrap_or("");
            let hidden = ["__classdict__", "__conditional_annotations__", "__type_params__"];
            expected.starts_with("  ") && found.is_empty() && (name.starts_with('.') || hidden.contains(&name))
        },
    },
    Exception {
        construct: "free names that a scope only passes on",
        reason: "CPython lists them in every scope between the use and the binding; ours asks when a name is used",
        covers: |_, expected, found| expected.starts_with("  ") && expected.ends_with(" free") && found.is_empty(),
    },
    Exception {
        construct: "tables of annotations, type parameters, type variables and type aliases",
        reason: "PEP 649 and PEP 695 give each a table; ours has one scope for the type parameters of a definition",
        covers: |_, expected, found| {
            let kinds = ["Yannotation", "Ytype-", "YTypeVar-"];
            kinds.iter().any(|kind| expected.starts_with(kind)) && found.is_empty()
        },
    },
    Exception {
        construct: "comprehensions in symbol tables since Python 3.12",
        reason: "PEP 709 makes them part of the scope around them when code is generated; they still bind by themselves",
        covers: |version, expected, _| version >= (3, 12) && expected == INLINED,
    },
];

/// The line that counts a comprehension whose names were added to the scope around it.
pub(super) const INLINED: &str = "Ycomprehension";

/// The line that counts a name of the module that is declared `global` in functions and not bound outside these.
pub(super) const DECLARED: &str = "Ydeclared";

/// The table with how often each entry was needed.
pub(super) struct Exceptions {
    version: Version,
    used: Vec<usize>,
}

impl Exceptions {
    /// A fresh count for one version of CPython.
    pub(super) fn new(version: Version) -> Self {
        Self { version, used: vec![0; TABLE.len()] }
    }

    /// Whether an exception covers the difference between two lines, CPython's first; counts it.
    pub(super) fn cover(&mut self, expected: &str, found: &str) -> bool {
        let covering = TABLE.iter().position(|exception| (exception.covers)(self.version, expected, found));
        if let Some(at) = covering {
            self.used[at] += 1;
        }
        covering.is_some()
    }

    /// The version of CPython that is compared with.
    pub(super) fn version(&self) -> Version {
        self.version
    }

    /// A line for each entry.
    pub(super) fn report(&self) -> Vec<String> {
        let lines = TABLE.iter().zip(&self.used);
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
        assert!(TABLE.len() <= 20);
    }
}
