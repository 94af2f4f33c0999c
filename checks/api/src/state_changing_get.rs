use pyaudit_check::project::{Endpoint, Module, Purpose, Route};
use pyaudit_check::python::StmtId;
use pyaudit_check::{Findings, Project, Span, check};

check! {
    /// ## What it does
    /// Finds `GET` routes that change something: the name of the handler or the last word of its path says so (`delete`,
    /// `approve`, `cancel`), and the handler, or a function that it calls, writes to the database.
    ///
    /// ## Why it matters
    /// Browsers fetch a link before anybody clicks it, crawlers follow it, proxies answer it from a cache, and any page can
    /// make a visitor's browser ask for it with that visitor's cookies.
    ///
    /// ## How to fix
    /// `POST`, `PUT`, `PATCH` or `DELETE`, by what the route does.
    ///
    /// ## Limits
    /// Both signs are needed, the name and the write. Links in mails (verification, unsubscribing), the steps of a login,
    /// probes, and reads that only note that they happened are silent. Calls are followed three deep.
    id: "state-changing-get",
    summary: "a `GET` route changes something",
    area: Api,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1",
        "https://cwe.mitre.org/data/definitions/650.html",
    ],
    run: Project(run),
}

/// How many calls are followed.
const DEPTH: usize = 3;

/// Words that say that something is changed.
const CHANGING: &[&str] = &[
    "create",
    "delete",
    "remove",
    "update",
    "approve",
    "reject",
    "cancel",
    "toggle",
    "disable",
    "enable",
    "activate",
    "deactivate",
    "archive",
    "publish",
    "revoke",
    "assign",
    "clear",
    "purge",
    "reset",
    "insert",
    "edit",
    "ban",
    "promote",
];

fn message(subject: &str, method: &str) -> String {
    format!("`{subject}` changes something: it calls `{method}`, and links, crawlers and caches ask for it unbidden")
}

fn run(project: &Project, findings: &mut Findings) {
    for (_, route) in project.shipped_routes() {
        let Some((module, handler)) = route.handler.filter(|_| is_read(project, route)) else { continue };
        findings.examined(1);
        if !says_change(project, route) {
            continue;
        }
        let behind = project.functions_behind(module, handler, DEPTH);
        let Some((span, method)) = behind.iter().find_map(|&(home, function)| write(project, home, function)) else {
            continue;
        };
        let subject = route.subject();
        let at = project.endpoint_span(&route.endpoint).unwrap_or(route.span);
        let finding = findings.report(at, message(&subject, &method));
        finding.subject(subject).related(span, format!("`{method}` here"));
    }
}

/// Whether a route only answers `GET`, and is no step of a login, webhook or probe.
fn is_read(project: &Project, route: &Route) -> bool {
    let is_get =
        !route.methods.is_empty() && route.methods.iter().all(|method| matches!(method.as_str(), "GET" | "HEAD"));
    let purpose = project.purpose_of(route);
    is_get && matches!(purpose, Purpose::Other | Purpose::Administration)
}

/// Whether the first word of the handler's name, or the last of the path, says that something is changed.
fn says_change(project: &Project, route: &Route) -> bool {
    let name = match &route.endpoint {
        Endpoint::Function(module, function) => {
            let home = project.modules.get(*module);
            home.function(*function).map(|function| home.python.syntax.identifier(function.name).to_ascii_lowercase())
        }
        _ => None,
    };
    let by_name = name.is_some_and(|name| CHANGING.contains(&name.split('_').next().unwrap_or("")));
    let mut fixed = route.path.split('/').filter(|segment| !segment.is_empty() && !segment.contains('{'));
    let by_path = fixed.next_back().is_some_and(|segment| CHANGING.contains(&segment.to_ascii_lowercase().as_str()));
    by_name || by_path
}

/// The first call of a function that writes to the database, with its name.
fn write(project: &Project, module: &Module, function: StmtId) -> Option<(Span, String)> {
    let writes = project.transactions_in(module, function).into_iter();
    let mut writes =
        writes.filter(|call| matches!(call.method.as_str(), "commit" | "delete" | "add" | "add_all" | "flush"));
    writes.next().map(|call| (module.span(call.range), call.method))
}
