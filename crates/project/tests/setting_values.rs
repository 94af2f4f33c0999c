//! Validators of settings, what they refuse, and the values that settings may have.

mod common;

use common::project;
use pyaudit_project::settings::{SettingsClass, ValidatorKind};
use pyaudit_project::{Condition, Module, Possible, Project};
use pyaudit_python::{ExprId, ExprKind};

fn class<'p>(project: &'p Project, name: &str) -> &'p SettingsClass {
    let mut classes = project.settings.classes().iter();
    classes.find(|class| class.qualname() == name).expect("the test names a class of its project")
}

const fn said(condition: Option<Condition>) -> &'static str {
    match condition {
        None => "",
        Some(Condition::Development) => " in development",
        Some(Condition::NotDevelopment) => " outside development",
    }
}

/// What refuses the default of a field: the name of the validator, where, and `?` where it may not.
fn refused(body: &str, field: &str) -> Vec<String> {
    let text = format!(
        "import os, sys\nfrom typing import Annotated\nfrom pydantic import AfterValidator, Field, SecretStr, \
         field_validator, model_validator\nfrom pydantic_settings import BaseSettings, SettingsConfigDict\n{body}"
    );
    let project = project(&[("config.py", &text)]);
    let found = class(&project, "Settings");
    let field = found.field(field).expect("the test names a field of its class");
    let refusals = project.default_refusals(found, field).into_iter();
    refusals
        .map(|refusal| {
            let mark = if refusal.is_certain { "" } else { "?" };
            format!("{}{mark}{}", refusal.validator.name, said(refusal.condition))
        })
        .collect()
}

/// The values of the argument of the last call of `use(…)` in a module.
fn values_in(project: &Project, path: &str) -> Possible {
    let file = project.sources.find(path).expect("the test names a file of its project");
    let module: &Module = project.modules.in_file(file).expect("it is a module");
    let argument = |(_, expr): (ExprId, &pyaudit_python::Expr)| match &expr.kind {
        ExprKind::Call { func, args, .. } => {
            let is_use = matches!(module.python.syntax.expr(*func).kind,
                ExprKind::Name { id, .. } if module.python.syntax.name(id) == "use");
            args.first().copied().filter(|_| is_use)
        }
        _ => None,
    };
    let expr = module.python.syntax.exprs().filter_map(argument).last().expect("the module calls `use`");
    project.possible_strings(module, expr)
}

fn shown(possible: &Possible) -> Vec<String> {
    let line = |value: &pyaudit_project::PossibleValue| {
        let variable = value.variable.as_ref().map_or(String::new(), |variable| format!(" ${variable}"));
        format!("{}{variable}{}", value.text, said(value.condition))
    };
    possible.values.iter().map(line).collect()
}

fn values(text: &str) -> Vec<String> {
    let text = format!(
        "import os, json\nfrom functools import lru_cache\nfrom pydantic import BaseModel, Field, SecretStr, \
         computed_field, field_validator, model_validator\nfrom pydantic_settings import BaseSettings\n{text}"
    );
    shown(&values_in(&project(&[("config.py", &text)]), "config.py"))
}

#[test]
fn a_field_validator_sees_the_default_of_a_settings_class() {
    let body = "
class Settings(BaseSettings):
    env: str = 'development'
    key: str = 'changeme'
    long: str = 'x' * 3 + 'abcdefghijklmnopqrstuvwxyz0123456789'
    @field_validator('key', 'long')
    @classmethod
    def strong(cls, v, info):
        is_default = v == 'changeme'
        if info.data.get('env') == 'production':
            if is_default:
                raise ValueError('default')
            if len(v) < 32:
                raise ValueError('short')
        return v
";
    assert_eq!(refused(body, "key"), ["strong outside development", "strong outside development"]);
    assert!(refused(body, "long").is_empty());
    assert!(refused(body, "env").is_empty());
    let without =
        body.replace("    env: str", "    model_config = SettingsConfigDict(validate_default=False)\n    env: str");
    assert!(refused(&without, "key").is_empty(), "defaults are not validated");
}

