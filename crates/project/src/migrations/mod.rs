//! Alembic: its environments, its revisions and what their functions do.
//! <https://alembic.sqlalchemy.org/en/latest/tutorial.html>

mod bodies;
mod environments;
mod indexes;
mod revisions;
mod sql;

pub use bodies::Body;
pub use environments::Environment;
pub use indexes::{MadeIndex, MadeIndexes};

use crate::Files;
use pyaudit_python::StmtId;
use pyaudit_source::{FileId, Range, Sources, Span};
use std::collections::BTreeSet;

/// Every environment and revision of the repository.
#[derive(Debug, Default)]
pub struct Migrations {
    /// The environments, in the order of the files that configure them.
    pub environments: Vec<Environment>,
    /// The revisions, in the order of their files.
    pub revisions: Vec<Revision>,
    /// The indexes that exist once all revisions have run.
    pub indexes: MadeIndexes,
}

/// One revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Its module.
    pub file: FileId,
    /// The environment it belongs to, by its number; `None` where no configuration leads to its directory.
    pub environment: Option<usize>,
    /// Its own identifier.
    pub id: Reference,
    /// The revisions it follows: none for a base, several for a merge.
    pub down_revisions: Vec<Reference>,
    /// Revisions of other branches that it needs.
    pub depends_on: Vec<Reference>,
    /// The labels of the branch that starts here.
    pub branch_labels: Vec<Reference>,
    /// `def upgrade`.
    pub upgrade: Function,
    /// `def downgrade`, which a module may lack.
    pub downgrade: Option<Function>,
    /// Words in the module or the downgrade that say there is no way back.
    pub irreversible: Option<Range>,
    /// Words in the same places that say why what `upgrade` did cannot be undone: what is lost, which backup is needed.
    pub reason: Option<Range>,
    /// Words in the same places that say the downgrade is as it is on purpose.
    pub intentional: Option<Range>,
    /// Whether the module changes rows alone (`INSERT`, `UPDATE`, `bulk_insert`) and nothing of the schema, as far as its
    /// text outside the downgrade tells.
    pub data_only: bool,
}

/// A revision identifier or label and the string it stands in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The identifier.
    pub text: String,
    /// Its literal.
    pub range: Range,
}

/// `upgrade` or `downgrade`, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// The definition.
    pub stmt: StmtId,
    /// Its name.
    pub name: Range,
    /// What it does, with the functions of its module that it calls.
    pub body: Body,
}

impl Revision {
    /// A place in the module of the revision.
    pub const fn span(&self, range: Range) -> Span {
        Span::new(self.file, range)
    }
}

impl Migrations {
    /// Finds the environments and every module that is a revision by its shape.
    pub fn build(sources: &Sources, files: &Files) -> Self {
        let environments = environments::find(sources, files);
        let mut revisions = Vec::new();
        for (file, source) in sources.files() {
            use pyaudit_source::Role;
            if matches!(source.role, Role::Vendored | Role::Generated | Role::Stub | Role::Test | Role::Example) {
                continue;
            }
            let read = files
                .python(file)
                .zip(sources.text(file))
                .and_then(|(module, text)| revisions::read(file, module, text));
            revisions.extend(read.map(|revision| {
                let environment = environments.iter().position(|each| each.holds(source.directory()));
                Revision { environment, ..revision }
            }));
        }
        let mut built = Self { environments, revisions, indexes: MadeIndexes::default() };
        built.indexes = MadeIndexes::build(&built, sources, files);
        built
    }

    /// The revisions of one environment, or those of none.
    pub fn in_environment(&self, environment: Option<usize>) -> impl Iterator<Item = &Revision> {
        self.revisions.iter().filter(move |revision| revision.environment == environment)
    }

    /// The revision with this identifier in an environment: the first, where two have it.
    pub fn by_id(&self, environment: Option<usize>, id: &str) -> Option<&Revision> {
        self.in_environment(environment).find(|revision| revision.id.text == id)
    }

    /// The revisions that a revision follows, as far as they exist.
    pub fn parents<'a>(&'a self, revision: &'a Revision) -> impl Iterator<Item = &'a Revision> {
        revision.down_revisions.iter().filter_map(|parent| self.by_id(revision.environment, &parent.text))
    }

    /// The revisions of an environment that no other one follows.
    pub fn heads(&self, environment: Option<usize>) -> Vec<&Revision> {
        let followed: BTreeSet<&str> = self
            .in_environment(environment)
            .flat_map(|revision| &revision.down_revisions)
            .map(|parent| parent.text.as_str())
            .collect();
        self.in_environment(environment).filter(|revision| !followed.contains(revision.id.text.as_str())).collect()
    }
}
