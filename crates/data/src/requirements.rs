//! Requirement lines: pip's requirements files, and PEP 508 strings in other manifests.

use pyaudit_source::{ParseProblem, Range};

/// One line of a requirements file, continuations joined.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A requirement.
    Requirement(Requirement),
    /// `-r file` or `--requirement file`.
    Include {
        /// The path as written, relative to the file it stands in.
        path: String,
        /// The range of the path.
        range: Range,
    },
    /// `-c file` or `--constraint file`.
    Constraint {
        /// The path as written, relative to the file it stands in.
        path: String,
        /// The range of the path.
        range: Range,
    },
    /// Any other option: `--index-url https://…`, `--require-hashes`.
    Option {
        /// Its long name without dashes.
        name: String,
        /// Its value, empty for a switch.
        value: String,
        /// The whole option.
        range: Range,
    },
}

/// A requirement (PEP 508, or a URL, path or editable as pip takes it).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Requirement {
    /// From the name to the end of its markers or hashes, without the comment.
    pub range: Range,
    /// The name as written; empty for a URL or path that names none.
    pub name: String,
    /// The range of the name, or of the URL or path that stands for it.
    pub name_range: Range,
    /// The extras in brackets, as written.
    pub extras: Vec<String>,
    /// The version specifiers, in order.
    pub specifiers: Vec<Specifier>,
    /// The URL or path after `@`, after `-e`, or alone.
    pub url: Option<String>,
    /// Whether it is `-e` or `--editable`.
    pub editable: bool,
    /// The environment marker after `;`, as written.
    pub marker: Option<String>,
    /// The values of `--hash`.
    pub hashes: Vec<String>,
}

/// One version specifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Specifier {
    /// `==`, `~=`, `>=`, `<=`, `!=`, `<`, `>` or `===`.
    pub operator: String,
    /// The version as written.
    pub version: String,
    /// Operator and version.
    pub range: Range,
}

/// The normalised name of a distribution (PEP 503): lower-case, runs of `-`, `_` and `.` as one `-`.
pub fn normalise_name(name: &str) -> String {
    let mut normalised = String::with_capacity(name.len());
    for part in name.split(['-', '_', '.']).filter(|part| !part.is_empty()) {
        if !normalised.is_empty() {
            normalised.push('-');
        }
        normalised.push_str(&part.to_ascii_lowercase());
    }
    normalised
}

/// Reads a requirements file.
pub fn parse(_text: &str) -> (Vec<Line>, Vec<ParseProblem>) {
    (Vec::new(), Vec::new())
}

/// Reads one PEP 508 string, such as an element of `project.dependencies`. Ranges count from the start of `text`.
pub fn parse_requirement(_text: &str) -> Result<Requirement, ParseProblem> {
    Err(ParseProblem::whole("not a requirement"))
}
