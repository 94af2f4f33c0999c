//! The fixtures of the area, and its upkeep.

#[test]
fn fixtures() {
    pyaudit_testkit::run_fixtures(env!("CARGO_MANIFEST_DIR"), pyaudit_ci::CHECKS);
}

#[test]
fn upkeep() {
    pyaudit_testkit::upkeep(env!("CARGO_MANIFEST_DIR"), pyaudit_ci::CHECKS);
}
