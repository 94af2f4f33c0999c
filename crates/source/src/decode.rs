//! Bytes to text: byte order marks, PEP 263 cookies, UTF-8.
//!
//! A text keeps its line ends as they are and loses its byte order mark. Bytes that are no text in the encoding become
//! U+FFFD, with a problem, so that the rest of the file is still read.

use crate::encoding::{Codec, codec, cookie};
use crate::{Text, Unread};
use std::borrow::Cow;

/// The text of a file, or why there is none, and what is wrong with its bytes.
pub(crate) struct Decoded {
    pub(crate) content: Result<Text, Unread>,
    pub(crate) problem: Option<String>,
}

/// Decodes the bytes of a file; `is_python` says whether a PEP 263 cookie counts.
pub(crate) fn decode(bytes: Vec<u8>, is_python: bool) -> Decoded {
    let (text, problem) = match encoding_rs::Encoding::for_bom(&bytes) {
        Some((encoding, skip)) if encoding == encoding_rs::UTF_8 => after_mark(&bytes[skip..], is_python),
        Some((encoding, skip)) => utf16(encoding, &bytes[skip..], is_python),
        None => declared(bytes, is_python),
    };
    if let Some(at) = text.bytes().position(|byte| byte == 0) {
        let problem = Some(format!("is binary: a NUL byte stands at offset {at}"));
        return Decoded { content: Err(Unread::Binary), problem };
    }
    Decoded { content: Ok(Text::new(text)), problem }
}

/// UTF-8 with a byte order mark; Python accepts no other cookie there.
fn after_mark(bytes: &[u8], is_python: bool) -> (String, Option<String>) {
    let (text, invalid) = utf8(bytes.to_vec());
    let other = cookie(bytes).filter(|name| is_python && codec(name) != Some(Codec::Utf8));
    let contradiction = other.map(|name| format!("declares the encoding `{name}` but starts with a UTF-8 mark"));
    (text, invalid.or(contradiction))
}

fn utf16(encoding: &'static encoding_rs::Encoding, bytes: &[u8], is_python: bool) -> (String, Option<String>) {
    let (text, malformed) = encoding.decode_without_bom_handling(bytes);
    let invalid = malformed.then(|| format!("holds bytes that are no {}", encoding.name()));
    let refused = is_python.then(|| format!("is {}, which Python does not read", encoding.name()));
    (text.into_owned(), invalid.or(refused))
}

/// A file without a mark: by its cookie, or UTF-8.
fn declared(bytes: Vec<u8>, is_python: bool) -> (String, Option<String>) {
    let name = if is_python { cookie(&bytes).map(str::to_owned) } else { None };
    let Some(name) = name else { return utf8(bytes) };
    match codec(&name) {
        Some(Codec::Utf8) => utf8(bytes),
        Some(Codec::Latin1) => (encoding_rs::mem::decode_latin1(&bytes).into_owned(), None),
        Some(Codec::Ascii) => {
            let problem = bytes.iter().position(|byte| !byte.is_ascii());
            (utf8(bytes).0, problem.map(|at| format!("the byte at offset {at} is no `{name}`")))
        }
        Some(Codec::Other(encoding)) => {
            let (text, malformed) = encoding.decode_without_bom_handling(&bytes);
            (text.into_owned(), malformed.then(|| format!("holds bytes that are no `{name}`")))
        }
        None => (utf8(bytes).0, Some(format!("declares the unknown encoding `{name}`"))),
    }
}

fn utf8(bytes: Vec<u8>) -> (String, Option<String>) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = match String::from_utf8_lossy(error.as_bytes()) {
                Cow::Owned(text) => text,
                Cow::Borrowed(text) => text.to_owned(),
            };
            (text, Some(format!("the byte at offset {at} is no UTF-8")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn python(bytes: &[u8]) -> (String, Option<String>) {
        let decoded = decode(bytes.to_vec(), true);
        (decoded.content.expect("text").text, decoded.problem)
    }

    #[test]
    fn marks_are_dropped_and_line_ends_kept() {
        assert_eq!(python(b"\xef\xbb\xbfx = 1\r\n"), ("x = 1\r\n".to_owned(), None));
        let utf16 = decode(b"\xff\xfea\x00\n\x00".to_vec(), false);
        assert_eq!(utf16.content.expect("text").text, "a\n");
        assert_eq!(utf16.problem, None);
        assert_eq!(python(b"\xfe\xff\x00a").1.as_deref(), Some("is UTF-16BE, which Python does not read"));
    }

    #[test]
    fn latin_1_is_not_windows_1252() {
        assert_eq!(python(b"# coding: latin-1\nx = '\x93\xe9'").0, "# coding: latin-1\nx = '\u{93}é'");
        assert_eq!(python(b"# coding: cp1252\nx = '\x93'").0, "# coding: cp1252\nx = '\u{201c}'");
        assert_eq!(python(b"# coding: koi8-r\nx = '\xc1'").0, "# coding: koi8-r\nx = 'а'");
    }

    #[test]
    fn a_cookie_counts_in_python_alone() {
        let decoded = decode(b"# coding: latin-1\n\xe9".to_vec(), false);
        assert_eq!(decoded.problem.as_deref(), Some("the byte at offset 18 is no UTF-8"));
        assert_eq!(decoded.content.expect("text").text, "# coding: latin-1\n\u{fffd}");
    }

    #[test]
    fn wrong_bytes_are_a_problem_and_the_rest_is_read() {
        let (text, problem) = python(b"a = '\xe9'\nb = 1\n");
        assert_eq!(text, "a = '\u{fffd}'\nb = 1\n");
        assert_eq!(problem.as_deref(), Some("the byte at offset 5 is no UTF-8"));
        assert_eq!(python(b"# coding: ascii\n\xc3\xa9").1.as_deref(), Some("the byte at offset 16 is no `ascii`"));
        let (text, problem) = python(b"# coding: rot13\nx = 1\n");
        assert_eq!(text, "# coding: rot13\nx = 1\n");
        assert_eq!(problem.as_deref(), Some("declares the unknown encoding `rot13`"));
        let problem = python(b"\xef\xbb\xbf# coding: latin-1\n").1;
        assert_eq!(problem.as_deref(), Some("declares the encoding `latin-1` but starts with a UTF-8 mark"));
    }

    #[test]
    fn nul_bytes_make_a_file_binary() {
        let decoded = decode(b"ab\0c".to_vec(), true);
        assert_eq!(decoded.content, Err(Unread::Binary));
        assert_eq!(decoded.problem.as_deref(), Some("is binary: a NUL byte stands at offset 2"));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_and_every_offset_has_a_place(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(0xEF), any::<u8>()], 0..400),
            is_python in any::<bool>(),
        ) {
            if let Ok(Text { text, lines }) = decode(bytes, is_python).content {
                prop_assert!(!text.contains('\0'));
                let mut last = lines.position(0, &text);
                for offset in 0..=text.len() as u32 {
                    let place = lines.position(offset, &text);
                    prop_assert!(place >= last, "places never run backwards");
                    prop_assert!(place.line <= lines.line_count());
                    let start = lines.line_start(place.line).expect("the line exists");
                    prop_assert!(start <= offset);
                    last = place;
                }
            }
        }
    }
}
