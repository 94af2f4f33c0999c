//! The body of a function: whether it looks at a credential, and whether a request without one gets past it.

use super::rejections::Rejection;
use super::schemes::{is_scheme, may_authenticate, words_of};
use super::{Analyst, Authentication, CALL_COST, Demand};
use crate::{Definition, Module, Project, Symbol};
use pyaudit_python::{
    CompareOperator, ExprContext, ExprId, ExprKind, FunctionDef, Parent, StmtId, StmtKind, Syntax, UnaryOperator,
};

/// Words of names that hold a credential, or what was made of one.
const CREDENTIAL_WORDS: &[&str] = &[
    "token",
    "credentials",
    "credential",
    "creds",
    "auth",
    "authorization",
    "key",
    "apikey",
    "cookie",
    "session",
    "user",
    "header",
    "bearer",
    "payload",
    "jwt",
    "secret",
    "signature",
    "claims",
    "scheme",
    "principal",
    "identity",
];

/// Words of a header or cookie that carries a credential.
const SENT_WORDS: &[&str] =
    &["authorization", "auth", "token", "key", "apikey", "secret", "signature", "session", "jwt", "bearer", "sid"];

/// Words of functions that tell who sends a request.
const CALLER_WORDS: &[&str] = &[
    "current",
    "user",
    "admin",
    "account",
    "auth",
    "authenticate",
    "authenticated",
    "authorize",
    "authorized",
    "session",
    "token",
    "principal",
    "identity",
    "permission",
    "role",
    "login",
];

/// Functions of `fastapi` that take a parameter from a header, a cookie or, as web sockets of browsers must, the query.
const SENT_PARAMETERS: &[&str] = &[
    "fastapi.Header",
    "fastapi.Cookie",
    "fastapi.param_functions.Header",
    "fastapi.param_functions.Cookie",
    "fastapi.params.Header",
    "fastapi.params.Cookie",
    "fastapi.Query",
    "fastapi.param_functions.Query",
    "fastapi.params.Query",
];

/// Functions of libraries that check a token and raise where it is wrong.
const VERIFIERS: &[&str] = &[
    "jwt.decode",
    "jose.jwt.decode",
    "jwt.api_jwt.decode",
    "authlib.jose.jwt.decode",
    "firebase_admin.auth.verify_id_token",
    "firebase_admin.auth.verify_session_cookie",
    "google.oauth2.id_token.verify_oauth2_token",
    "google.oauth2.id_token.verify_token",
];

/// What the body of a function does with credentials.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own about the body")]
pub(super) struct Body {
    /// Whether it can answer 401, itself or in what it calls.
    pub(super) rejects_401: bool,
    /// Whether it can answer 403, itself or in what it calls.
    pub(super) rejects_403: bool,
    /// Whether it looks at a credential of the request itself.
    pub(super) reads_credential: bool,
    /// Whether it has a library check the credential.
    pub(super) verifies: bool,
    /// Whether a request without a credential gets past it.
    pub(super) is_optional: bool,
    /// Whether a function that it calls looks at a credential of the request and leaves the answer to it.
    pub(super) callee_reads: bool,
    /// Whether it asks a function that cannot be found and whose name says that it knows who is there.
    pub(super) asks_unknown: bool,
    /// Whether it hands the request to such a function, which may well reject it.
    pub(super) hands_over: bool,
    /// What is demanded by functions that it calls and that look at the credential themselves.
    pub(super) by_calls: Option<Authentication>,
}

impl Body {
    /// Reads the body of a function.
    pub(super) fn of(analyst: &Analyst<'_>, module: &Module, function: StmtId, depth: u32) -> Self {
        let Some(definition) = module.function(function) else { return Self::default() };
        let syntax = &module.python.syntax;
        let mut body = Self::default();
        let mut rejections = Vec::new();
        for stmt in syntax.walk_stmts_in(&definition.body, false) {
            let Some(rejection) = analyst.rejection(module, stmt) else { continue };
            if analyst.is_swallowed(module, Parent::Stmt(stmt), function) {
                continue;
            }
            rejections.push(stmt);
            body.rejects(rejection);
        }
        body.reads_credential = analyst.project.reads_credential(module, definition);
        body.add_calls(analyst, module, function, definition, depth);
        body.is_optional = lets_pass(syntax, definition, &rejections);
        body
    }

