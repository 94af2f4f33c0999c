//! Compares the calls of real applications with those that were seen while their tests ran.
//!
//! `PYAUDIT_CALLS_ORACLE` names a directory with a directory an application: `application.json`, whose `checkout` is the
//! tree, and `edges.json`, as `record_edges.py` of the oracles writes it. Without the variable there is nothing to do.
//! `PYAUDIT_CALLS_SHOW` lists the missed edges.
#![expect(clippy::print_stdout, reason = "the figures are what is asked for")]
#![expect(clippy::similar_names, reason = "caller and callee are the terms of the field")]
#![expect(clippy::cast_precision_loss, reason = "the counts of a share are small")]

use pyaudit_project::calls::{Callee, Confidence, FunctionId, FunctionNode};
use pyaudit_project::{Project, analyse};
use pyaudit_source::{LoadOptions, Sources};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// The functions of a project by file, and by line of the first decorator or by qualified name.
struct Index {
    by_line: HashMap<(String, u64, String), FunctionId>,
    by_name: HashMap<(String, String), FunctionId>,
}

impl Index {
    fn new(project: &Project) -> Self {
        let mut index = Self { by_line: HashMap::new(), by_name: HashMap::new() };
        for (id, function) in project.calls.functions() {
            let module = project.modules.get(function.module);
            let path = project.sources.file(module.file).path.clone();
            let name = project.calls.qualname(project, id);
            let start = match function.node {
                FunctionNode::Definition(stmt) => {
                    let definition = module.function(stmt).expect("the node is a function");
                    let stmt = module.python.syntax.stmt(stmt).range;
                    let first = definition.decorators.first();
                    let range = first.map_or(stmt, |&first| module.python.syntax.expr(first).range);
                    module.span(range)
                }
                _ => project.calls.span(project, id),
            };
            let line = project.sources.positions(start).map_or(1, |(start, _)| u64::from(start.line));
            let last = name.rsplit('.').next().unwrap_or("").to_owned();
            index.by_line.insert((path.clone(), line, last), id);
            index.by_name.entry((path, name)).or_insert(id);
        }
        index
    }

    /// The function of a recorded frame; the frame of a comprehension is its function, that of a class its module.
    fn find(&self, name: &str, at: &Value) -> Option<FunctionId> {
        let file = at["file"].as_str()?.to_owned();
        let qualname = name.split_once(':')?.1;
        let is_comprehension = is_comprehension(qualname);
        let own = without_comprehensions(qualname);
        let last = own.rsplit('.').next().unwrap_or("").to_owned();
        let by_line = self.by_line.get(&(file.clone(), at["line"].as_u64()?, last)).filter(|_| !is_comprehension);
        let found = by_line.or_else(|| self.by_name.get(&(file.clone(), own.to_owned())));
        found.or_else(|| self.by_name.get(&(file, String::new()))).copied()
    }
}

fn is_comprehension(qualname: &str) -> bool {
    ["<genexpr>", "<listcomp>", "<dictcomp>", "<setcomp>"].iter().any(|end| qualname.ends_with(end))
}

fn without_comprehensions(mut qualname: &str) -> &str {
    while is_comprehension(qualname) {
        qualname = qualname.rsplit_once('.').map_or("", |(outer, _)| outer);
        qualname = qualname.strip_suffix(".<locals>").unwrap_or(qualname);
    }
    qualname
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the oracle's file is there");
    serde_json::from_str(&text).expect("the oracle's file is JSON")
}

