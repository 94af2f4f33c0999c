//! Functions, what they call, and what they reach.

use crate::place::{Place, place};
use pyaudit_check::Project;
use pyaudit_check::project::calls::{Callee, Chain, Confidence, Edge, Entry, Function, FunctionId, Kind};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct Section<'p> {
    functions: Vec<Row<'p>>,
}

#[derive(Serialize)]
struct Row<'p> {
    function: String,
    #[serde(flatten)]
    place: Place<'p>,
    colour: &'static str,
    entry: Vec<&'static str>,
    unknown_calls: u32,
    calls: Vec<Call<'p>>,
    reaches: BTreeMap<&'static str, Way<'p>>,
    blocks: Vec<Way<'p>>,
}

#[derive(Serialize)]
struct Call<'p> {
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    does: Option<&'static str>,
    #[serde(flatten)]
    place: Place<'p>,
    how: &'static str,
    off_loop: bool,
    certain: bool,
}

#[derive(Serialize)]
struct Way<'p> {
    symbol: &'p str,
    does: &'static str,
    certain: bool,
    places: Vec<Place<'p>>,
}

pub(super) fn section(project: &Project) -> Section<'_> {
    let functions = project.calls.functions();
    Section { functions: functions.map(|(id, function)| row(project, id, function)).collect() }
}

fn row<'p>(project: &'p Project, id: FunctionId, function: &Function) -> Row<'p> {
    let calls = &project.calls;
    let reached = |&kind: &Kind| Some((kind.name(), way(project, &calls.reaches(id, kind)?)));
    let blocks = if function.colour.is_async() { calls.blocking_chains(id) } else { Vec::new() };
    Row {
        function: name(project, id),
        place: place(project, calls.span(project, id)),
        colour: function.colour.name(),
        entry: entry(function.entry),
        unknown_calls: function.unknown_calls,
        calls: calls.edges_from(id).iter().filter_map(|edge| call(project, edge)).collect(),
        reaches: Kind::ALL.iter().filter_map(reached).collect(),
        blocks: blocks.iter().map(|chain| way(project, chain)).collect(),
    }
}

fn name(project: &Project, id: FunctionId) -> String {
    let module = project.modules.get(project.calls.function(id).module);
    format!("{}:{}", module.name, project.calls.qualname(project, id))
}

fn entry(entry: Entry) -> Vec<&'static str> {
    let all = [
        ("route", entry.route),
        ("dependency", entry.dependency),
        ("task", entry.task),
        ("main", entry.main),
        ("framework", entry.framework),
    ];
    all.into_iter().filter(|&(_, holds)| holds).map(|(name, _)| name).collect()
}

/// A call of a function, or of something external that does something worth knowing.
fn call<'p>(project: &'p Project, edge: &'p Edge) -> Option<Call<'p>> {
    let (function, external) = match edge.callee {
        Callee::Function(function) => (Some(name(project, function)), None),
        Callee::External(_) => (None, project.calls.external_call(edge)),
    };
    let does = external.and_then(|external| external.kind()).map(Kind::name);
    (function.is_some() || does.is_some()).then(|| Call {
        function,
        symbol: external.map(|external| external.symbol),
        does,
        place: place(project, edge.span(project)),
        how: edge.kind.name(),
        off_loop: edge.off_loop,
        certain: edge.confidence == Confidence::Known,
    })
}

fn way<'p>(project: &'p Project, chain: &Chain) -> Way<'p> {
    Way {
        symbol: chain.symbol(&project.calls),
        does: chain.primitive.kind.name(),
        certain: chain.confidence == Confidence::Known,
        places: chain.edges.iter().map(|edge| place(project, edge.span(project))).collect(),
    }
}
