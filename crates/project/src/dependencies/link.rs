//! The joins between manifests and locks: what pins a requirement, and what is a library.

use super::{Declared, Dependencies, Group, Lock, LockKind, Manifest, ManifestKind, Purpose};
use crate::paths;
use pyaudit_source::{FileId, Phase, Problem, Sources};
use std::collections::{BTreeMap, BTreeSet};

/// Servers that an application runs under and a library leaves to whoever uses it.
const SERVERS: &[&str] = &["uvicorn", "gunicorn", "hypercorn", "granian", "daphne", "uwsgi", "waitress"];

/// Distributions that only serve to test or to develop, wherever they are declared.
const TEST_TOOLS: &[&str] = &[
    "pytest",
    "coverage",
    "tox",
    "nox",
    "hypothesis",
    "factory-boy",
    "faker",
    "respx",
    "responses",
    "freezegun",
    "time-machine",
    "testcontainers",
    "vcrpy",
    "mutmut",
    "schemathesis",
    "locust",
];

/// Linters, formatters and type checkers.
const DEVELOPMENT_TOOLS: &[&str] = &[
    "ruff",
    "black",
    "flake8",
    "isort",
    "mypy",
    "pyright",
    "pylint",
    "bandit",
    "safety",
    "pip-audit",
    "pre-commit",
    "autoflake",
    "autopep8",
    "pycodestyle",
    "pyflakes",
    "pydocstyle",
    "vulture",
    "ipdb",
    "ipython",
];

pub(super) fn link(dependencies: &mut Dependencies, sources: &Sources) {
    dependencies.problems = missing_includes(&dependencies.manifests, sources);
    constraints(dependencies);
    let pinned = pins(dependencies);
    let libraries: Vec<bool> =
        dependencies.manifests.iter().map(|manifest| is_library(manifest, dependencies, sources)).collect();
    for ((manifest, pins), library) in dependencies.manifests.iter_mut().zip(pinned).zip(libraries) {
        manifest.library = library;
        for (declared, pinned_by) in manifest.declared.iter_mut().zip(pins) {
            declared.pinned_by = pinned_by;
            declared.purpose = purpose(declared);
        }
    }
}

/// What a requirement is for: a test tool serves the tests, whatever list it stands in.
fn purpose(declared: &Declared) -> Purpose {
    match declared.purpose {
        Purpose::Runtime => Purpose::of_distribution(&declared.distribution),
        other => other,
    }
}

impl Purpose {
    /// What a distribution serves, by its normalised name: `Runtime` for all but well-known tools.
    pub fn of_distribution(name: &str) -> Self {
        if TEST_TOOLS.contains(&name) || name.starts_with("pytest-") {
            Self::Test
        } else if DEVELOPMENT_TOOLS.contains(&name) || name.starts_with("flake8-") {
            Self::Development
        } else {
            Self::Runtime
        }
    }
}

fn missing_includes(manifests: &[Manifest], sources: &Sources) -> Vec<Problem> {
    let includes = manifests.iter().flat_map(|manifest| &manifest.includes);
    let missing = includes.filter(|include| include.target.is_none());
    missing
        .filter_map(|include| {
            let path = sources.slice(include.span);
            // What a variable or another host stands for is not known to be missing.
            let local = !path.contains(['$', '{']) && !path.contains("://");
            local.then(|| Problem {
                span: Some(include.span),
                path: None,
                phase: Phase::Link,
                message: format!("`{path}` is not in the repository"),
            })
        })
        .collect()
}

/// A requirements file that others only name with `-c` is a constraints file, whatever its name.
fn constraints(dependencies: &mut Dependencies) {
    let named = |constraint: bool| -> BTreeSet<FileId> {
        let includes = dependencies.manifests.iter().flat_map(|manifest| &manifest.includes);
        includes.filter(|include| include.constraint == constraint).filter_map(|include| include.target).collect()
    };
    let (only_constraints, included) = (named(true), named(false));
    for manifest in &mut dependencies.manifests {
        if only_constraints.contains(&manifest.file) && !included.contains(&manifest.file) {
            manifest.kind = ManifestKind::Constraints;
        }
    }
}

/// For each requirement of each manifest the file that settles its version, where it does not do so itself.
fn pins(dependencies: &Dependencies) -> Vec<Vec<Option<FileId>>> {
    let manifests = &dependencies.manifests;
    manifests
        .iter()
        .map(|manifest| {
            let pins = Pins::of(manifest, dependencies);
            manifest.declared.iter().map(|declared| pins.of_requirement(declared)).collect()
        })
        .collect()
}

