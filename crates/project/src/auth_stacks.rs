//! The libraries by which the guards of routes tell who sends a request.

use crate::calls::EdgeKind;
use crate::{Demand, Guard, Module, ModuleId, Project};
use pyaudit_python::{ExprId, ExprKind, StmtId};
use pyaudit_source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// The starts of dotted paths of calls that verify a user's token, and the libraries they are of.
const VERIFYING: &[(&str, &str)] = &[
    ("jose.jwt.decode", "python-jose"),
    ("jose.jws.verify", "python-jose"),
    ("jose.jwe.decrypt", "python-jose"),
    ("jwt.decode", "PyJWT"),
    ("jwt.api_jwt.decode", "PyJWT"),
    ("jwt.PyJWT.decode", "PyJWT"),
    ("authlib.jose.jwt.decode", "Authlib"),
    ("authlib.jose.JsonWebToken.decode", "Authlib"),
    ("joserfc.jwt.decode", "joserfc"),
    ("fastapi_jwt_auth.AuthJWT.", "fastapi-jwt-auth"),
    ("firebase_admin.auth.verify_id_token", "firebase-admin"),
    ("firebase_admin.auth.verify_session_cookie", "firebase-admin"),
    ("supabase.create_client.auth.get_user", "supabase"),
    ("supabase.Client.auth.get_user", "supabase"),
    ("keycloak.KeycloakOpenID.", "python-keycloak"),
];

/// Words in the names of guards for other parties than users.
const OTHER_PARTIES: &[&str] = &[
    "internal",
    "service",
    "webhook",
    "widget",
    "websocket",
    "ws",
    "socket",
    "apikey",
    "machine",
    "m2m",
    "scim",
    "worker",
    "device",
    "stream",
    "sse",
    "upload",
    "download",
    "share",
    "invite",
    "signed",
    "reset",
    "verification",
    "mcp",
];

/// How many calls away from a guard its library may be.
const DEPTH: usize = 4;

/// A guard of routes with the libraries behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthStack {
    /// The guard.
    pub guard: Guard,
    /// The dotted name of the module that defines it.
    pub module: String,
    /// The libraries that it, or what it calls, verifies a token with; empty where none is known.
    pub libraries: BTreeSet<&'static str>,
    /// The security scheme that answers for a request without a credential: `HTTPBearer`, with its place.
    pub scheme: Option<(&'static str, Span)>,
    /// How many routes it guards.
    pub routes: usize,
}

impl Project {
    /// The guards that turn users away from the routes which the repository ships, in the order of their places. Guards of
    /// web sockets, services and links are left out.
    pub fn auth_stacks(&self) -> Vec<AuthStack> {
        let mut guards: BTreeMap<(Span, String), (Guard, usize)> = BTreeMap::new();
        for (index, route) in self.shipped_routes() {
            if route.methods.iter().any(|method| method == "WEBSOCKET") {
                continue;
            }
            for guard in &self.authentications.of(index).guards {
                let key = (guard.span, guard.name.clone());
                guards.entry(key).or_insert_with(|| (guard.clone(), 0)).1 += 1;
            }
        }
        let is_of_users = |guard: &Guard| {
            let words: Vec<String> = crate::paths::words(&guard.name.replace('_', " ")).collect();
            let is_key = words.windows(2).any(|pair| pair == ["api", "key"]);
            guard.demand == Demand::Required && !is_key && !words.iter().any(|it| OTHER_PARTIES.contains(&it.as_str()))
        };
        let users = guards.into_values().filter(|(guard, _)| is_of_users(guard));
        users.filter_map(|(guard, routes)| self.auth_stack(guard, routes)).collect()
    }

    fn auth_stack(&self, guard: Guard, routes: usize) -> Option<AuthStack> {
        let module = self.modules.in_file(guard.span.file)?;
        let (function, _) = module
            .python
            .syntax
            .stmts()
            .find(|&(id, _)| module.function(id).is_some_and(|it| Some(it.name.range) == guard.span.range))?;
        let behind = self.functions_behind(module.id, function, DEPTH);
        let libraries = behind.iter().flat_map(|&(home, function)| self.verified_with(home.id, function)).collect();
        let scheme = behind.iter().find_map(|&(home, function)| self.scheme_of(home, function));
        Some(AuthStack { guard, module: self.imported_name(module.id).to_owned(), libraries, scheme, routes })
    }

