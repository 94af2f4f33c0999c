//! What decorators make of functions.

use super::interner::PathId;
use super::kinds::Type;
use super::linker::Linker;
use super::{Callee, Confidence, EdgeKind, FunctionId};
use crate::Module;
use pyaudit_python::{ExprId, ExprKind, StmtId};

/// What the decorators and the name of a function say of how it is called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub(super) struct Traits {
    /// Reading the attribute runs it.
    pub is_property: bool,
    /// It is run once, when its class is mapped: reading the attribute gives what it gave.
    pub is_declared: bool,
    /// Others are meant to run in its place.
    pub is_abstract: bool,
    /// What it gives is kept, so that its body seldom runs.
    pub is_cached: bool,
    /// Its first parameter is the class.
    pub is_of_class: bool,
    /// Its call gives a context manager.
    pub is_manager: bool,
    /// Making an instance of its class runs it.
    pub is_validator: bool,
    /// A worker runs it.
    pub is_task: bool,
    /// That worker has no event loop.
    pub is_alone: bool,
}

/// Decorators of a property, by their last name.
const PROPERTIES: &[&str] = &["property", "cached_property", "hybrid_property", "abstractproperty", "declared_attr"];

/// Decorators of attributes that are made once for a class, of abstract methods, and of functions whose result is kept,
/// by their last name.
const DECLARED: &[&str] = &["declared_attr"];
const ABSTRACT: &[&str] = &["abstractmethod", "abstractproperty", "abstractclassmethod"];
const CACHED: &[&str] = &["lru_cache", "cache", "cached_property"];

/// Decorators of a method of the class, by their last name.
const OF_CLASS: &[&str] =
    &["classmethod", "validator", "root_validator", "field_validator", "declared_attr", "abstractclassmethod"];

/// Decorators of methods that pydantic and attrs run when an instance is made, by their last name.
const VALIDATORS: &[&str] = &["validator", "root_validator", "field_validator", "model_validator"];

/// Methods of the class without a decorator.
const IMPLICIT_OF_CLASS: &[&str] = &["__new__", "__init_subclass__", "__class_getitem__"];

/// Decorators that make a context manager, by their last name.
const MANAGERS: &[&str] = &["contextmanager", "asynccontextmanager"];

/// Decorators that make a task of a worker, by their last name, and the libraries that have them.
const TASKS: &[&str] = &["task", "shared_task", "actor", "periodic_task", "db_task", "job"];
const TASK_LIBRARIES: &[&str] =
    &["celery", "dramatiq", "huey", "taskiq", "taskiq_redis", "taskiq_aio_pika", "procrastinate", "rq", "streaq"];

/// Those whose workers run plain functions alone, one after the other in a thread or process, and have no event loop.
/// <https://docs.celeryq.dev/en/stable/userguide/workers.html>, <https://python-rq.org/docs/workers/>,
/// <https://huey.readthedocs.io/en/latest/consumer.html>
const WITHOUT_LOOP: &[&str] = &["celery", "huey", "rq"];

impl<'p> Linker<'p> {
    /// What the decorators and the name of a function say.
    pub(super) fn traits(&mut self, function: FunctionId) -> Traits {
        if let Some(known) = self.bodies[function.0 as usize].traits {
            return known;
        }
        let mut traits = Traits::default();
        if let Some((module, _, definition)) = self.definition(function) {
            let name = module.python.syntax.identifier(definition.name);
            traits.is_of_class = IMPLICIT_OF_CLASS.contains(&name);
            // A decorator that asks for this function finds it plain.
            self.bodies[function.0 as usize].traits = Some(traits);
            for &decorator in definition.decorators.iter().take(16) {
                self.add_trait(module, decorator, &mut traits);
            }
        }
        self.bodies[function.0 as usize].traits = Some(traits);
        traits
    }

    fn add_trait(&mut self, module: &'p Module, decorator: ExprId, traits: &mut Traits) {
        let func = match module.python.syntax.expr(decorator).kind {
            ExprKind::Call { func, .. } => func,
            _ => decorator,
        };
        let Type::External(path) = self.type_of(module, func) else { return };
        let last = self.atoms.text(self.paths.last(path));
        traits.is_property |= PROPERTIES.contains(&last);
        traits.is_declared |= DECLARED.contains(&last);
        traits.is_abstract |= ABSTRACT.contains(&last);
        traits.is_cached |= CACHED.contains(&last) && self.top(path) == "functools";
        traits.is_of_class |= OF_CLASS.contains(&last);
        traits.is_validator |= VALIDATORS.contains(&last);
        traits.is_manager |= MANAGERS.contains(&last);
        let library = self.top(path);
        let is_task = TASKS.contains(&last) && TASK_LIBRARIES.contains(&library);
        traits.is_task |= is_task;
        traits.is_alone |= is_task && WITHOUT_LOOP.contains(&library);
    }

