//! Settings classes, reads of the environment, and uses of settings, in small projects.

mod common;

use common::project;
use pyaudit_project::Project;
use pyaudit_project::settings::{Access, ClassKind, EnvironmentRead, Extra, InstanceKind, Member, SettingsClass};

fn class<'p>(project: &'p Project, name: &str) -> &'p SettingsClass {
    let mut classes = project.settings.classes().iter();
    classes.find(|class| class.qualname() == name).expect("the test names a class of its project")
}

/// Each field with its variables, whether it is required, and what it gives when nothing is set.
fn fields(class: &SettingsClass) -> Vec<String> {
    let line = |field: &pyaudit_project::settings::Field| {
        let default =
            field.default.as_ref().map(|default| default.value.as_ref().map_or("?".into(), ToString::to_string));
        let mark = if field.required { "!" } else { "" };
        format!("{}{mark} {} {}", field.name, field.variables.join("|"), default.unwrap_or("-".into()))
    };
    class.fields.iter().map(line).collect()
}

/// Each read with its default, `!` where it fails without its variable.
fn reads(project: &Project) -> Vec<String> {
    let line = |read: &EnvironmentRead| {
        let default = read.default_value.as_ref().map_or("-".into(), ToString::to_string);
        let mark = if read.required { "!" } else { "" };
        format!("{}{mark} {default}", read.variable.as_deref().unwrap_or("?"))
    };
    project.settings.reads().iter().map(line).collect()
}

#[test]
fn pydantic_1_has_names_of_its_own() {
    let text = "\
from typing import Optional
from pydantic import BaseSettings, Extra, Field

class Base(BaseSettings):
    region = 'eu'
    class Config:
        env_prefix = 'shop_'
        extra = Extra.ignore
        env_file = ('.env', '.env.local')

class Settings(Base):
    url: str = Field(..., env='DATABASE_URL')
    key: str = Field('k', alias='ignored')
    cache: Optional[str]
    queue: str
    hosts: str = Field('h', env=['HOSTS', 'ALLOWED_HOSTS'])
    class Config(Base.Config):
        fields = {'queue': {'env': 'BROKER'}}
";
    let project = project(&[("config.py", text)]);
    let found = class(&project, "Settings");
    assert_eq!(found.kind, ClassKind::Pydantic1);
    assert_eq!(
        fields(found),
        [
            "region SHOP_REGION 'eu'",
            "url! DATABASE_URL -",
            "key SHOP_KEY 'k'",
            "cache SHOP_CACHE None",
            "queue! BROKER -",
            "hosts HOSTS|ALLOWED_HOSTS 'h'",
        ]
    );
    assert_eq!(found.configuration.extra, Extra::Ignore);
    let files: Vec<&str> = found.configuration.environment_files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(files, [".env", ".env.local"]);
}

#[test]
fn pydantic_2_reads_configurations_of_many_forms() {
    let text = "\
from pathlib import Path
from typing import Annotated, ClassVar
from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

COMMON = dict(env_prefix='APP_', extra='ignore')

class Mail(BaseModel):
    host: str = 'localhost'

class Settings(BaseSettings, case_sensitive=True):
    model_config = SettingsConfigDict(**COMMON, env_file=Path(__file__).parent / '.env', populate_by_name=True)
    VERSION: ClassVar[str] = '1'
    _hidden: str = 'x'
    debug: bool = not True
    seconds: int = 60 * 60
    token: Annotated[str, Field(alias='TOKEN')]
    mail: Mail = Mail()
";
    let project = project(&[("config.py", text)]);
    let found = class(&project, "Settings");
    assert_eq!(
        fields(found),
        ["debug APP_debug False", "seconds APP_seconds 3600", "token! TOKEN|APP_token -", "mail APP_mail ?"]
    );
    let file = &found.configuration.environment_files[0];
    assert_eq!((file.path.as_str(), file.is_whole), (".env", false));
}

