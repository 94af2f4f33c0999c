use pyaudit_check::project::Module;
use pyaudit_check::project::database::{Column, ConstraintKind, KeyUse, Table};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, Span, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds foreign key columns that no index serves: none in the model (`index=True`, `unique=True`, the first column
    /// of the primary key, of an `Index` or of a `UniqueConstraint`) and none in the migrations (`op.create_index`,
    /// `batch_op.create_index`, constraints of `op.create_table`, `CREATE INDEX` in SQL text). Several columns of one
    /// table are one finding, and so is a column of a mixin that several tables take over.
    ///
    /// ## Why it matters
    /// PostgreSQL, SQL Server, Oracle and SQLite do not index a foreign key by themselves. Each join from the
    /// parent and each `DELETE` or key change of a parent row reads the whole child table, under a lock, which is not noticed
    /// before the table is large.
    ///
    /// ## How to fix
    /// Add `index=True` to the column, or an `Index` that starts with it, and a migration that creates the index
    /// (on PostgreSQL with `postgresql_concurrently=True`).
    ///
    /// ## Limits
    /// Silent where every known engine is MySQL or MariaDB, whose InnoDB tables index foreign keys themselves. For a key of
    /// several columns an index on the first of any of them is enough. Indexes that `.sql` files or tools outside of
    /// the repository make are not seen. Where a migration computes the names of tables and columns, a column counts as
    /// indexed when its name and that of its table stand as strings in the migration. The severity is low for a key that
    /// comes second in an index behind the column of the tenant, says who did something (`created_by`) or points back to
    /// a child (`current_version_id`), where no query searches by it; the confidence is low where no code names the class of
    /// the parent. How many rows a table
    /// has cannot be known: a table that stays small needs no index.
    id: "fk-without-index",
    summary: "a foreign key column has no index",
    area: Database,
    axis: Robustness,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK",
        "https://docs.sqlalchemy.org/en/20/core/constraints.html#indexes",
    ],
    run: Project(run),
}

/// A foreign key column without an index, and the tables that have it.
struct Bare<'p> {
    column: &'p Column,
    tables: Vec<&'p Table>,
}

fn run(project: &Project, findings: &mut Findings) {
    let dialects = project.dialects();
    if !dialects.is_empty() && dialects.iter().all(|dialect| dialect == "mysql") {
        return;
    }
    let mut bare: BTreeMap<Span, Bare<'_>> = BTreeMap::new();
    for table in project.database.tables() {
        if project.modules.get(table.module).role != Role::Application {
            continue;
        }
        let keys = table.columns.iter().filter(|column| !column.foreign_keys.is_empty());
        for column in keys {
            findings.examined(1);
            if !is_served_by_index(project, table, column) {
                bare.entry(column.span).or_insert_with(|| Bare { column, tables: Vec::new() }).tables.push(table);
            }
        }
    }
    report(project, bare, findings);
}

/// How many tables of a shared column are told.
const MAX_TABLES: usize = 20;

/// One finding for each shared column, and one for each table with columns of its own.
fn report(project: &Project, bare: BTreeMap<Span, Bare<'_>>, findings: &mut Findings) {
    let mut by_table: BTreeMap<Span, Vec<Bare<'_>>> = BTreeMap::new();
    for (span, found) in bare {
        let owner = found.tables[0];
        let is_shared = found.tables.len() > 1 || !is_declared_in(project.modules.get(owner.module), owner, span);
        let key = if is_shared { span } else { owner.span };
        by_table.entry(key).or_default().push(found);
    }
    let searched = if by_table.is_empty() { BTreeSet::new() } else { project.searched_columns() };
    for (place, columns) in by_table {
        let first = &columns[0];
        let purpose = purpose(project, &columns, &searched);
        let name_of_column = &first.column.name;
        let (text, subject) = if let [table] = first.tables[..] {
            (message(table, &columns, &purpose), format!("{}.{name_of_column}", name(table)))
        } else {
            (shared_message(first), name_of_column.clone())
        };
        let finding = findings.report(first.column.span, text);
        finding.subject(subject);
        match purpose {
            KeyUse::Forgotten => finding.confidence(Confidence::Low),
            KeyUse::DeleteOnly | KeyUse::BehindTenant(_) => finding.severity(Severity::Low),
            KeyUse::Plain => finding,
        };
        for other in &columns[1..] {
            finding.related(other.column.span, format!("`{}` has no index either", other.column.name));
        }
        // A mixin does not say which tables have its columns.
        let is_shared = place == first.column.span;
        for table in first.tables.iter().take(MAX_TABLES).filter(|_| is_shared) {
            finding.related(table.span, format!("`{}` has it", name(table)));
        }
    }
}

