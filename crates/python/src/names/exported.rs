//! The names in `__all__`.

use super::{Names, ScopeId};
use crate::module::Syntax;
use crate::syntax::{ExprId, ExprKind, Operator, StmtId, StmtKind};
use pyaudit_source::Range;

/// Reads `__all__`: lists and tuples of string literals, `+`, `+=`, `extend`, `append` and `remove`, at any depth of the
/// module's own scope, in order of the source. `None` where there is none, or where a part of it cannot be read here,
/// such as another module's `__all__`.
pub(super) fn read(syntax: &Syntax, names: &Names) -> Option<Vec<String>> {
    let mut changes: Vec<(Range, Change)> = Vec::new();
    for (id, stmt) in syntax.stmts() {
        if names.stmt_scopes[id.0 as usize] == ScopeId(0) {
            changes.extend(change(syntax, id).map(|change| (stmt.range, change)));
        }
    }
    changes.sort_by_key(|&(range, _)| range);
    let mut exported: Option<Vec<String>> = None;
    for (_, change) in changes {
        match change {
            Change::Set(value) => exported = Some(strings(syntax, value)?),
            Change::Extend(value) => exported.get_or_insert_default().extend(strings(syntax, value)?),
            Change::Append(value) => exported.get_or_insert_default().push(syntax.string(value)?.to_owned()),
            Change::Remove(value) => {
                let removed = syntax.string(value)?;
                exported.get_or_insert_default().retain(|name| name != removed);
            }
        }
    }
    exported
}

/// What a statement does to `__all__`.
enum Change {
    Set(ExprId),
    Extend(ExprId),
    Append(ExprId),
    Remove(ExprId),
}

fn change(syntax: &Syntax, id: StmtId) -> Option<Change> {
    match &syntax.stmt(id).kind {
        StmtKind::Assign { targets, value } => {
            targets.iter().any(|&target| is_all(syntax, target)).then_some(Change::Set(*value))
        }
        StmtKind::AnnAssign { target, value: Some(value), .. } => {
            is_all(syntax, *target).then_some(Change::Set(*value))
        }
        StmtKind::AugAssign { target, op: Operator::Add, value } => {
            is_all(syntax, *target).then_some(Change::Extend(*value))
        }
        StmtKind::Expr(call) => method_call(syntax, *call),
        _ => None,
    }
}

/// `__all__.extend(value)` and the like.
fn method_call(syntax: &Syntax, call: ExprId) -> Option<Change> {
    let ExprKind::Call { func, args, .. } = &syntax.expr(call).kind else { return None };
    let ExprKind::Attribute { value, attr, .. } = syntax.expr(*func).kind else { return None };
    let &[argument] = &**args else { return None };
    if !is_all(syntax, value) {
        return None;
    }
    match syntax.identifier(attr) {
        "extend" => Some(Change::Extend(argument)),
        "append" => Some(Change::Append(argument)),
        "remove" => Some(Change::Remove(argument)),
        _ => None,
    }
}

fn is_all(syntax: &Syntax, expr: ExprId) -> bool {
    matches!(syntax.expr(expr).kind, ExprKind::Name { id, .. } if syntax.name(id) == "__all__")
}

/// The strings of a list or tuple, or of a sum of such.
fn strings(syntax: &Syntax, value: ExprId) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut waiting = vec![value];
    while let Some(expr) = waiting.pop() {
        match &syntax.expr(expr).kind {
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
                for &element in elts {
                    found.push(syntax.string(element)?.to_owned());
                }
            }
            ExprKind::BinOp { left, op: Operator::Add, right } => waiting.extend([*right, *left]),
            _ => return None,
        }
    }
    Some(found)
}
