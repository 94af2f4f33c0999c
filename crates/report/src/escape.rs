//! Text of a repository made harmless for terminals, logs and documents.
//!
//! A path, a message or a source line can hold terminal escapes, or characters that are not seen and change how
//! others are shown (CVE-2021-42574). None of them reaches an output as it is.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character is not seen, or changes how others are seen: controls, bidirectional overrides and isolates,
/// zero-width characters, line and paragraph separators, tags.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text on one line, with each hidden character in a visible form: `\n`, `\t`, `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            hidden if is_hidden(hidden) => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(hidden));
            }
            plain => shown.push(plain),
        }
    }
    Cow::Owned(shown)
}

/// A character of a source line as it is drawn: a tab is left to the drawing, which aligns what it marks, and any other
/// hidden character becomes one replacement character, so that columns stay right.
pub(crate) fn source_character(character: char) -> char {
    if character != '\t' && is_hidden(character) { '\u{fffd}' } else { character }
}

/// JSON text with each hidden character, which can only stand inside a string there, as `\uXXXX`. It means the same.
pub(crate) fn ascii_controls(json: &str) -> Cow<'_, str> {
    let hidden = |character: char| character != '\n' && is_hidden(character);
    if !json.contains(hidden) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// A code span of Markdown whose fence is longer than any run of backticks in it.
pub(crate) fn code_span(text: &str) -> String {
    let text = visible(text);
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest > 0 { format!("{fence} {text} {fence}") } else { format!("{fence}{text}{fence}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_left_alone() {
        assert!(matches!(visible("naïve 日本語 🙂"), Cow::Borrowed(_)));
    }

    #[test]
    fn escapes_and_overrides_are_shown() {
        assert_eq!(visible("\u{1b}[31mred\u{1b}]8;;x\u{7}"), "\\u{1b}[31mred\\u{1b}]8;;x\\u{7}");
        assert_eq!(visible("a\u{202e}b\u{2066}c\u{9b}d\r\n\t"), "a\\u{202e}b\\u{2066}c\\u{9b}d\\r\\n\\t");
        for hidden in
            ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}').chain(['\0', '\u{7f}', '\u{feff}', '\u{e0041}'])
        {
            assert!(is_hidden(hidden), "{hidden:?}");
        }
    }

    #[test]
    fn source_lines_keep_their_columns() {
        let line: String = "\ta\u{1b}\u{202e}é".chars().map(source_character).collect();
        assert_eq!(line, "\ta\u{fffd}\u{fffd}é");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = serde_json::to_string("a\u{202e}\u{9b}\u{e0041}é\u{1b}\n").expect("a string is JSON");
        let safe = ascii_controls(&text);
        assert_eq!(safe, r#""a\u202e\u009b\udb40\udc41é\u001b\n""#);
        assert_eq!(serde_json::from_str::<String>(&safe).expect("still JSON"), "a\u{202e}\u{9b}\u{e0041}é\u{1b}\n");
    }
}