#[test]
fn every_library_that_reads_the_environment_is_known() {
    let text = "\
import os
from os import environ as env, getenv
from decouple import config as decoupled
from starlette.config import Config
from environs import Env
import environ

starlette = Config('.env', env_prefix='S_')
environs = Env()
django = environ.Env(DEBUG=(bool, False))

getenv('A')
env['B']
env.get('C', 3)
os.environ.setdefault('D', 'd')
decoupled('E', default=1 + 1, cast=int)
starlette('F', cast=bool)
starlette.get('G', default='g')
environs('H')
environs.int('I', 5)
with environs.prefixed('P_'):
    environs.str('J')
django('DEBUG')
django.str('K', default='k')
'L' in os.environ
for name in ('M', 'N'):
    os.environ[name]
os.environ['OUT'] = '1'
client.get('/path')
response.json('Q')
";
    let project = project(&[("config.py", text)]);
    assert_eq!(
        reads(&project),
        [
            "A -",
            "B! -",
            "C 3",
            "D 'd'",
            "E 2",
            "S_F! -",
            "S_G 'g'",
            "H! -",
            "I 5",
            "P_J! -",
            "DEBUG False",
            "K 'k'",
            "L -",
            "M! -",
            "N! -"
        ]
    );
}

#[test]
fn a_function_that_reads_for_others_reads_what_they_name() {
    let helper = "\
import os

def required(name):
    return os.environ[name]

def optional(name, default=None):
    return os.getenv(name, default)
";
    let text = "\
from helper import optional, required
KEY = required('KEY')
PORT = optional('PORT', '80')
";
    let project = project(&[("helper.py", helper), ("config.py", text)]);
    let mut found = reads(&project);
    found.sort();
    assert_eq!(found, ["? -", "?! -", "KEY! -", "PORT '80'"]);
}

#[test]
fn objects_of_settings_are_followed_to_where_they_are_used() {
    let config = "\
from functools import lru_cache
from pydantic_settings import BaseSettings

class Settings(BaseSettings):
    url: str = 'x'
    key: str = 'y'

    @property
    def both(self):
        return self.url + self.key

settings = Settings()

@lru_cache
def get_settings():
    return Settings()
";
    let service = "\
from typing import Annotated
from fastapi import Depends
import config
from config import Settings, get_settings, settings as shared

class Service:
    def __init__(self, settings: Settings):
        self.settings = settings

    def run(self):
        return self.settings.url, self.settings.missing

def one(settings: Annotated[Settings, Depends(get_settings)]):
    return settings.url

def two(conf: Settings = Depends(get_settings)):
    return getattr(conf, 'key', None), hasattr(shared, 'nothing')

shared.url
shared.both
shared.model_dump()
get_settings().key
config.settings.url = 'z'
other.url
";
    let project = project(&[("config.py", config), ("service.py", service)]);
    let found = class(&project, "Settings");
    let kinds: Vec<_> = found.instances.iter().map(|instance| (instance.kind, instance.is_cached)).collect();
    assert_eq!(
        kinds,
        [
            (InstanceKind::Singleton, true),
            (InstanceKind::Construction, false),
            (InstanceKind::Getter, true),
            (InstanceKind::Construction, false),
        ]
    );
    let file = project.sources.find("service.py").expect("it is there");
    let uses: Vec<_> = project
        .settings
        .uses()
        .iter()
        .filter(|used| used.span.file == file)
        .map(|used| (used.name.as_str(), used.member, used.access))
        .collect();
    assert_eq!(
        uses,
        [
            ("url", Member::Field(0), Access::Read),
            ("missing", Member::Missing, Access::Read),
            ("url", Member::Field(0), Access::Read),
            ("key", Member::Field(1), Access::Dynamic),
            ("nothing", Member::Missing, Access::Probe),
            ("url", Member::Field(0), Access::Read),
            ("both", Member::Other, Access::Read),
            ("model_dump", Member::Inherited, Access::Read),
            ("key", Member::Field(1), Access::Read),
            ("url", Member::Field(0), Access::Write),
        ]
    );
    assert_eq!(project.settings.uses_of(0, "url").count(), 5);
}

