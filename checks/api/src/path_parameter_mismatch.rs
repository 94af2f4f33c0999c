use pyaudit_check::project::{Module, Route, RouteStatus};
use pyaudit_check::python::ExprKind;
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds parameters in the path of a route that neither its handler nor any dependency takes, and parameters
    /// declared with `Path(…)` that the path does not have.
    ///
    /// ## Why it matters
    /// A handler for `/items/{item_id}` that takes `id` gets the id from the query string: every request without
    /// `?id=…` is answered with 422, and the id in the path is ignored. A `Path(…)` parameter that is not in the path is
    /// always missing, so that the route can only answer 422.
    ///
    /// ## How to fix
    /// Use one name in the path and in the signature, or `Path(alias="…")`.
    ///
    /// ## Limits
    /// A parameter in the prefix of an include or router may be there for some of its routes alone, so only the route's
    /// own path is asked to be taken. Nothing is said where something takes the request, any keyword arguments, or a
    /// dependency that cannot be followed.
    id: "path-parameter-mismatch",
    summary: "path and handler disagree about a parameter",
    area: Api,
    axis: Robustness,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://fastapi.tiangolo.com/tutorial/path-params/"],
    run: Project(run),
}

fn message_for_path(name: &str, subject: &str) -> String {
    format!("nothing takes `{{{name}}}` of `{subject}`: its value is ignored")
}

fn message_for_parameter(name: &str, subject: &str) -> String {
    format!(
        "`{name}` is declared as part of the path, but `{subject}` has no `{{{name}}}`: every request is answered 422"
    )
}

fn run(project: &Project, findings: &mut Findings) {
    for route in project.routes.routes.iter().filter(|route| route.status == RouteStatus::Exact) {
        let module = project.modules.get(route.module);
        let Some((home, handler)) = route.handler else { continue };
        if module.role != Role::Application {
            continue;
        }
        let in_path: Vec<&str> = route.path_parameters().collect();
        let takes = project.route_parameters(route);
        findings.examined(in_path.len());
        for (name, &span) in takes.declared.iter().filter(|(name, _)| !in_path.contains(&name.as_str())) {
            let finding = findings.report(span, message_for_parameter(name, &route.subject()));
            finding.related(route.span, "the path").subject(route.subject());
        }
        if takes.takes_request || !takes.is_complete {
            continue;
        }
        let own = own_path(project, module, route).unwrap_or_default();
        let is_own = |name: &str| own.contains(&format!("{{{name}}}")) || own.contains(&format!("{{{name}:"));
        let handler =
            project.modules.get(home).function(handler).map(|it| project.modules.get(home).span(it.name.range));
        for name in in_path.into_iter().filter(|&name| is_own(name) && !takes.names.contains(name)) {
            let finding = findings.report(route.span, message_for_path(name, &route.subject()));
            finding.subject(route.subject());
            if let Some(handler) = handler {
                finding.related(handler, "the handler");
            }
        }
    }
}

/// The path in the registration of a route.
fn own_path(project: &Project, module: &Module, route: &Route) -> Option<String> {
    let ExprKind::Call { args, keywords, .. } = &module.python.syntax.expr(route.registration.1).kind else {
        return None;
    };
    let path = args.first().copied().or_else(|| module.keyword(keywords, "path"))?;
    project.constant_string(module, path)
}