/// What settles versions for one manifest: its locks, and the exact pins of the files that belong to it.
struct Pins<'a> {
    locks: Vec<&'a Lock>,
    exact: BTreeMap<&'a str, FileId>,
}

impl<'a> Pins<'a> {
    fn of(manifest: &'a Manifest, dependencies: &'a Dependencies) -> Self {
        let locks = dependencies.locks_around(&manifest.directory);
        let locks = locks.filter(|lock| locks_manifest(lock, manifest)).collect();
        let mut exact = BTreeMap::new();
        let included = dependencies.with_includes(manifest.file);
        let constrained = included.iter().flat_map(|each| &each.includes).filter(|include| include.constraint);
        let constraints = constrained.filter_map(|include| dependencies.manifest(include.target?));
        let beside = dependencies.manifests.iter().filter(|other| is_full_list_for(other, manifest));
        for other in included.iter().copied().chain(constraints).chain(beside) {
            let settled = other.declared.iter().filter(|declared| declared.pin.is_settled());
            exact.extend(settled.map(|declared| (declared.distribution.as_str(), other.file)));
        }
        Self { locks, exact }
    }

    fn of_requirement(&self, declared: &Declared) -> Option<FileId> {
        let name = declared.distribution.as_str();
        if declared.pin.is_settled() || name.is_empty() {
            return None;
        }
        let lock = self.locks.iter().find(|lock| lock.packages.contains_key(name)).map(|lock| lock.file);
        lock.or_else(|| self.exact.get(name).copied())
    }
}

/// Whether a lock is the lock of this manifest: of the same tool, beside it, or at the root of its workspace.
fn locks_manifest(lock: &Lock, manifest: &Manifest) -> bool {
    let kind_fits = match manifest.kind {
        ManifestKind::Pyproject => lock.kind != LockKind::Pipenv,
        ManifestKind::Pipfile => lock.kind == LockKind::Pipenv,
        ManifestKind::SetupPy | ManifestKind::SetupCfg => lock.kind != LockKind::Poetry,
        _ => false,
    };
    let member =
        manifest.project.name.as_ref().and_then(|name| lock.packages.get(name)).is_some_and(|each| each.member);
    kind_fits && (lock.directory == manifest.directory || member)
}

/// Whether a requirements file is the full list of what is installed for another manifest: compiled or frozen, in the
/// same directory, and for requirements files of the same name (`requirements.in`, `requirements.txt`).
fn is_full_list_for(list: &Manifest, manifest: &Manifest) -> bool {
    if list.file == manifest.file || list.directory != manifest.directory {
        return false;
    }
    match list.kind {
        ManifestKind::Constraints => manifest.kind == ManifestKind::Requirements,
        ManifestKind::Requirements => list.compiled || is_frozen(list),
        _ => false,
    }
}

/// Whether every requirement of a file is settled, as `pip freeze` writes them.
fn is_frozen(list: &Manifest) -> bool {
    !list.declared.is_empty() && list.declared.iter().all(|declared| declared.pin.is_settled())
}

/// Whether a manifest describes a library: a package that says how it is built, that is not private, has no lock and
/// no server among its dependencies, and beside which nothing is deployed.
fn is_library(manifest: &Manifest, dependencies: &Dependencies, sources: &Sources) -> bool {
    let describes = |each: &Manifest| {
        matches!(each.kind, ManifestKind::Pyproject | ManifestKind::SetupPy | ManifestKind::SetupCfg)
            && each.project.built
    };
    // The files beside a library's manifest, or below it, serve the library.
    let owners = paths::ancestors(&manifest.directory);
    let owner = owners
        .flat_map(|at| dependencies.manifests.iter().filter(move |each| each.directory == at))
        .find(|each| describes(each));
    let Some(owner) = owner else { return false };
    let beside = || dependencies.manifests.iter().filter(|each| each.directory == owner.directory);
    let runtime = |each: &&Declared| each.group == Group::Runtime;
    let needs_server = beside()
        .flat_map(|each| each.declared.iter().filter(runtime))
        .any(|declared| SERVERS.contains(&declared.distribution.as_str()) && declared.purpose == Purpose::Runtime);
    let private = beside().any(|each| each.project.private);
    let named = beside().any(|each| each.project.name.is_some());
    named && !private && !needs_server && !is_deployed(&owner.directory, sources)
}

/// Whether something in a directory says how it is deployed.
fn is_deployed(directory: &str, sources: &Sources) -> bool {
    const FILES: &[&str] =
        &["Dockerfile", "Procfile", "render.yaml", "fly.toml", "app.json", "railway.json", "vercel.json"];
    let at = |name: &str| if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
    FILES.iter().any(|name| sources.find(&at(name)).is_some())
}
