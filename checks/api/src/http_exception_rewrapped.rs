use pyaudit_check::project::{Answer, Catch, HttpRaise, Module};
use pyaudit_check::python::ExprKind;
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds a `try` in which an `HTTPException` is raised, there or in a function that it calls, and whose
    /// `except Exception` turns it into another answer.
    ///
    /// ## Why it matters
    /// `HTTPException` is an `Exception`. The 404 that was meant becomes a 500: clients retry what cannot succeed,
    /// monitoring counts a failure of the server, and the message for the user is lost.
    ///
    /// ## How to fix
    /// Put `except HTTPException: raise` before the broad clause, or guard only the calls that can fail.
    ///
    /// ## Limits
    /// Functions of the project are followed three calls deep, methods of objects are not. A clause that raises the
    /// exception again on some path, or asks `isinstance`, is left alone, and so is one that answers with the same
    /// status, or where neither is known.
    id: "http-exception-rewrapped",
    summary: "a deliberate HTTP error is turned into another",
    area: Api,
    axis: Robustness,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://fastapi.tiangolo.com/tutorial/handling-errors/"],
    run: Module(run),
}

fn message(raised: Option<u16>, answered: Option<u16>) -> String {
    match (raised, answered) {
        (Some(raised), Some(answered)) => {
            format!("the {raised} raised in this `try` is caught here and answered as {answered}")
        }
        (None, Some(answered)) => {
            format!("the `HTTPException` raised in this `try` is caught here and answered as {answered}")
        }
        _ => "the `HTTPException` raised in this `try` is caught here and answered as another".to_owned(),
    }
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for catch in project.catches(module).iter().filter(|catch| catch.is_broad()) {
        let Some(Answer { status: answered, .. }) = answered(project, catch) else { continue };
        findings.examined(1);
        let is_spared = |raise: &HttpRaise| raise.status == answered;
        let is_passed_on = catch.raises_again() || asks_for_the_class(project, catch);
        if is_passed_on || catch.earlier().iter().any(|clause| project.catches_http_exceptions(module, clause)) {
            continue;
        }
        let raises = project.http_raises(module, catch.guarded());
        let lost: Vec<&HttpRaise> = raises.iter().filter(|raise| !is_spared(raise)).collect();
        let Some(first) = lost.first() else { continue };
        let finding = findings.report(catch.head(), message(first.status, answered));
        for raise in lost {
            let status = raise.status.map_or_else(|| "a status".to_owned(), |status| status.to_string());
            if let Some(call) = raise.call {
                finding.related(call, format!("this call raises {status}"));
            }
            finding.related(raise.span, format!("{status} is raised here"));
        }
    }
}

/// What a clause answers, if it does.
fn answered(project: &Project, catch: &Catch<'_>) -> Option<Answer> {
    catch.statements().find_map(|stmt| project.answer_of_stmt(catch.module, stmt))
}

/// Whether the clause asks what the exception is.
fn asks_for_the_class(project: &Project, catch: &Catch<'_>) -> bool {
    let syntax = &catch.module.python.syntax;
    let mut exprs = catch.clause.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
    exprs.any(|expr| match &syntax.expr(expr).kind {
        ExprKind::Call { func, .. } => project.is_any(catch.module, *func, &["isinstance", "getattr", "hasattr"]),
        _ => false,
    })
}
