//! The functions that run when a route is answered.

mod common;

const TEXT: &str = "from fastapi import Depends, FastAPI\napp = FastAPI()\n\
    def user():\n    return load('u')\n\
    def load(name):\n    return far(name)\n\
    def far(name):\n    return name.Strip()\n\
    def unused():\n    pass\n\
    @app.get('/a')\ndef a(who=Depends(user)):\n    return helper('state')\n\
    def helper(x):\n    return x\n";

#[test]
fn dependencies_and_calls_are_followed_as_deep_as_asked() {
    let project = common::project(&[("app/main.py", TEXT)]);
    let module = project.modules.iter().next().expect("one module");
    let (handler, _) = project.handlers_in(module)[0];
    let names = |depth| -> Vec<String> {
        let behind = project.functions_behind(module.id, handler, depth);
        let mut names: Vec<String> = behind.iter().filter_map(|(module, id)| module.python.qualname(*id)).collect();
        names.sort();
        names
    };
    assert_eq!(names(0), ["a"]);
    assert_eq!(names(1), ["a", "helper", "user"]);
    assert_eq!(names(3), ["a", "far", "helper", "load", "user"]);
    let called = project.names_called(&project.functions_behind(module.id, handler, 3));
    assert!(called.contains("strip") && called.contains("helper"));
    let strings: Vec<&str> = module.strings_in(handler).into_iter().map(|(_, text)| text).collect();
    assert_eq!(strings, ["state"]);
    assert_eq!(module.calls_named_in(handler, &["helper", "load"]).len(), 1);
}
