//! The ways from coroutines to calls that make their event loop stand still.

use crate::calls::{Callee, Chain, Edge, EdgeKind, FunctionId, FunctionNode, Kind};
use crate::event_loop::LoopUse;
use crate::{EventLoop, Module, NamedCall, Project};
use pyaudit_python::{ExprId, ExprKind};
use std::collections::BTreeMap;

/// A way from a coroutine to a call that blocks its event loop.
#[derive(Debug, Clone)]
pub struct BlockingWay {
    /// The coroutine.
    pub coroutine: FunctionId,
    /// How it comes to run on an event loop.
    pub how: LoopUse,
    /// From a place in the coroutine to the call that blocks.
    pub chain: Chain,
}

impl BlockingWay {
    /// Whether what blocks is a session or connection of SQLAlchemy.
    pub fn is_of_session(&self, project: &Project) -> bool {
        let symbol = self.chain.symbol(&project.calls);
        ["sqlalchemy.", "sqlmodel."].iter().any(|library| symbol.starts_with(library))
    }

    /// Whether the way is taken only until something is there that is kept then: an engine, a client, an answer.
    pub fn is_one_shot(&self, project: &Project) -> bool {
        self.chain.edges.iter().any(|edge| project.modules.get(edge.module).runs_until_set(edge.place))
    }

    /// Whether the coroutine awaits the asynchronous twin of a function on the way before (`discover_async` beside
    /// `discover`): what the twin gives is mostly handed on, so that the blocking one has nothing left to do.
    pub fn follows_awaited_twin(&self, project: &Project) -> bool {
        let start = self.chain.start();
        let syntax = &project.modules.get(start.module).python.syntax;
        let place = |edge: &Edge| syntax.expr(edge.place).range.start;
        let last_name = |function: FunctionId| {
            let name = project.calls.qualname(project, function);
            name.rsplit('.').next().unwrap_or(&name).to_owned()
        };
        let awaited =
            project.calls.edges_from(self.coroutine).iter().filter(|edge| {
                edge.kind == EdgeKind::Await && edge.module == start.module && place(edge) < place(start)
            });
        let awaited = awaited.filter_map(|edge| match edge.callee {
            Callee::Function(callee) => Some(last_name(callee)),
            Callee::External(_) => None,
        });
        let on_the_way: Vec<String> = self.chain.edges[1..].iter().map(|edge| last_name(edge.caller)).collect();
        awaited.into_iter().any(|twin| on_the_way.iter().any(|plain| are_twins(plain, &twin)))
    }
}

/// Whether two names are those of a blocking function and its asynchronous twin.
fn are_twins(plain: &str, twin: &str) -> bool {
    let bare = |name: &str, word: &str| {
        let name = name.trim_matches('_');
        let shorter = name.strip_prefix(word).or_else(|| name.strip_suffix(word)).unwrap_or(name);
        shorter.trim_matches('_').to_owned()
    };
    let (plain_bare, twin_bare) = (bare(plain, "sync"), bare(twin, "async"));
    plain != twin && (plain_bare == twin_bare || twin_bare.strip_prefix('a') == Some(&plain_bare))
}

impl Project {
    /// Whether a chain goes through a place that its own calls keep it from: a parameter that one of them gives a constant
    /// decides about the place (`validate(url, resolve=False)` before `if not resolve: return`).
    fn is_switched_off_on_the_way(&self, chain: &Chain) -> bool {
        let mut known: BTreeMap<&str, bool> = BTreeMap::new();
        chain.edges.iter().any(|edge| {
            let module = self.modules.get(edge.module);
            let is_off = !known.is_empty()
                && module
                    .demands_of(edge.place)
                    .iter()
                    .any(|(name, holds)| known.get(name).is_some_and(|truth| truth != holds));
            known = self.constants_given(edge, &known);
            is_off
        })
    }

    /// The parameters of what an edge runs that get a constant, and whether it is true.
    fn constants_given(&self, edge: &Edge, known: &BTreeMap<&str, bool>) -> BTreeMap<&str, bool> {
        let module = self.modules.get(edge.module);
        let Callee::Function(callee) = edge.callee else { return BTreeMap::new() };
        let callee = self.calls.function(callee);
        let is_call = matches!(edge.kind, EdgeKind::Call | EdgeKind::Await | EdgeKind::Constructor | EdgeKind::Super);
        let (FunctionNode::Definition(function), ExprKind::Call { func, args, keywords }) =
            (callee.node, &module.python.syntax.expr(edge.place).kind)
        else {
            return BTreeMap::new();
        };
        if !is_call || edge.is_given {
            return BTreeMap::new();
        }
        let home = self.modules.get(callee.module);
        let name = module.last_name(*func).unwrap_or_default();
        let call = NamedCall { module, id: edge.place, func: *func, object: None, name, args, keywords };
        let truth = |module: &Module, value: ExprId| {
            module.truth_of_constant(value).or_else(|| known.get(module.bare_name(value)?).copied())
        };
        let parameters = home.kept_parameters(function).into_iter();
        parameters.filter_map(|flag| Some((flag, self.constant_given(home, function, flag, &call, truth)?))).collect()
    }

