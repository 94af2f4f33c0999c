//! The check `unpinned-test-dependency`.

use pyaudit_check::project::dependencies::{Declared, Group, Manifest, ManifestKind, Purpose};
use pyaudit_check::project::workflows::Workflow;
use pyaudit_check::{Findings, Project, Severity, Span, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds test and development tools whose version nothing settles: in the lists for tests and development of any
    /// manifest (`requirements-dev.txt`, dependency groups, extras, hatch and tox environments), among the runtime
    /// requirements, and in commands of workflows (`pip install pytest`). One finding a manifest or workflow.
    ///
    /// ## Why it matters
    /// A new release of pytest, a plugin or a linter turns a green build red without a change in the repository, and
    /// nobody can run the tests as they ran a year ago.
    ///
    /// ## How to fix
    /// Let the lock of the application cover the group (`uv lock`, `poetry lock`), or pin each tool with `==`. Install
    /// from that list in workflows, instead of naming tools there.
    ///
    /// ## Limits
    /// Ranges with an upper bound, environments of tox, commands of workflows and the tools of a library are of low
    /// severity. A tool that a workflow names is silent when any manifest or lock of the repository settles its version.
    /// Lists for documentation and templates for new projects are left alone.
    id: "unpinned-test-dependency",
    summary: "nothing settles the version of a test or development tool",
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
    let shown: BTreeSet<&str> = names.iter().copied().collect();
    let mut listed: Vec<String> = shown.iter().take(5).map(|name| format!("`{name}`")).collect();
    if shown.len() > 5 {
        listed.push(format!("{} more", shown.len() - 5));
    }
    let noun = if shown.len() == 1 { "tool" } else { "tools" };
    format!(
        "nothing settles the version of {} test or development {noun} in `{file}`: {}",
        shown.len(),
        listed.join(", ")
    )
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
    let tools: Vec<&Declared> = manifest.declared.iter().filter(|declared| is_tool(declared)).collect();
    findings.examined(tools.len());
    let unpinned: Vec<&Declared> = tools.into_iter().filter(|declared| !declared.is_pinned()).collect();
    let names: Vec<&str> = unpinned.iter().map(|declared| declared.distribution.as_str()).collect();
    let places: Vec<(&str, Span)> = names.iter().copied().zip(unpinned.iter().map(|declared| declared.name)).collect();
    let open = unpinned.iter().any(|declared| declared.pin.is_open());
    let low = manifest.library || manifest.kind == ManifestKind::Tox || !open;
    report(findings, source.name(), &places, low);
}

fn is_tool(declared: &Declared) -> bool {
    let serves = matches!(declared.purpose, Purpose::Test | Purpose::Development);
    serves && declared.group != Group::Build && !declared.distribution.is_empty()
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
        report(findings, project.sources.file(workflow.file).name(), &places, true);
    }
}

fn report(findings: &mut Findings, file: &str, places: &[(&str, Span)], low: bool) {
    let Some(((_, first), others)) = places.split_first() else { return };
    let names: Vec<&str> = places.iter().map(|(name, _)| *name).collect();
    let finding = findings.report(*first, message(file, &names));
    finding.subject(file).help("let the lock file cover it, or pin it with `==`");
    for (name, span) in others {
        finding.related(*span, format!("`{name}` is not settled either"));
    }
    if low {
        finding.severity(Severity::Low);
    }
}
