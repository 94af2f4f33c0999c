use pyaudit_check::project::{PageLimit, Route};
use pyaudit_check::{Confidence, Findings, Project, Span, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds parameters for the size of a page (`limit`, `page_size`, `per_page`) that let a client ask for 500 rows or more,
    /// that give as many by default, or that have no upper bound at all and reach the `limit()` of a query. Those of one
    /// module are one finding.
    ///
    /// ## Why it matters
    /// One request with `?limit=1000000` loads a table into memory, keeps a connection busy and answers with megabytes.
    /// A client that is slow or hostile needs nothing more to take a worker out of service.
    ///
    /// ## How to fix
    /// Declare the parameter with a bound, `limit: int = Query(50, ge=1, le=100)`, and let clients fetch the next page.
    ///
    /// ## Limits
    /// A parameter without a declared bound is told only where it can be followed to a query and no comparison, `min()`,
    /// or function that clamps or validates stands on the way. Limits in raw SQL, and those handed to a client of another
    /// service, are not followed. The parameters of dependencies are told for their declared numbers alone.
    id: "large-page-limit",
    summary: "a client may ask for a very large page",
    area: Api,
    axis: Robustness,
    severity: Low,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/tutorial/query-params-str-validations/",
        "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
    ],
    run: Project(run),
}

/// The smallest page that is large.
const LARGE: u64 = 500;

/// What is wrong with a parameter, and where that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// The declared maximum.
    Maximum(u64),
    /// The default, where no smaller maximum is declared.
    Default(u64),
    /// There is no maximum.
    Unbounded,
}

/// One parameter with its fault.
struct Site {
    fault: Fault,
    place: Span,
    name: String,
    subject: String,
    query: Option<Span>,
}

fn message(site: &Site, count: usize) -> String {
    let Site { name, subject, .. } = site;
    let others = match count {
        0 | 1 => String::new(),
        2 => "; so does another parameter of this module".to_owned(),
        _ => format!("; so do {} more parameters of this module", count - 1),
    };
    match site.fault {
        Fault::Maximum(rows) => format!("`{name}` of `{subject}` lets a client ask for {rows} rows at once{others}"),
        Fault::Default(rows) => format!("`{name}` of `{subject}` gives {rows} rows unless told otherwise{others}"),
        Fault::Unbounded => {
            format!("`{name}` of `{subject}` lets a client ask for any number of rows: it has no upper bound{others}")
        }
    }
}

fn run(project: &Project, findings: &mut Findings) {
    let mut sites: BTreeMap<Span, Site> = BTreeMap::new();
    for (_, route) in project.shipped_routes() {
        for limit in project.page_limits(route) {
            if sites.contains_key(&limit.span) {
                continue;
            }
            findings.examined(1);
            sites.extend(site(project, route, limit).map(|site| (limit.span, site)));
        }
    }
    let all: Vec<Site> = sites.into_values().collect();
    for of_module in all.chunk_by(|one, other| one.place.file == other.place.file) {
        let (unbounded, large): (Vec<&Site>, Vec<&Site>) =
            of_module.iter().partition(|site| site.fault == Fault::Unbounded);
        report(&large, Confidence::High, findings);
        report(&unbounded, Confidence::Medium, findings);
    }
}

fn site(project: &Project, route: &Route, limit: PageLimit) -> Option<Site> {
    let default = limit.default.filter(|(rows, _)| *rows >= LARGE);
    let (fault, place) = match (limit.maximum, default) {
        (Some((rows, place)), _) if rows >= LARGE => (Fault::Maximum(rows), place),
        (None, Some((rows, place))) => (Fault::Default(rows), place),
        (None, None) if limit.unbounded_at.is_some() => (Fault::Unbounded, limit.span),
        _ => return None,
    };
    let name = project.sources.slice(limit.span).to_owned();
    Some(Site { fault, place, name, subject: route.subject(), query: limit.unbounded_at })
}

fn report(sites: &[&Site], confidence: Confidence, findings: &mut Findings) {
    let Some((first, others)) = sites.split_first() else { return };
    let finding = findings.report(first.place, message(first, sites.len()));
    finding.subject(&first.subject).confidence(confidence);
    if let Some(query) = first.query.filter(|_| first.fault == Fault::Unbounded) {
        finding.related(query, "it limits this query");
    }
    for other in others {
        finding.related(other.place, format!("`{}` of `{}`", other.name, other.subject));
    }
}
