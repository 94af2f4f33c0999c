//! Text of a repository that stands in a document: what is between backticks is code, the rest is prose.

use crate::escape::visible;

/// A piece of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Prose.
    Plain(&'t str),
    /// What stood between a pair of backticks.
    Code(&'t str),
}

/// Takes a message apart at its backticks. One that has no partner is prose.
pub(super) fn pieces(message: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, behind)) = after.split_once('`') else { break };
        if !before.is_empty() {
            pieces.push(Piece::Plain(before));
        }
        if code.is_empty() {
            pieces.push(Piece::Plain("``"));
        } else {
            pieces.push(Piece::Code(code));
        }
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest));
    }
    pieces
}

/// A place as people read it: `app/main.py:12`, or the path alone for a file as a whole.
pub(super) fn shown_place(path: &str, line: Option<u32>) -> String {
    let path = visible(path);
    line.map_or_else(|| path.to_string(), |line| format!("{path}:{line}"))
}

/// A number with its noun: `1 finding`, `3 findings`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_make_code_in_pairs() {
        assert_eq!(pieces("use `a` or `b"), [Piece::Plain("use "), Piece::Code("a"), Piece::Plain(" or `b")]);
        assert_eq!(pieces("``"), [Piece::Plain("``")]);
        assert_eq!(pieces(""), []);
    }
}
