//! The fixtures of this area, and the upkeep of its files.

#[test]
fn fixtures() {
    pyaudit_testkit::run_fixtures(env!("CARGO_MANIFEST_DIR"), pyaudit_observability::CHECKS);
}

#[test]
fn upkeep() {
    pyaudit_testkit::upkeep(env!("CARGO_MANIFEST_DIR"), pyaudit_observability::CHECKS);
}
