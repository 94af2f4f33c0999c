//! Rows that wait for a worker: queries by a state that says so.

use super::Table;
use super::whole_reads::{Chain, MAX_HOPS};
use crate::calls::{Callee, Kind};
use crate::{Module, Project};
use pyaudit_python::{CompareOperator, ExprId, ExprKind, Parent, StmtId, StmtKind};

/// Words of columns that hold the state of a piece of work.
const STATE_WORDS: &[&str] = &["status", "state", "stage"];

/// States of what nobody has begun.
const WAITING: &[&str] =
    &["pending", "queued", "queue", "waiting", "scheduled", "ready", "todo", "new", "unprocessed", "enqueued"];

/// States of what nobody will do any more: work that is given up, not done.
const GIVEN_UP: &[&str] = &[
    "expired",
    "terminated",
    "cancelled",
    "canceled",
    "abandoned",
    "stale",
    "overdue",
    "lapsed",
    "missed",
    "skipped",
    "timeout",
    "timed_out",
];

/// How many calls away from a sweep something may be started.
const SWEEP_DEPTH: usize = 3;

/// Ends of queries that give rows.
const ENDS: &[&str] = &[
    "all",
    "first",
    "fetchall",
    "fetchone",
    "scalars",
    "scalar",
    "scalar_one_or_none",
    "one_or_none",
    "execute",
    "exec",
];

/// A query for rows that wait.
#[derive(Debug, Clone, Copy)]
pub struct QueueRead<'p> {
    /// The table.
    pub table: &'p Table,
    /// The attribute that holds the state.
    pub column: &'p str,
    /// The state that is asked for, as it is written.
    pub state: ExprId,
    /// The call that gives the rows.
    pub call: ExprId,
    /// Where the function that reads the rows gives them another state.
    pub marked_at: StmtId,
}

impl Project {
    /// The queries of a function for rows that wait, which take no lock on them, and whose rows the function then marks. A
    /// sweep, which only gives up what is overdue and starts nothing, takes no rows: two of them write the same twice.
    pub fn queue_reads<'p>(&'p self, module: &'p Module, function: StmtId) -> Vec<QueueRead<'p>> {
        let syntax = &module.python.syntax;
        let mut found: Vec<QueueRead<'p>> = Vec::new();
        for call in self.calls_in(module, function) {
            let is_end = module.last_name(call.func).is_some_and(|name| ENDS.contains(&name));
            if !is_end || found.iter().any(|known| is_around(module, known.call, call.id)) {
                continue;
            }
            let mut chain = Chain::default();
            let Some(table) = self.query_chain(module, call.id, MAX_HOPS, &mut chain) else { continue };
            if chain.is_locked {
                continue;
            }
            let asked = chain.conditions.iter().find_map(|&(at, name, condition)| {
                (at.id == module.id).then(|| waiting_state(module, name, condition))?
            });
            let Some((column, state)) = asked else { continue };
            let marks = marks(module, function, column);
            let Some(&marked_at) = marks.first() else { continue };
            if marks.iter().all(|&mark| gives_up(module, mark)) && !self.starts_something(module, function) {
                continue;
            }
            found.retain(|known| !is_around(module, call.id, known.call));
            found.push(QueueRead { table, column, state, call: call.id, marked_at });
        }
        found.sort_by_key(|read| syntax.expr(read.call).range);
        found
    }

    /// Whether a function, or what it calls, talks to somebody else or hands work on to another worker.
    fn starts_something(&self, module: &Module, function: StmtId) -> bool {
        let Some(start) = self.calls.of(module.id, function) else { return true };
        let leaves = [Kind::Network, Kind::Subprocess, Kind::Cache, Kind::File];
        let hands_on = |(home, definition): &(&Module, StmtId)| {
            let number = self.calls.of(home.id, *definition);
            number.is_some_and(|number| {
                let mut edges = self.calls.edges_from(number).iter();
                edges.any(|edge| edge.off_loop && matches!(edge.callee, Callee::Function(_)))
            })
        };
        leaves.iter().any(|&kind| self.calls.reaches(start, kind).is_some())
            || self.functions_behind(module.id, function, SWEEP_DEPTH).iter().any(hands_on)
    }
}

/// The attribute and the state of a condition that asks for what nobody has begun: `Job.status == "pending"`,
/// `Job.status.in_(["pending"])`, `filter_by(status="pending")`.
fn waiting_state<'p>(module: &'p Module, keyword: Option<&'p str>, condition: ExprId) -> Option<(&'p str, ExprId)> {
    let syntax = &module.python.syntax;
    if let Some(name) = keyword {
        return (is_state(name) && is_waiting(module, condition)).then_some((name, condition));
    }
    for part in syntax.walk_exprs_of(condition) {
        let (left, right) = match &syntax.expr(part).kind {
            ExprKind::Compare { left, comparisons } => match **comparisons {
                [(CompareOperator::Eq, right)] => (*left, right),
                _ => continue,
            },
            ExprKind::Call { func, args, .. } => match (&syntax.expr(*func).kind, &**args) {
                (ExprKind::Attribute { value, attr, .. }, [list]) if syntax.identifier(*attr) == "in_" => {
                    (*value, *list)
                }
                _ => continue,
            },
            _ => continue,
        };
        let ExprKind::Attribute { attr, .. } = syntax.expr(left).kind else { continue };
        let column = syntax.identifier(attr);
        if is_state(column) && syntax.walk_exprs_of(right).any(|it| is_waiting(module, it)) {
            return Some((column, right));
        }
    }
    None
}

