//! Addresses that nothing connects with: they are taken apart, and their host is compared with others.

use super::Fallback;
use crate::{Module, Project, Symbol};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtKind};

/// Functions that take an address apart.
const PARSERS: &[&str] = &["urlparse", "urlsplit", "make_url"];

impl Fallback<'_> {
    /// Whether its value is an address of which the application only looks at parts: each use is given to a function that
    /// takes it apart, and what that gives is asked for attributes alone. A default that nothing is seen to use is not.
    pub fn is_only_taken_apart(&self, project: &Project) -> bool {
        if !self.value.as_str().is_some_and(|text| text.contains("://")) {
            return false;
        }
        let uses: Vec<(&Module, ExprId)> = if let Some((class, field)) = self.field {
            let classes = &mut project.settings.classes().iter();
            let at = classes.position(|it| (it.module, it.class) == (class.module, class.class));
            let uses = at.into_iter().flat_map(|at| project.settings.uses_of(at, &field.name));
            uses.map(|it| (project.modules.get(it.module), it.expr)).collect()
        } else {
            project.uses_of_constant(self)
        };
        !uses.is_empty() && uses.into_iter().all(|(module, expr)| is_taken_apart(module, expr))
    }
}

impl Project {
    /// Every place that loads the name that a read is assigned to.
    fn uses_of_constant(&self, fallback: &Fallback<'_>) -> Vec<(&Module, ExprId)> {
        let Some(target) = fallback.target() else { return Vec::new() };
        let constant = Symbol::Definition { module: fallback.module, path: vec![target.to_owned()] };
        let mut found = Vec::new();
        for module in self.modules.iter().filter(|module| module.python.name_id(target).is_some()) {
            let syntax = &module.python.syntax;
            for (id, expr) in syntax.exprs() {
                let is_named = match expr.kind {
                    ExprKind::Name { id: name, ctx: pyaudit_python::ExprContext::Load } => syntax.name(name) == target,
                    ExprKind::Attribute { attr, ctx: pyaudit_python::ExprContext::Load, .. } => {
                        syntax.identifier(attr) == target
                    }
                    _ => false,
                };
                if is_named && self.symbol(module, id).as_ref() == Some(&constant) {
                    found.push((module, id));
                }
            }
        }
        found
    }
}

/// Whether a use of an address takes it apart, and nothing else is done with it.
fn is_taken_apart(module: &Module, expr: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let Parent::Expr(call) = syntax.expr_parent(expr) else { return false };
    let ExprKind::Call { func, args, .. } = &syntax.expr(call).kind else { return false };
    if !args.contains(&expr) || !module.last_name(*func).is_some_and(|name| PARSERS.contains(&name)) {
        return false;
    }
    match syntax.expr_parent(call) {
        Parent::Expr(outer) => matches!(syntax.expr(outer).kind, ExprKind::Attribute { .. }),
        Parent::Stmt(stmt) => match &syntax.stmt(stmt).kind {
            StmtKind::Assign { targets, .. } if targets.len() == 1 => is_asked_for_parts(module, targets[0]),
            _ => false,
        },
        _ => false,
    }
}

/// Whether all uses of a local name are attributes of it.
fn is_asked_for_parts(module: &Module, target: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Name { id: wanted, .. } = syntax.expr(target).kind else { return false };
    let scope = module.python.scope_of_expr(target);
    syntax.exprs().filter(|&(id, _)| id != target && module.python.scope_of_expr(id) == scope).all(|(id, expr)| {
        let is_it = matches!(expr.kind, ExprKind::Name { id: name, .. } if name == wanted);
        !is_it
            || matches!(syntax.expr_parent(id), Parent::Expr(outer) if matches!(syntax.expr(outer).kind, ExprKind::Attribute { .. }))
    })
}
