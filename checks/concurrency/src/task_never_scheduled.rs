use pyaudit_check::project::CeleryTask;
use pyaudit_check::python::ExprKind;
use pyaudit_check::{Findings, Project, Role, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds Celery tasks that nothing starts: no `delay`, `apply_async`, `send_task`, signature, beat entry or plain call
    /// names them anywhere outside the tests.
    ///
    /// ## Why it matters
    /// Either something that should happen does not (a clean-up, a reminder, a rotation of keys), and nobody notices, or
    /// the code is dead and is maintained for nothing.
    ///
    /// ## How to fix
    /// Add it to `beat_schedule` or call it where it belongs, or delete it.
    ///
    /// ## Limits
    /// A text that holds the name of the function, in any Python module, manifest, script or page of the front end, counts as a use, so
    /// that tasks which are started by name stay silent, and so do tasks that another repository starts by an explicit `name=`.
    id: "task-never-scheduled",
    summary: "nothing ever starts this task",
    area: Concurrency,
    axis: Robustness,
    severity: Low,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://docs.celeryq.dev/en/stable/userguide/periodic-tasks.html"],
    run: Project(run),
}

fn message(task: &str) -> String {
    format!("nothing starts the task `{task}`: no call, no signature and no schedule names it")
}

fn run(project: &Project, findings: &mut Findings) {
    let tasks = project.celery_tasks();
    findings.examined(tasks.len());
    let open: Vec<&CeleryTask<'_>> =
        tasks.iter().filter(|task| !task.has_option(&["name"]) && !is_called(project, task)).collect();
    if open.is_empty() {
        return;
    }
    let mut names: BTreeSet<&str> = open.iter().map(|task| task.function_name()).collect();
    leave_named(project, &mut names);
    for task in open.iter().filter(|task| names.contains(task.function_name())) {
        let name = task.function_name();
        findings.report(project.calls.span(project, task.id), message(name)).subject(name);
    }
}

fn is_called(project: &Project, task: &CeleryTask<'_>) -> bool {
    let callers = project.calls.callers(task.id);
    callers.iter().any(|&caller| project.modules.get(project.calls.function(caller).module).role != Role::Test)
}

/// Takes away the names that any code but a test's reads or writes in a text, and those that other files hold.
fn leave_named(project: &Project, names: &mut BTreeSet<&str>) {
    for module in project.modules.iter().filter(|module| module.role != Role::Test) {
        let syntax = &module.python.syntax;
        for (_, expr) in syntax.exprs() {
            match &expr.kind {
                ExprKind::Name { id, .. } => drop(names.remove(syntax.name(*id))),
                ExprKind::Attribute { attr, .. } => drop(names.remove(syntax.identifier(*attr))),
                ExprKind::Str { value, .. } if value.len() < 200 => names.retain(|name| !value.contains(*name)),
                _ => {}
            }
        }
    }
    let others = project.sources.files().filter(|(_, file)| !file.path.ends_with(".py") && !file.path.ends_with(".md"));
    for (id, _) in others {
        if names.is_empty() {
            return;
        }
        let text = project.sources.text(id).unwrap_or("");
        names.retain(|name| !text.contains(*name));
    }
}
