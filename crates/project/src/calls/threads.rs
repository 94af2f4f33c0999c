//! What does not run on the thread of its caller although it looks like a plain call.

use super::edges::Target;
use super::kinds::Type;
use super::linker::Linker;
use super::{Callee, Colour, Confidence, FunctionId};
use crate::Module;
use pyaudit_python::{ExprId, ExprKind, Parent};

/// Responses that go through a plain generator in a thread, by their last names.
const STREAMING: &[&str] = &["StreamingResponse", "EventSourceResponse"];

impl<'p> Linker<'p> {
    /// Whether a call runs its target in another thread, and how certain it is that it does not.
    ///
    /// A plain function that is awaited has been made a coroutine by something: `sync_to_async(f)`, a decorator. The
    /// generator that a streaming response is given runs in a thread, too.
    pub(super) fn is_off_loop(&mut self, module: &'p Module, call: ExprId, target: &Target) -> (bool, Confidence) {
        let Callee::Function(function) = target.callee else { return (false, Confidence::Known) };
        let syntax = &module.python.syntax;
        let parent = match syntax.expr_parent(call) {
            Parent::Expr(parent) => Some(&syntax.expr(parent).kind),
            Parent::Pattern(_) | Parent::Stmt(_) | Parent::Module => None,
        };
        match (self.functions[function.0 as usize].colour, parent) {
            (Colour::Sync, Some(ExprKind::Await(_))) => (true, Confidence::Known),
            (Colour::Generator, Some(ExprKind::Call { func, .. })) if *func != call => {
                (self.is_streaming(module, *func), Confidence::Known)
            }
            (Colour::Sync, _) => self.is_wrapped(function),
            _ => (false, Confidence::Known),
        }
    }

    /// Whether a callable gives the client what a generator yields.
    fn is_streaming(&mut self, module: &'p Module, func: ExprId) -> bool {
        match self.type_of(module, func) {
            Type::External(path) => STREAMING.contains(&self.atoms.text(self.paths.last(path))),
            Type::Class(class) => self.inherits_external(class, STREAMING),
            _ => false,
        }
    }

    /// Whether an `async def` of the project stands around a plain function: one that never calls it itself has a thread
    /// do so; one that does may do either.
    fn is_wrapped(&mut self, function: FunctionId) -> (bool, Confidence) {
        let Some((module, _, definition)) = self.definition(function) else { return (false, Confidence::Known) };
        let mut found = (false, Confidence::Known);
        for &decorator in definition.decorators.iter().take(16) {
            let decorator = self.type_of(module, decorator);
            let Some(decorating) = self.decorating(decorator) else { continue };
            let Some(wrapper) = self.wrapper(decorating) else { continue };
            if !self.functions[wrapper.0 as usize].colour.is_async() {
                continue;
            }
            found = if self.calls_its_parameter(decorating) { (found.0, Confidence::Guess) } else { (true, found.1) };
        }
        found
    }

    /// Whether the code below a function calls its first parameter that is not a receiver.
    fn calls_its_parameter(&self, function: FunctionId) -> bool {
        let Some((module, _, definition)) = self.definition(function) else { return false };
        let is_method = self.functions[function.0 as usize].class.is_some();
        let parameter = definition.parameters.iter().nth(usize::from(is_method));
        parameter.is_some_and(|parameter| self.called_parameters.contains(&(module.id, parameter.name.range.start)))
    }
}
