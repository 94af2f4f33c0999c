use pyaudit_check::project::database::{Deletion, Dependent, Table, deletions_by_table};
use pyaudit_check::{Findings, Project, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds deletions of rows that other tables refer to, where nobody takes care of those: the foreign key has no `ondelete`,
    /// the relationship no `cascade`, and the function deletes nothing else. `query(User).delete()` and `delete(User)`
    /// by-pass the cascades of relationships, so that only `ondelete` counts there; `session.delete(user)` sets the
    /// keys of a relationship without a cascade to null, which fails for a column that may not be.
    ///
    /// ## Why it matters
    /// The deletion works with the data of the tests and fails with an `IntegrityError`, mostly as a 500, for the first
    /// customer who has an order. Where keys are not enforced (SQLite by default) rows stay behind that belong to nobody.
    ///
    /// ## How to fix
    /// Say in the model what is to happen: `ForeignKey("users.id", ondelete="CASCADE")` with
    /// `relationship(cascade="all, delete-orphan", passive_deletes=True)`, or `ondelete="SET NULL"` and a column that may be
    /// null; or delete the dependent rows before. `ondelete="RESTRICT"` says that it is meant.
    ///
    /// ## Limits
    /// All deletions of one table are one finding. Silent where an `IntegrityError` is caught, where the function names the
    /// dependent class or the relationship to it, or deletes rows that cannot be told, and for tables in between
    /// (`secondary`), which the mapper clears. Rules that only a migration or a trigger knows are not seen.
    id: "dependent-rows-not-deleted",
    summary: "rows are deleted that other rows refer to",
    area: Database,
    axis: Robustness,
    severity: Medium,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/orm/cascades.html",
        "https://docs.sqlalchemy.org/en/20/orm/cascades.html#using-foreign-key-on-delete-cascade-with-orm-relationships",
    ],
    run: Project(run),
}

fn message(table: &str, dependents: &[Dependent<'_>]) -> String {
    let names: Vec<String> =
        dependents.iter().take(3).map(|one| format!("`{}.{}`", name(one.table), one.column)).collect();
    let more = dependents.len() - names.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let verb = if dependents.len() == 1 { "refers" } else { "refer" };
    format!(
        "deleting a row of `{table}` fails, or leaves orphans behind, where {}{more} {verb} to it: no `ondelete` and no cascade",
        names.join(", ")
    )
}

fn name(table: &Table) -> &str {
    table.name.as_deref().or_else(|| table.class_path.last().map(String::as_str)).unwrap_or("table")
}

fn run(project: &Project, findings: &mut Findings) {
    let all = project.deletions();
    findings.examined(all.iter().filter(|deletion| deletion.table.is_some()).count());
    for deletions in deletions_by_table(&all).into_values() {
        let open: Vec<(&Deletion<'_>, Vec<Dependent<'_>>)> = deletions
            .iter()
            .map(|deletion| (deletion, project.dependents_of(deletion, &all)))
            .filter(|(_, dependents)| !dependents.is_empty())
            .collect();
        report(&open, findings);
    }
}

fn report(open: &[(&Deletion<'_>, Vec<Dependent<'_>>)], findings: &mut Findings) {
    let Some(&(first, _)) = open.first() else { return };
    let Some(table) = first.table else { return };
    let mut dependents = BTreeMap::new();
    for one in open.iter().flat_map(|(_, dependents)| dependents) {
        dependents.entry(one.key.span).or_insert(*one);
    }
    let dependents: Vec<Dependent<'_>> = dependents.into_values().collect();
    let finding = findings.report(first.span, message(name(table), &dependents));
    finding.subject(name(table));
    for one in &dependents {
        let text = match one.blanks {
            Some(_) => "is set to null first, which this column refuses",
            None => "refers to the row that is deleted",
        };
        finding.related(one.key.span, format!("`{}.{}` {text}", name(one.table), one.column));
    }
    for (other, _) in &open[1..] {
        finding.related(other.span, "another deletion");
    }
}
