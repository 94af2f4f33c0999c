use pyaudit_check::project::database::{Narrowing, WholeRead};
use pyaudit_check::project::{Purpose, Route};
use pyaudit_check::python::ExprKind;
use pyaudit_check::{Confidence, Findings, Project, Span, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds GET routes that answer with all rows of a query which has no limit: `db.query(Order).all()`,
    /// `(await db.scalars(select(Order))).all()`, in the handler or in functions that it calls.
    ///
    /// ## Why it matters
    /// It works with the hundred rows of the first months. Every row that is added makes the query, the memory of the
    /// worker and the answer larger, until the route times out, and then it does for everybody at once.
    ///
    /// ## How to fix
    /// Take `limit` and `offset`, or better a cursor, as parameters with an upper bound, apply them to the query, and order by
    /// something unique.
    ///
    /// ## Limits
    /// Only queries over one mapped class of SQLAlchemy or SQLModel are followed, through names and calls of the project
    /// that are certain. Queries by a key, also one of several columns, over a period, or for rows that belong to nobody, aggregates, and queries that something may bound (a
    /// conditional `.limit()`, a helper that cannot be read) are left alone, and so are tables that stay small by their
    /// names (roles, settings, countries, plans). Where the rows belong to something or are searched for, the finding
    /// has a low confidence: they grow too, but slower.
    id: "unpaginated-list",
    summary: "a list route reads a whole table",
    area: Api,
    axis: Robustness,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://sqlmodel.tiangolo.com/tutorial/fastapi/limit-and-offset/",
        "https://owasp.org/API-Security/editions/2023/en/0xa4-unrestricted-resource-consumption/",
    ],
    run: Project(run),
}

/// Words of tables that hold a handful of rows however long the service runs.
const SMALL: &[&str] = &[
    "role",
    "roles",
    "permission",
    "permissions",
    "enum",
    "setting",
    "settings",
    "config",
    "configs",
    "configuration",
    "configurations",
    "country",
    "countries",
    "currency",
    "currencies",
    "language",
    "languages",
    "locale",
    "locales",
    "plan",
    "plans",
    "tier",
    "tiers",
    "type",
    "types",
    "status",
    "statuses",
    "kind",
    "kinds",
    "flag",
    "flags",
    "unit",
    "units",
    "level",
    "levels",
    "category",
    "categories",
    "region",
    "regions",
    "timezone",
    "timezones",
    "feature",
    "features",
    "provider",
    "providers",
    "template",
    "templates",
    "theme",
    "themes",
    "option",
    "options",
    "package",
    "packages",
    "department",
    "departments",
    "faq",
    "faqs",
    "rule",
    "rules",
    "policy",
    "policies",
    "menu",
    "plugin",
    "plugins",
    "theme",
    "scheduler",
    "model",
    "models",
    "platform",
    "platforms",
    "definition",
    "definitions",
];

/// A query with the routes that answer with it.
struct Found<'p> {
    read: WholeRead<'p>,
    routes: Vec<&'p Route>,
}

fn message(table: &str, found: &Found<'_>) -> String {
    let subject = found.routes.first().map_or_else(String::new, |route| route.subject());
    let others = match found.routes.len() {
        0 | 1 => String::new(),
        2 => " and another route answer".to_owned(),
        count => format!(" and {} more routes answer", count - 1),
    };
    let answers = if others.is_empty() { " answers" } else { &others };
    match found.read.narrowing {
        Narrowing::None => format!("`{subject}`{answers} with all rows of `{table}`: the query has no limit"),
        Narrowing::Some => {
            format!("`{subject}`{answers} with all rows of `{table}` that the query finds: it has no limit")
        }
    }
}

fn run(project: &Project, findings: &mut Findings) {
    let mut found: BTreeMap<Span, Found<'_>> = BTreeMap::new();
    for (_, route) in project.shipped_routes() {
        let Some((home, handler)) = route.handler.filter(|_| is_read(project, route)) else { continue };
        let module = project.modules.get(home);
        findings.examined(1);
        for read in project.whole_reads(module, handler) {
            let at = read.module.span_of(read.call);
            found.entry(at).or_insert_with(|| Found { read, routes: Vec::new() }).routes.push(route);
        }
    }
    for found in found.values() {
        report(project, found, findings);
    }
}

fn is_read(project: &Project, route: &Route) -> bool {
    let is_get = route.methods.iter().any(|method| method == "GET");
    is_get && !matches!(project.purpose_of(route), Purpose::Probe | Purpose::Credentials)
}

fn report(project: &Project, found: &Found<'_>, findings: &mut Findings) {
    let read = &found.read;
    let class = read.table.class_path.last().cloned();
    let Some(table) = read.table.name.clone().or(class) else { return };
    if is_small(read) {
        return;
    }
    let syntax = &read.module.python.syntax;
    let place = match syntax.expr(read.call).kind {
        ExprKind::Call { func, .. } => read.module.span_of(func),
        _ => read.module.span_of(read.call),
    };
    let finding = findings.report(place, message(&table, found));
    if let Some(route) = found.routes.first() {
        finding.subject(route.subject());
        if let Some(handler) = project.endpoint_span(&route.endpoint) {
            finding.step(handler, format!("`{}` is answered here", route.subject()));
        }
    }
    if read.narrowing == Narrowing::Some {
        finding.confidence(Confidence::Low);
    }
    for &call in &read.through {
        finding.step(call, format!("it calls `{}`", project.sources.slice(call)));
    }
    finding.step(place, format!("all rows of `{table}` are read"));
}

/// Whether the last words of a table's name say that it stays small.
fn is_small(read: &WholeRead<'_>) -> bool {
    let name = read.table.name.as_deref().unwrap_or("");
    let class = read.table.class_path.last().map_or("", String::as_str);
    let last_of_class = class.rsplit(|letter: char| letter.is_uppercase()).next().unwrap_or("");
    let start = class.len() - last_of_class.len();
    let last_of_class = class.get(start.saturating_sub(1)..).unwrap_or("").to_ascii_lowercase();
    let last = name.rsplit(['_', '.']).next().unwrap_or(name).to_ascii_lowercase();
    SMALL.contains(&last.as_str()) || SMALL.contains(&last_of_class.as_str())
}
