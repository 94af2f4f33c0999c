//! The shapes of error answers: by which keys a client reads what went wrong.

use crate::{Answer, AnswerKind, HTTP_EXCEPTIONS, Module, ModuleId, Project, RouterId};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::{Role, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Keys that carry what went wrong, in the order in which a client looks for them: where one of them is there, those after it
/// only add to it.
const CARRIERS: &[&str] = &["detail", "error", "message", "msg", "reason", "title", "errors"];

/// Keys that a body has only where something went wrong, so that its status need not be known.
const ERROR_KEYS: &[&str] = &["detail", "error", "errors", "error_code"];

/// The handlers of validation errors. <https://fastapi.tiangolo.com/tutorial/handling-errors/>
const VALIDATION: &[&str] = &["fastapi.exceptions.RequestValidationError", "fastapi.RequestValidationError"];

/// The handler for HTTP exceptions of the framework.
const OWN_HANDLERS: &[&str] = &["fastapi.exception_handlers.http_exception_handler"];

/// Keys that RFC 6749, section 5.2, prescribes beside `error`, and the codes of OAuth that it may have.
const OAUTH_KEYS: &[&str] = &["error_description", "error_uri"];
const OAUTH_CODES: &[&str] = &[
    "access_denied",
    "authorization_pending",
    "consent_required",
    "expired_token",
    "insufficient_scope",
    "interaction_required",
    "invalid_client",
    "invalid_client_metadata",
    "invalid_grant",
    "invalid_redirect_uri",
    "invalid_scope",
    "invalid_target",
    "invalid_token",
    "login_required",
    "request_not_supported",
    "slow_down",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
    "unsupported_token_type",
];

/// How many functions are followed from a place to the body it answers with.
const MAX_DEPTH: usize = 3;

/// How a client reads an error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorShape {
    /// `{"detail": "…"}`, as FastAPI answers for an `HTTPException` with a text, whatever stands beside it.
    DetailText,
    /// `{"detail": {…}}` with an object in which this key carries what went wrong, or which has these keys alone.
    DetailObject(String),
    /// `{"detail": […]}` with a list.
    DetailList,
    /// An object in which this key carries what went wrong.
    Body(String),
}

impl std::fmt::Display for ErrorShape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DetailText => formatter.write_str("{detail: text}"),
            Self::DetailObject(keys) => write!(formatter, "{{detail: {{{keys}}}}}"),
            Self::DetailList => formatter.write_str("{detail: list}"),
            Self::Body(keys) => write!(formatter, "{{{keys}}}"),
        }
    }
}

/// A place that answers with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorSite {
    /// The shape of its body.
    pub shape: ErrorShape,
    /// What is raised or returned.
    pub span: Span,
    /// The body, where a function of the project makes it.
    pub made_at: Option<Span>,
}

/// A handler that gives `HTTPException`s a body of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewriting {
    /// Its registration: the class that it names.
    pub span: Span,
    /// The shape of its bodies; `None` where it cannot be read, or there are several.
    pub shape: Option<ErrorShape>,
}

/// What one application answers where something goes wrong.
#[derive(Debug, Clone, Default)]
pub struct ErrorContract {
    /// The places, in their order.
    pub sites: Vec<ErrorSite>,
    /// What answers for the `HTTPException`s that the code raises, if not FastAPI itself.
    pub rewriting: Option<Rewriting>,
    /// Whether something answers for the exceptions of Starlette, which the router raises for an unknown path.
    pub handles_starlette: bool,
    /// Whether something answers for validation errors.
    pub handles_validation: bool,
}

