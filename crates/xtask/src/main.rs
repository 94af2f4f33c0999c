//! Tasks of the workspace that do not ship.
fn main() {}
