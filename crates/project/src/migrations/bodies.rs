//! What `upgrade` and `downgrade` do, together with the functions of their module that they call.

use pyaudit_python::{ExprId, ExprKind, Module, Parent, StmtId, StmtKind, Syntax};
use pyaudit_source::Range;
use std::collections::{BTreeMap, BTreeSet};

/// What a function of a revision does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Body {
    /// Nothing: `pass`, `...`, a docstring, comments, `return`, messages to a log, questions to the database.
    Empty,
    /// It raises whatever the state of the database; the range is that of the `raise` statement.
    Raises(Range),
    /// Anything else.
    Acts,
}

/// The functions of a module and the calls in each.
pub(super) struct Bodies<'a> {
    syntax: &'a Syntax,
    functions: BTreeMap<&'a str, StmtId>,
    calls: BTreeMap<StmtId, Vec<ExprId>>,
}

/// What one call does.
enum Effect<'a> {
    Nothing,
    Calls(&'a str),
    /// `globals()["upgrade_" + name]()`, as Alembic's template for several databases writes it.
    CallsEvery,
    Acts,
}

impl<'a> Bodies<'a> {
    /// Sorts the calls of a module by the function they stand in.
    pub(super) fn new(module: &'a Module) -> Self {
        let syntax = &module.syntax;
        let mut functions = BTreeMap::new();
        for (id, stmt) in syntax.stmts() {
            if let StmtKind::FunctionDef(function) = &stmt.kind {
                functions.insert(syntax.identifier(function.name), id);
            }
        }
        let mut calls: BTreeMap<StmtId, Vec<ExprId>> = BTreeMap::new();
        for (id, expr) in syntax.exprs() {
            if matches!(expr.kind, ExprKind::Call { .. })
                && let Some(function) = syntax.enclosing_functions(Parent::Expr(id)).next()
            {
                calls.entry(function).or_default().push(id);
            }
        }
        Self { syntax, functions, calls }
    }

    /// What a function does.
    pub(super) fn of(&self, function: StmtId) -> Body {
        if let Some(range) = self.raises(function) {
            return Body::Raises(range);
        }
        if self.acts(function) { Body::Acts } else { Body::Empty }
    }

    /// Whether the function, or one of its module that it calls, does something.
    fn acts(&self, function: StmtId) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![function];
        while let Some(function) = open.pop() {
            if !seen.insert(function) {
                continue;
            }
            for &call in self.calls.get(&function).map_or(&[][..], Vec::as_slice) {
                match self.effect(call) {
                    Effect::Nothing => {}
                    Effect::Acts => return true,
                    Effect::Calls(name) => open.extend(self.functions.get(name)),
                    Effect::CallsEvery => open.extend(self.twins(function)),
                }
            }
        }
        false
    }

    /// The functions whose names continue that of this one: `upgrade_users` for `upgrade`.
    fn twins(&self, function: StmtId) -> impl Iterator<Item = &StmtId> {
        let name = match &self.syntax.stmt(function).kind {
            StmtKind::FunctionDef(definition) => self.syntax.identifier(definition.name),
            _ => "",
        };
        let continues = move |other: &str| other.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'));
        self.functions.iter().filter(move |(other, _)| continues(other)).map(|(_, function)| function)
    }

    fn effect(&self, call: ExprId) -> Effect<'a> {
        let syntax = self.syntax;
        let ExprKind::Call { func, .. } = &syntax.expr(call).kind else { return Effect::Nothing };
        // Making the exception is part of raising it.
        let raised =
            syntax.enclosing_stmt(call).is_some_and(|stmt| matches!(syntax.stmt(stmt).kind, StmtKind::Raise { .. }));
        if raised {
            return Effect::Nothing;
        }
        match &syntax.expr(*func).kind {
            ExprKind::Name { id, .. } => match syntax.name(*id) {
                name if self.functions.contains_key(name) => Effect::Calls(name),
                "print" | "globals" | "str" | "repr" | "len" | "isinstance" | "getattr" | "super" | "inspect" => {
                    Effect::Nothing
                }
                _ => Effect::Acts,
            },
            ExprKind::Attribute { value, attr, .. } if self.is_question(*value, syntax.identifier(*attr)) => {
                Effect::Nothing
            }
            ExprKind::Subscript { value, .. } if self.is_call_of(*value, "globals") => Effect::CallsEvery,
            _ => Effect::Acts,
        }
    }

    /// Whether a method only asks or tells: a logger's, `op.get_bind()`, `sa.inspect(bind).has_table(..)`.
    fn is_question(&self, value: ExprId, method: &str) -> bool {
        if ["get_", "has_", "is_"].iter().any(|prefix| method.starts_with(prefix)) {
            return true;
        }
        match method {
            "inspect" | "from_engine" | "autocommit_block" | "format" | "warn" | "f" => true,
            "debug" | "info" | "warning" | "error" | "critical" | "exception" | "log" => {
                let receiver = match &self.syntax.expr(value).kind {
                    ExprKind::Name { id, .. } => self.syntax.name(*id),
                    ExprKind::Attribute { attr, .. } => self.syntax.identifier(*attr),
                    ExprKind::Call { .. } => "log",
                    _ => "",
                };
                receiver.to_ascii_lowercase().contains("log")
            }
            _ => false,
        }
    }

    fn is_call_of(&self, expr: ExprId, name: &str) -> bool {
        let ExprKind::Call { func, .. } = &self.syntax.expr(expr).kind else { return false };
        matches!(self.syntax.expr(*func).kind, ExprKind::Name { id, .. } if self.syntax.name(id) == name)
    }

    /// The statement with which a function always raises: one that no condition guards, in itself or in a function of
    /// its module that it calls unconditionally.
    fn raises(&self, function: StmtId) -> Option<Range> {
        let mut seen = BTreeSet::from([function]);
        let mut open: Vec<StmtId> = self.body(function);
        while let Some(stmt) = open.pop() {
            match &self.syntax.stmt(stmt).kind {
                StmtKind::Return(_) => return None,
                StmtKind::Raise { .. } => return Some(self.syntax.stmt(stmt).range),
                StmtKind::Assert { test, .. } if matches!(self.syntax.expr(*test).kind, ExprKind::Bool(false)) => {
                    return Some(self.syntax.stmt(stmt).range);
                }
                StmtKind::With { body, .. } => open.extend(body.iter().rev()),
                // `if is_other_database: return` leaves before the raise.
                StmtKind::If { clauses, .. } if clauses.iter().any(|clause| self.leaves(&clause.body)) => return None,
                StmtKind::Expr(call) => {
                    let called = self.called_function(*call).filter(|&called| seen.insert(called));
                    open.extend(called.map(|called| self.body(called)).unwrap_or_default());
                }
                _ => {}
            }
        }
        None
    }

    fn leaves(&self, body: &[StmtId]) -> bool {
        let mut inside = self.syntax.walk_stmts_in(body, false);
        inside.any(|stmt| matches!(self.syntax.stmt(stmt).kind, StmtKind::Return(_)))
    }

    /// The statements of a function, the last one first.
    fn body(&self, function: StmtId) -> Vec<StmtId> {
        match &self.syntax.stmt(function).kind {
            StmtKind::FunctionDef(definition) => definition.body.iter().rev().copied().collect(),
            _ => Vec::new(),
        }
    }

    fn called_function(&self, call: ExprId) -> Option<StmtId> {
        let ExprKind::Call { func, .. } = &self.syntax.expr(call).kind else { return None };
        let ExprKind::Name { id, .. } = self.syntax.expr(*func).kind else { return None };
        self.functions.get(self.syntax.name(id)).copied()
    }
}
