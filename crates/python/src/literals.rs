//! The values of literals, decoded as CPython does.

use crate::syntax::{ExprKind, Integer};

/// The value of a number literal, or nothing where it is none of Python 3.
pub(crate) fn number(text: &str) -> Option<ExprKind> {
    let digits: String =
        text.chars().filter(|&letter| letter != '_').map(|letter| letter.to_ascii_lowercase()).collect();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            return integer(rest, radix, &digits);
        }
    }
    if let Some(factor) = digits.strip_suffix('j') {
        return factor.parse().ok().map(ExprKind::Imaginary);
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let significant = digits.trim_start_matches('0');
        return integer(if significant.is_empty() { "0" } else { significant }, 10, &digits);
    }
    digits.parse().ok().map(ExprKind::Float)
}

fn integer(digits: &str, radix: u32, literal: &str) -> Option<ExprKind> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix);
    Some(ExprKind::Int(value.map_or_else(|_| Integer::Big(literal.into()), Integer::Small)))
}

/// Appends the text of a string literal's body. Line ends are `\n`, as CPython reads them.
pub(crate) fn decode_text(body: &str, raw: bool, into: &mut String) {
    let mut rest = body;
    while let Some(at) = rest.find(['\\', '\r']) {
        into.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = match rest.as_bytes()[0] {
            b'\r' => {
                into.push('\n');
                rest[1..].strip_prefix('\n').unwrap_or(&rest[1..])
            }
            _ if raw => {
                into.push('\\');
                &rest[1..]
            }
            _ => text_escape(&rest[1..], into),
        };
    }
    into.push_str(rest);
}

/// Decodes what follows a backslash and gives what is left.
fn text_escape<'t>(rest: &'t str, into: &mut String) -> &'t str {
    let Some(letter) = rest.chars().next() else {
        into.push('\\');
        return rest;
    };
    let after = &rest[letter.len_utf8()..];
    let decoded = match letter {
        'u' => hexadecimal(after, 4),
        'U' => hexadecimal(after, 8),
        'x' => hexadecimal(after, 2),
        'N' => named(after),
        _ => simple_escape(rest),
    };
    let Some((value, length)) = decoded else {
        into.push('\\');
        return rest;
    };
    // A lone surrogate has no UTF-8.
    into.extend(value.map(|value| char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)));
    let used = if matches!(letter, 'u' | 'U' | 'x' | 'N') { 1 + length } else { length };
    &rest[used..]
}

/// An escape that text and bytes share: its value, if it has one, and its length after the backslash.
fn simple_escape(rest: &str) -> Option<(Option<u32>, usize)> {
    let value = match rest.as_bytes().first()? {
        b'\n' => return Some((None, 1)),
        b'\r' => return Some((None, if rest.starts_with("\r\n") { 2 } else { 1 })),
        b'\\' => b'\\',
        b'\'' => b'\'',
        b'"' => b'"',
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'0'..=b'7' => {
            let length = rest.bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            return Some((u32::from_str_radix(&rest[..length], 8).ok(), length));
        }
        _ => return None,
    };
    Some((Some(value.into()), 1))
}

fn hexadecimal(digits: &str, length: usize) -> Option<(Option<u32>, usize)> {
    let digits = digits.get(..length).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    Some((u32::from_str_radix(digits, 16).ok(), length))
}

fn named(rest: &str) -> Option<(Option<u32>, usize)> {
    let name = rest.strip_prefix('{')?;
    let end = name.find('}')?;
    let letter = unicode_names2::character(&name[..end])?;
    Some((Some(letter.into()), end + 2))
}

