//! Configuration formats as values that know their place.
//!
//! Each reader is a pure function from text to plain data and problems. None of them knows what a file is for, and none
//! fails: what cannot be read is a problem, and what stands before it is kept where the format allows.

mod text;
mod value;

pub mod dockerfile;
pub mod dotenv;
pub mod ini;
pub mod json;
pub mod requirements;
pub mod toml;
pub mod yaml;

pub use value::{Entry, Key, Text, Value, ValueKind};

/// How deep values may nest. What lies deeper is a problem and left out, so that walking or dropping a value never needs
/// more stack than a thread has. Python's own `json` gives up at about a thousand; real files stay below twenty.
pub const MAX_DEPTH: usize = 128;
