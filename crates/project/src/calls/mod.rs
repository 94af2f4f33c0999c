//! Which function calls which, and what calls reach.
//!
//! Every function, method and lambda of the project has a number, and so has the body of every module. An edge is one
//! place that runs another function, or something that the project does not define, by its dotted path. Receivers are
//! known by annotations, constructors, returns, assignments to `self`, dependencies and context managers; where more
//! than one function may be meant (overrides, several values of one name), each edge is a [`Confidence::Guess`].
//!
//! Everything is built in a few passes over the syntax; what an expression is, is worked out once and kept.
//!
//! # How a check asks
//!
//! ```
//! use pyaudit_project::calls::{Confidence, Kind};
//! use pyaudit_project::Project;
//!
//! fn ask(project: &Project) {
//!     let calls = &project.calls;
//!     for (id, function) in calls.functions().filter(|(_, function)| function.colour.is_async()) {
//!         // What holds up the event loop, a chain for each place in the function; the last place is the primitive.
//!         for chain in calls.blocking_chains(id) {
//!             let is_certain = chain.confidence == Confidence::Known;
//!             let trace: Vec<_> = chain.edges.iter().map(|edge| edge.span(project)).collect();
//!             println!("{is_certain} {} {} {trace:?}", chain.symbol(calls), chain.primitive.kind);
//!         }
//!         // What it calls of libraries, with place, symbol and kind.
//!         for call in calls.external_calls(id).filter(|call| call.kind() == Some(Kind::Network)) {
//!             let module = project.modules.get(call.module());
//!             println!("{} {:?} {}", call.symbol, module.span_of(call.place()), call.is_awaited());
//!         }
//!         // Whether it reaches a database at all, in whatever thread or task.
//!         let reaches_database = calls.reaches(id, Kind::Database).is_some();
//!         println!("{} {reaches_database} {}", calls.is_entry_point(id), function.entry.route);
//!     }
//! }
//! ```
//!
//! From the syntax to a function: [`Calls::of`] (a `def`), [`Calls::function_of`] (the code around an expression),
//! [`Calls::edges_at`] and [`Calls::symbol_at`] (what one call runs). From a function: [`Calls::callees`],
//! [`Calls::callers`], [`Calls::external_calls`], [`Calls::reaches`], [`Calls::blocks`]. Every function that answers a
//! route: [`Calls::handlers`].
//!
//! * A plain `def` handler or dependency runs in a thread and so has no caller that it could hold up.
//! * What is handed to a thread, process or worker (`run_in_threadpool`, `asyncio.to_thread`, `run_in_executor`,
//!   `BackgroundTasks.add_task`, `task.delay`) is an edge with `off_loop`: [`Calls::reaches`] goes through it,
//!   [`Calls::blocks`] does not.
//! * A call is of a library by what its names resolve to, so a fake or a wrapper of the project is a function of its own.

#![expect(clippy::similar_names, reason = "caller and callee are the terms of the field")]

mod annotations;
mod attributes;
mod callbacks;
mod classes;
mod common_methods;
mod constructions;
mod decorators;
mod dependencies;
mod edges;
mod entries;
mod external;
mod index;
mod inference;
mod interner;
mod kinds;
mod known;
mod linker;
mod naming;
mod number_map;
mod primitives;
mod protocols;
mod reach;
mod threads;

pub use external::ExternalCall;
pub use interner::PathId;
pub use primitives::{Kind, Primitive};
pub use reach::Chain;

use crate::{Module, ModuleId, Project, Resolution};
use pyaudit_python::{ExprId, StmtId};
use pyaudit_source::Span;

/// The number of a function in its project, in the order of their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionId(pub u32);

/// What a function is in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FunctionNode {
    /// The body of a module, with those of its classes: what runs when it is imported.
    Module,
    /// `def` or `async def`.
    Definition(StmtId),
    /// A lambda.
    Lambda(ExprId),
}

/// How a function runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Colour {
    /// `def`.
    Sync,
    /// `async def`.
    Async,
    /// `def` with `yield`.
    Generator,
    /// `async def` with `yield`.
    AsyncGenerator,
}

crate::named!(Colour {
    Sync => "sync",
    Async => "async",
    Generator => "generator",
    AsyncGenerator => "async-generator",
});

