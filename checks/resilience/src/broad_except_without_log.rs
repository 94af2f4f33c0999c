use pyaudit_check::project::{Catch, Module};
use pyaudit_check::{Findings, Project, Role, Span, check};

check! {
    /// ## What it does
    /// Finds `except Exception` (and `except:`) that answers 500, or another failure of the server, and writes nothing to
    /// a log.
    ///
    /// ## Why it matters
    /// An exception that is not caught is logged by the server with its traceback. One that is turned into
    /// `HTTPException(500)` is not: the client learns that something failed, and nobody can learn what.
    ///
    /// ## How to fix
    /// Call `logger.exception(…)` before the answer, or leave the exception to one handler of the application that
    /// logs and answers.
    ///
    /// ## Limits
    /// A call of a function that logs, or whose name says so, counts as a log, and so do error trackers. Nothing is said
    /// where the application has a handler for `HTTPException` that logs, and of a clause around nothing but functions of
    /// the project which log what fails in them and raise it again.
    id: "broad-except-without-log",
    summary: "a failure becomes an answer and no log",
    area: Resilience,
    axis: Robustness,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/tutorial/handling-errors/",
        "https://cwe.mitre.org/data/definitions/778.html",
    ],
    run: Project(run),
}

fn message(caught: &str, status: u16, count: usize) -> String {
    match count {
        1 => format!("`{caught}` answers {status} and logs nothing: the server keeps no trace of what failed"),
        _ => format!(
            "`{caught}` answers {status} and logs nothing: the server keeps no trace of what failed; this module has \
             {count} such clauses"
        ),
    }
}

fn run(project: &Project, findings: &mut Findings) {
    if project.logs_http_exceptions() {
        return;
    }
    for module in project.modules.iter().filter(|module| module.role == Role::Application) {
        let mut silent: Vec<(Span, u16)> = Vec::new();
        for catch in project.catches(module).iter().filter(|catch| catch.is_broad()) {
            let Some(status) = status(project, module, catch) else { continue };
            findings.examined(1);
            let is_told =
                || project.tells(module, &catch.clause.body) || project.failures_are_told(module, catch.guarded());
            if !catch.raises_again() && !is_told() {
                silent.push((catch.head(), status));
            }
        }
        silent.sort_by_key(|&(head, _)| head);
        let Some((&(head, status), others)) = silent.split_first() else { continue };
        let finding = findings.report(head, message(project.sources.slice(head), status, silent.len()));
        for &(head, status) in others {
            finding.related(head, format!("answers {status} here too"));
        }
    }
}

/// The status of the failure that a clause answers with.
fn status(project: &Project, module: &Module, catch: &Catch<'_>) -> Option<u16> {
    let answers = catch.statements().filter_map(|stmt| project.answer_of_stmt(module, stmt));
    answers.filter(pyaudit_check::project::Answer::is_server_error).find_map(|answer| answer.status)
}
