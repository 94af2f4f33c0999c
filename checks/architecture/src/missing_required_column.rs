use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds rows that are made by keywords and added to a session without a value for a column that must not be null, that
    /// has neither a default nor one of the database, and that nothing assigns before it is written.
    ///
    /// ## Why it matters
    /// The insert fails with `IntegrityError` each time this line runs, and takes the rest of the transaction with it.
    ///
    /// ## How to fix
    /// Give the value, or give the column a default. Make it nullable, with a migration, where the value may be absent.
    ///
    /// ## Limits
    /// Only rows that reach `session.add` or `add_all` in the same function. Silent where the row is given to another
    /// function or one of its methods is called before that, where the class has an `__init__` or is inherited from,
    /// where event listeners may fill it in, and for keys that a relationship may fill. A number as a primary key counts as
    /// given by the database. What migrations or triggers say of the column is not read.
    id: "missing-required-column",
    summary: "a row is written without a column that must not be null",
    area: Architecture,
    axis: Robustness,
    severity: High,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/core/metadata.html#sqlalchemy.schema.Column.params.nullable",
        "https://docs.sqlalchemy.org/en/20/errors.html#integrityerror",
    ],
    run: Project(run),
}

fn run(project: &Project, findings: &mut Findings) {
    let (rows, examined) = project.incomplete_rows();
    findings.examined(examined);
    for row in rows {
        let names: Vec<String> = row.columns.iter().map(|(name, _)| format!("`{name}`")).collect();

        let message = format!(
            "`{}` is added without {}, which must not be null and {} no default, so that the insert fails",
            row.class_name,
            names.join(" and "),
            if names.len() == 1 { "has" } else { "have" },
        );
        let finding = findings.report(row.span, message);
        finding.subject(row.class_name.clone());
        for (name, span) in &row.columns {
            finding.related(*span, format!("`{name}` is declared here"));
        }
    }
}
