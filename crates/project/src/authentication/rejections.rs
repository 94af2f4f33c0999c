//! Rejections: statements and calls that answer 401 or 403.

use super::Analyst;
use super::schemes::words_of;
use crate::database::reading::returned;
use crate::{Definition, HTTP_EXCEPTIONS, Module, Symbol};
use pyaudit_python::{BindingKind, BindingSite, ExprId, ExprKind, Integer, Keyword, StmtId, StmtKind};

/// A rejection for want of a credential, or for want of a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rejection {
    /// 401, or a web socket closed for a breach of policy.
    Unauthorized,
    /// 403.
    Forbidden,
}

/// Exceptions that end a web socket with a code.
const WEB_SOCKET_EXCEPTIONS: &[&str] =
    &["fastapi.WebSocketException", "fastapi.exceptions.WebSocketException", "starlette.exceptions.WebSocketException"];

/// Exceptions of libraries that become 401 or 403 by their own handlers.
const LIBRARY_EXCEPTIONS: &[&str] =
    &["starlette.authentication.AuthenticationError", "fastapi_jwt_auth.exceptions.AuthJWTException"];

/// Words that together name an exception for a missing credential; each row is a set that must be there whole.
const UNAUTHORIZED_WORDS: &[&[&str]] = &[
    &["unauthorized"],
    &["unauthorised"],
    &["unauthenticated"],
    &["not", "authenticated"],
    &["not", "authorized"],
    &["authentication"],
    &["authorization"],
    &["auth"],
    &["credentials"],
    &["credential"],
    &["invalid", "token"],
    &["invalid", "jwt"],
    &["login", "required"],
];

/// Words that together name an exception for a missing right.
const FORBIDDEN_WORDS: &[&[&str]] =
    &[&["forbidden"], &["permission"], &["permissions"], &["access", "denied"], &["privilege"], &["privileges"]];

/// Codes of a web socket's end that mean a rejection: 1008 of RFC 6455, and what applications make of 401 and 403.
const UNAUTHORIZED_CODES: &[u64] = &[401, 1008, 3000, 4001, 4401];

/// Codes that mean a missing right.
const FORBIDDEN_CODES: &[u64] = &[403, 3003, 4003, 4403];

/// How many names are followed from a raised name to the exception.
const MAX_NAMES: u32 = 4;

