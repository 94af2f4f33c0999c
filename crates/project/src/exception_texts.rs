//! Where the text of an exception goes into a value.

use crate::{Condition, Module, Project};
use pyaudit_python::{ExprId, ExprKind, NameId, Operator, Parent};
use std::collections::BTreeSet;

/// What of an exception a value shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shown {
    /// The name of its class.
    TypeName,
    /// Its message.
    Message,
    /// The traceback.
    Traceback,
}

/// Functions whose result holds the text of what they are given.
const PASSING: &[&str] = &[
    "str",
    "repr",
    "format",
    "dict",
    "list",
    "type",
    "vars",
    "json.dumps",
    "html.escape",
    "fastapi.encoders.jsonable_encoder",
];

/// Functions that give the traceback of the exception at hand.
const TRACEBACKS: &[&str] =
    &["traceback.format_exc", "traceback.format_exception", "traceback.format_tb", "traceback.format_stack"];

/// Attributes that every exception has, or those of libraries, and that hold what it says.
const SAYING: &[&str] =
    &["args", "orig", "strerror", "filename", "stderr", "__cause__", "__context__", "__traceback__"];

impl Project {
    /// The part of a value that shows an exception held by one of these names, in the order of the source; what is
    /// shown in development alone is left out, and so is what a function of the project makes of it.
    pub fn shown_exception(&self, module: &Module, names: &BTreeSet<NameId>, value: ExprId) -> Option<(ExprId, Shown)> {
        let syntax = &module.python.syntax;
        let mut parts = syntax.walk_exprs_of(value);
        parts.find_map(|part| match &syntax.expr(part).kind {
            ExprKind::Name { id, .. } if names.contains(id) => {
                self.way_up(module, part, value).map(|shown| (part, shown))
            }
            ExprKind::Call { func, .. } if self.is_any(module, *func, TRACEBACKS) => {
                self.way_up(module, part, value).map(|_| (part, Shown::Traceback))
            }
            _ => None,
        })
    }

    /// What of `part` arrives in `value`, which holds it.
    fn way_up(&self, module: &Module, part: ExprId, value: ExprId) -> Option<Shown> {
        let syntax = &module.python.syntax;
        let mut shown = Shown::Message;
        let mut at = part;
        while at != value {
            let Parent::Expr(outer) = syntax.expr_parent(at) else { return None };
            match &syntax.expr(outer).kind {
                ExprKind::Attribute { attr, .. } => match syntax.identifier(*attr) {
                    "__class__" | "__name__" | "__qualname__" => shown = Shown::TypeName,
                    name if SAYING.contains(&name) => {}
                    // A method of the text: `str(error).strip()`.
                    _ if at != part && is_called(module, outer) => {}
                    _ => return None,
                },
                ExprKind::Call { func, .. } if *func == at => {}
                ExprKind::Call { func, .. } => {
                    if self.is_any(module, *func, &["type"]) {
                        shown = Shown::TypeName;
                    } else if !self.passes_on(module, *func) {
                        return None;
                    }
                }
                ExprKind::IfExp { test, body, .. } => self.branch(module, *test, *body, at)?,
                ExprKind::Compare { .. } | ExprKind::Lambda { .. } => return None,
                ExprKind::BinOp { op, .. } if !matches!(op, Operator::Add | Operator::Mod) => return None,
                _ => {}
            }
            at = outer;
        }
        Some(shown)
    }

    /// Whether a function's result holds what it is given: one of the list, a class that holds its arguments, or the
    /// `format` of a text.
    fn passes_on(&self, module: &Module, func: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let is_format = match &syntax.expr(func).kind {
            ExprKind::Attribute { value, attr, .. } => {
                syntax.identifier(*attr) == "format" && syntax.string(*value).is_some()
            }
            _ => false,
        };
        is_format
            || self.is_any(module, func, PASSING)
            || self.class(module, func).is_some()
            || self.answer_name(module, func)
    }

    /// Whether a name is that of a response or HTTP exception.
    fn answer_name(&self, module: &Module, func: ExprId) -> bool {
        match module.python.syntax.expr_parent(func) {
            Parent::Expr(call) => self.answer(module, call).is_some(),
            _ => false,
        }
    }

    /// Goes through a conditional expression, unless this branch is for development alone or `at` is the condition.
    fn branch(&self, module: &Module, test: ExprId, body: ExprId, at: ExprId) -> Option<()> {
        let needed = if at == body { Condition::Development } else { Condition::NotDevelopment };
        (at != test && self.condition_of(module, test) != Some(needed)).then_some(())
    }
}

/// Whether an expression is what a call calls.
fn is_called(module: &Module, expr: ExprId) -> bool {
    let syntax = &module.python.syntax;
    match syntax.expr_parent(expr) {
        Parent::Expr(outer) => matches!(syntax.expr(outer).kind, ExprKind::Call { func, .. } if func == expr),
        _ => false,
    }
}
