use pyaudit_check::project::{Overlap, Route};
use pyaudit_check::{Findings, Project, Role, Span, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds routes of one application that have the same method and the same path as a route that is tried before them,
    /// and routers that are included twice under one prefix.
    ///
    /// ## Why it matters
    /// The first route answers, and the second is dead code that looks alive: whoever edits it wonders why nothing
    /// changes.
    ///
    /// ## How to fix
    /// Remove one of the two, or give it the path or method that was meant.
    ///
    /// ## Limits
    /// Paths are compared as the application serves them, with the prefixes of includes and mounts, and without the
    /// names of parameters. Routes whose path is not fully known, and those registered under an `if`, are left out.
    id: "duplicate-route",
    summary: "two routes have the same method and path",
    area: Api,
    axis: Robustness,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://www.starlette.io/routing/#route-priority",
        "https://fastapi.tiangolo.com/tutorial/path-params/#order-matters",
    ],
    run: Project(run),
}

fn message(subject: &str) -> String {
    format!("`{subject}` is registered before, and the first answers: this route is never reached")
}

fn message_for_router(count: usize) -> String {
    match count {
        1 => "this router is included twice under one path; its route is served once".to_owned(),
        _ => format!("this router is included twice under one path; its {count} routes are served once"),
    }
}

fn run(project: &Project, findings: &mut Findings) {
    findings.examined(project.routes.routes.len());
    let overlaps: Vec<Overlap> = project.route_overlaps().into_iter().filter(|overlap| overlap.is_same_path).collect();
    let (twice_included, others): (Vec<_>, Vec<_>) = overlaps.iter().partition(|it| is_one_route(project, it));
    let mut includes: BTreeMap<(Span, Span), usize> = BTreeMap::new();
    for overlap in twice_included {
        let (later, earlier) = (route(project, overlap.later), route(project, overlap.earlier));
        if let (Some(&second), Some(&first)) = (later.via.last(), earlier.via.last())
            && first != second
        {
            *includes.entry((second, first)).or_default() += 1;
        }
    }
    for ((second, first), count) in includes {
        findings.report(second, message_for_router(count)).related(first, "the first include");
    }
    let mut seen = BTreeSet::new();
    for overlap in others {
        let (later, earlier) = (route(project, overlap.later), route(project, overlap.earlier));
        // One handler under one path in two places, or one application in two setups, is one finding.
        if project.modules.get(later.module).role != Role::Application || !seen.insert((later.span, earlier.span)) {
            continue;
        }
        let subject = format!("{} {}", overlap.method, later.path);
        let finding = findings.report(later.span, message(&subject));
        finding.related(earlier.span, "the route that answers").subject(subject);
    }
}

fn route(project: &Project, at: usize) -> &Route {
    &project.routes.routes[at]
}

/// Whether both rows come from one registration.
fn is_one_route(project: &Project, overlap: &Overlap) -> bool {
    route(project, overlap.later).registration == route(project, overlap.earlier).registration
}
