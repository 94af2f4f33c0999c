//! Addresses in the scripts of front ends.

use super::HardcodedUrl;
use super::hosts::{HostKind, OwnHosts};
use crate::front_end::{Quoted, is_minified, quoted, without_comments};
use crate::paths;
use pyaudit_source::{FileId, Span};

/// How far before a text is looked for what it is given to, in bytes.
const BEFORE: usize = 160;

/// Marks before a text that say that the environment may replace it, or that it holds in development alone.
const DEFAULTS: &[&str] =
    &["||", "??", "env.", "NODE_ENV", "import.meta", "isDev", "DEV", "development", "hostname", "localhost", "? "];

/// Marks right before a text that say that it is looked at, shown or allowed.
const LOOKS: &[&str] = &[
    "===",
    "!==",
    "includes(",
    "startsWith(",
    "replace(",
    "match(",
    "console.",
    "placeholder",
    "example",
    "description",
    "origin",
    "target:",
    "proxy",
    "xmlns",
    "indexOf(",
    "endsWith(",
    "cors",
    "label",
    "title",
    "help",
    "case ",
];

/// Marks before a text that say that a service is called by it.
const CALLS: &[&str] = &[
    "fetch(", "axios", "url", "URL", "api", "API", "Api", "base", "BASE", "socket", "Socket", "endpoint", "host",
    "HOST",
];

/// Adds the addresses of a script; gives how many were seen.
pub(super) fn urls_of(file: FileId, path: &str, script: &str, own: &OwnHosts, found: &mut Vec<HardcodedUrl>) -> usize {
    if is_of_tool(path) || is_minified(script) {
        return 0;
    }
    let text = without_comments(script);
    let mut examined = 0;
    for quoted in quoted(&text).into_iter().filter(|quoted| quoted.text.contains("://")) {
        examined += 1;
        let Some((address, kind)) = own.judge(quoted.text) else { continue };
        let before = before(&text, &quoted);
        let line = before.rsplit('\n').next().unwrap_or(before);
        let is_default = DEFAULTS.iter().any(|mark| before.contains(mark));
        let is_looked_at = LOOKS.iter().any(|mark| line.contains(mark));
        let is_called = CALLS.iter().any(|mark| line.contains(mark));
        if is_looked_at || !is_called || (is_default && kind != HostKind::Own) {
            continue;
        }
        found.push(HardcodedUrl { span: Span::new(file, quoted.range), address, kind, is_default, in_script: true });
    }
    examined
}

/// The text of the same statement before a quoted text.
fn before<'t>(text: &'t str, quoted: &Quoted<'_>) -> &'t str {
    let end = (quoted.range.start as usize).saturating_sub(1);
    let start = text.floor_char_boundary(end.saturating_sub(BEFORE));
    let before = text.get(start..end).unwrap_or("");
    before.rsplit([';', '{', '}']).next().unwrap_or(before)
}

/// Whether a script configures a tool, or a server for development.
fn is_of_tool(path: &str) -> bool {
    let name = paths::file_name(path);
    let is_config = name.contains(".config.") || name.starts_with('.') || name.to_ascii_lowercase().contains("proxy");
    is_config
        || matches!(name, "server.js" | "server.ts" | "service-worker.js" | "sw.js" | "gulpfile.js" | "Gruntfile.js")
}
