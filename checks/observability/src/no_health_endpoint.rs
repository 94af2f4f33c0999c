use pyaudit_check::{Confidence, Findings, Project, check};

check! {
    /// ## What it does
    /// Finds served applications without a route that tells whether the service is up: none whose path or handler is named for
    /// health, readiness, liveness, status or a ping. One finding for the repository.
    ///
    /// ## Why it matters
    /// A load balancer, a container platform or an uptime monitor asks such a route before it sends traffic, and restarts what does
    /// not answer. Without one a process that hangs, or has lost its database, stays in service.
    ///
    /// ## How to fix
    /// `@app.get("/health")` that answers at once, for liveness; and one for readiness that asks the database for `SELECT 1` and
    /// answers 503 when that fails.
    ///
    /// ## Limits
    /// Any route whose words fit counts, whatever it does, and so does the path as a text in code (a middleware, a mounted
    /// application of a library), an instruction `HEALTHCHECK` of an image and
    /// the path that a platform is told to ask. Where `GET /` answers something fixed, which a monitor can ask too, the finding is a hint of low
    /// confidence. Applications with fewer than three routes, and those that nothing in the repository runs, are not examined.
    id: "no-health-endpoint",
    summary: "no route tells whether the service is up",
    area: Observability,
    axis: Observability,
    severity: Medium,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/", "https://microservices.io/patterns/observability/health-check-api.html"],
    run: Project(run),
}

/// Libraries that bring a health route.
const LIBRARIES: &[&str] =
    &["fastapi_health", "fastapi_healthcheck", "fastapi_healthz", "py_healthcheck", "healthcheck", "health_check"];

/// Paths that code may answer without a route.
const PATHS: &[&str] = &[
    "/health",
    "/healthz",
    "/healthcheck",
    "/health-check",
    "/health_check",
    "/livez",
    "/readyz",
    "/ping",
    "/status",
    "/_health",
    "/alive",
    "/ready",
];

fn message() -> &'static str {
    "no route tells whether the service is up: nothing can ask it before sending traffic, or restart it when it hangs"
}

fn run(project: &Project, findings: &mut Findings) {
    let Some(main) = project.served_application() else { return };
    findings.examined(1);
    let routes = &project.routes.routes;
    let has_health = routes.iter().any(|route| project.may_tell_health(route))
        || project.application_says(PATHS)
        || project.application_imports(LIBRARIES)
        || is_asked_already(project);
    if has_health {
        return;
    }
    let finding = findings.report(project.made_at(main), message());
    let is_root = |path: &str| path.trim_end_matches('/').is_empty();
    if routes.iter().any(|route| is_root(&route.path) && route.methods.iter().any(|method| method == "GET")) {
        finding.confidence(Confidence::Low);
    }
}

/// Whether an image or a platform asks some path already, whatever its name.
fn is_asked_already(project: &Project) -> bool {
    let by_platform = project.manifests.services.iter().any(|service| service.health_check_path.is_some());
    by_platform || project.runs_any(&["HEALTHCHECK", "livenessProbe", "readinessProbe"])
}
