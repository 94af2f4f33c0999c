//! Dependencies: `Depends(x)` and `Security(x)` in defaults, in `Annotated` types and in lists, and the callables that
//! they name.

use crate::routes::Element;
use crate::types::DEPENDS;
use crate::{Definition, Module, Project};
use pyaudit_python::{ExprId, ExprKind, Parameter, Parent, StmtId, StmtKind};

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
    /// What the class of a handler depends on, where the handler is the method of a class-based view: the attributes of
    /// the class and of those it inherits from, `user: User = Depends(get_current_user)`, and the parameters of its
    /// constructor. <https://fastapi-utils.davidmontague.xyz/user-guide/class-based-views/>
    pub fn view_dependencies(&self, module: &Module, handler: StmtId) -> Vec<Element> {
        let syntax = &module.python.syntax;
        let Parent::Stmt(class) = syntax.parent(Parent::Stmt(handler)) else { return Vec::new() };
        let mut found = Vec::new();
        for (home, class) in self.lineage(module, class) {
            for &stmt in home.class(class).map_or(&[][..], |class| &class.body) {
                match &home.python.syntax.stmt(stmt).kind {
                    StmtKind::AnnAssign { annotation, value, .. } => {
                        found.extend(self.declared_dependencies(home, *value, Some(*annotation)));
                    }
                    StmtKind::Assign { value, .. } => {
                        found.extend(self.declared_dependencies(home, Some(*value), None));
                    }
                    StmtKind::FunctionDef(function) if home.python.syntax.identifier(function.name) == "__init__" => {
                        let parameters = function.parameters.iter();
                        found.extend(parameters.flat_map(|parameter| self.parameter_dependencies(home, parameter)));
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// What the dependencies of a parameter call, each with its module: from its default and from its annotation.
    pub fn parameter_dependencies(&self, module: &Module, parameter: &Parameter) -> Vec<Element> {
        self.declared_dependencies(module, parameter.default, parameter.annotation)
    }

    fn declared_dependencies(
        &self,
        module: &Module,
        default: Option<ExprId>,
        annotation: Option<ExprId>,
    ) -> Vec<Element> {
        let mut found = Vec::new();
        if let Some(dependency) = default.and_then(|default| self.dependency(module, default)) {
            found.extend(dependency.or(annotation).map(|callable| (module.id, callable)));
        }
        for (home, inner, metadata) in annotation.iter().flat_map(|&it| self.annotated(module, it)) {
            for &element in metadata {
                let called = self.dependency(home, element).map(|it| it.or(Some(inner)).unwrap_or(inner));
                found.extend(called.map(|callable| (home.id, callable)));
            }
        }
        found
    }

    /// The `Annotated[T, …]` types of an annotation, behind any number of aliases: module, `T`, and what follows it.
    pub fn annotated<'p>(&'p self, module: &'p Module, annotation: ExprId) -> Vec<(&'p Module, ExprId, &'p [ExprId])> {
        let mut found = Vec::new();
        let mut open = vec![(module, annotation)];
        // Aliases of aliases are rare, and the bound keeps those that refer to themselves from going round.
        for _ in 0..MAX_ALIASES {
            let Some((module, annotation)) = open.pop() else { break };
            match &module.python.syntax.expr(annotation).kind {
                ExprKind::Subscript { value, slice, .. } if self.is_any(module, *value, ANNOTATED) => {
                    let ExprKind::Tuple { elts, .. } = &module.python.syntax.expr(*slice).kind else { continue };
                    let Some((&inner, metadata)) = elts.split_first() else { continue };
                    found.push((module, inner, metadata));
                    open.push((module, inner));
                }
                ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                    let symbol = self.symbol(module, annotation);
                    if let Some((home, Definition::Value(value))) = symbol.and_then(|it| self.definition(&it)) {
                        open.push((home, value));
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// What an element of a list of dependencies calls: `Depends(verify)`, or `PROTECTED` for one. `None` where the
    /// element is no dependency.
    pub fn element_dependency(&self, module: &Module, expr: ExprId) -> Option<Element> {
        if let Some(callable) = self.depends_on(module, expr) {
            return Some((module.id, callable));
        }
        match self.symbol(module, expr).and_then(|symbol| self.definition(&symbol)) {
            Some((home, Definition::Value(value))) => Some((home.id, self.depends_on(home, value)?)),
            _ => None,
        }
    }

    /// What `Depends(x)` calls; `None` where the expression is something else.
    pub fn depends_on(&self, module: &Module, expr: ExprId) -> Option<ExprId> {
        self.dependency(module, expr)?.or(None)
    }

    fn dependency(&self, module: &Module, expr: ExprId) -> Option<Dependency> {
        let ExprKind::Call { func, args, keywords } = &module.python.syntax.expr(expr).kind else { return None };
        if !self.is_any(module, *func, DEPENDS) {
            return None;
        }
        let argument = args.first().copied().or_else(|| module.keyword(keywords, "dependency"));
        Some(argument.map_or(Dependency::Annotation, Dependency::Callable))
    }
}
