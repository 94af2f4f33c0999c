//! Dependencies: `Depends(x)` and `Security(x)` in defaults, in `Annotated` types and in lists.

use super::{Analyst, Authentication};
use crate::types::DEPENDS;
use crate::{Definition, Module, Project};
use pyaudit_python::{ExprId, ExprKind, Parameter, StmtId};

/// `typing.Annotated` under its names.
const ANNOTATED: &[&str] = &["typing.Annotated", "typing_extensions.Annotated"];

/// How many aliases of an annotation are followed in a row.
const MAX_ALIASES: usize = 8;

/// What `Depends(…)` or `Security(…)` calls.
enum Dependency {
    /// Its argument.
    Callable(ExprId),
    /// Without an argument, the class that the parameter is annotated with.
    Annotation,
}

impl Dependency {
    fn or(self, annotation: Option<ExprId>) -> Option<ExprId> {
        match self {
            Self::Callable(callable) => Some(callable),
            Self::Annotation => annotation,
        }
    }
}

impl Project {
    fn dependency(&self, module: &Module, expr: ExprId) -> Option<Dependency> {
        let ExprKind::Call { func, args, keywords } = &module.python.syntax.expr(expr).kind else { return None };
        if !self.is_any(module, *func, DEPENDS) {
            return None;
        }
        let argument = args.first().copied().or_else(|| module.keyword(keywords, "dependency"));
        Some(argument.map_or(Dependency::Annotation, Dependency::Callable))
    }
}

impl Analyst<'_> {
    /// What the parameters of a function demand through their dependencies.
    pub(super) fn of_parameters(&self, module: &Module, function: StmtId, depth: u32) -> Authentication {
        let Some(definition) = module.function(function) else { return Authentication::default() };
        let each = definition.parameters.iter().map(|parameter| self.of_parameter(module, parameter, depth));
        each.fold(Authentication::default(), Authentication::and)
    }

    fn of_parameter(&self, module: &Module, parameter: &Parameter, depth: u32) -> Authentication {
        let mut found = Authentication::default();
        if let Some(dependency) = parameter.default.and_then(|default| self.project.dependency(module, default)) {
            let called = dependency.or(parameter.annotation);
            found = called.map_or(found, |callable| self.of_callable(module, callable, depth));
        }
        match parameter.annotation {
            Some(annotation) => found.and(self.of_annotation(module, annotation, depth)),
            None => found,
        }
    }

    /// What `Annotated[T, Depends(x)]` demands, behind any number of aliases.
    fn of_annotation(&self, module: &Module, annotation: ExprId, depth: u32) -> Authentication {
        let mut found = Authentication::default();
        let mut open = vec![(module, annotation)];
        // Aliases of aliases are rare, and the bound keeps those that refer to themselves from going round.
        for _ in 0..MAX_ALIASES {
            let Some((module, annotation)) = open.pop() else { break };
            match &module.python.syntax.expr(annotation).kind {
                ExprKind::Subscript { value, slice, .. } if self.project.is_any(module, *value, ANNOTATED) => {
                    let ExprKind::Tuple { elts, .. } = &module.python.syntax.expr(*slice).kind else { continue };
                    let Some((&inner, metadata)) = elts.split_first() else { continue };
                    for &element in metadata {
                        let Some(dependency) = self.project.dependency(module, element) else { continue };
                        let called = dependency.or(Some(inner)).unwrap_or(inner);
                        found = found.and(self.of_callable(module, called, depth));
                    }
                    open.push((module, inner));
                }
                ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                    let symbol = self.project.symbol(module, annotation);
                    if let Some((home, Definition::Value(value))) = symbol.and_then(|it| self.project.definition(&it)) {
                        open.push((home, value));
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// What an element of a list of dependencies demands: `dependencies=[Depends(verify), PROTECTED]`.
    pub(crate) fn of_dependency(&self, module: &Module, expr: ExprId) -> Authentication {
        if let Some(found) = self.of_depends(module, expr, super::MAX_DEPTH) {
            return found;
        }
        // A name for the dependency: `PROTECTED = Depends(verify)`.
        match self.project.symbol(module, expr).and_then(|symbol| self.project.definition(&symbol)) {
            Some((home, Definition::Value(value))) => self.of_depends(home, value, super::MAX_DEPTH),
            _ => None,
        }
        .unwrap_or_default()
    }

    /// What `Depends(x)` demands; `None` where the expression is something else.
    pub(super) fn of_depends(&self, module: &Module, expr: ExprId, depth: u32) -> Option<Authentication> {
        let called = self.project.dependency(module, expr)?.or(None);
        Some(called.map_or_else(Authentication::default, |callable| self.of_callable(module, callable, depth)))
    }
}
