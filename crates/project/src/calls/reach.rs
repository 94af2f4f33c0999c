//! What functions reach through those that they call, by the shortest chain of places.

use super::primitives::{Kind, Primitive};
use super::{Callee, Calls, Colour, Confidence, Edge, EdgeKind, FunctionId, FunctionNode};
use std::collections::VecDeque;
use std::sync::OnceLock;

/// Places that lead from a function to something that it reaches: each edge but the last calls the caller of the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The places, from the function that was asked for; the last is the call of something external. Never empty, and
    /// at most 65.
    pub edges: Vec<Edge>,
    /// What the last place does.
    pub primitive: Primitive,
    /// [`Confidence::Known`] where every edge is.
    pub confidence: Confidence,
}

impl Chain {
    /// The dotted path of what the last place calls: `requests.get`.
    pub fn symbol<'c>(&self, calls: &'c Calls) -> &'c str {
        match self.end().callee {
            Callee::External(path) => calls.path(path),
            Callee::Function(_) => "",
        }
    }

    /// The first place: in the function that was asked for.
    ///
    /// # Panics
    /// Where the chain has no edges, which none has that this module makes.
    pub fn start(&self) -> &Edge {
        self.edges.first().expect("a chain has an edge")
    }

    /// The last place: the call of something external.
    ///
    /// # Panics
    /// Where the chain has no edges, which none has that this module makes.
    pub fn end(&self) -> &Edge {
        self.edges.last().expect("a chain has an edge")
    }
}

/// A question whose answers are kept for all functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Question {
    kind: Kind,
    /// Whether the caller's thread must stand still on the way.
    blocking: bool,
    /// Whether edges that are guesses are left out.
    certain: bool,
}

impl Question {
    const COUNT: usize = Kind::ALL.len() * 4;

    const fn index(self) -> usize {
        self.kind as usize * 4 + self.blocking as usize * 2 + self.certain as usize
    }
}

/// For each function the edge that the shortest chain goes on with; worked out when a question is asked first.
#[derive(Debug)]
pub(super) struct Reach {
    tables: Vec<OnceLock<Box<[u32]>>>,
}

impl Default for Reach {
    fn default() -> Self {
        Self { tables: (0..Question::COUNT).map(|_| OnceLock::new()).collect() }
    }
}

/// How many edges a chain has at most; nobody reads a longer one.
const MAX_EDGES: usize = 64;

/// No edge.
const NONE: u32 = u32::MAX;

impl Calls {
    /// The shortest chain from a function to a call of this kind, in whatever thread, task or worker; a certain chain
    /// where there is one, else a guessed one.
    pub fn reaches(&self, function: FunctionId, kind: Kind) -> Option<Chain> {
        self.either(function, kind, false)
    }

    /// The shortest chain from a function to a call of this kind that holds up the thread which runs the function: only
    /// plain functions stand between. A certain chain where there is one, else a guessed one.
    ///
    /// What runs in another thread or process is left out, what a function does whose result `functools` keeps, and what an `async def` does that the function awaits:
    /// that function is to be asked itself.
    pub fn blocks(&self, function: FunctionId, kind: Kind) -> Option<Chain> {
        self.either(function, kind, true)
    }

    /// The chains that hold up the thread which runs a function, one for each place in the function, in the order of the
    /// source. Of several chains from one place a certain one is given, then one that does more than read a file, then
    /// the shortest.
    pub fn blocking_chains(&self, function: FunctionId) -> Vec<Chain> {
        let mut chains: Vec<Chain> = Vec::new();
        for edge in self.edges_from(function) {
            let Some(chain) = self.blocking_chain(edge) else { continue };
            match chains.last_mut() {
                Some(last) if (last.start().module, last.start().place) == (edge.module, edge.place) => {
                    if preference(&chain) < preference(last) {
                        *last = chain;
                    }
                }
                _ => chains.push(chain),
            }
        }
        chains
    }

    /// The best chain that begins with an edge and holds up its caller.
    fn blocking_chain(&self, edge: &Edge) -> Option<Chain> {
        match edge.callee {
            Callee::External(_) => {
                let primitive = self.primitive_of(edge).filter(|_| self.holds_up(edge))?;
                Some(Chain { edges: vec![*edge], primitive, confidence: edge.confidence })
            }
            Callee::Function(callee) if self.follows(edge, true) => {
                let chains = Kind::ALL.iter().filter_map(|&kind| self.blocks(callee, kind));
                let mut chain = chains.min_by_key(preference)?;
                chain.edges.insert(0, *edge);
                chain.confidence = chain.confidence.max(edge.confidence);
                Some(chain)
            }
            Callee::Function(_) => None,
        }
    }

