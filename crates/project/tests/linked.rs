//! The links between modules: imports, symbols, types, values, routes.

mod common;

use common::project;
use pyaudit_project::{Condition, DatabaseObject, Definition, Module, Project, Symbol};
use pyaudit_python::{ExprId, ExprKind};

/// A project of Python files given as pairs of a path and a text.
fn module<'p>(project: &'p Project, path: &str) -> &'p Module {
    let file = project.sources.find(path).expect("the test names a file of its project");
    project.modules.in_file(file).expect("the file is a Python module")
}

/// The argument of the call `look(…)` in a module.
fn looked_at(project: &Project, module: &Module) -> ExprId {
    let syntax = &module.python.syntax;
    let mut calls = syntax.exprs().filter_map(|(_, expr)| match &expr.kind {
        ExprKind::Call { func, args, .. } => {
            (project.sources.slice(module.span_of(*func)) == "look").then(|| args.first().copied())?
        }
        _ => None,
    });
    calls.next().expect("the test calls `look`")
}

fn symbol(files: &[(&str, &str)], path: &str) -> Option<Symbol> {
    let project = project(files);
    let module = module(&project, path);
    project.symbol(module, looked_at(&project, module))
}

fn external(name: &str) -> Symbol {
    Symbol::External(name.to_owned())
}

#[test]
fn a_module_is_named_from_its_import_root() {
    let project = project(&[
        ("backend/pyproject.toml", ""),
        ("backend/app/__init__.py", ""),
        ("backend/app/api/users.py", ""),
        ("src/shop/models.py", ""),
        ("tools/run.py", ""),
    ]);
    let names: Vec<&str> = project.modules.iter().map(|module| module.name.as_str()).collect();
    assert_eq!(names, ["app", "app.api.users", "shop.models", "tools.run"]);
}

#[test]
fn names_are_followed_through_aliases_and_re_exports() {
    let files = [
        ("app/__init__.py", ""),
        ("app/api/__init__.py", "from .users import router as users_router\nfrom app.names import *\n"),
        ("app/api/users.py", "from fastapi import APIRouter as Router\nrouter = Router()\n"),
        ("app/names.py", "import requests as http\n"),
        ("app/main.py", "from app import api\nlook(api.users_router)\n"),
        ("app/other.py", "from app.api import http as h\nlook(h.get)\n"),
        ("app/local.py", "def f():\n    from app.api.users import Router\n    look(Router)\n"),
    ];
    let router = symbol(&files, "app/main.py");
    assert!(matches!(&router, Some(Symbol::Definition { path, .. }) if path == &["router"]), "{router:?}");
    assert_eq!(symbol(&files, "app/other.py"), Some(external("requests.get")));
    assert_eq!(symbol(&files, "app/local.py"), Some(external("fastapi.APIRouter")));
}

#[test]
fn a_monorepo_looks_in_the_nearest_root_first() {
    let files = [
        ("one/requirements.txt", ""),
        ("one/app/config.py", "VALUE = 1\n"),
        ("one/app/main.py", "from app.config import VALUE\nlook(VALUE)\n"),
        ("two/requirements.txt", ""),
        ("two/app/config.py", "VALUE = 2\n"),
        ("two/app/main.py", "from app.config import VALUE\nlook(VALUE)\n"),
    ];
    let project = project(&files);
    for root in ["one", "two"] {
        let main = module(&project, &format!("{root}/app/main.py"));
        let symbol = project.symbol(main, looked_at(&project, main)).expect("the value is defined");
        let (home, _) = project.definition(&symbol).expect("it has one definition");
        assert_eq!(project.sources.file(home.file).path, format!("{root}/app/config.py"));
    }
}

#[test]
fn a_package_comes_before_a_file_of_its_name() {
    let files = [
        ("app/__init__.py", ""),
        ("app/schemas.py", "import requests\nfetch = requests.get\n"),
        ("app/schemas/__init__.py", "import httpx\nfetch = httpx.get\n"),
        ("app/main.py", "from app.schemas import fetch\nlook(fetch)\n"),
    ];
    assert_eq!(symbol(&files, "app/main.py"), Some(external("httpx.get")));
}

#[test]
fn imports_in_a_circle_come_to_an_end() {
    let files = [
        ("a.py", "from b import x\nfrom b import *\nlook(x)\nlook(y)\n"),
        ("b.py", "from a import x\nfrom a import *\n"),
    ];
    assert_eq!(symbol(&files, "a.py"), None);
}

