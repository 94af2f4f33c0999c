use pyaudit_check::project::ModuleId;
use pyaudit_check::project::database::{DeclarativeBase, Table};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds applications whose tables are mapped on two or more declarative bases with a `MetaData` of their own: two
    /// subclasses of `DeclarativeBase`, several `declarative_base()`, or such a base beside `SQLModel`.
    ///
    /// ## Why it matters
    /// Each base knows its own tables alone. Migrations and `create_all` over one base never make the tables of the
    /// other; a foreign key or a `relationship("Name")` from one to the other fails with `NoReferencedTableError` or
    /// `InvalidRequestError` as soon as it is used.
    ///
    /// ## How to fix
    /// Keep one base in a module of its own and map every class on it. Where two are wanted, give both the same
    /// `MetaData`, or list both in `target_metadata` of Alembic's `env.py`.
    ///
    /// ## Limits
    /// Only bases whose tables the same application loads are compared, so that services of a monorepo may have one
    /// each. Silent for bases without tables, for bases that share a `MetaData`, and where an Alembic environment reads the
    /// `metadata` of both. A second base for a second database on purpose, without migrations, is reported: nothing in
    /// the source tells it apart, unless a foreign key crosses over the confidence is medium.
    id: "two-declarative-bases",
    summary: "one application maps its tables on two declarative bases",
    area: Database,
    axis: Robustness,
    severity: High,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/orm/mapping_api.html#sqlalchemy.orm.DeclarativeBase",
        "https://alembic.sqlalchemy.org/en/latest/autogenerate.html#autogenerating-multiple-metadata-collections",
    ],
    run: Project(run),
}

fn message(second: &DeclarativeBase<'_>, first: &DeclarativeBase<'_>) -> String {
    let tables = match second.tables.len() {
        1 => "1 table".to_owned(),
        count => format!("{count} tables"),
    };
    format!(
        "`{}` is a second declarative base, with {tables} that migrations and `create_all` over the other `{}` do not know",
        second.name(),
        first.name()
    )
}

fn run(project: &Project, findings: &mut Findings) {
    let mut bases = project.declarative_bases();
    for base in &mut bases {
        base.tables.retain(|table| project.modules.get(table.module).role == Role::Application);
    }
    bases.retain(|base| !base.tables.is_empty());
    findings.examined(bases.len());
    let applications = project.modules_of_applications();
    for (at, second) in bases.iter().enumerate().skip(1) {
        // The one with the most tables that is loaded together with it is what it should have been.
        let first = bases[..at]
            .iter()
            .find(|first| meet(&applications, first, second) && !is_known_together(project, first, second));
        if let Some(first) = first {
            report(first, second, findings);
        }
    }
}

fn report(first: &DeclarativeBase<'_>, second: &DeclarativeBase<'_>, findings: &mut Findings) {
    let finding = findings.report(second.span, message(second, first));
    finding.subject(second.name());
    let crossing = crossing(second, first).or_else(|| crossing(first, second));
    finding.related(first.span, format!("the base of {} other tables", first.tables.len()));
    match crossing {
        Some((span, target)) => {
            finding.confidence(Confidence::High);
            finding.related(span, format!("refers to `{target}`, which stands on the other base"));
        }
        // Nothing breaks as long as each base is made by itself.
        None if second.tables.len() == 1 => {
            finding.severity(Severity::Medium);
        }
        None => {}
    }
}

/// Whether one application loads tables of both.
fn meet(applications: &[BTreeSet<ModuleId>], first: &DeclarativeBase<'_>, second: &DeclarativeBase<'_>) -> bool {
    applications.iter().any(|loaded| {
        let loads = |base: &DeclarativeBase<'_>| base.modules().iter().any(|module| loaded.contains(module));
        loads(first) && loads(second)
    })
}

/// Whether an Alembic environment reads the metadata of both.
fn is_known_together(project: &Project, first: &DeclarativeBase<'_>, second: &DeclarativeBase<'_>) -> bool {
    let environments = project.migrations.environments.iter().filter_map(|environment| environment.env_module);
    { environments }.filter_map(|file| project.modules.in_file(file)).any(|module| {
        let read = project.metadata_read_in(module);
        read.contains(&first.symbol) && read.contains(&second.symbol)
    })
}

/// A foreign key of one base that refers to a table of the other alone.
fn crossing(from: &DeclarativeBase<'_>, to: &DeclarativeBase<'_>) -> Option<(pyaudit_check::Span, String)> {
    let has =
        |base: &DeclarativeBase<'_>, name: &str| base.tables.iter().any(|table| table.name.as_deref() == Some(name));
    let keys = from.tables.iter().flat_map(|table: &&Table| &table.columns).flat_map(|column| &column.foreign_keys);
    { keys }.find_map(|key| {
        let table = key.target.as_deref()?.rsplit_once('.')?.0;
        (has(to, table) && !has(from, table)).then(|| (key.span, table.to_owned()))
    })
}