fn is_state(name: &str) -> bool {
    name.split('_').any(|word| STATE_WORDS.contains(&word))
}

/// Whether a value is a state of what nobody has begun: `"pending"`, `JobStatus.PENDING`.
fn is_waiting(module: &Module, value: ExprId) -> bool {
    state_text(module, value).is_some_and(|state| WAITING.contains(&state.as_str()))
}

/// A state as it is written, in lower case: a text, or the last name of a member.
fn state_text(module: &Module, value: ExprId) -> Option<String> {
    let syntax = &module.python.syntax;
    match &syntax.expr(value).kind {
        ExprKind::Str { value, .. } => Some(value.to_ascii_lowercase()),
        ExprKind::Attribute { attr, .. } => Some(syntax.identifier(*attr).to_ascii_lowercase()),
        _ => None,
    }
}

/// Whether one expression is the other or stands around it.
fn is_around(module: &Module, outer: ExprId, inner: ExprId) -> bool {
    let syntax = &module.python.syntax;
    outer == inner || syntax.ancestors(Parent::Expr(inner)).any(|node| node == Parent::Expr(outer))
}

/// The statements of a function that give something another state: `job.status = "running"`.
fn marks(module: &Module, function: StmtId, column: &str) -> Vec<StmtId> {
    let syntax = &module.python.syntax;
    let Some(definition) = module.function(function) else { return Vec::new() };
    let is_mark = |stmt: &StmtId| {
        let StmtKind::Assign { targets, .. } = &syntax.stmt(*stmt).kind else { return false };
        targets.iter().any(|&target| match syntax.expr(target).kind {
            ExprKind::Attribute { value, attr, .. } => {
                syntax.identifier(attr) == column && matches!(syntax.expr(value).kind, ExprKind::Name { .. })
            }
            _ => false,
        })
    };
    syntax.walk_stmts_in(&definition.body, false).filter(is_mark).collect()
}

/// Whether a statement gives a state of what is given up: `"expired"`, `JobStatus.CANCELLED`.
fn gives_up(module: &Module, mark: StmtId) -> bool {
    match module.python.syntax.stmt(mark).kind {
        StmtKind::Assign { value, .. } => {
            state_text(module, value).is_some_and(|state| GIVEN_UP.contains(&state.as_str()))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    /// How many queue reads the function `f` has.
    fn reads(body: &str) -> usize {
        let text = format!(
            "import requests\nfrom celery import shared_task\nfrom sqlalchemy import select\nfrom sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column\nclass Base(DeclarativeBase): pass\n\
             class Job(Base):\n    __tablename__ = 'jobs'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    status: Mapped[str]\n\
             @shared_task\ndef tell(number): pass\n\
             def f(db: Session):\n{body}"
        );
        let project = project(&[("app/main.py", &text)]);
        let module = project.modules.iter().next().expect("it was parsed");
        let syntax = &module.python.syntax;
        let is_f = |id| module.function(id).is_some_and(|it| syntax.identifier(it.name) == "f");
        let (function, _) = syntax.stmts().find(|&(id, _)| is_f(id)).expect("it is defined");
        project.queue_reads(module, function).len()
    }

    const MARK: &str = "    for job in jobs:\n        job.status = 'running'\n        db.commit()\n";

    #[test]
    fn rows_that_wait_are_read_and_marked() {
        for query in [
            "db.query(Job).filter(Job.status == 'pending').limit(10).all()",
            "db.scalars(select(Job).where(Job.status.in_(['queued', 'retry']))).all()",
            "db.query(Job).filter_by(status=State.PENDING).all()",
        ] {
            assert_eq!(reads(&format!("    jobs = {query}\n{MARK}")), 1, "{query}");
        }
        assert_eq!(
            reads("    job = db.query(Job).filter(Job.status == 'pending').first()\n    job.status = 'done'\n"),
            1
        );
    }

    #[test]
    fn a_sweep_that_gives_up_what_is_overdue_takes_nothing() {
        let query = "    jobs = db.query(Job).filter(Job.status == 'pending').all()\n";
        let sweep = |work: &str, state: &str| {
            reads(&format!("{query}    for job in jobs:\n{work}        job.status = '{state}'\n        db.commit()\n"))
        };
        assert_eq!(sweep("", "EXPIRED"), 0);
        assert_eq!(sweep("", "done"), 1);
        assert_eq!(sweep("        requests.post('u')\n", "expired"), 1);
        assert_eq!(sweep("        tell.delay(job.id)\n", "expired"), 1);
        assert_eq!(sweep("        job.status = 'running'\n", "expired"), 1);
    }

    #[test]
    fn locks_other_states_and_readers_are_left_alone() {
        for query in [
            "db.query(Job).filter(Job.status == 'pending').with_for_update(skip_locked=True).all()",
            "db.query(Job).filter(Job.status == 'done').all()",
        ] {
            assert_eq!(reads(&format!("    jobs = {query}\n{MARK}")), 0, "{query}");
        }
        assert_eq!(reads("    return db.query(Job).filter(Job.status == 'pending').all()\n"), 0);
    }
}