    /// Whether a function with this body turns away who brings no credential; `parameters` is what its dependencies
    /// demand. A bare 403 says nothing about credentials: a feature may be switched off.
    pub(super) fn turns_away(&self, parameters: Demand) -> bool {
        self.rejects_401 || (self.rejects_403 && (self.reads_credential || parameters > Demand::Nothing))
    }

    /// Whether somebody out of sight is asked who is there, and may reject the request.
    pub(super) fn leaves_it_to_others(&self) -> bool {
        self.hands_over || (self.asks_unknown && (self.rejects_401 || self.rejects_403))
    }

    fn rejects(&mut self, rejection: Rejection) {
        match rejection {
            Rejection::Unauthorized => self.rejects_401 = true,
            Rejection::Forbidden => self.rejects_403 = true,
        }
    }

    fn add_calls(
        &mut self,
        analyst: &Analyst<'_>,
        module: &Module,
        function: StmtId,
        definition: &FunctionDef,
        depth: u32,
    ) {
        let syntax = &module.python.syntax;
        for id in definition.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false)) {
            let ExprKind::Call { func, args, keywords } = &syntax.expr(id).kind else { continue };
            if analyst.project.is_any(module, *func, VERIFIERS) {
                self.verifies |= !analyst.is_swallowed(module, Parent::Expr(id), function);
                continue;
            }
            self.reads_credential |= analyst.is_scheme_call(module, *func);
            let Some((home, called)) = analyst.project.called_function(module, *func) else {
                if analyst.project.asks_who_is_there(module, *func) {
                    self.asks_unknown = true;
                    self.hands_over |= args.iter().any(|&argument| is_request(syntax, argument));
                } else if may_authenticate(called_name(syntax, *func)) {
                    // `guards.require_user(request)`, of a library or an object whose class is not known.
                    let is_handed = args.iter().chain(keywords.iter().map(|keyword| &keyword.value)).any(|&argument| {
                        is_request(syntax, argument) && analyst.project.is_http_request(module, argument)
                    });
                    self.asks_unknown |= is_handed;
                    self.hands_over |= is_handed;
                }
                continue;
            };
            let Some(depth) = depth.checked_sub(CALL_COST) else { continue };
            let outcome = analyst.outcome(home, called, depth);
            self.callee_reads |= outcome.reads_credential;
            self.asks_unknown |= outcome.asks_unknown;
            self.hands_over |= outcome.hands_over;
            if !outcome.rejects || analyst.is_swallowed(module, Parent::Expr(id), function) {
                continue;
            }
            // What a called function answers counts as 401 of its caller: it is told apart where it is defined.
            self.rejects_401 = true;
            if outcome.reads_credential {
                self.reads_credential = true;
                let before = self.by_calls.take().unwrap_or_default();
                self.by_calls = Some(before.and(outcome.authentication));
            }
        }
        self.by_calls = self.by_calls.take().filter(|found| found.demand == Demand::Required);
    }
}

impl Analyst<'_> {
    /// Whether a call asks a security scheme for the credential: `await scheme(request)`, or `super().__call__(request)` in
    /// a scheme of the project's own.
    fn is_scheme_call(&self, module: &Module, func: ExprId) -> bool {
        let syntax = &module.python.syntax;
        if let ExprKind::Attribute { value, attr, .. } = &syntax.expr(func).kind {
            let is_super = matches!(&syntax.expr(*value).kind,
                ExprKind::Call { func, .. } if self.project.is_any(module, *func, &["super"]));
            let class =
                module.python.enclosing_class(func).filter(|_| is_super && syntax.identifier(*attr) == "__call__");
            return class.is_some_and(|class| self.project.external_bases(module, class).iter().any(is_scheme));
        }
        self.project.type_of(module, func).is_some_and(|class| is_scheme(&class))
    }

    /// Whether a rejection at a node is caught in the same function and goes no further.
    fn is_swallowed(&self, module: &Module, node: Parent, function: StmtId) -> bool {
        let syntax = &module.python.syntax;
        let mut inner = node;
        for outer in syntax.ancestors(node) {
            if outer == Parent::Stmt(function) {
                break;
            }
            if let (Parent::Stmt(id), Parent::Stmt(stmt)) = (outer, inner)
                && let StmtKind::Try { body, handlers, .. } = &syntax.stmt(id).kind
                && body.contains(&stmt)
            {
                let swallows = handlers.iter().any(|handler| {
                    self.catches_rejections(module, handler.exception)
                        && !syntax.walk_stmts_in(&handler.body, false).any(|stmt| {
                            matches!(syntax.stmt(stmt).kind, StmtKind::Raise { .. })
                                || self.rejection(module, stmt).is_some()
                        })
                });
                if swallows {
                    return true;
                }
            }
            inner = outer;
        }
        false
    }

    fn catches_rejections(&self, module: &Module, exception: Option<ExprId>) -> bool {
        let Some(exception) = exception else { return true };
        let syntax = &module.python.syntax;
        let elements = match &syntax.expr(exception).kind {
            ExprKind::Tuple { elts, .. } => elts.to_vec(),
            _ => vec![exception],
        };
        elements.into_iter().any(|class| {
            self.project.symbol(module, class).is_some_and(|symbol| match &symbol {
                Symbol::Builtin(name) => matches!(name.as_str(), "Exception" | "BaseException"),
                Symbol::External(name) => name.ends_with(".HTTPException"),
                _ => false,
            })
        })
    }
}

