//! The checks of the area against their fixtures, and the order of the area.

#[test]
fn fixtures() {
    pyaudit_testkit::run_fixtures(env!("CARGO_MANIFEST_DIR"), pyaudit_architecture::CHECKS);
}

#[test]
fn upkeep() {
    pyaudit_testkit::upkeep(env!("CARGO_MANIFEST_DIR"), pyaudit_architecture::CHECKS);
}
