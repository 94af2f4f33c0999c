//! Text for SARIF messages, in which text of a repository means nothing but itself.
//!
//! A plain message of SARIF has two things that are no text (sections 3.11.5 and 3.11.6 of the standard): `{0}` stands
//! for an argument, and `[text](1)` is a link. Both can be escaped, by doubled braces and by backslashes, but most
//! programs that show messages do not undo it. So a message is escaped only where something in it could be read so.

use crate::escape::visible;
use std::borrow::Cow;
use std::fmt::Write as _;

/// Longer messages are cut, in characters.
const LONGEST_MESSAGE: usize = 4_000;

/// Longer words about a place are cut, in characters.
const LONGEST_LABEL: usize = 500;

/// The text of a message: sentences, and behind them links to related locations by their numbers.
pub(super) fn message(sentences: &str, links: &[(usize, String)]) -> String {
    let sentences = clipped(sentences, LONGEST_MESSAGE);
    let holds = |test: fn(&str) -> bool| test(&sentences) || links.iter().any(|(_, label)| test(label));
    let escape = Escape { brackets: !links.is_empty() || holds(could_link), braces: holds(could_stand_for_another) };
    let mut text = escape.apply(&sentences);
    for (at, (id, label)) in links.iter().enumerate() {
        text.push_str(if at == 0 { " Related: [" } else { ", [" });
        text.push_str(&escape.apply(label));
        let _ = write!(text, "]({id})");
    }
    if !links.is_empty() {
        text.push('.');
    }
    text
}

/// What is said about a place, unescaped.
pub(super) fn label(text: &str) -> String {
    clipped(&visible(text), LONGEST_LABEL).into_owned()
}

/// The words as a sentence: on one line, with a capital and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let text = clipped(text.trim(), LONGEST_MESSAGE);
    let text = visible(&text);
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    let mut sentence: String = first.chain(characters).collect();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// The first `most` characters, with an ellipsis where some are left out.
pub(super) fn clipped(text: &str, most: usize) -> Cow<'_, str> {
    if text.char_indices().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    let end = text.char_indices().nth(most.saturating_sub(1)).map_or(0, |(at, _)| at);
    Cow::Owned(format!("{}…", text[..end].trim_end()))
}

fn could_link(text: &str) -> bool {
    text.contains("](")
}

/// Whether the text holds an opening brace and a digit.
fn could_stand_for_another(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| pair[0] == b'{' && pair[1].is_ascii_digit())
}

/// What must be escaped.
#[derive(Clone, Copy)]
struct Escape {
    brackets: bool,
    braces: bool,
}

impl Escape {
    fn apply(self, text: &str) -> String {
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '[' | ']' | '\\' if self.brackets => escaped.push('\\'),
                '{' | '}' if self.braces => escaped.push(character),
                _ => {}
            }
            escaped.push(character);
        }
        escaped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_can_be_nothing_else_is_left_alone() {
        let text = "`GET /users/{id}` needs `uvicorn[standard]` (see \\d)";
        assert_eq!(message(text, &[]), text);
    }

    #[test]
    fn links_and_placeholders_of_a_repository_are_escaped() {
        assert_eq!(message("a [b](1) \\[c](2)", &[]), "a \\[b\\](1) \\\\\\[c\\](2)");
        assert_eq!(message("`{0}` in `/users/{id}`", &[]), "`{{0}}` in `/users/{{id}}`");
        let links = [(1, "x](2) [y".to_owned()), (2, "{1}".to_owned())];
        assert_eq!(message("A[0] {b}.", &links), "A\\[0\\] {{b}}. Related: [x\\](2) \\[y](1), [{{1}}](2).");
    }

    #[test]
    fn a_sentence_has_a_capital_a_stop_and_one_line() {
        assert_eq!(sentence("écrit\n\u{1b}"), "Écrit\\n\\u{1b}.");
        assert_eq!(sentence("`a` is b."), "`a` is b.");
        assert_eq!(sentence(""), ".");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(clipped("ééé", 3), "ééé");
        assert_eq!(clipped("éé éé", 4), "éé…");
        assert_eq!(sentence(&"é".repeat(9_000)).chars().count(), LONGEST_MESSAGE + 1);
        assert_eq!(label(&"\u{1b}".repeat(900)).chars().count(), LONGEST_LABEL);
    }
}
