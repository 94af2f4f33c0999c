use pyaudit_check::project::ModuleId;
use pyaudit_check::project::database::{SessionLender, SplitCommit};
use pyaudit_check::{Confidence, Findings, Project, Role, Span, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds transactions that two functions end: a function that changes rows and commits after it called a function that
    /// commits on the same session, and a session dependency that commits after each request although functions commit
    /// on its sessions themselves.
    ///
    /// ## Why it matters
    /// A commit stores everything that the session holds, also what the caller has not finished. When the rest fails,
    /// half of the work stays in the database, and the `rollback` of the caller or of the dependency undoes only
    /// the other half.
    ///
    /// ## How to fix
    /// Let one layer commit: the handler, or the dependency (`async with session.begin(): yield session`). Functions
    /// below it `flush` where they need identifiers. Where a function must serve both, take the commit out of it.
    ///
    /// ## Limits
    /// All split functions of one module are one finding. A call counts when it is certain, comes before the commit in the same
    /// branch and is given the session, by itself or as a method of the same object; calls are followed four
    /// deep. Silent for commits that a parameter such as `commit=False` switches off, for functions that commit first and call
    /// then, for functions that commit step by step, of which the call is one, for
    /// `get_or_create` of reference data, and for functions that change nothing themselves.
    id: "mixed-commit-ownership",
    summary: "two functions end one transaction",
    area: Database,
    axis: Robustness,
    severity: Medium,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.sqlalchemy.org/en/20/orm/session_basics.html#when-do-i-construct-a-session-when-do-i-commit-it-and-when-do-i-close-it",
        "https://docs.sqlalchemy.org/en/20/orm/session_transaction.html",
    ],
    run: Project(run),
}

fn split_message(outer: &str, inner: &str, others: usize) -> String {
    let others = match others {
        0 => String::new(),
        1 => " (and another function of this module does so)".to_owned(),
        count => format!(" (and {count} more functions of this module do so)"),
    };
    format!(
        "`{outer}` commits after `{inner}` has committed a part of its work: when the rest fails, half is stored{others}"
    )
}

fn lender_message(name: &str, count: usize) -> String {
    let places = if count == 1 { "1 place".to_owned() } else { format!("{count} places") };
    format!(
        "`{name}` commits after each request, and {places} below it commit as well: its rollback undoes only the last part"
    )
}

fn run(project: &Project, findings: &mut Findings) {
    findings.examined(project.committing_functions());
    let mut by_module: BTreeMap<ModuleId, Vec<SplitCommit>> = BTreeMap::new();
    for split in project.split_commits() {
        by_module.entry(project.calls.function(split.function).module).or_default().push(split);
    }
    for splits in by_module.into_values() {
        report_splits(project, &splits, findings);
    }
    let lenders = project.database.lenders().iter().filter(|lender| lender.yields && lender.commits);
    for lender in lenders.filter(|lender| project.modules.get(lender.module).role == Role::Application) {
        let beside: Vec<Span> = project.commits_beside(lender);
        if !beside.is_empty() {
            report_lender(project, lender, &beside, findings);
        }
    }
}

fn report_splits(project: &Project, splits: &[SplitCommit], findings: &mut Findings) {
    let Some(first) = splits.first() else { return };
    let name = |function| project.calls.qualname(project, function);
    let text = split_message(&name(first.function), &name(first.callee), splits.len() - 1);
    let finding = findings.report(first.commit, text);
    finding.subject(name(first.function));
    finding.step(first.call, format!("`{}` is called with the session", name(first.callee)));
    finding.step(first.inner, "which commits");
    finding.step(first.commit, "and the rest is committed here");
    for other in &splits[1..] {
        finding.related(other.commit, format!("`{}` commits after `{}`", name(other.function), name(other.callee)));
    }
}

fn report_lender(project: &Project, lender: &SessionLender, beside: &[Span], findings: &mut Findings) {
    let name = project.sources.slice(lender.span);
    let finding = findings.report(lender.span, lender_message(name, beside.len()));
    finding.subject(name).confidence(Confidence::High);
    for &commit in beside {
        finding.related(commit, "commits on a session of the dependency");
    }
}
