//! Routes that say whether the service is up.

use super::{Axis, Fact};
use crate::{Project, Route};
use pyaudit_source::Role;

/// Last parts of a path that stand for the health of a service and for nothing in a domain.
const NAMES: &[&str] =
    &["health", "healthz", "healthcheck", "health-check", "health_check", "livez", "readyz", "liveness", "readiness"];

/// Parts that may stand before it. Behind any other, `health` may be a word of the domain.
const PREFIXES: &[&str] = &["api", "internal", "system", "monitoring", "_", "-"];

/// The health routes of the route table whose full path is known.
pub(super) fn facts(project: &Project) -> Vec<Fact> {
    let served = project.routes.routes.iter().filter(|route| {
        let is_application = project.modules.get(route.module).role == Role::Application;
        is_application && route.prefix_known && route.may_be_served && route.handler.is_some() && is_health(route)
    });
    let fact = |route: &Route| Fact {
        id: "health-route",
        axis: Axis::Observability,
        message: format!("the application answers `GET {}`", route.path),
        span: route.span,
    };
    served.map(fact).collect()
}

fn is_health(route: &Route) -> bool {
    let mut parts: Vec<&str> = route.path.trim_matches('/').split('/').collect();
    if let [.., "health", "live" | "ready" | "liveness" | "readiness"] = parts[..] {
        parts.pop();
    }
    let Some((last, before)) = parts.split_last() else { return false };
    let is_version = |part: &str| {
        let digits = part.strip_prefix('v').unwrap_or("");
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_get = route.methods.iter().any(|method| method == "GET");
    is_get && NAMES.contains(last) && before.iter().all(|part| PREFIXES.contains(part) || is_version(part))
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::facts;

    fn with(route: &str) -> Vec<String> {
        let text = format!(
            "from fastapi import APIRouter, FastAPI\napp = FastAPI()\nrouter = APIRouter(prefix='/api/v1')\n\
             lost = APIRouter(prefix=PREFIX)\n{route}\ndef answer():\n    return {{}}\n\
             app.include_router(router)\napp.include_router(lost)\n"
        );
        told(facts, &[("app/main.py", &text)])
    }

    #[test]
    fn a_health_route_is_told_with_its_full_path() {
        assert_eq!(with("@app.get('/health')"), ["health-route app/main.py:5 the application answers `GET /health`"]);
        let expected = ["health-route app/main.py:5 the application answers `GET /api/v1/health/ready`"];
        assert_eq!(with("@router.get('/health/ready')"), expected);
    }

    #[test]
    fn words_of_a_domain_and_unknown_paths_are_none() {
        for route in [
            "@app.get('/patients/health')",
            "@app.get('/users/{id}/health')",
            "@app.get('/health/records')",
            "@app.get('/healthy')",
            "@app.post('/health')",
            "@lost.get('/health')",
        ] {
            assert!(with(route).is_empty(), "{route}");
        }
    }
}
