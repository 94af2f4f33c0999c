//! Which functions run on the event loop of a server or a worker, and whether others wait for that loop meanwhile.

use crate::calls::{Callee, Colour, Confidence, Edge, EdgeKind, Entry, FunctionId};
use crate::{Condition, Project};
use pyaudit_python::{ExprKind, Parent};
use pyaudit_source::Role;
use std::collections::BTreeSet;

/// How a function comes to run on an event loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoopUse {
    /// While the process serves: a route, a dependency, middleware or a task of an asynchronous worker leads to it.
    Serving,
    /// The same, but on the way stands an edge that is a guess.
    PerhapsServing,
    /// A library was given it by a decorator that is not known, in a module that an application loads.
    Registered,
    /// Only while an application starts or stops, when nobody waits.
    AtStart,
}

/// The functions of a project that run on event loops.
#[derive(Debug, Default)]
pub struct EventLoop {
    uses: Vec<Option<LoopUse>>,
}

/// Functions and methods that start a coroutine which goes on after the caller.
const STARTERS: &[&str] = &["create_task", "ensure_future", "start_soon", "run_coroutine_threadsafe", "add_job"];

/// Decorators that say nothing of who calls a function, by their last names.
const PLAIN_DECORATORS: &[&str] = &[
    "staticmethod",
    "classmethod",
    "abstractmethod",
    "override",
    "overload",
    "asynccontextmanager",
    "contextmanager",
    "wraps",
    "retry",
    "cache",
    "lru_cache",
    "property",
    "cached_property",
];

impl EventLoop {
    /// How a function comes to run on an event loop; `None` where nothing says that it does.
    pub fn use_of(&self, function: FunctionId) -> Option<LoopUse> {
        self.uses.get(function.0 as usize).copied().flatten()
    }

    /// The `async def` functions that run on an event loop while others wait for it, each with how, in the order of their
    /// numbers.
    pub fn served<'p>(&'p self, project: &'p Project) -> impl Iterator<Item = (FunctionId, LoopUse)> + 'p {
        let functions = project.calls.functions().filter(|(_, function)| function.colour.is_async());
        functions.filter_map(|(id, _)| Some((id, self.use_of(id).filter(|&how| how != LoopUse::AtStart)?)))
    }
}

impl Project {
    /// Which functions run on event loops that serve others. Coroutines that a thread, a script, a plain task or a worker
    /// without an event loop runs in a loop of its own (`asyncio.run`) hold up nobody else and are left out, and so are
    /// those that only a branch for development leads to.
    pub fn event_loop(&self) -> EventLoop {
        let mut found = EventLoop { uses: vec![None; self.calls.functions().len()] };
        let starts = self.start_functions();
        let seeds: Vec<FunctionId> = self.loop_entries().filter(|id| !starts.contains(id)).collect();
        let started = self.spread_loop(&mut found, starts.iter().copied().collect(), LoopUse::AtStart);
        self.spread_loop(&mut found, seeds, LoopUse::Serving);
        self.spread_loop(&mut found, started, LoopUse::PerhapsServing);
        let guessed: Vec<FunctionId> = self.guessed_from(&found);
        self.spread_loop(&mut found, guessed, LoopUse::PerhapsServing);
        let registered: Vec<FunctionId> = self.registered_coroutines(&found);
        self.spread_loop(&mut found, registered, LoopUse::Registered);
        found
    }

    /// The functions that run when an application starts or stops.
    fn start_functions(&self) -> BTreeSet<FunctionId> {
        let listed = self.routes.routers.iter().flat_map(|router| &router.at_start);
        let listed = listed.filter_map(|&(module, stmt)| self.calls.of(module, stmt));
        // Handlers of the event `shutdown` are known by their decorator alone.
        let named = self.calls.functions().filter(|&(id, function)| {
            let name = self.calls.qualname(self, id);
            let last = name.rsplit('.').next().unwrap_or(&name);
            function.entry.framework && ["startup", "shutdown", "lifespan"].iter().any(|word| last.contains(word))
        });
        listed.chain(named.map(|(id, _)| id)).collect()
    }

