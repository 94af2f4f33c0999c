//! Origins of CORS that are named one by one.

use super::{Axis, Fact, counted};
use crate::settings::{Action, Outcome};
use crate::{Condition, CorsPolicy, Module, Project};
use pyaudit_python::ExprId;
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

/// The fact of a policy whose every origin is known, none of which is a pattern.
fn explicit(project: &Project, module: &Module, policy: &CorsPolicy) -> Option<Fact> {
    let origins = policy.origins.filter(|_| policy.origin_regex.is_none())?;
    let allowed = written(project, module, origins).or_else(|| from_setting(project, module, origins))?;
    let place = if policy.condition == Some(Condition::Development) { ", in development alone" } else { "" };
    Some(Fact {
        id: "explicit-cors-origins",
        axis: Axis::ConfigurationSecurity,
        message: format!("CORS names the origins that it allows: {allowed}{place}"),
        span: module.span_of(origins),
    })
}

fn is_named(origin: &str) -> bool {
    origin.contains("://") && !origin.contains('*')
}

/// Origins that are all written out, of which the environment changes none.
fn written(project: &Project, module: &Module, origins: ExprId) -> Option<String> {
    let possible = project.possible_strings(module, origins);
    let mut values = possible.values.iter();
    let all_named = values.all(|value| value.variable.is_none() && is_named(&value.text));
    (possible.complete && !possible.values.is_empty() && all_named).then(|| counted(possible.values.len(), "origin"))
}

/// Origins that a setting holds: those of its default are named, and so are those that the repository gives it.
fn from_setting(project: &Project, module: &Module, origins: ExprId) -> Option<String> {
    let (class, field) = project.setting_field(module, origins)?;
    let default = field.default.as_ref()?.value.as_ref()?.items()?;
    let replaces =
        |outcome: &Outcome| matches!(&outcome.action, Action::Replace { fields, .. } if fields.contains(&field.name));
    let is_replaced = class.validators.iter().flat_map(|validator| &validator.outcomes).any(replaces);
    let all_named = default.iter().all(|origin| origin.as_str().is_some_and(is_named));
    let is_given_all = project.defined_texts(field).any(|text| text.contains('*'));
    let variable = field.variables.first().filter(|_| class.kind.is_settings())?;
    (all_named && !default.is_empty() && !is_replaced && !is_given_all)
        .then(|| format!("those of `{variable}`, by default {}", counted(default.len(), "origin")))
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
    fn origins_of_a_setting_are_a_fact_where_its_default_names_them() {
        let with = |default: &str, given: &str| {
            let text = format!(
                "from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\n\
                 from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    origins: list[str] = \
                 {default}\nsettings = Settings()\napp = FastAPI()\nif settings.debug:\n    \
                 app.add_middleware(CORSMiddleware, allow_origins=settings.origins)\n"
            );
            told(facts, &[("app/main.py", &text), (".env.example", given)])
        };
        let expected = "explicit-cors-origins app/main.py:9 CORS names the origins that it allows: those of `ORIGINS`, by \
                        default 1 origin, in development alone";
        assert_eq!(with("['http://localhost:3000']", ""), [expected]);
        assert!(with("['*']", "").is_empty() && with("[]", "").is_empty() && with("load()", "").is_empty());
        assert!(with("['http://localhost:3000']", "ORIGINS=[\"*\"]\n").is_empty());
    }

    #[test]
    fn a_second_policy_that_is_open_takes_the_fact_away() {
        let text = "from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\n\
                    a = FastAPI()\na.add_middleware(CORSMiddleware, allow_origins=['https://a.example'])\n\
                    b = FastAPI()\nb.add_middleware(CORSMiddleware, allow_origins=['*'])\n";
        assert!(told(facts, &[("app/main.py", text)]).is_empty());
    }
}
