//! The shapes of error answers: by which keys a client reads what went wrong.

use crate::{Answer, AnswerKind, HTTP_EXCEPTIONS, Module, ModuleId, Project, Symbol};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::{Role, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Keys that carry what went wrong, in the order in which they are told.
const CARRIERS: &[&str] = &["detail", "error", "errors", "message", "msg", "reason", "title"];

/// Keys that a body has only where something went wrong, so that its status need not be known.
const ERROR_KEYS: &[&str] = &["detail", "error", "errors", "error_code"];

/// The handlers of validation errors. <https://fastapi.tiangolo.com/tutorial/handling-errors/>
const VALIDATION: &[&str] = &["fastapi.exceptions.RequestValidationError", "fastapi.RequestValidationError"];

/// How many functions are followed from a place to the body it answers with.
const MAX_DEPTH: usize = 3;

/// How a client reads an error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorShape {
    /// `{"detail": "…"}`, as FastAPI answers for an `HTTPException` with a text.
    DetailText,
    /// `{"detail": {…}}` with an object that has these keys.
    DetailObject(String),
    /// An object with these keys: those that carry what went wrong, or all where none of them is known.
    Body(String),
}

impl std::fmt::Display for ErrorShape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DetailText => formatter.write_str("{detail: text}"),
            Self::DetailObject(keys) => write!(formatter, "{{detail: {{{keys}}}}}"),
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

/// What one application answers where something goes wrong.
#[derive(Debug, Clone, Default)]
pub struct ErrorContract {
    /// The places, in their order.
    pub sites: Vec<ErrorSite>,
    /// The registration of a handler that gives all `HTTPException`s of FastAPI a body of its own, the shape of that body,
    /// and whether the registration is for the class of Starlette, which the router raises for an unknown path.
    pub rewritten: Option<(Span, ErrorShape, bool)>,
    /// Whether something answers for validation errors.
    pub handles_validation: bool,
}

impl Project {
    /// The error answers of each application of the repository, by the root of its modules.
    pub fn error_contracts(&self) -> BTreeMap<String, ErrorContract> {
        let mut contracts: BTreeMap<String, ErrorContract> = BTreeMap::new();
        let served = || self.served_modules().filter(|module| module.role == Role::Application);
        for module in served() {
            let contract = contracts.entry(self.root_of_module(module).to_owned()).or_default();
            self.add_handlers(module, contract);
        }
        for module in served() {
            let Some(contract) = contracts.get_mut(self.root_of_module(module)) else { continue };
            let rewritten = contract.rewritten.as_ref().map(|it| it.1.clone());
            contract.sites.extend(self.error_sites(module, rewritten.as_ref()));
        }
        contracts
    }

    fn root_of_module(&self, module: &Module) -> &str {
        self.modules.root_of(&self.sources.file(module.file).path)
    }

    /// Notes what answers for HTTP exceptions and validation errors.
    fn add_handlers(&self, module: &Module, contract: &mut ErrorContract) {
        for handler in self.error_handlers(module) {
            let is = |classes: &[&str]| handler.class.as_ref().is_some_and(|class| class.is_any(classes));
            contract.handles_validation |= is(VALIDATION);
            if !is(HTTP_EXCEPTIONS) {
                continue;
            }
            let shapes: BTreeSet<ErrorShape> = self
                .returned_by(module, handler.function)
                .into_iter()
                .filter_map(|it| self.shape_of(module, it))
                .collect();
            let covers_all =
                handler.class.as_ref().and_then(Symbol::external).is_some_and(|it| it.starts_with("starlette."));
            if let (1, Some(shape)) = (shapes.len(), shapes.into_iter().next()) {
                contract.rewritten = Some((module.span_of(handler.exception), shape, covers_all));
            }
        }
    }

    /// The error answers of the functions of a module. Bodies that helpers of the project make count where they are used.
    fn error_sites(&self, module: &Module, rewritten: Option<&ErrorShape>) -> Vec<ErrorSite> {
        let syntax = &module.python.syntax;
        let mut sites = Vec::new();
        for (stmt, statement) in syntax.stmts() {
            let (StmtKind::Raise { exc: Some(value), .. } | StmtKind::Return(Some(value))) = statement.kind else {
                continue;
            };
            if !self.is_answering(module, stmt) {
                continue;
            }
            let made = self.made_answer(module, value, MAX_DEPTH, &mut BTreeSet::new());
            let Some((home, answer)) = made else { continue };
            let Some(mut shape) = self.shape_of_answer(home, &answer) else { continue };
            if answer.kind == AnswerKind::Exception
                && let Some(rewritten) = rewritten
            {
                shape = rewritten.clone();
            }
            let own = home.span_of(answer.func);
            let span = called(module, value);
            sites.push(ErrorSite { shape, span, made_at: (own != span).then_some(own) });
        }
        sites.sort_by_key(|site| site.span);
        sites
    }

    /// Whether a statement belongs to a handler, a dependency or what these call, and not to a helper that makes errors.
    fn is_answering(&self, module: &Module, stmt: StmtId) -> bool {
        let syntax = &module.python.syntax;
        let Some(function) = syntax.enclosing_functions(Parent::Stmt(stmt)).next() else { return false };
        match syntax.stmt(stmt).kind {
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

    fn shape_of(&self, module: &Module, value: ExprId) -> Option<ErrorShape> {
        let (home, answer) = self.made_answer(module, value, MAX_DEPTH, &mut BTreeSet::new())?;
        self.shape_of_answer(home, &answer)
    }

    /// The shape of an answer; `None` where it is no error, or its body cannot be read.
    fn shape_of_answer(&self, module: &Module, answer: &Answer) -> Option<ErrorShape> {
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
        let keys = self.keys_of(module, answer.content?)?;
        let is_error = answer.status.is_some() || keys.iter().any(|key| ERROR_KEYS.contains(&key.as_str()));
        is_error.then(|| body_shape(&keys))
    }

    /// The shape that the detail of an `HTTPException` makes.
    fn shape_of_detail(&self, module: &Module, detail: ExprId) -> Option<ErrorShape> {
        let syntax = &module.python.syntax;
        match &syntax.expr(detail).kind {
            ExprKind::Str { .. } | ExprKind::FString(_) | ExprKind::None => Some(ErrorShape::DetailText),
            ExprKind::Call { func, .. } if self.is_any(module, *func, &["str"]) => Some(ErrorShape::DetailText),
            ExprKind::BinOp { left, .. } => self.shape_of_detail(module, *left),
            ExprKind::BoolOp { values, .. } => values.iter().find_map(|&value| self.shape_of_detail(module, value)),
            ExprKind::Dict(_) => Some(ErrorShape::DetailObject(carried(&self.keys_of(module, detail)?))),
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

fn body_shape(keys: &BTreeSet<String>) -> ErrorShape {
    if keys.len() == 1 && keys.contains("detail") {
        return ErrorShape::DetailText;
    }
    ErrorShape::Body(carried(keys))
}

/// The keys that carry what went wrong, or all where none does.
fn carried(keys: &BTreeSet<String>) -> String {
    let carriers: Vec<&str> = CARRIERS.iter().copied().filter(|key| keys.contains(*key)).collect();
    if carriers.is_empty() {
        keys.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    } else {
        carriers.join(", ")
    }
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
        contracts.values().flat_map(|contract| &contract.sites).map(|site| site.shape.to_string()).collect()
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
    }
}
