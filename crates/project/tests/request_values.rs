//! Texts of a client followed from a handler to a call.

mod common;

use pyaudit_python::ExprKind;

/// The text and the number of calls in between, for each call of `sink` that a text reaches from `handler`.
fn reached(body: &str) -> Vec<(String, usize, bool)> {
    let text = format!(
        "from fastapi import FastAPI, UploadFile\nfrom pydantic import BaseModel\napp = FastAPI()\n\
         class Order(BaseModel):\n    folder: str\n    count: int\n\
         class Store:\n    def keep(self, given):\n        sink(given)\n\
         def inner(given):\n    sink(f'/data/{{given}}')\n{body}"
    );
    let project = common::project(&[("app/main.py", &text)]);
    let module = project.modules.iter().next().expect("one module");
    let sinks = |module: &pyaudit_project::Module, call| match &module.python.syntax.expr(call).kind {
        ExprKind::Call { func, args, .. } if project.sources.slice(module.span_of(*func)) == "sink" => args.to_vec(),
        _ => Vec::new(),
    };
    let (handler, _) = project.handlers_in(module)[0];
    let reaches = project.request_reaches(module, handler, &sinks);
    reaches.into_iter().map(|it| (it.value.name, it.through.len(), it.value.may_hold_slash)).collect()
}

fn of(name: &str, through: usize, may_hold_slash: bool) -> Vec<(String, usize, bool)> {
    vec![(name.to_owned(), through, may_hold_slash)]
}

#[test]
fn texts_are_followed_through_names_fields_and_calls() {
    assert_eq!(
        reached("@app.get('/a')\ndef a(name: str):\n    path = 'x/' + name\n    sink(path)\n"),
        of("name", 0, true)
    );
    assert_eq!(reached("@app.post('/a')\ndef a(o: Order):\n    inner(o.folder)\n"), of("o.folder", 1, true));
    assert_eq!(
        reached("@app.post('/a')\ndef a(f: UploadFile):\n    Store().keep(f.filename)\n"),
        of("f.filename", 1, true)
    );
    assert_eq!(reached("@app.get('/a/{b}')\ndef a(b: str):\n    sink(b)\n"), of("b", 0, false));
}

#[test]
fn a_text_that_was_looked_at_is_left_alone() {
    assert_eq!(reached("@app.get('/a')\ndef a(name: str):\n    if name in KNOWN:\n        sink(name)\n"), []);
    assert_eq!(reached("@app.get('/a')\ndef a(name: str):\n    check_name(name)\n    sink(name)\n"), []);
    assert_eq!(reached("@app.get('/a')\ndef a(name: str):\n    sink(cleaned(name))\n"), []);
    assert_eq!(reached("@app.post('/a')\ndef a(o: Order):\n    sink(o.count)\n"), []);
}
