//! Which lines belong together, so that a comment anywhere in a statement reaches all of it.

use pyaudit_python::{Block, Module, Stmt, StmtKind, Syntax};
use pyaudit_source::{LineIndex, Range};
use std::collections::BTreeMap;

/// Groups of lines: the lines of a simple statement, or of the header of a compound one. Any other line is alone.
#[derive(Debug, Default)]
pub(super) struct LineGroups {
    /// The first line of its group, for each line that is not alone or first.
    first: BTreeMap<u32, u32>,
}

impl LineGroups {
    /// The groups of a module's statements.
    pub(super) fn of_module(module: &Module, lines: &LineIndex, text: &str) -> Self {
        let mut ranges: Vec<Range> = Vec::new();
        for (_, stmt) in module.syntax.stmts() {
            extents(module, stmt, text, &mut ranges);
        }
        let lines_of =
            |range: Range| (lines.line(range.start), lines.line(range.end.saturating_sub(1).max(range.start)));
        let mut extents: Vec<_> = ranges.into_iter().map(lines_of).filter(|(first, last)| first < last).collect();
        extents.sort_unstable();
        Self::of_extents(&extents)
    }

    /// From pairs of a first and a last line, sorted. Extents that share a line become one group.
    fn of_extents(extents: &[(u32, u32)]) -> Self {
        let mut groups = Self::default();
        let mut done = 0;
        for &(first, last) in extents {
            let leader = groups.group(first);
            for line in first.max(done).saturating_add(1)..=last {
                groups.first.insert(line, leader);
            }
            done = done.max(last);
        }
        groups
    }

    /// The first line of the group that a line belongs to.
    pub(super) fn group(&self, line: u32) -> u32 {
        self.first.get(&line).copied().unwrap_or(line)
    }
}

/// The text of a statement that a comment in it speaks for: all of a simple one, each header of a compound one.
fn extents(module: &Module, stmt: &Stmt, text: &str, into: &mut Vec<Range>) {
    let syntax = &module.syntax;
    let mut header = |start: u32, body: &Block| {
        let first = body.first().map(|&first| start_of(syntax, syntax.stmt(first)));
        into.extend(first.map(|first| Range::new(start, end_of_header(module, start, first, text))));
    };
    match &stmt.kind {
        StmtKind::FunctionDef(function) => header(start_of(syntax, stmt), &function.body),
        StmtKind::ClassDef(class) => header(start_of(syntax, stmt), &class.body),
        StmtKind::For { body, .. } | StmtKind::While { body, .. } | StmtKind::With { body, .. } => {
            header(stmt.range.start, body);
        }
        StmtKind::If { clauses, .. } => clauses.iter().for_each(|clause| header(clause.range.start, &clause.body)),
        StmtKind::Try { handlers, .. } => {
            handlers.iter().for_each(|handler| header(handler.range.start, &handler.body));
        }
        StmtKind::Match { subject, cases } => {
            for case in cases {
                header(syntax.pattern(case.pattern).range.start, &case.body);
            }
            into.push(Range::new(stmt.range.start, syntax.expr(*subject).range.end));
        }
        StmtKind::Error => {}
        _ => into.push(stmt.range),
    }
}

/// The start of a statement with its decorators.
fn start_of(syntax: &Syntax, stmt: &Stmt) -> u32 {
    let decorators = match &stmt.kind {
        StmtKind::FunctionDef(function) => &function.decorators,
        StmtKind::ClassDef(class) => &class.decorators,
        _ => return stmt.range.start,
    };
    let first = decorators.first().map_or(stmt.range.start, |&first| syntax.expr(first).range.start);
    first.min(stmt.range.start)
}

/// The end of a header, which is the `:` before its body: comments and white space between the two are not part of it.
fn end_of_header(module: &Module, start: u32, body: u32, text: &str) -> u32 {
    let mut end = body;
    loop {
        let before = Range::new(start, end).slice(text);
        // The `@` of the body's first decorator stands before what its expression counts from.
        let trimmed = before.trim_end_matches(|character: char| character.is_whitespace() || "\\@".contains(character));
        end = start + trimmed.len() as u32;
        let after = module.comments.partition_point(|comment| comment.range.end < end);
        match module.comments.get(after) {
            Some(comment) if comment.range.end == end && comment.range.start > start => end = comment.range.start,
            _ => return end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LineGroups;

    #[test]
    fn extents_that_share_a_line_are_one_group() {
        let groups = LineGroups::of_extents(&[(2, 4), (4, 6), (8, 9), (8, 12)]);
        let all: Vec<u32> = (1..=13).map(|line| groups.group(line)).collect();
        assert_eq!(all, [1, 2, 2, 2, 2, 2, 7, 8, 8, 8, 8, 8, 13]);
    }
}
