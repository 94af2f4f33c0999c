//! Calls in the model that is printed.

use pyaudit_check::Project;
use pyaudit_check::project::analyse;
use pyaudit_check::source::{MemoryFile, MemoryGit, Sources};
use pyaudit_report::JsonOptions;
use serde_json::{Value, json};

#[test]
fn functions_tell_what_they_call_reach_and_block() {
    let files = [
        ("client.py", "import requests\ndef fetch():\n    print('x')\n    return requests.get('x')\n"),
        (
            "main.py",
            "from fastapi import FastAPI\nfrom client import fetch\napp = FastAPI()\n\
             @app.get('/')\nasync def handler(x):\n    fetch()\n    x.unknown()\n",
        ),
    ];
    let sources = Sources::from_memory(files.map(|(path, text)| MemoryFile::new(path, text)), MemoryGit::None);
    let data = analyse(&sources);
    let project = Project::build(sources, data);
    let mut out = Vec::new();
    pyaudit_report::model(&project, &JsonOptions::default(), &mut out).expect("memory takes it");
    let model: Value = serde_json::from_slice(&out).expect("the model is JSON");
    let functions = model["calls"]["functions"].as_array().expect("the functions are a list");
    let names: Vec<&str> = functions.iter().filter_map(|function| function["function"].as_str()).collect();
    assert_eq!(names, ["client:", "client:fetch", "main:", "main:handler"]);
    let places = json!([{ "file": "main.py", "line": 6 }, { "file": "client.py", "line": 4 }]);
    let chain = json!({ "symbol": "requests.get", "does": "network", "certain": true, "places": places });
    assert_eq!(
        functions[3],
        json!({
            "function": "main:handler", "file": "main.py", "line": 5, "colour": "async", "entry": ["route"],
            "unknown_calls": 1,
            "calls": [{
                "function": "client:fetch", "file": "main.py", "line": 6, "how": "call", "off_loop": false,
                "certain": true,
            }],
            "reaches": { "network": chain }, "blocks": [chain],
        })
    );
    assert_eq!(functions[1]["calls"][0]["symbol"], "requests.get");
    assert_eq!(functions[1]["blocks"], json!([]));
}
