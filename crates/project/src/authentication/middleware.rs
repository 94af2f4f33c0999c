//! Middleware that turns requests away, unless their path is on a list.
//!
//! The body is walked as a request without a credential would run through it: tests of the path and the method are
//! answered for one route, and any other test is taken to be about the credential.

use super::rejections::Rejection;
use super::{Analyst, Authentication, CALL_COST, Demand, Guard, MAX_DEPTH, definition_span};
use crate::routes::{Element, Middleware};
use crate::types::instance_assignments;
use crate::{Definition, Module, Possible};
use pyaudit_python::{
    BoolOperator, CompareOperator, Comprehension, ExprId, ExprKind, IfClause, Parent, StmtId, StmtKind, UnaryOperator,
};

/// How deeply nested statements are walked; what stands deeper is taken to let the request go on.
const MAX_NESTING: u32 = 24;

/// A request for one route, without a credential.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'r> {
    /// The path of the route, parameters in braces; `None` where it is not known whole.
    pub(super) path: Option<&'r str>,
    /// The method; `WEBSOCKET` for a web socket.
    pub(super) method: &'r str,
    /// The call that registers the middleware that the request meets.
    pub(super) registration: Option<Element>,
}

/// How a request fares in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It comes to the end of the body.
    Continues,
    /// It is handed on, or answered without a credential.
    Passes,
    /// It is turned away.
    Stops(Rejection),
    /// A test of its path is not understood.
    Unknown,
}

/// What is known of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Holds,
    Fails,
    /// It is about the path, and cannot be told.
    Unknown,
    /// It is about something else.
    Other,
}

impl Truth {
    const fn negated(self) -> Self {
        match self {
            Self::Holds => Self::Fails,
            Self::Fails => Self::Holds,
            other => other,
        }
    }
}

