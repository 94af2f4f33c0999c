//! `pyaudit report`: the scored report. It is no gate: it ends well when it was written, whatever it says.

use super::{ExitStatus, Failure, Outcome};
use crate::cli::{ReportArguments, ReportFormat};
use crate::output::{Streams, is_writable, write_file};
use crate::scan::scan_with;
use pyaudit_check::Check;
use pyaudit_engine::Audit;
use pyaudit_report::{ReportOptions, report_html, report_json, report_markdown};
use std::io;
use std::path::Path;

pub(super) fn run(arguments: &ReportArguments, checks: &[&'static Check], streams: &mut Streams<'_>) -> Outcome {
    let format = format(arguments)?;
    if let Some(file) = &arguments.output {
        is_writable(file).map_err(|source| Failure::Output { path: file.clone(), source })?;
    }
    let options = arguments.source.options();
    let scan = scan_with(checks, &options)?;
    let bytes = render(&scan.audit, format, &ReportOptions { name: scan.name })?;
    if let Some(file) = &arguments.output {
        write_file(file, &bytes).map_err(|source| Failure::Output { path: file.clone(), source })?;
    } else {
        streams.out.write_all(&bytes)?;
        streams.out.flush()?;
    }
    Ok(ExitStatus::Success)
}

/// The format that was asked for, or the one that the name of the file says.
fn format(arguments: &ReportArguments) -> Result<ReportFormat, Failure> {
    let by_extension = |file: &Path| match file.extension().and_then(|extension| extension.to_str()) {
        Some("md" | "markdown") => Ok(ReportFormat::Markdown),
        Some("html" | "htm") => Ok(ReportFormat::Html),
        Some("json") => Ok(ReportFormat::Json),
        _ => Err(Failure::UnknownExtension(file.to_path_buf())),
    };
    match (arguments.format, &arguments.output) {
        (Some(format), _) => Ok(format),
        (None, Some(file)) => by_extension(file),
        (None, None) => Ok(ReportFormat::Markdown),
    }
}

fn render(audit: &Audit, format: ReportFormat, options: &ReportOptions) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match format {
        ReportFormat::Markdown => report_markdown(audit, options, &mut bytes)?,
        ReportFormat::Html => report_html(audit, options, &mut bytes)?,
        ReportFormat::Json => report_json(audit, options, &mut bytes)?,
    }
    Ok(bytes)
}
