//! What continuous integration runs on every change, so that its failure is seen.

use super::{Axis, Fact};
use crate::Project;
use crate::scripts::Invocation;
use crate::workflows::{Job, Program, Step, System, Workflow, unwrapped};
use pyaudit_data::Value;
use pyaudit_shell::{Command, Joined, Word};
use pyaudit_source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Something that continuous integration does, in the order of the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Purpose {
    Tests,
    Coverage,
    Lint,
    Types,
}

/// One fact for each purpose, at the first command that serves it.
pub(super) fn facts(project: &Project) -> Vec<Fact> {
    let mut found: BTreeMap<Purpose, Fact> = BTreeMap::new();
    for workflow in &project.workflows.workflows {
        for job in workflow.jobs.iter().filter(|job| always_runs(project, workflow, job)) {
            for step in project.workflows.steps(job) {
                for (purpose, fact) in served(project, step) {
                    found.entry(purpose).or_insert(fact);
                }
            }
        }
    }
    found.into_values().collect()
}

/// Whether a job runs for every change and its failure fails the change, as far as its file tells.
fn always_runs(project: &Project, workflow: &Workflow, job: &Job) -> bool {
    let Some(document) = project.files.yaml(workflow.file).first() else { return false };
    let has = |table: Option<&Value>, keys: &[&str]| keys.iter().any(|key| table.is_some_and(|t| t.get(key).is_some()));
    match workflow.system {
        System::GitHub => {
            let settings = document.at(&["jobs", &job.id]);
            is_for_changes(document.get("on")) && !has(settings, &["if", "continue-on-error"])
        }
        System::GitLab => !has(document.get(&job.id), &["when", "rules", "only", "except", "allow_failure", "extends"]),
        System::Tox => false,
    }
}

/// Whether a workflow of GitHub starts by itself when somebody pushes or asks for a merge.
fn is_for_changes(on: Option<&Value>) -> bool {
    let is_change = |event: &str| matches!(event, "push" | "pull_request");
    let Some(on) = on else { return false };
    let listed = on.strings().iter().filter_map(|event| event.as_str()).any(is_change);
    // A push of tags alone is a release.
    let for_tags = |filters: &Value| filters.get("tags").is_some() && filters.get("branches").is_none();
    listed || on.entries().iter().any(|entry| is_change(&entry.key.text) && !for_tags(&entry.value))
}

/// What a step serves, unless it may be left out or its failure is lost.
fn served(project: &Project, step: &Step) -> Vec<(Purpose, Fact)> {
    let mut found = Vec::new();
    if step.condition.is_some() || step.continue_on_error {
        return found;
    }
    let invocations = project.workflow_context().invocations(step);
    let masked = invocations.iter().filter(|invocation| !is_kept(project, invocation));
    let masked: BTreeSet<Span> =
        masked.map(|invocation| Span::new(invocation.file, invocation.command.range)).collect();
    for invocation in &invocations {
        let own = Span::new(invocation.file, invocation.command.range);
        if masked.contains(&own) || invocation.callers.iter().any(|caller| masked.contains(caller)) {
            continue;
        }
        let programs = unwrapped(&invocation.command);
        for program in &programs {
            let at = Span::new(invocation.file, program.word.range);
            found.extend(purposes(program).into_iter().map(|purpose| (purpose, fact(purpose, program.name, at))));
        }
    }
    found
}

/// Whether the failure of a command fails the text that it stands in: a script goes on after it unless `set -e` says so.
fn is_kept(project: &Project, invocation: &Invocation) -> bool {
    let stops = |command: &Command| {
        let is_option =
            |word: &Word| word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains('e');
        command.words.first().is_some_and(|word| word.text == "set") && command.words.iter().any(is_option)
    };
    let is_last = |commands: &[Command]| commands.last().is_some_and(|last| last.range == invocation.command.range);
    let script = project.scripts.shell(invocation.file);
    let goes_on = script.is_some_and(|commands| !commands.iter().any(stops) && !is_last(commands));
    invocation.command.joined == Joined::Plain && !goes_on
}

