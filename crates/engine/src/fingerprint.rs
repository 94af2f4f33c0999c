//! Recognising a finding in another run, whatever moved around it.
//!
//! A fingerprint is made of the check's id, what the finding is about (its subject, or the function and class around
//! it), the tokens at its place with white space folded, and a number among findings that are equal in all these. It
//! holds no line and no path, so that moving code or renaming a file keeps it.

use pyaudit_check::{Finding, Project};
use pyaudit_project::Data;
use pyaudit_python::{Module, StmtKind};
use pyaudit_source::{FileId, Range};
use std::collections::BTreeMap;

/// The length of a fingerprint in bytes before it is written in hexadecimal.
const BYTES: usize = 16;

/// The fingerprints of findings, in their order. The order decides which of several equal findings is which, so it must
/// be a fixed one, such as that of their places.
pub(crate) fn fingerprints(project: &Project, findings: &[Finding]) -> Vec<String> {
    let mut definitions = BTreeMap::new();
    let mut seen: BTreeMap<[u8; blake3::OUT_LEN], u64> = BTreeMap::new();
    findings
        .iter()
        .map(|finding| {
            let file = finding.span.file;
            let around = definitions.entry(file).or_insert_with(|| Definitions::of_file(project, file));
            let identity = identity(project, finding, around);
            let ordinal = seen.entry(*identity.as_bytes()).or_default();
            let fingerprint = numbered(identity, *ordinal);
            *ordinal += 1;
            fingerprint
        })
        .collect()
}

/// What makes a finding this one, apart from its number among equals.
fn identity(project: &Project, finding: &Finding, around: &Definitions) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let enclosing = || finding.span.range.map_or_else(String::new, |range| around.qualified_name(range));
    let about = finding.subject.clone().unwrap_or_else(enclosing);
    field(&mut hasher, [finding.check.id]);
    field(&mut hasher, [about.as_str()]);
    field(&mut hasher, project.sources.slice(finding.span).split_whitespace());
    hasher.finalize()
}

/// Feeds one field. Bytes that never occur in UTF-8 end words and fields, so that no two findings run together.
fn field<'a>(hasher: &mut blake3::Hasher, words: impl IntoIterator<Item = &'a str>) {
    for word in words {
        hasher.update(word.as_bytes());
        hasher.update(&[0xFE]);
    }
    hasher.update(&[0xFF]);
}

fn numbered(identity: blake3::Hash, ordinal: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(identity.as_bytes());
    hasher.update(&ordinal.to_le_bytes());
    hasher.finalize().to_hex()[..BYTES * 2].to_owned()
}

/// The functions and classes of a file, by place.
#[derive(Debug, Default)]
struct Definitions {
    /// In the order of their starts.
    sorted: Vec<Definition>,
}

#[derive(Debug)]
struct Definition {
    /// With its decorators.
    range: Range,
    name: String,
    /// The definition around it, by index.
    parent: Option<usize>,
}

impl Definitions {
    fn of_file(project: &Project, file: FileId) -> Self {
        match project.files.get(file) {
            Some(Data::Python(module)) => Self::of_module(module),
            _ => Self::default(),
        }
    }

    fn of_module(module: &Module) -> Self {
        let syntax = &module.syntax;
        let definitions = syntax.stmts().filter_map(|(_, stmt)| {
            let (name, decorators) = match &stmt.kind {
                StmtKind::FunctionDef(function) => (function.name, &function.decorators),
                StmtKind::ClassDef(class) => (class.name, &class.decorators),
                _ => return None,
            };
            let start = decorators.first().map_or(stmt.range.start, |&first| syntax.expr(first).range.start);
            let range = Range::new(start.min(stmt.range.start), stmt.range.end);
            Some(Definition { range, name: syntax.identifier(name).to_owned(), parent: None })
        });
        let mut sorted: Vec<_> = definitions.collect();
        sorted.sort_by_key(|definition| (definition.range.start, std::cmp::Reverse(definition.range.end)));
        let mut open: Vec<usize> = Vec::new();
        for at in 0..sorted.len() {
            let range = sorted[at].range;
            while open.last().is_some_and(|&outer| !sorted[outer].range.contains(range)) {
                open.pop();
            }
            sorted[at].parent = open.last().copied();
            open.push(at);
        }
        Self { sorted }
    }

    /// The names of the definitions around a place, from the outermost, with dots; empty outside of all.
    fn qualified_name(&self, place: Range) -> String {
        let before = self.sorted.partition_point(|definition| definition.range.start <= place.start);
        let nearest = before.checked_sub(1);
        let outwards = std::iter::successors(nearest, |&at| self.sorted[at].parent);
        let around = outwards.map(|at| &self.sorted[at]).filter(|definition| definition.range.contains(place));
        let mut names: Vec<&str> = around.map(|definition| definition.name.as_str()).collect();
        names.reverse();
        names.join(".")
    }
}

#[cfg(test)]
mod tests {
    use crate::Config;
    use crate::testing::audit;
    use std::collections::BTreeSet;

    fn fingerprints(path: &str, text: &str) -> Vec<String> {
        audit(&[(path, text)], &Config::default()).findings.into_iter().map(|judged| judged.fingerprint).collect()
    }

    const TEXT: &str =
        "class A:\n    def f(self):\n        alpha()\n\n\ndef f():\n    alpha()\n    alpha()\n\n\nalpha()\n";

    #[test]
    fn equal_findings_in_other_places_are_told_apart() {
        let all = fingerprints("a.py", TEXT);
        assert_eq!(all.len(), 4);
        assert!(all.iter().all(|fingerprint| fingerprint.len() == 32));
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn neither_line_nor_path_changes_a_fingerprint() {
        let before = fingerprints("a.py", TEXT);
        assert_eq!(fingerprints("b/c.py", &format!("import os\n\n{TEXT}")), before);
        // Another definition moves in front, and the class behind.
        let class = "class A:\n    def f(self):\n        x = alpha()\n";
        let moved = format!("def g():\n    pass\n\n\ndef f():\n    alpha()\n    alpha()\n\n\nalpha()\n\n\n{class}");
        let after = fingerprints("a.py", &moved);
        assert_eq!(after.iter().collect::<BTreeSet<_>>(), before.iter().collect::<BTreeSet<_>>());
    }

    #[test]
    fn a_decorator_belongs_to_its_definition() {
        let below = fingerprints("a.py", "@alpha\ndef f():\n    pass\n");
        let inside = fingerprints("a.py", "def f():\n    alpha\n");
        assert_eq!(below, inside);
        assert_ne!(below, fingerprints("a.py", "def g():\n    alpha\n"));
    }
}
