//! Python modules: their names in the project, and what a name means across them.

use pyaudit_source::{FileId, Range, Span};

/// The number of a module in its project, in the order of their paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

/// One Python file of the project.
#[derive(Debug)]
pub struct Module {
    /// Its own number.
    pub id: ModuleId,
    /// The file.
    pub file: FileId,
    /// Its dotted name from its import root: `app.api.users`.
    pub name: String,
}

impl Module {
    /// A place in this module.
    pub fn span(&self, range: Range) -> Span {
        Span::new(self.file, range)
    }
}
