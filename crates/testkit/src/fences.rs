//! The blocks of a Markdown file that matter to a fixture: headings, fences, and plain lines.

/// A block of a Markdown file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block<'a> {
    /// A heading of the second level, without its hashes.
    Heading(&'a str),
    /// A fenced block.
    Fence {
        /// What stands after the opening backticks or tildes.
        info: &'a str,
        /// The lines between the fences, each with its line end.
        text: String,
        /// Whether a closing fence was found.
        closed: bool,
    },
    /// Any other line.
    Line(&'a str),
}

/// The blocks of `markdown`, each with the line (from 1) on which it starts.
pub(crate) fn blocks(markdown: &str) -> Vec<(u32, Block<'_>)> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let block = if let Some(fence) = Opening::read(line) {
            let mut text = String::new();
            let closed = lines.by_ref().map(|(line, _)| line).any(|line| {
                let closes = fence.is_closed_by(line);
                if !closes {
                    text.push_str(line);
                    text.push('\n');
                }
                closes
            });
            Block::Fence { info: fence.info, text, closed }
        } else {
            line.strip_prefix("## ").map_or(Block::Line(line), |title| Block::Heading(title.trim()))
        };
        blocks.push((number, block));
    }
    blocks
}

/// The line that opens a fence (`CommonMark` 0.31, section 4.5, without indentation).
struct Opening<'a> {
    mark: char,
    length: usize,
    info: &'a str,
}

impl<'a> Opening<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let info = line.trim_start_matches(mark);
        let length = line.len() - info.len();
        // A backtick in the info string makes the line inline code.
        (length >= 3 && !info.contains('`')).then_some(Self { mark, length, info: info.trim() })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let rest = line.trim_start_matches(self.mark);
        line.len() - rest.len() >= self.length && rest.trim().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_fence_holds_a_shorter_one() {
        let found = blocks("## a b\n````md\n```\nx\n```\n````\n`f`:\n");
        assert_eq!(found[0], (1, Block::Heading("a b")));
        assert_eq!(found[1], (2, Block::Fence { info: "md", text: "```\nx\n```\n".into(), closed: true }));
        assert_eq!(found[2], (7, Block::Line("`f`:")));
    }

    #[test]
    fn a_fence_that_is_never_closed_is_told() {
        assert_eq!(blocks("~~~\nx\n"), [(1, Block::Fence { info: "", text: "x\n".into(), closed: false })]);
    }

    #[test]
    fn headings_inside_a_fence_are_text() {
        assert_eq!(blocks("```\n## no\n```\n").len(), 1);
    }
}
