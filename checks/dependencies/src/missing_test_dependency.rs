//! The check `missing-test-dependency`.

use pyaudit_check::project::workflows::{Availability, Job, System, ToolRun, Workflow};
use pyaudit_check::{Findings, Project, Span, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds tools that a CI job or a tox environment runs and does not install: pytest and its plugins (from options on
    /// the command line and in `addopts`), coverage, linters, type checkers, alembic. The job is followed step by step:
    /// pip, uv, Poetry, PDM, Pipenv, hatch and conda with their files, groups and extras, actions that bring tools,
    /// composite actions, scripts and make targets of the repository.
    ///
    /// ## Why it matters
    /// The step fails with "command not found", or passes by luck because the runner's image or a cache happens to hold
    /// the tool. Tests that look as if they ran may not.
    ///
    /// ## How to fix
    /// Declare the tool in the list that the job installs, or install that list in the job.
    ///
    /// ## Limits
    /// Whatever cannot be followed makes the rest of a job unknown, and the check silent: self-hosted runners, images
    /// other than Python's own, third-party actions, task runners, scripts that the repository does not hold, variables in
    /// `pip install`, checkouts of other repositories. Conditions are taken to hold. What a distribution needs is known
    /// from a lock, or from a short table of plugins. Nothing is said when a manifest or lock could not be read.
    id: "missing-test-dependency",
    summary: "a CI job runs a tool that it does not install",
    area: Dependencies,
    axis: Reproducibility,
    severity: High,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.github.com/en/actions/tutorials/build-and-test-code/python",
        "https://docs.pytest.org/en/stable/reference/customize.html",
    ],
    run: Project(run),
}

fn message(run: &ToolRun, workflow: &Workflow, job: &Job) -> String {
    let place = match workflow.system {
        System::Tox => "tox environment",
        System::GitHub | System::GitLab => "job",
    };
    format!("{place} `{}` uses `{}`, and nothing in it installs `{}`", job.id, run.tool, run.distribution)
}

fn run(project: &Project, findings: &mut Findings) {
    if !project.dependencies.unread.is_empty() {
        return;
    }
    let context = project.workflow_context();
    let mut reported: BTreeSet<(Span, &str)> = BTreeSet::new();
    for workflow in &project.workflows.workflows {
        for job in &workflow.jobs {
            let runs = context.tool_runs(job);
            findings.examined(runs.iter().filter(|run| run.availability != Availability::Unknown).count());
            for same in missing(&runs) {
                // A composite action that two jobs use is one place to fix.
                if reported.insert((same[0].span, same[0].distribution)) {
                    report(&same, workflow, job, findings);
                }
            }
        }
    }
}

/// The runs of missing tools, those of one distribution together, in order of their first run.
fn missing(runs: &[ToolRun]) -> Vec<Vec<&ToolRun>> {
    let mut found: Vec<Vec<&ToolRun>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.availability == Availability::Missing) {
        let at = *places.entry(run.distribution).or_insert(found.len());
        match found.get_mut(at) {
            Some(same) => same.push(run),
            None => found.push(vec![run]),
        }
    }
    found
}

fn report(same: &[&ToolRun], workflow: &Workflow, job: &Job, findings: &mut Findings) {
    let Some((first, others)) = same.split_first() else { return };
    let finding = findings.report(first.span, message(first, workflow, job));
    finding.subject(format!("{} in {}", first.distribution, job.id));
    finding.help(format!("add `{}` to what the job installs", first.distribution));
    if let Some(configured) = first.configured {
        finding.related(configured, format!("`{}` is configured here", first.tool));
    }
    for install in &first.installs {
        finding.related(*install, "installs other things");
    }
    for other in others {
        finding.related(other.span, "is used again");
    }
}