    /// The first name of a path.
    pub(super) fn top(&self, path: PathId) -> &'p str {
        let mut at = path;
        while let Some(parent) = self.paths.parent(at) {
            at = parent;
        }
        self.atoms.text(self.paths.last(at))
    }

    /// The edges of the decorators of a function or class.
    pub(super) fn decorator_edges(&mut self, module: &'p Module, stmt: StmtId, decorators: &'p [ExprId]) {
        let caller = self.function_of_stmt(module, stmt);
        let decorated = self.function_at(module.id, stmt);
        if let Some(decorated) = decorated
            && self.traits(decorated).is_task
        {
            let alone = self.traits(decorated).is_alone;
            let entry = self.entry(decorated);
            entry.task = true;
            entry.alone = alone;
        }
        let mut innermost = None;
        for &decorator in decorators {
            let found = self.type_of(module, decorator);
            if let Some(decorated) = decorated {
                self.mark_decorated(decorated, found);
            }
            let Some(function) = self.decorating(found) else {
                if let (Type::External(path), ExprKind::Name { .. } | ExprKind::Attribute { .. }) =
                    (found, &module.python.syntax.expr(decorator).kind)
                {
                    let callee = Callee::External(path);
                    self.edge(caller, module, decorator, callee, EdgeKind::Decorator, Confidence::Known);
                }
                continue;
            };
            let callee = Callee::Function(function);
            self.edge(caller, module, decorator, callee, EdgeKind::Decorator, Confidence::Known);
            let Some(wrapper) = self.wrapper(function) else { continue };
            // An outer wrapper calls the next one within, the innermost what is decorated.
            if let Some((outer, _)) = innermost.replace((wrapper, decorator)) {
                self.given_edge(outer, module, decorator, wrapper);
            }
        }
        if let (Some(decorated), Some((wrapper, decorator))) = (decorated, innermost) {
            self.given_edge(wrapper, module, decorator, decorated);
        }
    }

    /// The edge from a wrapper to what it is given by a decorator.
    fn given_edge(&mut self, wrapper: FunctionId, module: &Module, decorator: ExprId, decorated: FunctionId) {
        let callee = Callee::Function(decorated);
        self.edge(wrapper, module, decorator, callee, EdgeKind::Decorator, Confidence::Guess);
        if let Some(edge) = self.edges.last_mut() {
            edge.is_given = true;
        }
    }

    /// The function of the project that is called with what a decorator decorates.
    pub(super) fn decorating(&mut self, decorator: Type) -> Option<FunctionId> {
        match decorator {
            Type::Function(function) => Some(function),
            Type::Class(class) => self.method(class, self.known.init),
            Type::Instance(class) => self.method(class, self.known.call),
            _ => None,
        }
    }

    /// The nested function that a decorator gives in place of what it decorates.
    pub(super) fn wrapper(&mut self, decorator: FunctionId) -> Option<FunctionId> {
        match self.returned(decorator) {
            Type::Function(wrapper) if self.is_nested_in(wrapper, decorator) => Some(wrapper),
            Type::Receiver => None,
            _ => {
                // A class as decorator: its instances are called.
                let class = self.functions[decorator.0 as usize].class?;
                let (module, _, definition) = self.definition(decorator)?;
                if module.python.syntax.identifier(definition.name) != "__init__" {
                    return None;
                }
                let class = *self.class_at.get(&(module.id, class))?;
                self.method(class, self.known.call)
            }
        }
    }

    fn is_nested_in(&self, inner: FunctionId, outer: FunctionId) -> bool {
        let Some((module, stmt, _)) = self.definition(inner) else { return false };
        self.function_of_stmt(module, stmt) == outer
    }

    /// The wrappers that are called when a decorated function is.
    pub(super) fn wrappers(&mut self, function: FunctionId) -> Vec<FunctionId> {
        let Some((module, _, definition)) = self.definition(function) else { return Vec::new() };
        let mut wrappers = Vec::new();
        for &decorator in definition.decorators.iter().take(16) {
            let found = self.type_of(module, decorator);
            let decorating = self.decorating(found);
            wrappers.extend(decorating.and_then(|decorating| self.wrapper(decorating)));
        }
        wrappers
    }
}
