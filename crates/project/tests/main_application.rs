//! What is asked of the applications of a repository as a whole.

mod common;

use common::project;

const SMALL: &str = "from fastapi import FastAPI\napp = FastAPI()\n";
const LARGE: &str = "from fastapi import FastAPI\nfrom starlette.middleware.gzip import GZipMiddleware\napp = FastAPI()\n\
                     app.add_middleware(GZipMiddleware)\n@app.get('/a')\ndef a():\n    return 'Said'\n";

#[test]
fn the_main_application_serves_most_and_is_no_test() {
    let project = project(&[("app/a.py", SMALL), ("app/b.py", LARGE), ("tests/test_c.py", LARGE)]);
    let main = project.main_application().expect("there are applications");
    let span = project.made_at(main);
    assert_eq!(project.sources.file(span.file).path, "app/b.py");
    assert_eq!(project.sources.slice(span), "FastAPI");
    assert_eq!(project.shipped_applications().count(), 2);
}

#[test]
fn layers_texts_and_imports_are_asked_of_what_is_shipped() {
    let shipped = project(&[("app/b.py", LARGE)]);
    assert!(shipped.has_layer_named(&["gzip"]) && !shipped.has_layer_named(&["brotli"]));
    assert!(shipped.application_says(&["said"]) && !shipped.application_says(&["sai"]));
    assert!(shipped.application_imports(&["starlette"]));
    let tested = project(&[("tests/test_b.py", LARGE)]);
    assert!(!tested.has_layer_named(&["gzip"]) && !tested.application_says(&["said"]));
    assert!(!tested.application_imports(&["starlette"]));
}

#[test]
fn a_route_that_is_included_twice_is_one() {
    let text = "from fastapi import APIRouter, FastAPI\nrouter = APIRouter()\n@router.get('/a')\n@router.get('/b')\n\
                def a():\n    pass\none = FastAPI()\none.include_router(router)\ntwo = FastAPI()\n\
                two.include_router(router, prefix='/v2')\n";
    let project = project(&[("app/a.py", text), ("app/qa/b.py", "A = 1\n"), ("tests/test_c.py", text)]);
    let paths: Vec<&str> = project.shipped_routes().iter().map(|(_, route)| route.path.as_str()).collect();
    assert_eq!(paths.len(), 2, "{paths:?}");
    let among: Vec<bool> = project.modules.iter().map(|module| project.stands_among_tests(module)).collect();
    assert_eq!(among, [false, true, true]);
}

#[test]
fn proxies_are_read_without_their_comments() {
    let project =
        project(&[("app/a.py", SMALL), ("deploy/nginx.conf", "# gzip on;\nadd_header X-Frame-Options DENY;\n")]);
    assert!(project.front_with(&["x-frame-options"]).is_some());
    assert!(project.front_with(&["gzip on"]).is_none());
}

#[test]
fn secrets_that_are_held_are_followed_into_texts() {
    let project = project(&[(
        "app/a.py",
        "import os\nclass Keys:\n    pass\nTOKEN = os.getenv('CRON_TOKEN', '')\nlook(f'Bearer {TOKEN}')\n\
         see(os.environ['TOKEN_URL'])\n",
    )]);
    let module = project.modules.iter().next().expect("one module");
    let secret = |name| project.held_secret(module, module.calls_named(&[name])[0].args[0]);
    assert_eq!(secret("look").as_deref(), Some("CRON_TOKEN"));
    assert_eq!(secret("see"), None);
}
