use pyaudit_check::project::database::{Column, Family, Filter, Table};
use pyaudit_check::{Confidence, Findings, Project, Role, Span, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds columns that queries of a running application search by (`User.email == email`, `.in_(…)`,
    /// `filter_by(email=…)`, ranges), where no index of the model or of a migration starts with the column. All columns of one
    /// table are one finding.
    ///
    /// ## Why it matters
    /// Without an index the database reads the whole table for each such query, which nobody notices before the
    /// table is large.
    ///
    /// ## How to fix
    /// Add `index=True` to the column, or an `Index` that starts with it where several are searched together, and a
    /// migration that creates it (on PostgreSQL with `postgresql_concurrently=True`).
    ///
    /// ## Limits
    /// How many rows a table has is not known: a table that stays small needs no index. Silent for functions that also
    /// search the table by a column with an index, a foreign key or a join (`fk-without-index` tells those), for tables named after
    /// what there are few of (`roles`, `settings`, `plans`), for booleans, enumerations and columns named as such (`status`, `type`, `is_…`), which an index seldom helps, for texts that are
    /// searched by a part (`like`), for comparisons with `None`, and for joins. Where all searches are ranges, the
    /// confidence is low. Indexes that `.sql` files or tools outside of the repository make are not seen.
    id: "filtered-column-without-index",
    summary: "queries search by a column that has no index",
    area: Database,
    axis: Robustness,
    severity: Low,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://www.postgresql.org/docs/current/indexes-intro.html",
        "https://docs.sqlalchemy.org/en/20/core/constraints.html#indexes",
    ],
    run: Project(run),
}

/// Words of columns that hold a few values.
const FEW_VALUES: &[&str] = &[
    "status",
    "state",
    "type",
    "kind",
    "role",
    "gender",
    "mode",
    "level",
    "flag",
    "active",
    "enabled",
    "disabled",
    "deleted",
    "visible",
    "public",
    "private",
    "verified",
    "category",
    "priority",
    "language",
    "locale",
    "currency",
    "stage",
    "tier",
    "is",
    "has",
    "can",
    "source",
    "provider",
    "direction",
    "severity",
    "year",
    "layer",
    "country",
    "reason",
    "duration",
    "month",
];

/// Last words of the names of tables that stay small, without the `s` of their plural.
const SMALL: &[&str] = &[
    "role",
    "permission",
    "plan",
    "setting",
    "config",
    "configuration",
    "category",
    "categories",
    "country",
    "countries",
    "region",
    "tier",
    "template",
    "feature",
    "preference",
    "version",
    "theme",
    "language",
    "currency",
    "currencies",
    "organization",
    "organisation",
    "tenant",
    "type",
    "statuse",
    "status",
];

/// How many searches are named beside the column.
const NAMED: usize = 5;

fn message(table: &str, columns: &[&Column], searches: usize) -> String {
    let names: Vec<String> = columns.iter().map(|column| format!("`{table}.{}`", column.name)).collect();
    let places = if searches == 1 { "1 place".to_owned() } else { format!("{searches} places") };
    let verb = if columns.len() == 1 { "has" } else { "have" };
    format!("{places} search by {}, which {verb} no index: each search reads all of `{table}`", names.join(", "))
}

/// What the searches of a table go by without an index.
#[derive(Default)]
struct Searched<'p> {
    columns: BTreeMap<Span, &'p Column>,
    searches: Vec<Filter<'p>>,
}

fn run(project: &Project, findings: &mut Findings) {
    let mut tables: BTreeMap<Span, (&Table, Searched<'_>)> = BTreeMap::new();
    for module in project.modules.iter() {
        let is_running = module.role == Role::Application && project.imports.is_served(module.id);
        if !is_running || project.is_command_line(module) {
            continue;
        }
        let filters = project.filters_in(module);
        findings.examined(filters.iter().filter(|filter| !filter.is_join).count());
        let narrowed: BTreeSet<_> = filters
            .iter()
            .filter(|filter| !filter.column.foreign_keys.is_empty() || project.has_index(filter.table, filter.column))
            .map(|filter| (filter.table.span, filter.function))
            .collect();
        for filter in filters {
            let is_narrowed = narrowed.contains(&(filter.table.span, filter.function));
            if !is_narrowed && !filter.is_join && is_worth_it(project, &filter) {
                let (_, searched) =
                    tables.entry(filter.table.span).or_insert_with(|| (filter.table, Searched::default()));
                searched.columns.insert(filter.column.span, filter.column);
                searched.searches.push(filter);
            }
        }
    }
    for (table, mut searched) in tables.into_values() {
        // Ranges may well want most of the rows; they count where there is nothing else.
        if searched.searches.iter().any(|filter| filter.is_equality) {
            searched.searches.retain(|filter| filter.is_equality);
            let told: BTreeSet<Span> = searched.searches.iter().map(|filter| filter.column.span).collect();
            searched.columns.retain(|span, _| told.contains(span));
        }
        report(table, &searched, findings);
    }
}

/// Whether an index on the column would be missed: it has many values, and no other check tells of it.
fn is_worth_it(project: &Project, filter: &Filter<'_>) -> bool {
    let (table, column) = (filter.table, filter.column);
    let family = column.column_type.as_ref().and_then(pyaudit_check::project::database::ColumnType::family);
    let is_known = family.is_some_and(|family| family != Family::Boolean && family != Family::Binary);
    let has_few = column.name.split('_').any(|word| FEW_VALUES.contains(&word));
    let is_application = project.modules.get(table.module).role == Role::Application;
    // Where the key of a table is not known, neither are its other columns.
    let has_key = !table.primary_key().is_empty() && column.name != "id";
    is_known && is_application && !has_few && table.is_complete && has_key && !is_small(table)
}

/// Whether a table is named after things of which an application has a few.
fn is_small(table: &Table) -> bool {
    let mut words = table.name.as_deref().unwrap_or_default().split(|letter: char| !letter.is_alphanumeric());
    words.next_back().is_some_and(|word| SMALL.iter().any(|name| word == *name || word.strip_suffix('s') == Some(name)))
}

fn report(table: &Table, searched: &Searched<'_>, findings: &mut Findings) {
    let Some((&span, _)) = searched.columns.first_key_value() else { return };
    let name = table.name.as_deref().unwrap_or("table");
    let columns: Vec<&Column> = searched.columns.values().copied().collect();
    let finding = findings.report(span, message(name, &columns, searched.searches.len()));
    finding.subject(name);
    if searched.searches.iter().all(|filter| !filter.is_equality) {
        finding.confidence(Confidence::Low);
    }
    for column in &columns[1..] {
        finding.related(column.span, format!("`{}` has no index either", column.name));
    }
    for filter in searched.searches.iter().take(NAMED) {
        finding.related(filter.span, format!("searches by `{}`", filter.column.name));
    }
}
