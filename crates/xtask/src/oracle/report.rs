//! What a comparison found, and how it is printed.

use pyaudit_source::{LineIndex, ParseProblem};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A difference that nothing excuses.
pub(super) struct Difference {
    /// The line in the source.
    pub(super) line: u32,
    /// What differs, in a few words: `Call: position`.
    pub(super) construct: String,
    /// CPython's line.
    pub(super) expected: String,
    /// Ours.
    pub(super) found: String,
}

impl Difference {
    /// The difference between two lines, CPython's first; an empty one is missing.
    pub(super) fn new(line: u32, expected: &str, found: &str) -> Self {
        let construct = construct(expected, found);
        Self { line, construct, expected: expected.to_owned(), found: found.to_owned() }
    }

    /// A difference between two symbol tables.
    pub(super) fn of_tables(construct: String, expected: String, found: String) -> Self {
        let line = expected.split(' ').chain(found.split(' ')).find_map(|word| word.parse().ok()).unwrap_or(0);
        Self { line, construct, expected, found }
    }

    /// What we find wrong with a text that CPython accepts.
    pub(super) fn of_problem(problem: &ParseProblem, text: &str) -> Self {
        let line = problem.range.map_or(0, |range| LineIndex::new(text).line(range.start));
        let construct = format!("a problem: {}", problem.message);
        Self { line, construct, expected: String::new(), found: problem.message.clone() }
    }

    fn render(&self, path: &str) -> [String; 3] {
        [
            format!("           {path}:{}", self.line),
            format!("             CPython {}", shorten(&self.expected)),
            format!("             we      {}", shorten(&self.found)),
        ]
    }
}

/// What differs between two lines.
fn construct(expected: &str, found: &str) -> String {
    let kind = |line: &str| line.split(' ').next().unwrap_or("").trim_start_matches(['S', '.', 'f', 'Y']).to_owned();
    let (expected_kind, found_kind) = (kind(expected), kind(found));
    if found.is_empty() {
        return format!("{expected_kind} is missing");
    }
    if expected.is_empty() {
        return format!("{found_kind} is too many");
    }
    if expected_kind != found_kind {
        return format!("{found_kind} instead of {expected_kind}");
    }
    let mut words = expected.split(' ').zip(found.split(' ')).skip(1).enumerate();
    match words.find(|(_, (first, second))| first != second) {
        Some((0, _)) => format!("{expected_kind}: position"),
        Some((_, (word, _))) => {
            let field = word.split(['=', '*', '+', '-']).next().unwrap_or("");
            format!("{expected_kind}: {field}")
        }
        None => format!("{expected_kind}: value"),
    }
}

/// Counts over all files of one comparison.
#[derive(Default)]
pub(super) struct Report {
    /// Files that CPython refuses, by its reason.
    pub(super) refused: BTreeMap<String, usize>,
    /// Files that were compared.
    pub(super) compared: usize,
    /// Files without an unexcused difference.
    pub(super) equal: usize,
    /// Lines that were compared.
    pub(super) lines: usize,
    /// Bytes of source that were compared.
    pub(super) bytes: usize,
    /// Examples by construct, with their number.
    differences: BTreeMap<String, (usize, Vec<(String, Difference)>)>,
}

impl Report {
    /// Adds the outcome of one file.
    pub(super) fn add(&mut self, path: &str, lines: usize, differences: Vec<Difference>, examples: usize) {
        self.compared += 1;
        self.lines += lines;
        self.equal += usize::from(differences.is_empty());
        for difference in differences {
            let (count, kept) = self.differences.entry(difference.construct.clone()).or_default();
            *count += 1;
            if kept.len() < examples {
                kept.push((path.to_owned(), difference));
            }
        }
    }

    /// Adds a file that CPython refuses.
    pub(super) fn refuse(&mut self, reason: &str) {
        let kind = reason.split(" (").next().unwrap_or(reason);
        *self.refused.entry(kind.to_owned()).or_default() += 1;
    }

    /// Whether something was compared and nothing differed.
    pub(super) fn agreed(&self) -> bool {
        self.compared > 0 && self.differences.is_empty()
    }

    /// The text that shows it.
    pub(super) fn render(&self, unit: &str) -> String {
        let mut lines =
            vec![format!("{} of {} files equal, {} {unit} compared", self.equal, self.compared, self.lines)];
        let refused: usize = self.refused.values().sum();
        if refused > 0 {
            lines.push(format!("{refused} files that CPython refuses were skipped:"));
            lines.extend(self.refused.iter().map(|(reason, count)| format!("{count:>9}  {reason}")));
        }
        let mut groups: Vec<_> = self.differences.iter().collect();
        groups.sort_by_key(|(_, (count, _))| Reverse(*count));
        for (construct, (count, kept)) in groups {
            lines.push(format!("{count:>9}  {construct}"));
            lines.extend(kept.iter().flat_map(|(path, difference)| difference.render(path)));
        }
        lines.join("\n")
    }
}

/// The first 200 characters.
fn shorten(line: &str) -> String {
    line.chars().take(200).collect()
}
