use pyaudit_check::project::Module;
use pyaudit_check::project::database::{Column, Contradiction, ContradictionKind, Table};
use pyaudit_check::{Findings, Project, Role, Severity, Span, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds columns of mapped classes that say two things of their values: an annotation of another type than the
    /// column (`Mapped[float]` over `Numeric`), an annotation that contradicts `nullable=`, a default of another type
    /// (`Column(Integer, default="0")`), times with a zone in a `DateTime` without one, and foreign keys of another type than
    /// the column they refer to. All of one table are one finding.
    ///
    /// ## Why it matters
    /// The database keeps what the column says, and everybody else believes the annotation: a type checker, a response
    /// model, the next reader. `Numeric` gives a `Decimal` that fails beside a `float`; a `NULL` fails where nobody looked for
    /// `None`; asyncpg refuses times with a zone for a column without; PostgreSQL refuses a foreign key of another type.
    ///
    /// ## How to fix
    /// Say it once. Let the annotation make the column (`Mapped[str | None]` without `nullable=`), or write the annotation that
    /// fits the column. Use `DateTime(timezone=True)` for times with a zone.
    ///
    /// ## Limits
    /// Only types of SQLAlchemy are compared, by the kind of value they hold: sizes, types of the project, `JSON`, `Enum` and
    /// arrays are left alone, and so are `bool` beside `Integer`, `UUID(as_uuid=False)` beside `str` and types with a variant.
    /// Optional annotations of columns with a default stay silent, and so do columns of subclasses that share a table. Migrations and the database itself are not compared.
    id: "orm-type-mismatch",
    summary: "a column contradicts its annotation, default or foreign key",
    area: Database,
    axis: Robustness,
    severity: Low,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/orm/declarative_tables.html#mapped-column-derives-the-datatype-and-nullability-from-the-mapped-annotation",
        "https://docs.sqlalchemy.org/en/20/core/type_basics.html#sqlalchemy.types.DateTime",
    ],
    run: Module(run),
}

fn message(column: &str, kind: &ContradictionKind) -> String {
    match kind {
        ContradictionKind::Annotation { annotation, column: written } => {
            format!("`{column}` is annotated as `{annotation}` and is a `{written}` in the database")
        }
        ContradictionKind::NeverNone => {
            format!("`{column}` may be null in the database, and its annotation says that it is never `None`")
        }
        ContradictionKind::MaybeNone => {
            format!("`{column}` may be `None` by its annotation, which the database refuses")
        }
        ContradictionKind::Default { value, column: written } => {
            format!("`{column}` is a `{written}`, and its default `{value}` is none")
        }
        ContradictionKind::AwareDefault => {
            format!("`{column}` keeps no time zone, and its default has one: drivers refuse it or drop the zone")
        }
    }
}

fn key_message(column: &Column, target: &str, own: &str, other: &str) -> String {
    format!(
        "the foreign key `{}` is a `{own}` and refers to `{target}`, which is a `{other}`: PostgreSQL refuses it",
        column.name
    )
}

/// One thing that is wrong with a column of a table.
struct Mismatch {
    span: Span,
    text: String,
    is_key: bool,
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    let mut seen = BTreeSet::new();
    for table in project.database.tables().iter().filter(|table| table.module == module.id) {
        findings.examined(table.columns.len());
        let mut wrong: Vec<Mismatch> =
            table.columns.iter().flat_map(|column| mismatches(project, table, column)).collect();
        // A column of a mixin is told once.
        wrong.retain(|mismatch| mismatch.span.file == module.file && seen.insert(mismatch.span));
        report(table, &wrong, findings);
    }
}

fn mismatches(project: &Project, table: &Table, column: &Column) -> Vec<Mismatch> {
    let said = |one: &Contradiction| Mismatch { span: one.span, text: message(&column.name, &one.kind), is_key: false };
    let mut found: Vec<Mismatch> = column.contradictions.iter().map(said).collect();
    found.extend(against_target(project, table, column));
    found
}

/// Whether a foreign key holds other values than the column it refers to.
fn against_target(project: &Project, table: &Table, column: &Column) -> Option<Mismatch> {
    let own = column.column_type.as_ref()?;
    column.foreign_keys.iter().find_map(|key| {
        let (name, target) = key.target.as_deref()?.rsplit_once('.')?;
        let mut parents = project.database.tables_named(name);
        let (parent, None) = (parents.next()?, parents.next()) else { return None };
        let other = parent.column(target).filter(|_| parent.base == table.base)?.column_type.as_ref()?;
        let differs = own.family()? != other.family()?;
        differs.then(|| Mismatch {
            span: key.span,
            text: key_message(column, &format!("{name}.{target}"), &own.to_string(), &other.to_string()),
            is_key: true,
        })
    })
}

fn report(table: &Table, wrong: &[Mismatch], findings: &mut Findings) {
    let Some(first) = wrong.iter().find(|mismatch| mismatch.is_key).or(wrong.first()) else { return };
    let others = wrong.len() - 1;
    let text = match others {
        0 => first.text.clone(),
        1 => format!("{} (and another column of the table)", first.text),
        count => format!("{} (and {count} more columns of the table)", first.text),
    };
    let finding = findings.report(first.span, text);
    finding.subject(table.class_path.join("."));
    if first.is_key {
        finding.severity(Severity::Medium);
    }
    for other in wrong.iter().filter(|other| other.span != first.span) {
        finding.related(other.span, other.text.clone());
    }
}
