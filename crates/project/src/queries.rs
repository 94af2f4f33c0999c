//! Queries and transactions: where a function talks to the database.

use crate::budget::{Budget, steps};
use crate::{DatabaseObject, Module, Project, Route};
use pyaudit_python::{BindingKind, ExprId, ExprKind, FoldedPart, Parent, StmtId};
use pyaudit_source::Range;
use std::collections::BTreeSet;

/// What a query is written in. Raw SQL sorts first, because it weighs most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QueryKind {
    /// SQL text.
    RawSql,
    /// Objects of a mapper: `select(User)`, `db.query(User)`, `session.get(User, 1)`.
    Orm,
}

/// One call that runs a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What it is written in.
    pub kind: QueryKind,
    /// The call's callee: `db.execute`.
    pub range: Range,
    /// Whether it only asks if the database answers: `SELECT 1`.
    pub is_probe: bool,
    /// Whether the object that runs it is known to be a database object.
    pub is_certain: bool,
}

/// One call that steers a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The method: `commit`.
    pub method: String,
    /// The call's callee: `db.commit`.
    pub range: Range,
    /// Whether it only loads attributes that are named: `refresh(order, ["lines"])`.
    pub only_loads: bool,
}

impl Transaction {
    /// Whether the call ends the transaction.
    pub fn ends_transaction(&self) -> bool {
        matches!(self.method.as_str(), "commit" | "rollback")
    }
}

/// Methods of sessions, connections and cursors that run the statement they are given.
const EXECUTORS: &[&str] = &[
    "execute",
    "executemany",
    "executescript",
    "exec",
    "exec_driver_sql",
    "scalar",
    "scalars",
    "stream",
    "stream_scalars",
    "fetch",
    "fetchrow",
    "fetchval",
    "fetch_all",
    "fetch_one",
    "fetch_val",
];

/// Methods of a session that run a query over a mapped class.
const ORM_METHODS: &[&str] = &["query", "get", "get_one"];

/// Methods of a session or connection that steer its transaction.
const TRANSACTION_METHODS: &[&str] = &["commit", "rollback", "flush", "refresh", "add", "add_all", "delete"];

/// Calls that mark a text as SQL.
const TEXT: &[&str] = &["sqlalchemy.text", "sqlalchemy.sql.text", "sqlalchemy.sql.expression.text", "sqlmodel.text"];

/// Calls that start a statement of SQLAlchemy.
const STATEMENTS: &[&str] = &["select", "insert", "update", "delete", "union", "union_all", "exists"];

/// Words that a SQL statement starts with.
const SQL_VERBS: &[&str] = &[
    "select", "insert", "update", "delete", "with", "create", "drop", "alter", "truncate", "merge", "replace", "call",
    "explain", "pragma", "set", "copy", "refresh", "grant", "vacuum", "lock",
];

