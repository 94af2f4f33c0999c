//! The page of each check, for `explain`. Made by `cargo xtask docs`.

/// The id and the page of each check, in the order of the ids.
#[rustfmt::skip]
pub static PAGES: &[(&str, &str)] = &[
    ("print-logging", include_str!("../../../docs/checks/print-logging.md")),
    ("sql-in-handler", include_str!("../../../docs/checks/sql-in-handler.md")),
    ("transaction-in-handler", include_str!("../../../docs/checks/transaction-in-handler.md")),
    ("wildcard-cors", include_str!("../../../docs/checks/wildcard-cors.md")),
];

/// The page of the check with this id, if there is one.
pub fn page(id: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| *known == id).map(|(_, page)| *page)
}