#[test]
fn a_model_validator_hands_values_to_a_helper() {
    let body = "
class Settings(BaseSettings):
    environment: str = 'local'
    secret_key: str = 'changethis'
    password: str = 'changethis'
    other: str = 'changethis'
    def _reject(self, name, value):
        if value == 'changethis':
            if self.environment == 'local':
                warn(name)
            else:
                raise ValueError(name)
    @model_validator(mode='after')
    def enforce(self):
        self._reject('SECRET_KEY', self.secret_key)
        if self.environment == 'staging':
            return self
        self._reject('PASSWORD', self.password)
        return self
";
    assert_eq!(refused(body, "secret_key"), ["enforce outside development"]);
    assert_eq!(
        refused(body, "password"),
        ["enforce outside development"].repeat(0),
        "one branch contradicts the other"
    );
    assert!(refused(body, "other").is_empty());
}

#[test]
fn refusals_in_loops_collections_and_constructors() {
    let body = "
WEAK = {'secret', 'changeme'}
class Settings(BaseSettings):
    debug: bool = False
    secret: SecretStr = SecretStr('secret')
    token: str = 'my-secret-token'
    cors: list[str] = ['*']
    database: str | None = None
    port: int = 80
    def model_post_init(self, context):
        if self.debug:
            return
        for name in ('secret', 'port'):
            if getattr(self, name) in WEAK:
                raise RuntimeError(name)
        if any(word in self.token for word in WEAK):
            raise RuntimeError
        assert '*' not in self.cors, 'open'
        if not self.database or unknown():
            sys.exit('no database')
";
    let mut told = refused(body, "secret");
    assert_eq!(told, ["model_post_init outside development"]);
    told = refused(body, "token");
    assert_eq!(told, ["model_post_init outside development"]);
    assert_eq!(refused(body, "cors"), ["model_post_init outside development"]);
    assert_eq!(refused(body, "database"), ["model_post_init outside development"]);
    assert!(refused(body, "port").is_empty());
}

#[test]
fn annotations_methods_and_modules_refuse_too() {
    let body = "
def nonempty(value):
    if not value:
        raise ValueError
    return value
class Settings(BaseSettings):
    key: Annotated[str, AfterValidator(nonempty)] = ''
    name: str = 'x'
    def validate_production(self):
        if self.name == 'x':
            raise ValueError
    def read(self):
        if self.name == 'x':
            raise KeyError
settings = Settings()
settings.validate_production()
settings.read()
if settings.key == '' and os.getenv('ENV') == 'production':
    raise SystemExit
def run():
    if not settings.name:
        raise RuntimeError
";
    assert_eq!(refused(body, "key"), ["nonempty", " outside development"]);
    assert_eq!(refused(body, "name"), ["validate_production"]);
    let function = "
class Settings(BaseSettings):
    name: str = 'x'
settings = Settings()
def check_settings(settings: Settings):
    if settings.name == 'x':
        raise ValueError
";
    assert!(refused(function, "name").is_empty());
    assert_eq!(refused(&format!("{function}check_settings(settings)\n"), "name"), ["check_settings"]);
    let unused = body.replace("settings.validate_production()", "");
    assert!(refused(&unused, "name").is_empty(), "nothing calls it");
}

#[test]
fn what_cannot_be_worked_out_is_marked() {
    let body = "
class Settings(BaseSettings):
    key: str = 'x'
    @field_validator('key')
    def check(cls, v):
        if not is_strong(v):
            raise ValueError
        return v
";
    assert_eq!(refused(body, "key"), ["check?"]);
}

#[test]
fn validators_tell_their_kind_and_fields() {
    let text = "
from pydantic import BaseSettings, validator, root_validator
class Settings(BaseSettings):
    a: str = ''
    b: str = ''
    @validator('a', pre=True, always=True)
    def first(cls, v, values):
        return v
    @root_validator
    def second(cls, values):
        if values['b'] == values.get('a'):
            raise ValueError
        return values
";
    let project = project(&[("config.py", text)]);
    let found: Vec<_> = class(&project, "Settings")
        .validators
        .iter()
        .map(|it| (it.kind, it.name.as_str(), it.fields.iter().map(String::as_str).collect::<Vec<_>>(), it.is_before))
        .collect();
    assert_eq!(
        found,
        [(ValidatorKind::Field, "first", vec!["a"], true), (ValidatorKind::Model, "second", vec!["a", "b"], false)]
    );
}

