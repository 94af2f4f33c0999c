//! Places as SARIF writes them.

use super::types::{ArtifactLocation, Location, Message, PhysicalLocation, Region, Snippet};
use crate::escape::source_character;
use pyaudit_source::{Sources, Span};
use std::fmt::Write as _;

/// The name of the directory that all paths are relative to: the work tree of git, or the root outside git.
pub(super) const SOURCE_ROOT: &str = "%SRCROOT%";

/// Longer code is not repeated, in bytes.
const LONGEST_SNIPPET: usize = 500;

/// Makes places of spans.
pub(super) struct Places<'a> {
    pub(super) sources: &'a Sources,
}

impl Places<'_> {
    /// A place with a region; the first line stands for a file as a whole and for one that was not read.
    pub(super) fn location(&self, span: Span, message: Option<String>, shows_code: bool) -> Location {
        let mut region = self.region(span);
        region.snippet = self.snippet(span).filter(|_| shows_code);
        let artifact_location = self.file(&self.sources.file(span.file).path);
        let physical_location = PhysicalLocation { artifact_location, region: Some(region) };
        Location { id: None, physical_location, message: message.map(Message::plain) }
    }

    /// A path without a region, for what is no finding.
    pub(super) fn path(&self, path: &str) -> Location {
        let physical_location = PhysicalLocation { artifact_location: self.file(path), region: None };
        Location { id: None, physical_location, message: None }
    }

    /// The part of the path of the audited directory that lies below the work tree of git, with `/` at its end.
    pub(super) fn prefix(&self) -> String {
        match self.sources.git().map(|git| git.prefix.trim_end_matches('/')) {
            Some(prefix) if !prefix.is_empty() => uri(prefix) + "/",
            _ => String::new(),
        }
    }

    fn file(&self, path: &str) -> ArtifactLocation {
        ArtifactLocation { uri: self.prefix() + &uri(path), uri_base_id: SOURCE_ROOT }
    }

    fn region(&self, span: Span) -> Region {
        let whole = Region { start_line: 1, start_column: None, end_line: None, end_column: None, snippet: None };
        let Some((start, end)) = self.sources.positions(span) else { return whole };
        Region {
            start_line: start.line,
            start_column: Some(start.column),
            end_line: Some(end.line),
            end_column: Some(end.column),
            snippet: None,
        }
    }

    fn snippet(&self, span: Span) -> Option<Snippet> {
        let code = self.sources.slice(span);
        let shown = |character| if matches!(character, '\n' | '\r') { character } else { source_character(character) };
        let fits = !code.is_empty() && code.len() <= LONGEST_SNIPPET;
        fits.then(|| Snippet { text: code.chars().map(shown).collect() })
    }
}

/// A path as a relative reference (RFC 3986): everything but letters, digits, `-._~` and `/` is percent-encoded. A colon
/// in the first part would otherwise make a scheme of it.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn every_path_is_a_relative_reference() {
        assert_eq!(uri("app/main-1_2.~py"), "app/main-1_2.~py");
        assert_eq!(uri("a b#c?d%20/[id]/é.py"), "a%20b%23c%3Fd%2520/%5Bid%5D/%C3%A9.py");
        assert_eq!(uri("c:x/\u{1b}\u{202e}\\xff"), "c%3Ax/%1B%E2%80%AE%5Cxff");
    }
}
