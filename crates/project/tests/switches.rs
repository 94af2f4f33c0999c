//! Switches that a constant or the environment sets.

mod common;

use pyaudit_project::Switch;
use pyaudit_project::settings::Literal;

/// The switch in `look(…)`.
fn switch(text: &str) -> Option<Switch> {
    let project = common::project(&[("app/main.py", text)]);
    let module = project.modules.iter().next().expect("one module");
    let argument = module.calls_named(&["look"])[0].args[0];
    project.switch(module, argument)
}

fn of(value: bool, variable: Option<&str>) -> Switch {
    Switch { value: Literal::Bool(value), variable: variable.map(str::to_owned) }
}

#[test]
fn a_constant_has_no_variable() {
    assert_eq!(switch("SECURE = False\nlook(SECURE)\n"), Some(of(false, None)));
}

#[test]
fn an_environment_variable_is_named_through_names_and_settings() {
    let read = "import os\nDEBUG = os.getenv('APP_DEBUG', 'true') == 'true'\nlook(not DEBUG)\n";
    assert_eq!(switch(read), Some(of(false, Some("APP_DEBUG"))));
    let field = "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    debug: bool = True\n\
                 s = S()\nlook(not s.debug)\n";
    assert_eq!(switch(field), Some(of(false, Some("DEBUG"))));
}

#[test]
fn a_property_is_followed_and_a_validated_field_is_not_known() {
    let class = "from pydantic_settings import BaseSettings\nfrom pydantic import field_validator\n\
                 class S(BaseSettings):\n    docs: bool = True\n    debug: bool = True\n    @property\n    def url(self):\n        \
                 return '/docs' if self.docs else None\n    @field_validator('debug')\n    def off(cls, value):\n        \
                 if value: raise ValueError\n        return value\ns = S()\n";
    let url = switch(&format!("{class}look(s.url)\n")).expect("a switch");
    assert_eq!((url.value.as_str(), url.variable.as_deref()), (Some("/docs"), Some("DOCS")));
    assert_eq!(switch(&format!("{class}look(s.debug)\n")), None);
}

#[test]
fn what_cannot_be_followed_is_no_switch() {
    assert_eq!(switch("look(request.url.scheme == 'https')\n"), None);
}
