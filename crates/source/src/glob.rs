//! The patterns of `gitignore(5)`, matched in time proportional to pattern times path.
//!
//! The usual recursive matcher takes exponential time on patterns like `**/a/**/a/**/b`, and a pattern comes from the
//! repository. Here a pattern is cut at its slashes, and both levels, components among `**` and characters among `*`, go
//! back to the last star alone, which is enough because an earlier star could only match what a later one can.

/// One line of an ignore file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// It takes back what an earlier line ignores (`!`).
    pub(crate) is_negative: bool,
    /// It matches directories alone (a slash at its end).
    is_directory: bool,
    /// It is compared with the whole path below its file (a slash elsewhere), not with the name alone.
    is_anchored: bool,
    components: Vec<Component>,
    /// The line that it stands on, from 1; 0 where that was not said.
    pub(crate) line: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Component {
    /// `**`: any number of components.
    Any,
    /// No wildcard in it.
    Literal(Vec<u8>),
    /// With wildcards.
    Glob(Vec<Token>),
    /// A class without end: matches nothing.
    Never,
}

/// The first and the last byte of a range in a class.
type Member = (u8, u8);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Byte(u8),
    /// `?`.
    One,
    /// `*`.
    Many,
    /// `[a-z]`.
    Class {
        is_negated: bool,
        members: Vec<Member>,
    },
}

impl Pattern {
    /// Reads a line; `None` for one that holds no pattern, which a comment does not either.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        if line.starts_with(b"#") {
            return None;
        }
        let line = trim_end(line);
        let (is_negative, line) = line.strip_prefix(b"!").map_or((false, line), |rest| (true, rest));
        let (is_directory, line) = line.strip_suffix(b"/").map_or((false, line), |rest| (true, rest));
        if line.is_empty() {
            return None;
        }
        let is_anchored = line.contains(&b'/');
        let line = line.strip_prefix(b"/").unwrap_or(line);
        let components = line.split(|&byte| byte == b'/').map(Component::parse).collect();
        Some(Self { is_negative, is_directory, is_anchored, components, line: 0 })
    }

    /// The same pattern, with the line that it stands on.
    pub(crate) fn on_line(self, line: u32) -> Self {
        Self { line, ..self }
    }

    /// Whether it matches a path relative to the directory of its file.
    pub(crate) fn matches(&self, path: &[u8], is_directory: bool) -> bool {
        if self.is_directory && !is_directory {
            return false;
        }
        let components: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
        if self.is_anchored {
            match_components(&self.components, &components)
        } else {
            let name = components.last().copied().unwrap_or(path);
            self.components.first().is_some_and(|component| component.matches(name))
        }
    }
}

/// Drops the spaces at the end of a line that no backslash keeps.
fn trim_end(line: &[u8]) -> &[u8] {
    let mut end = line.len();
    while end > 0 && line[end - 1] == b' ' {
        let backslashes = line[..end - 1].iter().rev().take_while(|&&byte| byte == b'\\').count();
        if backslashes % 2 == 1 {
            break;
        }
        end -= 1;
    }
    &line[..end]
}

/// `**` at the end stands for at least one component, elsewhere for any number.
fn match_components(pattern: &[Component], path: &[&[u8]]) -> bool {
    let is_star = |component: &Component| matches!(component, Component::Any);
    consume(pattern, path, is_star, |component, name| component.matches(name)) == Some(pattern.len())
}

/// How much of a pattern is used when all of `text` is: a star stands for any number of items, and only the last star is
/// ever tried again, so that the work is bounded by the product of both lengths.
fn consume<P, T>(
    pattern: &[P],
    text: &[T],
    is_star: impl Fn(&P) -> bool,
    matches: impl Fn(&P, &T) -> bool,
) -> Option<usize> {
    let (mut at, mut from) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(star) if is_star(star) && at + 1 == pattern.len() => return Some(pattern.len()),
            Some(star) if is_star(star) => {
                last_star = Some((at, from));
                at += 1;
                continue;
            }
            Some(one) if matches(one, &text[from]) => {
                at += 1;
                from += 1;
                continue;
            }
            _ => {}
        }
        let (star, start) = last_star?;
        last_star = Some((star, start + 1));
        at = star + 1;
        from = start + 1;
    }
    Some(at)
}

impl Component {
    fn parse(text: &[u8]) -> Self {
        if text == b"**" {
            return Self::Any;
        }
        if !text.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\')) {
            return Self::Literal(text.to_vec());
        }
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'?' => tokens.push(Token::One),
                b'*' if tokens.last() == Some(&Token::Many) => {}
                b'*' => tokens.push(Token::Many),
                b'[' => match class(after) {
                    Some((token, after)) => {
                        tokens.push(token);
                        rest = after;
                    }
                    None => return Self::Never,
                },
                b'\\' => match after.split_first() {
                    Some((&escaped, after)) => {
                        tokens.push(Token::Byte(escaped));
                        rest = after;
                    }
                    None => return Self::Never,
                },
                _ => tokens.push(Token::Byte(byte)),
            }
        }
        Self::Glob(tokens)
    }

    fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Literal(text) => text == name,
            Self::Glob(tokens) => match_tokens(tokens, name),
            Self::Never => false,
        }
    }
}