impl Project {
    /// The error answers of the applications that the repository ships, each with the modules that it loads; of several
    /// with one root of modules those that serve at least half as many routes as the largest, which comes first.
    pub fn error_contracts(&self) -> Vec<ErrorContract> {
        let served = |id: RouterId| self.routes.routes.iter().filter(|route| route.application == Some(id)).count();
        let mut by_root: BTreeMap<&str, Vec<(usize, RouterId)>> = BTreeMap::new();
        for id in self.shipped_applications() {
            let module = self.modules.get(self.routes.router(id).module);
            let root = self.modules.root_of(&self.sources.file(module.file).path);
            by_root.entry(root).or_default().push((served(id), id));
        }
        let mut contracts = Vec::new();
        for mut applications in by_root.into_values() {
            applications.sort_by_key(|&(count, id)| (std::cmp::Reverse(count), id));
            let most = applications.first().map_or(0, |&(count, _)| count);
            let large = applications.into_iter().filter(|&(count, _)| count > 0 && count * 2 >= most);
            contracts.extend(large.map(|(_, id)| self.error_contract(id)));
        }
        contracts
    }

    fn error_contract(&self, application: RouterId) -> ErrorContract {
        let router = self.routes.router(application);
        let mut contract = ErrorContract::default();
        let mut own = [None, None];
        for handler in &router.exception_handlers {
            let Some((home, class)) = handler.exception.map(|(home, class)| (self.modules.get(home), class)) else {
                continue;
            };
            let is = |names: &[&str]| self.is_any(home, class, names);
            contract.handles_validation |= is(VALIDATION);
            let place = usize::from(is(&["starlette.exceptions.HTTPException"]));
            let rewrites = |function: &(ModuleId, StmtId)| is(HTTP_EXCEPTIONS) && !self.answers_as_fastapi(*function);
            if let Some(function) = handler.handler.filter(rewrites) {
                own[place] = Some(self.rewriting(home.span_of(class), function));
            }
        }
        let [of_fastapi, of_starlette] = own;
        contract.handles_starlette = of_starlette.is_some();
        contract.rewriting = of_fastapi.or(of_starlette);
        let mut modules = self.imports.loaded_by(router.module);
        modules.extend(router.held_by.iter().flat_map(|(module, _)| self.imports.loaded_by(*module)));
        for id in modules {
            let module = self.modules.get(id);
            if module.role == Role::Application {
                contract.sites.extend(self.error_sites(module, contract.rewriting.as_ref()));
            }
        }
        contract
    }

    /// Whether a handler leaves the answer to the framework's own, as one does that only writes a log.
    fn answers_as_fastapi(&self, (home, function): (ModuleId, StmtId)) -> bool {
        let module = self.modules.get(home);
        let values = self.returned_by(module, function);
        !values.is_empty()
            && values.into_iter().all(|value| {
                let call = match module.python.syntax.expr(value).kind {
                    ExprKind::Await(inner) => inner,
                    _ => value,
                };
                matches!(&module.python.syntax.expr(call).kind,
                    ExprKind::Call { func, .. } if self.is_any(module, *func, OWN_HANDLERS))
            })
    }

    /// What a handler for HTTP exceptions answers.
    fn rewriting(&self, span: Span, (home, function): (ModuleId, StmtId)) -> Rewriting {
        let module = self.modules.get(home);
        let shapes: BTreeSet<Option<ErrorShape>> =
            self.returned_by(module, function).into_iter().map(|it| self.shape_of_failure(module, it)).collect();
        let mut shapes = shapes.into_iter();
        let only = match (shapes.next(), shapes.next()) {
            (Some(only), None) => only,
            _ => None,
        };
        Rewriting { span, shape: only }
    }

