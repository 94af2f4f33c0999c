//! Rate limits: what keeps a client from asking a route as often as it likes.

use crate::{Module, Project, Route};
use pyaudit_python::{ExprId, ExprKind, Integer, StmtId};

/// Parts of names of what limits, counts attempts or asks whether a person is there.
const WORDS: &[&str] = &[
    "ratelimit",
    "rate_limit",
    "limiter",
    "throttl",
    "login_attempt",
    "login_attemp",
    "failed_attempt",
    "attempts_left",
    "lockout",
    "locked_out",
    "cooldown",
    "too_many",
    "captcha",
    "turnstile",
    "brute",
];

/// Names of decorators and methods of a limiter that say less.
const SHORT: &[&str] = &["limit", "shared_limit", "limits"];

/// What a proxy or gateway that limits says.
const FRONTS: &[&str] = &["limit_req", "ratelimit", "rate-limit", "rate_limit", "aws_wafv2"];

/// How many calls are followed.
const DEPTH: usize = 4;

fn limits(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

impl Project {
    /// Whether something in the application limits how often a route can be asked: a middleware, a decorator, a dependency,
    /// or a function on the way that counts or answers 429. See [`Self::limits_every_route`] for what stands in front.
    pub fn is_rate_limited(&self, route: &Route) -> bool {
        let behind = || route.handler.map(|(module, handler)| self.functions_behind(module, handler, DEPTH));
        self.declares_limit(route) || behind().into_iter().flatten().any(|(home, function)| counts(home, function))
    }

    /// Whether a middleware, decorator or dependency limits a route.
    pub fn declares_limit(&self, route: &Route) -> bool {
        let mut outer = route.dependencies.iter();
        if self.is_behind_limiting_layer(route)
            || outer.any(|&(module, element)| self.mentions_limiter(self.modules.get(module), element))
        {
            return true;
        }
        let Some((module, handler)) = route.handler else { return false };
        let home = self.modules.get(module);
        let Some(definition) = home.function(handler) else { return false };
        let signature = definition.parameters.iter().flat_map(|parameter| [parameter.default, parameter.annotation]);
        let mut declared = definition.decorators.iter().copied().chain(signature.flatten());
        declared.any(|expr| self.mentions_limiter(home, expr))
    }

    /// Whether something in front of the application limits every route.
    pub fn limits_every_route(&self) -> bool {
        self.front_with(FRONTS).is_some()
    }

    /// Whether a middleware around a route limits.
    pub fn is_behind_limiting_layer(&self, route: &Route) -> bool {
        self.routes.layers_of(route).any(|layer| match layer.definition {
            Some((module, definition)) => {
                let home = self.modules.get(module);
                home.python.qualname(definition).is_some_and(|name| limits(&name))
                    || (home.function(definition).is_some() && counts(home, definition))
            }
            None => limits(&layer.name) || layer.name.to_ascii_lowercase().contains("slowapi"),
        })
    }

    /// Whether a decorator, default or annotation names a limiter.
    fn mentions_limiter(&self, module: &Module, expr: ExprId) -> bool {
        let syntax = &module.python.syntax;
        syntax.walk_exprs_of(expr).any(|part| match &syntax.expr(part).kind {
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                let resolved = self.symbol(module, part).and_then(|symbol| symbol.external().map(limits));
                module.last_name(part).is_some_and(limits) || resolved == Some(true)
            }
            // `@limiter.limit("5/minute")`, but no parameter `limit`.
            ExprKind::Call { func, .. } => module.last_name(*func).is_some_and(|name| SHORT.contains(&name)),
            _ => false,
        })
    }
}

/// Whether a function counts how often it is asked, by its own name, the names of what it calls, or a 429 that it
/// answers.
fn counts(module: &Module, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let Some(definition) = module.function(function) else { return false };
    let body = definition.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true));
    let in_body = |id: ExprId| match &syntax.expr(id).kind {
        ExprKind::Name { .. } => module.last_name(id).is_some_and(limits),
        ExprKind::Attribute { attr, .. } => {
            let name = syntax.identifier(*attr);
            limits(name) || name == "HTTP_429_TOO_MANY_REQUESTS" || name == "TOO_MANY_REQUESTS"
        }
        ExprKind::Int(Integer::Small(429)) => true,
        _ => false,
    };
    limits(syntax.identifier(definition.name)) || body.into_iter().any(in_body)
}
