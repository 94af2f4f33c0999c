//! Functions that are passed on: to threads, tasks, workers, sort keys.

use super::edges::Target;
use super::kinds::Type;
use super::known::Passing;
use super::linker::Linker;
use super::{Callee, Confidence, EdgeKind};
use crate::Module;
use pyaudit_python::{ExprId, ExprKind, Keyword, Parent, StmtId, StmtKind};

/// Methods of a task that have a worker run it.
const TASK_METHODS: &[&str] = &[
    "delay",
    "apply_async",
    "send",
    "send_with_options",
    "kiq",
    "schedule",
    "enqueue",
    "defer",
    "defer_async",
    "s",
    "si",
];

/// How many arguments of one call are looked at.
const MAX_ARGUMENTS: usize = 64;

/// How many displays and comprehensions stand between a call and what awaits it: `gather(*[f(x) for x in xs])`.
const MAX_LAYERS: usize = 4;

impl<'p> Linker<'p> {
    /// How a call runs what it calls: awaited, started as a task, or plainly.
    pub(super) fn call_kind(&mut self, module: &'p Module, call: ExprId) -> EdgeKind {
        let syntax = &module.python.syntax;
        let mut at = call;
        for _ in 0..MAX_LAYERS {
            let parent = match syntax.expr_parent(at) {
                Parent::Expr(parent) => parent,
                Parent::Stmt(stmt) => {
                    return if is_asynchronous(module, stmt, at) { EdgeKind::Await } else { EdgeKind::Call };
                }
                Parent::Pattern(_) | Parent::Module => return EdgeKind::Call,
            };
            match &syntax.expr(parent).kind {
                ExprKind::Await(_) => return EdgeKind::Await,
                ExprKind::Call { func, .. } if *func != at => {
                    return match self.passing(module, *func) {
                        Some(Passing::Awaits) => EdgeKind::Await,
                        Some(Passing::Starts) => EdgeKind::Callback,
                        _ => EdgeKind::Call,
                    };
                }
                ExprKind::Starred { .. } | ExprKind::List { .. } | ExprKind::Tuple { .. } => {}
                ExprKind::ListComp { elt, .. } | ExprKind::Generator { elt, .. } if *elt == at => {}
                _ => return EdgeKind::Call,
            }
            at = parent;
        }
        EdgeKind::Call
    }

    /// How a callable runs the functions that it is given.
    fn passing(&mut self, module: &'p Module, func: ExprId) -> Option<Passing> {
        let callee = self.type_of(module, func);
        if let Type::External(path) = callee
            && let Some(known) = self.known.passing(path)
        {
            return Some(known);
        }
        let ExprKind::Attribute { attr, .. } = module.python.syntax.expr(func).kind else { return None };
        if !matches!(callee, Type::External(_) | Type::Unknown) {
            return None;
        }
        let name = self.atom_of(module.id, attr);
        self.known.methods.get(&name).copied()
    }

    /// The edges of functions that a call is given, and of tasks that it has a worker run.
    pub(super) fn callback_edges(
        &mut self,
        module: &'p Module,
        id: ExprId,
        func: ExprId,
        callee: Type,
        args: &'p [ExprId],
        keywords: &'p [Keyword],
    ) {
        self.task_edges(module, id, func, callee);
        let given = args.iter().copied().chain(keywords.iter().map(|keyword| keyword.value));
        let mut passing = None;
        for argument in given.take(MAX_ARGUMENTS) {
            let kind = &module.python.syntax.expr(argument).kind;
            let may_be_function = matches!(
                kind,
                ExprKind::Name { .. } | ExprKind::Attribute { .. } | ExprKind::Lambda { .. } | ExprKind::Call { .. }
            );
            if !may_be_function {
                continue;
            }
            let argument_type = self.type_of(module, argument);
            let members = self.types.members(argument_type);
            if !members.iter().any(|member| matches!(member, Type::Function(_) | Type::External(_))) {
                continue;
            }
            let how = *passing.get_or_insert_with(|| self.passing(module, func));
            let is_called = self.parameter_calls(module, argument, argument_type, func, callee, (args, keywords));
            self.callback(module, id, argument, argument_type, how, is_called);
        }
    }