impl Colour {
    /// Whether its body runs on the event loop.
    pub const fn is_async(self) -> bool {
        matches!(self, Self::Async | Self::AsyncGenerator)
    }
}

/// Who calls a function besides the edges that lead to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own")]
pub struct Entry {
    /// It answers a route.
    pub route: bool,
    /// A dependency of a route or of another dependency.
    pub dependency: bool,
    /// A task of a worker: Celery, Dramatiq, Huey, Taskiq, arq.
    pub task: bool,
    /// A task of a worker that has no event loop: Celery, Huey, RQ. A coroutine runs in a loop of its own there, which
    /// something makes for it and which nothing else waits for.
    pub alone: bool,
    /// It is called below `if __name__ == "__main__":`.
    pub main: bool,
    /// The framework calls it: middleware, an exception handler, a handler of start or stop, a lifespan.
    pub framework: bool,
}

/// A function of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its module.
    pub module: ModuleId,
    /// Its node.
    pub node: FunctionNode,
    /// The class whose body it stands in.
    pub class: Option<StmtId>,
    /// How it runs.
    pub colour: Colour,
    /// Who else calls it.
    pub entry: Entry,
    /// Whether `functools` keeps what it gives, so that its body seldom runs.
    pub is_cached: bool,
    /// How many of its calls have a callee that is not known.
    pub unknown_calls: u32,
}

/// What an edge leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Callee {
    /// A function of the project.
    Function(FunctionId),
    /// Something of a library or of Python, by its dotted path: `httpx.AsyncClient.get`. See [`Calls::path`].
    External(PathId),
}

/// How the callee is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// `f()`.
    Call,
    /// `await f()`, also through `asyncio.gather`, `wait_for`, `run`; `async with f()` and `async for x in f()`.
    Await,
    /// `Depends(f)`: the framework calls it before the caller.
    Depends,
    /// `@f`, what `f` gives when that is called with the function, and a wrapper that calls the function it decorates.
    Decorator,
    /// `Class()`.
    Constructor,
    /// `super().f()`.
    Super,
    /// A function passed on: to a thread, a task, a sort key, anything.
    Callback,
    /// An attribute that runs a property.
    Property,
    /// A method that a statement or operator runs: `with`, `for`, `x[0]`.
    Protocol,
}

crate::named!(EdgeKind {
    Call => "call",
    Await => "await",
    Depends => "depends",
    Decorator => "decorator",
    Constructor => "constructor",
    Super => "super",
    Callback => "callback",
    Property => "property",
    Protocol => "protocol",
});

/// Whether an edge is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// The source says that this function is meant.
    Known,
    /// It is one of several that may be meant, or passed to something that may never call it.
    Guess,
}

/// One place that runs a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The function, or body of a module, that the place stands in.
    pub caller: FunctionId,
    /// The place: the call, decorator, attribute or context manager, in the module of the caller. An edge of a
    /// decorated function to what it wraps stands at its decorator, which may be in another module: see `module`.
    pub place: ExprId,
    /// The module of the place.
    pub module: ModuleId,
    /// What runs.
    pub callee: Callee,
    /// How.
    pub kind: EdgeKind,
    /// Whether it runs in another thread, process or worker, so that it does not hold up an event loop. Also where a
    /// plain function is awaited: something makes it a coroutine then, mostly by a thread.
    pub off_loop: bool,
    /// Whether the caller runs what it is given, so that the place stands in another function, which gives it: a wrapper
    /// that calls what it decorates, a function that calls its parameter. Not every call of the caller runs the callee.
    pub is_given: bool,
    /// Whether it is certain.
    pub confidence: Confidence,
}

impl Edge {
    /// Where the edge stands.
    pub fn span(&self, project: &Project) -> Span {
        project.modules.get(self.module).span_of(self.place)
    }

    /// The line of the edge, from 1.
    pub fn line(&self, project: &Project) -> u32 {
        project.sources.positions(self.span(project)).map_or(1, |(start, _)| start.line)
    }
}

/// The functions of a project and the edges between them.
#[derive(Debug, Default)]
pub struct Calls {
    functions: Vec<Function>,
    by_node: number_map::NumberMap<(ModuleId, FunctionNode), FunctionId>,
    edges: Vec<Edge>,
    /// Where the edges of each function start; one more than there are functions.
    starts: Vec<u32>,
    /// The numbers of the edges between functions, by callee, and where those of each function start.
    callers: Vec<u32>,
    caller_starts: Vec<u32>,
    /// The dotted paths, by their numbers.
    paths: Vec<String>,
    /// What the external callables do, by the numbers of their paths.
    primitives: Vec<Option<Primitive>>,
    /// The function that the code of each scope belongs to, by module.
    owners: Vec<Vec<FunctionId>>,
    reach: reach::Reach,
    calls: usize,
    known_calls: usize,
}

