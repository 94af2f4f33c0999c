//! Places in a repository.

use crate::Range;

/// The number of a file in its `Sources`, in the order of their paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A place: a range of bytes in a file, or the file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The bytes in it; `None` means the file as a whole.
    pub range: Option<Range>,
}

impl Span {
    /// A range of bytes in a file.
    pub const fn new(file: FileId, range: Range) -> Self {
        Self { file, range: Some(range) }
    }

    /// A file as a whole.
    pub const fn file(file: FileId) -> Self {
        Self { file, range: None }
    }
}
