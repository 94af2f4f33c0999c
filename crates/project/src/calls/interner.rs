//! Numbers for names and for dotted paths, so that the links between calls compare and copy numbers.

use super::number_map::NumberMap;
use std::collections::HashMap;

/// The number of a name in the whole project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Atom(pub u32);

/// The number of a dotted path of something that the project does not define.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(pub(super) u32);

/// How many names a path may have. Chains of calls on unknown objects grow longer, and no table asks for those.
const MAX_PARTS: u8 = 12;

/// The names of the project, each once.
#[derive(Debug, Default)]
pub(super) struct Atoms<'p> {
    texts: Vec<&'p str>,
    by_text: HashMap<&'p str, Atom>,
}

impl<'p> Atoms<'p> {
    /// The number of a name.
    pub(super) fn intern(&mut self, text: &'p str) -> Atom {
        if let Some(&known) = self.by_text.get(text) {
            return known;
        }
        let atom = Atom(self.texts.len() as u32);
        self.texts.push(text);
        self.by_text.insert(text, atom);
        atom
    }

    /// The name.
    pub(super) fn text(&self, atom: Atom) -> &'p str {
        self.texts[atom.0 as usize]
    }
}

/// Dotted paths as a tree: each is a path with one name more.
#[derive(Debug, Default)]
pub(super) struct Paths {
    nodes: Vec<(Option<PathId>, Atom, u8)>,
    by_parts: NumberMap<(Option<PathId>, Atom), PathId>,
}

impl Paths {
    /// The path with one name more; `None` where it would be too long.
    pub(super) fn join(&mut self, before: Option<PathId>, name: Atom) -> Option<PathId> {
        if let Some(&known) = self.by_parts.get(&(before, name)) {
            return Some(known);
        }
        let parts = before.map_or(0, |before| self.nodes[before.0 as usize].2) + 1;
        if parts > MAX_PARTS {
            return None;
        }
        let id = PathId(self.nodes.len() as u32);
        self.nodes.push((before, name, parts));
        self.by_parts.insert((before, name), id);
        Some(id)
    }

    /// The path of names with dots.
    pub(super) fn intern<'p>(&mut self, dotted: &'p str, atoms: &mut Atoms<'p>) -> Option<PathId> {
        let names = dotted.split('.').filter(|name| !name.is_empty());
        names.fold(None, |before: Option<Option<PathId>>, name| match before {
            Some(None) => Some(None),
            before => Some(self.join(before.flatten(), atoms.intern(name))),
        })?
    }

    /// The last name of a path.
    pub(super) fn last(&self, path: PathId) -> Atom {
        self.nodes[path.0 as usize].1
    }

    /// The path without its last name.
    pub(super) fn parent(&self, path: PathId) -> Option<PathId> {
        self.nodes[path.0 as usize].0
    }

    /// The path with dots.
    pub(super) fn text(&self, path: PathId, atoms: &Atoms<'_>) -> String {
        let up = std::iter::successors(Some(path), |&at| self.parent(at));
        let mut names: Vec<&str> = up.map(|at| atoms.text(self.last(at))).collect();
        names.reverse();
        names.join(".")
    }

    /// The number of paths.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_paths_have_one_number_and_long_ones_none() {
        let (mut atoms, mut paths) = (Atoms::default(), Paths::default());
        let get = paths.intern("httpx.get", &mut atoms).expect("short");
        assert_eq!(paths.intern("httpx.get", &mut atoms), Some(get));
        assert_eq!(paths.text(get, &atoms), "httpx.get");
        assert_eq!(paths.intern("a.a.a.a.a.a.a.a.a.a.a.a.a", &mut atoms), None);
        assert_eq!(paths.len(), 2 + 12);
    }
}
