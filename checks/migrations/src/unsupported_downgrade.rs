//! The check `unsupported-downgrade`.

use pyaudit_check::project::migrations::{Body, Revision};
use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds Alembic revisions whose `downgrade` always raises: a `raise` that no condition guards, `assert False`, or a
    /// function of the module that does so.
    ///
    /// ## Why it matters
    /// A release that brings such a revision cannot be rolled back with the tools at hand. Raising is better than doing
    /// nothing, but whoever has to go back needs another plan, such as a backup, before the release and not after it.
    ///
    /// ## How to fix
    /// Write the downgrade if the data allows it; schema changes nearly always can be undone. Otherwise say in the
    /// exception how to go back (which backup, which script).
    ///
    /// ## Limits
    /// A `raise` under a condition (`if rows: raise …`) is a guard and stays silent. A function of another module that
    /// always raises is not followed.
    id: "unsupported-downgrade",
    summary: "a migration refuses to be undone: its downgrade raises",
    area: Migrations,
    axis: Reproducibility,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://alembic.sqlalchemy.org/en/latest/tutorial.html#downgrading"],
    run: Project(run),
}

fn message(revision: &Revision) -> String {
    format!("`downgrade` of revision `{}` always raises, so a release with it cannot be rolled back", revision.id.text)
}

fn run(project: &Project, findings: &mut Findings) {
    for revision in &project.migrations.revisions {
        let Some(downgrade) = revision.downgrade else { continue };
        findings.examined(1);
        if let Body::Raises(raise) = downgrade.body {
            findings
                .report(revision.span(raise), message(revision))
                .subject(&revision.id.text)
                .help("undo what `upgrade` does, or say in the exception how to go back");
        }
    }
}
