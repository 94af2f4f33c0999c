use pyaudit_check::project::{Answer, Catch, Module};
use pyaudit_check::python::{DictItem, ExprId, ExprKind, Parent, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds `except Exception` that answers as if all had gone well: a literal that says `"success": True` or
    /// `"status": "ok"`, or data that are made up (`mock_…`, `dummy_…`, `placeholder`).
    ///
    /// ## Why it matters
    /// The client cannot tell the answer from a real one. Orders count as placed, messages as sent and figures as
    /// measured, and every decision that follows rests on them.
    ///
    /// ## How to fix
    /// Let the exception through, or answer with a status that says what failed. Where a fallback is wanted, mark it
    /// as one in the answer and log the failure.
    ///
    /// ## Limits
    /// Only clauses that catch everything and return a literal or the call of a function named for invented data are
    /// examined. An answer with an entry for an error, a reason or a fallback is left alone, and so is the marker that a
    /// function which hides secrets gives in place of a value that it could not look through (`"[redacted]"`).
    id: "error-masked-as-success",
    summary: "a failure is answered as a success",
    area: Resilience,
    axis: Robustness,
    severity: High,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://cwe.mitre.org/data/definitions/393.html"],
    run: Module(run),
}

/// Keys that say how it went.
const OUTCOMES: &[&str] = &["success", "ok", "status", "result", "state", "sent", "healthy", "valid", "verified"];

/// Values that say that it went well.
const GOOD: &[&str] =
    &["success", "ok", "succeeded", "completed", "complete", "healthy", "sent", "done", "valid", "active"];

/// Parts of keys that tell the caller that something is wrong.
const HONEST: &[&str] =
    &["err", "fail", "reason", "warn", "fallback", "degraded", "exception", "mock", "simulated", "issue", "skipped"];

/// Words of a name for data that are made up.
const INVENTED: &[&str] = &["mock", "mocked", "dummy", "fake", "placeholder", "stub", "simulated", "sample"];

/// Parts of names of functions and classes that hide what must not be shown.
const HIDING: &[&str] = &["redact", "mask", "scrub", "censor", "obfuscat", "anonymi", "pseudonymi", "deidentif"];

/// Parts of texts that stand where something is hidden.
const HIDDEN: &[&str] = &["redacted", "masked", "hidden", "filtered", "scrubbed", "censored", "***"];

fn success_message(outcome: &str) -> String {
    format!("a failure is answered as a success: `{outcome}` after `except`")
}

fn invented_message(name: &str) -> String {
    format!("a failure is answered with invented data: `{name}` after `except`")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application || !project.imports.is_served(module.id) {
        return;
    }
    for catch in project.catches(module).iter().filter(|catch| catch.is_broad()) {
        findings.examined(1);
        for value in returned(project, catch) {
            if let Some(outcome) = false_success(module, value) {
                let text = project.sources.slice(module.span_of(outcome.0)).to_owned();
                let said = format!("{text}: {}", project.sources.slice(module.span_of(outcome.1)));
                findings.report(module.span_of(outcome.1), success_message(&said));
            } else if let Some(name) = invented(module, value).filter(|_| !hides(project, catch, value)) {
                let text = invented_message(project.sources.slice(module.span_of(name)));
                findings.report(module.span_of(name), text).confidence(Confidence::Medium);
            }
        }
    }
}

/// What a clause returns: the content of a response where it is one, which must not have a status of failure.
fn returned(project: &Project, catch: &Catch<'_>) -> Vec<ExprId> {
    let module = catch.module;
    let values = catch.statements().filter_map(|stmt| match module.python.syntax.stmt(stmt).kind {
        StmtKind::Return(value) => value,
        _ => None,
    });
    let contents = values.filter_map(|value| match project.answer(module, value) {
        Some(Answer { status: Some(200..=299), content, .. }) => content,
        Some(_) => None,
        None => Some(value),
    });
    contents.collect()
}

/// The entry of a dictionary that says that all went well, where no other says the contrary.
fn false_success(module: &Module, value: ExprId) -> Option<(ExprId, ExprId)> {
    let syntax = &module.python.syntax;
    let ExprKind::Dict(items) = &syntax.expr(value).kind else { return None };
    let keys = || items.iter().map(|item| item.key.and_then(|key| syntax.string(key)));
    // What `**more` brings is not known.
    let is_honest =
        |key: Option<&str>| key.is_none_or(|key| HONEST.iter().any(|part| key.to_lowercase().contains(part)));
    if keys().any(is_honest) {
        return None;
    }
    let good = items.iter().find(|item| says_success(module, item))?;
    Some((good.key?, good.value))
}

fn says_success(module: &Module, item: &DictItem) -> bool {
    let syntax = &module.python.syntax;
    let key = item.key.and_then(|key| syntax.string(key)).unwrap_or("").to_ascii_lowercase();
    let is_good = match &syntax.expr(item.value).kind {
        ExprKind::Bool(value) => *value,
        ExprKind::Str { value, .. } => GOOD.contains(&value.to_ascii_lowercase().as_str()),
        _ => false,
    };
    is_good && OUTCOMES.contains(&key.as_str())
}

/// The name of a function or constant that says that its data are made up.
fn invented(module: &Module, value: ExprId) -> Option<ExprId> {
    let syntax = &module.python.syntax;
    let name = match &syntax.expr(value).kind {
        ExprKind::Await(inner) => return invented(module, *inner),
        ExprKind::Call { func, .. } => *func,
        _ => value,
    };
    let text = match &syntax.expr(name).kind {
        ExprKind::Name { id, .. } => syntax.name(*id),
        ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
        _ => return None,
    };
    let mut words = text.split('_').map(str::to_ascii_lowercase);
    words.any(|word| INVENTED.contains(&word.as_str())).then_some(name)
}

/// Whether a clause gives a constant that hides what could not be looked through, so that no secret gets out.
fn hides(project: &Project, catch: &Catch<'_>, value: ExprId) -> bool {
    let (module, syntax) = (catch.module, &catch.module.python.syntax);
    if !matches!(syntax.expr(value).kind, ExprKind::Name { .. } | ExprKind::Attribute { .. }) {
        return false;
    }
    let says_so = |text: String| HIDDEN.iter().any(|part| text.to_lowercase().contains(part));
    let path = catch.function().map(|function| module.path_to(Parent::Stmt(function))).unwrap_or_default();
    let mut names = path.iter().map(|name| name.to_lowercase());
    names.any(|name| HIDING.iter().any(|part| name.contains(part)))
        || project.constant_string(module, value).is_some_and(says_so)
}
