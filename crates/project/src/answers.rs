//! What code answers to an HTTP client: exceptions and responses with their status and content.

use crate::{Definition, Module, Project};
use pyaudit_python::{ExprId, ExprKind, Integer, Keyword, StmtId, StmtKind};

/// The exception classes of the frameworks that become an answer.
/// <https://fastapi.tiangolo.com/tutorial/handling-errors/>
pub const HTTP_EXCEPTIONS: &[&str] =
    &["fastapi.HTTPException", "fastapi.exceptions.HTTPException", "starlette.exceptions.HTTPException"];

/// The response classes of the frameworks that are made of content. <https://www.starlette.io/responses/>
const RESPONSES: &[&str] =
    &["Response", "JSONResponse", "ORJSONResponse", "UJSONResponse", "PlainTextResponse", "HTMLResponse"];

/// The modules that offer these classes.
const RESPONSE_MODULES: &[&str] = &["fastapi", "fastapi.responses", "starlette.responses"];

/// The names of `http.HTTPStatus` that errors are told with, and their numbers.
/// <https://docs.python.org/3/library/http.html>
const STATUS_NAMES: &[(&str, u16)] = &[
    ("OK", 200),
    ("CREATED", 201),
    ("ACCEPTED", 202),
    ("NO_CONTENT", 204),
    ("BAD_REQUEST", 400),
    ("UNAUTHORIZED", 401),
    ("PAYMENT_REQUIRED", 402),
    ("FORBIDDEN", 403),
    ("NOT_FOUND", 404),
    ("METHOD_NOT_ALLOWED", 405),
    ("CONFLICT", 409),
    ("GONE", 410),
    ("UNPROCESSABLE_ENTITY", 422),
    ("UNPROCESSABLE_CONTENT", 422),
    ("TOO_MANY_REQUESTS", 429),
    ("INTERNAL_SERVER_ERROR", 500),
    ("NOT_IMPLEMENTED", 501),
    ("BAD_GATEWAY", 502),
    ("SERVICE_UNAVAILABLE", 503),
    ("GATEWAY_TIMEOUT", 504),
];

/// How an answer is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerKind {
    /// An exception of the framework, or one of the project that inherits from it.
    Exception,
    /// A response object.
    Response,
}

/// An exception or response that an expression makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How it is given.
    pub kind: AnswerKind,
    /// The name that is called, as it is written.
    pub func: ExprId,
    /// The status, where it is written and known. A response without one has 200.
    pub status: Option<u16>,
    /// What the client reads: the detail of an exception, the content of a response.
    pub content: Option<ExprId>,
}

impl Answer {
    /// Whether the status is known and that of a server's failure.
    pub fn is_server_error(&self) -> bool {
        self.status.is_some_and(|status| status >= 500)
    }
}

impl Project {
    /// The answer that an expression makes, where it is a call that makes one.
    pub fn answer(&self, module: &Module, expr: ExprId) -> Option<Answer> {
        let ExprKind::Call { func, args, keywords } = &module.python.syntax.expr(expr).kind else { return None };
        if self.is_http_exception(module, *func) {
            let own = self.is_any(module, *func, HTTP_EXCEPTIONS);
            let at = |place: usize| own.then(|| args.get(place).copied()).flatten();
            let status = module.keyword(keywords, "status_code").or_else(|| at(0));
            return Some(Answer {
                kind: AnswerKind::Exception,
                func: *func,
                status: status.and_then(|status| self.status(module, status)),
                content: module.keyword(keywords, "detail").or_else(|| at(1)),
            });
        }
        self.is_response(module, *func).then(|| self.response(module, *func, args, keywords))
    }

    fn response(&self, module: &Module, func: ExprId, args: &[ExprId], keywords: &[Keyword]) -> Answer {
        let status = module.keyword(keywords, "status_code").or_else(|| args.get(1).copied());
        Answer {
            kind: AnswerKind::Response,
            func,
            status: status.map_or(Some(200), |status| self.status(module, status)),
            content: module.keyword(keywords, "content").or_else(|| args.first().copied()),
        }
    }

    /// Whether a name is `HTTPException` of a framework or a class of the project that inherits from it.
    pub fn is_http_exception(&self, module: &Module, class: ExprId) -> bool {
        self.is_any(module, class, HTTP_EXCEPTIONS)
            || self.class(module, class).is_some_and(|(home, id, _)| self.inherits_from(home, id, HTTP_EXCEPTIONS))
    }

    fn is_response(&self, module: &Module, class: ExprId) -> bool {
        let symbol = self.symbol(module, class);
        let name = symbol.as_ref().and_then(|symbol| symbol.external()?.rsplit_once('.'));
        name.is_some_and(|(home, class)| RESPONSE_MODULES.contains(&home) && RESPONSES.contains(&class))
    }

    /// The answer that a statement gives: by `raise`, or by `return` of a response.
    pub fn answer_of_stmt(&self, module: &Module, stmt: StmtId) -> Option<Answer> {
        match module.python.syntax.stmt(stmt).kind {
            StmtKind::Raise { exc: Some(value), .. } | StmtKind::Return(Some(value)) => self.answer(module, value),
            _ => None,
        }
    }

    /// The HTTP status that an expression gives: a number, `status.HTTP_404_NOT_FOUND`, `HTTPStatus.NOT_FOUND`, or a
    /// constant of the project that is one of these.
    pub fn status(&self, module: &Module, expr: ExprId) -> Option<u16> {
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Int(Integer::Small(code)) => u16::try_from(*code).ok(),
            ExprKind::Attribute { value, attr, .. } => match syntax.identifier(*attr) {
                "value" => self.status(module, *value),
                name => status_by_name(name).or_else(|| self.constant_status(module, expr)),
            },
            ExprKind::Name { id, .. } => {
                status_by_name(syntax.name(*id)).or_else(|| self.constant_status(module, expr))
            }
            _ => None,
        }
    }

    fn constant_status(&self, module: &Module, expr: ExprId) -> Option<u16> {
        let symbol = self.symbol(module, expr)?;
        let (home, Definition::Value(value)) = self.definition(&symbol)? else { return None };
        match home.python.syntax.expr(value).kind {
            ExprKind::Int(Integer::Small(code)) => u16::try_from(code).ok(),
            _ => None,
        }
    }
}

/// The number in the name of a constant of `starlette.status`, or that of a name of `http.HTTPStatus`.
fn status_by_name(name: &str) -> Option<u16> {
    if let Some(rest) = name.strip_prefix("HTTP_") {
        return rest.split('_').next()?.parse().ok();
    }
    STATUS_NAMES.iter().find(|(known, _)| *known == name).map(|&(_, number)| number)
}
