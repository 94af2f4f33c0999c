//! What tries again: loops whose `except` leads into the next turn, and where nothing waits between the turns.

use crate::calls::{Callee, Kind};
use crate::{Catch, Module, Project};
use pyaudit_python::{ExprId, ExprKind, NameId, StmtId, StmtKind};

/// A loop that calls another machine again when that fails, and waits for nothing in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hammering {
    /// The loop.
    pub repeated_by: StmtId,
    /// The call that is made again.
    pub call: ExprId,
}

/// Words in the name of something that waits.
const WAITING: &[&str] =
    &["sleep", "wait", "backoff", "delay", "throttle", "acquire", "pause", "recv", "receive", "get_message"];

/// Exceptions that say that an answer came and cannot be used: another one may be asked for at once.
const UNUSABLE: &[&str] = &[
    "ValueError",
    "KeyError",
    "TypeError",
    "JSONDecodeError",
    "ValidationError",
    "IndexError",
    "OutputParserException",
];

/// Libraries whose exceptions say that a statement of a database failed: a row that changed meanwhile, a deadlock, a
/// duplicate. What is tried again is a transaction then, whatever else stands beside it.
const DATABASES: &[&str] =
    &["sqlalchemy", "sqlmodel", "psycopg", "psycopg2", "asyncpg", "pymongo", "tortoise", "peewee"];

impl Project {
    /// The loops of a module that try a call of another machine again at once, in the order of the source: `for _ in
    /// range(3)` or `while …`, with a `try` that leaves the loop when it succeeds.
    pub fn hammering_loops(&self, module: &Module) -> Vec<Hammering> {
        let syntax = &module.python.syntax;
        let mut found: Vec<Hammering> = syntax.stmts().filter_map(|(id, _)| self.hammering_loop(module, id)).collect();
        found.sort_by_key(|found| syntax.stmt(found.repeated_by).range);
        found
    }

    fn hammering_loop(&self, module: &Module, id: StmtId) -> Option<Hammering> {
        let syntax = &module.python.syntax;
        let (body, turn) = match &syntax.stmt(id).kind {
            StmtKind::While { body, .. } => (body, None),
            StmtKind::For { target, iter, body, .. } if self.is_range(module, *iter) => (body, Some(*target)),
            _ => return None,
        };
        let attempt = body.iter().find_map(|&stmt| self.attempt(module, stmt))?;
        let call = attempt.guarded.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false)).find(|&expr| {
            matches!(syntax.expr(expr).kind, ExprKind::Call { .. }) && self.leaves_the_machine(module, expr)
        })?;
        let differs = turn.and_then(|turn| name_of(module, turn)).is_some_and(|turn| reads(module, call, turn));
        let waits =
            body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false)).any(|expr| self.waits(module, expr));
        (!differs && !waits).then_some(Hammering { repeated_by: id, call })
    }

    fn is_range(&self, module: &Module, iter: ExprId) -> bool {
        match module.python.syntax.expr(iter).kind {
            ExprKind::Call { func, .. } => self.is_any(module, func, &["range"]),
            _ => false,
        }
    }

    fn attempt<'m>(&self, module: &'m Module, stmt: StmtId) -> Option<Attempt<'m>> {
        let syntax = &module.python.syntax;
        let StmtKind::Try { body, orelse, .. } = &syntax.stmt(stmt).kind else { return None };
        let leaves = |body: &[StmtId]| {
            let mut inner = syntax.walk_stmts_in(body, false);
            inner.any(|stmt| matches!(syntax.stmt(stmt).kind, StmtKind::Return(_) | StmtKind::Break))
        };
        let goes_on = self.catches_of(module, stmt).iter().any(goes_on);
        ((leaves(body) || leaves(orelse)) && goes_on).then_some(Attempt { guarded: body })
    }

    /// Whether a call talks to another machine, itself or through functions of the project.
    pub fn leaves_the_machine(&self, module: &Module, call: ExprId) -> bool {
        self.calls.edges_at(module, call).any(|edge| match edge.callee {
            Callee::Function(function) => self.calls.reaches(function, Kind::Network).is_some(),
            Callee::External(_) => {
                self.calls.external_call(edge).is_some_and(|call| call.kind() == Some(Kind::Network))
            }
        })
    }

    /// Whether an expression is a call that waits, by its name or by what it reaches.
    fn waits(&self, module: &Module, expr: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let ExprKind::Call { func, .. } = &syntax.expr(expr).kind else { return false };
        let Some(name) = module.last_name(*func) else { return false };
        let lower = name.to_ascii_lowercase();
        WAITING.iter().any(|word| lower.contains(word))
            || self.calls.edges_at(module, expr).any(|edge| match edge.callee {
                Callee::Function(function) => self.calls.reaches(function, Kind::Wait).is_some(),
                Callee::External(_) => false,
            })
    }
}

