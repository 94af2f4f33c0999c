//! What a function calls that the project does not define, and other questions about one function.

use super::primitives::{Kind, Primitive};
use super::{Callee, Calls, Edge, EdgeKind, Entry, FunctionId};
use crate::{Module, ModuleId};
use pyaudit_python::ExprId;

/// One call of something that a library or Python defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExternalCall<'c> {
    /// The dotted path of what is called: `requests.get`, `httpx.AsyncClient.get`, `boto3.client.put_object`,
    /// `sqlalchemy.orm.Session.query.filter.first`. Names of libraries, whatever the module imports them as.
    pub symbol: &'c str,
    /// What it does, where a table knows it.
    pub primitive: Option<Primitive>,
    /// The place and how it is called. The place is the call itself; for [`EdgeKind::Callback`] it is the call that is
    /// given the callable (`asyncio.to_thread(requests.get, url)`).
    pub edge: &'c Edge,
}

impl ExternalCall<'_> {
    /// What it does, where a table knows it.
    pub fn kind(&self) -> Option<Kind> {
        self.primitive.map(|primitive| primitive.kind)
    }

    /// The module of the place.
    pub const fn module(&self) -> ModuleId {
        self.edge.module
    }

    /// The place.
    pub const fn place(&self) -> ExprId {
        self.edge.place
    }

    /// Whether what it gives is awaited, entered by `async with` or gone through by `async for`.
    pub fn is_awaited(&self) -> bool {
        self.edge.kind == EdgeKind::Await
    }
}

impl Calls {
    /// What a function calls that the project does not define, in the order of the source; decorators are left out.
    pub fn external_calls(&self, function: FunctionId) -> impl Iterator<Item = ExternalCall<'_>> {
        self.edges_from(function).iter().filter_map(|edge| self.external_call(edge))
    }

    /// The call of something external that an edge is.
    pub fn external_call<'c>(&'c self, edge: &'c Edge) -> Option<ExternalCall<'c>> {
        match edge.callee {
            Callee::External(path) if edge.kind != EdgeKind::Decorator => {
                Some(ExternalCall { symbol: self.path(path), primitive: self.primitive_of(edge), edge })
            }
            _ => None,
        }
    }

    /// Whether an external call holds up the thread that runs its caller.
    pub fn is_blocking(&self, call: &ExternalCall<'_>) -> bool {
        self.holds_up(call.edge)
    }

    /// The functions of the project that a function calls, each with the place, in the order of the source.
    pub fn callees(&self, function: FunctionId) -> impl Iterator<Item = (FunctionId, &Edge)> {
        self.edges_from(function).iter().filter_map(|edge| match edge.callee {
            Callee::Function(callee) => Some((callee, edge)),
            Callee::External(_) => None,
        })
    }

    /// The functions that call a function, each once, in the order of their numbers. The body of a module counts.
    pub fn callers(&self, function: FunctionId) -> Vec<FunctionId> {
        let mut callers: Vec<FunctionId> = self.edges_to(function).map(|edge| edge.caller).collect();
        callers.dedup();
        callers
    }

    /// The function whose code an expression is: the innermost `def` or lambda around it, else the body of its module.
    /// Decorators, defaults and annotations are code of the function around theirs.
    pub fn function_of(&self, module: &Module, expr: ExprId) -> FunctionId {
        self.owners[module.id.0 as usize][module.python.scope_of_expr(expr).0 as usize]
    }

    /// What a place of a module runs: nothing where the callee is not known, more than one edge where several may be
    /// meant or a constructor runs more than one method.
    pub fn edges_at<'c>(&'c self, module: &Module, place: ExprId) -> impl Iterator<Item = &'c Edge> {
        let syntax = &module.python.syntax;
        let start = syntax.expr(place).range.start;
        let all = self.edges_from(self.function_of(module, place));
        let from = all.partition_point(|edge| match edge.module.cmp(&module.id) {
            std::cmp::Ordering::Equal => syntax.expr(edge.place).range.start < start,
            other => other.is_lt(),
        });
        let id = module.id;
        let here = all[from..]
            .iter()
            .take_while(move |edge| edge.module == id && syntax.expr(edge.place).range.start == start);
        // Nothing of the module is kept, so that the edges outlive it.
        here.filter(move |edge| edge.place == place).collect::<Vec<_>>().into_iter()
    }

    /// The dotted path of the library's callable that a call expression certainly calls.
    pub fn symbol_at(&self, module: &Module, call: ExprId) -> Option<&str> {
        let mut calls = self.edges_at(module, call).filter_map(|edge| self.external_call(edge));
        let only = calls.next().filter(|call| call.edge.kind != EdgeKind::Callback);
        only.filter(|call| call.edge.confidence == super::Confidence::Known).map(|call| call.symbol)
    }

    /// Whether something other than the project's code calls a function: a route, a dependency, the framework, a worker;
    /// or it is called below `if __name__ == "__main__":`.
    pub fn is_entry_point(&self, function: FunctionId) -> bool {
        self.function(function).entry != Entry::default()
    }

    /// The functions that answer routes, in the order of their numbers.
    pub fn handlers(&self) -> impl Iterator<Item = FunctionId> {
        self.functions().filter(|(_, function)| function.entry.route).map(|(id, _)| id)
    }
}
