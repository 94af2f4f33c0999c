//! The scored report for whoever leads a team: what is right, what is wrong, what to do first, and what was not seen.
//!
//! One function gathers the report as plain data, and each format writes that data down, so that all say the same.

mod content;
mod html;
mod markdown;
mod text;

use crate::escape::ascii_controls;
use content::Report;
use pyaudit_engine::Audit;
use std::io::{self, Write};

/// What a report cannot take from the audit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportOptions {
    /// What the repository is called, such as the name of its directory; empty leaves the name out.
    pub name: String,
}

/// Writes the report as Markdown. Text of the repository is made inert: it is shown and never taken for markup.
pub fn report_markdown(audit: &Audit, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(markdown::page(&Report::of(audit, options)).as_bytes())
}

/// Writes the report as one HTML file that fetches nothing.
pub fn report_html(audit: &Audit, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(html::page(&Report::of(audit, options))?.as_bytes())
}

/// Writes the report as JSON version 1, with a line end. `docs/report.md` says what each member means.
pub fn report_json(audit: &Audit, options: &ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(&Report::of(audit, options))?;
    writeln!(out, "{}", ascii_controls(&text))
}
