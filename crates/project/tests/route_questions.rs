//! Questions about routes: what they are for, what they take, which of them hide others.

mod common;

use pyaudit_project::{Project, Purpose, Route};

fn project(text: &str) -> Project {
    let text = format!(
        "from typing import Annotated\nfrom fastapi import APIRouter, Depends, FastAPI, Path, Request\napp = FastAPI()\n{text}"
    );
    common::project(&[("main.py", &text)])
}

/// The routes in the order of the source.
fn routes(project: &Project) -> Vec<&Route> {
    let mut routes: Vec<&Route> = project.routes.routes.iter().collect();
    routes.sort_by_key(|route| route.span);
    routes
}

#[test]
fn the_end_of_a_path_says_most_about_its_purpose() {
    let expected = [
        ("/auth/login", Purpose::Credentials),
        ("/auth/users/{id}", Purpose::Other),
        ("/api/v1/sign-up", Purpose::Credentials),
        ("/admin/login", Purpose::Credentials),
        ("/admin/users", Purpose::Administration),
        ("/users/{id}/reset-password", Purpose::Credentials),
        ("/stripe/webhook", Purpose::Webhook),
        ("/health", Purpose::Probe),
        ("/health/records", Purpose::Other),
        ("/contact-us", Purpose::PublicForm),
        ("/contacts/{id}", Purpose::Other),
        ("/orders", Purpose::Other),
        ("/api/account", Purpose::Credentials),
        ("/accounts", Purpose::Other),
        ("/users/{id}/account", Purpose::Other),
    ];
    for (path, purpose) in expected {
        let project = project(&format!("@app.post('{path}')\ndef work(): ...\n"));
        assert_eq!(project.purpose_of(&project.routes.routes[0]), purpose, "{path}");
    }
    let named = project("@app.post('/users')\ndef sign_up(): ...\n");
    assert_eq!(named.purpose_of(&named.routes.routes[0]), Purpose::Credentials);
}

#[test]
fn parameters_are_those_of_the_handler_and_of_its_dependencies() {
    let project = project(
        "
def tenant(tenant_id: int): ...
class Page:
    def __init__(self, page: int, parent: Annotated[int, Depends(tenant)]): ...
Alias = Annotated[Page, Depends()]

@app.get('/{a}')
def one(a: str, page: Alias, number: int = Path(alias='item-number')): ...

@app.get('/b')
def two(request: Request, extra = Depends(lambda: 1)): ...
",
    );
    let [one, two] = routes(&project)[..] else { panic!("two routes") };
    let found = project.route_parameters(one);
    let names: Vec<&str> = found.names.iter().map(String::as_str).collect();
    assert_eq!(names, ["a", "item-number", "number", "page", "parent", "self", "tenant_id"]);
    assert_eq!(found.declared.keys().map(String::as_str).collect::<Vec<_>>(), ["item-number"]);
    assert!(found.is_complete && !found.takes_request);
    let found = project.route_parameters(two);
    assert!(!found.is_complete && found.takes_request);
}

#[test]
fn what_a_view_and_a_factory_depend_on_counts() {
    let project = project(
        "
def owner(kind: str):
    def dependency(owner_id: int): ...
    return dependency

class Base:
    def load(part_id: int): ...
    part: dict = Depends(load)

class View(Base):
    @app.get('/{part_id}/{owner_id}')
    def show(self, owner: Annotated[int, Depends(owner('x'))]): ...
",
    );
    let found = project.route_parameters(&project.routes.routes[0]);
    let names: Vec<&str> = found.names.iter().map(String::as_str).collect();
    assert_eq!(names, ["owner", "owner_id", "part_id", "self"]);
    assert!(found.is_complete);
}

/// The overlaps as `later < earlier`, each as its method and path.
fn overlaps(text: &str) -> Vec<String> {
    let project = project(text);
    let path = |at: usize| project.routes.routes[at].path.clone();
    let all = project.route_overlaps().into_iter();
    let mut all: Vec<String> = all
        .map(|it| {
            let mark = if it.is_same_path { "=" } else { "<" };
            format!("{} {} {mark} {}", it.method, path(it.later), path(it.earlier))
        })
        .collect();
    all.sort();
    all
}

fn registered(paths: &[(&str, &str)]) -> String {
    let lines =
        paths.iter().enumerate().map(|(at, (method, path))| format!("@app.{method}('{path}')\ndef f{at}(): ...\n"));
    lines.collect()
}

#[test]
fn a_route_is_hidden_by_an_earlier_one_that_takes_all_its_requests() {
    let text = registered(&[
        ("get", "/users/{id}"),
        ("get", "/users/me"),
        ("post", "/users/me"),
        ("get", "/users/{name}"),
        ("get", "/users/{a}/{b}"),
        ("get", "/users/{a}/settings"),
        ("get", "/users/me/"),
        ("get", "/files/{rest:path}"),
        ("get", "/files/a/b"),
    ]);
    let expected = [
        "GET /files/a/b < /files/{rest:path}",
        "GET /users/me < /users/{id}",
        "GET /users/{a}/settings < /users/{a}/{b}",
        "GET /users/{name} = /users/{id}",
    ];
    assert_eq!(overlaps(&text), expected);
}

#[test]
fn converters_and_order_keep_routes_apart() {
    let text = registered(&[
        ("get", "/a/me"),
        ("get", "/a/{id}"),
        ("get", "/b/{id:int}"),
        ("get", "/b/me"),
        ("get", "/c/{name}.json"),
        ("get", "/c/list.json"),
    ]);
    assert_eq!(overlaps(&text), [""; 0]);
}

#[test]
fn many_branching_paths_end() {
    let mut text = String::new();
    for at in 0..300 {
        let path: Vec<String> =
            (0..12).map(|bit| if at >> bit & 1 == 1 { "x".into() } else { format!("{{p{bit}}}") }).collect();
        text.extend(["@app.get('/", &path.join("/"), "')\ndef f(): ...\n"]);
    }
    assert!(overlaps(&text).len() < 300);
}

#[test]
fn a_decorator_that_registers_elsewhere_gives_one_route_at_its_own_place() {
    let project = project(
        "
def guarded(method, path):
    def decorator(function):
        return method(path)(function)
    return decorator

@guarded(app.get, '/a')
def show(): ...
",
    );
    let [route] = routes(&project)[..] else { panic!("one route: {:?}", project.routes.routes) };
    assert_eq!(project.sources.slice(route.span), "guarded(app.get, '/a')");
    assert_eq!(
        (route.subject(), project.endpoint_name(&route.endpoint)),
        ("GET /a".to_owned(), Some("main:show".to_owned()))
    );
}

#[test]
fn routers_are_included_in_the_order_of_a_sorted_list() {
    let project = project(
        "
late = APIRouter(prefix='/late')
early = APIRouter(prefix='/early')
@late.get('')
def one(): ...
@early.get('')
def two(): ...
numbered = [(2, late), (1, early)]
numbered.sort(key=lambda pair: pair[0])
for _, router in numbered:
    app.include_router(router)
for _, router in sorted([(1, late), (2, early)], key=lambda pair: pair[0], reverse=True):
    app.include_router(router, prefix='/again')
",
    );
    let application = project.routes.routes[0].application.expect("an application serves them");
    let tried: Vec<&str> = project.routes.tried_by(application).iter().map(|(_, route)| route.path.as_str()).collect();
    assert_eq!(tried, ["/early", "/late", "/again/early", "/again/late"]);
}