    fn either(&self, function: FunctionId, kind: Kind, blocking: bool) -> Option<Chain> {
        let certain = self.chain(function, Question { kind, blocking, certain: true });
        certain.or_else(|| self.chain(function, Question { kind, blocking, certain: false }))
    }

    fn chain(&self, function: FunctionId, question: Question) -> Option<Chain> {
        let table = self.reach.tables[question.index()].get_or_init(|| self.spread(question));
        let mut edges = Vec::new();
        let mut at = function;
        loop {
            let &next = table.get(at.0 as usize).filter(|&&next| next != NONE)?;
            let edge = self.edges[next as usize];
            edges.push(edge);
            match edge.callee {
                Callee::Function(callee) => at = callee,
                Callee::External(_) => {
                    let primitive = self.primitive_of(&edge)?;
                    let confidence = edges.iter().map(|edge| edge.confidence).max()?;
                    return Some(Chain { edges, primitive, confidence });
                }
            }
        }
    }

    /// Goes from the calls in question to their callers, a step at a time, so that the first way found is the shortest.
    fn spread(&self, question: Question) -> Box<[u32]> {
        let mut next = vec![NONE; self.functions.len()].into_boxed_slice();
        let mut open = VecDeque::new();
        for (at, edge) in self.edges.iter().enumerate() {
            let caller = edge.caller.0 as usize;
            if next[caller] == NONE && self.ends(edge, question) {
                next[caller] = at as u32;
                open.push_back((edge.caller, 1));
            }
        }
        while let Some((callee, edges)) = open.pop_front().filter(|&(_, edges)| edges < MAX_EDGES) {
            for &at in self.numbers_to(callee) {
                let edge = &self.edges[at as usize];
                let caller = edge.caller.0 as usize;
                let is_wanted = !question.certain || edge.confidence == Confidence::Known;
                if next[caller] == NONE && is_wanted && self.follows(edge, question.blocking) {
                    next[caller] = at;
                    open.push_back((edge.caller, edges + 1));
                }
            }
        }
        next
    }

    /// Whether an edge is a call of the kind that a question asks for.
    fn ends(&self, edge: &Edge, question: Question) -> bool {
        let is_wanted = !question.certain || edge.confidence == Confidence::Known;
        is_wanted
            && self.primitive_of(edge).is_some_and(|primitive| primitive.kind == question.kind)
            && (!question.blocking || self.holds_up(edge))
    }

    /// Whether an external call holds up the thread of its caller.
    pub(super) fn holds_up(&self, edge: &Edge) -> bool {
        !edge.off_loop
            && edge.kind != EdgeKind::Await
            && self.primitive_of(edge).is_some_and(|primitive| primitive.blocks)
    }

    /// Whether a chain may go through an edge between functions.
    fn follows(&self, edge: &Edge, blocking: bool) -> bool {
        // What a function runs that it is given depends on who calls it: whoever gives it has an edge of its own.
        if edge.is_given {
            return false;
        }
        let Callee::Function(callee) = edge.callee else { return false };
        if !blocking {
            return true;
        }
        let callee = self.function(callee);
        let is_plain = matches!(callee.colour, Colour::Sync | Colour::Generator) && callee.node != FunctionNode::Module;
        // What runs once, when it is asked first, does not hold up those who ask later.
        let may_never_run =
            callee.is_cached || (edge.kind == EdgeKind::Callback && edge.confidence == Confidence::Guess);
        is_plain && !edge.off_loop && !may_never_run
    }

    /// What the external callee of an edge does.
    pub(super) fn primitive_of(&self, edge: &Edge) -> Option<Primitive> {
        match edge.callee {
            Callee::External(path) if edge.kind != EdgeKind::Decorator => self.primitives[path.0 as usize],
            _ => None,
        }
    }
}

/// What is told first of several chains.
fn preference(chain: &Chain) -> (Confidence, bool, usize, Kind) {
    (chain.confidence, chain.primitive.kind == Kind::File, chain.edges.len(), chain.primitive.kind)
}
