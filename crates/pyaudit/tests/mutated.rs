//! A property: whatever bytes a repository holds, a whole scan ends with an audit in which no check crashed.

use proptest::prelude::*;
use pyaudit_check::project::{Project, analyse};
use pyaudit_engine::{Config, run};
use pyaudit_source::{MemoryFile, MemoryGit, Phase, Sources};
use std::path::Path;

/// The files of the sample repository, with their paths from its root.
fn sample() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/repositories/shop");
    let mut files = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).expect("the sample can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name =
                    path.strip_prefix(&root).expect("it lies below the root").to_string_lossy().replace('\\', "/");
                files.push((name, std::fs::read(&path).expect("it can be read")));
            }
        }
    }
    files.sort();
    files
}

/// One change to the bytes of a file.
#[derive(Debug, Clone)]
enum Mutation {
    Delete(usize, usize),
    Insert(usize, &'static str),
    Replace(usize, u8),
    Truncate(usize),
    Repeat(usize, usize, usize),
}

/// Pieces that mean something to one parser or another.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"\"\"",
    "'",
    "\\",
    "\n",
    "\r",
    "\t",
    "\0",
    "#",
    ":",
    ": ",
    "- ",
    "? ",
    "&a ",
    "*a ",
    "<<: *a",
    "|",
    ">",
    "${{ ",
    "$(",
    "`",
    "f\"{",
    "@",
    "=",
    "==",
    ";",
    "%",
    "é",
    "\u{202e}",
    "def ",
    "class ",
    "if ",
    "match x:\n",
    "    ",
    "import ",
    "from . import *\n",
    "<<EOF\n",
    "-r ",
    "!",
    "---\n",
    "[[a]]\n",
    "*",
];

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<usize>(), 1..40usize).prop_map(|(at, count)| Mutation::Delete(at, count)),
        (any::<usize>(), prop::sample::select(PIECES)).prop_map(|(at, piece)| Mutation::Insert(at, piece)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        any::<usize>().prop_map(Mutation::Truncate),
        (any::<usize>(), 1..30usize, 1..60usize).prop_map(|(at, count, times)| Mutation::Repeat(at, count, times)),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    let length = bytes.len().max(1);
    match *mutation {
        Mutation::Delete(at, count) => {
            let start = at % length;
            bytes.drain(start.min(bytes.len())..(start + count).min(bytes.len()));
        }
        Mutation::Insert(at, piece) => {
            let at = (at % length).min(bytes.len());
            bytes.splice(at..at, piece.bytes());
        }
        Mutation::Replace(at, byte) => {
            if let Some(old) = bytes.get_mut(at % length) {
                *old = byte;
            }
        }
        Mutation::Truncate(at) => bytes.truncate(at % length),
        Mutation::Repeat(at, count, times) => {
            let start = (at % length).min(bytes.len());
            let piece = bytes[start..(start + count).min(bytes.len())].repeat(times);
            bytes.splice(start..start, piece);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_scan_of_mutated_files_ends(
        mutations in prop::collection::vec((any::<prop::sample::Index>(), mutation()), 1..60),
    ) {
        let mut files = sample();
        for (index, mutation) in &mutations {
            let at = index.index(files.len());
            mutate(&mut files[at].1, mutation);
        }
        let files = files.into_iter().map(|(path, bytes)| MemoryFile::new(path, bytes));
        let sources = Sources::from_memory(files, MemoryGit::Some);
        let data = analyse(&sources);
        let audit = run(Project::build(sources, data), &pyaudit::registry::checks(), &Config::default());
        let crashes: Vec<_> = audit.problems.iter().filter(|problem| problem.phase == Phase::Check).collect();
        prop_assert!(crashes.is_empty(), "{:?}", crashes);
        for judged in &audit.findings {
            let span = judged.finding.span;
            let text = audit.project.sources.text(span.file).unwrap_or("");
            let fits = span.range.is_none_or(|range| text.get(range.start as usize..range.end as usize).is_some());
            prop_assert!(fits, "{:?}", judged.finding);
        }
    }
}
