//! What is found of texts that are no valid Python.

use pyaudit_python::{Module, StmtKind, parse};

/// The qualified names of the functions and classes, in order of the source.
fn definitions(module: &Module) -> Vec<String> {
    let defined = |kind: &StmtKind| matches!(kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_));
    let mut found: Vec<_> = module.syntax.stmts().filter(|(_, stmt)| defined(&stmt.kind)).collect();
    found.sort_by_key(|(_, stmt)| stmt.range);
    found.into_iter().filter_map(|(id, _)| module.qualname(id)).collect()
}

/// Asserts which definitions are found, and that a problem is told.
#[track_caller]
fn finds(text: &str, expected: &[&str], problem: &str) {
    let module = parse(text);
    assert_eq!(definitions(&module), expected, "{text}");
    let messages: Vec<_> = module.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert!(messages.contains(&problem), "{text}: {messages:?}");
}

#[test]
fn a_class_goes_on_after_a_tag_of_a_template() {
    let message = "a tag of a template stands here";
    finds("class A:\n    def f(self): pass\n{% if x %}\n    def g(self): pass\n", &["A", "A.f", "A.g"], message);
    finds("class A:\n    {%- if x -%}  \n    def f(self): pass\n", &["A", "A.f"], message);
    finds("x = [\n    1,\n{% if x %}\n]\ndef f(): pass\n", &["f"], message);
}

#[test]
fn a_class_goes_on_after_a_stray_line() {
    let message = "unexpected dedent";
    finds("class A:\n    def f(self): pass\n{{ x }}\n    def g(self): pass\n", &["A", "A.f", "A.g"], message);
    finds("class A:\n{{ x }}\n    def f(self): pass\n", &["A", "A.f"], message);
    finds(
        "class A:\n  def f(self):\n    if a:\n      b\nx = 1\ny = 2\n    c\n  def g(self): pass\n",
        &["A", "A.f", "A.g"],
        message,
    );
}

#[test]
fn what_stands_at_the_margin_ends_a_class() {
    let module = parse("class A:\n    def f(self): pass\nx = 1\ndef g(): pass\n");
    assert_eq!(definitions(&module), ["A", "A.f", "g"]);
    assert!(module.problems.is_empty());
}

#[test]
fn an_indented_line_is_a_problem() {
    finds("def f(): pass\n    x = 1\ndef g(): pass\n", &["f", "g"], "unexpected indent");
    finds("    x = 1\n", &[], "unexpected indent");
}

#[test]
fn a_merge_leaves_definitions_alone() {
    let text =
        "class A:\n    def f(self):\n<<<<<<< HEAD\n        a\n=======\n        b\n>>>>>>> x\n    def g(self): pass\n";
    assert_eq!(definitions(&parse(text)), ["A", "A.f", "A.g"]);
}

#[test]
fn a_header_is_repaired() {
    finds("class A\n    def f(self): pass\n", &["A", "A.f"], "invalid syntax");
    finds(
        "class A:\n    def f(self, a=:\n        pass\n    def g(self): pass\n",
        &["A", "A.f", "A.g"],
        "invalid syntax",
    );
}

#[test]
fn an_open_string_ends_with_its_line() {
    finds("def f():\n    x = 'a\ndef g(): pass\n", &["f", "g"], "a string is never closed");
}

#[test]
fn an_open_bracket_ends_before_a_statement() {
    finds("def f():\n    x = (1,\ndef g(): pass\n", &["f", "g"], "`(` is never closed");
}
