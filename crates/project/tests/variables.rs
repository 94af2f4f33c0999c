//! Who reads each environment variable, who gives it a value, and what is missing on either side.

mod common;

use common::project;
use pyaudit_project::Project;
use pyaudit_project::variables::{Given, Reader, ReaderKind, Scope, Site, SiteKind};

const SETTINGS: &str = "\
import os
from pydantic import Field
from pydantic_settings import BaseSettings
class Settings(BaseSettings):
    database_url: str
    secret: str = Field(validation_alias='APP_SECRET')
    debug: bool = False
settings = Settings()
TOKEN = os.environ['TOKEN']
NAME = os.getenv('NAME', 'shop')
";

fn value(given: &Given) -> String {
    match given {
        Given::Literal(text) => text.clone(),
        Given::Reference { variable, default, is_required } => {
            let default = default.as_ref().map_or(String::new(), |default| format!(":-{default}"));
            format!("${{{variable}{default}{}}}", if *is_required { "?" } else { "" })
        }
        Given::Composed(text) => format!("composed {text}"),
        Given::Elsewhere => "elsewhere".to_owned(),
    }
}

/// Each site as `kind scope path name`, with `!` for those of somebody else and `+` for open ones, and what it gives.
fn sites(project: &Project) -> Vec<String> {
    let line = |site: &Site| {
        let path = &project.sources.file(site.file).path;
        let marks = format!("{}{}", if site.is_own { "" } else { "!" }, if site.is_open { "+" } else { "" });
        let given: Vec<String> =
            site.definitions.iter().map(|it| format!("{}={}", it.name, value(&it.value))).collect();
        let name = site.name.as_deref().unwrap_or("-");
        format!(
            "{}{marks} {} {path} {name} [{}] {}",
            site.kind.name(),
            site.scope.name(),
            site.directory,
            given.join(" ")
        )
    };
    project.variables.sites().iter().map(line).collect()
}

fn names(readers: &[&Reader]) -> Vec<String> {
    readers.iter().map(|reader| reader.names.join("|")).collect()
}

#[test]
fn every_kind_of_site_is_read() {
    let compose = "\
services:
  web:
    build: ./backend
    env_file: .env
    environment:
      DATABASE_URL: postgres://${DB_USER:-app}@db
      SECRET: ${SECRET:?missing}
      DEBUG: true
      PASSED:
  worker:
    build: backend
    environment: [QUEUE=high, 'PASSED']
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: x}
";
    let render = "\
services:
  - type: web
    name: api
    runtime: python
    rootDir: backend
    envVars:
      - {key: LOG, value: info}
      - {key: KEY, sync: false}
      - fromGroup: shared
  - {type: web, name: site, runtime: static, envVars: [{key: VITE_URL, value: x}]}
envVarGroups:
  - {name: shared, envVars: [{key: REGION, value: eu}]}
";
    let workflow = "\
on: push
env: {TOP: a}
jobs:
  test:
    runs-on: ubuntu-latest
    env: {TOKEN: '${{ secrets.TOKEN }}', URL: 'x/${{ github.sha }}'}
    steps:
      - {run: pytest, env: {STEP: 1}}
";
    let dockerfile =
        "FROM python:3.12 AS base\nENV A=1 B=\"two words\"\nFROM node AS web\nENV N=1\nFROM base\nENV C $A\n";
    let project = project(&[
        (".env.example", "SECRET=\n"),
        ("backend/.env.production", "SECRET=abc\n"),
        ("docker-compose.yml", compose),
        ("render.yaml", render),
        (".github/workflows/ci.yml", workflow),
        ("backend/Dockerfile", dockerfile),
        ("fly.toml", "app = 'shop'\n[env]\nPORT = '80'\n"),
        ("tests/conftest.py", "import os\nos.environ['MODE'] = 'test'\n"),
    ]);
    assert_eq!(
        sites(&project),
        [
            "environment-file template .env.example - [] SECRET=",
            "environment-file deployment backend/.env.production - [backend] SECRET=abc",
            "compose+ unstated docker-compose.yml web [backend] DATABASE_URL=composed postgres://${DB_USER:-app}@db \
             SECRET=${SECRET?} DEBUG=true PASSED=${PASSED}",
            "compose unstated docker-compose.yml worker [backend] QUEUE=high PASSED=${PASSED}",
            "compose! unstated docker-compose.yml db [] POSTGRES_PASSWORD=x",
            "dockerfile+ deployment backend/Dockerfile - [backend] A=1 B=two words C=${A}",
            "workflow+ integration .github/workflows/ci.yml test [] TOP=a TOKEN=elsewhere URL=composed x/${{ github.sha \
             }} STEP=1",
            "render deployment render.yaml api [backend] LOG=info KEY=elsewhere REGION=eu",
            "render! deployment render.yaml site [] VITE_URL=x",
            "fly+ deployment fly.toml shop [] PORT=80",
            "code+ test tests/conftest.py - [] MODE=test",
        ]
    );
}