    /// The coroutines that a framework, or a worker with an event loop, runs.
    fn loop_entries(&self) -> impl Iterator<Item = FunctionId> {
        let functions = self.calls.functions().filter(|(_, function)| {
            let entry = function.entry;
            let is_application = self.modules.get(function.module).role == Role::Application;
            is_application
                && function.colour.is_async()
                && (entry.route || entry.dependency || entry.framework || (entry.task && !entry.alone))
        });
        functions.map(|(id, _)| id)
    }

    /// Goes from functions along the certain edges that stay on the loop. Gives the functions that are started on the way
    /// and go on by themselves, where the way is that of a start; they are not marked.
    fn spread_loop(&self, found: &mut EventLoop, seeds: Vec<FunctionId>, how: LoopUse) -> Vec<FunctionId> {
        let mut started = Vec::new();
        let mut open = seeds;
        while let Some(function) = open.pop() {
            let known = &mut found.uses[function.0 as usize];
            if known.is_some_and(|known| known <= how) {
                continue;
            }
            *known = Some(how);
            for edge in self.calls.edges_from(function).iter().filter(|edge| stays_on_loop(edge)) {
                let Callee::Function(callee) = edge.callee else { continue };
                if self.is_in_development(edge) {
                    continue;
                }
                if how == LoopUse::AtStart && self.starts_a_task(edge) {
                    started.push(callee);
                } else if how >= LoopUse::PerhapsServing || edge.confidence == Confidence::Known {
                    open.push(callee);
                }
            }
        }
        started
    }

    /// Whether an edge is only gone while somebody develops: `if DEV_MODE: await work()`.
    fn is_in_development(&self, edge: &Edge) -> bool {
        let module = self.modules.get(edge.module);
        self.condition_at(module, Parent::Expr(edge.place)) == Some(Condition::Development)
    }

    /// The functions that guessed edges lead to from those that serve.
    fn guessed_from(&self, found: &EventLoop) -> Vec<FunctionId> {
        let edges = self.calls.edges().iter().filter(|edge| {
            edge.confidence == Confidence::Guess
                && stays_on_loop(edge)
                && !self.is_in_development(edge)
                && found.use_of(edge.caller).is_some_and(|how| how <= LoopUse::PerhapsServing)
        });
        edges.filter_map(|edge| if let Callee::Function(callee) = edge.callee { Some(callee) } else { None }).collect()
    }

    /// The functions that run while an application starts or stops, with what they call and wait for; not what they start
    /// as a task or a thread.
    pub fn functions_at_start(&self) -> BTreeSet<FunctionId> {
        let mut open: Vec<FunctionId> = self.start_functions().into_iter().collect();
        let mut found = BTreeSet::new();
        while let Some(function) = open.pop() {
            if !found.insert(function) {
                continue;
            }
            let edges = self.calls.callees(function).filter(|(_, edge)| {
                edge.confidence == Confidence::Known && stays_on_loop(edge) && !self.starts_a_task(edge)
            });
            open.extend(edges.map(|(callee, _)| callee));
        }
        found
    }

    /// The functions that run while a process serves: what routes, dependencies, middleware and tasks lead to, in whatever
    /// thread; and the tasks and threads that a start begins, with what these call. Routes that nobody can ask for lead to
    /// nothing.
    pub fn functions_while_serving(&self) -> BTreeSet<FunctionId> {
        let starts = self.functions_at_start();
        let running = starts.iter().filter(|&&start| !self.is_function_unreached(start));
        let begun = running.flat_map(|&start| self.calls.callees(start));
        let begun = begun.filter(|(_, edge)| edge.off_loop || self.starts_a_task(edge)).map(|(callee, _)| callee);
        let entries = self.serving_entries(&starts, |entry| entry.task);
        self.certainly_called(entries.into_iter().chain(begun).collect())
    }

    /// The functions that run while a request is answered: what routes, dependencies and middleware lead to, in whatever
    /// thread. Routes that nobody can ask for lead to nothing.
    pub fn functions_of_requests(&self) -> BTreeSet<FunctionId> {
        self.certainly_called(self.serving_entries(&self.functions_at_start(), |_| false))
    }