    /// The error answers of the functions of a module. Bodies that helpers of the project make count where they are used.
    fn error_sites(&self, module: &Module, rewriting: Option<&Rewriting>) -> Vec<ErrorSite> {
        let syntax = &module.python.syntax;
        let handlers: BTreeSet<StmtId> = self.error_handlers(module).into_iter().map(|it| it.function).collect();
        let mut sites = Vec::new();
        for (stmt, statement) in syntax.stmts() {
            let (StmtKind::Raise { exc: Some(value), .. } | StmtKind::Return(Some(value))) = statement.kind else {
                continue;
            };
            let Some(function) = syntax.enclosing_functions(Parent::Stmt(stmt)).next() else { continue };
            if !self.is_answering(module, stmt, function) {
                continue;
            }
            let made = self.made_answer(module, value, MAX_DEPTH, &mut BTreeSet::new());
            let Some((home, answer)) = made else { continue };
            let rewriting = rewriting.filter(|_| answer.kind == AnswerKind::Exception);
            let written = self.shape_of_answer(home, &answer, handlers.contains(&function));
            let Some(shape) = rewriting.map_or(written, |it| it.shape.clone()) else { continue };
            let own = home.span_of(answer.func);
            let span = called(module, value);
            sites.push(ErrorSite { shape, span, made_at: (own != span).then_some(own) });
        }
        sites.sort_by_key(|site| site.span);
        sites
    }

    /// Whether a statement belongs to a handler, a dependency or what these call, and not to a helper that makes errors.
    fn is_answering(&self, module: &Module, stmt: StmtId, function: StmtId) -> bool {
        match module.python.syntax.stmt(stmt).kind {
            StmtKind::Return(_) => {
                let is_route = self.routes.of_handler(module.id, function).is_some();
                let entry = self.calls.of(module.id, function).map(|id| self.calls.function(id).entry);
                is_route || entry.is_some_and(|entry| entry.route || entry.framework)
            }
            _ => true,
        }
    }