impl Analyst<'_> {
    /// Whether a statement turns a client away by itself.
    pub(super) fn rejection(&self, module: &Module, stmt: StmtId) -> Option<Rejection> {
        match module.python.syntax.stmt(stmt).kind {
            StmtKind::Raise { exc: Some(exception), .. } => self.rejecting_exception(module, exception, MAX_NAMES),
            StmtKind::Return(Some(value)) => self.rejecting_response(module, value),
            StmtKind::Expr(value) => closing(module, value).or_else(|| self.sent_response(module, value)),
            _ => None,
        }
    }

    fn rejecting_exception(&self, module: &Module, exception: ExprId, names: u32) -> Option<Rejection> {
        let names = names.checked_sub(1)?;
        match &module.python.syntax.expr(exception).kind {
            ExprKind::Call { func, args, keywords } => {
                let status = status(module, args, keywords);
                let Some(symbol) = self.project.symbol(module, *func) else {
                    return status;
                };
                if symbol.is_any(HTTP_EXCEPTIONS) || symbol.is_any(WEB_SOCKET_EXCEPTIONS) {
                    return status;
                }
                self.of_exception_class(&symbol, names).or(status)
            }
            ExprKind::Name { id, .. } => {
                if let Some(value) = self.project.local_value(module, exception) {
                    return self.rejecting_exception(module, value, names);
                }
                let symbol = self.project.symbol(module, exception)?;
                match self.project.definition(&symbol) {
                    Some((home, Definition::Value(value))) => self.rejecting_exception(home, value, names),
                    Some((_, Definition::Class(_))) => self.of_exception_class(&symbol, names),
                    // An exception that is handed in: `raise credentials_exception`.
                    _ => by_words(module.python.syntax.name(*id)),
                }
            }
            ExprKind::Attribute { .. } => {
                let symbol = self.project.symbol(module, exception)?;
                match self.project.definition(&symbol) {
                    Some((home, Definition::Value(value))) => self.rejecting_exception(home, value, names),
                    _ => self.of_exception_class(&symbol, names),
                }
            }
            _ => None,
        }
    }

    /// What an exception class of the project or of a library stands for, or what a function gives that makes one.
    fn of_exception_class(&self, symbol: &Symbol, names: u32) -> Option<Rejection> {
        let Symbol::Definition { path, .. } = symbol else {
            return symbol.is_any(LIBRARY_EXCEPTIONS).then_some(Rejection::Unauthorized);
        };
        match self.project.definition(symbol)? {
            (home, Definition::Class(class)) => {
                let answered = self.status_of_class(home, class).or_else(|| self.answered_by_handler(home, class));
                answered.or_else(|| by_words(path.last().map_or("", String::as_str)))
            }
            (home, Definition::Function(function)) => {
                returned(home, function).into_iter().find_map(|value| self.rejecting_exception(home, value, names))
            }
            (home, Definition::Value(value)) => self.rejecting_exception(home, value, names),
            (_, Definition::Annotated { .. }) => None,
        }
    }

    /// The status that a class gives itself: an attribute, a default of its constructor, an argument to the class above.
    fn status_of_class(&self, home: &Module, class: StmtId) -> Option<Rejection> {
        let value = match self.project.member(home, class, "status_code") {
            Some((home, Definition::Value(value) | Definition::Annotated { value: Some(value), .. })) => {
                return code(home, value);
            }
            _ => self.project.member(home, class, "__init__"),
        };
        let Some((home, Definition::Function(init))) = value else { return None };
        let function = home.function(init)?;
        let syntax = &home.python.syntax;
        let named = function.parameters.iter().find(|it| syntax.identifier(it.name) == "status_code");
        if let Some(default) = named.and_then(|parameter| parameter.default) {
            return code(home, default);
        }
        let exprs = function.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
        let mut calls = exprs.filter_map(|id| match &syntax.expr(id).kind {
            ExprKind::Call { args, keywords, .. } => status(home, args, keywords),
            _ => None,
        });
        calls.next()
    }

    /// A response that is returned with a status, or a redirect to where one logs in.
    fn rejecting_response(&self, module: &Module, value: ExprId) -> Option<Rejection> {
        let ExprKind::Call { func, args, keywords } = &module.python.syntax.expr(value).kind else { return None };
        let text = self.project.sources.slice(module.span_of(*func));
        let last = words_of(text.rsplit('.').next().unwrap_or(text));
        if last.iter().any(|word| word == "redirect") {
            let target = args.first().copied().or_else(|| module.keyword(keywords, "url"))?;
            let target = self.project.constant_string(module, target)?;
            let is_login = ["login", "signin", "sign-in"].iter().any(|word| target.contains(word));
            return is_login.then_some(Rejection::Unauthorized);
        }
        let status = module.keyword(keywords, "status_code").or_else(|| module.keyword(keywords, "status"));
        let positional = last.last().is_some_and(|word| word == "response").then(|| args.get(1).copied()).flatten();
        code(module, status.or(positional)?)
    }

    /// `await JSONResponse(…, status_code=401)(scope, receive, send)`, as a plain ASGI application answers.
    fn sent_response(&self, module: &Module, value: ExprId) -> Option<Rejection> {
        let syntax = &module.python.syntax;
        let ExprKind::Await(call) = syntax.expr(value).kind else { return None };
        let ExprKind::Call { func, .. } = &syntax.expr(call).kind else { return None };
        match &syntax.expr(*func).kind {
            ExprKind::Call { .. } => self.rejecting_response(module, *func),
            ExprKind::Name { .. } => self.rejecting_response(module, self.project.local_value(module, *func)?),
            _ => None,
        }
    }
}

