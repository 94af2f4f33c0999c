//! The report as one HTML file: nothing is fetched, nothing runs, and text of the repository is escaped.

use super::content::Report;
use super::text::{Piece, counted, pieces, shown_place};
use crate::escape::visible;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use pulldown_cmark::{Event, Parser, html};
use std::io;

/// The page, with its style in it.
const TEMPLATE: &str = include_str!("report.html");

/// The whole page.
pub(super) fn page(report: &Report<'_>) -> io::Result<String> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("message", |text: &str| Value::from_safe_string(message(text)));
    environment.add_filter("markdown", |text: &str| Value::from_safe_string(markdown(text)));
    environment.add_filter("shown", |text: &str| visible(text).into_owned());
    environment.add_filter("points", |points: f64| format!("{points:.1}"));
    environment.add_filter("counted", |count: usize, noun: &str| counted(count, noun));
    environment.add_function("place", |path: &str, line: Option<u32>| shown_place(path, line));
    let rendered = environment.render_str(TEMPLATE, context! { report => Value::from(Serde(report)) });
    rendered.map_err(io::Error::other)
}

/// A message of a finding: what is between backticks is code, and everything is escaped.
fn message(text: &str) -> String {
    let each = pieces(text).into_iter().map(|piece| match piece {
        Piece::Plain(plain) => escaped(plain),
        Piece::Code(code) => format!("<code>{}</code>", escaped(code)),
    });
    each.collect()
}

/// Text with the characters escaped that mean something to HTML, in an element or in an attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// The documentation of a check, which is pyaudit's own. HTML in it is shown as text all the same.
fn markdown(text: &str) -> String {
    let events = Parser::new(text).map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        other => other,
    });
    let mut page = String::new();
    html::push_html(&mut page, events);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_repository_is_inert() {
        let hostile = "<script>alert(1)</script> & `<img src=x onerror=\"y\">` \u{202e}";
        assert_eq!(
            message(hostile),
            "&lt;script&gt;alert(1)&lt;/script&gt; &amp; <code>&lt;img src=x onerror=&quot;y&quot;&gt;</code> \\u{202e}"
        );
    }

    #[test]
    fn documentation_becomes_markup_without_raw_html() {
        assert_eq!(markdown("Use `a`.\n\n* one"), "<p>Use <code>a</code>.</p>\n<ul>\n<li>one</li>\n</ul>\n");
        assert_eq!(markdown("a <b>"), "<p>a &lt;b&gt;</p>\n");
    }
}
