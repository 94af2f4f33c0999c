//! The check `unpinned-test-dependency`.

use crate::{distinct, listed};
use pyaudit_check::project::dependencies::{Declared, Group, Manifest, ManifestKind, Purpose};
use pyaudit_check::project::workflows::Workflow;
use pyaudit_check::{Findings, Project, Severity, Span, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds requirements for tests and development whose version nothing settles: in the lists for these of any manifest
    /// (`requirements-dev.txt`, dependency groups, extras, hatch and tox environments), among the runtime
    /// requirements, and in commands of workflows (`pip install pytest`). One finding a manifest or workflow.
    ///
    /// ## Why it matters
    /// A new release of pytest, a plugin or a linter turns a green build red without a change in the repository, and
    /// nobody can run the tests as they ran a year ago.
    ///
    /// ## How to fix
    /// Let the lock of the application cover the group (`uv lock`, `poetry lock`), or pin each tool with `==`. Install
    /// from that list in workflows, instead of naming tools there. A library keeps its ranges, and settles the versions of
    /// its test environment in a lock or constraints file.
    ///
    /// ## Limits
    /// Ranges with an upper bound, environments of tox, commands of workflows and the tools of a library are of low
    /// severity. A tool that a workflow names is silent when any manifest or lock of the repository settles its version.
    /// Lists for documentation and templates for new projects are left alone, and so are an extra of a library that is named
    /// after a distribution in it (`mypy` for a plugin of mypy) and what the application itself needs as well.
    id: "unpinned-test-dependency",
    summary: "nothing settles the version of a test or development requirement",
    area: Dependencies,
    axis: Reproducibility,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://pip.pypa.io/en/stable/topics/repeatable-installs/",
        "https://packaging.python.org/en/latest/specifications/dependency-groups/",
    ],
    run: Project(run),
}

fn message(file: &str, names: &[&str]) -> String {
    let noun = if names.len() == 1 { "requirement" } else { "requirements" };
    format!("nothing settles the version of {} test or development {noun} in `{file}`: {}", names.len(), listed(names))
}

fn run(project: &Project, findings: &mut Findings) {
    for manifest in project.dependencies.shipped(&project.sources) {
        manifest_tools(project, manifest, findings);
    }
    for workflow in &project.workflows.workflows {
        workflow_tools(project, workflow, findings);
    }
}

fn manifest_tools(project: &Project, manifest: &Manifest, findings: &mut Findings) {
    let source = project.sources.file(manifest.file);
    let unread = project.dependencies.unread_near(&project.sources, &manifest.directory);
    if unread || manifest.compiled || manifest.kind == ManifestKind::Constraints {
        return;
    }
    let (needed, features) = (needed_to_run(manifest), features(manifest));
    let tools = manifest.declared.iter().filter(|declared| is_tool(declared) && !features.contains(&declared.group));
    let tools: Vec<&Declared> = tools.filter(|declared| !needed.contains(declared.distribution.as_str())).collect();
    findings.examined(tools.len());
    let unpinned: Vec<&Declared> = tools.into_iter().filter(|declared| !declared.is_pinned()).collect();
    let names: Vec<&str> = unpinned.iter().map(|declared| declared.distribution.as_str()).collect();
    let places: Vec<(&str, Span)> = names.iter().copied().zip(unpinned.iter().map(|declared| declared.name)).collect();
    let open = unpinned.iter().any(|declared| declared.pin.is_open());
    let low = manifest.library || manifest.kind == ManifestKind::Tox || !open;
    report(findings, &source.path, &places, low, if manifest.library { LIBRARY_HELP } else { HELP });
}

const HELP: &str = "let the lock file cover it, or pin it with `==`";

const LIBRARY_HELP: &str = "settle the versions of the test environment in a lock or constraints file";

fn is_tool(declared: &Declared) -> bool {
    let serves = matches!(declared.purpose, Purpose::Test | Purpose::Development);
    serves && declared.group != Group::Build && !declared.distribution.is_empty()
}

/// What the application itself needs as well: its version is the affair of `unpinned-dependency`.
fn needed_to_run(manifest: &Manifest) -> BTreeSet<&str> {
    let runtime = |each: &&Declared| each.group == Group::Runtime && each.purpose == Purpose::Runtime;
    manifest.declared.iter().filter(runtime).map(|each| each.distribution.as_str()).collect()
}

/// The extras that offer something to the users of a library: those named after a distribution that they list.
fn features(manifest: &Manifest) -> BTreeSet<&Group> {
    let offers = |each: &&Declared| matches!(&each.group, Group::Extra(extra) if *extra == each.distribution);
    manifest.declared.iter().filter(|each| manifest.library && offers(each)).map(|each| &each.group).collect()
}

fn workflow_tools(project: &Project, workflow: &Workflow, findings: &mut Findings) {
    let context = project.workflow_context();
    let steps = workflow.jobs.iter().flat_map(|job| project.workflows.steps(job));
    let installed: Vec<(String, Span)> = steps.flat_map(|step| context.unsettled_tools(step)).collect();
    findings.examined(installed.len());
    // A script or an action of the repository that several steps call is one place.
    let mut seen = BTreeSet::new();
    let places = installed.iter().filter(|(_, span)| seen.insert(*span));
    let places: Vec<(&str, Span)> = places.map(|(name, span)| (name.as_str(), *span)).collect();
    if project.dependencies.unread.is_empty() {
        let library = project.dependencies.manifests.iter().any(|each| each.library && each.directory.is_empty());
        let help = if library { LIBRARY_HELP } else { HELP };
        report(findings, &project.sources.file(workflow.file).path, &places, true, help);
    }
}

fn report(findings: &mut Findings, file: &str, places: &[(&str, Span)], low: bool, help: &str) {
    let Some(((_, first), others)) = places.split_first() else { return };
    let names = distinct(places.iter().map(|(name, _)| *name));
    let finding = findings.report(*first, message(file, &names));
    finding.subject(file).help(help);
    for (name, span) in others {
        finding.related(*span, format!("`{name}` is not settled either"));
    }
    if low {
        finding.severity(Severity::Low);
    }
}
