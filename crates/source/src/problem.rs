//! What could not be read or done. A problem never ends a run.

use crate::{Range, Span};

/// The step of a run that met a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Listing the files.
    Walk,
    /// Reading the git index or a revision.
    Git,
    /// Reading the bytes of a file, which includes the limit on its size.
    Read,
    /// Turning bytes into text.
    Decode,
    /// Turning text into plain data.
    Parse,
    /// Linking the files into a project.
    Link,
    /// Running a check.
    Check,
    /// Reading what the user asks for inside the repository: suppression comments.
    Suppress,
}

impl Phase {
    /// The name of the phase as outputs show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Git => "git",
            Self::Read => "read",
            Self::Decode => "decode",
            Self::Parse => "parse",
            Self::Link => "link",
            Self::Check => "check",
            Self::Suppress => "suppress",
        }
    }
}

/// Something that could not be read or done, with its place when it has one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The place; `None` for what concerns no file of the repository.
    pub span: Option<Span>,
    /// The path, relative to the root, of something that has no `FileId`, such as an unreadable directory.
    pub path: Option<String>,
    /// The step that met it.
    pub phase: Phase,
    /// What happened, lower-case, without a final full stop.
    pub message: String,
}

/// A problem inside one text, before the text belongs to a file of a project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParseProblem {
    /// The bytes concerned; `None` for the text as a whole.
    pub range: Option<Range>,
    /// What happened, lower-case, without a final full stop.
    pub message: String,
}

impl ParseProblem {
    /// A problem at a range of bytes.
    pub fn at(range: Range, message: impl Into<String>) -> Self {
        Self { range: Some(range), message: message.into() }
    }

    /// A problem with the text as a whole.
    pub fn whole(message: impl Into<String>) -> Self {
        Self { range: None, message: message.into() }
    }
}
