//! Comparing the lines of two trees, a statement at a time, so that one difference does not hide the next.

use super::exceptions::Exceptions;
use super::report::Difference;

/// Compares the lines of a tree: what CPython writes, and what we write.
pub(super) fn trees(expected: &str, found: &str, exceptions: &mut Exceptions) -> Vec<Difference> {
    if expected == found {
        return Vec::new();
    }
    let mut differences = Vec::new();
    let (expected, found) = (statements(expected), statements(found));
    let (mut left, mut right) = (expected.as_slice(), found.as_slice());
    while let Some(at) = [left.first(), right.first()].into_iter().flatten().map(|statement| statement.at).min() {
        let first = take_at(&mut left, at);
        let second = take_at(&mut right, at);
        match (first, second) {
            (Some(first), Some(second)) => differences.extend(statement(first, second, exceptions)),
            _ => differences.push(Difference::new(
                at.0,
                first.map_or("", Statement::head),
                second.map_or("", Statement::head),
            )),
        }
    }
    differences
}

/// Takes the first statement where it starts at `at`.
fn take_at<'s, 't>(statements: &mut &'s [Statement<'t>], at: (u32, u32)) -> Option<&'s Statement<'t>> {
    let (first, rest) = statements.split_first()?;
    (first.at == at).then(|| {
        *statements = rest;
        first
    })
}

/// The lines of one statement without those of the statements in it.
struct Statement<'t> {
    /// Where it starts: the line from 1 and the column in bytes from 0; the module is at (0, 0).
    at: (u32, u32),
    lines: &'t str,
}

impl<'t> Statement<'t> {
    fn head(&self) -> &'t str {
        self.lines.lines().next().unwrap_or("")
    }
}

/// The statements of a tree by their place.
fn statements(tree: &str) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    let mut rest = tree;
    while !rest.is_empty() {
        let end = rest.find("\nS").map_or(rest.len(), |at| at + 1);
        let (lines, others) = rest.split_at(end);
        found.push(Statement { at: place(lines), lines });
        rest = others;
    }
    found.sort_by_key(|statement| statement.at);
    found
}

/// The place in the head of a line.
fn place(line: &str) -> (u32, u32) {
    let start = line.split(' ').nth(1).and_then(|position| position.split('-').next());
    let pair = start.and_then(|start| start.split_once(':'));
    let number = |text: &str| text.parse().unwrap_or(0);
    pair.map_or((0, 0), |(line, column)| (number(line), number(column)))
}

/// The first difference in a statement that no exception covers.
fn statement(expected: &Statement<'_>, found: &Statement<'_>, exceptions: &mut Exceptions) -> Option<Difference> {
    if expected.lines == found.lines {
        return None;
    }
    let (mut left, mut right) = (expected.lines.lines(), found.lines.lines());
    let mut line = expected.at.0;
    loop {
        match (left.next(), right.next()) {
            (None, None) => return None,
            (first, second) => {
                let (first, second) = (first.unwrap_or(""), second.unwrap_or(""));
                line = place(first).0.max(line);
                if first != second && !exceptions.cover(first, second) {
                    return Some(Difference::new(line, first, second));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: &str = "SModule - body*2\nSPass 1:0-1:4\nSExpr 2:0-2:1 value+\n.Name 2:0-2:1 id=x ctx=Load\n";

    fn constructs(found: &str) -> Vec<String> {
        let differences = trees(EXPECTED, found, &mut Exceptions::new((3, 14)));
        differences.into_iter().map(|difference| difference.construct).collect()
    }

    #[test]
    fn equal_trees_have_no_difference() {
        assert!(constructs(EXPECTED).is_empty());
    }

    #[test]
    fn a_missing_statement_does_not_hide_what_follows() {
        let found = "SModule - body*2\nSExpr 2:0-2:1 value+\n.Name 2:0-2:1 id=y ctx=Load\n";
        assert_eq!(constructs(found), ["Pass is missing", "Name: id"]);
    }

    #[test]
    fn a_position_is_compared() {
        assert_eq!(constructs(&EXPECTED.replace("1:0-1:4", "1:0-1:5")), ["Pass: position"]);
    }

    #[test]
    fn another_kind_is_named() {
        assert_eq!(constructs(&EXPECTED.replace("SPass", "SError")), ["Error instead of Pass"]);
    }
}
