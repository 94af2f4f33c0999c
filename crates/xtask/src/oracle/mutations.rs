//! How much of a broken file is still found.
//!
//! Each file is broken once in every way, at a place drawn from a fixed seed. Counted are the functions and classes of
//! the whole file, by qualified name; those that the broken text cannot hold any more, because they begin in the part
//! that was cut away, are not counted.

use super::{MutationOptions, files};
use anyhow::{Result, ensure};
use pyaudit_python::{Module, StmtKind};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A way to break a text at about a byte; `None` where the text has no place for it.
type Break = fn(&str, usize) -> Option<String>;

const KINDS: &[(&str, Break)] = &[
    ("a closing bracket is deleted", |text, near| delete(text, near, &[')', ']', '}'])),
    ("an opening bracket is deleted", |text, near| delete(text, near, &['(', '[', '{'])),
    ("a quote is deleted", |text, near| delete(text, near, &['"', '\''])),
    ("a colon at the end of a line is deleted", |text, near| {
        let at = near + text.get(near..)?.find(":\n")?;
        Some(format!("{}{}", &text[..at], &text[at + 1..]))
    }),
    ("a Jinja tag is inserted", |text, near| insert_line(text, near, "{% if x %}\n")),
    ("a Jinja value is inserted", |text, near| insert_line(text, near, "{{ x }}\n")),
    ("a conflict is inserted", |text, near| {
        insert_line(text, near, "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> branch\n")
    }),
    ("the text ends early", |text, near| Some(text.get(..near)?.to_owned())),
];

/// Runs the report.
pub(super) fn run(options: &MutationOptions) -> Result<bool> {
    let library = match &options.stdlib {
        Some(directory) => directory.clone(),
        None => files::standard_library(Path::new("python3"))?,
    };
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut totals = vec![(0_usize, 0_usize, 0_usize); KINDS.len()];
    let mut count = 0;
    for path in chosen(&library, options.files, &mut random)? {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let definitions = definitions(&pyaudit_python::parse(&text));
        if definitions.is_empty() {
            continue;
        }
        count += 1;
        for ((_, breaking), total) in KINDS.iter().zip(&mut totals) {
            let near = text.floor_char_boundary(random.below(text.len()));
            if let Some(broken) = breaking(&text, near) {
                let (kept, findable) = compare(&definitions, &broken, &text);
                *total = (total.0 + 1, total.1 + kept, total.2 + findable);
            }
        }
    }
    ensure!(count > 0, "`{}` holds no file with a definition", library.display());
    println!("{count} files, each broken once in every way; definitions still found:\n");
    for ((kind, _), (broken, kept, findable)) in KINDS.iter().zip(&totals) {
        println!("{:>8} {kept:>7} of {findable:>7} in {broken:>4} files  {kind}", percent(*kept, *findable));
    }
    let (kept, findable) = totals.iter().fold((0, 0), |sum, total| (sum.0 + total.1, sum.1 + total.2));
    println!("{:>8} {kept:>7} of {findable:>7}  in all", percent(kept, findable));
    Ok(true)
}

fn percent(part: usize, whole: usize) -> String {
    // Tenths of a percent in whole numbers.
    let tenths = (part * 1000).checked_div(whole).unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// Files drawn from a directory, in order of their paths.
fn chosen(library: &Path, count: usize, random: &mut Random) -> Result<Vec<PathBuf>> {
    let mut all = files::python_files(library)?;
    while all.len() > count {
        let at = random.below(all.len());
        all.swap_remove(at);
    }
    all.sort();
    Ok(all)
}

/// How often each qualified name is defined, and where each definition begins.
fn definitions(module: &Module) -> BTreeMap<String, Vec<u32>> {
    let mut found: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (id, stmt) in module.syntax.stmts() {
        if matches!(stmt.kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_)) {
            found.entry(module.qualname(id).unwrap_or_default()).or_default().push(stmt.range.start);
        }
    }
    found
}

/// How many definitions of the whole text the broken one still has, and how many it could have.
fn compare(whole: &BTreeMap<String, Vec<u32>>, broken: &str, text: &str) -> (usize, usize) {
    let left = definitions(&pyaudit_python::parse(broken));
    let cut = if text.starts_with(broken) { broken.len() as u32 } else { u32::MAX };
    let mut sum = (0, 0);
    for (name, places) in whole {
        let findable = places.iter().filter(|&&start| start < cut).count();
        let kept = left.get(name).map_or(0, Vec::len).min(findable);
        sum = (sum.0 + kept, sum.1 + findable);
    }
    sum
}

/// Deletes the first of these characters at or after a byte.
fn delete(text: &str, near: usize, characters: &[char]) -> Option<String> {
    let at = near + text.get(near..)?.find(characters)?;
    Some(format!("{}{}", &text[..at], &text[at + 1..]))
}

/// Inserts lines before the line at a byte.
fn insert_line(text: &str, near: usize, lines: &str) -> Option<String> {
    let at = text.get(..near)?.rfind('\n').map_or(0, |at| at + 1);
    Some(format!("{}{lines}{}", &text[..at], &text[at..]))
}

/// A small generator of numbers that are the same on every machine (Marsaglia's xorshift, 64 bits).
struct Random(u64);

impl Random {
    /// A number below `limit`; 0 for the limit 0.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % (limit.max(1) as u64)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_that_was_cut_away_is_not_counted() {
        let text = "def a(): pass\ndef b(): pass\n";
        let whole = definitions(&pyaudit_python::parse(text));
        assert_eq!(compare(&whole, "def a(): pass\n", text), (1, 1));
        assert_eq!(compare(&whole, "def a(): pass\ndef c(): pass\n", text), (1, 2));
    }

    #[test]
    fn every_way_breaks_a_text() {
        let text = "def a(b=[{'c': 1}]):\n    return (b, {})\n";
        for (kind, breaking) in KINDS {
            assert_ne!(breaking(text, 3).as_deref(), Some(text), "{kind}");
        }
    }
}
