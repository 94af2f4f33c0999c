use pyaudit_check::{Findings, Project, Role, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds routes that no request reaches, because a route with a parameter is tried before them and matches all that
    /// they match: `/users/{id}` before `/users/me`.
    ///
    /// ## Why it matters
    /// The application takes the first route that fits. `GET /users/me` then runs the handler of `/users/{id}` with the
    /// id `me`, and answers 404 or 422.
    ///
    /// ## How to fix
    /// Register the route with the fixed path before the one with the parameter, or include its router earlier.
    ///
    /// ## Limits
    /// The whole application is looked at, through includes and mounts. A converter in the path (`{id:int}`) keeps the
    /// two apart; the annotation of the parameter does not, since the route has been chosen by then. Routes whose path
    /// is not fully known, and those registered under an `if`, are left out.
    id: "shadowed-route",
    summary: "an earlier route takes the requests of another",
    area: Api,
    axis: Robustness,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/tutorial/path-params/#order-matters",
        "https://www.starlette.io/routing/#route-priority",
    ],
    run: Project(run),
}

fn message(method: &str, path: &str, earlier: &str) -> String {
    format!("`{method} {path}` is never reached: `{earlier}` is tried before and takes its requests")
}

fn run(project: &Project, findings: &mut Findings) {
    findings.examined(project.routes.routes.len());
    let mut seen = BTreeSet::new();
    for overlap in project.route_overlaps().into_iter().filter(|overlap| !overlap.is_same_path) {
        let routes = &project.routes.routes;
        let (later, earlier) = (&routes[overlap.later], &routes[overlap.earlier]);
        if project.modules.get(later.module).role != Role::Application || !seen.insert((later.span, earlier.span)) {
            continue;
        }
        let finding = findings.report(later.span, message(&overlap.method, &later.path, &earlier.path));
        finding.related(earlier.span, "the route that answers");
        finding.subject(format!("{} {}", overlap.method, later.path));
    }
}
