//! Who ends a transaction, where more than one function does.

use super::SessionLender;
use crate::calls::{Callee, Confidence, Edge, EdgeKind, FunctionId, FunctionNode};
use crate::{Module, ModuleId, Project};
use pyaudit_python::{BindingKind, ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::{Role, Span};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A function that commits what a function it called has committed in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitCommit {
    /// The function.
    pub function: FunctionId,
    /// Its own commit.
    pub commit: Span,
    /// The earlier call.
    pub call: Span,
    /// What is called.
    pub callee: FunctionId,
    /// The commit in there.
    pub inner: Span,
}

/// The commits of each function.
pub(super) struct Commits {
    by_function: BTreeMap<FunctionId, Vec<Commit>>,
}

struct Commit {
    module: ModuleId,
    /// `db.commit`.
    callee: ExprId,
    /// Whether the session was given to the function or its object, and the function always ends its transaction.
    is_borrowed: bool,
}

/// How deep calls are followed to a commit.
const DEPTH: usize = 4;

/// Methods of a session that change rows.
const CHANGES: &[&str] = &["add", "add_all", "delete", "merge", "bulk_save_objects", "bulk_insert_mappings"];

impl Project {
    /// The functions of the application that commit on a session after they called a function that commits on it too,
    /// with changes of their own before their commit. In the order of the source, one for each function.
    pub fn split_commits(&self) -> Vec<SplitCommit> {
        let commits = self.commits();
        let mut found: Vec<SplitCommit> = commits
            .by_function
            .iter()
            .filter_map(|(&function, own)| own.iter().find_map(|commit| self.split(&commits, function, commit)))
            .collect();
        found.sort_by_key(|split| split.commit);
        found
    }

    /// The commits on sessions of a dependency that commits itself, in the functions that answer requests with it and in
    /// those that they call.
    pub fn commits_beside(&self, lender: &SessionLender) -> Vec<Span> {
        let Some(lending) = self.calls.of(lender.module, lender.function) else { return Vec::new() };
        let commits = self.commits();
        let mut found = BTreeSet::new();
        for handler in self.calls.handlers() {
            let reached = self.reached(handler);
            if !reached.contains(&lending) {
                continue;
            }
            for function in reached.iter().filter(|&&function| function != lending) {
                let all = commits.by_function.get(function).into_iter().flatten().filter(|commit| commit.is_borrowed);
                found.extend(all.map(|commit| self.modules.get(commit.module).span_of(commit.callee)));
            }
        }
        found.into_iter().collect()
    }

    /// How many functions of the application commit.
    pub fn committing_functions(&self) -> usize {
        self.commits().by_function.len()
    }

    fn commits(&self) -> Commits {
        let mut by_function: BTreeMap<FunctionId, Vec<Commit>> = BTreeMap::new();
        for module in self.modules.iter().filter(|module| module.role == Role::Application) {
            for (id, expr) in module.python.syntax.exprs() {
                let ExprKind::Call { func, .. } = expr.kind else { continue };
                let Some(session) = self.committed(module, func) else { continue };
                let function = self.calls.function_of(module, id);
                let is_borrowed = is_lent_to(module, session) && !is_optional(module, id);
                by_function.entry(function).or_default().push(Commit { module: module.id, callee: func, is_borrowed });
            }
        }
        Commits { by_function }
    }

    /// The session whose `commit` a callee is.
    fn committed(&self, module: &Module, func: ExprId) -> Option<ExprId> {
        let ExprKind::Attribute { value, attr, .. } = module.python.syntax.expr(func).kind else { return None };
        let is_commit = module.python.syntax.identifier(attr) == "commit";
        (is_commit && self.database_object(module, value)?.is_session()).then_some(value)
    }

    /// The call before a commit that commits on the same session.
    fn split(&self, commits: &Commits, function: FunctionId, commit: &Commit) -> Option<SplitCommit> {
        let module = self.modules.get(commit.module);
        let session = self.committed(module, commit.callee)?;
        let session = self.text_at(module, session);
        let place = module.python.syntax.expr(commit.callee).range;
        let earlier = self.calls.edges_from(function).iter().filter(|edge| {
            edge.module == module.id
                && module.python.syntax.expr(edge.place).range.end <= place.start
                && follows(module, edge.place, commit.callee)
                && binder(module, edge.place, &session) == binder(module, commit.callee, &session)
        });
        let own = commits.by_function.get(&function).map_or(&[][..], Vec::as_slice);
        let (edge, callee, inner) = { earlier }.find_map(|edge| {
            let start = module.python.syntax.expr(edge.place).range.start;
            // A function that has committed before goes step by step, of which the call is one.
            let is_step = own.iter().any(|other| module.python.syntax.expr(other.callee).range.end <= start);
            let callee = self.given_to(module, edge, &session).filter(|_| !is_step)?;
            // What is found or made for reference is no part of the work.
            if self.calls.qualname(self, callee).rsplit('.').next().is_some_and(|name| name.contains("get_or_create")) {
                return None;
            }
            let inner = self.inner_commit(commits, callee, DEPTH)?;
            Some((edge, callee, inner))
        })?;
        self.changes_before(module, function, edge.place, commit.callee).then(|| SplitCommit {
            function,
            commit: module.span_of(commit.callee),
            call: module.span_of(edge.place),
            callee,
            inner,
        })
    }

    /// The function that an edge certainly calls with the session: as an argument, or as a method of an object.
    fn given_to(&self, module: &Module, edge: &Edge, session: &str) -> Option<FunctionId> {
        let Callee::Function(callee) = edge.callee else { return None };
        let is_call = matches!(edge.kind, EdgeKind::Call | EdgeKind::Await | EdgeKind::Super);
        if !is_call || edge.off_loop || edge.is_given || edge.confidence != Confidence::Known {
            return None;
        }
        let ExprKind::Call { func, args, keywords } = &module.python.syntax.expr(edge.place).kind else { return None };
        let values = args.iter().copied().chain(keywords.iter().map(|keyword| keyword.value));
        let is_argument = { values }.any(|value| self.text_at(module, value) == session);
        let is_own_method = matches!(module.python.syntax.expr(*func).kind,
            ExprKind::Attribute { value, .. } if module.own_class(value).is_some());
        let is_own = is_own_method && session.starts_with("self.");
        (is_argument || is_own).then_some(callee)
    }

    /// The commit on the session that a function was given, in it or in what it calls with that session.
    fn inner_commit(&self, commits: &Commits, function: FunctionId, depth: usize) -> Option<Span> {
        let depth = depth.checked_sub(1)?;
        let own = commits.by_function.get(&function).into_iter().flatten().find(|commit| commit.is_borrowed);
        if let Some(own) = own {
            return Some(self.modules.get(own.module).span_of(own.callee));
        }
        let home = self.calls.function(function);
        let module = self.modules.get(home.module);
        let FunctionNode::Definition(definition) = home.node else { return None };
        let sessions = sessions_of(module, definition);
        { self.calls.edges_from(function).iter() }.find_map(|edge| {
            let callee = sessions.iter().find_map(|session| self.given_to(module, edge, session))?;
            (!is_optional(module, edge.place)).then(|| self.inner_commit(commits, callee, depth)).flatten()
        })
    }

    /// Whether a function changes rows itself, besides the call, before it commits.
    fn changes_before(&self, module: &Module, function: FunctionId, call: ExprId, commit: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let end = syntax.expr(commit).range.start;
        let FunctionNode::Definition(definition) = self.calls.function(function).node else { return false };
        let body = module.function(definition).map_or(&[][..], |definition| &definition.body);
        let assigns = syntax.walk_stmts_in(body, false).any(|stmt| match &syntax.stmt(stmt).kind {
            StmtKind::Assign { targets, .. } if syntax.stmt(stmt).range.end <= end => {
                targets.iter().any(|&target| is_row_attribute(module, target))
            }
            _ => false,
        });
        assigns
            || body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false)).any(|id| {
                let ExprKind::Call { func, .. } = syntax.expr(id).kind else { return false };
                let ExprKind::Attribute { value, attr, .. } = syntax.expr(func).kind else { return false };
                id != call
                    && syntax.expr(func).range.end <= end
                    && CHANGES.contains(&syntax.identifier(attr))
                    && self.database_object(module, value).is_some()
            })
    }

    /// The functions that run when another does, itself with them, dependencies included.
    fn reached(&self, start: FunctionId) -> BTreeSet<FunctionId> {
        let mut reached = BTreeSet::from([start]);
        let mut queue = VecDeque::from([(start, 0)]);
        while let Some((function, depth)) = queue.pop_front() {
            if depth == DEPTH {
                continue;
            }
            for (callee, edge) in self.calls.callees(function) {
                let runs_here = edge.confidence == Confidence::Known && edge.kind != EdgeKind::Callback;
                if runs_here && reached.insert(callee) {
                    queue.push_back((callee, depth + 1));
                }
            }
        }
        reached
    }
}

