//! `pyaudit explain`.

use super::{ExitStatus, Outcome, UnknownCheck};
use crate::output::Streams;
use pyaudit_check::Check;
use pyaudit_report::{Examples, check_page};

/// The pages of `docs/checks` by check id. They hold examples, which are executed as tests.
static PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

pub(super) fn run(name: &str, checks: &[&'static Check], streams: &mut Streams<'_>) -> Outcome {
    let check = pyaudit_engine::find_check(name, checks).map_err(UnknownCheck)?;
    streams.out.write_all(page(check).as_bytes())?;
    streams.out.flush()?;
    Ok(ExitStatus::Success)
}

/// The page of the documentation, or, for a check that has none yet, what the check says of itself.
pub(crate) fn page(check: &Check) -> String {
    let documented = PAGES.iter().find(|(id, _)| *id == check.id);
    documented.map_or_else(|| check_page(check, &Examples::default()), |(_, page)| (*page).to_owned())
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn a_documented_check_is_explained_with_its_examples() {
        let checks = crate::registry::checks();
        let check = pyaudit_engine::find_check("print-logging", &checks).expect("the check is there");
        let page = page(check);
        assert!(page.contains("## What it does") && page.contains("## Found: "), "{page}");
    }
}
