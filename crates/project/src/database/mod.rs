//! The database as the source declares it: tables, engines, session factories, functions that lend sessions.

pub(crate) mod annotations;
mod bare_tables;
mod bases;
mod columns;
mod commits;
mod contradictions;
mod deletions;
mod dialects;
mod documented_pools;
mod engines;
mod filters;
mod key_uses;
mod lenders;
mod lifetimes;
mod loops;
mod models;
mod openings;
mod queue_reads;
pub(crate) mod reading;
mod relationships;
mod rows;
mod sharing;
mod switched_off;
mod table_args;
mod turns;
mod whole_reads;

pub use bases::DeclarativeBase;
pub use commits::SplitCommit;
pub use contradictions::{Contradiction, ContradictionKind, Family};
pub use deletions::{Deletion, Dependent, by_table as deletions_by_table};
pub use dialects::Driver;
pub use engines::{Engine, PoolArgument, SchemaCreation, SessionFactory};
pub use filters::Filter;
pub use key_uses::KeyUse;
pub use lenders::SessionLender;
pub use loops::RepeatedQuery;
pub use openings::SessionOpening;
pub use queue_reads::QueueRead;
pub use relationships::Relationship;
pub(crate) use rows::REFINEMENTS;
pub use sharing::DatabaseKey;
pub use table_args::{Constraint, ConstraintKind, Index};
pub use whole_reads::{Narrowing, WholeRead};

use crate::{Definition, Module, ModuleId, Project, Resolution, Symbol};
use pyaudit_python::StmtId;
use pyaudit_source::Span;
use std::collections::BTreeMap;

/// Everything that a project declares of its databases.
#[derive(Debug, Default)]
pub struct Database {
    tables: Vec<Table>,
    by_class: BTreeMap<(ModuleId, StmtId), usize>,
    engines: Vec<Engine>,
    factories: Vec<SessionFactory>,
    creations: Vec<SchemaCreation>,
    lenders: Vec<SessionLender>,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name with its schema before it, where it is known.
    pub name: Option<String>,
    /// The module that declares it.
    pub module: ModuleId,
    /// The name of the class, or the call of `Table`.
    pub span: Span,
    /// The mapped class; `None` for a bare `Table`.
    pub class: Option<StmtId>,
    /// The path of the class in its module; empty for a bare `Table`.
    pub class_path: Vec<String>,
    /// What it is declared on: the base class, the object that `declarative_base()` gave, or the `MetaData`.
    pub base: Option<Symbol>,
    /// Its columns: its own first, then those of mixins and abstract bases.
    pub columns: Vec<Column>,
    /// The indexes of several columns or with a name; `index=True` is told by the column.
    pub indexes: Vec<Index>,
    /// Unique, check, primary and foreign key constraints that are written as such.
    pub constraints: Vec<Constraint>,
    /// Its relationships to other classes.
    pub relationships: Vec<Relationship>,
    /// Whether all that could add columns was read: no base of somebody else, no column made by unknown code.
    pub is_complete: bool,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub struct Column {
    /// The attribute of the class; the name of the column for a bare `Table`.
    pub attribute: String,
    /// Its name in the database.
    pub name: String,
    /// Where it is declared, which is in the mixin for a column of a mixin.
    pub span: Span,
    /// Its type, where it is known.
    pub column_type: Option<ColumnType>,
    /// Whether it may be null.
    pub nullable: bool,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
    /// `unique=True`.
    pub unique: bool,
    /// `index=True`.
    pub index: bool,
    /// Whether Python gives it a value when none is given.
    pub has_default: bool,
    /// Whether the database does: `server_default`, `Identity`, `Computed`.
    pub has_server_default: bool,
    /// Whether it changes with each update: `onupdate`.
    pub has_on_update: bool,
    /// `autoincrement`, where it is written as a constant.
    pub autoincrement: Option<bool>,
    /// The keys it refers to.
    pub foreign_keys: Vec<ForeignKey>,
    /// What it says twice, in two ways.
    pub contradictions: Vec<Contradiction>,
}

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnType {
    /// The class, where it is written; `None` where it follows from an annotation.
    pub symbol: Option<Symbol>,
    /// The name of the class: `String`.
    pub name: String,
    /// Length, or precision and scale, as far as they are constants.
    pub sizes: Vec<u64>,
    /// The positional arguments as they are written.
    pub arguments: Vec<String>,
}

impl std::fmt::Display for ColumnType {
    /// The name with its sizes: `String(120)`, `Numeric(10, 2)`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.name)?;
        if self.sizes.is_empty() {
            return Ok(());
        }
        let sizes: Vec<String> = self.sizes.iter().map(u64::to_string).collect();
        write!(formatter, "({})", sizes.join(", "))
    }
}

