//! `pyaudit routes`: what the applications of a project serve.

use super::{ExitStatus, Outcome};
use crate::cli::{RoutesFormat, SourceArguments};
use crate::output::Streams;
use crate::scan::model_with;
use pyaudit_check::Check;
use pyaudit_report::JsonOptions;

pub(super) fn run(
    arguments: &SourceArguments,
    format: RoutesFormat,
    checks: &[&'static Check],
    streams: &mut Streams<'_>,
) -> Outcome {
    let project = model_with(checks, &arguments.options())?.project;
    match format {
        RoutesFormat::Table => pyaudit_report::routes_table(&project, streams.out)?,
        RoutesFormat::Json => pyaudit_report::routes_json(&project, &JsonOptions::default(), streams.out)?,
        RoutesFormat::Markdown => pyaudit_report::routes_markdown(&project, streams.out)?,
    }
    streams.out.flush()?;
    Ok(ExitStatus::Success)
}
