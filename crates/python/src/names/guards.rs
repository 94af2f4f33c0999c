//! What a statement's surroundings say about when it runs.

use crate::module::Syntax;
use crate::syntax::{
    BoolOperator, CompareOperator, ExceptHandler, ExprId, ExprKind, IfClause, StmtId, StmtKind, UnaryOperator, WithItem,
};

/// What guards a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Guards {
    /// It stands below `if __name__ == "__main__":`.
    pub(crate) main: bool,
    /// It runs for type checkers alone.
    pub(crate) type_checking: bool,
    /// A failing import in it is caught.
    pub(crate) optional: bool,
}

impl Guards {
    fn or(self, other: Self) -> Self {
        Self {
            main: self.main || other.main,
            type_checking: self.type_checking || other.type_checking,
            optional: self.optional || other.optional,
        }
    }
}

/// What guards each statement, by statement id.
pub(super) fn read(syntax: &Syntax) -> Vec<Guards> {
    let mut guards = vec![Guards::default(); syntax.stmts.len()];
    // Parents have larger ids than their children.
    for at in (0..syntax.stmts.len()).rev() {
        let around = match syntax.stmt_parents[at] {
            crate::module::Parent::Stmt(parent) => guards[parent.0 as usize],
            _ => Guards::default(),
        };
        guards[at] = guards[at].or(around);
        mark_bodies(syntax, StmtId(at as u32), &mut guards);
    }
    guards
}

/// Marks the statements that a statement itself guards.
fn mark_bodies(syntax: &Syntax, id: StmtId, guards: &mut [Guards]) {
    let mut mark = |body: &[StmtId], with: Guards| {
        for stmt in body {
            guards[stmt.0 as usize] = guards[stmt.0 as usize].or(with);
        }
    };
    let optional = Guards { optional: true, ..Guards::default() };
    match &syntax.stmt(id).kind {
        StmtKind::If { clauses, orelse } => {
            for clause in clauses {
                mark(&clause.body, condition(syntax, clause.test));
            }
            if is_runtime_only(syntax, clauses) {
                mark(orelse, Guards { type_checking: true, ..Guards::default() });
            }
        }
        StmtKind::Try { body, handlers, .. } if handlers.iter().any(|handler| catches_import(syntax, handler)) => {
            mark(body, optional);
        }
        StmtKind::With { items, body, .. } if items.iter().any(|item| suppresses_import(syntax, item)) => {
            mark(body, optional);
        }
        _ => {}
    }
}

/// What a condition says about the body below it. Of `and`, every operand counts.
fn condition(syntax: &Syntax, test: ExprId) -> Guards {
    match &syntax.expr(test).kind {
        ExprKind::BoolOp { op: BoolOperator::And, values } => {
            values.iter().map(|&value| term(syntax, value)).fold(Guards::default(), Guards::or)
        }
        _ => term(syntax, test),
    }
}

fn term(syntax: &Syntax, test: ExprId) -> Guards {
    let main = is_main_test(syntax, test);
    Guards { main, type_checking: is_type_checking(syntax, test), optional: false }
}

/// `__name__ == "__main__"` with its operands in either order.
fn is_main_test(syntax: &Syntax, test: ExprId) -> bool {
    let ExprKind::Compare { left, comparisons } = &syntax.expr(test).kind else { return false };
    let [(CompareOperator::Eq, right)] = **comparisons else { return false };
    let is_name = |id| last_name(syntax, id) == Some("__name__");
    let is_main = |id| syntax.string(id) == Some("__main__");
    (is_name(*left) && is_main(right)) || (is_main(*left) && is_name(right))
}

/// `TYPE_CHECKING` or `typing.TYPE_CHECKING`.
fn is_type_checking(syntax: &Syntax, test: ExprId) -> bool {
    last_name(syntax, test) == Some("TYPE_CHECKING")
}

/// Whether the clauses are `if not TYPE_CHECKING:` alone.
fn is_runtime_only(syntax: &Syntax, clauses: &[IfClause]) -> bool {
    let [clause] = clauses else { return false };
    match syntax.expr(clause.test).kind {
        ExprKind::UnaryOp { op: UnaryOperator::Not, operand } => is_type_checking(syntax, operand),
        _ => false,
    }
}

/// Whether a handler catches a failing import.
fn catches_import(syntax: &Syntax, handler: &ExceptHandler) -> bool {
    match handler.exception.map(|exception| &syntax.expr(exception).kind) {
        None => true,
        Some(ExprKind::Tuple { elts, .. }) => elts.iter().any(|&elt| covers_import_error(syntax, elt)),
        Some(_) => handler.exception.is_some_and(|exception| covers_import_error(syntax, exception)),
    }
}

/// `suppress(ImportError)`.
fn suppresses_import(syntax: &Syntax, item: &WithItem) -> bool {
    match &syntax.expr(item.context_expr).kind {
        ExprKind::Call { func, args, .. } => {
            last_name(syntax, *func) == Some("suppress") && args.iter().any(|&arg| covers_import_error(syntax, arg))
        }
        _ => false,
    }
}

fn covers_import_error(syntax: &Syntax, exception: ExprId) -> bool {
    const TYPES: [&str; 4] = ["ImportError", "ModuleNotFoundError", "Exception", "BaseException"];
    last_name(syntax, exception).is_some_and(|name| TYPES.contains(&name))
}

/// The name, or the last part of a dotted one.
fn last_name(syntax: &Syntax, expr: ExprId) -> Option<&str> {
    match syntax.expr(expr).kind {
        ExprKind::Name { id, .. } => Some(syntax.name(id)),
        ExprKind::Attribute { attr, .. } => Some(syntax.identifier(attr)),
        _ => None,
    }
}
