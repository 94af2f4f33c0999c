//! Markdown fixtures for checks, and the tests that keep the rooms of the workspace tidy.
//!
//! A fixture is one Markdown file a check, `testdata/<area>/<check-id>.md`. Each `##` section of it is one small
//! repository in memory: a line `` `app/main.py`: `` before a fence names a file, a `git` fence states what git knows,
//! and marks say what must fire where. `CONTRIBUTING.md` shows the whole notation; the module [`mod@marks`] defines it.
//!
//! The test of an area is three lines, in `checks/<area>/tests/fixtures.rs`:
//!
//! ```ignore
//! #[test]
//! fn fixtures() {
//!     pyaudit_testkit::run_fixtures(env!("CARGO_MANIFEST_DIR"), pyaudit_api::CHECKS);
//! }
//! ```

mod failure;
mod fences;
mod fixture;
pub mod hostile;
mod judge;
pub mod marks;
mod memory;
mod run;
pub mod scan;
mod upkeep;

pub use failure::{Failure, FailureKind};
pub use fixture::{Fixture, FixtureFile, Git, Section};
pub use run::{check_fixture, fixture_path, run_fixtures};
pub use upkeep::{complaints, upkeep};
