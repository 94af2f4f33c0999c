use pyaudit_check::project::{HandMapping, Module, Route};
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds handlers that answer with a dict into which they copy the columns of a row one by one,
    /// `{"id": user.id, "name": user.name, …}`, for one row or for each of several. All dicts of one handler are one finding.
    ///
    /// ## Why it matters
    /// The answer has no schema: the documentation says nothing, clients get `any`, and nobody notices when one of three
    /// such dicts lacks the new column. A response model is declared once, checked, documented, and reads the row by
    /// itself.
    ///
    /// ## How to fix
    /// Declare a model with `model_config = ConfigDict(from_attributes=True)`, name it as the return type or
    /// `response_model`, and return the row.
    ///
    /// ## Limits
    /// At least four columns must stand under their own names, and make up half of the dict; other forms of the same
    /// value (`str(user.id)`, `user.created_at.isoformat()`) count. The row must be known to be one of a mapped class
    /// of SQLAlchemy or SQLModel. Routes with a response model, exports, and dicts that go anywhere but into the answer are
    /// left alone, and so are functions that a handler calls to make the dict.
    id: "manual-dto-mapping",
    summary: "a handler copies a row into a dict column by column",
    area: Api,
    axis: Modularity,
    severity: Low,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/tutorial/response-model/",
        "https://docs.pydantic.dev/latest/concepts/models/#arbitrary-class-instances",
    ],
    run: Module(run),
}

/// Words of routes that give a file.
const EXPORTS: &[&str] = &["export", "csv", "download", "backup", "dump"];

fn message(project: &Project, module: &Module, subject: &str, mapping: HandMapping<'_>, count: usize) -> String {
    let row = project.sources.slice(module.span_of(mapping.row));
    let class = mapping.table.class_path.last().map_or("a row", String::as_str);
    let others = match count {
        1 => String::new(),
        2 => ", and fills another dict so".to_owned(),
        _ => format!(", and fills {} more dicts so", count - 1),
    };
    format!("`{subject}` copies {} columns of `{row}`, a `{class}`, into a dict by hand{others}", mapping.copied)
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for (handler, route) in project.handlers_in(module) {
        if !project.is_fastapi_route(route) || is_export(project, route) {
            continue;
        }
        findings.examined(1);
        if has_model(project, route) {
            continue;
        }
        let mappings = project.hand_mappings(module, handler);
        let Some((&first, others)) = mappings.split_first() else { continue };
        let subject = route.subject();
        let message = message(project, module, &subject, first, mappings.len());
        let finding = findings.report(module.span_of(first.row), message);
        finding.subject(subject);
        for other in others {
            finding.related(module.span_of(other.row), "another row that is copied");
        }
    }
}

fn has_model(project: &Project, route: &Route) -> bool {
    let annotation = project.answer_annotation(route);
    annotation.is_some_and(|(home, annotation)| !project.models_in(home, annotation).is_empty())
}

fn is_export(project: &Project, route: &Route) -> bool {
    let name = project.endpoint_name(&route.endpoint).unwrap_or_default();
    let text = format!("{} {}", route.path, name.replace('_', " "));
    pyaudit_check::project::paths::words(&text).any(|word| EXPORTS.contains(&word.as_str()))
}
