//! Strongly connected components of a graph (R. Tarjan, "Depth-first search and linear graph algorithms", 1972), with a
//! stack of its own in place of recursion.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

const UNSEEN: usize = usize::MAX;

/// A search in progress.
struct Search<'g> {
    edges: &'g [Vec<usize>],
    order: Vec<usize>,
    lowest: Vec<usize>,
    is_open: Vec<bool>,
    open: Vec<usize>,
    seen: usize,
    components: Vec<Vec<usize>>,
}

/// The components of more than one node, each sorted, in the order of their first nodes.
pub(super) fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let count = edges.len();
    let mut search = Search {
        edges,
        order: vec![UNSEEN; count],
        lowest: vec![UNSEEN; count],
        is_open: vec![false; count],
        open: Vec::new(),
        seen: 0,
        components: Vec::new(),
    };
    for node in 0..count {
        if search.order[node] == UNSEEN {
            search.run(node);
        }
    }
    search.components.retain(|component| component.len() > 1);
    search.components.iter_mut().for_each(|component| component.sort_unstable());
    search.components.sort();
    search.components
}

impl Search<'_> {
    fn enter(&mut self, node: usize) {
        self.order[node] = self.seen;
        self.lowest[node] = self.seen;
        self.seen += 1;
        self.open.push(node);
        self.is_open[node] = true;
    }

    fn run(&mut self, start: usize) {
        self.enter(start);
        let mut path = vec![(start, 0)];
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if let Some(&target) = self.edges[node].get(*next) {
                *next += 1;
                if self.order[target] == UNSEEN {
                    self.enter(target);
                    path.push((target, 0));
                } else if self.is_open[target] {
                    self.lowest[node] = self.lowest[node].min(self.order[target]);
                }
                continue;
            }
            path.pop();
            if let Some(&(outer, _)) = path.last() {
                self.lowest[outer] = self.lowest[outer].min(self.lowest[node]);
            }
            self.close(node);
        }
    }

    /// Takes the component off the stack where `node` is the first of it that was met.
    fn close(&mut self, node: usize) {
        if self.lowest[node] != self.order[node] {
            return;
        }
        let at = self.open.iter().rposition(|&open| open == node).unwrap_or(0);
        let component = self.open.split_off(at);
        for &closed in &component {
            self.is_open[closed] = false;
        }
        self.components.push(component);
    }
}

/// A shortest way from a node of a component back to it, as the nodes it passes, the node itself first and not again.
pub(super) fn shortest_cycle(edges: &[Vec<usize>], component: &[usize], start: usize) -> Vec<usize> {
    let mut before: BTreeMap<usize, usize> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(node) = open.pop_front() {
        for &next in edges[node].iter().filter(|next| component.binary_search(next).is_ok()) {
            if next == start {
                let mut cycle: Vec<usize> = std::iter::successors(Some(node), |at| before.get(at).copied()).collect();
                cycle.reverse();
                return cycle;
            }
            if let Entry::Vacant(entry) = before.entry(next) {
                entry.insert(node);
                open.push_back(next);
            }
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_components_and_leaves_single_nodes_out() {
        let edges = [vec![1], vec![2, 4], vec![0, 3], vec![], vec![5], vec![4], vec![6]];
        assert_eq!(components(&edges), [vec![0, 1, 2], vec![4, 5]]);
    }

    #[test]
    fn a_long_chain_costs_no_stack() {
        let count = 200_000;
        let mut edges: Vec<Vec<usize>> = (1..=count).map(|next| vec![next]).collect();
        edges.push(vec![0]);
        assert_eq!(components(&edges)[0].len(), count + 1);
    }

    #[test]
    fn the_shortest_of_two_ways_back_is_told() {
        let edges = [vec![1, 2], vec![2], vec![0]];
        assert_eq!(shortest_cycle(&edges, &[0, 1, 2], 0), [0, 2]);
        assert_eq!(shortest_cycle(&edges, &[0, 1, 2], 1), [1, 2, 0]);
    }
}