impl Project {
    /// The functions of a module that answer a route which an application may serve, each with its first route, in
    /// the order of their places.
    pub fn handlers_in<'p>(&'p self, module: &Module) -> Vec<(StmtId, &'p Route)> {
        let all = self.routes.handlers_of(module.id).filter(|(_, route)| route.may_be_served);
        let mut handlers: Vec<(StmtId, &Route)> = all.collect();
        let syntax = &module.python.syntax;
        handlers.sort_by_key(|(id, _)| syntax.stmt(*id).range);
        handlers
    }

    /// The functions of a module that its handlers call by name, which answer no route and are no dependency.
    pub fn handler_helpers(&self, module: &Module) -> Vec<StmtId> {
        let handlers: BTreeSet<StmtId> = self.handlers_in(module).into_iter().map(|(id, _)| id).collect();
        let mut helpers = BTreeSet::new();
        for &handler in &handlers {
            for call in self.calls_in(module, handler) {
                let Some((home, function, _)) = self.function(module, call.func) else { continue };
                if home.id == module.id && !handlers.contains(&function) {
                    helpers.insert(function);
                }
            }
        }
        let is_nested = |function| {
            let mut around = module.python.syntax.enclosing_functions(Parent::Stmt(function));
            around.any(|outer| handlers.contains(&outer))
        };
        helpers.retain(|&helper| !is_nested(helper));
        helpers.into_iter().collect()
    }

    /// The queries that a function runs itself or in functions nested in it, in the order of the source.
    pub fn queries_in(&self, module: &Module, function: StmtId) -> Vec<Query> {
        self.calls_in(module, function).iter().filter_map(|call| self.query(module, call)).collect()
    }

    /// The calls that steer a transaction in a function or in functions nested in it, in the order of the source.
    pub fn transactions_in(&self, module: &Module, function: StmtId) -> Vec<Transaction> {
        let calls = self.calls_in(module, function);
        let steering = calls.iter().filter_map(|call| {
            let (object, method) = call.method(module)?;
            let steers = TRANSACTION_METHODS.contains(&method);
            let kind = steers.then(|| self.database_object(module, object)).flatten()?;
            // A connection has no unit of work to add to; only the end of its transaction counts.
            let fits = kind.is_session() || matches!(method, "commit" | "rollback");
            let range = module.python.syntax.expr(call.func).range;
            let only_loads = method == "refresh" && self.names_attributes(module, call);
            (fits && kind != DatabaseObject::Cursor).then(|| Transaction {
                method: method.to_owned(),
                range,
                only_loads,
            })
        });
        steering.collect()
    }

    /// Whether a call of `refresh` says which attributes it loads.
    fn names_attributes(&self, module: &Module, call: &Call) -> bool {
        match &module.python.syntax.expr(call.id).kind {
            ExprKind::Call { args, keywords, .. } => {
                args.len() > 1 || self.option(module, keywords, "attribute_names").is_some()
            }
            _ => false,
        }
    }

    /// The query that a call runs, if it runs one.
    pub fn query(&self, module: &Module, call: &Call) -> Option<Query> {
        let (object, method) = call.method(module)?;
        let range = module.python.syntax.expr(call.func).range;
        if EXECUTORS.contains(&method) {
            let statement = self.statement(module, call.first?, Budget::new(&steps()));
            let object = self.database_object(module, object);
            let (kind, sql) = match (statement, object) {
                (Some(Statement::Sql(sql)), _) => (QueryKind::RawSql, Some(sql)),
                (Some(Statement::Orm), _) => (QueryKind::Orm, None),
                (None, Some(object)) if object.is_session() => (QueryKind::Orm, None),
                (None, Some(DatabaseObject::Connection | DatabaseObject::Cursor)) => (QueryKind::RawSql, None),
                _ => return None,
            };
            return Some(Query {
                kind,
                range,
                is_probe: sql.is_some_and(|sql| is_probe(&sql)),
                is_certain: object.is_some(),
            });
        }
        let is_orm = ORM_METHODS.contains(&method)
            && call.first.is_some()
            && self.database_object(module, object).is_some_and(DatabaseObject::is_session);
        is_orm.then_some(Query { kind: QueryKind::Orm, range, is_probe: false, is_certain: true })
    }

    /// What the argument of an executing method is, if that can be read.
    fn statement(&self, module: &Module, expr: ExprId, budget: Budget<'_>) -> Option<Statement> {
        let budget = budget.step()?;
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Call { func, args, .. } => {
                if self.is_any(module, *func, TEXT) {
                    let sql = args.first().map(|&text| known_text(module, text)).unwrap_or_default();
                    return Some(Statement::Sql(sql));
                }
                if !self.starts_statement(module, expr) {
                    return None;
                }
                // `select(1)` itself, not `select(User).limit(1)`.
                let is_bare = matches!(syntax.expr(*func).kind, ExprKind::Name { .. });
                let is_literal = |&argument: &ExprId| matches!(syntax.expr(argument).kind, ExprKind::Int(_));
                let is_probe = is_bare && !args.is_empty() && args.iter().all(is_literal);
                Some(if is_probe { Statement::Sql("select 1".to_owned()) } else { Statement::Orm })
            }
            ExprKind::Name { .. } => {
                if let Some(sql) = self.constant_string(module, expr).filter(|text| is_sql(text)) {
                    return Some(Statement::Sql(sql));
                }
                let (_, binding) = module.python.lookup(expr)?;
                binding.sites.iter().find_map(|site| match site.kind {
                    BindingKind::Assigned(value) => self.statement(module, value, budget),
                    _ => None,
                })
            }
            _ => {
                let text = known_text(module, expr);
                is_sql(&text).then_some(Statement::Sql(text))
            }
        }
    }

    /// Whether a chain of calls (`select(User).where(…).limit(1)`) starts with a statement of SQLAlchemy or SQLModel.
    fn starts_statement(&self, module: &Module, mut expr: ExprId) -> bool {
        let syntax = &module.python.syntax;
        loop {
            match &syntax.expr(expr).kind {
                ExprKind::Call { func, .. } => expr = *func,
                ExprKind::Attribute { value, .. } if matches!(syntax.expr(*value).kind, ExprKind::Call { .. }) => {
                    expr = *value;
                }
                _ => break,
            }
        }
        self.symbols(module, expr).iter().any(|symbol| {
            let name = symbol.external().unwrap_or("");
            let (top, last) = (name.split('.').next(), name.rsplit('.').next());
            matches!(top, Some("sqlalchemy" | "sqlmodel")) && last.is_some_and(|last| STATEMENTS.contains(&last))
        })
    }

    /// Every call in the body of a function and of functions nested in it, in the order of the source.
    pub fn calls_in(&self, module: &Module, function: StmtId) -> Vec<Call> {
        let syntax = &module.python.syntax;
        let Some(definition) = module.function(function) else { return Vec::new() };
        let mut calls = Vec::new();
        for &stmt in &definition.body {
            for id in syntax.walk_exprs_in(stmt, true) {
                if let ExprKind::Call { func, args, .. } = &syntax.expr(id).kind {
                    calls.push(Call { id, func: *func, first: args.first().copied() });
                }
            }
        }
        calls.sort_by_key(|call| syntax.expr(call.func).range);
        calls
    }
}

