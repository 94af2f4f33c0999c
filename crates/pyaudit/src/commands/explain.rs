//! `pyaudit explain`.

use super::{ExitStatus, Outcome, UnknownCheck};
use crate::output::Streams;
use pyaudit_check::Check;
use pyaudit_report::{Examples, check_page};

pub(super) fn run(name: &str, checks: &[&'static Check], streams: &mut Streams<'_>) -> Outcome {
    let check = pyaudit_engine::find_check(name, checks).map_err(UnknownCheck)?;
    write!(streams.out, "{}", check_page(check, &Examples::default()))?;
    streams.out.flush()?;
    Ok(ExitStatus::Success)
}
