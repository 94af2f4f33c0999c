//! Calls found by the last name of what is called.

mod common;

use pyaudit_project::Project;

fn project(text: &str) -> Project {
    common::project(&[("app/main.py", text)])
}

/// What is called, and the text of the argument `secure`, for each call of `set_cookie`.
fn found(text: &str) -> Vec<(String, Option<String>)> {
    let project = project(text);
    let module = project.modules.iter().next().expect("one module");
    let calls = module.calls_named(&["set_cookie"]);
    let told = |expr| project.sources.slice(module.span_of(expr)).to_owned();
    calls.iter().map(|call| (told(call.func), call.argument(&project, "secure", 2).map(told))).collect()
}

#[test]
fn methods_and_renamed_imports_are_found_by_their_own_name() {
    let calls =
        found("from web import set_cookie as put\nresponse.set_cookie('a', 'b')\nput('a', 'b')\nput_not('a')\n");
    assert_eq!(calls, [("response.set_cookie".to_owned(), None), ("put".to_owned(), None)]);
}

#[test]
fn an_argument_is_read_by_name_by_place_and_from_a_dict() {
    let calls = found(
        "options = {'secure': first()}\nr.set_cookie('a', **options)\nr.set_cookie('a', 'b', second)\n\
         r.set_cookie(secure=third)\nr.set_cookie(*everything, 1, 2)\n",
    );
    let told: Vec<Option<&str>> = calls.iter().map(|(_, argument)| argument.as_deref()).collect();
    assert_eq!(told, [Some("first()"), Some("second"), Some("third"), None]);
}
