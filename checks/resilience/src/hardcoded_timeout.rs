use pyaudit_check::project::{Module, Wait};
use pyaudit_check::python::{ExprId, ExprKind};
use pyaudit_check::{Findings, Project, Span, check};

check! {
    /// ## What it does
    /// Finds repositories whose calls to other machines have their timeouts as numbers at each place: three or more of
    /// `timeout=10`. All of a repository are one finding.
    ///
    /// ## Why it matters
    /// When the other service becomes slower, or the one in front gives up earlier, the numbers must be found and changed one by one,
    /// in a release, and nobody knows which of them belong together.
    ///
    /// ## How to fix
    /// Give each service one setting (`PAYMENT_TIMEOUT: float = 10`), and make its client with it.
    ///
    /// ## Limits
    /// A name, whatever its value, is left alone, and so are fewer than three places.
    id: "hardcoded-timeout",
    summary: "timeouts are numbers at each call",
    area: Resilience,
    axis: Robustness,
    severity: Info,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://12factor.net/config"],
    run: Project(run),
}

/// Fewer places than this need no name.
const FEW: usize = 3;

/// How many other places are told.
const MAX_RELATED: usize = 20;

fn message(value: &str, count: usize) -> String {
    format!("the timeout `{value}` is a number in the code, as in {} other calls: no setting changes them", count - 1)
}

fn run(project: &Project, findings: &mut Findings) {
    let mut literal: Vec<Span> = Vec::new();
    for module in project.served_modules() {
        for found in project.outbound_calls(module) {
            let Wait::Given(value) = found.wait else { continue };
            findings.examined(1);
            if is_number(module, value) {
                literal.push(module.span_of(value));
            }
        }
    }
    let Some((&first, others)) = literal.split_first().filter(|_| literal.len() >= FEW) else { return };
    let finding = findings.report(first, message(project.sources.slice(first), literal.len()));
    for &other in others.iter().take(MAX_RELATED) {
        finding.related(other, "a number here too");
    }
}

/// Whether a timeout is written as numbers alone: `10`, `(3, 10)`, `ClientTimeout(total=10)`.
fn is_number(module: &Module, value: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let is_plain = |expr: ExprId| matches!(syntax.expr(expr).kind, ExprKind::Int(_) | ExprKind::Float(_));
    match &syntax.expr(value).kind {
        ExprKind::Tuple { elts, .. } => elts.iter().all(|&element| is_plain(element)),
        ExprKind::Call { args, keywords, .. } => {
            let named = keywords.iter().map(|keyword| keyword.value);
            let mut given = args.iter().copied().chain(named).peekable();
            given.peek().is_some() && given.all(is_plain)
        }
        _ => is_plain(value),
    }
}
