//! Lines indented more than the line before them, though that opens no block.
//!
//! The grammar takes such a line for one of the block around it, so that a stray line at the margin (a template's value,
//! something left by a merge) ends a class, and its other methods become functions of the module. Here the stray lines
//! are found, and counted as if they were indented like what follows.

use super::{Line, Prepared, Word};
use pyaudit_source::{ParseProblem, Range};

/// How many stray lines in a row are looked for.
const MAX_STRAY: usize = 3;

/// Notes the lines that are indented though nothing opens a block, and indents stray lines.
pub(super) fn settle_indents(out: &mut Prepared) {
    let opens = |line: &Line| out.masked.get(line.end as usize - 1) == Some(&b':');
    // The indentations of the open blocks, and of the one that the line before opens.
    let mut open: Vec<u32> = Vec::new();
    let mut at = 0;
    while let Some(&line) = out.lines.get(at) {
        let opened = at > 0 && opens(&out.lines[at - 1]);
        let last = open.last().copied().unwrap_or(0);
        if line.indent > last && !opened {
            let place = Range::new(line.first, line.first);
            out.problems.push(ParseProblem::at(place, "unexpected indent"));
        }
        let (stray, indent) = stray_lines(&out.lines[at..], &opens);
        let fits = open.binary_search(&indent).is_ok() || opened && indent > last;
        if stray > 0 && fits {
            let first = out.lines[at];
            out.problems.push(ParseProblem::at(Range::new(first.first, first.end), "unexpected dedent"));
            out.lines[at..at + stray].iter_mut().for_each(|line| line.indent = indent);
            out.stray.extend(at..at + stray);
        }
        let indent = out.lines[at].indent;
        open.truncate(open.partition_point(|&before| before < indent));
        open.push(indent);
        at += stray.max(1);
    }
}

/// How many lines stand alone at the start of these, before one that is indented more; and how much that is.
fn stray_lines(lines: &[Line], opens: &impl Fn(&Line) -> bool) -> (usize, u32) {
    let first = lines[0].indent;
    let alone = |line: &&Line| line.indent == first && line.word == Word::Other && !opens(line);
    let count = lines.iter().take(MAX_STRAY + 1).take_while(alone).count();
    match lines.get(count) {
        Some(next) if count <= MAX_STRAY && next.indent > first => (count, next.indent),
        _ => (0, 0),
    }
}
