//! References to what the project does not have: names of modules, attributes of classes, columns that a row needs.
//!
//! Each of these says that a line fails when it runs, so that nothing is said where any part of it is not certain.

mod attribute_names;
mod broken_imports;
mod members;
mod objects;
mod offers;
mod required_columns;
mod response_fields;
mod shapes;
mod similar;
#[cfg(test)]
mod tests;
mod unloadable;

pub use broken_imports::{BrokenImport, MissingImport};
pub use members::{MemberUse, Members, MissingMember, OwnerKind};
pub use required_columns::IncompleteRow;
pub use response_fields::UnfilledField;
pub use unloadable::Unloadable;

use crate::{Module, Project};
use attribute_names::AttributeNames;
use pyaudit_source::FileId;
use shapes::Shapes;
use std::collections::HashSet;
use std::sync::OnceLock;

/// What several questions about references need, each worked out when it is first asked for. None of it may be worked out
/// on several threads: one that waits for the others may take up another check, which asks for the same and would wait for
/// itself.
#[derive(Debug, Default)]
pub(crate) struct References {
    names: OnceLock<AttributeNames>,
    shapes: OnceLock<Shapes>,
    members: OnceLock<Members>,
    broken: OnceLock<HashSet<FileId>>,
}

impl Project {
    /// The names of attributes that code anywhere assigns or asks for.
    pub(crate) fn attribute_index(&self) -> &AttributeNames {
        self.references.names.get_or_init(|| AttributeNames::build(self))
    }

    /// Whether all of a module could be parsed.
    pub(crate) fn is_parsed(&self, module: &Module) -> bool {
        let broken = self.references.broken.get_or_init(|| {
            let spans = self.files.problems.iter().filter_map(|problem| problem.span);
            spans.map(|span| span.file).collect()
        });
        !broken.contains(&module.file)
    }

    /// What objects of the project's classes have.
    pub(crate) fn shapes(&self) -> &Shapes {
        self.references.shapes.get_or_init(|| Shapes::build(self))
    }

    /// The uses of attributes in the application that fail or store nothing.
    pub fn missing_members(&self) -> &Members {
        self.references.members.get_or_init(|| self.find_missing_members())
    }
}
