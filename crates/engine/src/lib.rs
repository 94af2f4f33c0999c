//! Selecting, running and judging checks: overrides → suppressions → [`Audit`].
//!
//! The engine knows no check, no output format and no file system. It takes a project, a list of checks and values of
//! the configuration, and gives an [`Audit`] in which every finding is judged and none is dropped.

mod audit;
mod config;

pub use audit::{Audit, Fact, Judged, Status};
pub use config::{Config, Gate, PathIgnore, Suppression};
