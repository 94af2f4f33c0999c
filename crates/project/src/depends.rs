//! Dependencies: `Depends(x)` and `Security(x)` in defaults, in `Annotated` types and in lists, and the callables that
//! they name.

use crate::database::reading::returned;
use crate::routes::Element;
use crate::types::DEPENDS;
use crate::{Definition, Module, ModuleId, Project};
use pyaudit_python::{ExprId, ExprKind, Parameter, Parent, StmtId, StmtKind};

/// `typing.Annotated` under its names.
const ANNOTATED: &[&str] = &["typing.Annotated", "typing_extensions.Annotated"];

/// How many aliases of an annotation are followed in a row.
const MAX_ALIASES: usize = 8;

/// How many factories and names are followed from a default to `Depends(…)`.
const MAX_STEPS: usize = 4;

/// What a default, an element of `Annotated` or an element of a list makes a function depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dependence {
    /// What `Depends(…)` calls.
    On(Element),
    /// What one of the `Depends(…)` calls that a function of the project returns: the call of that function, and the
    /// function.
    Made(Element, (ModuleId, StmtId)),
    /// A call that cannot be followed, which may make a dependency.
    Opaque(Element),
}

/// What `Depends(…)` or `Security(…)` calls.
enum Dependency {
    /// Its argument.
    Callable(ExprId),
    /// Without an argument, the class that the parameter is annotated with.
    Annotation,
}

impl Dependency {
    fn or(self, module: &Module, annotation: Option<Element>) -> Option<Element> {
        match self {
            Self::Callable(callable) => Some((module.id, callable)),
            Self::Annotation => annotation,
        }
    }
}

impl Project {
    /// What the class of a handler depends on, where the handler is the method of a class-based view.
    /// <https://fastapi-utils.davidmontague.xyz/user-guide/class-based-views/>
    pub fn view_dependencies(&self, module: &Module, handler: StmtId) -> Vec<Element> {
        self.view_dependences(module, handler).into_iter().flat_map(|found| self.callables(found)).collect()
    }

    /// The same, with how each is declared.
    pub(crate) fn view_dependences(&self, module: &Module, handler: StmtId) -> Vec<Dependence> {
        match module.python.syntax.parent(Parent::Stmt(handler)) {
            Parent::Stmt(class) => self.class_dependences(module, class),
            _ => Vec::new(),
        }
    }