/// A `try` that leaves its loop when it succeeds, and goes on with the loop when it does not.
struct Attempt<'m> {
    guarded: &'m [StmtId],
}

/// Whether a clause comes to the next turn: it does not end in leaving, and what it catches is a failure of the call.
fn goes_on(catch: &Catch<'_>) -> bool {
    let module = catch.module;
    let syntax = &module.python.syntax;
    let ends = catch.clause.body.last().is_some_and(|&last| {
        matches!(syntax.stmt(last).kind, StmtKind::Return(_) | StmtKind::Break | StmtKind::Raise { .. })
    });
    let Some(exception) = catch.clause.exception else { return !ends };
    let named = |expr: ExprId| module.last_name(expr).is_some_and(|name| UNUSABLE.contains(&name));
    let is_unusable = match &syntax.expr(exception).kind {
        ExprKind::Tuple { elts, .. } => elts.iter().all(|&element| named(element)),
        _ => named(exception),
    };
    !ends && !is_unusable && !is_of_database(catch)
}

/// Whether all that a clause catches are exceptions of a library for databases.
fn is_of_database(catch: &Catch<'_>) -> bool {
    let mut libraries =
        catch.caught.iter().map(|symbol| symbol.external().and_then(|path| path.split('.').next()).unwrap_or(""));
    !catch.caught.is_empty() && libraries.all(|library| DATABASES.contains(&library))
}

fn name_of(module: &Module, expr: ExprId) -> Option<NameId> {
    match module.python.syntax.expr(expr).kind {
        ExprKind::Name { id, .. } => Some(id),
        _ => None,
    }
}

fn reads(module: &Module, expr: ExprId, name: NameId) -> bool {
    let syntax = &module.python.syntax;
    syntax.walk_exprs_of(expr).any(|part| matches!(syntax.expr(part).kind, ExprKind::Name { id, .. } if id == name))
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn found(body: &str) -> usize {
        let text =
            format!("import requests, time\nfrom sqlalchemy.orm.exc import StaleDataError\ndef fetch(urls):\n{body}");
        let project = project(&[("app/main.py", &text)]);
        let module = project.modules.iter().next().expect("one module");
        project.hammering_loops(module).len()
    }

    #[test]
    fn a_loop_that_tries_again_at_once_is_found() {
        let body = "    for _ in range(3):\n        try:\n            return requests.get('u')\n        except Exception:\n            continue\n";
        assert_eq!(found(body), 1);
        let body = "    while True:\n        try:\n            requests.get('u')\n            break\n        except OSError:\n            pass\n";
        assert_eq!(found(body), 1);
    }

    #[test]
    fn what_waits_leaves_or_goes_through_things_is_not() {
        for body in [
            "    for _ in range(3):\n        try:\n            return requests.get('u')\n        except OSError:\n            time.sleep(1)\n",
            "    for _ in range(3):\n        try:\n            return requests.get('u')\n        except OSError:\n            raise\n",
            "    for u in urls:\n        try:\n            return requests.get(u)\n        except OSError:\n            continue\n",
            "    for page in range(3):\n        try:\n            return requests.get(page)\n        except OSError:\n            continue\n",
            "    for _ in range(3):\n        try:\n            requests.get('u')\n        except OSError:\n            continue\n",
            "    for _ in range(3):\n        try:\n            return requests.get('u').json()\n        except ValueError:\n            continue\n",
            "    for _ in range(3):\n        try:\n            db.commit()\n            return requests.get('u')\n        except StaleDataError:\n            continue\n",
        ] {
            assert_eq!(found(body), 0, "{body}");
        }
    }
}