/// What the keys of a finding are there for: what matters most of any.
fn purpose(project: &Project, columns: &[Bare<'_>], searched: &BTreeSet<Span>) -> KeyUse {
    let uses =
        columns.iter().flat_map(|bare| bare.tables.iter().map(|table| project.key_use(table, bare.column, searched)));
    uses.max().unwrap_or(KeyUse::Plain)
}

fn message(table: &Table, columns: &[Bare<'_>], purpose: &KeyUse) -> String {
    let name = name(table);
    let first = columns[0].column;
    match columns.len() {
        1 => {
            let target = first.foreign_keys.iter().find_map(|key| key.target.as_deref());
            let parent = target.and_then(|target| target.rsplit_once('.')).map_or("parent", |(parent, _)| parent);
            let column = &first.name;
            match purpose {
                KeyUse::BehindTenant(tenant) => format!(
                    "`{name}.{column}` refers to `{parent}` and has an index behind `{tenant}` alone, so that a delete there reads all of `{name}`"
                ),
                KeyUse::DeleteOnly => format!(
                    "`{name}.{column}` refers to `{parent}` and has no index, so that a delete there reads all of `{name}`"
                ),
                _ => format!(
                    "`{name}.{column}` refers to `{parent}` and has no index, so that a delete there or a join from there reads all of `{name}`"
                ),
            }
        }
        count => {
            let names: Vec<String> = columns.iter().map(|bare| format!("`{}`", bare.column.name)).collect();
            let readers = if *purpose == KeyUse::DeleteOnly { "deletes" } else { "joins and deletes" };
            format!(
                "{count} foreign keys of `{name}` have no index, so that {readers} read all of it: {}",
                names.join(", ")
            )
        }
    }
}

fn shared_message(bare: &Bare<'_>) -> String {
    let name = &bare.column.name;
    let count = bare.tables.len();
    format!(
        "the foreign key `{name}` has no index in {count} tables, so that a join or delete reads each of them whole"
    )
}

fn name(table: &Table) -> &str {
    table.name.as_deref().or_else(|| table.class_path.last().map(String::as_str)).unwrap_or("table")
}

/// Whether the body of the class, or the call of `Table`, holds the column.
fn is_declared_in(module: &Module, table: &Table, column: Span) -> bool {
    let class = table.class.map(|class| module.python.syntax.stmt(class).range);
    let body = class.or(table.span.range);
    module.file == column.file && body.zip(column.range).is_some_and(|(body, column)| body.contains(column))
}

fn is_served_by_index(project: &Project, table: &Table, column: &Column) -> bool {
    let is_indexed = |column: &Column| {
        table.is_indexed(column) || names(table).iter().any(|name| project.migrations.indexes.cover(name, &column.name))
    };
    let composite = table
        .constraints
        .iter()
        .find(|constraint| constraint.kind == ConstraintKind::ForeignKey && constraint.columns.contains(&column.name));
    match composite {
        Some(key) => key.columns.iter().filter_map(|name| table.column(name)).any(is_indexed),
        None => is_indexed(column),
    }
}

/// The name of the table; where code computes it, what such code usually makes of the name of the class.
fn names(table: &Table) -> Vec<String> {
    if let Some(name) = &table.name {
        return vec![name.clone()];
    }
    let class = table.class_path.last().map_or("", String::as_str);
    let mut snake = String::new();
    for (at, letter) in class.char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    let lower = class.to_ascii_lowercase();
    vec![format!("{snake}s"), format!("{lower}s"), snake, lower]
}
