//! What dependencies demand: those of parameters and those of lists.

use super::{Analyst, Authentication};
use crate::{Element, Module};
use pyaudit_python::{ExprId, StmtId};

impl Analyst<'_> {
    /// What the parameters of a function demand through their dependencies.
    pub(super) fn of_parameters(&self, module: &Module, function: StmtId, depth: u32) -> Authentication {
        let Some(definition) = module.function(function) else { return Authentication::default() };
        self.of_callables(
            definition.parameters.iter().flat_map(|it| self.project.parameter_dependencies(module, it)),
            depth,
        )
    }

    /// What several dependencies demand together.
    pub(super) fn of_callables(&self, callables: impl IntoIterator<Item = Element>, depth: u32) -> Authentication {
        let modules = &self.project.modules;
        let each = callables.into_iter().map(|(home, callable)| self.of_callable(modules.get(home), callable, depth));
        each.fold(Authentication::default(), Authentication::and)
    }

    /// What an element of a list of dependencies demands: `dependencies=[Depends(verify), PROTECTED]`.
    pub(crate) fn of_dependency(&self, module: &Module, expr: ExprId) -> Authentication {
        let called = self.project.element_dependency(module, expr);
        called.map_or_else(Authentication::default, |(home, callable)| {
            self.of_callable(self.project.modules.get(home), callable, super::MAX_DEPTH)
        })
    }

    /// What `Depends(x)` demands; `None` where the expression is something else.
    pub(super) fn of_depends(&self, module: &Module, expr: ExprId, depth: u32) -> Option<Authentication> {
        Some(self.of_callable(module, self.project.depends_on(module, expr)?, depth))
    }
}
