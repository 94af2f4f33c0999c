//! Tables, engines, session factories and functions that lend sessions.

use crate::place::{Place, line, place};
use pyaudit_check::Project;
use pyaudit_check::project::database::{self, ConstraintKind};
use pyaudit_check::project::{DatabaseObject, ModuleId};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Section<'p> {
    tables: Vec<Table<'p>>,
    engines: Vec<Engine<'p>>,
    session_factories: Vec<Factory<'p>>,
    session_functions: Vec<Lender<'p>>,
    create_all: Vec<Creation<'p>>,
}

#[derive(Serialize)]
struct Table<'p> {
    table: Option<&'p str>,
    class: Option<String>,
    #[serde(flatten)]
    place: Place<'p>,
    complete: bool,
    columns: Vec<Column<'p>>,
    indexes: Vec<Index<'p>>,
    constraints: Vec<Constraint<'p>>,
    relationships: Vec<Relationship<'p>>,
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of the document")]
struct Column<'p> {
    name: &'p str,
    attribute: &'p str,
    line: u32,
    r#type: Option<String>,
    nullable: bool,
    primary_key: bool,
    unique: bool,
    index: bool,
    indexed: bool,
    default: bool,
    server_default: bool,
    foreign_keys: Vec<ForeignKey<'p>>,
}

#[derive(Serialize)]
struct ForeignKey<'p> {
    target: Option<&'p str>,
    on_delete: Option<&'p str>,
}

#[derive(Serialize)]
struct Index<'p> {
    name: Option<&'p str>,
    columns: &'p [String],
    unique: bool,
}

#[derive(Serialize)]
struct Constraint<'p> {
    kind: &'static str,
    name: Option<&'p str>,
    columns: &'p [String],
}

#[derive(Serialize)]
struct Relationship<'p> {
    name: &'p str,
    target: Option<String>,
    back_populates: Option<&'p str>,
    cascade: Option<&'p str>,
    lazy: Option<&'p str>,
    secondary: Option<&'p str>,
}

#[derive(Serialize)]
struct Engine<'p> {
    #[serde(flatten)]
    place: Place<'p>,
    callee: &'p str,
    at_import: bool,
    r#async: bool,
    dialect: Option<&'p str>,
    arguments: Vec<Argument<'p>>,
    unknown_arguments: bool,
}

/// Values are left out: an address may hold a password.
#[derive(Serialize)]
struct Argument<'p> {
    name: &'p str,
}

#[derive(Serialize)]
struct Factory<'p> {
    #[serde(flatten)]
    place: Place<'p>,
    r#async: bool,
    engine: Option<usize>,
    expire_on_commit: Option<bool>,
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of the document")]
struct Lender<'p> {
    #[serde(flatten)]
    place: Place<'p>,
    function: String,
    lends: &'static str,
    yields: bool,
    closes: bool,
    commits: bool,
    rolls_back: bool,
}

#[derive(Serialize)]
struct Creation<'p> {
    #[serde(flatten)]
    place: Place<'p>,
    drops: bool,
    at_start: bool,
}

pub(super) fn section(project: &Project) -> Section<'_> {
    let database = &project.database;
    Section {
        tables: database.tables().iter().map(|found| table(project, found)).collect(),
        engines: database.engines().iter().map(|found| engine(project, found)).collect(),
        session_factories: database.factories().iter().map(|found| factory(project, found)).collect(),
        session_functions: database.lenders().iter().map(|found| lender(project, found)).collect(),
        create_all: database.creations().iter().map(|found| creation(project, found)).collect(),
    }
}

fn class_name(project: &Project, module: ModuleId, path: &[String]) -> String {
    format!("{}:{}", project.modules.get(module).name, path.join("."))
}

fn table<'p>(project: &'p Project, table: &'p database::Table) -> Table<'p> {
    Table {
        table: table.name.as_deref(),
        class: table.class.map(|_| class_name(project, table.module, &table.class_path)),
        place: place(project, table.span),
        complete: table.is_complete,
        columns: table.columns.iter().map(|found| column(project, table, found)).collect(),
        indexes: table.indexes.iter().map(index).collect(),
        constraints: table.constraints.iter().map(constraint).collect(),
        relationships: table.relationships.iter().map(|found| relationship(project, found)).collect(),
    }
}

fn column<'p>(project: &Project, table: &database::Table, column: &'p database::Column) -> Column<'p> {
    let key = |key: &'p database::ForeignKey| ForeignKey {
        target: key.target.as_deref(),
        on_delete: key.on_delete.as_deref(),
    };
    Column {
        name: &column.name,
        attribute: &column.attribute,
        line: line(project, column.span),
        r#type: column.column_type.as_ref().map(ToString::to_string),
        nullable: column.nullable,
        primary_key: column.primary_key,
        unique: column.unique,
        index: column.index,
        indexed: table.is_indexed(column),
        default: column.has_default,
        server_default: column.has_server_default,
        foreign_keys: column.foreign_keys.iter().map(key).collect(),
    }
}

fn index(index: &database::Index) -> Index<'_> {
    Index { name: index.name.as_deref(), columns: &index.columns, unique: index.unique }
}

fn constraint(constraint: &database::Constraint) -> Constraint<'_> {
    let kind = match constraint.kind {
        ConstraintKind::PrimaryKey => "primary-key",
        ConstraintKind::Unique => "unique",
        ConstraintKind::ForeignKey => "foreign-key",
        ConstraintKind::Check => "check",
    };
    Constraint { kind, name: constraint.name.as_deref(), columns: &constraint.columns }
}

fn relationship<'p>(project: &Project, found: &'p database::Relationship) -> Relationship<'p> {
    let class = found.class.and_then(|(module, class)| project.database.table_of_class(module, class));
    let target = class.map(|table| class_name(project, table.module, &table.class_path));
    Relationship {
        name: &found.attribute,
        target: target.or_else(|| found.target.clone()),
        back_populates: found.back_populates.as_deref(),
        cascade: found.cascade.as_deref(),
        lazy: found.lazy.as_deref(),
        secondary: found.secondary.as_deref(),
    }
}

fn engine<'p>(project: &'p Project, engine: &'p database::Engine) -> Engine<'p> {
    Engine {
        place: place(project, engine.span),
        callee: &engine.callee,
        at_import: engine.function.is_none(),
        r#async: engine.is_async,
        dialect: engine.dialect.as_deref(),
        arguments: engine.arguments.iter().map(|argument| Argument { name: &argument.name }).collect(),
        unknown_arguments: engine.has_unknown_arguments,
    }
}

fn factory<'p>(project: &'p Project, factory: &database::SessionFactory) -> Factory<'p> {
    Factory {
        place: place(project, factory.span),
        r#async: factory.is_async,
        engine: factory.engine,
        expire_on_commit: factory.expire_on_commit,
    }
}

fn lender<'p>(project: &'p Project, lender: &database::SessionLender) -> Lender<'p> {
    Lender {
        place: place(project, lender.span),
        function: project.sources.slice(lender.span).to_owned(),
        lends: match lender.object {
            DatabaseObject::AsyncSession => "async-session",
            DatabaseObject::Session => "session",
            _ => "connection",
        },
        yields: lender.yields,
        closes: lender.closes,
        commits: lender.commits,
        rolls_back: lender.rolls_back,
    }
}

fn creation<'p>(project: &'p Project, creation: &database::SchemaCreation) -> Creation<'p> {
    Creation { place: place(project, creation.span), drops: creation.drops, at_start: creation.runs_at_start }
}
