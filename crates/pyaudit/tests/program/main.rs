//! The program from its arguments to its exit code: run inside the test with checks made for it, or as a process.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

mod arguments;
mod configuration;
mod model;
mod report;
mod routes;
mod support;
mod writing;