#[test]
fn values_come_from_defaults_branches_and_factories() {
    let body = "
class Settings(BaseSettings):
    one: str = 'a'
    two: list[str] = Field(default_factory=lambda: ['b', 'c'])
    three: str = Field(default=os.getenv('THREE', 'd'))
    four: SecretStr = SecretStr('e')
    if os.getenv('ENV') == 'production':
        five: str = 'f'
    else:
        five: str = 'g'
    six: str = 'h' if os.getenv('ENV') == 'dev' else 'i'
    @property
    def both(self):
        return [self.one, self.six]
@lru_cache
def get_settings():
    return Settings()
settings = get_settings()
";
    let told = |expr: &str| values(&format!("{body}use({expr})\n"));
    assert_eq!(told("settings.one"), ["a $ONE"]);
    assert_eq!(told("get_settings().two"), ["b $TWO", "c $TWO"]);
    assert_eq!(told("settings.three"), ["d $THREE"]);
    assert_eq!(told("settings.four.get_secret_value()"), ["e $FOUR"]);
    assert_eq!(told("settings.five"), ["f $FIVE outside development", "g $FIVE in development"]);
    assert_eq!(told("settings.six"), ["h $SIX in development", "i $SIX outside development"]);
    assert_eq!(told("settings.both"), ["a $ONE", "h $SIX in development", "i $SIX outside development"]);
}

#[test]
fn values_come_through_parsing_and_validators() {
    let body = "
class Settings(BaseSettings):
    env: str = 'development'
    csv: str = 'a, b'
    jsoned: str = '[\"c\", \"d\"]'
    split: list[str] | str = 'e,f'
    listed: list[str] = ['g']
    shut: list[str] = ['*']
    refused: list[str] = ['*']
    @property
    def parts(self):
        return [part.strip() for part in self.csv.split(',')]
    @field_validator('split', 'listed', mode='before')
    def parse(cls, v):
        if isinstance(v, str):
            return [part.strip() for part in v.split(',')]
        return v
    @model_validator(mode='after')
    def close(self):
        if self.env == 'production':
            self.shut = ['https://shop.example']
            if '*' in self.refused:
                raise ValueError
        return self
settings = Settings()
";
    let told = |expr: &str| values(&format!("{body}use({expr})\n"));
    assert_eq!(told("settings.parts"), ["a $CSV", "b $CSV"]);
    assert_eq!(told("json.loads(settings.jsoned)"), ["c $JSONED", "d $JSONED"]);
    assert_eq!(told("settings.split"), ["e $SPLIT", "f $SPLIT"]);
    assert_eq!(told("settings.listed"), ["g $LISTED"]);
    assert_eq!(told("settings.shut"), ["* $SHUT in development", "https://shop.example outside development"]);
    assert_eq!(told("settings.refused"), ["* $REFUSED in development"]);
}

#[test]
fn values_come_through_nested_models_dependencies_and_choices() {
    let config = "
import os
from pydantic import BaseModel
from pydantic_settings import BaseSettings
class Web(BaseModel):
    origins: list[str] = ['a']
class Base(BaseSettings):
    web: Web = Web()
    origins: list[str] = ['b']
class Production(Base):
    origins: list[str] = ['c']
settings = Production() if os.getenv('ENV') == 'production' else Base()
";
    let main = "
from typing import Annotated
from fastapi import Depends
from config import Base, settings
def get():
    return Base()
def one(settings: Annotated[Base, Depends(get)]):
    use(EXPR)
";
    let told = |expr: &str| {
        let main = main.replace("EXPR", expr);
        shown(&values_in(&project(&[("config.py", config), ("main.py", &main)]), "main.py"))
    };
    assert_eq!(told("settings.origins"), ["b $ORIGINS"]);
    assert_eq!(told("settings.web.origins"), ["a"]);
    let chosen = main
        .replace("def one(settings: Annotated[Base, Depends(get)]):", "def one():")
        .replace("EXPR", "settings.origins");
    let found = values_in(&project(&[("config.py", config), ("main.py", &chosen)]), "main.py");
    assert_eq!(shown(&found), ["c $ORIGINS outside development", "b $ORIGINS in development"]);
    assert!(!found.complete);
}
