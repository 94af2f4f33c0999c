//! Whose results clients get.

use crate::calls::{Callee, Confidence, EdgeKind, FunctionNode};
use crate::{Module, ModuleId, Project};
use pyaudit_python::{ExprId, ExprKind, StmtId};
use std::collections::BTreeSet;

/// How many functions lie between a handler and the one that makes its answer at most.
const MAX_DEPTH: usize = 4;

impl Project {
    /// The functions whose results a client gets as they are: the handlers of routes, and what they call and return,
    /// whole or as a value of a dictionary, through any function in between.
    pub fn answering_functions(&self) -> BTreeSet<(ModuleId, StmtId)> {
        let handlers = self.routes.routes.iter().filter_map(|route| route.handler);
        let mut found: BTreeSet<(ModuleId, StmtId)> = handlers.collect();
        let mut level: Vec<(ModuleId, StmtId)> = found.iter().copied().collect();
        for _ in 0..MAX_DEPTH {
            let next = level.iter().flat_map(|&(module, function)| self.functions_returned(module, function));
            level = next.filter(|&function| found.insert(function)).collect();
        }
        found
    }

    /// The functions whose calls a function returns.
    fn functions_returned(&self, module: ModuleId, function: StmtId) -> Vec<(ModuleId, StmtId)> {
        let home = self.modules.get(module);
        let Some(number) = self.calls.of(module, function) else { return Vec::new() };
        let values = self.returned_by(home, function).into_iter().flat_map(|value| parts(home, value));
        let calls: BTreeSet<ExprId> = values.filter_map(|value| self.call_behind(home, value)).collect();
        let edges = self.calls.edges_from(number).iter().filter(|edge| {
            let is_call = matches!(edge.kind, EdgeKind::Call | EdgeKind::Await | EdgeKind::Super);
            is_call && edge.module == module && calls.contains(&edge.place) && edge.confidence == Confidence::Known
        });
        let callees = edges.filter_map(|edge| match edge.callee {
            Callee::Function(callee) => match self.calls.function(callee).node {
                FunctionNode::Definition(definition) => Some((self.calls.function(callee).module, definition)),
                FunctionNode::Module | FunctionNode::Lambda(_) => None,
            },
            Callee::External(_) => None,
        });
        callees.collect()
    }

    /// The call that a value is, or that the only assignment of its name gives it.
    fn call_behind(&self, module: &Module, value: ExprId) -> Option<ExprId> {
        let awaited = |value: ExprId| match module.python.syntax.expr(value).kind {
            ExprKind::Await(inner) => inner,
            _ => value,
        };
        let value = awaited(self.local_value(module, value).unwrap_or(value));
        matches!(module.python.syntax.expr(value).kind, ExprKind::Call { .. }).then_some(value)
    }
}

/// A value, or the values of the dictionary that it is.
fn parts(module: &Module, value: ExprId) -> Vec<ExprId> {
    match &module.python.syntax.expr(value).kind {
        ExprKind::Dict(items) => items.iter().map(|item| item.value).collect(),
        _ => vec![value],
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    #[test]
    fn results_are_followed_to_the_client() {
        let main = "from fastapi import FastAPI\nfrom service import whole, kept, one, checked\napp = FastAPI()\n\
            @app.get('/a')\nasync def a():\n    return await whole()\n\
            @app.get('/b')\ndef b():\n    found = one()\n    return {'found': found}\n\
            @app.get('/c')\ndef c():\n    return {'ok': checked() is None}\n";
        let service = "async def whole():\n    return inner()\ndef inner():\n    kept()\n    return 1\n\
            def kept(): return 2\ndef one(): return 3\ndef checked(): return 4\n";
        let files = [("main.py", main), ("service.py", service)];
        let project = project(&files);
        let found = project.answering_functions();
        let mut names: Vec<String> = found
            .iter()
            .filter_map(|&(module, function)| {
                Some(project.calls.qualname(&project, project.calls.of(module, function)?))
            })
            .collect();
        names.sort();
        assert_eq!(names, ["a", "b", "c", "inner", "one", "whole"]);
    }
}