impl ColumnType {
    /// A type without arguments.
    pub(crate) fn named(name: &str) -> Self {
        Self { symbol: None, name: name.to_owned(), sizes: Vec::new(), arguments: Vec::new() }
    }
}

/// A reference to a column of another table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// `table.column`, with the schema before it where there is one; `None` where it cannot be known.
    pub target: Option<String>,
    /// What happens when the row it refers to is deleted: `CASCADE`.
    pub on_delete: Option<String>,
    /// The target's place.
    pub span: Span,
}

impl Table {
    /// The column of an attribute of the class.
    pub fn column_of(&self, attribute: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.attribute == attribute)
    }

    /// The column with a name in the database.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The names of the columns of the primary key, in their order.
    pub fn primary_key(&self) -> Vec<&str> {
        let written = self.constraints.iter().find(|constraint| constraint.kind == ConstraintKind::PrimaryKey);
        if let Some(written) = written {
            return written.columns.iter().map(String::as_str).collect();
        }
        self.columns.iter().filter(|column| column.primary_key).map(|column| column.name.as_str()).collect()
    }

    /// Whether a search by this column alone can use an index: its own, or one that starts with it.
    pub fn is_indexed(&self, column: &Column) -> bool {
        let starts = |names: &[String]| names.first().is_some_and(|name| *name == column.name);
        column.index
            || column.unique
            || self.primary_key().first().is_some_and(|name| *name == column.name)
            || self.indexes.iter().any(|index| starts(&index.columns))
            || self.constraints.iter().any(|it| it.kind == ConstraintKind::Unique && starts(&it.columns))
    }
}

impl Database {
    /// Reads all modules of a project that is linked.
    pub(crate) fn build(project: &Project) -> Self {
        let mut built = Self::default();
        for module in project.modules.iter() {
            project.read_classes(module, &mut built);
            project.read_bare_tables(module, &mut built);
        }
        project.add_inherited(&mut built);
        for module in project.modules.iter() {
            project.add_loose_indexes(module, &mut built);
            project.read_engines(module, &mut built);
        }
        built.take_types_of_targets();
        built.link_relationships(project);
        built.mirror_relationships();
        project.link_factories(&mut built);
        built.lenders = project.session_lenders();
        built
    }

    pub(crate) fn push(&mut self, table: Table) {
        if let Some(class) = table.class {
            self.by_class.insert((table.module, class), self.tables.len());
        }
        self.tables.push(table);
    }

