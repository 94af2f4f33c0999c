//! What dependencies demand: those of parameters and those of lists.

use super::schemes::may_authenticate;
use super::{Analyst, Authentication, Demand, Guard, MAX_DEPTH};
use crate::Module;
use crate::depends::Dependence;
use crate::types::DEPENDS;
use pyaudit_python::{ExprId, ExprKind, StmtId};

/// Libraries whose calls in a signature declare and limit a parameter, and never ask who is there.
const DECLARING: &[&str] = &["fastapi.", "starlette.", "pydantic", "annotated_types.", "typing", "msgspec."];

impl Analyst<'_> {
    /// What the parameters of a function demand through their dependencies.
    pub(super) fn of_parameters(&self, module: &Module, function: StmtId, depth: u32) -> Authentication {
        let Some(definition) = module.function(function) else { return Authentication::default() };
        let parameters = definition.parameters.iter();
        self.of_dependences(parameters.flat_map(|it| self.project.parameter_dependences(module, it)), depth)
    }

    /// What several dependencies demand together.
    pub(super) fn of_dependences(&self, all: impl IntoIterator<Item = Dependence>, depth: u32) -> Authentication {
        all.into_iter().map(|it| self.of_dependence(it, depth)).fold(Authentication::default(), Authentication::and)
    }

    fn of_dependence(&self, dependence: Dependence, depth: u32) -> Authentication {
        let modules = &self.project.modules;
        match dependence {
            Dependence::On((home, callable)) => self.of_callable(modules.get(home), callable, depth),
            Dependence::Made((caller, call), (home, factory)) => {
                self.of_factory(modules.get(home), factory, Some((modules.get(caller), call)), depth)
            }
            Dependence::Opaque((home, call)) => self.of_opaque(modules.get(home), call),
        }
    }

    /// What a call in a signature demands that is not seen to make a dependency.
    fn of_opaque(&self, module: &Module, call: ExprId) -> Authentication {
        let ExprKind::Call { func, .. } = module.python.syntax.expr(call).kind else {
            return Authentication::default();
        };
        let bases = self.project.class(module, func).map(|(home, class, _)| self.project.external_bases(home, class));
        // `class Authenticated(params.Depends)` gives itself what it calls.
        let is_dependency = bases.is_some_and(|bases| bases.iter().any(|base| base.is_any(DEPENDS)));
        let symbol = self.project.symbol(module, func);
        let external = symbol.as_ref().and_then(|symbol| symbol.external());
        let declares = external.is_some_and(|name| DECLARING.iter().any(|library| name.starts_with(library)));
        let name = self.project.sources.slice(module.span_of(func));
        if is_dependency || (!declares && may_authenticate(name)) {
            return unknown(module, call, name);
        }
        Authentication::default()
    }

    /// What an element of a list of dependencies demands, `dependencies=[Depends(verify), PROTECTED]`, or a whole list
    /// that is made elsewhere. What stands there and cannot be followed may demand anything.
    pub(crate) fn of_dependency(&self, module: &Module, expr: ExprId) -> Authentication {
        self.of_elements(module, expr, MAX_DEPTH)
    }

    fn of_elements(&self, module: &Module, expr: ExprId, depth: u32) -> Authentication {
        let not_known = || unknown(module, expr, self.project.sources.slice(module.span_of(expr)));
        let Some(depth) = depth.checked_sub(1) else { return not_known() };
        let of = |inner: ExprId| self.of_elements(module, inner, depth);
        match &module.python.syntax.expr(expr).kind {
            ExprKind::None => Authentication::default(),
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
                elts.iter().map(|&element| of(element)).fold(Authentication::default(), Authentication::and)
            }
            ExprKind::Starred { value, .. } => of(*value),
            ExprKind::BinOp { left, right, .. } => of(*left).and(of(*right)),
            ExprKind::IfExp { body, orelse, .. } => Authentication::any_of([of(*body), of(*orelse)]),
            ExprKind::BoolOp { values, .. } => Authentication::any_of(values.iter().map(|&value| of(value))),
            _ => match (self.project.element_dependence(module, expr), self.project.named_value(module, expr)) {
                (Some(dependence @ (Dependence::On(_) | Dependence::Made(..))), _) => {
                    self.of_dependence(dependence, depth)
                }
                (_, Some((home, value))) => self.of_elements(home, value, depth),
                _ => not_known(),
            },
        }
    }

    /// What `Depends(x)` demands; `None` where the expression is something else.
    pub(super) fn of_depends(&self, module: &Module, expr: ExprId, depth: u32) -> Option<Authentication> {
        Some(self.of_callable(module, self.project.depends_on(module, expr)?, depth))
    }
}

/// Something that may demand a credential and cannot be followed.
pub(super) fn unknown(module: &Module, at: ExprId, name: &str) -> Authentication {
    let name = name.split('(').next().unwrap_or_default().trim().to_owned();
    Authentication::by(Guard { name, span: module.span_of(at), demand: Demand::Unknown })
}
