use pyaudit_check::project::CeleryTask;
use pyaudit_check::project::calls::{Chain, Confidence as Certainty, FunctionNode, Kind};
use pyaudit_check::python::ExprKind;
use pyaudit_check::{Confidence, Findings, Project, check};

check! {
    /// ## What it does
    /// Finds Celery tasks that talk to another machine (HTTP, mail, a service's client), themselves or through other
    /// functions, and are never tried again: no `autoretry_for`, no `self.retry(…)`. All such tasks of one module are one
    /// finding.
    ///
    /// ## Why it matters
    /// Networks fail for a moment now and then. A task that raises is gone: its message was acknowledged when it started, so
    /// the mail is never sent and the webhook never delivered.
    ///
    /// ## How to fix
    /// `@shared_task(autoretry_for=(requests.RequestException,), retry_backoff=True, max_retries=5)`, and make the task
    /// safe to run twice.
    ///
    /// ## Limits
    /// Tasks with a base class of the project stay silent, because that may say how to retry, and so do options that
    /// cannot be read and tasks whose functions try again by a decorator or loop. Tasks that ask only the database are left alone,
    /// and so are those that Celery beat runs at least every fifteen minutes, with the tasks that only these start: the next run
    /// does what a failed one did not. Whether it finds the same work again is not seen.
    id: "celery-task-without-retry",
    summary: "a task that needs the network is tried once",
    area: Concurrency,
    axis: Robustness,
    severity: Low,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://docs.celeryq.dev/en/stable/userguide/tasks.html#retrying"],
    run: Project(run),
}

fn message(task: &str, symbol: &str, count: usize) -> String {
    let more = match count {
        1 => String::new(),
        _ => format!(", nor are {} more tasks of this module", count - 1),
    };
    format!("the task `{task}` reaches `{symbol}` and is not tried again when that fails{more}")
}

/// Options that make Celery try again, or a class that may.
const RETRYING: &[&str] = &["autoretry_for", "retry_backoff", "retry_kwargs", "base", "acks_on_failure_or_timeout"];

/// Parts of the names of decorators and calls that try again.
const RETRY_WORDS: &[&str] = &["retry", "retrying", "backoff", "attempt", "attempts", "retries"];

/// What beat runs again within this many seconds needs no other retry.
const SOON: f64 = 15.0 * 60.0;

fn run(project: &Project, findings: &mut Findings) {
    let tasks = project.celery_tasks();
    let repeated = project.repeated_tasks(&tasks);
    let asking: Vec<(CeleryTask<'_>, Chain)> =
        tasks.into_iter().filter_map(|task| Some((task, project.calls.reaches(task.id, Kind::Network)?))).collect();
    findings.examined(asking.len());
    let is_repeated = |task: &CeleryTask<'_>| repeated.get(&task.id).is_some_and(|&pause| pause <= SOON);
    let failing: Vec<&(CeleryTask<'_>, Chain)> =
        asking.iter().filter(|(task, chain)| !is_repeated(task) && !retries(project, task, chain)).collect();
    for tasks in failing.chunk_by(|one, other| one.0.module.id == other.0.module.id) {
        report(project, tasks, findings);
    }
}

fn report(project: &Project, tasks: &[&(CeleryTask<'_>, Chain)], findings: &mut Findings) {
    let Some((task, chain)) = tasks.iter().find(|(_, chain)| chain.confidence == Certainty::Known).or(tasks.first())
    else {
        return;
    };
    let text = message(task.function_name(), chain.symbol(&project.calls), tasks.len());
    let finding = findings.report(project.calls.span(project, task.id), text);
    finding.subject(task.module.name.clone());
    if chain.confidence == Certainty::Guess {
        finding.confidence(Confidence::Low);
    }
    finding.related(chain.end().span(project), "what may fail");
    for (other, _) in tasks.iter().filter(|(other, _)| other.id != task.id) {
        finding.related(project.calls.span(project, other.id), "this task neither");
    }
}

/// Whether the task, or a function on the way to what may fail, says that it tries again.
fn retries(project: &Project, task: &CeleryTask<'_>, chain: &Chain) -> bool {
    task.has_option(RETRYING)
        || chain.edges.iter().any(|edge| {
            let caller = project.calls.function(edge.caller);
            let FunctionNode::Definition(stmt) = caller.node else { return false };
            let module = project.modules.get(caller.module);
            let syntax = &module.python.syntax;
            let names = syntax.walk_exprs_in(stmt, true).filter_map(|id| match &syntax.expr(id).kind {
                ExprKind::Name { id, .. } => Some(syntax.name(*id)),
                ExprKind::Attribute { attr, .. } => Some(syntax.identifier(*attr)),
                _ => None,
            });
            let decorated = module.function(stmt).into_iter().flat_map(|function| &function.decorators);
            let says_so = |text: &str| {
                text.split(|letter: char| !letter.is_alphanumeric())
                    .any(|word| RETRY_WORDS.contains(&word.to_lowercase().as_str()))
            };
            let texts = decorated.map(|&decorator| project.sources.slice(module.span_of(decorator)));
            names.chain(texts).any(says_so)
        })
}