/// Why an edge is missed, as far as can be told from the outside.
fn reason(project: &Project, row: &Value, caller: Option<FunctionId>, callee: Option<FunctionId>) -> &'static str {
    let name = row["callee"].as_str().unwrap_or("");
    let file = row["callee_at"]["file"].as_str().unwrap_or("");
    if is_comprehension(name) {
        return "a comprehension, which belongs to its function";
    }
    if file.split('/').any(|part| part.starts_with("test") || part == "conftest.py") {
        return "a fake of the tests";
    }
    let (Some(caller), Some(_)) = (caller, callee) else { return "not in the table of functions" };
    let last = name.rsplit(['.', ':']).next().unwrap_or("");
    let function = project.calls.function(caller);
    let module = project.modules.get(function.module);
    let span = match function.node {
        FunctionNode::Definition(stmt) => module.span(module.python.syntax.stmt(stmt).range),
        FunctionNode::Lambda(expr) => module.span_of(expr),
        FunctionNode::Module => return "from the body of a module",
    };
    let is_named = project.sources.slice(span).contains(last);
    match (last, is_named) {
        ("<lambda>", _) => "a lambda",
        _ if last.starts_with("__") => "a special method",
        (_, true) => "named in the caller, receiver unknown",
        (_, false) => "not named in the caller: driven by a framework or dynamic",
    }
}

fn compare(name: &str, directory: &Path, show: bool) {
    let application = read(&directory.join("application.json"));
    let checkout = application["checkout"].as_str().expect("the application has a checkout");
    let sources = Sources::load(Path::new(checkout), &LoadOptions::default()).expect("the checkout is there");
    let data = analyse(&sources);
    let project = Project::build(sources, data);
    let index = Index::new(&project);
    let mut edges: HashMap<(FunctionId, FunctionId), Confidence> = HashMap::new();
    for edge in project.calls.edges() {
        if let Callee::Function(callee) = edge.callee {
            let known = edges.entry((edge.caller, callee)).or_insert(edge.confidence);
            *known = (*known).min(edge.confidence);
        }
    }
    let recorded = read(&directory.join("edges.json"));
    let rows = recorded["edges"].as_array().expect("edges are a list");
    let (mut known, mut guessed, mut application_edges) = (0, 0, 0);
    let mut missed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        let caller = index.find(row["caller"].as_str().unwrap_or(""), &row["caller_at"]);
        let callee = index.find(row["callee"].as_str().unwrap_or(""), &row["callee_at"]);
        let is_comprehension = is_comprehension(row["callee"].as_str().unwrap_or(""));
        let found = caller.zip(callee).filter(|_| !is_comprehension).and_then(|pair| edges.get(&pair));
        match found {
            Some(Confidence::Known) => known += 1,
            Some(Confidence::Guess) => guessed += 1,
            None => {
                let text = format!("{} -> {}", row["caller"], row["callee"]);
                missed.entry(reason(&project, row, caller, callee)).or_default().insert(text);
            }
        }
        let fake = reason(&project, row, caller, callee);
        let is_fake = fake.starts_with("a fake") || is_comprehension;
        application_edges += usize::from(!is_fake);
    }
    let found = known + guessed;
    let resolution = project.resolution().into_iter().find(|line| line.what == "calls").expect("calls are counted");
    println!(
        "{name}: {found} of {} edges ({:.1} %), {known} known, {guessed} guessed; of {application_edges} that are no \
         comprehension and no fake of the tests {:.1} %; calls resolved {} of {}",
        rows.len(),
        100.0 * f64::from(found) / rows.len() as f64,
        100.0 * f64::from(found) / application_edges as f64,
        resolution.resolved,
        resolution.all,
    );
    for (reason, edges) in missed {
        println!("  {:4} {reason}", edges.len());
        for edge in edges.iter().filter(|_| show) {
            println!("         {edge}");
        }
    }
}

#[test]
#[ignore = "needs recorded edges of real applications"]
fn recorded_edges_are_found() {
    let Ok(root) = std::env::var("PYAUDIT_CALLS_ORACLE") else { return };
    let show = std::env::var("PYAUDIT_CALLS_SHOW").is_ok();
    let mut directories: Vec<_> =
        std::fs::read_dir(&root).expect("the directory is there").flatten().map(|entry| entry.path()).collect();
    directories.sort();
    for directory in directories.iter().filter(|directory| directory.join("edges.json").is_file()) {
        let name = directory.file_name().unwrap_or_default().to_string_lossy();
        compare(&name, directory, show);
    }
}
