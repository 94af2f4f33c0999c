//! The route table, compared with what the imported application serves.

use crate::{directory, model, model_in, truth, with_truth};
use pyaudit_project::{Project, Route, RouteStatus};
use pyaudit_source::Role;
use std::collections::BTreeMap;
use std::path::Path;

/// Rows in which table and application differ, each with the reason: the project, the row as [`Row`] shows it.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "clinic",
        "extra GET /debug/environment clinic.debugging:environment clinic/debugging.py:7",
        "included under a condition on the environment, which does not hold where the truth was made",
    ),
    (
        "clinic",
        "extra GET /prototype clinic.unserved:prototype clinic/unserved.py:9",
        "served by a second application, of which the truth does not tell",
    ),
    (
        "gazette",
        "extra GET /debug gazette.pages:debug src/gazette/pages.py:36",
        "listed under a condition on the environment, which does not hold where the truth was made",
    ),
    (
        "polls",
        "extra GET /hidden/ranked polls.endpoints.beta:ranked src/polls/endpoints/beta.py:8",
        "the other branch of a condition on the environment",
    ),
];

/// A row as both sides tell it: method, full path, handler, place of its `def`.
type Row = (String, String, String);

fn row(method: &str, path: &str, handler: &str, place: &str) -> Row {
    (method.to_owned(), path.to_owned(), format!("{handler} {place}"))
}

/// Every served route of a project, one row a method.
fn told(project: &Project) -> Vec<Row> {
    let all = project.routes.routes.iter().chain(&project.routes.framework);
    all.filter(|route| is_shipped(project, route)).flat_map(|it| rows_of(project, it)).collect()
}

/// Whether an application serves a route that is no test's.
fn is_shipped(project: &Project, route: &Route) -> bool {
    let application = route.application.map(|id| project.routes.router(id).module);
    application.is_some_and(|module| project.modules.get(module).role != Role::Test)
}

/// The rows of applications that others mount, as they are by themselves.
fn standalone(project: &Project) -> Vec<Row> {
    project.routes.standalone.iter().flat_map(|it| rows_of(project, it)).collect()
}

/// What is missing, and what is told too much. A truth may list a mounted application by itself, and need not.
fn compare(project: &Project, truth: &serde_json::Value) -> [(&'static str, Vec<Row>); 2] {
    let (told, served) = (told(project), served(truth));
    let missing = only_in(&served, &[told.as_slice(), &standalone(project)].concat());
    [("missing", missing), ("extra", only_in(&told, &served))]
}

fn rows_of(project: &Project, route: &Route) -> Vec<Row> {
    let is_framework = route.status == RouteStatus::Framework;
    let handler =
        if is_framework { "framework".to_owned() } else { project.endpoint_name(&route.endpoint).unwrap_or_default() };
    let place = project.endpoint_span(&route.endpoint).and_then(|span| {
        let (start, _) = project.sources.positions(span)?;
        Some(format!("{}:{}", project.sources.file(span.file).path, start.line))
    });
    let place = place.unwrap_or_default();
    let path = if route.prefix_known { route.path.clone() } else { format!("…{}", route.path) };
    route.methods.iter().map(|method| row(method, &path, &handler, &place)).collect()
}

/// What the imported applications of a project serve.
fn served(truth: &serde_json::Value) -> Vec<Row> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let routes = truth["routes"].as_array().expect("a list");
    let mut rows: Vec<Row> = routes
        .iter()
        .map(|route| {
            let is_framework = route["status"] == "framework";
            let handler = if is_framework { "framework".to_owned() } else { text(&route["handler"]) };
            let place = route["line"].as_u64().map(|line| format!("{}:{line}", text(&route["file"])));
            row(&text(&route["method"]), &text(&route["path"]), &handler, &place.unwrap_or_default())
        })
        .collect();
    rows.sort();
    rows
}

/// What only one side has, a row as often as it has it more often.
fn only_in(left: &[Row], right: &[Row]) -> Vec<Row> {
    let mut counts: BTreeMap<&Row, i64> = BTreeMap::new();
    for row in left {
        *counts.entry(row).or_default() += 1;
    }
    for row in right {
        *counts.entry(row).or_default() -= 1;
    }
    let more = counts.into_iter().filter(|(_, count)| *count > 0);
    more.flat_map(|(row, count)| (0..count).map(move |_| row.clone())).collect()
}

#[test]
fn the_table_is_what_the_applications_serve() {
    let mut differences = Vec::new();
    let mut equal = 0;
    for name in with_truth("routes.json") {
        let truth = truth(&name, "routes.json");
        let sides = compare(&model(&name), &truth);
        equal += served(&truth).len() - sides[0].1.len();
        for (side, rows) in sides {
            for (method, path, rest) in rows {
                let row = format!("{side} {method} {path} {rest}");
                if !EXCEPTIONS.iter().any(|(of, known, _)| *of == name && *known == row) {
                    differences.push(format!("{name}: {row}"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{equal} are equal, {} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(equal >= 160, "{equal} are equal");
}

/// Prints how the table differs from what real applications serve. `PYAUDIT_APPLICATIONS` names a directory with a
/// directory a project, each with `application.json`, whose `checkout` is its source, and `routes.json`.
#[test]
#[ignore = "needs checkouts of real projects"]
fn real_applications() {
    let Ok(root) = std::env::var("PYAUDIT_APPLICATIONS") else { return };
    let wanted = std::env::var("PYAUDIT_APPLICATION").ok();
    let mut names: Vec<String> = std::fs::read_dir(&root)
        .expect("the directory is there")
        .map(|entry| entry.expect("an entry can be read").file_name().to_string_lossy().into_owned())
        .filter(|name| Path::new(&root).join(name).join("routes.json").is_file())
        .filter(|name| wanted.as_ref().is_none_or(|wanted| wanted == name))
        .collect();
    names.sort();
    for name in names {
        let read = |file: &str| -> serde_json::Value {
            let text = std::fs::read_to_string(Path::new(&root).join(&name).join(file)).expect("a file can be read");
            serde_json::from_str(&text).expect("it is JSON")
        };
        let application = read("application.json");
        let checkout = application["checkout"].as_str().map_or_else(|| directory().join(&name), Into::into);
        let truth = read("routes.json");
        let sides = compare(&model_in(&checkout), &truth);
        let (missing, extra) = (sides[0].1.len(), sides[1].1.len());
        println!("{name}: {} equal, {missing} missing, {extra} extra", served(&truth).len() - missing);
        for (side, rows) in sides {
            for (method, path, rest) in rows {
                println!("  {side} {method} {path} {rest}");
            }
        }
    }
}