fn purposes(program: &Program<'_>) -> Vec<Purpose> {
    let has = |text: &str| program.arguments.iter().any(|word| word.text == text);
    if ["--help", "-h", "--version", "--collect-only", "--co", "--exit-zero", "--fixtures"].into_iter().any(has) {
        return Vec::new();
    }
    let first = program.arguments.first().map_or("", |word| word.text.as_str());
    let covers = program.arguments.iter().any(|word| word.text == "--cov" || word.text.starts_with("--cov="));
    match program.name {
        "pytest" | "py.test" if covers => vec![Purpose::Tests, Purpose::Coverage],
        "pytest" | "py.test" | "unittest" => vec![Purpose::Tests],
        "coverage" if first == "run" => vec![Purpose::Coverage],
        "ruff" if first == "check" => vec![Purpose::Lint],
        "flake8" | "pylint" => vec![Purpose::Lint],
        "mypy" | "pyright" | "basedpyright" => vec![Purpose::Types],
        _ => Vec::new(),
    }
}

fn fact(purpose: Purpose, tool: &str, span: Span) -> Fact {
    let (id, axis, does) = match purpose {
        Purpose::Tests => ("ci-runs-tests", Axis::Tests, "runs the tests"),
        Purpose::Coverage => ("ci-measures-coverage", Axis::Tests, "measures the coverage of the tests"),
        Purpose::Lint => ("ci-lints", Axis::Reproducibility, "lints the code"),
        Purpose::Types => ("ci-checks-types", Axis::Reproducibility, "checks types"),
    };
    Fact { id, axis, message: format!("continuous integration {does} with `{tool}`"), span }
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::facts;

    fn workflow(on: &str, job: &str, steps: &[&str]) -> Vec<String> {
        let steps = steps.join("\n      - ");
        let text = format!("on: {on}\njobs:\n  check:\n    runs-on: ubuntu-latest\n{job}    steps:\n      - {steps}\n");
        told(facts, &[(".github/workflows/ci.yml", &text)])
    }

    #[test]
    fn each_purpose_is_told_once_at_its_command() {
        let steps = ["run: uv run ruff check .", "run: poetry run pytest --cov=app", "run: mypy app", "run: pytest -x"];
        let expected = [
            "ci-runs-tests .github/workflows/ci.yml:7 continuous integration runs the tests with `pytest`",
            "ci-measures-coverage .github/workflows/ci.yml:7 continuous integration measures the coverage of the tests \
             with `pytest`",
            "ci-lints .github/workflows/ci.yml:6 continuous integration lints the code with `ruff`",
            "ci-checks-types .github/workflows/ci.yml:8 continuous integration checks types with `mypy`",
        ];
        assert_eq!(workflow("[push, pull_request]", "", &steps), expected);
        assert_eq!(workflow("{pull_request: {branches: [main]}}", "", &["run: pytest"]).len(), 1);
    }

    #[test]
    fn what_may_not_run_or_may_not_fail_is_none() {
        for step in [
            "run: pytest || true",
            "run: pytest --collect-only",
            "run: pip install pytest",
            "run: echo pytest",
            "run: ruff format .",
            "run: flake8 --exit-zero",
            "{run: pytest, if: github.actor == 'me'}",
            "{run: pytest, continue-on-error: true}",
            "uses: actions/checkout@v4",
        ] {
            assert!(workflow("push", "", &[step]).is_empty(), "{step}");
        }
        assert!(workflow("workflow_dispatch", "", &["run: pytest"]).is_empty());
        assert!(workflow("{push: {tags: ['v*']}}", "", &["run: pytest"]).is_empty());
        assert!(workflow("push", "    if: false\n", &["run: pytest"]).is_empty());
    }

    #[test]
    fn a_script_must_stop_at_a_failure() {
        let with = |script: &str, run: &str| {
            let text = format!("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: {run}\n");
            told(facts, &[(".github/workflows/ci.yml", &text), ("scripts/test.sh", script)])
        };
        assert_eq!(with("set -e\npytest\necho done\n", "bash scripts/test.sh").len(), 1);
        assert_eq!(with("echo start\npytest\n", "bash scripts/test.sh").len(), 1);
        assert!(with("pytest\necho done\n", "bash scripts/test.sh").is_empty());
        assert!(with("set -e\npytest\n", "bash scripts/test.sh || true").is_empty());
    }

    #[test]
    fn gitlab_is_read_and_tox_alone_is_no_integration() {
        let gitlab = "check:\n  image: python:3.12\n  script:\n    - pytest\n";
        assert_eq!(told(facts, &[(".gitlab-ci.yml", gitlab)]).len(), 1);
        let by_hand = format!("{gitlab}  when: manual\n");
        assert!(told(facts, &[(".gitlab-ci.yml", &by_hand)]).is_empty());
        assert!(told(facts, &[("tox.ini", "[testenv]\ndeps = pytest\ncommands = pytest\n")]).is_empty());
    }
}