/// What an executing method is given.
enum Statement {
    /// SQL text, with what is known of it.
    Sql(String),
    /// A statement made of objects.
    Orm,
}

/// A call in the body of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The call.
    pub id: ExprId,
    /// What is called.
    pub func: ExprId,
    /// The first positional argument.
    pub first: Option<ExprId>,
}

impl Call {
    /// The object and the name of the method that is called.
    fn method<'m>(&self, module: &'m Module) -> Option<(ExprId, &'m str)> {
        match &module.python.syntax.expr(self.func).kind {
            ExprKind::Attribute { value, attr, .. } => Some((*value, module.python.syntax.identifier(*attr))),
            _ => None,
        }
    }
}

/// The parts of a text that are known, without its holes.
fn known_text(module: &Module, expr: ExprId) -> String {
    let parts = module.python.fold_string(expr).parts;
    let texts = parts.into_iter().filter_map(|part| match part {
        FoldedPart::Text(text) => Some(text),
        FoldedPart::Hole(_) => None,
    });
    texts.collect()
}

/// Whether a text starts as a SQL statement does, with something after its verb.
fn is_sql(text: &str) -> bool {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    let verb: String = start.chars().take_while(char::is_ascii_alphabetic).collect();
    let rest = &start[verb.len()..];
    SQL_VERBS.contains(&verb.to_ascii_lowercase().as_str()) && rest.starts_with(char::is_whitespace)
}

/// Whether a statement only asks if the database answers.
fn is_probe(sql: &str) -> bool {
    let words: Vec<String> = sql.split_whitespace().map(str::to_ascii_lowercase).collect();
    let text = words.join(" ");
    matches!(text.trim_end_matches(';').trim_end(), "select 1" | "select 1 as ok" | "select version()" | "select now()")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_starts_with_a_verb_and_goes_on() {
        assert!(is_sql("\n  SELECT id FROM users"));
        assert!(is_sql("(select 1)"));
        assert!(!is_sql("Select"));
        assert!(!is_sql("update_user"));
        assert!(!is_sql("user list"));
    }

    #[test]
    fn a_probe_asks_nothing() {
        assert!(is_probe("SELECT 1"));
        assert!(is_probe(" select  1; "));
        assert!(!is_probe("SELECT 1 FROM users"));
    }
}
