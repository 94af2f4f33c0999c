use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds routes whose handler returns rows of a mapped class for a response model with a required field that the mapped
    /// class has no attribute for: no column, relationship, property or other name.
    ///
    /// ## Why it matters
    /// The work is done and the transaction committed, and then the answer fails: FastAPI raises `ResponseValidationError`,
    /// and the client gets 500 each time.
    ///
    /// ## How to fix
    /// Add the attribute to the mapped class (a property will do), give the field a default, or build the response model
    /// from what the row has.
    ///
    /// ## Limits
    /// The class of what is returned must be certain. Silent for models with validators of the whole model, aliases or ways
    /// of their own to read an object, for names that any code assigns to an object, and for models in models.
    id: "response-field-not-in-model",
    summary: "a required field of a response has no counterpart in the rows returned",
    area: Architecture,
    axis: Robustness,
    severity: Medium,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/tutorial/response-model/",
        "https://docs.pydantic.dev/latest/concepts/models/#arbitrary-class-instances",
    ],
    run: Project(run),
}

fn run(project: &Project, findings: &mut Findings) {
    let (unfilled, examined) = project.unfilled_response_fields();
    findings.examined(examined);
    for one in unfilled {
        let names: Vec<String> = one.fields.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = format!(
            "`{}` requires {}, which `{}` does not have, so that `{}` answers 500",
            one.response,
            names.join(" and "),
            one.row,
            one.route
        );
        let finding = findings.report(one.span, message);
        finding.subject(one.route.clone());
        for (name, span) in &one.fields {
            finding.related(*span, format!("`{name}` is required here"));
        }
    }
}
