//! Which assignments of a name may still hold where the name is read.

use crate::Module;
use pyaudit_python::{ExprId, ExprKind, Parent, StmtId, StmtKind};

/// How far a value that a block was followed from still holds.
enum Way {
    /// The block comes to the place.
    Arrives,
    /// The value never comes to the place: the function is left before, or the name is given another value.
    Ends,
    /// The block ends, and what holds it goes on.
    GoesOn,
}

impl Module {
    /// Whether a value that a statement assigns to a name may be what the name stands for at a place. It is not where
    /// the place comes first, stands on another branch, where the function is left in between, or where an assignment on
    /// every way there gives the name another value. What stands in one loop with the place may always be, and so may
    /// what belongs to another function.
    pub fn may_reach(&self, value: ExprId, place: ExprId) -> bool {
        let syntax = &self.python.syntax;
        let function = |expr| syntax.enclosing_functions(Parent::Expr(expr)).next();
        let (Some(assignment), Some(read)) = (syntax.enclosing_stmt(value), syntax.enclosing_stmt(place)) else {
            return true;
        };
        if function(value) != function(place) {
            return true;
        }
        let around: Vec<StmtId> = [read].into_iter().chain(syntax.enclosing_stmts(Parent::Stmt(read))).collect();
        let holders: Vec<StmtId> = syntax.enclosing_stmts(Parent::Stmt(assignment)).collect();
        let is_loop = |&stmt: &StmtId| matches!(syntax.stmt(stmt).kind, StmtKind::For { .. } | StmtKind::While { .. });
        if assignment == read || holders.iter().any(|stmt| is_loop(stmt) && around.contains(stmt)) {
            return true;
        }
        syntax.stmt(assignment).range.start < syntax.stmt(read).range.start
            && self.goes_on_to(assignment, &holders, &around)
    }

    /// Whether what follows an assignment leads to one of the statements `around` a place.
    fn goes_on_to(&self, assignment: StmtId, holders: &[StmtId], around: &[StmtId]) -> bool {
        let syntax = &self.python.syntax;
        let name = self.assigned_name(assignment);
        let is_tried = self.is_tried(assignment, holders);
        let mut inner = assignment;
        for holder in holders.iter().copied().map(Some).chain([None]) {
            let blocks = holder.map_or_else(|| vec![&*syntax.body], |holder| self.blocks_of(holder));
            let Some((block, at)) =
                blocks.iter().find_map(|block| Some((*block, block.iter().position(|&one| one == inner)?)))
            else {
                return true;
            };
            match self.way_from(&block[at + 1..], around, name, is_tried) {
                Way::Arrives => return true,
                Way::Ends => return false,
                Way::GoesOn => {}
            }
            let Some(holder) = holder else { return false };
            if around.contains(&holder) {
                // The place stands in another block of the same statement: what a `try` did comes to its other blocks.
                return matches!(syntax.stmt(holder).kind, StmtKind::Try { .. });
            }
            inner = holder;
        }
        true
    }

    fn way_from(&self, later: &[StmtId], around: &[StmtId], name: Option<&str>, is_tried: bool) -> Way {
        for &stmt in later {
            if around.contains(&stmt) {
                return Way::Arrives;
            }
            let ends = match self.python.syntax.stmt(stmt).kind {
                StmtKind::Return(_) => true,
                // What a `try` catches may go on.
                StmtKind::Raise { .. } => !is_tried,
                StmtKind::Assign { .. } | StmtKind::AnnAssign { value: Some(_), .. } => {
                    !is_tried && name.is_some() && self.assigned_name(stmt) == name
                }
                _ => self.ends_on_every_branch(stmt, around, name, is_tried),
            };
            if ends {
                return Way::Ends;
            }
        }
        Way::GoesOn
    }

    /// Whether a value ends in each branch of an `if` that has an `else`, or in the body of a `with`.
    fn ends_on_every_branch(&self, stmt: StmtId, around: &[StmtId], name: Option<&str>, is_tried: bool) -> bool {
        let branches = match &self.python.syntax.stmt(stmt).kind {
            StmtKind::If { orelse, .. } if !orelse.is_empty() => self.blocks_of(stmt),
            StmtKind::With { body, .. } => vec![&**body],
            _ => return false,
        };
        branches.into_iter().all(|branch| matches!(self.way_from(branch, around, name, is_tried), Way::Ends))
    }

    /// Whether a statement stands in the body of a `try`, whose clauses may see what it did and go on.
    fn is_tried(&self, stmt: StmtId, holders: &[StmtId]) -> bool {
        let inner = [stmt].into_iter().chain(holders.iter().copied());
        inner.zip(holders).any(|(inner, &holder)| match &self.python.syntax.stmt(holder).kind {
            StmtKind::Try { body, .. } => body.contains(&inner),
            _ => false,
        })
    }