    /// The answer that a value is, or that the functions make which give it.
    fn made_answer<'p>(
        &'p self,
        module: &'p Module,
        value: ExprId,
        depth: usize,
        seen: &mut BTreeSet<(ModuleId, StmtId)>,
    ) -> Option<(&'p Module, Answer)> {
        if let Some(answer) = self.answer(module, value) {
            return Some((module, answer));
        }
        let depth = depth.checked_sub(1)?;
        let call = match module.python.syntax.expr(value).kind {
            ExprKind::Await(inner) => inner,
            ExprKind::Name { .. } => return self.made_answer(module, self.local_value(module, value)?, depth, seen),
            _ => value,
        };
        let ExprKind::Call { .. } = module.python.syntax.expr(call).kind else { return None };
        let (home, function) = self.run_by(module, call)?;
        if !seen.insert((home.id, function)) {
            return None;
        }
        let mut made =
            self.returned_by(home, function).into_iter().filter_map(|it| self.made_answer(home, it, depth, seen));
        made.next()
    }

    /// The shape of what a handler for errors gives, whatever status it takes from them.
    fn shape_of_failure(&self, module: &Module, value: ExprId) -> Option<ErrorShape> {
        let (home, answer) = self.made_answer(module, value, MAX_DEPTH, &mut BTreeSet::new())?;
        self.shape_of_answer(home, &answer, true)
    }

    /// The shape of an answer; `None` where it is no error, or its body cannot be read. A handler for errors gives nothing
    /// else.
    fn shape_of_answer(&self, module: &Module, answer: &Answer, is_handler: bool) -> Option<ErrorShape> {
        if answer.kind == AnswerKind::Exception {
            // A class of the project may have a body of its own, for which its handler answers.
            if !self.is_any(module, answer.func, HTTP_EXCEPTIONS) {
                return None;
            }
            return match answer.content {
                None => Some(ErrorShape::DetailText),
                Some(content) => self.shape_of_detail(module, content),
            };
        }
        let name = module.last_name(answer.func).unwrap_or("");
        if !name.ends_with("JSONResponse") || answer.status.is_some_and(|status| status < 400) {
            return None;
        }
        let content = answer.content?;
        let keys = self.keys_of(module, content)?;
        if self.is_prescribed(module, content, &keys) {
            return None;
        }
        let is_error =
            is_handler || answer.status.is_some() || keys.iter().any(|key| ERROR_KEYS.contains(&key.as_str()));
        if !is_error {
            return None;
        }
        match self.value_of_key(module, content, "detail").and_then(|value| self.shape_of_detail(module, value)) {
            // FastAPI answers validation errors so, which a handler may do in its place.
            Some(ErrorShape::DetailList) if is_handler => None,
            Some(shape) => Some(shape),
            None => body_shape(&keys),
        }
    }

    /// Whether OAuth prescribes a body: `{"error": "invalid_grant", "error_description": …}`.
    fn is_prescribed(&self, module: &Module, content: ExprId, keys: &BTreeSet<String>) -> bool {
        let is_code = |value: ExprId| {
            self.constant_string(module, value).is_some_and(|text| OAUTH_CODES.contains(&text.as_str()))
        };
        keys.contains("error")
            && (OAUTH_KEYS.iter().any(|key| keys.contains(*key))
                || self.value_of_key(module, content, "error").is_some_and(is_code))
    }

    /// What a body that is written as a dict has under a key.
    fn value_of_key(&self, module: &Module, content: ExprId, name: &str) -> Option<ExprId> {
        let syntax = &module.python.syntax;
        match &syntax.expr(content).kind {
            ExprKind::Dict(items) => {
                let is_it = |key: Option<ExprId>| key.is_some_and(|key| syntax.string(key) == Some(name));
                items.iter().find(|item| is_it(item.key)).map(|item| item.value)
            }
            ExprKind::Name { .. } => {
                let value = self.local_value(module, content)?;
                let is_dict = matches!(syntax.expr(value).kind, ExprKind::Dict(_));
                if is_dict { self.value_of_key(module, value, name) } else { None }
            }
            _ => None,
        }
    }

    /// The shape that the detail of an `HTTPException` makes.
    fn shape_of_detail(&self, module: &Module, detail: ExprId) -> Option<ErrorShape> {
        let syntax = &module.python.syntax;
        match &syntax.expr(detail).kind {
            ExprKind::Str { .. } | ExprKind::FString(_) | ExprKind::None => Some(ErrorShape::DetailText),
            ExprKind::Call { func, .. } if self.is_any(module, *func, &["str"]) => Some(ErrorShape::DetailText),
            ExprKind::BinOp { left, .. } => self.shape_of_detail(module, *left),
            ExprKind::BoolOp { values, .. } => values.iter().find_map(|&value| self.shape_of_detail(module, value)),
            ExprKind::Dict(_) => {
                let keys = self.keys_of(module, detail)?;
                (!self.is_prescribed(module, detail, &keys)).then(|| ErrorShape::DetailObject(carried(&keys)))
            }
            ExprKind::List { .. } | ExprKind::ListComp { .. } => Some(ErrorShape::DetailList),
            ExprKind::Name { .. } => {
                let value = self.local_value(module, detail)?;
                if matches!(syntax.expr(value).kind, ExprKind::Name { .. }) {
                    None
                } else {
                    self.shape_of_detail(module, value)
                }
            }
            _ => None,
        }
    }

    /// The keys of a body, where all of them can be read: of a dict, or of a model of the project that is dumped.
    fn keys_of(&self, module: &Module, content: ExprId) -> Option<BTreeSet<String>> {
        let syntax = &module.python.syntax;
        match &syntax.expr(content).kind {
            ExprKind::Dict(items) => {
                let keys: Option<BTreeSet<String>> =
                    items.iter().map(|item| item.key.and_then(|key| syntax.string(key)).map(str::to_owned)).collect();
                keys.filter(|keys| !keys.is_empty())
            }
            ExprKind::Name { .. } => {
                let value = self.local_value(module, content)?;
                let is_name = matches!(syntax.expr(value).kind, ExprKind::Name { .. });
                if is_name { None } else { self.keys_of(module, value) }
            }
            ExprKind::Call { func, args, .. } => {
                if let Some((home, class, _)) = self.class(module, *func) {
                    let fields = self.is_model(home, class).then(|| self.model_fields(home, class))?;
                    return Some(fields.into_iter().map(|field| field.text().to_owned()).collect());
                }
                match &syntax.expr(*func).kind {
                    ExprKind::Attribute { value, attr, .. }
                        if matches!(syntax.identifier(*attr), "model_dump" | "dict") && args.is_empty() =>
                    {
                        self.keys_of(module, *value)
                    }
                    _ if self.is_any(module, *func, &["fastapi.encoders.jsonable_encoder"]) => {
                        self.keys_of(module, *args.first()?)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// The place of what is called, or of the value itself.
fn called(module: &Module, value: ExprId) -> Span {
    match module.python.syntax.expr(value).kind {
        ExprKind::Call { func, .. } => module.span_of(func),
        ExprKind::Await(inner) => called(module, inner),
        _ => module.span_of(value),
    }
}

/// The shape of a body; `None` where no key carries what went wrong. What stands beside a `detail` does not keep a client
/// from reading that.
fn body_shape(keys: &BTreeSet<String>) -> Option<ErrorShape> {
    if keys.contains("detail") {
        return Some(ErrorShape::DetailText);
    }
    let carries = CARRIERS.iter().any(|key| keys.contains(*key));
    carries.then(|| ErrorShape::Body(carried(keys)))
}

/// The key that carries what went wrong, or all keys where none does.
fn carried(keys: &BTreeSet<String>) -> String {
    let carrier = CARRIERS.iter().find(|key| keys.contains(**key));
    carrier.map_or_else(|| keys.iter().map(String::as_str).collect::<Vec<_>>().join(", "), |key| (*key).to_owned())
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn shapes(body: &str) -> Vec<String> {
        let text = format!(
            "from fastapi import FastAPI, HTTPException\nfrom fastapi.responses import JSONResponse\nfrom pydantic import BaseModel\n\
             app = FastAPI()\nclass Problem(BaseModel):\n    error: str\n    code: int\n\
             def failed(text, status=400):\n    return JSONResponse({{'message': text, 'ok': False}}, status_code=422)\n\
             def missing(text):\n    return HTTPException(404, text + '!')\n{body}"
        );
        let project = project(&[("app/main.py", &text)]);
        let contracts = project.error_contracts();
        contracts.iter().flat_map(|contract| &contract.sites).map(|site| site.shape.to_string()).collect()
    }

    #[test]
    fn shapes_are_read_from_exceptions_responses_models_and_helpers() {
        let body = "@app.get('/a')\ndef a(x):\n    if x == 1:\n        raise HTTPException(400, 'no')\n    if x == 2:\n        \
            raise HTTPException(400, detail={'code': 1, 'message': 'no'})\n    if x == 3:\n        \
            return JSONResponse(status_code=500, content=Problem(error='', code=1).model_dump())\n    if x == 4:\n        \
            return failed('x')\n    if x == 5:\n        raise missing('x')\n    return JSONResponse({'error': 1})\n";
        let expected = ["{detail: text}", "{detail: {message}}", "{error}", "{message}", "{error}"];
        assert_eq!(shapes(body), expected[..4]);
    }

    #[test]
    fn a_handler_for_http_exceptions_gives_them_its_own_shape() {
        let body = "@app.exception_handler(HTTPException)\ndef answer(request, error):\n    \
            return JSONResponse({'error': error.detail}, status_code=error.status_code)\n\
            @app.get('/a')\ndef a(x):\n    raise HTTPException(400, 'no')\n";
        assert_eq!(shapes(body), ["{error}", "{error}"]);
        let either = body.replace(
            "    return JSONResponse",
            "    if request:\n        return other(error)\n    return JSONResponse",
        );
        assert_eq!(shapes(&either), ["{error}"], "what the handler gives cannot be told");
    }
}
