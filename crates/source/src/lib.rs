//! Which files a repository holds, what they are for, and their text.
//!
//! This is the first room of the auditor: it walks a directory, asks git what is tracked, decodes bytes to text and
//! maps byte offsets to lines and columns. It never parses: what a file *means* is for the rooms below.

mod file;
mod problem;
mod range;
mod span;

pub use file::{GitState, LeftOut, Role, SourceFile, Sources, Text, Tracking, Unread};
pub use problem::{ParseProblem, Phase, Problem};
pub use range::{LineIndex, Position, Range};
pub use span::{FileId, Span};
