//! Libraries that bring routes of their own.

use super::framework::{RouteEntry, RouterClass};
use super::interpreter::{Frame, Interpreter};
use super::value::{Arguments, Object, ObjectId, Value};
use pyaudit_python::ExprId;
use std::rc::Rc;

/// A route of a library: its method, its path and the function that answers.
type LibraryRoute = (&'static str, &'static str, &'static str);

/// What the routers of `fastapi-users` answer: the method that makes the router, the routes, and the functions in the
/// order of the routes. Source: <https://fastapi-users.github.io/fastapi-users/latest/configuration/routers/>.
const FASTAPI_USERS: &[(&str, &[LibraryRoute])] = &[
    (
        "get_auth_router",
        &[
            ("POST", "/login", "fastapi_users.router.auth:get_auth_router.<locals>.login"),
            ("POST", "/logout", "fastapi_users.router.auth:get_auth_router.<locals>.logout"),
        ],
    ),
    (
        "get_register_router",
        &[("POST", "/register", "fastapi_users.router.register:get_register_router.<locals>.register")],
    ),
    (
        "get_verify_router",
        &[
            (
                "POST",
                "/request-verify-token",
                "fastapi_users.router.verify:get_verify_router.<locals>.request_verify_token",
            ),
            ("POST", "/verify", "fastapi_users.router.verify:get_verify_router.<locals>.verify"),
        ],
    ),
    (
        "get_reset_password_router",
        &[
            (
                "POST",
                "/forgot-password",
                "fastapi_users.router.reset:get_reset_password_router.<locals>.forgot_password",
            ),
            ("POST", "/reset-password", "fastapi_users.router.reset:get_reset_password_router.<locals>.reset_password"),
        ],
    ),
    (
        "get_users_router",
        &[
            ("GET", "/me", "fastapi_users.router.users:get_users_router.<locals>.me"),
            ("PATCH", "/me", "fastapi_users.router.users:get_users_router.<locals>.update_me"),
            ("GET", "/{id}", "fastapi_users.router.users:get_users_router.<locals>.get_user"),
            ("PATCH", "/{id}", "fastapi_users.router.users:get_users_router.<locals>.update_user"),
            ("DELETE", "/{id}", "fastapi_users.router.users:get_users_router.<locals>.delete_user"),
        ],
    ),
    (
        "get_oauth_router",
        &[
            ("GET", "/authorize", "fastapi_users.router.oauth:get_oauth_router.<locals>.authorize"),
            ("GET", "/callback", "fastapi_users.router.oauth:get_oauth_router.<locals>.callback"),
        ],
    ),
];

/// Functions of libraries that give back the application that they are given, changed.
const GIVING_BACK: &[&str] = &["gradio.mount_gradio_app", "fastapi_pagination.add_pagination"];

impl Interpreter<'_> {
    /// What a call of a library gives where that is an application or router whose routes are known.
    pub(super) fn made_by_library(
        &mut self,
        frame: &Frame,
        call: ExprId,
        dotted: &str,
        arguments: &Arguments,
    ) -> Option<Value> {
        if GIVING_BACK.contains(&dotted) {
            return arguments.positional.first().cloned();
        }
        if !dotted.starts_with("fastapi_users.") {
            return None;
        }
        let name = dotted.rsplit('.').next()?;
        let (_, brought) = FASTAPI_USERS.iter().find(|(known, _)| *known == name)?;
        let place = (frame.module, call);
        let id = self.new_object(Object::default());
        let router = self.new_router(RouterClass::ApiRouter, id, place);
        for (method, path, handler) in *brought {
            let route = library_route(method, Some((*path).to_owned()), handler);
            self.push_route(router, route, place);
        }
        Some(Value::Object(id))
    }

    /// Adds the routes that a call of a library puts into an application.
    pub(super) fn brought_by(
        &mut self,
        frame: &Frame,
        call: ExprId,
        dotted: &str,
        arguments: &Arguments,
        around: Option<ObjectId>,
    ) {
        let Some(router) = around.and_then(|id| self.router_of(id)) else { return };
        if dotted.starts_with("prometheus_fastapi_instrumentator.") && dotted.ends_with(".expose") {
            let path = match arguments.get("endpoint", None) {
                Some(path) => self.text_of(path),
                None => Some("/metrics".to_owned()),
            };
            let handler = "prometheus_fastapi_instrumentator.instrumentation:PrometheusFastApiInstrumentator.expose.<locals>.metrics";
            self.push_route(router, library_route("GET", path, handler), (frame.module, call));
        }
    }
}

fn library_route(method: &str, path: Option<String>, handler: &str) -> RouteEntry {
    RouteEntry {
        path,
        methods: vec![method.to_owned()],
        endpoint: Value::External(Rc::from(handler)),
        dependencies: Vec::new(),
        is_starlette: false,
    }
}