/// The `with` around a place that binds a name: two of them in a row bind two sessions.
fn binder(module: &Module, place: ExprId, name: &str) -> Option<StmtId> {
    let syntax = &module.python.syntax;
    syntax.enclosing_stmts(Parent::Expr(place)).find(|&stmt| match &syntax.stmt(stmt).kind {
        StmtKind::With { items, .. } => items
            .iter()
            .filter_map(|item| item.optional_vars)
            .any(|target| matches!(syntax.expr(target).kind, ExprKind::Name { id, .. } if syntax.name(id) == name)),
        _ => false,
    })
}

/// `order.status`, where `order` is a name: neither `self.status` nor `app.state.status`.
fn is_row_attribute(module: &Module, target: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Attribute { value, .. } = syntax.expr(target).kind else { return false };
    matches!(syntax.expr(value).kind, ExprKind::Name { .. }) && module.own_class(value).is_none()
}

/// Whether a class makes the object in one of its attributes, instead of being given it.
fn makes_own(module: &Module, class: StmtId, attribute: &str) -> bool {
    let syntax = &module.python.syntax;
    let Some(definition) = module.class(class) else { return false };
    syntax.walk_stmts_in(&definition.body, true).any(|stmt| {
        let StmtKind::Assign { targets, value } = &syntax.stmt(stmt).kind else { return false };
        let is_it = targets.iter().any(|&target| {
            matches!(syntax.expr(target).kind,
            ExprKind::Attribute { attr, .. } if syntax.identifier(attr) == attribute)
        });
        is_it && matches!(syntax.expr(*value).kind, ExprKind::Call { .. })
    })
}

