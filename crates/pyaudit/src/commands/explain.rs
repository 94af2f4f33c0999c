//! `pyaudit explain`.

use super::{ExitStatus, Outcome, UnknownCheck};
use crate::output::Streams;
use crate::pages::page;
use pyaudit_check::Check;
use pyaudit_report::{Examples, check_page};

pub(super) fn run(name: &str, checks: &[&'static Check], streams: &mut Streams<'_>) -> Outcome {
    let check = pyaudit_engine::find_check(name, checks).map_err(UnknownCheck)?;
    // The page that was made with the examples; a check whose page was not made yet has none.
    match page(check.id) {
        Some(page) => write!(streams.out, "{page}")?,
        None => write!(streams.out, "{}", check_page(check, &Examples::default()))?,
    }
    streams.out.flush()?;
    Ok(ExitStatus::Success)
}
