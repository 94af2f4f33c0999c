//! What one turn of a loop does: whether it comes to its query more than once, and whether it asks for the same.

use crate::{Module, Project};
use pyaudit_python::{CompareOperator, ExprId, ExprKind, NameId, Parent, StmtId, StmtKind};
use std::collections::BTreeSet;

/// Callables that start a statement or query over the mapped class or table that they are given first.
const OVER_MODEL: &[&str] = &["select", "update", "delete", "insert", "query", "exists"];

impl Project {
    /// Whether a call changes the schema: `connection.execute(DropTable(table))`.
    pub(super) fn is_of_schema(&self, module: &Module, argument: ExprId) -> bool {
        let ExprKind::Call { func, .. } = module.python.syntax.expr(argument).kind else { return false };
        self.symbols(module, func).iter().filter_map(crate::Symbol::external).any(|name| {
            let class = name.rsplit('.').next().unwrap_or(name);
            name.starts_with("sqlalchemy.") && (class.starts_with("Drop") || class.starts_with("Create"))
        })
    }
}

/// Whether the loop variable is a mapped class or table, so that each turn asks another table.
pub(super) fn goes_through_models(module: &Module, target: ExprId, body: &[StmtId]) -> bool {
    let syntax = &module.python.syntax;
    let targets = names_of(module, target);
    body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false)).any(|id| {
        let ExprKind::Call { func, args, .. } = &syntax.expr(id).kind else { return false };
        let callee = match &syntax.expr(*func).kind {
            ExprKind::Name { id, .. } => syntax.name(*id),
            ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
            _ => return false,
        };
        OVER_MODEL.contains(&callee) && args.iter().any(|&argument| targets.contains(&root(module, argument)))
    })
}

/// Whether a loop comes to an expression in one turn alone: the block goes on to `return`, `break` or `raise`, or a
/// condition compares the loop variable with a constant.
pub(super) fn happens_once(module: &Module, target: ExprId, body: &[StmtId], expr: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let targets = names_of(module, target);
    let mut inner = None;
    for stmt in syntax.enclosing_stmts(Parent::Expr(expr)) {
        let blocks: Vec<&[StmtId]> = match &syntax.stmt(stmt).kind {
            StmtKind::If { clauses, orelse } => {
                let around = clauses.iter().find(|clause| inner.is_some_and(|inner| clause.body.contains(&inner)));
                if around.is_some_and(|clause| names_one(module, &targets, clause.test)) {
                    return true;
                }
                clauses.iter().map(|clause| &*clause.body).chain([&**orelse]).collect()
            }
            StmtKind::With { body, .. } | StmtKind::Try { body, .. } => vec![body],
            StmtKind::Return(_) | StmtKind::Raise { .. } => return true,
            _ => Vec::new(),
        };
        if inner.is_some_and(|inner| blocks.iter().any(|block| leaves_after(module, block, inner))) {
            return true;
        }
        inner = Some(stmt);
        if body.contains(&stmt) {
            return leaves_after(module, body, stmt);
        }
    }
    false
}

/// Whether a block ends the loop after one of its statements, whatever that gives.
fn leaves_after(module: &Module, block: &[StmtId], stmt: StmtId) -> bool {
    let Some(at) = block.iter().position(|&one| one == stmt) else { return false };
    let mut later = block[at + 1..].iter().map(|&stmt| &module.python.syntax.stmt(stmt).kind);
    later.any(|kind| matches!(kind, StmtKind::Return(_) | StmtKind::Break | StmtKind::Raise { .. }))
}

/// Whether a condition holds for one value of the loop variable: `key == "order"`.
fn names_one(module: &Module, targets: &BTreeSet<Option<NameId>>, test: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Compare { left, comparisons } = &syntax.expr(test).kind else { return false };
    let [(CompareOperator::Eq, right)] = **comparisons else { return false };
    let is_target =
        |expr: ExprId| matches!(syntax.expr(expr).kind, ExprKind::Name { id, .. } if targets.contains(&Some(id)));
    let is_text = |expr: ExprId| matches!(syntax.expr(expr).kind, ExprKind::Str { .. });
    (is_target(*left) && is_text(right)) || (is_text(*left) && is_target(right))
}

/// Whether a loop goes through the fields of one object: `data.model_dump().items()`, `kwargs.items()`.
pub(super) fn goes_through_fields(module: &Module, iter: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Call { func, .. } = syntax.expr(iter).kind else { return false };
    let ExprKind::Attribute { value, attr, .. } = syntax.expr(func).kind else { return false };
    let is_dump = match &syntax.expr(value).kind {
        ExprKind::Call { func, .. } => matches!(
            &syntax.expr(*func).kind,
            ExprKind::Attribute { attr, .. } if matches!(syntax.identifier(*attr), "model_dump" | "dict")
        ),
        ExprKind::Name { id, .. } => syntax.enclosing_functions(Parent::Expr(iter)).next().is_some_and(|function| {
            let keywords = module.function(function).and_then(|definition| definition.parameters.kwarg.as_deref());
            keywords.is_some_and(|parameter| parameter.name.name == *id)
        }),
        _ => false,
    };
    is_dump && matches!(syntax.identifier(attr), "items" | "keys")
}

/// Whether the body of a loop asks for what it has kept before it asks the database: `if key not in known:` or
/// `known.get(key)` with `known[key] = …`.
pub(super) fn keeps_answers(module: &Module, body: &[StmtId]) -> bool {
    let syntax = &module.python.syntax;
    let mut asked = BTreeSet::new();
    let mut kept = BTreeSet::new();
    for stmt in syntax.walk_stmts_in(body, false) {
        if let StmtKind::Assign { targets, .. } = &syntax.stmt(stmt).kind {
            kept.extend(targets.iter().filter_map(|&target| match syntax.expr(target).kind {
                ExprKind::Subscript { value, .. } => name_of(module, value),
                _ => None,
            }));
        }
    }
    for part in body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false)) {
        match &syntax.expr(part).kind {
            ExprKind::Compare { comparisons, .. } => {
                let members = comparisons
                    .iter()
                    .filter(|(operator, _)| matches!(operator, CompareOperator::In | CompareOperator::NotIn));
                asked.extend(members.filter_map(|(_, right)| name_of(module, *right)));
            }
            ExprKind::Attribute { value, attr, .. } if syntax.identifier(*attr) == "get" => {
                asked.extend(name_of(module, *value));
            }
            _ => {}
        }
    }
    asked.intersection(&kept).next().is_some()
}

fn name_of(module: &Module, expr: ExprId) -> Option<NameId> {
    match module.python.syntax.expr(expr).kind {
        ExprKind::Name { id, .. } => Some(id),
        _ => None,
    }
}

/// The names of a loop variable, which may be a tuple.
fn names_of(module: &Module, target: ExprId) -> BTreeSet<Option<NameId>> {
    let parts = module.python.syntax.walk_exprs_of(target);
    parts.filter_map(|part| name_of(module, part)).map(Some).collect()
}

/// The name that a dotted name starts with, or that stands alone.
fn root(module: &Module, mut expr: ExprId) -> Option<NameId> {
    let syntax = &module.python.syntax;
    // `row.id` in `select(row.id)` would be a value; what is asked for is a class or one of its columns either way.
    while let ExprKind::Attribute { value, .. } = syntax.expr(expr).kind {
        expr = value;
    }
    name_of(module, expr)
}
