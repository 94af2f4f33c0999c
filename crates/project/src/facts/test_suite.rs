//! Tests that are there.

use super::{Axis, Fact, counted};
use crate::{Module, Project};
use pyaudit_python::{ExprKind, FunctionDef, StmtId, StmtKind, Syntax};
use pyaudit_source::{Role, Span};

/// One fact for the repository: how many test functions it has.
pub(super) fn facts(project: &Project) -> Vec<Fact> {
    let suites = project.modules.iter().filter(|module| is_collected(project, module));
    let counts: Vec<(Span, usize)> = suites
        .map(|module| (Span::file(module.file), tests(&module.python.syntax, &module.python.syntax.body)))
        .filter(|&(_, count)| count > 0)
        .collect();
    let all = counts.iter().map(|(_, count)| count).sum();
    let fact = |&(span, _): &(Span, usize)| Fact {
        id: "tests-present",
        axis: Axis::Tests,
        message: format!("there are tests: {} in {}", counted(all, "function"), counted(counts.len(), "file")),
        span,
    };
    counts.first().map(fact).into_iter().collect()
}

/// Whether pytest collects the module by its name:
/// <https://docs.pytest.org/en/stable/explanation/goodpractices.html#conventions-for-python-test-discovery>.
fn is_collected(project: &Project, module: &Module) -> bool {
    let name = project.sources.file(module.file).name();
    module.role == Role::Test && name.ends_with(".py") && (name.starts_with("test_") || name.ends_with("_test.py"))
}

/// The test functions of a module, and the test methods of its classes.
fn tests(syntax: &Syntax, body: &[StmtId]) -> usize {
    let in_class = |id: StmtId| match &syntax.stmt(id).kind {
        StmtKind::ClassDef(class) => class.body.iter().filter(|&&method| is_test(syntax, method)).count(),
        _ => usize::from(is_test(syntax, id)),
    };
    body.iter().map(|&id| in_class(id)).sum()
}

fn is_test(syntax: &Syntax, id: StmtId) -> bool {
    let StmtKind::FunctionDef(function) = &syntax.stmt(id).kind else { return false };
    syntax.identifier(function.name).starts_with("test") && !is_fixture(syntax, function)
}

fn is_fixture(syntax: &Syntax, function: &FunctionDef) -> bool {
    function.decorators.iter().any(|&decorator| {
        let named = match syntax.expr(decorator).kind {
            ExprKind::Call { func, .. } => func,
            _ => decorator,
        };
        match syntax.expr(named).kind {
            ExprKind::Name { id, .. } => syntax.name(id) == "fixture",
            ExprKind::Attribute { attr, .. } => syntax.identifier(attr) == "fixture",
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::facts;

    #[test]
    fn functions_and_methods_are_counted() {
        let text = "def test_a(): pass\nclass TestB:\n    async def test_c(self): pass\n    def help(self): pass\n";
        let expected = ["tests-present tests/test_a.py there are tests: 3 functions in 2 files"];
        assert_eq!(told(facts, &[("tests/test_a.py", text), ("tests/test_b.py", "def test_d(): pass\n")]), expected);
    }

    #[test]
    fn fixtures_helpers_and_empty_files_are_none() {
        let fixture = "import pytest\n@pytest.fixture(scope='module')\ndef test_client(): pass\n";
        assert!(told(facts, &[("tests/test_a.py", fixture), ("tests/test_b.py", "")]).is_empty());
        assert!(told(facts, &[("tests/conftest.py", "def test_client(): pass\n")]).is_empty());
        assert!(told(facts, &[("app/main.py", "def test_connection(): pass\n")]).is_empty());
    }
}
