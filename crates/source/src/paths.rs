//! Paths as bytes with `/`, and as the text that outputs show.

use std::fmt::Write;
use std::path::Path;

/// The bytes of a relative path with `/` between its components, whatever the platform's separator is.
pub(crate) fn slashed(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for component in path.components() {
        bytes = join(&bytes, component.as_os_str().as_encoded_bytes());
    }
    bytes
}

/// `directory/name`, or `name` alone in the root.
pub(crate) fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = Vec::with_capacity(directory.len() + 1 + name.len());
    if !directory.is_empty() {
        path.extend_from_slice(directory);
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// The part of `path` below `directory`; all of it below the root. `None` when it lies elsewhere.
pub(crate) fn below<'a>(path: &'a [u8], directory: &[u8]) -> Option<&'a [u8]> {
    if directory.is_empty() {
        return Some(path);
    }
    path.strip_prefix(directory)?.strip_prefix(b"/")
}

/// The directories above `path`, from the topmost to the parent, without the root.
pub(crate) fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|&(_, &byte)| byte == b'/').map(|(at, _)| &path[..at])
}

/// The directory of `path`; empty in the root.
pub(crate) fn parent(path: &[u8]) -> &[u8] {
    path.iter().rposition(|&byte| byte == b'/').map_or(b"", |at| &path[..at])
}

/// The text of a path: UTF-8 as it is, any other byte as `\xNN`.
pub(crate) fn display(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_stay_visible() {
        assert_eq!(display(b"caf\xe9/\xc3\xa9.py"), "caf\\xe9/é.py");
    }

    #[test]
    fn below_takes_whole_components() {
        assert_eq!(below(b"app/main.py", b"app"), Some(&b"main.py"[..]));
        assert_eq!(below(b"apple/main.py", b"app"), None);
        assert_eq!(below(b"main.py", b""), Some(&b"main.py"[..]));
    }

    #[test]
    fn ancestors_run_from_the_top() {
        let found: Vec<&[u8]> = ancestors(b"a/b/c.py").collect();
        assert_eq!(found, [&b"a"[..], b"a/b"]);
        assert_eq!(parent(b"a/b/c.py"), b"a/b");
        assert_eq!(parent(b"c.py"), b"");
    }
}
