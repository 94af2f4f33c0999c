//! The check `unpinned-dependency`.

use crate::{distinct, listed};
use pyaudit_check::project::dependencies::{Declared, Group, Manifest, ManifestKind, Pin, Purpose};
use pyaudit_check::{Findings, Project, Role, Severity, check};

check! {
    /// ## What it does
    /// Finds requirements of an application whose version nothing settles: neither the requirement itself (`==1.2.3`, a
    /// commit) nor a lock, a constraints file or a compiled list beside it. One finding a manifest. When all of them
    /// are ranges with an upper bound (`^1.2`, `>=1,<2`), the severity is low.
    ///
    /// ## Why it matters
    /// Two installations of the same commit get different code. A release of somebody else breaks the build, or changes
    /// what production runs, without a change in the repository, and going back to an older commit does not bring the
    /// older versions back.
    ///
    /// ## How to fix
    /// Keep ranges in the manifest and commit a lock: `uv lock`, `poetry lock`, `pdm lock`, `pipenv lock`, or
    /// `pip-compile requirements.in`. Or pin each requirement with `==`.
    ///
    /// ## Limits
    /// A library states ranges so that it can be installed beside others, and stays silent: a package with build
    /// instructions and without a server among its requirements, a lock, a container or a deployment manifest. Test and
    /// development tools belong to `unpinned-test-dependency`; `[build-system]`, lists for documentation and manifests of
    /// tests and examples are left alone, and so are templates for new projects. What a `setup.py` computes is not known. A manifest beside a lock that could
    /// not be read stays silent.
    id: "unpinned-dependency",
    summary: "nothing settles the version of a dependency",
    area: Dependencies,
    axis: Reproducibility,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://pip.pypa.io/en/stable/topics/repeatable-installs/",
        "https://docs.astral.sh/uv/concepts/projects/sync/",
    ],
    run: Project(run),
}

fn message(file: &str, unpinned: &[&str], all: usize) -> String {
    let noun = if all == 1 { "dependency" } else { "dependencies" };
    format!("nothing settles the version of {} of {all} {noun} in `{file}`: {}", unpinned.len(), listed(unpinned))
}

fn label(declared: &Declared) -> String {
    let what = match declared.pin {
        Pin::Unconstrained => "no version",
        Pin::Lower => "a lower bound alone",
        Pin::Moving => "a repository without a commit",
        _ => "a range",
    };
    format!("`{}` has {what}", declared.distribution)
}

fn run(project: &Project, findings: &mut Findings) {
    for manifest in project.dependencies.shipped(&project.sources) {
        let source = project.sources.file(manifest.file);
        let unread = project.dependencies.unread_near(&project.sources, &manifest.directory);
        if source.role == Role::Test || unread || manifest.library || manifest.compiled || !lists_dependencies(manifest)
        {
            continue;
        }
        let all: Vec<&Declared> = manifest.declared.iter().filter(|declared| is_runtime(declared)).collect();
        findings.examined(all.len());
        let unpinned: Vec<&Declared> = all.iter().copied().filter(|declared| !declared.is_pinned()).collect();
        let Some((first, others)) = unpinned.split_first() else { continue };
        let names = distinct(unpinned.iter().map(|declared| declared.distribution.as_str()));
        let count = distinct(all.iter().map(|declared| declared.distribution.as_str())).len();
        let finding = findings.report(first.name, message(&source.path, &names, count));
        finding.subject(&source.path).help("commit a lock file, or pin each with `==`");
        for declared in others {
            finding.related(declared.name, label(declared));
        }
        if !unpinned.iter().any(|declared| declared.pin.is_open()) {
            finding.severity(Severity::Low);
        }
    }
}

/// Constraints declare nothing, and what tox installs serves tests.
fn lists_dependencies(manifest: &Manifest) -> bool {
    !matches!(manifest.kind, ManifestKind::Constraints | ManifestKind::Tox)
}

fn is_runtime(declared: &Declared) -> bool {
    declared.purpose == Purpose::Runtime && declared.group != Group::Build && !declared.distribution.is_empty()
}
