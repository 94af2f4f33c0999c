//! Methods that statements and operators run: `with`, `for`, `x[0]`.

use super::interner::Atom;
use super::kinds::Type;
use super::linker::Linker;
use super::{Callee, Confidence, EdgeKind};
use crate::Module;
use pyaudit_python::{ExprContext, ExprId};

impl<'p> Linker<'p> {
    /// The edges of entering and leaving a context manager.
    pub(super) fn with_edges(&mut self, module: &'p Module, manager: ExprId, is_async: bool) {
        let known = &self.known;
        let names = if is_async { [known.aenter, known.aexit] } else { [known.enter, known.exit] };
        self.protocol_edges(module, manager, manager, &names);
    }

    /// The edges of going through something.
    pub(super) fn loop_edges(&mut self, module: &'p Module, iter: ExprId, is_async: bool) {
        let known = &self.known;
        let names = if is_async { [known.aiter, known.anext] } else { [known.iter, known.next] };
        self.protocol_edges(module, iter, iter, &names);
    }

    /// The edges of `x[0]`, `x[0] = y` and `del x[0]`.
    pub(super) fn subscript_edges(&mut self, module: &'p Module, id: ExprId, value: ExprId, context: ExprContext) {
        let name = match context {
            ExprContext::Load => self.known.getitem,
            ExprContext::Store => self.known.setitem,
            ExprContext::Del => self.known.delitem,
        };
        self.protocol_edges(module, id, value, &[name]);
    }

    fn protocol_edges(&mut self, module: &'p Module, place: ExprId, object: ExprId, names: &[Atom]) {
        let object = self.type_of(module, object);
        if !matches!(object, Type::Instance(_) | Type::Union(_)) {
            return;
        }
        let members = self.types.members(object);
        let confidence = if members.len() > 1 { Confidence::Guess } else { Confidence::Known };
        let caller = self.function_of_expr(module, place);
        for member in members {
            let Type::Instance(class) = member else { continue };
            for &name in names {
                if let Some(method) = self.method(class, name) {
                    let callee = Callee::Function(method);
                    self.edge(caller, module, place, callee, EdgeKind::Protocol, confidence);
                }
            }
        }
    }
}
