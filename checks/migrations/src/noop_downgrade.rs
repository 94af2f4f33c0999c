//! The check `noop-downgrade`.

use pyaudit_check::project::migrations::{Body, Revision};
use pyaudit_check::{Findings, Project, Severity, check};

check! {
    /// ## What it does
    /// Finds Alembic revisions whose `downgrade` does nothing while their `upgrade` does something. A body counts as
    /// empty when it holds only `pass`, `...`, a docstring, comments, `return`, or messages to a log; functions of the
    /// module that it calls are read as well. When a comment or docstring says that there is no way back, or that this is
    /// intentional, the finding says so and is of low severity, as it is where `upgrade` only changes rows.
    ///
    /// ## Why it matters
    /// `alembic downgrade` reports success and leaves the schema of the newer revision behind the number of the older
    /// one. The next `upgrade` then fails on objects that already exist, at the moment of a failed release.
    ///
    /// ## How to fix
    /// Undo in `downgrade` what `upgrade` did, in reverse order. Where that is impossible, raise an exception that says
    /// why, so that nobody takes a downgrade that did nothing for one that worked.
    ///
    /// ## Limits
    /// A revision is known by its shape: `revision` and `down_revision` at the top of a module, and `def upgrade`.
    /// Functions of other modules are taken to do something. Whether a downgrade undoes all that the upgrade did is not
    /// asked here.
    id: "noop-downgrade",
    summary: "a migration cannot be undone: its downgrade does nothing",
    area: Migrations,
    axis: Reproducibility,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://alembic.sqlalchemy.org/en/latest/tutorial.html#downgrading",
        "https://alembic.sqlalchemy.org/en/latest/ops.html",
    ],
    run: Project(run),
}

fn message(revision: &Revision) -> String {
    let does = if revision.data_only { "changes data" } else { "does" };
    let documented = match (revision.irreversible, revision.intentional) {
        (Some(_), _) => "; it is irreversible, as the file says",
        (None, Some(_)) => "; this is intentional, as the file says",
        (None, None) => "",
    };
    format!("`downgrade` of revision `{}` does nothing while `upgrade` {does}{documented}", revision.id.text)
}

fn run(project: &Project, findings: &mut Findings) {
    for revision in &project.migrations.revisions {
        // A revision whose upgrade does nothing (a merge, a baseline) has nothing to undo.
        let Some(downgrade) = revision.downgrade.filter(|_| revision.upgrade.body == Body::Acts) else { continue };
        findings.examined(1);
        if downgrade.body != Body::Empty {
            continue;
        }
        let finding = findings.report(revision.span(downgrade.name), message(revision));
        let stays =
            if revision.data_only { "what `upgrade` does to the data stays" } else { "what `upgrade` does stays" };
        finding.subject(&revision.id.text).related(revision.span(revision.upgrade.name), stays);
        if is_of_low_severity(revision) {
            finding.severity(Severity::Low);
        }
        if let Some(words) = revision.irreversible {
            finding.related(revision.span(words), "said to be irreversible here");
            finding.help("raise an exception in `downgrade` that says why there is no way back");
        } else if let Some(words) = revision.intentional {
            finding.related(revision.span(words), "said to be intentional here");
            finding.help("raise an exception in `downgrade`, so that nobody takes it for one that worked");
        } else {
            finding.help(
                "undo what `upgrade` does, in reverse order, or raise an exception that says why it cannot be undone",
            );
        }
    }
}

/// Whether the file says that it means this, or the schema is the same before and after.
fn is_of_low_severity(revision: &Revision) -> bool {
    revision.data_only || revision.irreversible.is_some() || revision.intentional.is_some()
}
