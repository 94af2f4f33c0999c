//! Dependencies: `Depends(f)` in defaults, in annotations and their aliases, in decorators.

use super::kinds::Type;
use super::linker::Linker;
use super::{Callee, Confidence, EdgeKind, FunctionId};
use crate::Module;
use pyaudit_python::{ExprId, ExprKind, Parameter, ScopeKind, StmtKind};

/// How many methods of one class a dependency in its body is given to.
const MAX_METHODS: usize = 64;

/// What a dependency calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Provider {
    /// The argument of `Depends(f)`.
    Given(ExprId),
    /// The annotation of its parameter: `Depends()`.
    Annotated,
}

impl<'p> Linker<'p> {
    /// What a dependency gives, where an expression is one: `Depends(get_session)`.
    pub(super) fn dependency(&mut self, module: &'p Module, expr: ExprId) -> Option<Type> {
        match self.provider(module, expr)? {
            Provider::Given(provider) => Some(self.provided(module, provider)),
            Provider::Annotated => Some(Type::Unknown),
        }
    }

    /// The dependency that an expression is: `Depends(…)`.
    fn provider(&mut self, module: &'p Module, expr: ExprId) -> Option<Provider> {
        let ExprKind::Call { func, args, keywords } = &module.python.syntax.expr(expr).kind else { return None };
        let Type::External(path) = self.type_of(module, *func) else { return None };
        if !self.known.depends.contains(&path) {
            return None;
        }
        let given = args.first().copied().or_else(|| module.keyword(keywords, "dependency"));
        Some(given.map_or(Provider::Annotated, Provider::Given))
    }

    /// What a parameter is given whose provider is this.
    fn provided(&mut self, module: &'p Module, provider: ExprId) -> Type {
        let found = match self.type_of(module, provider) {
            Type::Class(class) => return Type::Instance(class),
            Type::External(path) => return self.product(path),
            Type::Function(function) => (function, self.returned(function)),
            Type::Instance(class) => match self.method(class, self.known.call) {
                Some(method) => (method, self.returned(method)),
                None => return Type::Unknown,
            },
            _ => return Type::Unknown,
        };
        match found {
            (function, Type::Container(id)) if self.bodies[function.0 as usize].is_generator => self.types.parts(id).1,
            (_, Type::Receiver) => Type::Unknown,
            (_, found) => found,
        }
    }

    /// The edges of the dependencies in a parameter's annotation that is an alias, and of `Depends()` without argument.
    pub(super) fn parameter_edges(&mut self, module: &'p Module, function: FunctionId, parameter: &'p Parameter) {
        if let Some(default) = parameter.default
            && self.provider(module, default) == Some(Provider::Annotated)
            && let Some(annotation) = parameter.annotation
        {
            self.class_dependency(module, function, annotation, default);
        }
        let Some(annotation) = parameter.annotation else { return };
        let (home, value) = match module.python.syntax.expr(annotation).kind {
            ExprKind::Subscript { .. } => (module, annotation),
            _ => match self.alias(module, annotation) {
                Some(found) => found,
                None => return,
            },
        };
        let ExprKind::Subscript { slice, .. } = home.python.syntax.expr(value).kind else { return };
        let ExprKind::Tuple { elts, .. } = &home.python.syntax.expr(slice).kind else { return };
        let Some((&class, extras)) = elts.split_first() else { return };
        for &extra in extras.iter().take(8) {
            match self.provider(home, extra) {
                Some(Provider::Annotated) => self.annotated_class(home, class, module, function, annotation),
                // What stands in the signature itself is met as a call.
                Some(Provider::Given(provider)) if value != annotation || home.id != module.id => {
                    let provider = self.type_of(home, provider);
                    self.depends_edge(module, function, annotation, provider);
                }
                _ => {}
            }
        }
    }

    fn class_dependency(&mut self, module: &'p Module, function: FunctionId, annotation: ExprId, place: ExprId) {
        let provider = match self.annotation(module, annotation) {
            Type::Instance(class) => Type::Class(class),
            _ => return,
        };
        self.depends_edge(module, function, place, provider);
    }

    fn annotated_class(
        &mut self,
        home: &'p Module,
        class: ExprId,
        module: &'p Module,
        function: FunctionId,
        place: ExprId,
    ) {
        if let Type::Instance(class) = self.annotation(home, class) {
            self.depends_edge(module, function, place, Type::Class(class));
        }
    }

    /// The edges of a call that may be `Depends(f)`; whether it is one.
    pub(super) fn depends_call(&mut self, module: &'p Module, call: ExprId) -> bool {
        let Some(provider) = self.provider(module, call) else { return false };
        let Provider::Given(provider) = provider else { return true };
        let provider = self.type_of(module, provider);
        let Some(stmt) = module.python.syntax.enclosing_stmt(call) else { return true };
        if matches!(module.python.syntax.stmt(stmt).kind, StmtKind::FunctionDef(_)) {
            if let Some(function) = self.function_at(module.id, stmt) {
                self.depends_edge(module, function, call, provider);
            }
            return true;
        }
        if let ScopeKind::Class(class) = module.python.names.scope(module.python.scope_of_expr(call)).kind {
            for method in self.decorated_methods(module, class) {
                self.depends_edge(module, method, call, provider);
            }
        } else {
            self.note_dependency(provider);
        }
        true
    }

    /// The methods of a class-based view that answer something.
    fn decorated_methods(&self, module: &Module, class: pyaudit_python::StmtId) -> Vec<FunctionId> {
        let syntax = &module.python.syntax;
        let body = module.class(class).map_or(&[][..], |class| &class.body);
        let methods = body.iter().filter(|&&stmt| match &syntax.stmt(stmt).kind {
            StmtKind::FunctionDef(function) => {
                let mut calls = function.decorators.iter();
                calls.any(|&decorator| matches!(syntax.expr(decorator).kind, ExprKind::Call { .. }))
            }
            _ => false,
        });
        methods.filter_map(|&stmt| self.function_at(module.id, stmt)).take(MAX_METHODS).collect()
    }

    fn depends_edge(&mut self, module: &'p Module, function: FunctionId, place: ExprId, provider: Type) {
        for callee in self.note_dependency(provider) {
            let off_loop = !self.functions[callee.0 as usize].colour.is_async();
            self.edge(function, module, place, Callee::Function(callee), EdgeKind::Depends, Confidence::Known);
            if let Some(edge) = self.edges.last_mut() {
                edge.off_loop = off_loop;
            }
        }
    }

    /// The functions that a dependency calls, marked as such.
    fn note_dependency(&mut self, provider: Type) -> Vec<FunctionId> {
        let functions: Vec<FunctionId> = match provider {
            Type::Function(function) => {
                let mut all = self.wrappers(function);
                all.push(function);
                all
            }
            Type::Class(class) => self.method(class, self.known.init).into_iter().collect(),
            Type::Instance(class) => self.method(class, self.known.call).into_iter().collect(),
            _ => Vec::new(),
        };
        for &function in &functions {
            self.entry(function).dependency = true;
        }
        functions
    }
}
