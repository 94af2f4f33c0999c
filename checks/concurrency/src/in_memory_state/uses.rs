//! Every place that looks at a container which lives as long as the process, or changes it.

use super::{Home, home_of};
use pyaudit_check::project::calls::FunctionId;
use pyaudit_check::project::{Module, ModuleId};
use pyaudit_check::python::{ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_check::{Project, Role, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Methods that change a container.
const CHANGES: &[&str] = &[
    "append",
    "appendleft",
    "add",
    "update",
    "setdefault",
    "pop",
    "popleft",
    "popitem",
    "remove",
    "discard",
    "clear",
    "extend",
    "insert",
];

/// Changes that put something in; a container that is only emptied while serving holds nothing of requests.
const ADDITIONS: &[&str] = &["append", "appendleft", "add", "update", "setdefault", "extend", "insert"];

/// Calls that tell the time.
const CLOCKS: &[&str] =
    &["time.time", "time.monotonic", "time.perf_counter", "datetime.datetime.now", "datetime.datetime.utcnow"];

/// One place of a container.
pub(super) struct Use<'p> {
    pub(super) module: &'p Module,
    /// The container, as it is named there.
    pub(super) object: ExprId,
    /// The function around it.
    pub(super) function: FunctionId,
    /// Whether something is put in.
    pub(super) adds: bool,
    /// Whether the container is changed at all.
    pub(super) changes: bool,
    /// Whether something is made of what it holds.
    pub(super) reads: bool,
    /// The key under which something is put in.
    pub(super) key: Option<ExprId>,
    /// What is put in.
    pub(super) value: Option<ExprId>,
}

impl Use<'_> {
    pub(super) fn span(&self) -> Span {
        self.module.span_of(self.object)
    }
}

/// The uses of containers, and the names of attributes that something else than their own class looks at.
pub(super) struct Uses<'p> {
    pub(super) of: BTreeMap<Home, Vec<Use<'p>>>,
    foreign: BTreeSet<&'p str>,
}

impl<'p> Uses<'p> {
    /// The uses of these containers in everything but tests.
    pub(super) fn of(project: &'p Project, homes: &BTreeSet<&Home>) -> Self {
        let names: BTreeSet<&str> = homes.iter().filter_map(|(_, path)| path.last()).map(String::as_str).collect();
        let mut uses = Uses { of: BTreeMap::new(), foreign: BTreeSet::new() };
        for module in project.modules.iter().filter(|module| module.role != Role::Test) {
            uses.collect(project, module, &names, homes);
        }
        uses
    }

    fn collect(&mut self, project: &'p Project, module: &'p Module, names: &BTreeSet<&str>, homes: &BTreeSet<&Home>) {
        let syntax = &module.python.syntax;
        for (id, expr) in syntax.exprs() {
            let (name, is_attribute) = match expr.kind {
                ExprKind::Name { id, .. } => (syntax.name(id), false),
                ExprKind::Attribute { attr, .. } => (syntax.identifier(attr), true),
                _ => continue,
            };
            if !names.contains(name) {
                continue;
            }
            match home_of(project, module, id, names).filter(|home| homes.contains(home)) {
                Some(home) => self.of.entry(home).or_default().extend(used(project, module, id)),
                None if is_attribute => {
                    self.foreign.insert(name);
                }
                None => {}
            }
        }
        let renamed = module.python.names.imports.iter().filter(|import| import.renamed);
        self.foreign.extend(renamed.filter_map(|import| import.name.as_deref()).filter(|name| names.contains(name)));
    }

    /// Whether an attribute of this name, of an object that is not known, may be the container.
    pub(super) fn may_be_read_elsewhere(&self, home: &(ModuleId, Vec<String>)) -> bool {
        home.1.last().is_some_and(|name| self.foreign.contains(name.as_str()))
    }
}

/// What a place does with a container; `None` where it only gives the name another one.
fn used<'p>(project: &'p Project, module: &'p Module, object: ExprId) -> Option<Use<'p>> {
    let syntax = &module.python.syntax;
    let function = project.calls.function_of(module, object);
    let reading = Use { module, object, function, adds: false, changes: false, reads: true, key: None, value: None };
    // `state["x"].append(…)` changes what stands in the container, which is as good.
    let (mut at, mut key) = (object, None);
    while let Parent::Expr(outer) = syntax.expr_parent(at)
        && let ExprKind::Subscript { value, slice, .. } = syntax.expr(outer).kind
        && value == at
    {
        key = key.or(Some(slice));
        at = outer;
    }
    let is_element = at != object;
    let adding = |key, value, reads| Use { adds: true, changes: true, reads, key, value, ..copy(&reading) };
    match syntax.expr_parent(at) {
        Parent::Expr(outer) => Some(called(module, outer, at, &reading).unwrap_or(reading)),
        Parent::Stmt(stmt) => match &syntax.stmt(stmt).kind {
            StmtKind::Assign { targets, value } if targets.contains(&at) => {
                is_element.then(|| adding(key, Some(*value), false))
            }
            StmtKind::AnnAssign { target, .. } if *target == at => None,
            StmtKind::AugAssign { target, .. } if *target == at => is_element.then(|| adding(None, None, false)),
            StmtKind::Delete(_) => is_element.then_some(Use { changes: true, reads: false, ..reading }),
            _ => Some(reading),
        },
        _ => Some(reading),
    }
}

