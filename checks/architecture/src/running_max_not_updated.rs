use pyaudit_check::project::Module;
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds code that raises a counter, `habit.current_streak += 1`, and leaves the highest value that the same class keeps
    /// for it, `longest_streak`, as it was.
    ///
    /// ## Why it matters
    /// The record that users see falls behind what they reached, and no error tells of it. It is mended by a migration of data,
    /// where the history is still there at all.
    ///
    /// ## How to fix
    /// Raise both in one place: `habit.longest_streak = max(habit.longest_streak, habit.current_streak)`.
    ///
    /// ## Limits
    /// The names alone say that the two belong together (`current_…` beside `longest_…`, `best_…`, `highest_…`, `record_…`,
    /// `peak_…`, or a `max_…` that some function sets), so that each finding is a hint. Only `+=` on an object whose class is known
    /// is examined, and a function that names the highest value, or calls one that does within two calls, is left alone.
    id: "running-max-not-updated",
    summary: "a counter is raised and its highest value is not",
    area: Architecture,
    axis: Robustness,
    severity: Medium,
    confidence: Low,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://docs.python.org/3/library/functions.html#max"],
    run: Module(run),
}

fn message(counter: &str, maximum: &str) -> String {
    format!("`{counter}` is raised here and `{maximum}` is not: the highest value falls behind")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    let (raised, examined) = project.raised_counters(module);
    findings.examined(examined);
    for found in raised {
        let text = message(&found.counter, &found.maximum);
        findings.report(module.span(found.range), text).subject(found.counter);
    }
}
