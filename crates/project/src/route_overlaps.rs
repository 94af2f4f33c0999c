//! Routes that another one, tried before them, answers in their place.

use crate::{Project, Route, RouteStatus};
use std::collections::BTreeMap;

/// How many nodes one lookup may visit, against paths that are made to branch.
const MAX_VISITS: usize = 512;

/// Two routes of one application, of which the first takes every request that is meant for the second.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Overlap {
    /// The place of the route that is tried first in [`crate::Routes::routes`].
    pub earlier: usize,
    /// The place of the route that is never reached by this method.
    pub later: usize,
    /// The method.
    pub method: String,
    /// Whether both have the same path, the names of parameters aside.
    pub is_same_path: bool,
}

/// The paths of the routes that were tried so far, by segment.
#[derive(Debug, Default)]
struct Node {
    next: BTreeMap<Segment, Node>,
    /// The first route that ends here: when it is tried, and its place in the table.
    route: Option<(usize, usize)>,
}

/// A part of a path between two slashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    /// Text.
    Static(String),
    /// `{name}`: anything without a slash.
    Parameter,
    /// `{name:path}` at the end: anything.
    Rest,
    /// A parameter of another converter, or one with text beside it, the name left out.
    Other(String),
}

impl Project {
    /// Every route that an earlier one of the same application hides, by method, in the order of the table. Routes whose
    /// path is not known, and those that are registered under a condition, are left out.
    /// <https://www.starlette.io/routing/#route-priority>
    pub fn route_overlaps(&self) -> Vec<Overlap> {
        let routes = &self.routes.routes;
        let mut tried: BTreeMap<_, Vec<(usize, usize)>> = BTreeMap::new();
        for (at, route) in routes.iter().enumerate() {
            tried.entry(route.application).or_default().push((route.order, at));
        }
        tried.remove(&None);
        let mut overlaps = Vec::new();
        for mut tried in tried.into_values() {
            tried.sort_unstable();
            let mut paths: BTreeMap<(&Option<String>, &str), Node> = BTreeMap::new();
            for (_, at) in tried {
                let route = &routes[at];
                if route.status != RouteStatus::Exact || route.condition.is_some() {
                    continue;
                }
                let segments = segments(&route.path);
                for method in &route.methods {
                    let node = paths.entry((&route.host, method)).or_default();
                    match first_match(node, &segments) {
                        Some(earlier) if earlier != at => overlaps.push(Overlap {
                            earlier,
                            later: at,
                            method: method.clone(),
                            is_same_path: self::segments(&routes[earlier].path) == segments,
                        }),
                        _ => insert(node, segments.clone(), (route.order, at)),
                    }
                }
            }
        }
        overlaps.sort();
        overlaps
    }
}

impl Route {
    /// The names of the parameters in its path.
    pub fn path_parameters(&self) -> impl Iterator<Item = &str> {
        let opened = self.path.split('{').skip(1).filter_map(|part| part.split_once('}'));
        opened.map(|(inside, _)| inside.split(':').next().unwrap_or(inside))
    }
}

fn segments(path: &str) -> Vec<Segment> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let last = parts.len().saturating_sub(1);
    parts.iter().enumerate().map(|(at, part)| segment(part, at == last)).collect()
}

fn segment(part: &str, is_last: bool) -> Segment {
    let Some((before, inside)) = part.split_once('{') else { return Segment::Static(part.to_owned()) };
    let Some((name, after)) = inside.split_once('}') else { return Segment::Static(part.to_owned()) };
    let converter = name.split_once(':').map_or("str", |(_, converter)| converter);
    match (before, after, converter) {
        ("", "", "str") => Segment::Parameter,
        ("", "", "path") if is_last => Segment::Rest,
        _ => Segment::Other(without_names(part)),
    }
}

/// `@{name:str}.json` as `@{:str}.json`.
fn without_names(part: &str) -> String {
    let mut pieces = part.split('{');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (inside, after) = piece.split_once('}').unwrap_or((piece, ""));
        let converter = inside.split_once(':').map_or("str", |(_, converter)| converter);
        text.extend(["{:", converter, "}", after]);
    }
    text
}

fn insert(node: &mut Node, segments: Vec<Segment>, route: (usize, usize)) {
    let end = segments.into_iter().fold(node, |node, segment| node.next.entry(segment).or_default());
    end.route.get_or_insert(route);
}

/// The place of the route that is tried first of those that match whatever these segments match.
fn first_match(root: &Node, segments: &[Segment]) -> Option<usize> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut open = vec![(root, 0)];
    for _ in 0..MAX_VISITS {
        let Some((node, at)) = open.pop() else { return found.into_iter().min().map(|(_, route)| route) };
        let Some(segment) = segments.get(at) else {
            found.extend(node.route);
            continue;
        };
        found.extend(node.next.get(&Segment::Rest).and_then(|rest| rest.route));
        open.extend(node.next.get(segment).map(|next| (next, at + 1)));
        if takes_any_text(segment) {
            open.extend(node.next.get(&Segment::Parameter).map(|next| (next, at + 1)));
        }
    }
    None
}

/// Whether a plain parameter matches all that a segment matches; it takes at least one character.
fn takes_any_text(segment: &Segment) -> bool {
    match segment {
        Segment::Static(text) => !text.is_empty(),
        Segment::Other(text) => !text.contains(":path}"),
        Segment::Parameter | Segment::Rest => false,
    }
}