/// Appends the bytes of a bytes literal's body.
pub(crate) fn decode_bytes(body: &str, raw: bool, into: &mut Vec<u8>) {
    let mut rest = body;
    while let Some(at) = rest.find(['\\', '\r']) {
        into.extend_from_slice(&rest.as_bytes()[..at]);
        let after = &rest[at + 1..];
        let decoded = match rest.as_bytes()[at] {
            b'\r' => Some((Some(10), usize::from(after.starts_with('\n')))),
            _ if raw => None,
            _ if after.starts_with('x') => hexadecimal(&after[1..], 2).map(|(value, length)| (value, length + 1)),
            _ => simple_escape(after),
        };
        if let Some((value, length)) = decoded {
            into.extend(value.map(|value| value as u8));
            rest = &after[length..];
        } else {
            into.push(b'\\');
            rest = after;
        }
    }
    into.extend_from_slice(rest.as_bytes());
}

/// Appends the text between the fields of an f-string: as [`decode_text`], and doubled braces are single.
pub(crate) fn decode_field_text(body: &str, raw: bool, doubled: bool, into: &mut String) {
    if !doubled || !body.contains(['{', '}']) {
        return decode_text(body, raw, into);
    }
    // The braces of `\N{…}` are no doubled ones, so the text is cut at doubled braces alone.
    let mut start = 0;
    let mut at = 0;
    let bytes = body.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if !raw && bytes[at..].starts_with(b"\\N{") => {
                at += body[at..].find('}').map_or(1, |length| length + 1);
            }
            b'\\' if !matches!(bytes.get(at + 1), Some(b'{' | b'}')) => at += 2,
            b'{' | b'}' if bytes.get(at + 1) == Some(&bytes[at]) => {
                decode_text(&body[start..=at], raw, into);
                at += 2;
                start = at;
            }
            _ => at += 1,
        }
    }
    decode_text(body.get(start..).unwrap_or(""), raw, into);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &str, raw: bool) -> String {
        let mut found = String::new();
        decode_text(body, raw, &mut found);
        found
    }

    #[test]
    fn numbers_have_their_values() {
        let small = |value| Some(ExprKind::Int(Integer::Small(value)));
        assert_eq!(number("1_000"), small(1000));
        assert_eq!(number("0xFf"), small(255));
        assert_eq!(number("0o17"), small(15));
        assert_eq!(number("0b101"), small(5));
        assert_eq!(number("000"), small(0));
        assert_eq!(number("18446744073709551615"), small(u64::MAX));
        assert_eq!(number("1_0.5e-1"), Some(ExprKind::Float(1.05)));
        assert_eq!(number("2J"), Some(ExprKind::Imaginary(2.0)));
        assert_eq!(number("0x"), None);
        assert_eq!(number("0b2"), None);
    }

    #[test]
    fn a_number_beyond_64_bits_stays_text() {
        let big = "0x1_0000_0000_0000_0000";
        assert_eq!(number(big), Some(ExprKind::Int(Integer::Big("0x10000000000000000".into()))));
    }

    #[test]
    fn escapes_of_text_are_decoded() {
        assert_eq!(text(r"\n\t\\\'\x41\101\u00e9\U0001F600\N{BULLET}", false), "\n\t\\'AA\u{e9}\u{1f600}\u{2022}");
        assert_eq!(text("a\\\nb", false), "ab", "a line end after a backslash is left out");
        assert_eq!(text(r"\d\xZZ\N{no such name}", false), r"\d\xZZ\N{no such name}", "unknown escapes stay");
        assert_eq!(text(r"\n", true), r"\n");
        assert_eq!(text("a\r\nb\rc", true), "a\nb\nc");
        assert_eq!(text(r"\ud800", false), "\u{fffd}");
    }

    #[test]
    fn escapes_of_bytes_are_decoded() {
        let mut found = Vec::new();
        decode_bytes(r"a\xff\0\u0041", false, &mut found);
        assert_eq!(found, b"a\xff\0\\u0041");
    }

    #[test]
    fn doubled_braces_are_single_outside_of_specifications() {
        let decode = |doubled| {
            let mut found = String::new();
            decode_field_text(r"{{a}}\N{BULLET}", false, doubled, &mut found);
            found
        };
        assert_eq!(decode(true), "{a}\u{2022}");
        assert_eq!(decode(false), "{{a}}\u{2022}");
    }
}
