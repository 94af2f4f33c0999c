//! The encoding that a Python file declares (PEP 263), and Python's names of encodings.

use encoding_rs::Encoding;

/// How bytes become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// The default.
    Utf8,
    /// Bytes below 128 alone.
    Ascii,
    /// ISO-8859-1: each byte is the code point of the same number. (On the web the name means windows-1252.)
    Latin1,
    /// One of the encodings of the web.
    Other(&'static Encoding),
}

/// The name in the cookie of a Python file: `# -*- coding: latin-1 -*-` in its first or second line.
///
/// The second line counts only if the first holds nothing but blanks and a comment, as in CPython's tokenizer.
pub(crate) fn cookie(bytes: &[u8]) -> Option<&str> {
    let mut lines = bytes.splitn(3, |&byte| byte == b'\n');
    let first = lines.next()?;
    if let Some(name) = cookie_of_line(first) {
        return Some(name);
    }
    let blank = !matches!(first.trim_ascii_start().first(), Some(byte) if *byte != b'#');
    if blank { cookie_of_line(lines.next()?) } else { None }
}

/// The regular expression of the PEP by hand: `^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)`.
fn cookie_of_line(line: &[u8]) -> Option<&str> {
    let start = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c'))?;
    let comment = line[start..].strip_prefix(b"#")?;
    let key = b"coding";
    let mut after = comment
        .windows(key.len() + 1)
        .enumerate()
        .filter(|(_, window)| window.starts_with(key) && matches!(window[key.len()], b':' | b'='));
    after.find_map(|(at, _)| name_at(&comment[at + key.len() + 1..]))
}

fn name_at(rest: &[u8]) -> Option<&str> {
    let start = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(rest.len());
    let rest = &rest[start..];
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let end = rest.iter().position(|byte| !is_name(byte)).unwrap_or(rest.len());
    std::str::from_utf8(&rest[..end]).ok().filter(|name| !name.is_empty())
}

/// The codec that Python means by a name; `None` for a name it does not know, or that is no encoding of text.
pub(crate) fn codec(name: &str) -> Option<Codec> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    // CPython's tokenizer takes any suffix for these two, because Emacs writes `utf-8-unix`.
    let is = |base: &str| name.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    if is("utf-8") || matches!(name.as_str(), "utf8" | "u8" | "utf" | "cp65001") {
        return Some(Codec::Utf8);
    }
    let latin1 = ["iso8859-1", "iso8859", "latin1", "latin", "l1", "8859", "cp819", "iso-ir-100"];
    if is("latin-1") || is("iso-8859-1") || is("iso-latin-1") || latin1.contains(&name.as_str()) {
        return Some(Codec::Latin1);
    }
    if matches!(name.as_str(), "ascii" | "us-ascii" | "646" | "iso646-us") {
        return Some(Codec::Ascii);
    }
    let found = Encoding::for_label_no_replacement(web_label(&name).as_bytes())?;
    let is_source =
        (found.is_ascii_compatible() && found != encoding_rs::X_USER_DEFINED) || found == encoding_rs::ISO_2022_JP;
    is_source.then_some(Codec::Other(found))
}

/// The web's label for one of Python's names, where they differ.
fn web_label(name: &str) -> &str {
    match name {
        "cp936" | "ms936" | "936" => "gbk",
        "cp932" | "932" | "mskanji" | "ms-kanji" | "s-jis" | "shiftjis" => "shift_jis",
        "cp949" | "949" | "ms949" | "uhc" | "euckr" => "euc-kr",
        "cp950" | "950" | "ms950" => "big5",
        "eucjp" | "ujis" | "u-jis" => "euc-jp",
        "gb18030-2000" => "gb18030",
        "mac-roman" | "macroman" => "macintosh",
        "mac-cyrillic" | "maccyrillic" => "x-mac-cyrillic",
        "iso8859-2" => "iso-8859-2",
        "latin9" | "latin-9" => "iso-8859-15",
        "latin-2" => "latin2",
        "latin-5" => "latin5",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_as_the_pep_says() {
        let found = [
            ("# -*- coding: latin-1 -*-\n", Some("latin-1")),
            ("#!/usr/bin/python\n# vim: set fileencoding=utf-8 :\n", Some("utf-8")),
            ("\n  # coding=cp1251\n", Some("cp1251")),
            ("x = 1\n# coding: cp1251\n", None),
            ("#\n#\n# coding: cp1251\n", None),
            ("# encoding\n# coding : cp1251\n", None),
            ("coding: cp1251\n", None),
            ("# coding coding:koi8-r", Some("koi8-r")),
        ];
        for (text, name) in found {
            assert_eq!(cookie(text.as_bytes()), name, "{text:?}");
        }
    }

    #[test]
    fn names_are_those_of_python() {
        for name in ["utf-8", "UTF8", "utf_8", "utf-8-unix", "utf-8-sig"] {
            assert_eq!(codec(name), Some(Codec::Utf8), "{name}");
        }
        for name in ["latin-1", "Latin1", "iso-8859-1", "ISO_8859_1-unix", "L1"] {
            assert_eq!(codec(name), Some(Codec::Latin1), "{name}");
        }
        assert_eq!(codec("cp1252"), Some(Codec::Other(encoding_rs::WINDOWS_1252)));
        assert_eq!(codec("iso-8859-15"), Some(Codec::Other(encoding_rs::ISO_8859_15)));
        assert_eq!(codec("cp932"), Some(Codec::Other(encoding_rs::SHIFT_JIS)));
        for name in ["rot13", "hex", "utf-16", "iso-2022-kr", "no-such-thing", "x-user-defined"] {
            assert_eq!(codec(name), None, "{name}");
        }
    }
}
