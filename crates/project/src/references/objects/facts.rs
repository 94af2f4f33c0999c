//! What is looked up once for each module.

use super::ModuleFacts;
use crate::Module;
use pyaudit_python::{ExprId, ExprKind, StmtKind};
use std::collections::{HashMap, HashSet};

impl ModuleFacts {
    pub(super) fn of(module: &Module) -> Self {
        let syntax = &module.python.syntax;
        let mut facts = Self { loops: HashMap::new(), narrowed: HashSet::new() };
        for (_, stmt) in syntax.stmts() {
            match stmt.kind {
                StmtKind::For { target, iter, .. } => facts.add_loop(module, target, iter),
                StmtKind::Match { subject, .. } => facts.narrow(module, subject),
                _ => {}
            }
        }
        for (_, expr) in syntax.exprs() {
            match &expr.kind {
                ExprKind::ListComp { generators, .. }
                | ExprKind::SetComp { generators, .. }
                | ExprKind::Generator { generators, .. }
                | ExprKind::DictComp { generators, .. } => {
                    generators.iter().for_each(|it| facts.add_loop(module, it.target, it.iter));
                }
                ExprKind::Call { func, args, .. }
                    if matches!(module.last_name(*func), Some("isinstance" | "issubclass" | "hasattr" | "type")) =>
                {
                    args.first().iter().for_each(|it| facts.narrow(module, **it));
                }
                _ => {}
            }
        }
        facts
    }

    pub(super) fn add_loop(&mut self, module: &Module, target: ExprId, iter: ExprId) {
        let target = module.python.syntax.expr(target);
        if matches!(target.kind, ExprKind::Name { .. }) {
            self.loops.insert(target.range.start, iter);
        }
    }

    pub(super) fn narrow(&mut self, module: &Module, object: ExprId) {
        if let ExprKind::Name { id, .. } = module.python.syntax.expr(object).kind {
            self.narrowed.insert(id);
        }
    }
}
