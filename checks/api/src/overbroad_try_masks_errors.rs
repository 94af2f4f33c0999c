use pyaudit_check::project::{Catch, Module};
use pyaudit_check::python::{ExprId, ExprKind};
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds middleware that calls the rest of the application inside the `try` of its authentication, so that
    /// whatever fails anywhere is answered with 401 or 403.
    ///
    /// ## Why it matters
    /// A broken query in a handler logs the user out. The client asks for a new token and tries again, the error
    /// never shows as one, and nobody looks for it where it is.
    ///
    /// ## How to fix
    /// Guard the reading of the token alone, and call `call_next(request)` after the `try`.
    ///
    /// ## Limits
    /// Only middleware with a `call_next` is examined, by decorator or class; plain ASGI middleware is not.
    id: "overbroad-try-masks-errors",
    summary: "any failure is answered as a failed login",
    area: Api,
    axis: Robustness,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://www.starlette.io/middleware/#basehttpmiddleware"],
    run: Module(run),
}

fn message(status: u16) -> String {
    format!("the whole application runs inside this `try`: any failure of it is answered with {status}")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for catch in project.catches(module).iter().filter(|catch| catch.is_broad()) {
        let Some(call) = call_next(catch) else { continue };
        findings.examined(1);
        let Some(status) = refusal(project, catch) else { continue };
        if catch.raises_again() {
            continue;
        }
        let finding = findings.report(catch.head(), message(status));
        finding.related(module.span_of(call), "this runs the rest of the application");
    }
}

/// The call of `call_next` among what a clause guards, where that is a parameter of the function.
fn call_next(catch: &Catch<'_>) -> Option<ExprId> {
    let syntax = &catch.module.python.syntax;
    let function = catch.module.function(catch.function()?)?;
    let is_parameter = function.parameters.iter().any(|it| syntax.identifier(it.name) == "call_next");
    let mut exprs = catch.guarded().iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
    let call = exprs.find(|&expr| match &syntax.expr(expr).kind {
        ExprKind::Call { func, .. } => {
            matches!(syntax.expr(*func).kind, ExprKind::Name { id, .. } if syntax.name(id) == "call_next")
        }
        _ => false,
    });
    call.filter(|_| is_parameter)
}

/// 401 or 403, where the clause answers with it.
fn refusal(project: &Project, catch: &Catch<'_>) -> Option<u16> {
    let answers = catch.statements().filter_map(|stmt| project.answer_of_stmt(catch.module, stmt)?.status);
    answers.into_iter().find(|status| matches!(status, 401 | 403))
}