impl Calls {
    /// Links the calls of a project whose modules and routes are known.
    pub(crate) fn build(project: &Project) -> Self {
        let mut linker = linker::Linker::new(project);
        linker.index();
        linker.collect();
        linker.finish()
    }

    /// Every function, in the order of their numbers.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = (FunctionId, &Function)> {
        self.functions.iter().enumerate().map(|(at, function)| (FunctionId(at as u32), function))
    }

    /// A function.
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.0 as usize]
    }

    /// The number of the function that a `def` makes.
    pub fn of(&self, module: ModuleId, definition: StmtId) -> Option<FunctionId> {
        self.by_node.get(&(module, FunctionNode::Definition(definition))).copied()
    }

    /// The number of the body of a module.
    pub fn of_body(&self, module: ModuleId) -> Option<FunctionId> {
        self.by_node.get(&(module, FunctionNode::Module)).copied()
    }

    /// Every edge, by caller and then in the order of the source.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// What a function calls, in the order of the source.
    pub fn edges_from(&self, function: FunctionId) -> &[Edge] {
        let at = function.0 as usize;
        &self.edges[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// What calls a function, in the order of the callers.
    pub fn edges_to(&self, function: FunctionId) -> impl ExactSizeIterator<Item = &Edge> {
        self.numbers_to(function).iter().map(|&edge| &self.edges[edge as usize])
    }

    fn numbers_to(&self, function: FunctionId) -> &[u32] {
        let at = function.0 as usize;
        &self.callers[self.caller_starts[at] as usize..self.caller_starts[at + 1] as usize]
    }

    /// The dotted path of an external callee: `httpx.AsyncClient.get`. A method of what a library's callable gives
    /// goes on after the callable: `boto3.client.upload_file`.
    pub fn path(&self, path: PathId) -> &str {
        &self.paths[path.0 as usize]
    }

    /// The `__qualname__` of a function, as in CPython; empty for the body of a module.
    pub fn qualname(&self, project: &Project, function: FunctionId) -> String {
        let function = self.function(function);
        let module = project.modules.get(function.module);
        match function.node {
            FunctionNode::Module => String::new(),
            FunctionNode::Definition(id) => module.python.qualname(id).unwrap_or_default(),
            FunctionNode::Lambda(id) => lambda_name(module, id),
        }
    }

    /// The place of a function: its name, the lambda, or the start of the module.
    pub fn span(&self, project: &Project, function: FunctionId) -> Span {
        let function = self.function(function);
        let module = project.modules.get(function.module);
        match function.node {
            FunctionNode::Module => module.span(pyaudit_source::Range::new(0, 0)),
            FunctionNode::Definition(id) => {
                let name = module.function(id).map(|definition| definition.name.range);
                module.span(name.unwrap_or(module.python.syntax.stmt(id).range))
            }
            FunctionNode::Lambda(id) => module.span_of(id),
        }
    }

    /// How many calls have a known callee.
    pub(crate) fn resolution(&self) -> Resolution {
        Resolution { what: "calls", resolved: self.known_calls, all: self.calls }
    }
}

/// The qualified name of a lambda.
fn lambda_name(module: &Module, lambda: ExprId) -> String {
    use pyaudit_python::ScopeKind;
    let scope = module.python.scope_of_expr(lambda);
    let mut names = vec!["<lambda>".to_owned()];
    for (_, scope) in module.python.names.scope_chain(scope) {
        match scope.kind {
            ScopeKind::Class(stmt) => {
                names.push(module.python.qualname(stmt).unwrap_or_default());
                break;
            }
            ScopeKind::Function(stmt) => {
                names.push("<locals>".to_owned());
                names.push(module.python.qualname(stmt).unwrap_or_default());
                break;
            }
            ScopeKind::Lambda(_) => names.extend(["<locals>".to_owned(), "<lambda>".to_owned()]),
            _ => {}
        }
    }
    names.reverse();
    names.join(".")
}
