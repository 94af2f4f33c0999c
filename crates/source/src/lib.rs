//! Which files a repository holds, what they are for, and their text.
//!
//! This is the first room of the auditor: it walks a directory, asks git what is tracked, decodes bytes to text and
//! maps byte offsets to lines and columns. It never parses: what a file *means* is for the rooms below.

mod decode;
mod encoding;
mod exclude;
mod file;
mod git;
mod glob;
mod history;
mod ignore;
mod load;
mod open;
mod paths;
mod problem;
mod range;
mod read;
mod roles;
mod span;
mod tree;
mod walk;

pub use exclude::check_exclude;
pub use file::{GitState, IgnoreRule, LeftOut, PastFile, Role, SourceFile, Sources, Text, Tracking, Unread};
pub use load::{LoadError, LoadOptions, MemoryFile, MemoryGit, is_lock_file};
pub use problem::{ParseProblem, Phase, Problem};
pub use range::{LineIndex, Position, Range};
pub use span::{FileId, Span};