    /// The one name that a statement assigns to.
    fn assigned_name(&self, stmt: StmtId) -> Option<&str> {
        let syntax = &self.python.syntax;
        let target = match &syntax.stmt(stmt).kind {
            StmtKind::Assign { targets, .. } => match **targets {
                [only] => only,
                _ => return None,
            },
            StmtKind::AnnAssign { target, .. } => *target,
            _ => return None,
        };
        match syntax.expr(target).kind {
            ExprKind::Name { id, .. } => Some(syntax.name(id)),
            _ => None,
        }
    }

    /// Every block of a statement.
    pub(crate) fn blocks_of(&self, stmt: StmtId) -> Vec<&[StmtId]> {
        match &self.python.syntax.stmt(stmt).kind {
            StmtKind::FunctionDef(function) => vec![&function.body],
            StmtKind::ClassDef(class) => vec![&class.body],
            StmtKind::If { clauses, orelse } => clauses.iter().map(|clause| &*clause.body).chain([&**orelse]).collect(),
            StmtKind::For { body, orelse, .. } | StmtKind::While { body, orelse, .. } => vec![body, orelse],
            StmtKind::With { body, .. } => vec![body],
            StmtKind::Match { cases, .. } => cases.iter().map(|case| &*case.body).collect(),
            StmtKind::Try { body, handlers, orelse, finalbody, .. } => {
                [&**body, &**orelse, &**finalbody].into_iter().chain(handlers.iter().map(|it| &*it.body)).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;
    use pyaudit_python::{BindingKind, ExprContext, ExprKind};

    /// The texts of the values that may be what `x` is in the only `use(x)` of a function.
    fn reaching(body: &str) -> Vec<String> {
        let text = format!("def f(a):\n{body}");
        let project = project(&[("app/a.py", &text)]);
        let module = project.modules.iter().next().expect("it was parsed");
        let syntax = &module.python.syntax;
        let is_x = |id| matches!(syntax.expr(id).kind, ExprKind::Name { id, ctx: ExprContext::Load } if syntax.name(id) == "x");
        let read = syntax.exprs().find_map(|(_, expr)| match &expr.kind {
            ExprKind::Call { args, .. } => args.iter().copied().find(|&argument| is_x(argument)),
            _ => None,
        });
        let read = read.expect("the function reads x");
        let (_, binding) = module.python.lookup(read).expect("x is bound");
        let values = binding.sites.iter().filter_map(|site| match site.kind {
            BindingKind::Assigned(value) if module.may_reach(value, read) => Some(value),
            _ => None,
        });
        values.map(|value| syntax.expr(value).range.slice(&text).to_owned()).collect()
    }

    #[test]
    fn what_leaves_or_is_replaced_does_not_reach() {
        assert_eq!(reaching("    if a:\n        x = 1\n        return x\n    x = 2\n    use(x)\n"), ["2"]);
        assert_eq!(
            reaching("    if a:\n        x = 1\n        raise E\n    else:\n        x = 2\n    use(x)\n"),
            ["2"]
        );
        assert_eq!(
            reaching("    if a:\n        x = 1\n        x = 2\n    else:\n        x = 3\n    use(x)\n"),
            ["2", "3"]
        );
        assert_eq!(
            reaching(
                "    x = 1\n    if a:\n        x = 2\n    elif b:\n        return\n    else:\n        x = 3\n    use(x)\n"
            ),
            ["2", "3"]
        );
        assert_eq!(
            reaching("    try:\n        pass\n    except E:\n        x = 1\n        x = 2\n        use(x)\n"),
            ["2"]
        );
        assert_eq!(reaching("    use(x)\n    x = 1\n"), [""; 0]);
        assert_eq!(reaching("    if a:\n        x = 1\n    else:\n        use(x)\n"), [""; 0]);
    }

    #[test]
    fn branches_loops_and_what_is_caught_reach() {
        assert_eq!(reaching("    x = 1\n    if a:\n        x = 2\n    use(x)\n"), ["1", "2"]);
        assert_eq!(reaching("    x = 1\n    for b in a:\n        use(x)\n        x = 2\n"), ["1", "2"]);
        assert_eq!(
            reaching("    try:\n        x = 1\n        raise E\n    except E:\n        pass\n    use(x)\n"),
            ["1"]
        );
        assert_eq!(
            reaching("    try:\n        x = 1\n        x = load()\n    except E:\n        pass\n    use(x)\n"),
            ["1", "load()"]
        );
        assert_eq!(
            reaching("    x = 1\n    if a:\n        x = 2\n    elif b:\n        x = 3\n    use(x)\n"),
            ["1", "2", "3"]
        );
        assert_eq!(reaching("    try:\n        x = 1\n    finally:\n        use(x)\n"), ["1"]);
        assert_eq!(reaching("    for b in a:\n        x = b\n        break\n    use(x)\n"), ["b"]);
    }
}
