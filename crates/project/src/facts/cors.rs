//! Origins of CORS that are named one by one.

use super::{Axis, Fact, counted};
use crate::{CorsPolicy, Module, Project};
use pyaudit_source::Role;

/// One fact for each CORS policy that names its origins, unless some other place of the application opens or may open it.
pub(super) fn facts(project: &Project) -> Vec<Fact> {
    let mut facts = Vec::new();
    for module in project.modules.iter().filter(|module| module.role == Role::Application) {
        if !project.origin_headers(module).is_empty() {
            return Vec::new();
        }
        for policy in project.cors_policies(module) {
            match explicit(project, module, &policy) {
                Some(fact) => facts.push(fact),
                None => return Vec::new(),
            }
        }
    }
    facts
}

/// The fact of a policy whose every origin is known, none of which is a pattern or comes from the environment.
fn explicit(project: &Project, module: &Module, policy: &CorsPolicy) -> Option<Fact> {
    let origins = policy.origins.filter(|_| policy.origin_regex.is_none())?;
    let possible = project.possible_strings(module, origins);
    let is_named = |origin: &str| origin.contains("://") && !origin.contains('*');
    let all_named = possible.values.iter().all(|value| value.variable.is_none() && is_named(&value.text));
    (possible.complete && !possible.values.is_empty() && all_named).then(|| Fact {
        id: "explicit-cors-origins",
        axis: Axis::ConfigurationSecurity,
        message: format!("CORS names the origins that it allows: {}", counted(possible.values.len(), "origin")),
        span: module.span_of(origins),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::facts;

    fn with(options: &str) -> Vec<String> {
        let text = format!(
            "import os\nfrom fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\napp = FastAPI()\n\
             app.add_middleware(CORSMiddleware, {options})\n"
        );
        told(facts, &[("app/main.py", &text)])
    }

    #[test]
    fn origins_that_are_written_out_are_a_fact() {
        let expected = ["explicit-cors-origins app/main.py:5 CORS names the origins that it allows: 2 origins"];
        assert_eq!(with("allow_origins=['https://a.example', 'https://b.example']"), expected);
    }

    #[test]
    fn origins_that_are_open_or_unknown_are_none() {
        for options in [
            "allow_origins=['*']",
            "allow_origins=['https://a.example', '*']",
            "allow_origins=['https://*.example']",
            "allow_origins=os.getenv('ORIGINS', 'https://a.example').split(',')",
            "allow_origins=['https://a.example'], allow_origin_regex='https://.*'",
            "allow_origins=[]",
            "allow_origins=load()",
            "allow_methods=['GET']",
        ] {
            assert!(with(options).is_empty(), "{options}");
        }
    }

    #[test]
    fn a_second_policy_that_is_open_takes_the_fact_away() {
        let text = "from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\n\
                    a = FastAPI()\na.add_middleware(CORSMiddleware, allow_origins=['https://a.example'])\n\
                    b = FastAPI()\nb.add_middleware(CORSMiddleware, allow_origins=['*'])\n";
        assert!(told(facts, &[("app/main.py", text)]).is_empty());
    }
}
