//! Pages of the documentation with a table that a task makes.

use anyhow::{Context, Result, bail};
use std::path::Path;

/// The mark in a page before the table.
const START: &str = "<!-- table: start -->";

/// The mark in a page after the table.
const END: &str = "<!-- table: end -->";

/// Puts a table between the marks of a page on disk.
pub(crate) fn update(page: &Path, table: &str) -> Result<()> {
    let text = std::fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    let Some(updated) = replaced(&text, table) else { bail!("{} has no marks for the table", page.display()) };
    std::fs::write(page, updated).with_context(|| format!("cannot write {}", page.display()))
}

/// The page with another table; `None` where the marks are missing or stand in the wrong order.
fn replaced(page: &str, table: &str) -> Option<String> {
    let (start, end) = (page.find(START)?, page.find(END)?);
    let before = page.get(..start).filter(|_| start < end)?;
    Some(format!("{before}{START}\n\n{}\n\n{}", table.trim_end(), &page[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let page = format!("# Title\n\n{START}\n\nold\n\n{END}\n\nText.\n");
        let updated = replaced(&page, "| new |\n").unwrap();
        assert_eq!(updated, format!("# Title\n\n{START}\n\n| new |\n\n{END}\n\nText.\n"));
        assert_eq!(replaced(&updated, "| new |").as_ref(), Some(&updated), "once more changes nothing");
    }

    #[test]
    fn a_page_without_its_marks_is_refused() {
        assert_eq!(replaced("# Title\n", "table"), None);
        assert_eq!(replaced(&format!("{END}\n{START}\n"), "table"), None);
    }
}
