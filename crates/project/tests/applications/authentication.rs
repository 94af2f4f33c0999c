//! Whether a request without credentials is turned away, compared with what the running application answers.

use crate::{model, truth, with_truth};
use pyaudit_project::{Demand, Project};
use std::collections::BTreeMap;

/// Routes on which model and application differ, each with the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// The strongest demand on each handler of a project, by the path of its file and the line of its `def`, and by method.
fn demands(project: &Project) -> BTreeMap<(String, u64, String), Demand> {
    let mut found = BTreeMap::new();
    for (at, route) in project.routes.routes.iter().enumerate() {
        let Some((module, handler)) = route.handler else { continue };
        let module = project.modules.get(module);
        let Some(function) = module.function(handler) else { continue };
        let Some((start, _)) = project.sources.positions(module.span(function.name.range)) else { continue };
        let file = project.sources.file(module.file);
        for method in &route.methods {
            let key = (file.path.clone(), u64::from(start.line), method.clone());
            let demand = project.authentications.of(at).demand;
            found.entry(key).and_modify(|known: &mut Demand| *known = demand.max(*known)).or_insert(demand);
        }
    }
    found
}

#[test]
fn who_is_turned_away_is_who_brings_nothing() {
    let mut differences = Vec::new();
    let (mut compared, mut silent) = (0, 0);
    for name in with_truth("auth.json") {
        let demands = demands(&model(&name));
        let routes = truth(&name, "routes.json");
        for answer in truth(&name, "auth.json").as_array().expect("a list") {
            let (method, path) =
                (answer["method"].as_str().expect("a method"), answer["path"].as_str().expect("a path"));
            let Some(status) = answer["without_credentials"].as_u64() else { continue };
            let route = routes["routes"]
                .as_array()
                .expect("a list")
                .iter()
                .find(|route| route["method"] == method && route["path"] == path && route["app"] == answer["app"]);
            let place = route.and_then(|route| Some((route["file"].as_str()?.to_owned(), route["line"].as_u64()?)));
            let Some((file, line)) = place else { continue };
            compared += 1;
            // A redirect leads to where one logs in.
            let turned_away = matches!(status, 303 | 401 | 403);
            let demand = demands.get(&(file.clone(), line, method.to_owned())).copied();
            let agrees = match demand {
                Some(Demand::Required | Demand::HeaderOnly) => turned_away,
                Some(Demand::Nothing | Demand::Optional) => !turned_away,
                // Nothing is said of a route that is not found, or behind a middleware when its path is not known whole.
                Some(Demand::Unknown) | None => {
                    silent += 1;
                    continue;
                }
            };
            compared += 1;
            let excused = EXCEPTIONS.iter().any(|(of, route, _)| *of == name && *route == format!("{method} {path}"));
            if agrees == excused {
                let demand = demand.map_or("no such route", Demand::name);
                differences
                    .push(format!("{name}: {method} {path} answers {status}, the model says {demand} ({file}:{line})"));
            }
        }
    }
    assert!(differences.is_empty(), "{} of {compared} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(compared >= 120 && silent <= 25, "{compared} were compared and of {silent} nothing is said");
}
