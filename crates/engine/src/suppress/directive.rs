//! What a comment asks for: `# pyaudit: ignore[id, id] reason` and `# pyaudit: ignore-file[id] reason`.

use crate::select::{did_you_mean, near_miss};
use pyaudit_source::{ParseProblem, Range};

/// How far a comment reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The line or statement it stands on, or the next one.
    Line,
    /// The whole file.
    File,
}

/// A comment that asks for silence. Ranges count from the start of the comment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Directive<'a> {
    pub(super) scope: Scope,
    /// Each name in the brackets with its place; never empty.
    pub(super) names: Vec<(&'a str, Range)>,
    pub(super) reason: Option<&'a str>,
}

const MARK: &str = "pyaudit:";

/// Reads a comment, from its `#` on. `None` means that it is not meant for pyaudit. Another tool's comment may stand
/// before it or after it: `# noqa: T201 # pyaudit: ignore[print-logging] a command line # type: ignore`.
pub(super) fn parse(comment: &str) -> Option<Result<Directive<'_>, ParseProblem>> {
    let start = find_mark(comment)?;
    Some(parse_after_mark(comment, start))
}

/// The offset behind `# pyaudit:`.
fn find_mark(comment: &str) -> Option<usize> {
    let found = |&(at, _): &(usize, &str)| comment[..at].trim_end().ends_with('#');
    comment.match_indices(MARK).find(found).map(|(at, _)| at + MARK.len())
}

fn parse_after_mark(comment: &str, start: usize) -> Result<Directive<'_>, ParseProblem> {
    let rest = comment[start..].trim_start();
    let word_start = comment.len() - rest.len();
    let is_word = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    let word = &rest[..rest.find(|character| !is_word(character)).unwrap_or(rest.len())];
    let scope = scope(word, range(word_start, word.len()))?;
    let after_word = rest[word.len()..].trim_start();
    let whole = range(word_start, word.len());
    let Some(list) = after_word.strip_prefix('[') else {
        let message = format!("`pyaudit: {word}` names no check; write `{word}[check-id] reason`");
        return Err(ParseProblem::at(whole, message));
    };
    let Some((inside, reason)) = list.split_once(']') else {
        return Err(ParseProblem::at(whole, format!("the list of `pyaudit: {word}[` has no `]`")));
    };
    let names = names(inside, comment.len() - list.len());
    if names.is_empty() {
        let message = format!("`pyaudit: {word}[]` names no check; write `{word}[check-id] reason`");
        return Err(ParseProblem::at(whole, message));
    }
    Ok(Directive { scope, names, reason: trim_reason(reason) })
}

fn scope(word: &str, at: Range) -> Result<Scope, ParseProblem> {
    match word {
        "ignore" => Ok(Scope::Line),
        "ignore-file" => Ok(Scope::File),
        _ => {
            let hint = did_you_mean(near_miss(word, ["ignore", "ignore-file"]));
            Err(ParseProblem::at(at, format!("unknown comment `pyaudit: {word}`{hint}")))
        }
    }
}

/// The names between the brackets, the first byte of which is at `start` in the comment.
fn names(inside: &str, start: usize) -> Vec<(&str, Range)> {
    let mut names = Vec::new();
    let mut at = start;
    for part in inside.split(',') {
        let name = part.trim();
        if !name.is_empty() {
            names.push((name, range(at + (part.len() - part.trim_start().len()), name.len())));
        }
        at += part.len() + 1;
    }
    names
}

/// The reason up to another tool's comment (`# ` after white space), without the punctuation people put before it.
fn trim_reason(text: &str) -> Option<&str> {
    let end = text.match_indices("# ").find(|&(at, _)| text[..at].ends_with(char::is_whitespace));
    let own = &text[..end.map_or(text.len(), |(at, _)| at)];
    let reason = own.trim().trim_start_matches([':', '-', '\u{2013}', '\u{2014}']).trim();
    (!reason.is_empty()).then_some(reason)
}

fn range(start: usize, length: usize) -> Range {
    Range::new(start as u32, (start + length) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(comment: &str) -> (Scope, Vec<&str>, Option<&str>) {
        let directive = parse(comment).expect("the comment is for pyaudit").expect("it is well-formed");
        for &(name, range) in &directive.names {
            assert_eq!(range.slice(comment), name);
        }
        (directive.scope, directive.names.iter().map(|&(name, _)| name).collect(), directive.reason)
    }

    fn problem(comment: &str) -> (&str, String) {
        let problem = parse(comment).expect("the comment is for pyaudit").unwrap_err();
        (problem.range.unwrap().slice(comment), problem.message)
    }

    #[test]
    fn reads_names_and_reason() {
        assert_eq!(read("# pyaudit: ignore[a, b-c] by design"), (Scope::Line, vec!["a", "b-c"], Some("by design")));
        assert_eq!(read("#pyaudit:ignore-file[ a ]"), (Scope::File, vec!["a"], None));
        assert_eq!(read("# pyaudit: ignore [a,]: see #12"), (Scope::Line, vec!["a"], Some("see #12")));
    }

    #[test]
    fn shares_a_comment_with_other_tools() {
        let comment = "# noqa: T201  # pyaudit: ignore[a] a command line # type: ignore";
        assert_eq!(read(comment), (Scope::Line, vec!["a"], Some("a command line")));
    }

    #[test]
    fn leaves_other_comments_alone() {
        for comment in ["# see the pyaudit: ignore section", "# pyaudit is nice", "# noqa", "# pyaudit"] {
            assert_eq!(parse(comment), None, "{comment}");
        }
    }

    #[test]
    fn tells_what_is_wrong() {
        let no_check = "`pyaudit: ignore` names no check; write `ignore[check-id] reason`";
        assert_eq!(problem("# pyaudit: ignore"), ("ignore", no_check.to_owned()));
        assert_eq!(problem("# pyaudit: ignore because").1, no_check);
        assert!(problem("# pyaudit: ignore[]").1.contains("names no check"));
        assert!(problem("# pyaudit: ignore[a").1.contains("has no `]`"));
        let near = "unknown comment `pyaudit: ingore`; did you mean `ignore`?";
        assert_eq!(problem("# pyaudit: ingore[a]"), ("ingore", near.to_owned()));
    }
}
