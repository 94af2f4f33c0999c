//! The ways from coroutines to calls that make their event loop stand still.

use crate::calls::{Callee, Chain, FunctionId, Kind};
use crate::event_loop::LoopUse;
use crate::{EventLoop, Project};

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
}

impl Project {
    /// The ways that hold up coroutines while others wait for their loop: for each place in a coroutine and each kind of
    /// call the best, in the order of the coroutines.
    pub fn blocking_ways(&self, event_loop: &EventLoop) -> Vec<BlockingWay> {
        let served = event_loop.served(self);
        let ways = served.flat_map(|(coroutine, how)| {
            let chains = self.chains_of_each_kind(coroutine);
            chains.into_iter().map(move |chain| BlockingWay { coroutine, how, chain })
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
    use crate::{Project, analyse};
    use pyaudit_source::{MemoryFile, MemoryGit, Sources};

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
