//! `pyaudit routes` lists what applications serve.

use crate::support::{Ended, repository, run};
use pyaudit::ExitStatus::{NothingToScan, Success};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

const MAIN: &str = "\
from fastapi import FastAPI

from app.users import router

app = FastAPI(openapi_url=None)
app.include_router(router, prefix=\"/api\")
";

const USERS: &str = "\
from fastapi import APIRouter, Depends, HTTPException, Request

router = APIRouter(prefix=\"/users\")


def signed_in(request: Request):
    if not request.cookies.get(\"session\"):
        raise HTTPException(status_code=401)


@router.get(\"/{user_id}\")
def read(user_id: int):
    return user_id


@router.delete(\"/{user_id}\", dependencies=[Depends(signed_in)])
def delete(user_id: int):
    return None
";

fn shop() -> TempDir {
    repository(&[("app/__init__.py", ""), ("app/main.py", MAIN), ("app/users.py", USERS)])
}

fn routes(directory: &Path, format: &str) -> Ended {
    let directory = directory.to_str().expect("the path of the temporary directory is UTF-8");
    run(&["routes", directory, "--format", format])
}

fn of(files: &[(&str, &str)]) -> Vec<Value> {
    let ended = routes(repository(files).path(), "json");
    assert_eq!(ended.status, Success, "{}", ended.errors);
    let document: Value = serde_json::from_str(&ended.out).expect("the routes are JSON");
    document["routes"].as_array().expect("the routes are a list").clone()
}

#[test]
fn the_json_is_what_is_promised() {
    let ended = routes(shop().path(), "json");
    assert_eq!((ended.status, ended.errors.as_str()), (Success, ""));
    let via = json!([{ "file": "app/main.py", "line": 6 }]);
    let expected = json!({
        "version": 1,
        "routes": [
            {
                "method": "GET", "path": "/api/users/{user_id}", "handler": "app.users:read", "file": "app/users.py",
                "line": 12, "status": "exact", "auth": "none", "auth_via": [], "app": "app.main:app", "via": via,
            },
            {
                "method": "DELETE", "path": "/api/users/{user_id}", "handler": "app.users:delete",
                "file": "app/users.py", "line": 17, "status": "exact", "auth": "required",
                "auth_via": [{ "name": "signed_in", "file": "app/users.py", "line": 6 }], "app": "app.main:app",
                "via": via,
            },
        ],
    });
    assert_eq!(serde_json::from_str::<Value>(&ended.out).expect("the routes are JSON"), expected);
}

#[test]
fn the_table_is_aligned_and_counted() {
    let ended = routes(shop().path(), "table");
    let expected = "\
app.main:app
  GET     /api/users/{user_id}  none      app.users:read    app/users.py:12
  DELETE  /api/users/{user_id}  required  app.users:delete  app/users.py:17

2 routes of 1 application
";
    assert_eq!((ended.status, ended.out.as_str()), (Success, expected));
}

#[test]
fn markdown_has_a_table_an_application() {
    let ended = routes(shop().path(), "markdown");
    let expected = "\
# Routes

2 routes of 1 application.

## `app.main:app`

| method | path | auth | handler | place | status |
|---|---|---|---|---|---|
| `GET` | `/api/users/{user_id}` | none | `app.users:read` | `app/users.py:12` | exact |
| `DELETE` | `/api/users/{user_id}` | required | `app.users:delete` | `app/users.py:17` | exact |
";
    assert_eq!((ended.status, ended.out.as_str()), (Success, expected));
}

#[test]
fn paths_of_a_repository_are_inert() {
    let text = "\
from fastapi import FastAPI

app = FastAPI(openapi_url=None)


@app.get(\"/\\x1b]8;;x\\u202e|`<b>\")
def read():
    return 1
";
    let hostile = repository(&[("main.py", text)]);
    for format in ["table", "json", "markdown"] {
        let out = routes(hostile.path(), format).out;
        assert!(!out.contains(['\u{1b}', '\u{202e}']), "{format}: {out:?}");
    }
    let markdown = routes(hostile.path(), "markdown").out;
    assert!(markdown.contains("| `` /\\u{1b}]8;;x\\u{202e}\\|`<b> `` |"), "{markdown}");
    let [route] = &of(&[("main.py", text)])[..] else { panic!("there is one route") };
    assert_eq!(route["path"], "/\u{1b}]8;;x\u{202e}|`<b>");
}

#[test]
fn an_unknown_prefix_is_said() {
    let main = "\
import os

from fastapi import APIRouter, FastAPI

app = FastAPI(openapi_url=None)
router = APIRouter()


@router.get(\"/health\")
def health():
    return 1


app.include_router(router, prefix=os.environ[\"PREFIX\"])
";
    let [route] = &of(&[("main.py", main)])[..] else { panic!("there is one route") };
    assert_eq!((&route["path"], &route["status"]), (&json!("/health"), &json!("unresolved-prefix")));
    let table = routes(repository(&[("main.py", main)]).path(), "table").out;
    assert!(table.contains("GET  …/health  none  main:health  main.py:10  unresolved-prefix"), "{table}");
    assert!(table.ends_with("1 route of 1 application, 1 with an unresolved prefix\n"), "{table}");
}

#[test]
fn what_nobody_serves_is_left_out() {
    let main = "\
from fastapi import APIRouter, FastAPI

app = FastAPI(openapi_url=None)
forgotten = APIRouter()


@forgotten.get(\"/forgotten\")
def read():
    return 1
";
    let test = "\
from fastapi import FastAPI

app = FastAPI()


@app.get(\"/only-tested\")
def read():
    return 1
";
    assert_eq!(of(&[("main.py", main), ("tests/test_app.py", test)]), Vec::<Value>::new());
}

#[test]
fn documentation_is_the_framework_s() {
    let found = of(&[("main.py", "from fastapi import FastAPI\n\napp = FastAPI(redoc_url=None)\n")]);
    let shown: Vec<_> = found.iter().map(|route| (&route["path"], &route["status"], &route["handler"])).collect();
    let framework = json!("framework");
    let paths = ["/openapi.json", "/docs", "/docs/oauth2-redirect"].map(|path| json!(path));
    let expected: Vec<_> = paths.iter().map(|path| (path, &framework, &Value::Null)).collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_project_without_routes_says_so() {
    let ended = routes(repository(&[("main.py", "print(1)\n")]).path(), "table");
    assert_eq!((ended.status, ended.out.as_str()), (Success, "no routes\n"));
    assert_eq!(routes(repository(&[]).path(), "table").status, NothingToScan);
}
