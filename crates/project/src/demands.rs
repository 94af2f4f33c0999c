//! Which names must be true or false for a place of a function to be reached.

use crate::Module;
use pyaudit_python::{BoolOperator, ExprId, ExprKind, IfClause, Parent, StmtId, StmtKind, UnaryOperator};

impl Module {
    /// The names that must be true (or false) for an expression to be reached, as far as the conditions around it in its
    /// function say so (`if strict:`, `strict and check(…)`), and those before it that leave the function or the loop
    /// (`if not strict: return`).
    pub(crate) fn demands_of(&self, expr: ExprId) -> Vec<(&str, bool)> {
        let syntax = &self.python.syntax;
        let mut demands = Vec::new();
        let mut inner = Parent::Expr(expr);
        for outer in syntax.ancestors(inner) {
            match outer {
                Parent::Expr(id) => {
                    if let ExprKind::BoolOp { op: BoolOperator::And, values } = &syntax.expr(id).kind {
                        let earlier = values.iter().take_while(|&&value| Parent::Expr(value) != inner);
                        demands.extend(earlier.flat_map(|&value| self.demands_of_test(value, true)));
                    }
                }
                Parent::Stmt(id) => {
                    if let Parent::Stmt(stmt) = inner {
                        demands.extend(self.demands_of_guards(id, stmt));
                        demands.extend(self.demands_of_branch(id, stmt));
                    }
                    if matches!(syntax.stmt(id).kind, StmtKind::FunctionDef(_)) {
                        break;
                    }
                }
                _ => {}
            }
            inner = outer;
        }
        demands
    }

    /// What the branch of an `if` that holds a statement asks for.
    fn demands_of_branch(&self, holder: StmtId, stmt: StmtId) -> Vec<(&str, bool)> {
        let StmtKind::If { clauses, orelse } = &self.python.syntax.stmt(holder).kind else { return Vec::new() };
        if let Some(clause) = clauses.iter().find(|clause| clause.body.contains(&stmt)) {
            return self.demands_of_test(clause.test, true);
        }
        if orelse.contains(&stmt) {
            return clauses.iter().flat_map(|clause| self.demands_of_test(clause.test, false)).collect();
        }
        Vec::new()
    }

    /// What the statements before one in its block ask for that leave the block otherwise.
    fn demands_of_guards(&self, holder: StmtId, stmt: StmtId) -> Vec<(&str, bool)> {
        let blocks = self.blocks_of(holder);
        let Some(block) = blocks.into_iter().find(|block| block.contains(&stmt)) else { return Vec::new() };
        let earlier = block.iter().take_while(|&&one| one != stmt);
        earlier.filter_map(|&one| self.guard(one)).flat_map(|test| self.demands_of_test(test, false)).collect()
    }

    /// The condition of an `if` that does nothing but leave.
    fn guard(&self, stmt: StmtId) -> Option<ExprId> {
        let syntax = &self.python.syntax;
        let StmtKind::If { clauses, orelse } = &syntax.stmt(stmt).kind else { return None };
        let [IfClause { test, body, .. }] = &**clauses else { return None };
        let last = syntax.stmt(*body.last()?);
        let leaves = matches!(last.kind, StmtKind::Return(_) | StmtKind::Raise { .. } | StmtKind::Continue);
        (leaves && orelse.is_empty()).then_some(*test)
    }

    /// The names that a condition asks to be true or false where it holds (or does not): `a` and `b` of `a and b`.
    fn demands_of_test(&self, test: ExprId, holds: bool) -> Vec<(&str, bool)> {
        let syntax = &self.python.syntax;
        let part = |value: ExprId| match syntax.expr(value).kind {
            ExprKind::UnaryOp { op: UnaryOperator::Not, operand } => self.bare_name(operand).map(|name| (name, !holds)),
            _ => self.bare_name(value).map(|name| (name, holds)),
        };
        match &syntax.expr(test).kind {
            // `a and b` holds where both do, `a or b` fails where both do.
            ExprKind::BoolOp { op, values } if holds == (*op == BoolOperator::And) => {
                values.iter().filter_map(|&value| part(value)).collect()
            }
            _ => part(test).into_iter().collect(),
        }
    }

    /// The name that an expression is.
    pub(crate) fn bare_name(&self, expr: ExprId) -> Option<&str> {
        match self.python.syntax.expr(expr).kind {
            ExprKind::Name { id, .. } => Some(self.python.syntax.name(id)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    /// What the call of `ask` in a function asks for.
    fn demands(body: &str) -> Vec<(String, bool)> {
        let project = project(&[("app/a.py", &format!("def f(a, b):\n{body}"))]);
        let module = project.modules.iter().next().expect("it was parsed");
        let call = module.calls_named(&["ask"]).first().map(|call| call.id).expect("it asks");
        module.demands_of(call).into_iter().map(|(name, holds)| (name.to_owned(), holds)).collect()
    }

    fn expected(of: &[(&str, bool)]) -> Vec<(String, bool)> {
        of.iter().map(|&(name, holds)| (name.to_owned(), holds)).collect()
    }

    #[test]
    fn conditions_around_and_guards_before_ask() {
        assert_eq!(demands("    if a and not b:\n        ask()\n"), expected(&[("a", true), ("b", false)]));
        assert_eq!(demands("    return a and ask()\n"), expected(&[("a", true)]));
        assert_eq!(demands("    if not a or b:\n        return\n    ask()\n"), expected(&[("a", true), ("b", false)]));
        assert_eq!(
            demands("    if a:\n        pass\n    else:\n        for c in b:\n            ask()\n"),
            expected(&[("a", false)])
        );
    }

    #[test]
    fn what_goes_on_either_way_asks_nothing() {
        assert_eq!(demands("    if a or b:\n        ask()\n"), []);
        assert_eq!(demands("    if not a:\n        b = 1\n    ask()\n"), []);
        assert_eq!(demands("    if a and b:\n        return\n    ask()\n"), []);
        assert_eq!(demands("    ask()\n    if a:\n        return\n"), []);
    }
}
