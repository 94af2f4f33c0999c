//! From the lines of a requirements file to the lines that pip reads: continuations joined, comments cut off.

use crate::Text;
use crate::text::{TextBuilder, is_python_space, lines, trim};

/// The lines of a requirements file as pip reads them, in order, without the empty ones. A backslash at the end of a line joins
/// the next, except on a line that is a comment.
pub(super) fn logical_lines(text: &str) -> Vec<Text> {
    let mut found = Vec::new();
    let mut open: Option<(TextBuilder, usize)> = None;
    for line in lines(text) {
        let is_comment = trim(0, line.text).1.starts_with('#');
        let (builder, start) = open.get_or_insert_with(|| (TextBuilder::default(), line.start));
        if line.text.ends_with('\\') && !is_comment {
            let content = line.text.trim_start_matches('\\');
            builder.verbatim(line.end() - content.len(), content.trim_end_matches('\\'));
            continue;
        }
        // A comment ends the requirement before it even where no white space stands between them.
        let cut = if is_comment { "" } else { line.text };
        builder.verbatim(line.start, cut);
        let start = *start;
        if let Some((builder, _)) = open.take() {
            found.extend(content(builder, start));
        }
    }
    found.extend(open.and_then(|(builder, start)| content(builder, start)));
    found
}

/// A joined line without its comment, which starts at a `#` at the beginning or after white space, if anything is left.
fn content(mut builder: TextBuilder, start: usize) -> Option<Text> {
    let text = builder.as_str();
    let mut hashes = text.match_indices('#').map(|(at, _)| at);
    let comment = hashes.find(|&at| text[..at].is_empty() || text[..at].ends_with(is_python_space));
    let kept = text[..comment.unwrap_or(text.len())].trim_end_matches(is_python_space).len();
    builder.truncate(kept);
    let is_empty = builder.as_str().trim_matches(is_python_space).is_empty();
    (!is_empty).then(|| builder.finish(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_comments_cut() {
        let text = "a==1 \\\n  --hash=x \\\n# note \\\nb # c\n  # d\n\\\nurl#egg=e\\\n# f\ng \\";
        let found: Vec<_> = logical_lines(text).into_iter().map(|line| line.text).collect();
        assert_eq!(found, ["a==1   --hash=x", "b", "url#egg=e", "g"]);
    }

    #[test]
    fn joined_lines_keep_their_places() {
        let text = "a==1 \\\r\n  --hash=x\r\n";
        let line = logical_lines(text).remove(0);
        let at = line.text.find("--hash").unwrap();
        assert_eq!(line.source_offset(at as u32).map(|at| &text[at as usize..][..6]), Some("--hash"));
    }
}
