//! What comes after a `try` statement whose failure is passed over.

use crate::Catch;
use pyaudit_python::{ExprKind, NameId, Parent, StmtId, StmtKind};
use std::collections::BTreeSet;

/// What takes the place of what failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fallback {
    /// Nothing does.
    None,
    /// Another attempt, or an exception: the failure decides nothing by itself.
    Decided,
    /// Other code that answers instead, or a value that stood there before.
    Other,
}

impl Catch<'_> {
    /// What stands in for the guarded statements when they fail and the clause goes on: where they would have returned, what
    /// comes after them; where they only give values to names, what those names held before.
    pub fn fallback(&self) -> Fallback {
        if self.guarded_returns() {
            return match self.next_statement().map(|next| &self.module.python.syntax.stmt(next).kind) {
                Some(StmtKind::Try { .. } | StmtKind::Raise { .. }) => Fallback::Decided,
                Some(_) => Fallback::Other,
                None => Fallback::None,
            };
        }
        if self.only_replaces_values() { Fallback::Other } else { Fallback::None }
    }

    /// Whether the `finally` of the statement closes something, so that what failed was a last word.
    pub fn closes_finally(&self) -> bool {
        let syntax = &self.module.python.syntax;
        let StmtKind::Try { finalbody, .. } = &syntax.stmt(self.statement).kind else { return false };
        let mut exprs = finalbody.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
        exprs.any(|expr| match syntax.expr(expr).kind {
            ExprKind::Call { func, .. } => matches!(self.module.last_name(func), Some("close" | "aclose")),
            _ => false,
        })
    }

    fn guarded_returns(&self) -> bool {
        let syntax = &self.module.python.syntax;
        syntax
            .walk_stmts_in(self.guarded(), false)
            .any(|stmt| matches!(syntax.stmt(stmt).kind, StmtKind::Return(Some(_))))
    }

    /// The statement that runs after the `try`, in its block or in one around it. A loop or a function ends the search.
    fn next_statement(&self) -> Option<StmtId> {
        let syntax = &self.module.python.syntax;
        let mut inner = self.statement;
        loop {
            let Parent::Stmt(outer) = syntax.stmt_parent(inner) else { return None };
            let blocks = self.module.blocks_of(outer);
            let found = blocks.iter().find_map(|block| Some((block, block.iter().position(|&one| one == inner)?)));
            if let Some(next) = found.and_then(|(block, at)| block.get(at + 1)) {
                return Some(*next);
            }
            if !matches!(syntax.stmt(outer).kind, StmtKind::If { .. } | StmtKind::With { .. } | StmtKind::Try { .. }) {
                return None;
            }
            inner = outer;
        }
    }

    /// Whether the guarded statements do nothing but give values to names, each of which has one before.
    fn only_replaces_values(&self) -> bool {
        let syntax = &self.module.python.syntax;
        let mut given: BTreeSet<NameId> = BTreeSet::new();
        let mut last = None;
        for stmt in syntax.walk_stmts_in(self.guarded(), false) {
            match &syntax.stmt(stmt).kind {
                StmtKind::Assign { targets, .. } => {
                    let [target] = targets[..] else { return false };
                    let ExprKind::Name { id, .. } = syntax.expr(target).kind else { return false };
                    given.insert(id);
                    last = Some(id);
                }
                StmtKind::If { .. } => {}
                _ => return false,
            }
        }
        last.is_some_and(|last| self.has_value_before(last))
    }

    /// Whether a name is given a value before the statement, in its block or in one around it within the function.
    fn has_value_before(&self, name: NameId) -> bool {
        let syntax = &self.module.python.syntax;
        let Some(function) = self.function().and_then(|function| self.module.function(function)) else { return false };
        let start = syntax.stmt(self.statement).range.start;
        syntax.walk_stmts_in(&function.body, false).any(|stmt| match &syntax.stmt(stmt).kind {
            StmtKind::Assign { targets, .. } if syntax.stmt(stmt).range.start < start => targets
                .iter()
                .any(|&target| matches!(syntax.expr(target).kind, ExprKind::Name { id, .. } if id == name)),
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::project;

    fn fallbacks(text: &str) -> Vec<Fallback> {
        let project = project(&[("main.py", text)]);
        let module = project.modules.iter().next().expect("one module");
        project.catches(module).iter().map(Catch::fallback).collect()
    }

    #[test]
    fn what_comes_after_a_return_that_failed() {
        let second = "def f(x):\n    try:\n        return a(x)\n    except Exception:\n        pass\n    try:\n        return b(x)\n    except Exception:\n        return {}\n";
        assert_eq!(fallbacks(second), [Fallback::Decided, Fallback::None]);
        let raises = "def f(x):\n    if x:\n        try:\n            return a(x)\n        except Exception:\n            pass\n    raise TypeError(x)\n";
        assert_eq!(fallbacks(raises), [Fallback::Decided]);
        let other =
            "def f(x):\n    try:\n        return a(x)\n    except Exception:\n        pass\n    return str(x)\n";
        assert_eq!(fallbacks(other), [Fallback::Other]);
        let each = "def f(xs):\n    for x in xs:\n        try:\n            return a(x)\n        except Exception:\n            pass\n    return 1\n";
        assert_eq!(fallbacks(each), [Fallback::None], "the loop goes on with the next");
    }

    #[test]
    fn a_value_that_stood_there_before() {
        let default = "def f(x):\n    role = 'user'\n    try:\n        data = read(x)\n        if data:\n            role = 'system'\n    except Exception:\n        pass\n    return role\n";
        assert_eq!(fallbacks(default), [Fallback::Other]);
        let does = "def f(x):\n    role = 'user'\n    try:\n        role = read(x)\n        save(role)\n    except Exception:\n        pass\n";
        assert_eq!(fallbacks(does), [Fallback::None]);
        let unset = "def f(x):\n    try:\n        role = read(x)\n    except Exception:\n        pass\n";
        assert_eq!(fallbacks(unset), [Fallback::None]);
    }

    #[test]
    fn a_last_word_before_closing() {
        let text = "async def f(w):\n    try:\n        await w.send('no')\n    except Exception:\n        pass\n    finally:\n        w.close()\n";
        let project = project(&[("main.py", text)]);
        let module = project.modules.iter().next().expect("one module");
        assert!(project.catches(module).iter().all(Catch::closes_finally));
    }
}
