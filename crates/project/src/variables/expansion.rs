//! References to variables in texts of compose files and Dockerfiles: `$NAME`, `${NAME}`, `${NAME:-default}`.
//! <https://docs.docker.com/reference/compose-file/interpolation/>

use super::Given;

/// One reference in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference<'t> {
    /// The name.
    pub name: &'t str,
    /// What stands after `:-` or `-`.
    pub default: Option<&'t str>,
    /// Whether `:?` or `?` follows.
    pub is_required: bool,
    /// Where it starts and ends in the text, in bytes.
    pub place: (usize, usize),
}

/// The references of a text, in order; `$$` is a dollar sign. A default in a default belongs to the outer one.
pub(super) fn references(text: &str) -> Vec<Reference<'_>> {
    let bytes = text.as_bytes();
    let braces = braces(text);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(dollar) = text[at..].find('$').map(|offset| at + offset) {
        at = dollar + 1;
        match bytes.get(at) {
            Some(b'$') => at += 1,
            Some(b'{') => {
                let closing = braces.binary_search_by_key(&at, |&(open, _)| open);
                if let Ok((_, end)) = closing.map(|number| braces[number]) {
                    found.extend(braced(&text[at + 1..end], (dollar, end + 1)));
                }
                // What stands in a default is a reference too.
                at += 1;
            }
            _ => {
                let name = name_of(&text[at..]);
                if !name.is_empty() {
                    let place = (dollar, at + name.len());
                    found.push(Reference { name, default: None, is_required: false, place });
                }
                at += name.len();
            }
        }
    }
    found
}

/// Each brace with the one that closes it, in order of the first.
fn braces(text: &str) -> Vec<(usize, usize)> {
    let (mut open, mut pairs) = (Vec::new(), Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open.push(at),
            b'}' => pairs.extend(open.pop().map(|start| (start, at))),
            _ => {}
        }
    }
    pairs.sort_unstable();
    pairs
}

fn braced(inside: &str, place: (usize, usize)) -> Option<Reference<'_>> {
    let name = name_of(inside);
    let rest = &inside[name.len()..];
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    (!name.is_empty()).then(|| Reference {
        name,
        default: rest.strip_prefix('-'),
        is_required: rest.starts_with('?'),
        place,
    })
}

fn name_of(text: &str) -> &str {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let length = text.bytes().take_while(|&byte| is_name(byte)).count();
    if text.as_bytes().first().is_some_and(u8::is_ascii_digit) { "" } else { &text[..length] }
}

/// What a text gives a variable.
pub(super) fn given(text: &str) -> Given {
    let references = references(text);
    match references.as_slice() {
        [] => Given::Literal(text.replace("$$", "$")),
        [first, ..] if first.place == (0, text.len()) => Given::Reference {
            variable: first.name.to_owned(),
            default: first.default.filter(|default| !default.contains('$')).map(str::to_owned),
            is_required: first.is_required,
        },
        _ => Given::Composed(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_with_their_defaults() {
        let shown = |text: &str| {
            let line = |it: Reference<'_>| {
                let default = it.default.map_or(String::new(), |default| format!("={default}"));
                format!("{}{default}{}", it.name, if it.is_required { "!" } else { "" })
            };
            references(text).into_iter().map(line).collect::<Vec<_>>()
        };
        assert_eq!(shown("$A-${B}/${C:-d}/${E-}$$F ${G:?no} $1"), ["A", "B", "C=d", "E=", "G!"]);
        assert_eq!(shown("${A:-${B:-c}}"), ["A=${B:-c}", "B=c"]);
        assert!(shown("${A").is_empty() && shown("$").is_empty() && shown("a$").is_empty());
    }

    #[test]
    fn a_text_is_a_literal_a_reference_or_both() {
        let reference = |variable: &str, default: Option<&str>, is_required| Given::Reference {
            variable: variable.to_owned(),
            default: default.map(str::to_owned),
            is_required,
        };
        assert_eq!(given("a$$b"), Given::Literal("a$b".to_owned()));
        assert_eq!(given("${A:-x}"), reference("A", Some("x"), false));
        assert_eq!(given("${A?}"), reference("A", None, true));
        assert_eq!(given("${A:-${B}}"), reference("A", None, false));
        assert_eq!(given("x${A}"), Given::Composed("x${A}".to_owned()));
    }

    #[test]
    fn deep_defaults_end() {
        let text = format!("{}{}", "${A:-".repeat(20_000), "}".repeat(20_000));
        assert_eq!(references(&text).len(), 20_000);
    }
}