impl Project {
    /// The function of the project that a call runs: by its name, or a method of an object whose class is known.
    pub(crate) fn called_function<'p>(&'p self, module: &'p Module, func: ExprId) -> Option<(&'p Module, StmtId)> {
        if let Some((home, function, _)) = self.function(module, func) {
            return Some((home, function));
        }
        let ExprKind::Attribute { value, attr, .. } = &module.python.syntax.expr(func).kind else { return None };
        let method = module.python.syntax.identifier(*attr);
        // What the receiver is takes long to find out, and most methods are those of libraries.
        if !self.defines_function(method) {
            return None;
        }
        let (home, class) = match module.own_class(*value) {
            Some(class) => (module, class),
            None => match self.definition(&self.type_of(module, *value)?)? {
                (home, Definition::Class(class)) => (home, class),
                _ => return None,
            },
        };
        match self.member(home, class, method)? {
            (home, Definition::Function(function)) => Some((home, function)),
            _ => None,
        }
    }

    /// Whether a name is the request of HTTP, and no body that is called `request`.
    fn is_http_request(&self, module: &Module, name: ExprId) -> bool {
        const REQUESTS: &[&str] = &[
            "fastapi.Request",
            "fastapi.requests.Request",
            "fastapi.WebSocket",
            "fastapi.requests.HTTPConnection",
            "starlette.requests.Request",
            "starlette.requests.HTTPConnection",
            "starlette.websockets.WebSocket",
        ];
        self.type_of(module, name).is_some_and(|class| class.is_any(REQUESTS))
    }

    /// Whether a callee has no definition, or is a variable that is set somewhere, and its name says that it tells who is
    /// there: `get_current_admin`, `verify_role_fn`.
    fn asks_who_is_there(&self, module: &Module, func: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let is_variable = |symbol: Symbol| {
            matches!(self.definition(&symbol), Some((_, Definition::Value(_) | Definition::Annotated { .. })))
        };
        match syntax.expr(func).kind {
            ExprKind::Name { id, .. } => {
                has_word(syntax.name(id), CALLER_WORDS) && self.symbol(module, func).is_none_or(is_variable)
            }
            // Of a module: `auth.current_user = loaded.current_user`.
            ExprKind::Attribute { value, attr, .. } => {
                has_word(syntax.identifier(attr), CALLER_WORDS)
                    && matches!(self.symbol(module, value), Some(Symbol::Module(_)))
            }
            _ => false,
        }
    }

    /// Whether a function looks at a credential of the request: a header or cookie that carries one, the session, the
    /// user that a middleware has put on the request.
    pub(super) fn reads_credential(&self, module: &Module, function: &FunctionDef) -> bool {
        let syntax = &module.python.syntax;
        let sent = function.parameters.iter().any(|parameter| {
            let is_sent = |expr: ExprId| match &syntax.expr(expr).kind {
                ExprKind::Call { func, .. } => self.is_any(module, *func, SENT_PARAMETERS),
                _ => false,
            };
            let by_annotation = parameter.annotation.is_some_and(|annotation| {
                matches!(syntax.expr(annotation).kind, ExprKind::Subscript { .. })
                    && syntax.walk_exprs_of(annotation).any(is_sent)
            });
            let is_named = || has_word(syntax.identifier(parameter.name), SENT_WORDS);
            (parameter.default.is_some_and(is_sent) || by_annotation) && is_named()
        });
        let mut exprs = function.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
        sent || exprs.any(|expr| self.is_credential_of_request(module, expr))
    }

    fn is_credential_of_request(&self, module: &Module, expr: ExprId) -> bool {
        let syntax = &module.python.syntax;
        if let ExprKind::Subscript { value, slice, .. } = syntax.expr(expr).kind {
            // The headers of a plain ASGI application, a list of pairs that is gone through for one of them.
            let is_scope = matches!(syntax.expr(value).kind, ExprKind::Name { id, .. } if syntax.name(id) == "scope");
            return is_scope && syntax.string(slice) == Some("headers");
        }
        // `getattr(request.state, "user", None)`
        if let ExprKind::Call { func, args, .. } = &syntax.expr(expr).kind {
            let [object, name, ..] = args[..] else { return false };
            return self.is_any(module, *func, &["getattr"])
                && is_state(syntax, object)
                && syntax.string(name).is_some_and(|name| has_word(name, CREDENTIAL_WORDS));
        }
        let ExprKind::Attribute { value, attr, ctx: ExprContext::Load } = syntax.expr(expr).kind else { return false };
        match syntax.identifier(attr) {
            // `request.headers["authorization"]`, `websocket.query_params.get("token")`
            "headers" | "cookies" | "query_params" if is_request(syntax, value) => {
                self.key_after(module, expr).is_some_and(|key| {
                    // A browser has no other header for the token of a web socket.
                    has_word(&key, SENT_WORDS) || key.eq_ignore_ascii_case("sec-websocket-protocol")
                })
            }
            "session" if is_request(syntax, value) => {
                // `request.session["user"] = …` logs somebody in.
                let stored = matches!(syntax.parent(Parent::Expr(expr)), Parent::Expr(outer)
                    if matches!(syntax.expr(outer).kind, ExprKind::Subscript { ctx: ExprContext::Store | ExprContext::Del, .. }));
                !stored && self.key_after(module, expr).is_some()
            }
            "user" | "auth" => is_request(syntax, value) || is_state(syntax, value),
            name => is_state(syntax, value) && has_word(name, CREDENTIAL_WORDS),
        }
    }

    /// The key that is asked of a mapping: `mapping["key"]`, `mapping.get("key")`.
    fn key_after(&self, module: &Module, mapping: ExprId) -> Option<String> {
        let syntax = &module.python.syntax;
        let Parent::Expr(outer) = syntax.parent(Parent::Expr(mapping)) else { return None };
        match syntax.expr(outer).kind {
            // `"key" in mapping`
            ExprKind::Compare { left, .. } if left != mapping => self.constant_string(module, left),
            ExprKind::Subscript { value, slice, .. } if value == mapping => self.constant_string(module, slice),
            ExprKind::Attribute { .. } => {
                let Parent::Expr(call) = syntax.parent(Parent::Expr(outer)) else { return None };
                let ExprKind::Call { func, args, .. } = &syntax.expr(call).kind else { return None };
                if *func == outer { self.constant_string(module, *args.first()?) } else { None }
            }
            _ => None,
        }
    }
}

