//! The comments of files that have `#` comments.
//!
//! Python's come from its parser. For the other formats a simple rule of lines serves: a comment starts at a `#` that
//! begins the line, or, where the format allows it, follows white space outside of quotes. A quote opens a string where
//! a value can start (after white space, a bracket, `,`, `:` or `=`), so the apostrophe of `don't` does not. TOML's
//! strings of several lines are followed; text in YAML's block scalars counts as a comment where it looks like one,
//! which is what shell text in a workflow wants.

use pyaudit_project::Data;
use pyaudit_source::{Range, SourceFile};

/// A comment, from its `#` to the end of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Comment {
    pub(super) range: Range,
    pub(super) own_line: bool,
}

/// Where a format allows comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// At the end of any line.
    Anywhere,
    /// As `Anywhere`, with strings of several lines.
    Toml,
    /// On lines of their own: a `#` elsewhere is part of the value.
    OwnLine,
}

/// The comments of a file, in order; none where the format has no `#` comments.
pub(super) fn comments(file: &SourceFile, data: Option<&Data>, text: &str) -> Vec<Comment> {
    if let Some(Data::Python(module)) = data {
        let own = |comment: &pyaudit_python::Comment| Comment { range: comment.range, own_line: comment.own_line };
        return module.comments.iter().map(own).collect();
    }
    style(file.name(), data).map_or_else(Vec::new, |style| scan(text, style))
}

fn style(name: &str, data: Option<&Data>) -> Option<Style> {
    match data {
        Some(Data::Python(_) | Data::Json(_)) => None,
        Some(Data::Yaml(_) | Data::Dotenv(_) | Data::Requirements(_)) => Some(Style::Anywhere),
        Some(Data::Toml(_)) => Some(Style::Toml),
        Some(Data::Ini(_) | Data::Dockerfile(_)) => Some(Style::OwnLine),
        None => style_by_name(name),
    }
}

/// For files that have no plain data, or whose text is broken.
fn style_by_name(name: &str) -> Option<Style> {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    match (name, extension) {
        ("Makefile" | "makefile" | "GNUmakefile", _) | (_, Some("yml" | "yaml" | "mk" | "sh")) => Some(Style::Anywhere),
        ("Pipfile", _) | (_, Some("toml")) => Some(Style::Toml),
        (".gitignore" | ".dockerignore" | ".flake8" | ".coveragerc", _) | (_, Some("ini" | "cfg" | "dockerfile")) => {
            Some(Style::OwnLine)
        }
        _ if name.starts_with("Dockerfile") || name.starts_with("Containerfile") => Some(Style::OwnLine),
        _ if name == ".env" || name.starts_with(".env.") || extension == Some("env") => Some(Style::Anywhere),
        (_, Some("txt" | "in")) if name.contains("requirements") || name.contains("constraints") => {
            Some(Style::Anywhere)
        }
        _ => None,
    }
}

fn scan(text: &str, style: Style) -> Vec<Comment> {
    let mut comments = Vec::new();
    let mut at = 0;
    let mut open_string = None;
    for line in text.split_inclusive(['\n', '\r']) {
        let content = line.trim_end_matches(['\n', '\r']);
        let own_line = open_string.is_none() && content.trim_start().starts_with('#');
        let start = match style {
            _ if own_line => Some(content.len() - content.trim_start().len()),
            Style::OwnLine => None,
            Style::Anywhere => trailing_comment(content, None),
            Style::Toml => trailing_comment(content, Some(&mut open_string)),
        };
        comments.extend(start.map(|start| {
            let range = Range::new((at + start) as u32, (at + content.len()) as u32);
            Comment { range, own_line }
        }));
        at += line.len();
    }
    comments
}

/// Where the comment at the end of a line starts. `open_string` is the quote of the string of several lines that the
/// line stands in, where the format has such strings.
fn trailing_comment(line: &str, mut open_string: Option<&mut Option<u8>>) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut at = 0;
    if let Some(quote) = open_string.as_ref().and_then(|open| **open) {
        at = end_of_long_string(bytes, 0, quote)?;
        **open_string.as_mut().expect("a string is open") = None;
    }
    while let Some(&byte) = bytes.get(at) {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let after_space = before.is_none_or(|byte| byte.is_ascii_whitespace());
        let value_starts = after_space || matches!(before, Some(b'[' | b'{' | b'(' | b',' | b':' | b'='));
        match byte {
            b'#' if after_space => return Some(at),
            b'"' | b'\'' if value_starts => {
                let is_long = bytes[at..].starts_with(&[byte; 3]);
                at = match &mut open_string {
                    Some(open) if is_long => {
                        **open = Some(byte);
                        let end = end_of_long_string(bytes, at + 3, byte)?;
                        **open = None;
                        end
                    }
                    _ => end_of_string(bytes, at + 1, byte)?,
                };
            }
            _ => at += 1,
        }
    }
    None
}

/// The offset behind the closing quote of a string whose text starts at `at`.
fn end_of_string(bytes: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

fn end_of_long_string(bytes: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            byte if byte == quote && bytes[at..].starts_with(&[quote; 3]) => return Some(at + 3),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, style: Style) -> Vec<(&str, bool)> {
        scan(text, style).iter().map(|comment| (comment.range.slice(text), comment.own_line)).collect()
    }

    #[test]
    fn finds_comments_at_the_end_of_lines_and_on_their_own() {
        let text = "a: 1 # one\r\n  # two\nb: x#y\nc: don't # three";
        assert_eq!(found(text, Style::Anywhere), [("# one", false), ("# two", true), ("# three", false)]);
        assert_eq!(found(text, Style::OwnLine), [("# two", true)]);
    }

    #[test]
    fn leaves_strings_alone() {
        let text = "a = \"x # no\" # yes\nb = 'it # no'\nc = [\"\\\" # no\"]\nd = \"open # no";
        assert_eq!(found(text, Style::Anywhere), [("# yes", false)]);
    }

    #[test]
    fn follows_strings_of_several_lines_in_toml() {
        let text = "a = \"\"\"\n# no\nx # no \"\"\" # yes\nb = '''c # no''' # too";
        assert_eq!(found(text, Style::Toml), [("# yes", false), ("# too", false)]);
    }

    #[test]
    fn knows_the_formats_by_name() {
        let styles = [
            ("ci.yml", Some(Style::Anywhere)),
            ("requirements-dev.txt", Some(Style::Anywhere)),
            (".env.example", Some(Style::Anywhere)),
            ("pyproject.toml", Some(Style::Toml)),
            ("Dockerfile.prod", Some(Style::OwnLine)),
            ("setup.cfg", Some(Style::OwnLine)),
            ("README.md", None),
            ("notes.txt", None),
        ];
        for (name, expected) in styles {
            assert_eq!(style(name, None), expected, "{name}");
        }
    }
}
