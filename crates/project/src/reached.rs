//! The functions of the project that run when a route is answered: its handler, what that depends on, and what they call.

use crate::calls::{Callee, EdgeKind, FunctionNode};
use crate::{Module, ModuleId, NamedCall, Project};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtId};
use std::collections::BTreeSet;

/// How many functions one question looks at.
const MAX_FUNCTIONS: usize = 200;

impl Project {
    /// The functions that run when this one does, itself first, the nearest before those further away, through at most
    /// this many calls.
    pub fn functions_behind(&self, module: ModuleId, function: StmtId, depth: usize) -> Vec<(&Module, StmtId)> {
        let Some(start) = self.calls.of(module, function) else { return vec![(self.modules.get(module), function)] };
        let mut seen = BTreeSet::from([start]);
        let mut found = Vec::new();
        let mut level = vec![start];
        for step in 0..=depth {
            let mut next = Vec::new();
            for id in level {
                let function = self.calls.function(id);
                if let FunctionNode::Definition(definition) = function.node {
                    found.push((self.modules.get(function.module), definition));
                }
                let edges = self.calls.edges_from(id).iter().filter(|edge| edge.kind != EdgeKind::Protocol);
                for edge in edges.filter(|_| step < depth) {
                    if let Callee::Function(callee) = edge.callee
                        && seen.len() < MAX_FUNCTIONS
                        && seen.insert(callee)
                    {
                        next.push(callee);
                    }
                }
            }
            level = next;
        }
        found
    }

    /// The last names of everything that is called in the bodies of functions, in lower case.
    pub fn names_called(&self, functions: &[(&Module, StmtId)]) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for &(module, function) in functions {
            for call in self.calls_in(module, function) {
                names.extend(module.last_name(call.func).map(str::to_ascii_lowercase));
            }
        }
        names
    }
}

impl Module {
    /// The last part of a name or dotted name: `encode` of `jwt.encode`.
    pub fn last_name(&self, expr: ExprId) -> Option<&str> {
        let syntax = &self.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Name { id, .. } => Some(syntax.name(*id)),
            ExprKind::Attribute { attr, .. } => Some(syntax.identifier(*attr)),
            _ => None,
        }
    }

    /// The calls of [`Self::calls_named`] in the body of one function.
    pub fn calls_named_in<'p>(&'p self, function: StmtId, names: &[&'p str]) -> Vec<NamedCall<'p>> {
        let syntax = &self.python.syntax;
        let mut calls = self.calls_named(names);
        calls.retain(|call| syntax.enclosing_functions(Parent::Expr(call.id)).any(|around| around == function));
        calls
    }

    /// Every string in the body of a function and of functions in it, in order of the source.
    pub fn strings_in(&self, function: StmtId) -> Vec<(ExprId, &str)> {
        let syntax = &self.python.syntax;
        let body = self.function(function).map_or(&[][..], |function| &function.body);
        let all = body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true));
        all.filter_map(|id| Some((id, syntax.string(id)?))).collect()
    }
}