#[test]
fn a_plain_class_has_what_it_reads_and_what_stands_beside_it() {
    let text = "\
import os
import decouple

class Config:
    NAME = 'shop'
    DEBUG = os.getenv('DEBUG', 'true').lower() in ('1', 'true')
    PORT = decouple.config('PORT', default='80', cast=int)
    HOSTS = decouple.config('HOSTS', default='a,b', cast=decouple.Csv())

    def __init__(self):
        self.url = os.environ['URL']

class Other(Config):
    NAME = 'other'

class Reader:
    def run(self):
        path = os.getenv('SOMEWHERE')
        return path

config = Config() if os.getenv('ENV') else Other()
config.DEBUG
Config.NAME
";
    let project = project(&[("config.py", text)]);
    assert_eq!(
        fields(class(&project, "Config")),
        ["NAME  'shop'", "DEBUG DEBUG True", "PORT PORT 80", "HOSTS HOSTS ?", "url! URL ?"]
    );
    assert_eq!(fields(class(&project, "Other"))[0], "NAME  'other'");
    assert!(project.settings.classes().iter().all(|class| class.qualname() != "Reader"));
    let outside = project.settings.uses().iter().filter(|used| used.function.is_none());
    assert_eq!(outside.map(|used| used.name.as_str()).collect::<Vec<_>>(), ["DEBUG", "NAME"]);
}

#[test]
fn circles_and_long_chains_end() {
    let mut text = String::from("import os\nfrom pydantic_settings import BaseSettings\n");
    text.push_str(
        "class A(B): x: int = A.x\nclass B(A, BaseSettings): y: int = B.y + A.x\na = b\nb = a\nos.getenv(a, b)\n",
    );
    for number in 0..2_000 {
        let base = if number == 0 { "BaseSettings".to_owned() } else { format!("C{}", number - 1) };
        let class = format!("class C{number}({base}):\n    field_{number}: int = {number}\n");
        text.push_str(&class);
    }
    let project = project(&[("config.py", &text)]);
    assert!(project.settings.classes().len() >= 60, "{}", project.settings.classes().len());
}

#[test]
fn fallbacks_are_told_once_each_with_where_they_hold_and_what_refuses_them() {
    use pyaudit_project::settings::Refused;
    let text = "\
import os
from pydantic import model_validator
from pydantic_settings import BaseSettings

class Settings(BaseSettings):
    environment: str = 'local'
    key: str = 'dev'
    name: str = os.getenv('NAME', 'shop')

    @model_validator(mode='after')
    def guard(self):
        if self.environment == 'production' and self.key == 'dev':
            raise ValueError('key')
        return self

class DevelopmentSettings(BaseSettings):
    level: int = 3

settings = Settings()
by_name = {'development': DevelopmentSettings}
port = os.getenv('PORT') or 8000
mode = os.getenv('MODE', 'a')
if mode == 'a':
    raise RuntimeError('mode')
";
    let project = project(&[("app/config.py", text), ("tests/test_config.py", "import os\nos.getenv('X', '1')\n")]);
    let told = project.fallbacks();
    let lines: Vec<String> =
        told.iter().map(|it| format!("{}={} {}", it.name, it.value, it.is_for_development())).collect();
    assert_eq!(
        lines,
        [
            "ENVIRONMENT='local' false",
            "KEY='dev' false",
            "NAME='shop' false",
            "LEVEL=3 true",
            "PORT=8000 false",
            "MODE='a' false"
        ]
    );
    let refused = |name: &str| told.iter().find(|it| it.name == name).map(|it| it.refused(&project));
    assert_eq!(refused("KEY"), Some(Refused::Yes));
    assert_eq!(refused("NAME"), Some(Refused::No));
    assert_eq!(refused("MODE"), Some(Refused::Perhaps));
}

#[test]
fn unused_settings_are_those_that_no_attribute_and_no_string_names() {
    let text = "\
from pydantic_settings import BaseSettings

class Settings(BaseSettings):
    used: int = 1
    named: int = 1
    idle: int = 1

class Whole(BaseSettings):
    other: int = 1

settings = Settings()
print(settings.used, getattr(settings, 'named'), Whole().model_dump())
";
    let project = project(&[("app/config.py", text)]);
    let unused = project.unused_settings();
    let names: Vec<&str> =
        unused.iter().flat_map(|(_, fields)| fields.iter().map(|field| field.name.as_str())).collect();
    assert_eq!(names, ["idle"]);
}

#[test]
fn the_root_of_a_path_is_the_innermost() {
    let project = project(&[("shop/pyproject.toml", "[project]\nname='shop'\n"), ("shop/app/main.py", "import os\n")]);
    assert_eq!(project.modules.root_of("shop/app/main.py"), "shop");
    assert_eq!(project.modules.root_of("other/main.py"), "");
}
