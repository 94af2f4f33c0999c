use pyaudit_check::project::{ErrorContract, ErrorShape, ErrorSite};
use pyaudit_check::{Confidence, Findings, Project, Severity, Span, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Compares the bodies of all error answers of an application: `HTTPException` with a text, with an object, JSON responses
    /// with keys of their own, also behind helpers and exception handlers, whose bodies are read. Every shape that most
    /// places do not have is one finding, with its places as related ones. Where a handler gives all `HTTPException`s a
    /// body of its own, what falls to FastAPI's plain `{"detail": …}` past it is told as well: validation errors, and
    /// unknown paths where the handler is registered for FastAPI's class instead of Starlette's.
    ///
    /// ## Why it matters
    /// A client has to read `detail` here, `error` there and `message` elsewhere. What it does not expect it shows as
    /// "undefined", or takes for a success.
    ///
    /// ## How to fix
    /// Raise one exception class, register one handler for it, for `StarletteHTTPException` and for
    /// `RequestValidationError`, and let all of them answer with one model.
    ///
    /// ## Limits
    /// A shape is told by the keys that carry what went wrong (`detail`, `error`, `errors`, `message` …); an application needs
    /// five places, three of which agree. Keys that stand beside the one which carries the error
    /// are no shape of their own. Bodies that cannot be read,
    /// exception classes of the project, and answers whose status is below 400 are left out. Each application is compared
    /// by itself, with the modules that it loads; small ones beside a large one of the same root are not.
    id: "inconsistent-error-contract",
    summary: "one API answers errors in several shapes",
    area: Api,
    axis: Modularity,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/tutorial/handling-errors/",
        "https://www.rfc-editor.org/rfc/rfc9457",
    ],
    run: Project(run),
}

/// The fewest places from which a contract can be told, and how many must agree.
const MIN_SITES: usize = 5;
const MIN_AGREEING: usize = 3;

/// How many places of a shape a finding names.
const SHOWN: usize = 12;

fn message(shape: &ErrorShape, count: usize, usual: &ErrorShape, usual_count: usize) -> String {
    let places = if count == 1 { "one place answers".to_owned() } else { format!("{count} places answer") };
    format!("{places} errors as `{shape}`, where {usual_count} others answer as `{usual}`")
}

fn run(project: &Project, findings: &mut Findings) {
    // Applications may share modules; what the largest tells is not told again.
    let mut told = BTreeSet::new();
    for contract in &project.error_contracts() {
        findings.examined(contract.sites.len());
        report_shapes(contract, &mut told, findings);
        report_defaults(contract, findings);
    }
}

fn report_shapes(contract: &ErrorContract, told: &mut BTreeSet<Span>, findings: &mut Findings) {
    let mut shapes: BTreeMap<&ErrorShape, Vec<&ErrorSite>> = BTreeMap::new();
    for site in &contract.sites {
        shapes.entry(&site.shape).or_default().push(site);
    }
    let usual = shapes.iter().max_by_key(|(shape, sites)| (sites.len(), std::cmp::Reverse(**shape)));
    let Some((&usual, agreeing)) = usual.filter(|(_, sites)| sites.len() >= MIN_AGREEING) else { return };
    if contract.sites.len() < MIN_SITES {
        return;
    }
    for (&shape, sites) in shapes.iter().filter(|(shape, _)| **shape != usual) {
        let Some((first, others)) = sites.split_first() else { continue };
        if !told.insert(first.span) {
            continue;
        }
        let finding = findings.report(first.span, message(shape, sites.len(), usual, agreeing.len()));
        finding.subject(shape.to_string());
        if let Some(body) = first.made_at {
            finding.related(body, "the body is made here");
        }
        for other in others.iter().take(SHOWN) {
            finding.related(other.span, format!("`{shape}` as well"));
        }
        if let Some(example) = agreeing.first() {
            finding.related(example.span, format!("most errors are `{usual}`, as here"));
        }
    }
}

/// What falls to FastAPI's own answers although a handler gives HTTP exceptions another body.
fn report_defaults(contract: &ErrorContract, findings: &mut Findings) {
    let Some(rewriting) = &contract.rewriting else { return };
    let Some(shape) = rewriting.shape.as_ref().filter(|shape| **shape != ErrorShape::DetailText) else { return };
    if !contract.handles_validation {
        let message = format!(
            "errors are `{shape}`, but nothing answers for `RequestValidationError`: status 422 keeps FastAPI's `{{detail: list}}`"
        );
        findings.report(rewriting.span, message).subject("RequestValidationError");
    }
    if !contract.handles_starlette {
        let message = format!(
            "errors are `{shape}`, but this handler is not registered for Starlette's `HTTPException`: unknown paths and \
             methods keep the plain `{{detail: text}}`"
        );
        let finding = findings.report(rewriting.span, message);
        finding.subject("HTTPException").severity(Severity::Low).confidence(Confidence::High);
    }
}
