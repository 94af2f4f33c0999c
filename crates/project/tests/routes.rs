//! The route table of small projects, for what the applications in `testdata/applications` do not show.

mod common;

use common::project;
use pyaudit_project::{Project, Route};
use std::fmt::Write as _;

/// A project of Python files given as pairs of a path and a text.
fn handler(project: &Project, route: &Route) -> Option<String> {
    let (module, function) = route.handler?;
    project.modules.get(module).python.qualname(function)
}

#[test]
fn a_handler_is_what_is_decorated_and_an_endpoint_what_answers() {
    let text = "\
from functools import wraps

from fastapi import FastAPI

app = FastAPI(openapi_url=None)


def bare(function):
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)

    return wrapper


def wrapped(function):
    @wraps(function)
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)

    return wrapper


@app.get('/one')
@bare
async def one(): ...


@app.get('/two')
@wrapped
async def two(): ...
";
    let project = project(&[("main.py", text)]);
    let routes = project.routes.routes.iter();
    let found: Vec<_> = routes.map(|it| (handler(&project, it), project.endpoint_name(&it.endpoint))).collect();
    let pair = |handler: &str, endpoint: &str| (Some(handler.to_owned()), Some(endpoint.to_owned()));
    assert_eq!(found, [pair("one", "main:bare.<locals>.wrapper"), pair("two", "main:two")]);
}

#[test]
fn middleware_of_a_mounted_application_guards_what_it_serves() {
    let text = "\
from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import Response

app = FastAPI(openapi_url=None)
inner = FastAPI(openapi_url=None)


class Guard(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        if not request.headers.get('authorization'):
            return Response(status_code=401)
        return await call_next(request)


inner.add_middleware(Guard)
app.mount('/inner', inner)


@inner.get('/a')
def a(): ...


@app.get('/b')
def b(): ...
";
    let project = project(&[("main.py", text)]);
    let routes = project.routes.routes.iter().enumerate();
    let found: Vec<String> =
        routes.map(|(at, it)| format!("{} {}", it.subject(), project.authentications.of(at).demand.name())).collect();
    assert_eq!(found, ["GET /inner/a required", "GET /b none"]);
}

/// What grows with every line: lists, dictionaries, texts and calls that double, loops in loops, includes in circles.
#[test]
fn what_doubles_and_what_circles_ends() {
    let mut text =
        String::from("from fastapi import APIRouter, FastAPI\napp = FastAPI()\na, b, c = [1, 2], {'x': 1}, 'xy'\n");
    for number in 0..200 {
        let _ = writeln!(text, "a = [*a, *a]\nb = {{**b, 'k{number}': b, **b}}\nc = c + c\na.extend(a)\nb = b | b");
        let _ = writeln!(text, "def f{number}():\n    return f{}() + f{}()", number / 2, number + 1);
    }
    text.push_str("for i in a:\n  for j in a:\n    for k in a:\n      app.add_api_route(f'/{i}{j}{k}', f0)\n");
    text.push_str("r, s = APIRouter(), APIRouter()\nr.include_router(s)\ns.include_router(r)\nr.include_router(r)\n");
    text.push_str("app.include_router(r)\n@s.get('/x')\ndef x(): ...\nf199()\n");
    let project = project(&[("main.py", &text)]);
    assert!(project.routes.routes.iter().any(|route| route.path == "/x"), "{}", project.routes.routes.len());
}

#[test]
fn what_nests_deeply_ends() {
    let mut text = String::from("from fastapi import FastAPI\napp = FastAPI()\n");
    for number in 0..2_000 {
        let _ = writeln!(text, "def g{number}(x):\n    return [g{}(x)]", number + 1);
    }
    let _ = writeln!(text, "g0({}1{})", "(lambda: ".repeat(150), ")()".repeat(150));
    text.push_str("@app.get('/x')\ndef x(): ...\n");
    let project = project(&[("main.py", &text)]);
    assert_eq!(project.routes.routes.len(), 1);
}

#[test]
fn an_unknown_include_of_what_nobody_serves_opens_nothing() {
    let text = "\
from fastapi import APIRouter, FastAPI

app = FastAPI(openapi_url=None)
aggregator, forgotten = APIRouter(), APIRouter()
OUTER.include_router(UNKNOWN)


@forgotten.get('/x')
def x(): ...


aggregator.include_router(forgotten)
";
    let served = |outer: &str| {
        let text = text.replace("OUTER", outer).replace("UNKNOWN", "[r for r in open('x')][0]");
        project(&[("main.py", &text)]).routes.routes.iter().any(|route| route.may_be_served)
    };
    assert_eq!([served("aggregator"), served("app")], [false, true]);
}
