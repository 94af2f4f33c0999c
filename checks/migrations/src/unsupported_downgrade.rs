//! The check `unsupported-downgrade`.

use pyaudit_check::project::migrations::{Body, Revision};
use pyaudit_check::{Findings, Project, Severity, check};

check! {
    /// ## What it does
    /// Finds Alembic revisions whose `downgrade` always raises: a `raise` that no condition guards, `assert False`, or a
    /// function of the module that does so. Of low severity where the exception, a comment or the docstring says why what was
    /// there cannot come back, or which backup is needed.
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
    /// A `raise` under a condition (`if rows: raise …`) is a guard and stays silent, and so is one behind `if …: return`. A function of another module that
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
    let documented = if revision.reason.is_some() { "; it is documented as irreversible" } else { "" };
    format!(
        "`downgrade` of revision `{}` always raises, so a release with it cannot be rolled back{documented}",
        revision.id.text
    )
}

fn run(project: &Project, findings: &mut Findings) {
    for revision in &project.migrations.revisions {
        let Some(downgrade) = revision.downgrade else { continue };
        findings.examined(1);
        if let Body::Raises(raise) = downgrade.body {
            let help = if has_reason(project.sources.slice(revision.span(raise))) {
                "undo what `upgrade` does, if the data allows it"
            } else {
                "undo what `upgrade` does, or say in the exception how to go back"
            };
            let finding = findings.report(revision.span(raise), message(revision));
            finding.subject(&revision.id.text).help(help);
            if let Some(reason) = revision.reason {
                finding.severity(Severity::Low).related(revision.span(reason), "said to be irreversible here");
            }
        }
    }
}

/// Whether the exception of a `raise` or `assert` statement is given something to say.
fn has_reason(statement: &str) -> bool {
    let given = statement.split_once(['(', ',']).map_or("", |(_, given)| given);
    given.contains(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::has_reason;

    #[test]
    fn an_exception_with_an_argument_carries_a_reason() {
        for statement in ["raise RuntimeError(\"restore a backup\")", "raise A(REASON)", "assert False, \"no\""] {
            assert!(has_reason(statement), "{statement}");
        }
        for statement in ["raise NotImplementedError", "raise NotImplementedError()", "raise A('')", "assert False"] {
            assert!(!has_reason(statement), "{statement}");
        }
    }
}
