//! The page of each check, for `explain`. Made by `cargo xtask docs`.

/// The id and the page of each check, in the order of the ids.
#[rustfmt::skip]
pub static PAGES: &[(&str, &str)] = &[
    ("committed-env-file", include_str!("../../../docs/checks/committed-env-file.md")),
    ("env-not-ignored", include_str!("../../../docs/checks/env-not-ignored.md")),
    ("lint-restricted", include_str!("../../../docs/checks/lint-restricted.md")),
    ("migration-in-build-command", include_str!("../../../docs/checks/migration-in-build-command.md")),
    ("missing-test-dependency", include_str!("../../../docs/checks/missing-test-dependency.md")),
    ("noop-downgrade", include_str!("../../../docs/checks/noop-downgrade.md")),
    ("print-logging", include_str!("../../../docs/checks/print-logging.md")),
    ("sql-in-handler", include_str!("../../../docs/checks/sql-in-handler.md")),
    ("transaction-in-handler", include_str!("../../../docs/checks/transaction-in-handler.md")),
    ("unpinned-dependency", include_str!("../../../docs/checks/unpinned-dependency.md")),
    ("unpinned-test-dependency", include_str!("../../../docs/checks/unpinned-test-dependency.md")),
    ("unsupported-downgrade", include_str!("../../../docs/checks/unsupported-downgrade.md")),
    ("wildcard-cors", include_str!("../../../docs/checks/wildcard-cors.md")),
];

/// The page of the check with this id, if there is one.
pub fn page(id: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| *known == id).map(|(_, page)| *page)
}
