//! Decorators of a handler that demand a credential.

use super::schemes::{may_authenticate, words_of};
use super::{Analyst, Authentication, Demand, Guard, MAX_DEPTH, own_guard};
use crate::{Definition, Module};
use pyaudit_python::{ExprId, ExprKind, StmtId, StmtKind};

/// `starlette.authentication.requires` (<https://www.starlette.io/authentication/>).
const REQUIRES: &[&str] = &["starlette.authentication.requires"];

/// Methods of applications and routers: they register a handler and guard nothing.
const REGISTRATIONS: &[&str] = &[
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "head",
    "options",
    "trace",
    "websocket",
    "websocket_route",
    "api_route",
    "route",
    "exception_handler",
    "middleware",
    "on_event",
];

impl Analyst<'_> {
    /// What the decorators of a handler demand.
    pub(super) fn of_decorators(&self, module: &Module, handler: StmtId) -> Authentication {
        let Some(function) = module.function(handler) else { return Authentication::default() };
        let each = function.decorators.iter().map(|&decorator| self.of_decorator(module, decorator));
        each.fold(Authentication::default(), Authentication::and)
    }

    fn of_decorator(&self, module: &Module, decorator: ExprId) -> Authentication {
        let syntax = &module.python.syntax;
        let named = match syntax.expr(decorator).kind {
            ExprKind::Call { func, .. } => func,
            _ => decorator,
        };
        if self.project.is_any(module, named, REQUIRES) {
            return self.guard(module, named, Demand::Required);
        }
        let text = self.project.sources.slice(module.span_of(named));
        let last = text.rsplit('.').next().unwrap_or(text).trim();
        if let Some((home, function)) = self.decorating_function(module, named) {
            let found = self.of_wrapper(home, function);
            let may_demand = found.demand == Demand::Nothing && may_authenticate(last) && !is_lending(last);
            // It may leave a mark that something else looks at, or refuse in a way that is not seen.
            return if may_demand { self.guard(module, named, Demand::Unknown) } else { found };
        }
        let is_own = REGISTRATIONS.contains(&last) || is_lending(last);
        let demand = if !is_own && may_authenticate(last) { Demand::Unknown } else { Demand::Nothing };
        self.guard(module, named, demand)
    }

    /// The function or `__call__` of the project that decorates.
    fn decorating_function<'m>(&'m self, module: &'m Module, named: ExprId) -> Option<(&'m Module, StmtId)> {
        if let Some((home, function, _)) = self.project.function(module, named) {
            return Some((home, function));
        }
        if let Some((home, class, _)) = self.project.class(module, named) {
            return match self.project.member(home, class, "__call__")? {
                (home, Definition::Function(call)) => Some((home, call)),
                _ => None,
            };
        }
        let ExprKind::Attribute { value, attr, .. } = &module.python.syntax.expr(named).kind else { return None };
        let class = self.project.type_of(module, *value)?;
        let (home, Definition::Class(class)) = self.project.definition(&class)? else { return None };
        match self.project.member(home, class, module.python.syntax.identifier(*attr))? {
            (home, Definition::Function(method)) => Some((home, method)),
            _ => None,
        }
    }

    /// What the functions nested in a decorator do, one of which takes the handler's place.
    pub(super) fn of_wrapper(&self, home: &Module, decorator: StmtId) -> Authentication {
        let syntax = &home.python.syntax;
        let Some(definition) = home.function(decorator) else { return Authentication::default() };
        let nested = syntax.walk_stmts_in(&definition.body, true);
        let nested = nested.filter(|&stmt| matches!(syntax.stmt(stmt).kind, StmtKind::FunctionDef(_)));
        let each = nested.map(|function| {
            let outcome = self.outcome(home, function, MAX_DEPTH);
            // A wrapper that looks at a credential and rejects nobody is no guard. A bare 403 may be about a right, or about
            // a feature that is switched off.
            match outcome.authentication.demand {
                Demand::Unknown | Demand::Required => outcome.authentication,
                _ if outcome.rejects => own_guard(home, function, Demand::Unknown),
                _ => Authentication::default(),
            }
        });
        each.fold(Authentication::default(), Authentication::and)
    }

    fn guard(&self, module: &Module, named: ExprId, demand: Demand) -> Authentication {
        let name = self.project.sources.slice(module.span_of(named)).to_owned();
        Authentication::by(Guard { name, span: module.span_of(named), demand })
    }
}

/// Whether a decorator's name says that it keeps or counts what is asked, `cache_for_user`, `limit_by_token`.
fn is_lending(name: &str) -> bool {
    words_of(name).iter().any(|word| matches!(word.as_str(), "cache" | "cached" | "limit" | "log" | "trace" | "audit"))
}