/// Whether a call stands below a condition that a parameter decides: `if commit: db.commit()`.
fn is_optional(module: &Module, call: ExprId) -> bool {
    let syntax = &module.python.syntax;
    syntax.enclosing_stmts(Parent::Expr(call)).any(|stmt| {
        let StmtKind::If { clauses, .. } = &syntax.stmt(stmt).kind else { return false };
        let mut names = clauses.iter().flat_map(|clause| syntax.walk_exprs_of(clause.test));
        names.any(|part| {
            let ExprKind::Name { id, .. } = syntax.expr(part).kind else { return false };
            let name = syntax.name(id);
            name.contains("commit") || name.contains("flush") || name == "save"
        })
    })
}

/// Whether one place runs after another in the same run of a function: a block that holds both comes to the second after
/// the first, and the first is left by no `return`.
fn follows(module: &Module, first: ExprId, second: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let after: Vec<StmtId> = syntax.enclosing_stmts(Parent::Expr(second)).collect();
    let mut inner = None;
    for stmt in syntax.enclosing_stmts(Parent::Expr(first)) {
        let blocks = blocks(module, stmt);
        let is_in_handler = matches!(syntax.stmt(stmt).kind, StmtKind::Try { .. })
            && !blocks.iter().any(|block| inner.is_some_and(|inner| block.contains(&inner)));
        if is_in_handler {
            return false;
        }
        for block in blocks {
            let Some(at) = inner.and_then(|inner| block.iter().position(|&one| one == inner)) else { continue };
            if block[at + 1..].iter().any(|later| after.contains(later)) {
                return true;
            }
            let leaves = block[at..].iter().any(|&later| {
                matches!(syntax.stmt(later).kind, StmtKind::Return(_) | StmtKind::Raise { .. } | StmtKind::Continue)
            });
            if leaves {
                return false;
            }
        }
        inner = Some(stmt);
    }
    false
}

/// The blocks of a statement, those of `except` and `finally` left out.
fn blocks(module: &Module, stmt: StmtId) -> Vec<&[StmtId]> {
    match &module.python.syntax.stmt(stmt).kind {
        StmtKind::Try { body, orelse, .. } => vec![body, orelse],
        _ => module.blocks_of(stmt),
    }
}

