//! Which names of modules hold the applications and routers that functions make.

use super::RouterId;
use super::interpreter::Interpreter;
use crate::{Module, ModuleId};
use pyaudit_python::{ExprKind, Parent, StmtKind};
use std::collections::BTreeMap;

/// The name of a module that holds what a function made. Of several the last of the first module counts: there a wrapper
/// comes after what it wraps.
pub(super) fn by_names(interpreter: &Interpreter<'_>) -> BTreeMap<RouterId, (ModuleId, String)> {
    let mut held: BTreeMap<RouterId, (ModuleId, String)> = BTreeMap::new();
    for module in interpreter.project.modules.iter() {
        let Some(namespace) = interpreter.namespace(module.id) else { continue };
        for name in assigned_names(module) {
            let value = interpreter.lookup(namespace, name);
            let Some(router) = value.and_then(|value| interpreter.router_in(&value)) else { continue };
            if is_made_by_function(interpreter, router)
                && held.get(&router).is_none_or(|(known, _)| *known == module.id)
            {
                held.insert(router, (module.id, name.to_owned()));
            }
        }
    }
    held
}

fn is_made_by_function(interpreter: &Interpreter<'_>, router: RouterId) -> bool {
    let (module, call) = interpreter.state(router).call;
    interpreter.module(module).python.syntax.enclosing_functions(Parent::Expr(call)).next().is_some()
}

/// The names that the statements of a module assign, in their order.
fn assigned_names(module: &Module) -> impl Iterator<Item = &str> {
    let syntax = &module.python.syntax;
    syntax.body.iter().filter_map(move |&id| {
        let target = match &syntax.stmt(id).kind {
            StmtKind::Assign { targets, .. } => *targets.first()?,
            StmtKind::AnnAssign { target, .. } => *target,
            _ => return None,
        };
        match &syntax.expr(target).kind {
            ExprKind::Name { id, .. } => Some(syntax.name(*id)),
            _ => None,
        }
    })
}