/// `await websocket.close(code=1008)`.
fn closing(module: &Module, value: ExprId) -> Option<Rejection> {
    let syntax = &module.python.syntax;
    let ExprKind::Await(call) = syntax.expr(value).kind else { return None };
    let ExprKind::Call { func, args, keywords } = &syntax.expr(call).kind else { return None };
    let ExprKind::Attribute { attr, .. } = &syntax.expr(*func).kind else { return None };
    if syntax.identifier(*attr) != "close" {
        return None;
    }
    code(module, module.keyword(keywords, "code").or_else(|| args.first().copied())?)
}

/// The status among the arguments of an exception: `status_code=`, `code=`, or the first.
fn status(module: &Module, args: &[ExprId], keywords: &[Keyword]) -> Option<Rejection> {
    let named = ["status_code", "code"].iter().find_map(|name| module.keyword(keywords, name));
    code(module, named.or_else(|| args.first().copied())?)
}

/// The rejection that a code stands for: a number, `status.HTTP_401_UNAUTHORIZED`, `HTTPStatus.FORBIDDEN.value`.
fn code(module: &Module, expr: ExprId) -> Option<Rejection> {
    let syntax = &module.python.syntax;
    match &syntax.expr(expr).kind {
        ExprKind::Int(Integer::Small(code)) => by_code(*code),
        ExprKind::Attribute { value, attr, .. } => match (syntax.identifier(*attr), &syntax.expr(*value).kind) {
            ("value" | "code", ExprKind::Attribute { attr, .. }) => by_constant(syntax.identifier(*attr)),
            (name, _) => by_constant(name),
        },
        ExprKind::Name { id, .. } => match module.python.lookup(expr).map(|(_, binding)| binding.sites.as_slice()) {
            Some([BindingSite { kind: BindingKind::Assigned(value), .. }]) => match syntax.expr(*value).kind {
                ExprKind::Int(Integer::Small(code)) => by_code(code),
                _ => by_constant(syntax.name(*id)),
            },
            _ => by_constant(syntax.name(*id)),
        },
        _ => None,
    }
}

fn by_code(code: u64) -> Option<Rejection> {
    if UNAUTHORIZED_CODES.contains(&code) {
        Some(Rejection::Unauthorized)
    } else {
        FORBIDDEN_CODES.contains(&code).then_some(Rejection::Forbidden)
    }
}

/// The constants of `starlette.status` hold their number; those of `http.HTTPStatus` are known by name.
fn by_constant(name: &str) -> Option<Rejection> {
    match name {
        "UNAUTHORIZED" => Some(Rejection::Unauthorized),
        "FORBIDDEN" => Some(Rejection::Forbidden),
        _ => by_code(name.split('_').nth(1)?.parse().ok()?),
    }
}

/// What the name of an exception says: `NotAuthenticatedError`, `credentials_exception`.
fn by_words(name: &str) -> Option<Rejection> {
    let words = words_of(name);
    let is_exception = words.iter().any(|word| matches!(word.as_str(), "exception" | "error" | "exc" | "err"));
    let has = |sets: &[&[&str]]| sets.iter().any(|set| set.iter().all(|word| words.iter().any(|it| it == word)));
    // Without the word, only the unmistakable names count: `raise Unauthorized()`.
    let plain = ["unauthorized", "unauthenticated", "forbidden", "denied", "required"];
    if !is_exception && !words.iter().any(|word| plain.contains(&word.as_str())) {
        return None;
    }
    if has(UNAUTHORIZED_WORDS) {
        Some(Rejection::Unauthorized)
    } else {
        has(FORBIDDEN_WORDS).then_some(Rejection::Forbidden)
    }
}