    /// The functions by which requests come in, and those that `others` names as well; without those that run at the start.
    fn serving_entries(&self, starts: &BTreeSet<FunctionId>, others: impl Fn(Entry) -> bool) -> Vec<FunctionId> {
        let entries = self.calls.functions().filter(|(id, function)| {
            let entry = function.entry;
            let is_application = self.modules.get(function.module).role == Role::Application;
            let serves = entry.route || entry.dependency || entry.framework || others(entry);
            is_application && serves && !starts.contains(id) && !self.is_function_unreached(*id)
        });
        entries.map(|(id, _)| id).collect()
    }

    /// These functions and what they certainly call, in whatever thread.
    fn certainly_called(&self, mut open: Vec<FunctionId>) -> BTreeSet<FunctionId> {
        let mut found = BTreeSet::new();
        while let Some(function) = open.pop() {
            if found.insert(function) {
                let edges = self.calls.callees(function).filter(|(_, edge)| edge.confidence == Confidence::Known);
                open.extend(edges.map(|(callee, _)| callee));
            }
        }
        found
    }

    /// Whether a coroutine that an edge calls, or a function that it passes on, goes on after the caller.
    pub fn starts_a_task(&self, edge: &Edge) -> bool {
        let syntax = &self.modules.get(edge.module).python.syntax;
        let last_name = |call: &ExprKind| match call {
            ExprKind::Call { func, .. } => match &syntax.expr(*func).kind {
                ExprKind::Name { id, .. } => Some(syntax.name(*id)),
                ExprKind::Attribute { attr, .. } => Some(syntax.identifier(*attr)),
                _ => None,
            },
            _ => None,
        };
        let around = match syntax.expr_parent(edge.place) {
            Parent::Expr(parent) => last_name(&syntax.expr(parent).kind),
            _ => None,
        };
        let own = last_name(&syntax.expr(edge.place).kind).filter(|_| edge.kind == EdgeKind::Callback);
        around.or(own).is_some_and(|name| STARTERS.contains(&name)) || own.is_some()
    }

    /// Coroutines nothing of the project calls, that a decorator of a library was given in a module that is served.
    fn registered_coroutines(&self, found: &EventLoop) -> Vec<FunctionId> {
        let functions = self.calls.functions().filter(|&(id, function)| {
            let module = self.modules.get(function.module);
            function.colour == Colour::Async
                && found.use_of(id).is_none()
                && module.role == Role::Application
                && self.imports.is_served(module.id)
                && !self.is_command_line(module)
                && !function.entry.main
                && !function.entry.alone
                && self.is_registered(id)
        });
        functions.map(|(id, _)| id).collect()
    }

    /// Whether a decorator that is not one of the project, and not one of those that change nothing, stands on a function.
    fn is_registered(&self, function: FunctionId) -> bool {
        let function = self.calls.function(function);
        let crate::calls::FunctionNode::Definition(stmt) = function.node else { return false };
        let module = self.modules.get(function.module);
        let Some(definition) = module.function(stmt).filter(|_| !self.is_command(module, stmt)) else { return false };
        let syntax = &module.python.syntax;
        definition.decorators.iter().any(|&decorator| {
            // `@bot.event`, `@mcp.tool()`: a method of an object.
            let callee = match &syntax.expr(decorator).kind {
                ExprKind::Call { func, .. } => *func,
                _ => decorator,
            };
            let ExprKind::Attribute { attr, .. } = &syntax.expr(callee).kind else { return false };
            let name = syntax.identifier(*attr);
            !PLAIN_DECORATORS.contains(&name) && self.function(module, callee).is_none()
        })
    }

    /// The plain functions that run away from the event loop of an application while it serves: in tasks of workers, in
    /// threads, in plain handlers and dependencies, and what these call.
    pub fn apart_from_the_loop(&self) -> BTreeSet<FunctionId> {
        let entries = self.calls.functions().filter(|(_, function)| {
            let entry = function.entry;
            !function.colour.is_async() && (entry.task || entry.route || entry.dependency)
        });
        let handed = self.calls.edges().iter().filter(|edge| edge.off_loop);
        let handed = handed.filter_map(|edge| match edge.callee {
            Callee::Function(callee) => Some(callee),
            Callee::External(_) => None,
        });
        let mut open: Vec<FunctionId> = entries.map(|(id, _)| id).chain(handed).collect();
        let mut found = BTreeSet::new();
        while let Some(function) = open.pop() {
            if self.calls.function(function).colour.is_async() || !found.insert(function) {
                continue;
            }
            open.extend(self.calls.callees(function).map(|(callee, _)| callee));
        }
        found
    }
}