#[test]
fn a_session_is_followed_through_dependencies_and_context_managers() {
    let database = "from contextlib import contextmanager\n\
        from sqlalchemy import create_engine\n\
        from sqlalchemy.orm import sessionmaker\n\
        Local = sessionmaker(bind=create_engine('sqlite://'))\n\
        def get_db():\n    db = Local()\n    try:\n        yield db\n    finally:\n        db.close()\n\
        @contextmanager\ndef scope():\n    with Local() as session:\n        yield session\n";
    let cases = [
        ("def f(db = Depends(get_db)):\n    look(db)\n", Some(DatabaseObject::Session)),
        ("with scope() as s:\n    look(s)\n", Some(DatabaseObject::Session)),
        ("db = next(get_db())\nlook(db)\n", Some(DatabaseObject::Session)),
        (
            "from typing import Annotated\nfrom sqlalchemy.orm import Session\n\
          S = Annotated[Session, Depends(get_db)]\ndef f(db: S):\n    look(db)\n",
            Some(DatabaseObject::Session),
        ),
        (
            "from sqlalchemy.ext.asyncio import AsyncSession\ndef f(db: AsyncSession | None = None):\n    look(db)\n",
            Some(DatabaseObject::AsyncSession),
        ),
        (
            "from sqlalchemy.orm import Session\nclass Base(Session): ...\nclass Repo:\n    def __init__(self, s: Base):\n        \
          self.s = s\n    def f(self):\n        look(self.s)\n",
            Some(DatabaseObject::Session),
        ),
        ("import sqlite3\nc = sqlite3.connect('x').cursor()\nlook(c)\n", Some(DatabaseObject::Cursor)),
        ("seen = set()\nlook(seen)\n", None),
        ("def f(db):\n    look(db)\n", None),
    ];
    for (text, expected) in cases {
        let text = format!("from fastapi import Depends\nfrom db import get_db, scope\n{text}");
        let project = project(&[("db.py", database), ("main.py", &text)]);
        let main = module(&project, "main.py");
        assert_eq!(project.database_object(main, looked_at(&project, main)), expected, "{text}");
    }
}

#[test]
fn values_are_followed_through_settings_and_branches() {
    let config = "import os\nfrom pydantic_settings import BaseSettings\n\
        class Base(BaseSettings):\n    ORIGINS: list[str] = ['a', 'b']\n    NAMES: str = 'x,y'\n    REQUIRED: str\n\
        class Settings(Base): ...\nsettings = Settings()\n";
    let cases: &[(&str, &[&str], bool)] = &[
        ("look(settings.ORIGINS)", &["a", "b"], false),
        ("look(settings.NAMES.split(','))", &["x", "y"], false),
        ("look(settings.REQUIRED)", &[], false),
        ("look(['a'] + ['b'])", &["a", "b"], true),
        ("look(['a'] or ['*'])", &["a"], true),
        ("look(os.getenv('X', '*'))", &["*"], false),
        ("X = ['a']\nlook([x.strip() for x in X])", &["a"], true),
        ("look(f'a{unknown}')", &[], false),
        (
            "def env(name, fallback=None):\n    return os.getenv(name) or fallback\nlook(env('X', '*').split(','))",
            &["*"],
            false,
        ),
        ("def env(name, fallback='a'):\n    return fallback\nlook(env('X'))", &["a"], true),
        ("def f(x):\n    look(x)", &[], false),
        ("look('[\"a\", \"b\"]')", &["a", "b"], true),
    ];
    for (text, expected, complete) in cases {
        let text = format!("import os\nfrom config import settings\n{text}\n");
        let project = project(&[("config.py", config), ("main.py", &text)]);
        let main = module(&project, "main.py");
        let possible = project.possible_strings(main, looked_at(&project, main));
        let texts: Vec<&str> = possible.values.iter().map(|value| value.text.as_str()).collect();
        assert_eq!((texts.as_slice(), possible.complete), (*expected, *complete), "{text}");
    }
}

#[test]
fn a_branch_says_in_which_environment_it_runs() {
    let cases = [
        ("if settings.debug:\n    look(1)\n", Some(Condition::Development)),
        ("if not DEBUG:\n    pass\nelse:\n    look(1)\n", Some(Condition::Development)),
        ("if settings.env == 'production':\n    pass\nelse:\n    look(1)\n", Some(Condition::Development)),
        ("if settings.env in ('prod', 'staging'):\n    look(1)\n", Some(Condition::NotDevelopment)),
        ("if settings.env != Environment.LOCAL:\n    look(1)\n", Some(Condition::NotDevelopment)),
        ("if user.is_active:\n    look(1)\n", None),
    ];
    for (text, expected) in cases {
        let project = project(&[("main.py", text)]);
        let main = module(&project, "main.py");
        let node = pyaudit_python::Parent::Expr(looked_at(&project, main));
        assert_eq!(project.condition_at(main, node), expected, "{text}");
    }
}

