//! What cross-origin requests an application allows.

use crate::{Condition, Definition, Module, ModuleId, Project, Symbol};
use pyaudit_python::{ExprId, ExprKind, Keyword, Parent, StmtKind};

/// Classes that answer cross-origin requests.
const CORS_MIDDLEWARE: &[&str] = &[
    "starlette.middleware.cors.CORSMiddleware",
    "fastapi.middleware.cors.CORSMiddleware",
    "asgi_cors_middleware.CorsASGIApp",
];

/// Callables that take a middleware class and its options.
const WRAPPERS: &[&str] = &["starlette.middleware.Middleware", "fastapi.middleware.Middleware"];

/// The response header that names the allowed origin.
const ORIGIN_HEADER: &str = "access-control-allow-origin";

/// Methods of a headers object that set one header.
const HEADER_SETTERS: &[&str] = &["append", "add", "setdefault", "set"];

/// One place that sets up cross-origin requests by a middleware.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorsPolicy {
    /// The module.
    pub module: ModuleId,
    /// The call.
    pub call: ExprId,
    /// The value of `allow_origins`.
    pub origins: Option<ExprId>,
    /// The value of `allow_origin_regex`.
    pub origin_regex: Option<ExprId>,
    /// The value of `allow_credentials`.
    pub credentials: Option<ExprId>,
    /// The environment in which alone it is set up, where that is limited: below `if settings.DEBUG`.
    pub condition: Option<Condition>,
    /// The value of `allow_methods`; without one, `GET` alone is allowed.
    pub methods: Option<ExprId>,
    /// Whether options may come from a mapping that cannot be seen.
    pub has_unseen_options: bool,
}

impl Project {
    /// The middlewares of a module that answer cross-origin requests, in the order of the source.
    pub fn cors_policies(&self, module: &Module) -> Vec<CorsPolicy> {
        let syntax = &module.python.syntax;
        let policies = syntax.exprs().filter_map(|(call, expr)| {
            let ExprKind::Call { func, args, keywords } = &expr.kind else { return None };
            if !self.sets_up_cors(module, *func, args) {
                return None;
            }
            let option = |name| self.option(module, keywords, name);
            Some(CorsPolicy {
                module: module.id,
                call,
                origins: option("allow_origins"),
                origin_regex: option("allow_origin_regex"),
                credentials: option("allow_credentials"),
                condition: self.condition_at(module, Parent::Expr(call)),
                methods: option("allow_methods"),
                has_unseen_options: keywords.iter().filter(|keyword| keyword.name.is_none()).any(|keyword| {
                    let dict = self.local_value(module, keyword.value).unwrap_or(keyword.value);
                    !matches!(syntax.expr(dict).kind, ExprKind::Dict(_))
                }),
            })
        });
        let mut policies: Vec<CorsPolicy> = policies.collect();
        policies.sort_by_key(|policy| syntax.expr(policy.call).range);
        policies
    }

    /// Whether a call makes the middleware, or hands its class to `add_middleware` or `Middleware`.
    fn sets_up_cors(&self, module: &Module, func: ExprId, args: &[ExprId]) -> bool {
        let syntax = &module.python.syntax;
        let adds = match &syntax.expr(func).kind {
            ExprKind::Attribute { attr, .. } => syntax.identifier(*attr) == "add_middleware",
            ExprKind::Name { .. } => false,
            _ => return false,
        };
        let takes_class = || args.first().is_some_and(|&class| self.is_cors_middleware(&self.symbols(module, class)));
        if adds {
            return takes_class();
        }
        // Every call of a module comes by here, so what is called is looked up once, and only where it may be a class.
        if !self.may_mean_class(module, func) {
            return false;
        }
        let callee = self.symbols(module, func);
        if are_all(&callee, WRAPPERS) { takes_class() } else { self.is_cors_middleware(&callee) }
    }

    /// Whether what an expression may stand for is the middleware, or the one class that it stands for inherits from it.
    fn is_cors_middleware(&self, symbols: &[Symbol]) -> bool {
        let inherits = |symbol| match self.definition(symbol) {
            Some((home, Definition::Class(id))) => self.inherits_from(home, id, CORS_MIDDLEWARE),
            _ => false,
        };
        are_all(symbols, CORS_MIDDLEWARE) || matches!(symbols, [symbol] if inherits(symbol))
    }

    /// The value of a keyword argument, given by name or through `**options` with a dict that can be seen.
    pub(crate) fn option(&self, module: &Module, keywords: &[Keyword], name: &str) -> Option<ExprId> {
        let syntax = &module.python.syntax;
        module.keyword(keywords, name).or_else(|| {
            keywords.iter().filter(|keyword| keyword.name.is_none()).find_map(|keyword| {
                let dict = self.local_value(module, keyword.value).unwrap_or(keyword.value);
                let ExprKind::Dict(items) = &syntax.expr(dict).kind else { return None };
                let item = items.iter().find(|item| item.key.and_then(|key| syntax.string(key)) == Some(name))?;
                Some(item.value)
            })
        })
    }

    /// The values that a module gives to the header `Access-Control-Allow-Origin` by hand, in the order of the source.
    pub fn origin_headers(&self, module: &Module) -> Vec<ExprId> {
        let syntax = &module.python.syntax;
        let is_header = |key: ExprId| syntax.string(key).is_some_and(|key| key.eq_ignore_ascii_case(ORIGIN_HEADER));
        let mut values = Vec::new();
        for (_, expr) in syntax.exprs() {
            match &expr.kind {
                ExprKind::Dict(items) => {
                    let set = items.iter().filter(|item| item.key.is_some_and(is_header));
                    values.extend(set.map(|item| item.value));
                }
                ExprKind::Call { func, args, .. } => {
                    if let (ExprKind::Attribute { attr, .. }, [key, value]) = (&syntax.expr(*func).kind, &**args)
                        && HEADER_SETTERS.contains(&syntax.identifier(*attr))
                        && is_header(*key)
                    {
                        values.push(*value);
                    }
                }
                _ => {}
            }
        }
        for (_, stmt) in syntax.stmts() {
            if let StmtKind::Assign { targets, value } = &stmt.kind
                && let [target] = **targets
                && let ExprKind::Subscript { slice, .. } = syntax.expr(target).kind
                && is_header(slice)
            {
                values.push(*value);
            }
        }
        values.sort_by_key(|&value| syntax.expr(value).range);
        values
    }
}

/// Whether there are symbols, and each is one of these external names.
fn are_all(symbols: &[Symbol], dotted: &[&str]) -> bool {
    !symbols.is_empty() && symbols.iter().all(|symbol| symbol.is_any(dotted))
}