    /// The ways that hold up coroutines while others wait for their loop: for each place in a coroutine and each kind of
    /// call the best, in the order of the coroutines.
    pub fn blocking_ways(&self, event_loop: &EventLoop) -> Vec<BlockingWay> {
        let served = event_loop.served(self);
        let ways = served.flat_map(|(coroutine, how)| {
            let chains = self.chains_of_each_kind(coroutine);
            chains.into_iter().filter(|chain| !self.is_switched_off_on_the_way(chain)).map(move |chain| BlockingWay {
                coroutine,
                how,
                chain,
            })
        });
        ways.collect()
    }

    /// A function called at one place may block in several ways, each of which is mended by itself.
    fn chains_of_each_kind(&self, coroutine: FunctionId) -> Vec<Chain> {
        let calls = &self.calls;
        let mut chains = Vec::new();
        for chain in calls.blocking_chains(coroutine) {
            let first = *chain.start();
            if let Callee::Function(callee) = first.callee {
                let others = Kind::ALL.iter().filter(|&&kind| kind != chain.primitive.kind);
                for mut other in others.filter_map(|&kind| calls.blocks(callee, kind)) {
                    other.edges.insert(0, first);
                    other.confidence = other.confidence.max(first.confidence);
                    chains.push(other);
                }
            }
            chains.push(chain);
        }
        chains
    }
}

#[cfg(test)]
mod tests {
    use super::are_twins;
    use crate::facts::testing::project;
    use crate::{Project, analyse};
    use pyaudit_source::{MemoryFile, MemoryGit, Sources};

    /// How many ways from the route `show` of a module block.
    fn ways(functions: &str, body: &str) -> usize {
        let text = format!(
            "import socket\nfrom fastapi import FastAPI\napp = FastAPI()\n{functions}@app.get('/')\nasync def show(url):\n    {body}\n"
        );
        let project = project(&[("main.py", &text)]);
        project.blocking_ways(&project.event_loop()).len()
    }

    #[test]
    fn a_constant_that_keeps_a_chain_from_its_end_is_carried_along() {
        let check = "def check(url, *, resolve=True):\n    if not resolve:\n        return url\n    return socket.getaddrinfo(url, 80)\n";
        assert_eq!(ways(check, "check(url)"), 1);
        assert_eq!(ways(check, "check(url, resolve=bool(url))"), 1);
        assert_eq!(ways(check, "check(url, resolve=False)"), 0);
        let passed = format!("{check}def outer(url, deep=False):\n    return check(url, resolve=deep)\n");
        assert_eq!(ways(&passed, "outer(url)"), 0);
        assert_eq!(ways(&passed, "outer(url, True)"), 1);
        let other = "def check(url, local=False):\n    local = local or url\n    if local:\n        socket.getaddrinfo(url, 80)\n";
        assert_eq!(ways(other, "check(url)"), 1);
    }

    #[test]
    fn the_twin_of_a_function_is_told_by_its_name() {
        for (plain, twin) in [
            ("discover", "discover_async"),
            ("_discover_sync", "_discover_async"),
            ("discover", "async_discover"),
            ("discover", "adiscover"),
        ] {
            assert!(are_twins(plain, twin), "{plain} {twin}");
        }
        assert!(!are_twins("discover", "discover"));
        assert!(!are_twins("discover", "register_async"));
    }

    #[test]
    fn one_place_that_blocks_in_two_ways_is_told_twice() {
        let source = "import time, requests\nfrom fastapi import FastAPI\napp = FastAPI()\n\
            def fetch():\n    time.sleep(1)\n    requests.get('x')\n\
            @app.get('/')\nasync def show():\n    fetch()\n";
        let sources = Sources::from_memory([MemoryFile::new("main.py", source)], MemoryGit::None);
        let files = analyse(&sources);
        let project = Project::build(sources, files);
        let ways = project.blocking_ways(&project.event_loop());
        let mut symbols: Vec<&str> = ways.iter().map(|way| way.chain.symbol(&project.calls)).collect();
        symbols.sort_unstable();
        assert_eq!(symbols, ["requests.get", "time.sleep"]);
        assert!(ways.iter().all(|way| way.chain.edges.len() == 2 && !way.is_of_session(&project)));
    }
}
