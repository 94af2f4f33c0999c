//! `pyaudit model`: what pyaudit knows of a project, for programs and for whoever asks why a check fires.

use super::{ExitStatus, Outcome};
use crate::cli::TargetArguments;
use crate::output::Streams;
use crate::scan::model_with;
use pyaudit_check::Check;
use pyaudit_report::JsonOptions;

pub(super) fn run(arguments: &TargetArguments, checks: &[&'static Check], streams: &mut Streams<'_>) -> Outcome {
    let model = model_with(checks, &arguments.options())?;
    pyaudit_report::model(&model.project, &JsonOptions::default(), streams.out)?;
    streams.out.flush()?;
    Ok(ExitStatus::Success)
}
