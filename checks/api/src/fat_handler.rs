use pyaudit_check::project::{HandlerShape, Module};
use pyaudit_check::{Confidence, Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds route handlers that hold business rules: many statements with many branches, or fewer of both around
    /// several services and steps of a transaction. The figures stand in the message.
    ///
    /// ## Why it matters
    /// Rules in a handler can be run through HTTP alone. They cannot be called from a job or another route, and a test
    /// of one of them needs a client, a database and a user.
    ///
    /// ## How to fix
    /// Leave to the handler what is about HTTP: read the request, call one function of a service, choose the answer.
    ///
    /// ## Limits
    /// Docstrings, imports, `with` lines and logging do not count, and neither does the length of a flat mapping from request to
    /// response. A `match` whose cases are one statement each that hands over counts as one branch and one function. Functions
    /// nested in the handler count as part of it.
    id: "fat-handler",
    summary: "a route handler holds business rules",
    area: Api,
    axis: Modularity,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/tutorial/bigger-applications/",
        "https://martinfowler.com/eaaCatalog/serviceLayer.html",
    ],
    run: Module(run),
}

fn message(subject: &str, shape: HandlerShape) -> String {
    let HandlerShape { statements, branches, callees, database } = shape;
    let calls = match callees {
        0 => String::new(),
        1 => ", calls one function of the project".to_owned(),
        _ => format!(", calls {callees} functions of the project"),
    };
    let queries = match database {
        0 => String::new(),
        1 => ", and goes to the database once".to_owned(),
        _ => format!(", and goes to the database {database} times"),
    };
    format!("the handler of `{subject}` has {statements} statements and {branches} branches{calls}{queries}")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for (handler, route) in project.handlers_in(module) {
        let Some(function) = module.function(handler) else { continue };
        findings.examined(1);
        let shape = project.handler_shape(module, handler);
        if holds_rules(shape) {
            let subject = route.subject();
            let finding = findings.report(module.span(function.name.range), message(&subject, shape));
            finding.subject(subject);
            // A page that is put together in code is long as well.
            if shape.database == 0 && route.methods.iter().all(|method| method == "GET") {
                finding.confidence(Confidence::Medium);
            }
        }
    }
}

/// Whether there is more than reading a request and choosing an answer.
fn holds_rules(shape: HandlerShape) -> bool {
    let HandlerShape { statements, branches, callees, database } = shape;
    let is_long = statements >= 40 && branches >= 8;
    let is_busy = statements >= 25 && branches >= 5 && callees + database >= 6;
    is_long || is_busy
}