    /// Every table, in the order of the modules.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The tables with a name: several in a monorepo, or where one is declared twice.
    pub fn tables_named(&self, name: &str) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(move |table| table.name.as_deref() == Some(name))
    }

    /// The first table with a name.
    pub fn table<'d>(&'d self, name: &str) -> Option<&'d Table> {
        self.tables.iter().find(|table| table.name.as_deref() == Some(name))
    }

    /// The table that a class is mapped to; for a class of a single-table hierarchy that of its parent.
    pub fn table_of_class(&self, module: ModuleId, class: StmtId) -> Option<&Table> {
        self.by_class.get(&(module, class)).map(|&at| &self.tables[at])
    }

    /// The table that a symbol is mapped to.
    pub fn model_of(&self, project: &Project, symbol: &Symbol) -> Option<&Table> {
        match project.definition(symbol)? {
            (module, Definition::Class(class)) => self.table_of_class(module.id, class),
            _ => None,
        }
    }

    /// Every engine, connection pool and client, in the order of their places.
    pub fn engines(&self) -> &[Engine] {
        &self.engines
    }

    /// Every session factory, in the order of their places.
    pub fn factories(&self) -> &[SessionFactory] {
        &self.factories
    }

    /// Every call or use of `create_all` and `drop_all`.
    pub fn creations(&self) -> &[SchemaCreation] {
        &self.creations
    }

    /// Every function that yields or returns a session or connection.
    pub fn lenders(&self) -> &[SessionLender] {
        &self.lenders
    }

    /// The lender that a function is.
    pub fn lender(&self, module: ModuleId, function: StmtId) -> Option<&SessionLender> {
        self.lenders.iter().find(|lender| (lender.module, lender.function) == (module, function))
    }

    /// How many columns have a known type, engines a known dialect, tables a known name.
    pub(crate) fn resolution(&self) -> [Resolution; 3] {
        let columns = || self.tables.iter().flat_map(|table| &table.columns);
        [
            Resolution {
                what: "table names",
                resolved: self.tables.iter().filter(|table| table.name.is_some()).count(),
                all: self.tables.len(),
            },
            Resolution {
                what: "column types",
                resolved: columns().filter(|column| column.column_type.is_some()).count(),
                all: columns().count(),
            },
            Resolution {
                what: "database dialects",
                resolved: self.engines.iter().filter(|engine| engine.dialect.is_some()).count(),
                all: self.engines.len(),
            },
        ]
    }

    /// A foreign key column without a type of its own has that of the column it refers to.
    fn take_types_of_targets(&mut self) {
        // A key may refer to a column that is itself such a key; chains in practice are short.
        for _ in 0..4 {
            let mut known = BTreeMap::new();
            for table in &self.tables {
                for column in &table.columns {
                    if let (Some(name), Some(found)) = (&table.name, &column.column_type) {
                        known.insert(format!("{name}.{}", column.name), found.clone());
                    }
                }
            }
            for column in self.tables.iter_mut().flat_map(|table| &mut table.columns) {
                if column.column_type.is_none() {
                    let mut targets = column.foreign_keys.iter().filter_map(|key| key.target.as_ref());
                    column.column_type = targets.find_map(|target| known.get(target)).cloned();
                }
            }
        }
    }

    /// Gives classes the relationships that `backref` of another class makes for them.
    fn mirror_relationships(&mut self) {
        let mut mirrored = Vec::new();
        for table in &self.tables {
            let (Some(class), Some(name)) = (table.class, table.class_path.last()) else { continue };
            for relationship in &table.relationships {
                let target = relationship.class.and_then(|class| self.by_class.get(&class)).copied();
                mirrored.extend(target.zip(relationship.mirrored((table.module, class), name)));
            }
        }
        for (at, relationship) in mirrored {
            self.tables[at].relationships.push(relationship);
        }
    }

    /// The classes that relationships name by a text.
    fn link_relationships(&mut self, project: &Project) {
        let mut by_name: BTreeMap<String, Vec<(ModuleId, StmtId)>> = BTreeMap::new();
        for table in &self.tables {
            if let (Some(class), Some(name)) = (table.class, table.class_path.last()) {
                by_name.entry(name.clone()).or_default().push((table.module, class));
            }
        }
        for table in &mut self.tables {
            let home = project.modules.get(table.module);
            for relationship in table.relationships.iter_mut().filter(|found| found.class.is_none()) {
                let last = relationship.target.as_deref().and_then(|name| name.rsplit('.').next());
                let candidates = last.and_then(|name| by_name.get(name));
                relationship.class = candidates.and_then(|all| nearest(project, home, all));
            }
        }
    }
}

/// The only candidate, or the one whose path shares most with the module: services of a monorepo repeat names.
fn nearest(project: &Project, home: &Module, all: &[(ModuleId, StmtId)]) -> Option<(ModuleId, StmtId)> {
    let path = |module: &Module| project.sources.file(module.file).path.clone();
    let own = path(home);
    let shared = |module: ModuleId| {
        let other = path(project.modules.get(module));
        own.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count()
    };
    all.iter().copied().max_by_key(|&(module, _)| shared(module))
}
