//! Applications that show their own documentation in development alone, or never.

use super::{Axis, Fact};
use crate::{Condition, Project, Router, RouterKind};
use pyaudit_python::ExprKind;
use pyaudit_source::Role;

/// Keywords of `FastAPI(…)` that name the pages which need the schema.
const PAGES: &[&str] = &["docs_url", "redoc_url"];

/// Last parts of paths of routes that serve documentation by hand.
const BY_HAND: &[&str] = &["docs", "redoc", "swagger", "openapi", "openapi.json", "openapi.yaml", "scalar", "rapidoc"];

/// One fact for each application of FastAPI whose schema, or whose pages, are not served where users are; none where
/// another application shows its own, or a route does by hand.
pub(super) fn facts(project: &Project) -> Vec<Fact> {
    let mut facts = Vec::new();
    let applications = project.routes.routers.iter().filter(|router| router.kind == RouterKind::Application);
    for application in applications.filter(|router| project.modules.get(router.module).role == Role::Application) {
        match gated(project, application) {
            Some(fact) => facts.push(fact),
            None => return Vec::new(),
        }
    }
    let is_by_hand =
        |path: &str| path.trim_end_matches('/').rsplit('/').next().is_some_and(|last| BY_HAND.contains(&last));
    if project.routes.routes.iter().any(|route| is_by_hand(&route.path)) { Vec::new() } else { facts }
}

/// The fact of one application.
fn gated(project: &Project, application: &Router) -> Option<Fact> {
    let module = project.modules.get(application.module);
    let syntax = &module.python.syntax;
    let ExprKind::Call { keywords, .. } = &syntax.expr(application.call).kind else { return None };
    // A `**mapping` may say otherwise.
    if keywords.iter().any(|keyword| keyword.name.is_none()) {
        return None;
    }
    let is_gated = |name: &str| {
        module.keyword(keywords, name).is_some_and(|value| {
            let possible = project.possible_strings(module, value);
            let in_development = |condition| condition == Some(Condition::Development);
            possible.complete && possible.values.iter().all(|value| in_development(value.condition))
        })
    };
    let what = if is_gated("openapi_url") {
        "its OpenAPI schema"
    } else if PAGES.iter().all(|page| is_gated(page)) {
        "its documentation pages"
    } else {
        return None;
    };
    Some(Fact {
        id: "documentation-gated",
        axis: Axis::ConfigurationSecurity,
        message: format!("outside development the application does not serve {what}"),
        span: module.span_of(application.call),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::facts;

    fn with(options: &str) -> Vec<String> {
        let text = format!(
            "import os\nfrom fastapi import FastAPI\nDEBUG = os.getenv('DEBUG') == 'true'\napp = FastAPI({options})\n"
        );
        told(facts, &[("app/main.py", &text)])
    }

    #[test]
    fn what_is_shown_in_development_alone_is_a_fact() {
        let schema =
            "documentation-gated app/main.py:4 outside development the application does not serve its OpenAPI schema";
        assert_eq!(with("openapi_url='/openapi.json' if DEBUG else None"), [schema]);
        assert_eq!(with("openapi_url=None"), [schema]);
        assert_eq!(with("docs_url=None, redoc_url='/redoc' if DEBUG else None").len(), 1);
    }

    #[test]
    fn what_may_be_shown_is_none() {
        for options in [
            "",
            "docs_url=None",
            "docs_url='/docs', redoc_url=None",
            "openapi_url=os.getenv('OPENAPI_URL')",
            "openapi_url='/x' if not DEBUG else None",
            "openapi_url=None, **options",
        ] {
            assert!(with(options).is_empty(), "{options}");
        }
        for more in [
            "openapi_url=None)\nother = FastAPI(",
            "openapi_url=None)\n@app.get('/docs')\ndef docs():\n    return dict(",
        ] {
            assert!(with(more).is_empty(), "{more}");
        }
    }
}