    /// What a class depends on by the attributes of the class and of those it inherits from,
    /// `user: User = Depends(get_current_user)`, and by the parameters of its constructor.
    pub(crate) fn class_dependences(&self, module: &Module, class: StmtId) -> Vec<Dependence> {
        let mut found = Vec::new();
        for (home, class) in self.lineage(module, class) {
            for &stmt in home.class(class).map_or(&[][..], |class| &class.body) {
                match &home.python.syntax.stmt(stmt).kind {
                    StmtKind::AnnAssign { annotation, value, .. } => {
                        found.extend(self.declared_dependences(home, *value, Some(*annotation)));
                    }
                    StmtKind::Assign { value, .. } => {
                        found.extend(self.declared_dependences(home, Some(*value), None));
                    }
                    StmtKind::FunctionDef(function) if home.python.syntax.identifier(function.name) == "__init__" => {
                        let parameters = function.parameters.iter();
                        found.extend(parameters.flat_map(|parameter| self.parameter_dependences(home, parameter)));
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// What the dependencies of a parameter call, each with its module: from its default and from its annotation.
    pub fn parameter_dependencies(&self, module: &Module, parameter: &Parameter) -> Vec<Element> {
        self.parameter_dependences(module, parameter).into_iter().flat_map(|found| self.callables(found)).collect()
    }

    /// What a parameter makes its function depend on: by its default and by its annotation.
    pub(crate) fn parameter_dependences(&self, module: &Module, parameter: &Parameter) -> Vec<Dependence> {
        self.declared_dependences(module, parameter.default, parameter.annotation)
    }

    fn declared_dependences(
        &self,
        module: &Module,
        default: Option<ExprId>,
        annotation: Option<ExprId>,
    ) -> Vec<Dependence> {
        let annotated = annotation.map(|annotation| (module.id, annotation));
        let mut found = Vec::new();
        found.extend(default.and_then(|default| self.dependence(module, default, annotated, MAX_STEPS)));
        for (home, inner, metadata) in annotation.iter().flat_map(|&it| self.annotated(module, it)) {
            let each = metadata.iter();
            found.extend(each.filter_map(|&it| self.dependence(home, it, Some((home.id, inner)), MAX_STEPS)));
        }
        found
    }

    /// What an expression makes a function depend on: `Depends(x)`, a name for it, or the call of a function that
    /// returns it. `None` where the expression has nothing to do with dependencies.
    fn dependence(
        &self,
        module: &Module,
        expr: ExprId,
        annotation: Option<Element>,
        steps: usize,
    ) -> Option<Dependence> {
        let steps = steps.checked_sub(1)?;
        match &module.python.syntax.expr(expr).kind {
            ExprKind::Call { func, .. } => {
                if let Some(dependency) = self.dependency(module, expr) {
                    return dependency.or(module, annotation).map(Dependence::On);
                }
                let call = (module.id, expr);
                match self.called_function(module, *func) {
                    Some((home, factory)) if self.gives_dependency(home, factory, steps) => {
                        Some(Dependence::Made(call, (home.id, factory)))
                    }
                    _ => Some(Dependence::Opaque(call)),
                }
            }
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                let (home, value) = self.named_value(module, expr)?;
                let found = self.dependence(home, value, annotation, steps)?;
                // A constant that some call makes is no dependency, unless it is known to be one.
                (!matches!(found, Dependence::Opaque(_))).then_some(found)
            }
            _ => None,
        }
    }

    /// Whether a function returns `Depends(…)` on one of its ways.
    fn gives_dependency(&self, home: &Module, factory: StmtId, steps: usize) -> bool {
        returned(home, factory).into_iter().any(|value| {
            let value = self.local_value(home, value).unwrap_or(value);
            matches!(self.dependence(home, value, None, steps), Some(Dependence::On(_) | Dependence::Made(..)))
        })
    }

    /// The one value of a name, with its module.
    pub(crate) fn named_value<'p>(&'p self, module: &'p Module, expr: ExprId) -> Option<(&'p Module, ExprId)> {
        match self.definition(&self.symbol(module, expr)?)? {
            (home, Definition::Value(value) | Definition::Annotated { value: Some(value), .. }) => Some((home, value)),
            _ => None,
        }
    }

    /// Every callable that may be depended on.
    fn callables(&self, dependence: Dependence) -> Vec<Element> {
        self.callables_within(dependence, MAX_STEPS)
    }

    fn callables_within(&self, dependence: Dependence, steps: usize) -> Vec<Element> {
        let Some(steps) = steps.checked_sub(1) else { return Vec::new() };
        match dependence {
            Dependence::On(callable) => vec![callable],
            Dependence::Opaque(_) => Vec::new(),
            Dependence::Made(_, (home, factory)) => {
                let home = self.modules.get(home);
                let values = returned(home, factory).into_iter();
                let values = values.map(|value| self.local_value(home, value).unwrap_or(value));
                let each = values.filter_map(|value| self.dependence(home, value, None, steps));
                each.flat_map(|dependence| self.callables_within(dependence, steps)).collect()
            }
        }
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
                    let named = symbol.and_then(|it| self.definition(&it));
                    // `CurrentUser: TypeAlias = Annotated[…]` has an annotation of its own.
                    if let Some((home, Definition::Value(value) | Definition::Annotated { value: Some(value), .. })) =
                        named
                    {
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
        self.callables(self.element_dependence(module, expr)?).into_iter().next()
    }

    /// What an element of a list of dependencies makes a route depend on.
    pub(crate) fn element_dependence(&self, module: &Module, expr: ExprId) -> Option<Dependence> {
        self.dependence(module, expr, None, MAX_STEPS)
    }

    /// What `Depends(x)` calls; `None` where the expression is something else.
    pub fn depends_on(&self, module: &Module, expr: ExprId) -> Option<ExprId> {
        match self.dependency(module, expr)? {
            Dependency::Callable(callable) => Some(callable),
            Dependency::Annotation => None,
        }
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
