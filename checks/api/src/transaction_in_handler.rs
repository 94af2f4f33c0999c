use pyaudit_check::project::{Module, Transaction};
use pyaudit_check::python::Parent;
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds route handlers, and helper functions beside them, that steer a transaction: `commit`, `rollback`,
    /// `flush`, `refresh`, `add`, `add_all` or `delete` on a session. All such calls of one function are one finding.
    ///
    /// ## Why it matters
    /// When each handler decides when to commit, no two services can take part in one transaction, a forgotten
    /// rollback leaves the session broken for the next request, and tests must go through HTTP to see a write.
    ///
    /// ## How to fix
    /// Let one place own the transaction: the service or repository that does the work, or the dependency that hands
    /// out the session and commits after the handler returns.
    ///
    /// ## Limits
    /// The object must be known to be a session or connection: by its annotation, its dependency or its making, in any
    /// module. `set.add`, `dict` methods and HTTP clients' `delete` stay silent, and so does a dependency that owns
    /// the transaction, or a function whose only such calls load named attributes (`refresh(order, ["lines"])`). A helper belongs to the handler layer when it stands in the same module and a handler calls
    /// it by name.
    id: "transaction-in-handler",
    summary: "a route handler steers a database transaction",
    area: Api,
    axis: Modularity,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://docs.sqlalchemy.org/en/20/orm/session_transaction.html"],
    run: Module(run),
}

fn handler_message(method: &str, subject: &str) -> String {
    format!("the handler of `{subject}` steers the transaction: it calls `{method}`")
}

fn helper_message(method: &str, helper: &str) -> String {
    format!("`{helper}`, a helper of the handlers in this module, steers the transaction: it calls `{method}`")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for (handler, route) in project.handlers_in(module) {
        findings.examined(1);
        let subject = route.subject();
        let calls = project.transactions_in(module, handler);
        report(module, &calls, findings, |method| handler_message(method, &subject), &subject);
    }
    for helper in project.handler_helpers(module) {
        let name = module.path_to(Parent::Stmt(helper)).join(".");
        let calls = project.transactions_in(module, helper);
        report(module, &calls, findings, |method| helper_message(method, &name), &name);
    }
}

fn report(
    module: &Module,
    calls: &[Transaction],
    findings: &mut Findings,
    message: impl Fn(&str) -> String,
    subject: &str,
) {
    // A handler that only loads a relationship steers nothing.
    if calls.iter().all(|call| call.only_loads) {
        return;
    }
    // A commit or rollback says most about who owns the transaction.
    let Some(first) = calls.iter().min_by_key(|call| (!call.ends_transaction(), call.range)) else { return };
    let finding = findings.report(module.span(first.range), message(&first.method));
    finding.subject(subject);
    for call in calls.iter().filter(|call| call.range != first.range) {
        finding.related(module.span(call.range), format!("`{}` here too", call.method));
    }
}