fn match_tokens(tokens: &[Token], name: &[u8]) -> bool {
    let used = consume(tokens, name, |token| *token == Token::Many, |token, &byte| token.matches(byte));
    used.is_some_and(|used| tokens[used..].iter().all(|token| *token == Token::Many))
}

impl Token {
    fn matches(&self, byte: u8) -> bool {
        match self {
            Self::Byte(own) => *own == byte,
            Self::One | Self::Many => true,
            Self::Class { is_negated, members } => {
                members.iter().any(|&(low, high)| (low..=high).contains(&byte)) != *is_negated
            }
        }
    }
}

/// Reads a class after its `[`; `None` when it does not end.
fn class(text: &[u8]) -> Option<(Token, &[u8])> {
    let negated = matches!(text.first(), Some(b'!' | b'^'));
    let mut rest = if negated { &text[1..] } else { text };
    let mut members = Vec::new();
    let mut is_first = true;
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        if byte == b']' && !is_first {
            return Some((Token::Class { is_negated: negated, members }, rest));
        }
        is_first = false;
        if byte == b'['
            && let Some((ranges, after)) = named_class(after)
        {
            members.extend_from_slice(ranges);
            rest = after;
            continue;
        }
        let (low, after) =
            if byte == b'\\' { rest.split_first().map(|(byte, rest)| (*byte, rest))? } else { (byte, rest) };
        rest = after;
        match rest {
            [b'-', high, after @ ..] if *high != b']' => {
                let (high, after) = if *high == b'\\' { after.split_first()? } else { (high, after) };
                members.push((low, *high));
                rest = after;
            }
            _ => members.push((low, low)),
        }
    }
}

/// `[:alpha:]` inside a class, after its `[`.
fn named_class(text: &[u8]) -> Option<(&'static [Member], &[u8])> {
    let names: [(&[u8], &[Member]); 12] = [
        (b":alnum:]", &[(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')]),
        (b":alpha:]", &[(b'A', b'Z'), (b'a', b'z')]),
        (b":blank:]", &[(b' ', b' '), (b'\t', b'\t')]),
        (b":cntrl:]", &[(0, 31), (127, 127)]),
        (b":digit:]", &[(b'0', b'9')]),
        (b":graph:]", &[(33, 126)]),
        (b":lower:]", &[(b'a', b'z')]),
        (b":print:]", &[(32, 126)]),
        (b":punct:]", &[(33, 47), (58, 64), (91, 96), (123, 126)]),
        (b":space:]", &[(9, 13), (b' ', b' ')]),
        (b":upper:]", &[(b'A', b'Z')]),
        (b":xdigit:]", &[(b'0', b'9'), (b'A', b'F'), (b'a', b'f')]),
    ];
    names.into_iter().find_map(|(name, ranges)| text.strip_prefix(name).map(|rest| (ranges, rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Pattern::parse(pattern.as_bytes()).expect("a pattern").matches(path.as_bytes(), false)
    }

    #[test]
    fn stars_stay_within_a_component_and_double_stars_do_not() {
        let expected = [
            ("*.py", "a/b.py", true),
            ("a/*.py", "a/b.py", true),
            ("a/*.py", "a/b/c.py", false),
            ("**/b", "b", true),
            ("**/b", "a/a/b", true),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**", "a/x/y", true),
            ("a/**", "a", false),
            ("**/a/**/b", "x/a/y/a/z/b", true),
            ("**/a/**/b", "x/a/y/a/z/c", false),
            ("/a*b*c", "axbxbxc", true),
            ("a**b", "axxb", true),
            ("foo?", "foo1", true),
            ("foo?", "foo", false),
            ("/*", "a", true),
            ("/*", "a/b", false),
        ];
        for (pattern, path, result) in expected {
            assert_eq!(matches(pattern, path), result, "{pattern} {path}");
        }
    }

    #[test]
    fn classes_and_escapes_are_those_of_git() {
        let expected = [
            ("*.py[cod]", "a.pyc", true),
            ("*.py[cod]", "a.py", false),
            ("[!a-c]x", "dx", true),
            ("[^a-c]x", "bx", false),
            ("[]x]", "]", true),
            ("[[:digit:]_]", "7", true),
            ("[a\\-z]", "-", true),
            ("[a\\-z]", "m", false),
            ("[ab", "a", false),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("a\\", "a", false),
            ("\\#x", "#x", true),
            ("{a,b}", "a", false),
        ];
        for (pattern, path, result) in expected {
            assert_eq!(matches(pattern, path), result, "{pattern} {path}");
        }
    }

    #[test]
    fn lines_without_a_pattern_have_none() {
        for line in ["", "# x", "/", "!", "   "] {
            assert_eq!(Pattern::parse(line.as_bytes()), None, "{line:?}");
        }
    }
}
