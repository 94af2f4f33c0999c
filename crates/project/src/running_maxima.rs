//! Counters whose highest value is kept beside them: `current_streak` and `longest_streak`.

use crate::{Definition, Module, Project};
use pyaudit_python::{ExprContext, ExprId, ExprKind, Operator, Parent, StmtId, StmtKind};
use pyaudit_source::Range;

/// A place that raises a counter and leaves its highest value as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaisedCounter {
    /// The attribute of the counter in the statement that raises it.
    pub range: Range,
    /// Its name: `current_streak`.
    pub counter: String,
    /// The name of the highest value: `longest_streak`.
    pub maximum: String,
}

/// What counters are named.
const COUNTER: &str = "current_";

/// What their highest values are named.
const MAXIMA: &[&str] = &["longest_", "best_", "highest_", "record_", "peak_"];

/// What highest values are named, and limits as well.
const MAXIMUM_OR_LIMIT: &str = "max_";

/// How many calls away from the function the highest value may be raised.
const DEPTH: usize = 2;

impl Project {
    /// The places of a module that raise a counter, where the class of the object has a highest value for it and neither
    /// the function nor what it calls speaks of that; with the number of places that raise such a counter.
    pub fn raised_counters(&self, module: &Module) -> (Vec<RaisedCounter>, usize) {
        let syntax = &module.python.syntax;
        let (mut found, mut examined) = (Vec::new(), 0);
        for (id, stmt) in syntax.stmts() {
            let StmtKind::AugAssign { target, op: Operator::Add, .. } = stmt.kind else { continue };
            let ExprKind::Attribute { value, attr, .. } = syntax.expr(target).kind else { continue };
            let Some(what) = syntax.identifier(attr).strip_prefix(COUNTER) else { continue };
            let Some(maximum) = self.maximum_of(module, value, what) else { continue };
            examined += 1;
            if !self.speaks_of(module, id, &maximum) {
                let counter = syntax.identifier(attr).to_owned();
                found.push(RaisedCounter { range: attr.range, counter, maximum });
            }
        }
        (found, examined)
    }

    /// The name under which the class of an object keeps the highest value of what is counted.
    fn maximum_of(&self, module: &Module, object: ExprId, counted: &str) -> Option<String> {
        let (home, class) = match module.own_class(object) {
            Some(class) => (module, class),
            None => match self.definition(&self.type_of(module, object)?)? {
                (home, Definition::Class(class)) => (home, class),
                _ => return None,
            },
        };
        let has = |name: &String| self.member(home, class, name).is_some();
        let names = MAXIMA.iter().map(|first| format!("{first}{counted}"));
        let limit = format!("{MAXIMUM_OR_LIMIT}{counted}");
        names.into_iter().find(has).or_else(|| (has(&limit) && self.is_assigned(&limit)).then_some(limit))
    }

    /// Whether some function of the project gives an attribute of this name a value: a limit is set once, where it is declared.
    fn is_assigned(&self, name: &str) -> bool {
        self.modules.iter().any(|module| {
            let syntax = &module.python.syntax;
            syntax.exprs().any(|(id, expr)| match expr.kind {
                ExprKind::Attribute { attr, ctx: ExprContext::Store, .. } => {
                    let mut around = syntax.enclosing_functions(Parent::Expr(id));
                    syntax.identifier(attr) == name && around.next().is_some_and(|it| !is_constructor(module, it))
                }
                _ => false,
            })
        })
    }

    /// Whether the function of a statement, or what it calls, names an attribute.
    fn speaks_of(&self, module: &Module, stmt: StmtId, name: &str) -> bool {
        let Some(function) = module.python.syntax.enclosing_functions(Parent::Stmt(stmt)).next() else { return true };
        self.functions_behind(module.id, function, DEPTH).into_iter().any(|(home, function)| {
            let syntax = &home.python.syntax;
            let body = home.function(function).map_or(&[][..], |function| &function.body);
            body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true)).any(|expr| {
                matches!(syntax.expr(expr).kind, ExprKind::Attribute { attr, .. } if syntax.identifier(attr) == name)
            })
        })
    }
}

fn is_constructor(module: &Module, function: StmtId) -> bool {
    module.function(function).is_some_and(|function| module.python.syntax.identifier(function.name) == "__init__")
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn found(text: &str) -> Vec<(String, String)> {
        let class = "class Habit:\n    current_streak: int = 0\n    longest_streak: int = 0\n    current_users: int = 0\n    max_users: int = 5\n";
        let project = project(&[("app/main.py", &format!("{class}{text}"))]);
        let module = project.modules.iter().next().expect("the project has a module");
        project.raised_counters(module).0.into_iter().map(|found| (found.counter, found.maximum)).collect()
    }

    #[test]
    fn a_counter_that_leaves_its_maximum_behind_is_told() {
        let told = [("current_streak".to_owned(), "longest_streak".to_owned())];
        assert_eq!(found("def tick(habit: Habit):\n    habit.current_streak += 1\n"), told);
        for silent in [
            "def tick(habit: Habit):\n    habit.current_streak += 1\n    habit.longest_streak = max(habit.longest_streak, 2)\n",
            "def tick(habit: Habit):\n    habit.current_streak += 1\n    keep(habit)\ndef keep(habit):\n    habit.longest_streak = 2\n",
            "def tick(habit: Habit):\n    habit.current_streak -= 1\n",
            "def tick(habit: Habit):\n    habit.current_users += 1\n",
            "def tick(habit):\n    habit.current_streak += 1\n",
        ] {
            assert!(found(silent).is_empty(), "{silent}");
        }
        let running = "def tick(habit: Habit):\n    habit.current_users += 1\ndef other(habit: Habit):\n    habit.max_users = 3\n";
        assert_eq!(found(running), [("current_users".to_owned(), "max_users".to_owned())]);
    }
}