    /// The libraries that a function itself verifies a token with.
    fn verified_with(&self, module: ModuleId, function: StmtId) -> BTreeSet<&'static str> {
        let Some(id) = self.calls.of(module, function) else { return BTreeSet::new() };
        let calls = self.calls.external_calls(id).filter(|call| call.edge.kind != EdgeKind::Callback);
        let known = calls.filter_map(|call| {
            let mut all = VERIFYING.iter();
            all.find(|(start, _)| call.symbol.starts_with(start)).map(|&(_, library)| library)
        });
        known.collect()
    }

    /// The scheme whose object a function depends on, where it answers by itself for a request without a credential.
    fn scheme_of(&self, module: &Module, function: StmtId) -> Option<(&'static str, Span)> {
        let definition = module.function(function)?;
        let mut callables = definition.parameters.iter().flat_map(|it| self.parameter_dependencies(module, it));
        callables.find_map(|(home, callable)| {
            let home = self.modules.get(home);
            let (at, made) = self.follow(home, callable);
            self.made_scheme(at, made).map(|name| (name, at.span_of(made)))
        })
    }

    /// The scheme of FastAPI that a call makes, unless it is told to answer nothing.
    fn made_scheme(&self, module: &Module, made: ExprId) -> Option<&'static str> {
        let ExprKind::Call { func, keywords, .. } = &module.python.syntax.expr(made).kind else { return None };
        let is_lenient = module
            .keyword(keywords, "auto_error")
            .is_some_and(|value| module.python.syntax.expr(value).kind == ExprKind::Bool(false));
        let name = self.symbol(module, *func)?;
        let name = name.external()?.strip_prefix("fastapi.security.")?.rsplit('.').next()?.to_owned();
        let known = ["HTTPBearer", "OAuth2PasswordBearer", "OAuth2AuthorizationCodeBearer"];
        known.into_iter().find(|it| *it == name && !is_lenient)
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    #[test]
    fn guards_are_told_with_library_scheme_and_routes() {
        let project = project(&[(
            "app/main.py",
            "import jwt as pyjwt\nfrom fastapi import Depends, FastAPI, HTTPException\nfrom fastapi.security import HTTPBearer, OAuth2PasswordBearer\n\
             from jose import jwt\napp = FastAPI()\nbearer = HTTPBearer()\nlenient = OAuth2PasswordBearer(tokenUrl='/t', auto_error=False)\n\
             def read(token):\n    return pyjwt.decode(token, 'k')\n\
             def one(c=Depends(bearer)):\n    user = read(c.credentials)\n    if not user:\n        raise HTTPException(401)\n    return user\n\
             def two(token=Depends(lenient)):\n    if not token:\n        raise HTTPException(401)\n    return jwt.decode(token, 'k')\n\
             def api_key(token=Depends(bearer)):\n    if token != 'k':\n        raise HTTPException(401)\n\
             @app.get('/a')\ndef a(u=Depends(one)): ...\n@app.get('/b')\ndef b(u=Depends(one)): ...\n\
             @app.get('/c')\ndef c(u=Depends(two)): ...\n@app.get('/d')\ndef d(u=Depends(api_key)): ...\n",
        )]);
        let told: Vec<String> = project
            .auth_stacks()
            .iter()
            .map(|stack| {
                let libraries: Vec<&str> = stack.libraries.iter().copied().collect();
                let scheme = stack.scheme.map_or("none", |it| it.0);
                format!("{} {} {scheme} {}", stack.guard.name, libraries.join("+"), stack.routes)
            })
            .collect();
        assert_eq!(told, ["one PyJWT HTTPBearer 2", "two python-jose none 1"]);
    }
}