/// What a method does that is called on a container: `codes.pop(key)`.
fn called<'p>(module: &'p Module, attribute: ExprId, object: ExprId, reading: &Use<'p>) -> Option<Use<'p>> {
    let syntax = &module.python.syntax;
    let ExprKind::Attribute { value, attr, .. } = syntax.expr(attribute).kind else { return None };
    let Parent::Expr(call) = syntax.expr_parent(attribute) else { return None };
    let ExprKind::Call { func, args, .. } = &syntax.expr(call).kind else { return None };
    let name = syntax.identifier(attr);
    if value != object || *func != attribute || !CHANGES.contains(&name) {
        return None;
    }
    let (key, value) = match name {
        "setdefault" => (args.first().copied(), args.get(1).copied()),
        "append" | "appendleft" | "add" => (None, args.first().copied()),
        _ => (None, None),
    };
    let is_statement = |call: ExprId| matches!(syntax.expr_parent(call), Parent::Stmt(stmt) if matches!(syntax.stmt(stmt).kind, StmtKind::Expr(_)));
    // `jobs.setdefault(key, []).append(job)` puts something in and looks at nothing.
    let goes_on = match syntax.expr_parent(call) {
        Parent::Expr(outer) => called(module, outer, call, reading).is_some_and(|next| !next.reads),
        _ => false,
    };
    let reads = !is_statement(call) && !goes_on;
    Some(Use { adds: ADDITIONS.contains(&name), changes: true, reads, key, value, ..copy(reading) })
}

fn copy<'p>(it: &Use<'p>) -> Use<'p> {
    Use { ..*it }
}

/// Whether a place only looks at a container to change it or to log something once: `if len(recent) > 100:
/// recent.popleft()`, `recent = recent[-100:]`, `del recent[min(recent)]`, `if key not in warned: warned.add(key); log.warning(…)`.
pub(super) fn only_bounds(project: &Project, it: &Use<'_>) -> bool {
    let syntax = &it.module.python.syntax;
    let Some(stmt) = syntax.enclosing_stmt(it.object) else { return false };
    let all_idle = |body: &[StmtId]| body.iter().all(|&inner| changes_or_logs(project, it, inner));
    match &syntax.stmt(stmt).kind {
        StmtKind::If { clauses, orelse } => {
            let is_left = || matches!(&clauses[..], [only] if leaves_alone(it.module, &only.body));
            let goes_on_idly = || rest_of_function(it.module, stmt).is_some_and(all_idle);
            orelse.is_empty() && (clauses.iter().all(|clause| all_idle(&clause.body)) || is_left() && goes_on_idly())
        }
        StmtKind::While { body, .. } => all_idle(body),
        _ => changes_or_logs(project, it, stmt),
    }
}

/// Whether a statement does nothing but change the container that a place looks at, or write to a log.
fn changes_or_logs(project: &Project, it: &Use<'_>, stmt: StmtId) -> bool {
    let syntax = &it.module.python.syntax;
    let name = project.sources.slice(it.span());
    let text = |expr: ExprId| project.sources.slice(it.module.span_of(expr));
    match &syntax.stmt(stmt).kind {
        StmtKind::Delete(_) => true,
        StmtKind::Assign { targets, value } => targets.iter().any(|&target| {
            text(target) == name
                || text(it.module.without_subscript(target)) == name && is_plain(project, it.module, *value)
        }),
        StmtKind::Expr(value) => match syntax.expr(*value).kind {
            ExprKind::Call { func, .. } => match syntax.expr(func).kind {
                _ if project.is_log_call(it.module, *value) || project.is_any(it.module, func, &["warnings.warn"]) => {
                    true
                }
                ExprKind::Attribute { value, attr, .. } => {
                    CHANGES.contains(&syntax.identifier(attr)) && text(it.module.without_subscript(value)) == name
                }
                _ => false,
            },
            _ => false,
        },
        _ => false,
    }
}

/// Whether a value is there without anything being done for it, or is the time.
fn is_plain(project: &Project, module: &Module, value: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let mut parts = syntax.walk_exprs_of(value);
    parts.all(|part| match syntax.expr(part).kind {
        ExprKind::Call { func, .. } => project.is_any(module, func, CLOCKS),
        ExprKind::Await(_) => false,
        _ => true,
    })
}

/// Whether statements only leave the function, with nothing for the caller.
fn leaves_alone(module: &Module, body: &[StmtId]) -> bool {
    matches!(*body, [only] if matches!(module.python.syntax.stmt(only).kind, StmtKind::Return(None)))
}

/// What a function does after one of the statements of its own body; `None` where the statement stands deeper.
fn rest_of_function(module: &Module, stmt: StmtId) -> Option<&[StmtId]> {
    let Parent::Stmt(function) = module.python.syntax.stmt_parent(stmt) else { return None };
    let body = &module.function(function)?.body;
    let place = body.iter().position(|&other| other == stmt)?;
    body.get(place + 1..)
}