/// Whether an expression is the request or the web socket, by the names that they have everywhere.
fn is_request(syntax: &Syntax, expr: ExprId) -> bool {
    match syntax.expr(expr).kind {
        ExprKind::Name { id, .. } => matches!(
            syntax.name(id),
            "request" | "req" | "websocket" | "ws" | "conn" | "connection" | "http_request" | "_request" | "r"
        ),
        _ => false,
    }
}

/// The last name of what is called.
fn called_name(syntax: &Syntax, func: ExprId) -> &str {
    match syntax.expr(func).kind {
        ExprKind::Name { id, .. } => syntax.name(id),
        ExprKind::Attribute { attr, .. } => syntax.identifier(attr),
        _ => "",
    }
}

/// `request.state`.
fn is_state(syntax: &Syntax, expr: ExprId) -> bool {
    match syntax.expr(expr).kind {
        ExprKind::Attribute { value, attr, .. } => syntax.identifier(attr) == "state" && is_request(syntax, value),
        _ => false,
    }
}

fn has_word(name: &str, words: &[&str]) -> bool {
    words_of(name).iter().any(|word| words.contains(&word.as_str()))
}

/// Whether a request without a credential gets past a function: it returns nothing for want of one before it rejects
/// anything, or it only rejects where one is there.
fn lets_pass(syntax: &Syntax, function: &FunctionDef, rejections: &[StmtId]) -> bool {
    let Some(&first) = rejections.first() else {
        return early_return(syntax, function, None, rejections);
    };
    if early_return(syntax, function, Some(syntax.stmt(first).range.start), rejections) {
        return true;
    }
    rejections.iter().all(|&rejection| is_behind_credential(syntax, function, rejection))
}