/// Whether a session is a parameter, or an attribute that the constructor was given.
fn is_lent_to(module: &Module, session: ExprId) -> bool {
    let syntax = &module.python.syntax;
    match &syntax.expr(session).kind {
        ExprKind::Name { .. } => module.python.lookup(session).is_some_and(|(_, binding)| {
            binding.sites.iter().all(|site| matches!(site.kind, BindingKind::Parameter { .. }))
        }),
        ExprKind::Attribute { value, attr, .. } => {
            let name = syntax.identifier(*attr);
            module.own_class(*value).is_some_and(|class| !makes_own(module, class, name))
        }
        _ => false,
    }
}

/// The parameters of a function that are sessions, and the session of its object.
fn sessions_of(module: &Module, function: StmtId) -> Vec<String> {
    let syntax = &module.python.syntax;
    let parameters = module.function(function).into_iter().flat_map(|definition| definition.parameters.iter());
    let names = parameters.map(|parameter| syntax.name(parameter.name.name).to_owned());
    names.filter(|name| name.contains("session") || name.contains("db")).chain(["self.".to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    const HEAD: &str = "from sqlalchemy.orm import Session\n\
        def create(db: Session, row):\n    db.add(row)\n    db.commit()\n\
        def choose(db: Session, row, commit=True):\n    db.add(row)\n    if commit:\n        db.commit()\n\
        def through(db: Session, row):\n    create(db, row)\n";

    fn split(body: &str) -> usize {
        let project = project(&[("app/db.py", &format!("{HEAD}{body}"))]);
        project.split_commits().len()
    }

    #[test]
    fn a_commit_after_a_call_that_commits_is_split() {
        assert_eq!(split("def f(db: Session, a, b):\n    db.add(a)\n    create(db, b)\n    db.commit()\n"), 1);
        assert_eq!(split("def f(db: Session, a, b):\n    through(db, b)\n    a.paid = True\n    db.commit()\n"), 1);
        assert_eq!(
            split(
                "def f(db: Session, a, b):\n    db.add(a)\n    for x in b:\n        create(db=db, row=x)\n    db.commit()\n"
            ),
            1
        );
        let method = "class S:\n    def __init__(self, db: Session):\n        self.db = db\n    def one(self, a):\n        self.db.add(a)\n        self.db.commit()\n    \
            def two(self, a):\n        self.one(a)\n        a.x = 1\n        self.db.commit()\n";
        assert_eq!(split(method), 1);
    }

    #[test]
    fn other_orders_sessions_branches_and_choices_are_not() {
        assert_eq!(split("def f(db: Session, a, b):\n    db.add(a)\n    db.commit()\n    create(db, b)\n"), 0);
        assert_eq!(
            split("def f(db: Session, own: Session, a, b):\n    db.add(a)\n    create(own, b)\n    db.commit()\n"),
            0
        );
        assert_eq!(
            split("def f(db: Session, a, b):\n    db.add(a)\n    choose(db, b, commit=False)\n    db.commit()\n"),
            0
        );
        assert_eq!(
            split(
                "def f(db: Session, a, b):\n    if b:\n        create(db, b)\n        return\n    db.add(a)\n    db.commit()\n"
            ),
            0
        );
        assert_eq!(
            split(
                "def f(db: Session, a, b):\n    if b:\n        create(db, b)\n    else:\n        db.add(a)\n        db.commit()\n"
            ),
            0
        );
        assert_eq!(split("def f(db: Session, a, b):\n    create(db, b)\n    db.commit()\n"), 0);
        assert_eq!(
            split(
                "def f(db: Session, a, b):\n    db.add(a)\n    db.commit()\n    create(db, b)\n    db.add(b)\n    db.commit()\n"
            ),
            0
        );
        assert_eq!(
            split(
                "def f(make, a, b):\n    with Session() as db:\n        create(db, b)\n    with Session() as db:\n        db.add(a)\n        db.commit()\n"
            ),
            0
        );
        assert_eq!(
            split("def f(db: Session, app, b):\n    app.state.name = 'x'\n    create(db, b)\n    db.commit()\n"),
            0
        );
    }
}
