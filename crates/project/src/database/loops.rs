//! Queries that run once for each turn of a loop.

use super::turns::{goes_through_fields, goes_through_models, happens_once, keeps_answers};
use crate::calls::{Callee, Confidence, EdgeKind, FunctionNode};
use crate::{Call, Module, Project};
use pyaudit_python::{BindingKind, ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::{Range, Span};

/// A query that a loop or a comprehension repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatedQuery {
    /// The `for` statement or the comprehension.
    pub repeated_by: Parent,
    /// The loop variable, as it is written.
    pub variable: String,
    /// The callee in the loop: of the query, or of the function that runs it.
    pub callee: Range,
    /// The query inside the function of the project that the loop calls; `None` where the loop runs it itself.
    pub through: Option<Span>,
}

/// Words of a name that say that a loop takes many rows at a time, tries again, or goes through pages.
const BATCH_WORDS: &[&str] =
    &["chunk", "chunks", "chunked", "batch", "batches", "batched", "page", "pages", "attempt", "retry", "retries"];

/// Words at the start of a function's name that say that it fills or repairs a database once.
const ONCE_WORDS: &[&str] = &[
    "seed",
    "bootstrap",
    "migrate",
    "backfill",
    "populate",
    "setup",
    "init",
    "initialize",
    "fix",
    "repair",
    "restore",
];

/// Methods that end or nest a transaction: a loop with one treats each turn as a piece of work of its own.
const UNIT_METHODS: &[&str] = &["commit", "rollback", "begin_nested", "begin"];

impl Project {
    /// The queries of a module that a loop repeats, in the order of the source. The object that runs each is known to be a
    /// session, connection or cursor. Loops over constants, ranges and batches repeat nothing that counts, and neither do
    /// loops whose turns are transactions of their own.
    pub fn repeated_queries(&self, module: &Module) -> Vec<RepeatedQuery> {
        let syntax = &module.python.syntax;
        let mut found = Vec::new();
        for (id, expr) in syntax.exprs() {
            let ExprKind::Call { func, args, .. } = &expr.kind else { continue };
            let Some(around) = self.repeating(module, id) else { continue };
            let call = Call { id, func: *func, first: args.first().copied() };
            let callee = syntax.expr(*func).range;
            let repeated = |through| {
                let variable = syntax.expr(around.target).range;
                let variable = self.sources.slice(module.span(variable)).to_owned();
                RepeatedQuery { repeated_by: around.node, variable, callee, through }
            };
            let direct = self.query(module, &call).filter(|query| query.is_certain && !query.is_probe);
            if direct.is_some() {
                if !self.is_excused(module, &around, &call) {
                    found.push(repeated(None));
                }
            } else if let Some(query) = self.query_behind(module, id)
                && !self.is_excused(module, &around, &call)
            {
                found.push(repeated(Some(query)));
            }
        }
        found.sort_by_key(|query| query.callee);
        found
    }