/// Whether there is an `if not token: return None` before a place, which rejects nobody before it returns.
fn early_return(syntax: &Syntax, function: &FunctionDef, before: Option<u32>, rejections: &[StmtId]) -> bool {
    syntax.walk_stmts_in(&function.body, false).any(|stmt| {
        let StmtKind::If { clauses, .. } = &syntax.stmt(stmt).kind else { return false };
        let clause = &clauses[0];
        let is_early = before.is_none_or(|before| syntax.stmt(stmt).range.start < before);
        is_early
            && is_missing(syntax, clause.test)
            && !clause.body.iter().any(|stmt| rejections.contains(stmt))
            && clause.body.last().is_some_and(|&last| returns_nothing(syntax, last))
    })
}

fn returns_nothing(syntax: &Syntax, stmt: StmtId) -> bool {
    match syntax.stmt(stmt).kind {
        StmtKind::Return(value) => value.is_none_or(|value| syntax.expr(value).kind == ExprKind::None),
        _ => false,
    }
}

/// Whether a statement runs only where a credential is there: `if token: …`.
fn is_behind_credential(syntax: &Syntax, function: &FunctionDef, stmt: StmtId) -> bool {
    let mut inner = Parent::Stmt(stmt);
    for outer in syntax.ancestors(inner) {
        if let (Parent::Stmt(id), Parent::Stmt(statement)) = (outer, inner) {
            if let StmtKind::If { clauses, .. } = &syntax.stmt(id).kind
                && clauses[0].body.contains(&statement)
                && is_present(syntax, clauses[0].test)
            {
                return true;
            }
            if function.body.contains(&id) {
                return false;
            }
        }
        inner = outer;
    }
    false
}

/// `not token`, `token is None`, or several of these with `or`.
fn is_missing(syntax: &Syntax, test: ExprId) -> bool {
    match &syntax.expr(test).kind {
        ExprKind::UnaryOp { op: UnaryOperator::Not, operand } => is_credential(syntax, *operand),
        ExprKind::Compare { left, comparisons } => {
            is_credential(syntax, *left)
                && matches!(**comparisons, [(CompareOperator::Is | CompareOperator::Eq, right)] if syntax.expr(right).kind == ExprKind::None)
        }
        ExprKind::BoolOp { values, .. } => values.iter().any(|&value| is_missing(syntax, value)),
        _ => false,
    }
}

/// `token`, `token is not None`.
fn is_present(syntax: &Syntax, test: ExprId) -> bool {
    match &syntax.expr(test).kind {
        ExprKind::Compare { left, comparisons } => {
            is_credential(syntax, *left)
                && matches!(**comparisons, [(CompareOperator::IsNot | CompareOperator::NotEq, right)] if syntax.expr(right).kind == ExprKind::None)
        }
        ExprKind::Name { .. } | ExprKind::Attribute { .. } => is_credential(syntax, test),
        ExprKind::Named { value, target } => is_credential(syntax, *target) || is_credential(syntax, *value),
        ExprKind::BoolOp { values, .. } => values.first().is_some_and(|&value| is_present(syntax, value)),
        _ => false,
    }
}

fn is_credential(syntax: &Syntax, expr: ExprId) -> bool {
    match &syntax.expr(expr).kind {
        ExprKind::Name { id, .. } => has_word(syntax.name(*id), CREDENTIAL_WORDS),
        ExprKind::Attribute { attr, .. } => has_word(syntax.identifier(*attr), CREDENTIAL_WORDS),
        _ => false,
    }
}