#[test]
fn routes_have_the_prefixes_of_their_includes() {
    let project = project(&[
        ("app/__init__.py", ""),
        (
            "app/main.py",
            "from fastapi import FastAPI\nfrom app.api import api_router\nfrom app.names import PREFIX\n\
            def create_app():\n    app = FastAPI()\n    app.include_router(api_router, prefix=PREFIX)\n    return app\n",
        ),
        ("app/names.py", "PREFIX = '/v1'\n"),
        (
            "app/api/__init__.py",
            "from fastapi import APIRouter\nfrom . import users\napi_router = APIRouter()\n\
            api_router.include_router(users.router, prefix='/users')\n",
        ),
        (
            "app/api/users.py",
            "from fastapi import APIRouter\nrouter = APIRouter(prefix='/x')\n\
            @router.get('/{id}')\ndef one(id: int): ...\n\
            @router.api_route('/', methods=['GET', 'PUT'])\nasync def many(): ...\n\
            def added(): ...\nrouter.add_api_route('/added', added, methods=['POST'])\n\
            @protected(router.delete, '/wrapped', ['admin'])\ndef wrapped(): ...\n",
        ),
        ("app/orphan.py", "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/o')\ndef o(): ...\n"),
    ]);
    let mut subjects: Vec<(String, bool)> =
        project.routes.routes.iter().map(|route| (route.subject(), route.prefix_known)).collect();
    subjects.sort();
    let expected = [
        ("DELETE /v1/users/x/wrapped", true),
        ("GET /v1/users/x/{id}", true),
        ("GET …/o", false),
        ("GET|PUT /v1/users/x/", true),
        ("POST /v1/users/x/added", true),
    ];
    assert_eq!(subjects, expected.map(|(subject, known)| (subject.to_owned(), known)));
    assert!(project.routes.routes.iter().all(|route| route.handler.is_some()));
}

#[test]
fn an_application_may_be_passed_to_what_includes_routers() {
    let project = project(&[
        ("app/__init__.py", ""),
        (
            "app/main.py",
            "from fastapi import FastAPI\nfrom app.api import router\n\
            def collect(app: FastAPI):\n    app.include_router(router, prefix='/api')\n\
            def start():\n    app = FastAPI()\n    collect(app)\n    return app\n",
        ),
        ("app/api/__init__.py", "from app.api.router import router\n"),
        ("app/api/router.py", "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/x')\ndef x(): ...\n"),
    ]);
    let subjects: Vec<String> = project.routes.routes.iter().map(pyaudit_project::Route::subject).collect();
    assert_eq!(subjects, ["GET /api/x"]);
}

#[test]
fn a_router_that_nothing_includes_is_not_served_where_every_include_is_read() {
    let main = |include: &str| {
        let text = format!(
            "from fastapi import FastAPI\nfrom app import orphan\nfrom app.gone import missing\nimport library\n\
             app = FastAPI()\napp.include_router(missing.router)\napp.include_router(library.router())\n{include}\n"
        );
        project(&[
            ("app/__init__.py", ""),
            ("app/main.py", &text),
            ("app/orphan.py", "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/o')\ndef o(): ...\n"),
        ])
    };
    let served = |project: &Project| project.routes.routes.iter().map(|route| route.may_be_served).collect::<Vec<_>>();
    assert_eq!(served(&main("")), [false]);
    assert_eq!(served(&main("app.include_router(orphan.router)")), [true]);
    assert_eq!(served(&main("for router in found():\n    app.include_router(router)")), [true]);
}

#[test]
fn what_only_looks_like_a_route_is_none() {
    let project = project(&[(
        "tests/test_api.py",
        "import responses\nimport fastapi\nfrom mock import client\n\
         @responses.get('/x')\ndef a(): ...\n@client.get('/y')\ndef b(): ...\n@cache.get\ndef c(): ...\n",
    )]);
    assert!(project.routes.routes.is_empty(), "{:?}", project.routes.routes);
}

#[test]
fn a_definition_needs_one_meaning() {
    let project = project(&[("m.py", "if a:\n    x = 1\nelse:\n    x = 2\nlook(x)\n")]);
    let main = module(&project, "m.py");
    let symbol = project.symbol(main, looked_at(&project, main)).expect("it is a name of this module");
    assert!(project.definition(&symbol).is_none());
    let one = Symbol::Definition { module: main.id, path: vec!["y".to_owned()] };
    assert!(!matches!(project.definition(&one), Some((_, Definition::Value(_)))));
}
