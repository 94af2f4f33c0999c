//! A static auditor for whole Python and FastAPI repositories.
//!
//! [`scan`] reads a repository and its configuration and gives an [`Audit`](pyaudit_engine::Audit). The program
//! `pyaudit` is [`main`] over the same function.

pub mod cli;
mod commands;
mod config_file;
mod error;
mod exclude;
mod output;
mod persona;
pub mod registry;
mod scan;
mod schema;
mod settings;
mod target;

pub use config_file::ConfigSource;
pub use error::{ConfigError, Error};
pub use output::Streams;
pub use persona::Persona;
pub use scan::{Model, Options, Scan, model_with, prepare, scan, scan_with};
pub use settings::{Origin, Overrides, Settings, Sourced};
pub use target::Target;

pub use commands::{ExitStatus, main};