    /// The innermost loop or comprehension around a call that repeats it often.
    fn repeating(&self, module: &Module, call: ExprId) -> Option<Around> {
        let syntax = &module.python.syntax;
        let mut inner = Parent::Expr(call);
        for outer in syntax.ancestors(inner) {
            match outer {
                Parent::Stmt(id) => match &syntax.stmt(id).kind {
                    StmtKind::FunctionDef(_) | StmtKind::ClassDef(_) => return None,
                    StmtKind::For { target, iter, body, .. } => {
                        let is_body = matches!(inner, Parent::Stmt(stmt) if body.contains(&stmt));
                        if is_body && self.is_batch(module, *target, *iter) {
                            return None;
                        }
                        if is_body && !self.is_constant(module, *iter, 4) {
                            return Some(Around { node: outer, target: *target });
                        }
                    }
                    _ => {}
                },
                Parent::Expr(id) => match &syntax.expr(id).kind {
                    ExprKind::Lambda { .. } => return None,
                    ExprKind::ListComp { generators, .. }
                    | ExprKind::SetComp { generators, .. }
                    | ExprKind::Generator { generators, .. }
                    | ExprKind::DictComp { generators, .. } => {
                        let first = generators.first()?;
                        let is_source = inner == Parent::Expr(first.iter);
                        if !is_source
                            && !self.is_constant(module, first.iter, 4)
                            && !self.is_batch(module, first.target, first.iter)
                        {
                            return Some(Around { node: outer, target: first.target });
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
            inner = outer;
        }
        None
    }

    /// Whether a loop takes many at a time or counts: `range(…)`, `chunks(rows, 500)`, `for batch in …`.
    fn is_batch(&self, module: &Module, target: ExprId, iter: ExprId) -> bool {
        let is_range = match &module.python.syntax.expr(iter).kind {
            ExprKind::Call { func, .. } => self.is_any(module, *func, &["range"]),
            _ => false,
        };
        is_range
            || goes_through_fields(module, iter)
            || [target, iter].iter().any(|&expr| has_word(&self.text_at(module, callee_or(module, expr)), BATCH_WORDS))
    }

    /// Whether what a loop goes through is written in the source: a literal, a constant, an enumeration.
    fn is_constant(&self, module: &Module, iter: ExprId, hops: usize) -> bool {
        let Some(hops) = hops.checked_sub(1) else { return false };
        let syntax = &module.python.syntax;
        match &syntax.expr(iter).kind {
            ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } | ExprKind::Set(elts) => {
                !elts.iter().any(|&element| matches!(syntax.expr(element).kind, ExprKind::Starred { .. }))
            }
            ExprKind::Dict(items) => items.iter().all(|item| item.key.is_some()),
            ExprKind::Str { .. } => true,
            ExprKind::Call { func, args, .. } => {
                if let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind {
                    let lists = matches!(syntax.identifier(*attr), "items" | "keys" | "values" | "get");
                    return lists && self.is_constant(module, *value, hops);
                }
                let keeps = ["enumerate", "sorted", "list", "tuple", "set", "reversed", "zip", "dict"];
                let first = args.first().filter(|_| self.is_any(module, *func, &keeps));
                first.is_some_and(|&first| self.is_constant(module, first, hops))
            }
            ExprKind::Name { id, .. } if is_constant_name(syntax.name(*id)) => true,
            ExprKind::Attribute { attr, .. } if is_constant_name(syntax.identifier(*attr)) => true,
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                if self.class(module, iter).is_some() {
                    return true;
                }
                let (home, value) = self.follow(module, iter);
                // A list that is empty where it is made is filled later.
                let is_filled =
                    !matches!(&home.python.syntax.expr(value).kind, ExprKind::List { elts, .. } if elts.is_empty());
                let is_filled = is_filled
                    && !matches!(&home.python.syntax.expr(value).kind, ExprKind::Dict(items) if items.is_empty());
                (home.id, value) != (module.id, iter) && is_filled && self.is_constant(home, value, hops)
            }
            _ => false,
        }
    }

    /// The query that a function of the project runs, where an expression names one that borrows its session.
    fn query_behind(&self, module: &Module, call: ExprId) -> Option<Span> {
        let (home, function) = self.run_by(module, call)?;
        let definition = home.function(function)?;
        let syntax = &home.python.syntax;
        let is_kept = definition
            .decorators
            .iter()
            .any(|&decorator| self.text_at(home, decorator).to_lowercase().contains("cache"));
        if is_kept || self.text_of(home, function).to_lowercase().contains("cache") {
            return None;
        }
        for &stmt in &definition.body {
            for id in syntax.walk_exprs_in(stmt, false) {
                let ExprKind::Call { func, args, .. } = &syntax.expr(id).kind else { continue };
                let call = Call { id, func: *func, first: args.first().copied() };
                let query = self.query(home, &call).filter(|query| query.is_certain && !query.is_probe);
                if let Some(query) = query {
                    return is_borrowed(home, function, *func).then(|| home.span(query.range));
                }
            }
        }
        None
    }

    /// The one function or method of the project that a call certainly runs.
    pub(crate) fn run_by<'p>(&'p self, module: &Module, call: ExprId) -> Option<(&'p Module, StmtId)> {
        let edges = self.calls.edges_at(module, call);
        let mut callees = edges.filter_map(|edge| match (edge.callee, edge.kind) {
            (Callee::Function(function), EdgeKind::Call | EdgeKind::Await | EdgeKind::Super)
                if edge.confidence == Confidence::Known =>
            {
                Some(self.calls.function(function))
            }
            _ => None,
        });
        let (only, None) = (callees.next()?, callees.next()) else { return None };
        match only.node {
            FunctionNode::Definition(function) => Some((self.modules.get(only.module), function)),
            _ => None,
        }
    }

    fn text_of(&self, module: &Module, stmt: StmtId) -> String {
        self.sources.slice(module.span(module.python.syntax.stmt(stmt).range)).to_owned()
    }

    /// Whether a repetition is meant: it runs once in a lifetime, each turn is a transaction, the answers are kept, the
    /// loop goes through statements, or the session itself is made in the loop.
    fn is_excused(&self, module: &Module, around: &Around, call: &Call) -> bool {
        let syntax = &module.python.syntax;
        let runs_once = syntax.enclosing_functions(Parent::Expr(call.id)).any(|function| {
            let name = module.function(function).map_or("", |definition| syntax.identifier(definition.name));
            let first = name.trim_start_matches('_').split('_').next().unwrap_or("");
            ONCE_WORDS.contains(&first) || self.is_command(module, function)
        });
        if runs_once || module.python.is_in_main_guard(Parent::Expr(call.id)) || self.is_switched_off(module, call.id) {
            return true;
        }
        let is_target = |expr: ExprId| self.text_at(module, expr) == self.text_at(module, around.target);
        let is_statement = call.first.is_some_and(|first| match &syntax.expr(first).kind {
            ExprKind::Call { func, args, .. } => {
                let marks = has_word(&self.text_at(module, *func), &["text", "ddl", "sql"]);
                marks && args.first().is_some_and(|&inner| is_target(inner))
            }
            _ => is_target(first),
        });
        if call.first.is_some_and(|first| self.is_of_schema(module, first)) {
            return true;
        }
        let Parent::Stmt(id) = around.node else { return false };
        let StmtKind::For { body, .. } = &syntax.stmt(id).kind else { return false };
        if happens_once(module, around.target, body, call.id) || goes_through_models(module, around.target, body) {
            return true;
        }
        // A statement that is handed to `get` is a key.
        let executes = self.text_at(module, call.func).contains("exec");
        (is_statement && executes) || self.is_unit_of_work(module, body) || keeps_answers(module, body)
    }

    /// Whether the body of a loop ends a transaction, or makes the session that it uses.
    fn is_unit_of_work(&self, module: &Module, body: &[StmtId]) -> bool {
        let syntax = &module.python.syntax;
        let calls = body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
        calls
            .filter_map(|id| match &syntax.expr(id).kind {
                ExprKind::Call { func, .. } => Some((id, *func)),
                _ => None,
            })
            .any(|(id, func)| match &syntax.expr(func).kind {
                ExprKind::Attribute { attr, value, .. } if UNIT_METHODS.contains(&syntax.identifier(*attr)) => {
                    self.database_object(module, *value).is_some()
                }
                _ => self.opens_session(module, id),
            })
    }

    /// Whether a call gives a new session: it is entered by a `with`, or assigned.
    fn opens_session(&self, module: &Module, call: ExprId) -> bool {
        let Parent::Stmt(stmt) = module.python.syntax.expr_parent(call) else { return false };
        let is_made = matches!(module.python.syntax.stmt(stmt).kind, StmtKind::With { .. } | StmtKind::Assign { .. });
        let object = is_made.then(|| self.database_object(module, call)).flatten();
        object.is_some_and(|object| object.is_session() || object == crate::DatabaseObject::Connection)
    }
}

/// A loop or comprehension and its variable.
struct Around {
    node: Parent,
    target: ExprId,
}

/// Whether the session that a query of a function runs on is given to it: a parameter, or an attribute of `self`.
fn is_borrowed(module: &Module, function: StmtId, func: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let mut root = func;
    while let ExprKind::Attribute { value, .. } = syntax.expr(root).kind {
        root = value;
    }
    let ExprKind::Name { .. } = syntax.expr(root).kind else { return false };
    let Some((_, binding)) = module.python.lookup(root) else { return false };
    let is_parameter = binding.sites.iter().any(|site| matches!(site.kind, BindingKind::Parameter { .. }));
    is_parameter && syntax.enclosing_functions(Parent::Expr(func)).next() == Some(function)
}

/// The callee of a call, or the expression itself.
fn callee_or(module: &Module, expr: ExprId) -> ExprId {
    match module.python.syntax.expr(expr).kind {
        ExprKind::Call { func, .. } => func,
        _ => expr,
    }
}

fn has_word(text: &str, words: &[&str]) -> bool {
    text.split(|letter: char| !letter.is_ascii_alphanumeric())
        .any(|word| words.contains(&word.to_ascii_lowercase().as_str()))
}

/// `STATUSES`, `DEFAULT_ROLES`.
fn is_constant_name(name: &str) -> bool {
    name.len() > 1 && !name.chars().any(|letter| letter.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn repeated(body: &str) -> Vec<String> {
        let text = format!(
            "from sqlalchemy import select, text\nfrom sqlalchemy.orm import Session, sessionmaker\nfactory = sessionmaker()\n\
             STATUSES = ['a']\n{body}"
        );
        let project = project(&[("app/service.py", &text)]);
        let module = project.modules.iter().next().expect("it was parsed");
        let line = |query: &super::RepeatedQuery| {
            let callee = query.callee.slice(&text);
            format!("{callee} for {}{}", query.variable, if query.through.is_some() { " through" } else { "" })
        };
        project.repeated_queries(module).iter().map(line).collect()
    }

    #[test]
    fn queries_in_loops_comprehensions_and_called_functions_are_repeated() {
        assert_eq!(
            repeated(
                "def f(db: Session, ids):\n    for id in ids:\n        db.execute(select(User).filter_by(id=id))\n"
            ),
            ["db.execute for id"]
        );
        assert_eq!(
            repeated("def f(db: Session, ids):\n    return [db.get(User, id) for id in ids]\n"),
            ["db.get for id"]
        );
        let helper = "def g(db: Session, id):\n    return db.get(User, id)\ndef f(db: Session, ids):\n    for id in ids:\n        g(db, id)\n";
        assert_eq!(repeated(helper), ["g for id through"]);
        let method = "class S:\n    def __init__(self, db: Session):\n        self.db = db\n    def one(self, id):\n        return self.db.get(User, id)\n    \
            def f(self, ids):\n        for a, b in ids:\n            for s in STATUSES:\n                self.one(a)\n";
        assert_eq!(repeated(method), ["self.one for a, b through"]);
    }

    #[test]
    fn constants_ranges_batches_units_caches_and_statements_are_not() {
        let none = |body: &str| assert!(repeated(&format!("def f(db: Session, ids):\n{body}")).is_empty(), "{body}");
        none("    for s in STATUSES:\n        db.execute(select(s))\n");
        none("    for s in ('a', 'b'):\n        db.execute(select(s))\n");
        none("    for attempt in range(3):\n        db.execute(select(1, 2))\n");
        none("    for batch in batched(ids, 100):\n        db.execute(select(batch))\n");
        none("    for id in db.execute(select(ids)):\n        print(id)\n");
        none("    for id in ids:\n        db.execute(select(User).where(id))\n        db.commit()\n");
        none("    for id in ids:\n        with factory() as own:\n            own.execute(select(User).where(id))\n");
        none(
            "    known = {}\n    for id in ids:\n        if id not in known:\n            known[id] = db.execute(select(User).where(id))\n",
        );
        none("    for statement in ids:\n        db.execute(text(statement))\n");
        none("    for row in ids:\n        found = db.execute(select(row))\n        return found\n");
        none("    for row in ids:\n        if row == 'x':\n            db.execute(select(ids))\n");
        none("    for model in ids:\n        db.execute(select(model.id))\n");
        none("    for key, value in ids.model_dump().items():\n        db.execute(select(ids))\n");
        none(
            "    known = {}\n    for id in ids:\n        row = known.get(id)\n        if not row:\n            row = db.execute(select(1, 2))\n            known[id] = row\n",
        );
        none("    while True:\n        db.execute(select(ids))\n");
        assert!(
            repeated(
                "def seed_users(db: Session, ids):\n    for id in ids:\n        db.execute(select(User).where(id))\n"
            )
            .is_empty()
        );
    }
}