#[test]
fn readers_and_definitions_find_each_other() {
    let files =
        [("config.py", SETTINGS), (".env.example", "database_url=x\nNAME=\nname=\n"), ("compose.yml", "a: $NAME\n")];
    let project = project(&files);
    let variable = project.variables.get("database_url").expect("it is read and defined");
    assert_eq!(variable.name, "DATABASE_URL");
    let reader = &variable.readers[0];
    assert!(matches!(reader.kind, ReaderKind::Field { .. }) && reader.is_need());
    assert_eq!(project.variables.definitions_for(reader).count(), 1, "case does not count");
    let variable = project.variables.get("NAME").expect("it is read and defined");
    let kinds: Vec<_> = variable.readers.iter().map(|reader| reader.kind).collect();
    assert!(matches!(kinds[..], [ReaderKind::Compose, ReaderKind::Read(_)]), "{kinds:?}");
    assert_eq!(project.variables.definitions_for(&variable.readers[1]).count(), 1, "case counts for `os.getenv`");
    assert_eq!(project.variables.definitions(variable).count(), 2);
}

#[test]
fn needs_that_nothing_gives_are_told() {
    let render = "services:\n  - {type: web, name: api, runtime: python, envVars: [{key: TOKEN, sync: false}]}\n";
    let project = project(&[("config.py", SETTINGS), (".env.example", "DATABASE_URL=\n"), ("render.yaml", render)]);
    assert_eq!(names(&project.variables.needs()), ["database_url".to_uppercase(), "APP_SECRET".into(), "TOKEN".into()]);
    assert_eq!(names(&project.variables.undefined()), ["APP_SECRET"]);
    let missing: Vec<_> =
        project.variables.sites().iter().map(|site| names(&project.variables.missing_at(&project, site))).collect();
    assert_eq!(missing, [vec!["APP_SECRET", "TOKEN"], vec!["DATABASE_URL", "APP_SECRET"]]);
    assert_eq!(project.variables.sites()[0].scope, Scope::Template);
    assert_eq!(project.variables.sites()[1].kind, SiteKind::Render);
}

#[test]
fn a_site_answers_for_the_code_below_it_and_a_class_without_objects_needs_nothing() {
    let lonely = "from pydantic_settings import BaseSettings\nclass Lonely(BaseSettings):\n    needed: str\n";
    let files = [
        ("backend/config.py", SETTINGS),
        ("backend/lonely.py", lonely),
        ("frontend/.env.example", "X=\n"),
        ("tests/test_a.py", "import os\nos.environ['ONLY_IN_TESTS']\n"),
    ];
    let project = project(&files);
    let site = &project.variables.sites()[0];
    assert!(project.variables.missing_at(&project, site).is_empty());
    assert_eq!(names(&project.variables.undefined()), ["DATABASE_URL", "APP_SECRET", "TOKEN"]);
}

#[test]
fn only_what_nothing_mentions_is_unread() {
    let example = "\
DATABASE_URL=postgres://${DB_USER}@db
DB_USER=app
UNREAD=1
IN_SCRIPT=1
SHOP_LIMIT=1
POSTGRES_DB=app
VITE_URL=x
";
    let files = [
        ("config.py", SETTINGS),
        ("plugins.py", "import os\nlimits = [os.environ[n] for n in os.environ if n.startswith('SHOP_')]\n"),
        ("run.sh", "echo $IN_SCRIPT\n"),
        (".env.example", example),
        (".env.test", "FOR_TESTS=1\n"),
    ];
    let unread = |files: &[(&str, &str)]| {
        let project = project(files);
        let found = project.unread_variables().into_iter();
        found.map(|(_, definition)| definition.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(unread(&files), ["UNREAD"]);
    let open =
        "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    model_config = {'extra': 'allow'}\n";
    assert!(unread(&[files.as_slice(), &[("open.py", open)]].concat()).is_empty(), "a class takes every key");
}

#[test]
fn a_held_model_comes_whole_or_by_its_fields() {
    let config = "\
from pydantic import BaseModel
from pydantic_settings import BaseSettings, SettingsConfigDict
class Db(BaseModel):
    host: str
    port: int = 5432
class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_nested_delimiter='__')
    db: Db
settings = Settings()
";
    let undefined =
        |example: &str| names(&project(&[("config.py", config), (".env.example", example)]).variables.undefined());
    assert_eq!(undefined("X=1\n"), ["DB__HOST|DB"]);
    assert!(undefined("DB__HOST=x\n").is_empty());
    assert!(undefined("DB={}\n").is_empty());
}