impl Analyst<'_> {
    /// What a middleware demands of a request: a class with `dispatch` or `__call__`, or a function.
    pub(super) fn of_middleware(&self, middleware: &Middleware, request: Request<'_>) -> Authentication {
        let home = self.project.modules.get(middleware.module);
        let entrance = self.entrance(home, middleware.definition);
        let Some((home, function)) = entrance else { return Authentication::default() };
        let request = Request { registration: Some(middleware.registration), ..request };
        let Some(definition) = home.function(function) else { return Authentication::default() };
        let demand = match self.fate(home, &definition.body, request, MAX_NESTING) {
            Fate::Stops(Rejection::Unauthorized) => Demand::Required,
            // A 403 alone may be about an address, a host or a token against forgery.
            Fate::Stops(Rejection::Forbidden) if self.project.reads_credential(home, definition) => Demand::Required,
            Fate::Unknown if self.outcome(home, function, MAX_DEPTH).rejects => Demand::Unknown,
            Fate::Stops(_) | Fate::Unknown | Fate::Passes | Fate::Continues => Demand::Nothing,
        };
        let name = home.path_to(Parent::Stmt(function)).join(".");
        Authentication::by(Guard { name, span: definition_span(home, function), demand })
    }

    fn entrance<'m>(&'m self, home: &'m Module, middleware: StmtId) -> Option<(&'m Module, StmtId)> {
        if home.function(middleware).is_some() {
            return Some((home, middleware));
        }
        let method = ["dispatch", "__call__"].iter().find_map(|name| self.project.member(home, middleware, name))?;
        match method {
            (home, Definition::Function(function)) => Some((home, function)),
            _ => None,
        }
    }

    fn fate(&self, module: &Module, body: &[StmtId], request: Request<'_>, nesting: u32) -> Fate {
        let Some(nesting) = nesting.checked_sub(1) else { return Fate::Continues };
        for &stmt in body {
            let fate = self.fate_in(module, stmt, request, nesting);
            if fate != Fate::Continues {
                return fate;
            }
        }
        Fate::Continues
    }

    fn fate_in(&self, module: &Module, stmt: StmtId, request: Request<'_>, nesting: u32) -> Fate {
        if let Some(rejection) = self.rejection(module, stmt) {
            return Fate::Stops(rejection);
        }
        match &module.python.syntax.stmt(stmt).kind {
            StmtKind::If { clauses, orelse } => self.fate_of_if(module, clauses, orelse, request, nesting),
            StmtKind::Try { body, handlers, orelse, .. } => {
                // A handler that rejects does so because the check of a credential failed in the body.
                let mut caught = handlers.iter().map(|handler| self.fate(module, &handler.body, request, nesting));
                let inside = self.fate(module, body, request, nesting);
                match caught.find(|fate| matches!(fate, Fate::Stops(_))) {
                    Some(stops)
                        if inside != Fate::Unknown
                            && !self.passes_at_once(module, body, request)
                            && !self.asks_at_most(module, body) =>
                    {
                        stops
                    }
                    _ if inside == Fate::Continues => self.fate(module, orelse, request, nesting),
                    _ => inside,
                }
            }
            StmtKind::With { body, .. } | StmtKind::For { body, .. } | StmtKind::While { body, .. } => {
                self.fate(module, body, request, nesting)
            }
            StmtKind::Return(_) => Fate::Passes,
            StmtKind::Expr(_) | StmtKind::Assign { .. } | StmtKind::AnnAssign { .. } => {
                self.fate_of_calls(module, stmt)
            }
            _ => Fate::Continues,
        }
    }

    /// Whether a guarded body only calls what lets a request without a credential pass: `get_subject(request)`, which gives
    /// somebody anonymous then, and fails for a wrong credential.
    fn asks_at_most(&self, module: &Module, body: &[StmtId]) -> bool {
        let syntax = &module.python.syntax;
        let mut demands = Vec::new();
        for stmt in syntax.walk_stmts_in(body, false) {
            for id in syntax.walk_exprs_in(stmt, false) {
                let ExprKind::Call { func, .. } = &syntax.expr(id).kind else { continue };
                let Some((home, called)) = self.project.called_function(module, *func) else { continue };
                demands.push(self.outcome(home, called, MAX_DEPTH - CALL_COST).authentication.demand);
            }
        }
        demands.contains(&Demand::Optional) && demands.iter().all(|&demand| demand <= Demand::Optional)
    }

    /// Whether a guarded body hands the request on under a test of its path, before anything can fail.
    fn passes_at_once(&self, module: &Module, body: &[StmtId], request: Request<'_>) -> bool {
        let mut ifs = body.iter().filter_map(|&stmt| match &module.python.syntax.stmt(stmt).kind {
            StmtKind::If { clauses, .. } => clauses.first(),
            _ => None,
        });
        ifs.any(|clause| {
            self.truth(module, clause.test, request) == Truth::Holds
                && self.fate(module, &clause.body, request, MAX_NESTING) == Fate::Passes
        })
    }

    fn fate_of_if(
        &self,
        module: &Module,
        clauses: &[IfClause],
        orelse: &[StmtId],
        request: Request<'_>,
        nesting: u32,
    ) -> Fate {
        for clause in clauses {
            let inside = self.fate(module, &clause.body, request, nesting);
            match (self.truth(module, clause.test, request), inside) {
                (Truth::Holds, fate) => return fate,
                // Of a test about something else only the branch without a credential counts: the one that rejects.
                (Truth::Unknown, Fate::Continues)
                | (Truth::Fails, _)
                | (Truth::Other, Fate::Passes | Fate::Continues) => {}
                (Truth::Unknown, _) => return Fate::Unknown,
                (Truth::Other, Fate::Stops(_) | Fate::Unknown) => return inside,
            }
        }
        self.fate(module, orelse, request, nesting)
    }

    /// A statement that hands the request on, or calls something of the project that rejects it.
    fn fate_of_calls(&self, module: &Module, stmt: StmtId) -> Fate {
        let syntax = &module.python.syntax;
        for id in syntax.walk_exprs_in(stmt, false) {
            let ExprKind::Call { func, .. } = &syntax.expr(id).kind else { continue };
            let text = self.project.sources.slice(module.span_of(*func));
            if matches!(text, "call_next" | "self.app") {
                return Fate::Passes;
            }
            let Some((home, called)) = self.project.called_function(module, *func) else { continue };
            let outcome = self.outcome(home, called, MAX_DEPTH - CALL_COST);
            if outcome.rejects && outcome.authentication.demand != Demand::Optional {
                return Fate::Stops(Rejection::Unauthorized);
            }
        }
        Fate::Continues
    }

    fn truth(&self, module: &Module, test: ExprId, request: Request<'_>) -> Truth {
        self.truth_within(module, test, request, MAX_NESTING)
    }

    fn truth_within(&self, module: &Module, test: ExprId, request: Request<'_>, nesting: u32) -> Truth {
        let Some(nesting) = nesting.checked_sub(1) else { return Truth::Unknown };
        match &module.python.syntax.expr(test).kind {
            ExprKind::UnaryOp { op: UnaryOperator::Not, operand } => {
                self.truth_within(module, *operand, request, nesting).negated()
            }
            ExprKind::BoolOp { op, values } => {
                let all = values.iter().map(|&value| self.truth_within(module, value, request, nesting));
                combined(*op, &all.collect::<Vec<_>>())
            }
            ExprKind::Compare { left, comparisons } => match **comparisons {
                [(operator, right)] => self.truth_of_comparison(module, *left, operator, right, request),
                _ => self.truth_of_other(module, test),
            },
            ExprKind::Call { func, args, .. } => {
                let known = self.truth_of_prefix(module, *func, args, request);
                let known = known.or_else(|| self.truth_of_any(module, *func, args, request));
                known.unwrap_or_else(|| self.truth_of_other(module, test))
            }
            _ => self.truth_of_other(module, test),
        }
    }

    /// `path in OPEN`, `request.method == "OPTIONS"`.
    fn truth_of_comparison(
        &self,
        module: &Module,
        left: ExprId,
        operator: CompareOperator,
        right: ExprId,
        request: Request<'_>,
    ) -> Truth {
        let asked = if self.is_part_of_request(module, left, "path") {
            let Some(path) = request.path else { return Truth::Unknown };
            path
        } else if self.is_part_of_request(module, left, "method") {
            request.method
        } else {
            return self.truth_of_other(module, left);
        };
        let values = self.strings(module, right, request);
        if !values.complete {
            return Truth::Unknown;
        }
        let holds = if values.values.iter().any(|value| value.text == asked) { Truth::Holds } else { Truth::Fails };
        match operator {
            CompareOperator::In | CompareOperator::Eq => holds,
            CompareOperator::NotIn | CompareOperator::NotEq => holds.negated(),
            _ => Truth::Unknown,
        }
    }

    /// `path.startswith(("/docs", "/health"))`.
    fn truth_of_prefix(&self, module: &Module, func: ExprId, args: &[ExprId], request: Request<'_>) -> Option<Truth> {
        let syntax = &module.python.syntax;
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(func).kind else { return None };
        if syntax.identifier(*attr) != "startswith" || !self.is_part_of_request(module, *value, "path") {
            return None;
        }
        Some(self.starts_with(module, *args.first()?, request))
    }

    /// `any(path.startswith(prefix) for prefix in OPEN)`.
    fn truth_of_any(&self, module: &Module, func: ExprId, args: &[ExprId], request: Request<'_>) -> Option<Truth> {
        let syntax = &module.python.syntax;
        let [argument] = args else { return None };
        if !self.project.is_any(module, func, &["any"]) {
            return None;
        }
        let (ExprKind::Generator { elt, generators } | ExprKind::ListComp { elt, generators }) =
            &syntax.expr(*argument).kind
        else {
            return None;
        };
        let [Comprehension { target, iter, .. }] = &**generators else { return None };
        let ExprKind::Call { func, args, .. } = &syntax.expr(*elt).kind else { return None };
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind else { return None };
        let is_prefix = syntax.identifier(*attr) == "startswith" && self.is_part_of_request(module, *value, "path");
        let is_each = matches!((&syntax.expr(*args.first()?).kind, &syntax.expr(*target).kind),
            (ExprKind::Name { id, .. }, ExprKind::Name { id: each, .. }) if id == each);
        (is_prefix && is_each).then(|| self.starts_with(module, *iter, request))
    }

    fn starts_with(&self, module: &Module, prefixes: ExprId, request: Request<'_>) -> Truth {
        let prefixes = self.strings(module, prefixes, request);
        let Some(path) = request.path.filter(|_| prefixes.complete) else { return Truth::Unknown };
        let holds = prefixes.values.iter().any(|prefix| path.starts_with(&prefix.text));
        if holds { Truth::Holds } else { Truth::Fails }
    }

    /// The strings that an expression may give; for `self.open_paths`, those that the middleware was registered with.
    fn strings(&self, module: &Module, expr: ExprId, request: Request<'_>) -> Possible {
        let given = self.given_to_constructor(module, expr, request);
        let (home, expr) = given.unwrap_or((module, expr));
        self.project.possible_strings(home, expr)
    }

    /// What stands behind `self.name` where the constructor assigns a parameter to it: the argument of the registration, or
    /// the parameter's default.
    fn given_to_constructor<'m>(
        &'m self,
        module: &'m Module,
        expr: ExprId,
        request: Request<'_>,
    ) -> Option<(&'m Module, ExprId)> {
        let syntax = &module.python.syntax;
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(expr).kind else { return None };
        let class = module.own_class(*value)?;
        let (home, Definition::Function(init)) = self.project.member(module, class, "__init__")? else { return None };
        let parameters = &home.function(init)?.parameters;
        let assigned = instance_assignments(module, class, syntax.identifier(*attr));
        let parameter = assigned.iter().find_map(|&value| {
            let ExprKind::Name { id, .. } = home.python.syntax.expr(value).kind else { return None };
            parameters.iter().find(|parameter| parameter.name.name == id)
        })?;
        let (registrar, call) = request.registration?;
        let registrar = self.project.modules.get(registrar);
        let ExprKind::Call { keywords, .. } = &registrar.python.syntax.expr(call).kind else { return None };
        let given = registrar.keyword(keywords, home.python.syntax.identifier(parameter.name));
        given.map(|value| (registrar, value)).or_else(|| Some((home, parameter.default?)))
    }

    /// Whether an expression is the path or the method of the request: `request.url.path`, `scope["path"]`, or a name
    /// for it.
    fn is_part_of_request(&self, module: &Module, expr: ExprId, part: &str) -> bool {
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Attribute { attr, .. } => syntax.identifier(*attr) == part,
            ExprKind::Subscript { slice, .. } => syntax.string(*slice) == Some(part),
            ExprKind::Name { .. } => self.project.local_value(module, expr).is_some_and(|value| {
                let value = tidied(module, value).unwrap_or(value);
                !matches!(syntax.expr(value).kind, ExprKind::Name { .. })
                    && self.is_part_of_request(module, value, part)
            }),
            _ => false,
        }
    }

    /// A test that speaks of the path cannot be told; one of anything else is not about the path.
    fn truth_of_other(&self, module: &Module, test: ExprId) -> Truth {
        let syntax = &module.python.syntax;
        let speaks = syntax.walk_exprs_of(test).any(|expr| {
            self.is_part_of_request(module, expr, "path")
                || matches!(syntax.expr(expr).kind, ExprKind::Attribute { attr, .. } if syntax.identifier(attr) == "url")
                || matches!(syntax.expr(expr).kind, ExprKind::Name { id, .. } if syntax.name(id) == "path")
        });
        if speaks { Truth::Unknown } else { Truth::Other }
    }
}

/// The truth of several tests together.
fn combined(op: BoolOperator, all: &[Truth]) -> Truth {
    let (deciding, otherwise) = match op {
        BoolOperator::And => (Truth::Fails, Truth::Holds),
        BoolOperator::Or => (Truth::Holds, Truth::Fails),
    };
    if all.contains(&deciding) {
        deciding
    } else if all.contains(&Truth::Unknown) {
        Truth::Unknown
    } else if all.contains(&Truth::Other) {
        Truth::Other
    } else {
        otherwise
    }
}

/// `path` of `path.rstrip("/")`: what a path is called after it was tidied.
fn tidied(module: &Module, value: ExprId) -> Option<ExprId> {
    let syntax = &module.python.syntax;
    let ExprKind::Call { func, .. } = &syntax.expr(value).kind else { return None };
    match &syntax.expr(*func).kind {
        ExprKind::Attribute { value, attr, .. } => {
            matches!(syntax.identifier(*attr), "rstrip" | "strip" | "lower").then_some(*value)
        }
        _ => None,
    }
}