/// Whether what an edge runs is run by the thread of its caller.
fn stays_on_loop(edge: &Edge) -> bool {
    !edge.off_loop && edge.kind != EdgeKind::Decorator
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse;
    use pyaudit_source::{MemoryFile, MemoryGit, Sources};

    fn uses(source: &str) -> Vec<(String, LoopUse)> {
        let sources = Sources::from_memory([MemoryFile::new("main.py", source)], MemoryGit::None);
        let files = analyse(&sources);
        let project = Project::build(sources, files);
        let event_loop = project.event_loop();
        let functions = project.calls.functions().filter(|(_, function)| function.colour.is_async());
        functions.filter_map(|(id, _)| Some((project.calls.qualname(&project, id), event_loop.use_of(id)?))).collect()
    }

    fn named(expected: &[(&str, LoopUse)]) -> Vec<(String, LoopUse)> {
        expected.iter().map(|(name, how)| ((*name).to_owned(), *how)).collect()
    }

    #[test]
    fn what_routes_await_serves_and_what_a_plain_task_runs_does_not() {
        let source = "import asyncio\nfrom celery import Celery\nfrom fastapi import FastAPI\napp = FastAPI()\n\
            celery = Celery()\nasync def load(): pass\nasync def convert(): pass\n\
            @app.get('/')\nasync def show():\n    await load()\n@celery.task\ndef job():\n    asyncio.run(convert())\n";
        assert_eq!(uses(source), named(&[("load", LoopUse::Serving), ("show", LoopUse::Serving)]));
    }

    #[test]
    fn a_coroutine_that_a_worker_without_a_loop_runs_holds_up_nobody() {
        let celery = "import asyncio, functools\nfrom celery import shared_task\ndef own_loop(f):\n    @functools.wraps(f)\n    \
            def run(*a):\n        return asyncio.run(f(*a))\n    return run\nasync def load(): pass\n\
            @shared_task\n@own_loop\nasync def job():\n    await load()\n";
        assert_eq!(uses(celery), named(&[]));
        let taskiq =
            "from taskiq import InMemoryBroker\nbroker = InMemoryBroker()\n@broker.task\nasync def job(): pass\n";
        assert_eq!(uses(taskiq), named(&[("job", LoopUse::Serving)]));
    }

    #[test]
    fn a_coroutine_that_is_put_into_a_queue_of_rq_runs_elsewhere() {
        let source = |more: &str| {
            format!(
                "from fastapi import FastAPI\nfrom rq import Queue\napp = FastAPI()\njobs = Queue()\nasync def scan(): pass\n\
                 @app.post('/')\nasync def start():\n    {more}jobs.enqueue(scan)\n"
            )
        };
        let apart = named(&[("start", LoopUse::Serving)]);
        assert_eq!(uses(&source("")), apart);
        assert_eq!(uses(&source("if DEV_MODE:\n        return await scan()\n    ")), apart);
        let both = named(&[("scan", LoopUse::Serving), ("start", LoopUse::Serving)]);
        assert_eq!(uses(&source("await scan()\n    ")), both);
    }

    #[test]
    fn a_start_holds_up_nobody_but_the_tasks_that_it_starts_do() {
        let source = "import asyncio\nfrom contextlib import asynccontextmanager\nfrom fastapi import FastAPI\n\
            async def warm(): pass\nasync def watch(): pass\n\
            @asynccontextmanager\nasync def lifespan(app):\n    await warm()\n    task = asyncio.create_task(watch())\n    yield\n\
            app = FastAPI(lifespan=lifespan)\n@app.get('/')\nasync def show(): pass\n";
        let expected = [
            ("warm", LoopUse::AtStart),
            ("watch", LoopUse::PerhapsServing),
            ("lifespan", LoopUse::AtStart),
            ("show", LoopUse::Serving),
        ];
        assert_eq!(uses(source), named(&expected));
    }
}
