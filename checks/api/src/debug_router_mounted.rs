use pyaudit_check::project::{Demand, ModuleId, NamedCall, Route};
use pyaudit_check::python::Parent;
use pyaudit_check::{Findings, Project, Span, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds routes for debugging and testing that an application serves to everybody in every environment: their path has
    /// a part `debug`, or a part `test` or `dev` in a module that is named so too, nothing asks for a login, and nothing
    /// makes their registration depend on the environment. One finding a module.
    ///
    /// ## Why it matters
    /// Such routes print settings, reset tables, log in as anybody. They were written for one developer's machine.
    ///
    /// ## How to fix
    /// Include the router below `if settings.environment == "local":`, or delete it.
    ///
    /// ## Limits
    /// Any condition around the registration is taken for a gate, and any login for protection. Tests of a domain, such as
    /// those of a laboratory, are silent unless their module is named after testing.
    id: "debug-router-mounted",
    summary: "debugging routes are served to everybody",
    area: Api,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://cwe.mitre.org/data/definitions/489.html"],
    run: Project(run),
}

fn message(subject: &str, more: usize) -> String {
    let others = match more {
        0 => String::new(),
        1 => " and another route".to_owned(),
        _ => format!(" and {more} other routes"),
    };
    format!(
        "everybody can call `{subject}`{others}, which is there for debugging: nothing asks for a login or for the environment"
    )
}

fn run(project: &Project, findings: &mut Findings) {
    let mut by_module: BTreeMap<ModuleId, Vec<&Route>> = BTreeMap::new();
    for (at, route) in project.shipped_routes() {
        findings.examined(1);
        let is_open = project.authentications.of(at).demand < Demand::Unknown;
        if is_open && is_for_debugging(project, route) && !is_conditional(project, route) {
            by_module.entry(route.module).or_default().push(route);
        }
    }
    for routes in by_module.values() {
        let first = routes[0];
        let at = project.endpoint_span(&first.endpoint).unwrap_or(first.span);
        let finding = findings.report(at, message(&first.subject(), routes.len() - 1));
        finding.subject(first.subject());
        for &span in &first.via {
            finding.related(span, "it is included here");
        }
        for route in &routes[1..] {
            let span = project.endpoint_span(&route.endpoint).unwrap_or(route.span);
            finding.related(span, format!("`{}`", route.subject()));
        }
    }
}

fn is_for_debugging(project: &Project, route: &Route) -> bool {
    let path = route.path.to_ascii_lowercase();
    let has = |words: &[&str]| path.split('/').any(|segment| words.contains(&segment.trim_matches('_')));
    let module = &project.modules.get(route.module).name;
    let file = module.rsplit('.').next().unwrap_or(module).to_ascii_lowercase();
    let says_so = file.split('_').any(|word| matches!(word, "debug" | "test" | "tests" | "testing" | "dev"));
    has(&["debug", "debugging"]) || (says_so && has(&["test", "tests", "testing", "dev"]))
}

/// Whether a condition stands around the registration of a route or one of the includes that lead to it.
fn is_conditional(project: &Project, route: &Route) -> bool {
    let (module, call) = route.registration;
    let registered = project.condition_at(project.modules.get(module), Parent::Expr(call)).is_some();
    registered || route.condition.is_some() || route.via.iter().any(|&span| stands_below_condition(project, span))
}

fn stands_below_condition(project: &Project, span: Span) -> bool {
    let Some(module) = project.modules.in_file(span.file) else { return false };
    let calls = module.calls_named(&["include_router", "mount"]);
    let holds = |call: &&NamedCall<'_>| {
        let range = module.python.syntax.expr(call.id).range;
        span.range.is_some_and(|inner| range.contains(inner))
    };
    calls.iter().filter(holds).any(|call| project.condition_at(module, Parent::Expr(call.id)).is_some())
}