    /// The edges of one function that is passed on.
    ///
    /// It is certain where a table says that what it is given to runs it, or the source does (`is_called`). Something
    /// external is an edge where a table says so, and what it does: `asyncio.to_thread(requests.get, url)`.
    fn callback(
        &mut self,
        module: &'p Module,
        id: ExprId,
        argument: ExprId,
        passed: Type,
        how: Option<Passing>,
        is_called: bool,
    ) {
        if self.is_special(module, id) {
            return;
        }
        let mut targets: Vec<Target> = Vec::new();
        self.targets(module, argument, passed, &mut targets);
        let caller = self.function_of_expr(module, id);
        for target in targets {
            let is_async = match target.callee {
                Callee::Function(function) => self.functions[function.0 as usize].colour.is_async(),
                Callee::External(path) => match self.primitives.of(&self.paths.text(path, &self.atoms)) {
                    Some(primitive) if how.is_some() => !primitive.blocks,
                    _ => continue,
                },
            };
            let confidence = if how.is_some() || is_called { target.confidence } else { Confidence::Guess };
            self.edge(caller, module, id, target.callee, EdgeKind::Callback, confidence);
            if let Some(edge) = self.edges.last_mut() {
                edge.off_loop = match how {
                    Some(Passing::OffLoop) => true,
                    Some(Passing::OffLoopIfSync) => !is_async,
                    _ => false,
                };
            }
        }
    }

    /// The edges from a function of the project that calls its parameter to what it is given there; whether it does.
    fn parameter_calls(
        &mut self,
        module: &'p Module,
        argument: ExprId,
        passed: Type,
        func: ExprId,
        callee: Type,
        given: (&'p [ExprId], &'p [Keyword]),
    ) -> bool {
        let Type::Function(caller) = callee else { return false };
        let Some((home, _, definition)) = self.definition(caller) else { return false };
        let syntax = &module.python.syntax;
        let named = given.1.iter().find(|keyword| keyword.value == argument).and_then(|keyword| keyword.name);
        let parameter = if let Some(name) = named {
            let name = syntax.identifier(name);
            definition.parameters.iter().find(|parameter| home.python.syntax.identifier(parameter.name) == name)
        } else {
            let is_method = self.functions[caller.0 as usize].class.is_some();
            let is_bound = is_method && matches!(syntax.expr(func).kind, ExprKind::Attribute { .. });
            let at = given.0.iter().position(|&positional| positional == argument);
            at.and_then(|at| definition.parameters.iter().nth(at + usize::from(is_bound)))
        };
        let Some(parameter) = parameter else { return false };
        if !self.called_parameters.contains(&(home.id, parameter.name.range.start)) {
            return false;
        }
        for member in self.types.members(passed) {
            if let Type::Function(function) = member {
                let callee = Callee::Function(function);
                self.edge(caller, module, argument, callee, EdgeKind::Callback, Confidence::Guess);
                if let Some(edge) = self.edges.last_mut() {
                    edge.is_given = true;
                }
            }
        }
        true
    }

    /// Whether a call only wraps a function, so that it runs where the result is passed or called: `partial(f)`.
    fn is_special(&mut self, module: &'p Module, call: ExprId) -> bool {
        use super::known::Special;
        let ExprKind::Call { func, .. } = module.python.syntax.expr(call).kind else { return false };
        let Type::External(path) = self.type_of(module, func) else { return false };
        matches!(
            self.known.special(path),
            Some(Special::Partial | Special::Identity | Special::ClassOf | Special::Cast)
        )
    }

    /// The edge to a task that a worker is told to run: `send_mail.delay(…)`.
    fn task_edges(&mut self, module: &'p Module, id: ExprId, func: ExprId, callee: Type) {
        if callee != Type::Unknown {
            return;
        }
        let ExprKind::Attribute { value, attr, .. } = module.python.syntax.expr(func).kind else { return };
        if !TASK_METHODS.contains(&module.python.syntax.identifier(attr)) {
            return;
        }
        let Type::Function(task) = self.type_of(module, value) else { return };
        if self.traits(task).is_task {
            let caller = self.function_of_expr(module, id);
            self.edge(caller, module, id, Callee::Function(task), EdgeKind::Callback, Confidence::Known);
            if let Some(edge) = self.edges.last_mut() {
                edge.off_loop = true;
            }
        }
    }
}

/// Whether a statement awaits what an expression of its head gives: `async with f()`, `async for x in f()`.
fn is_asynchronous(module: &Module, stmt: StmtId, expr: ExprId) -> bool {
    match &module.python.syntax.stmt(stmt).kind {
        StmtKind::With { is_async, .. } => *is_async,
        StmtKind::For { is_async, iter, .. } => *is_async && *iter == expr,
        _ => false,
    }
}
