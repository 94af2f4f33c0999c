//! What the manifests of a repository declare, and what its lock files pin.
//!
//! Every manifest becomes a [`Manifest`] with one [`Declared`] a requirement, whatever the format: requirements files,
//! `pyproject.toml` (PEP 621, PEP 735, Poetry, PDM, uv, hatch, flit), `setup.py`, `setup.cfg`, `Pipfile`, `tox.ini` and
//! `environment.yml`. Locks are read for the versions they pin and for who needs whom.

mod conda;
mod link;
mod locks;
mod pins;
mod pipfile;
mod poetry;
mod pyproject;
mod requirement_files;
mod setup;
mod tox;

pub(crate) use tox::lines as tox_lines;

pub use locks::{Lock, LockKind, Locked};
pub use pins::Pin;

use crate::Files;
use crate::paths;
use pyaudit_data::requirements::{self, Requirement};
use pyaudit_data::{Text, Value};
use pyaudit_source::{FileId, Problem, Range, Sources, Span};
use std::collections::BTreeSet;

/// Everything the repository declares and locks.
#[derive(Debug, Default)]
pub struct Dependencies {
    /// The manifests, in the order of their paths.
    pub manifests: Vec<Manifest>,
    /// The lock files, in the order of their paths.
    pub locks: Vec<Lock>,
    /// Manifests and locks that could not be read or understood, so that nothing can be said about what they hold.
    pub unread: Vec<FileId>,
    /// Includes that lead nowhere.
    pub problems: Vec<Problem>,
}

/// The kinds of manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ManifestKind {
    /// A requirements file of pip.
    Requirements,
    /// A constraints file of pip: it pins, and declares nothing.
    Constraints,
    /// `pyproject.toml`.
    Pyproject,
    /// `setup.py`.
    SetupPy,
    /// `setup.cfg`.
    SetupCfg,
    /// `Pipfile`.
    Pipfile,
    /// `tox.ini`.
    Tox,
    /// `environment.yml` of conda.
    Conda,
}

/// One file that declares dependencies.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The file.
    pub file: FileId,
    /// Its kind.
    pub kind: ManifestKind,
    /// Its directory, relative to the root; empty for the root itself.
    pub directory: String,
    /// What is known of the project it describes, for manifests that describe one.
    pub project: ProjectTable,
    /// The requirements, in order of the source.
    pub declared: Vec<Declared>,
    /// Other requirements files that it includes or is constrained by.
    pub includes: Vec<Include>,
    /// Whether a tool wrote it as the full list of what is installed (pip-compile, `uv export`, hashes throughout).
    pub compiled: bool,
    /// Whether all that it declares stands in the file as plain data, and not in code or another file that was not read.
    pub complete: bool,
    /// Whether it describes a library: something others install beside their own dependencies, so that ranges are right.
    pub library: bool,
}

/// What a manifest says of the project it describes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectTable {
    /// The normalised name.
    pub name: Option<String>,
    /// Whether it says how to build a package (`[build-system]`, `setup.py`).
    pub built: bool,
    /// Whether it says that it is never published (`Private :: Do Not Upload`, `package-mode = false`).
    pub private: bool,
}

/// One requirement of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    /// The normalised name (PEP 503); empty for a URL or path that names none.
    pub distribution: String,
    /// The list it stands in.
    pub group: Group,
    /// What that list is for.
    pub purpose: Purpose,
    /// How far the requirement itself settles the version.
    pub pin: Pin,
    /// The version specifiers as written; empty where there are none.
    pub specifiers: String,
    /// The extras it asks for, normalised.
    pub extras: Vec<String>,
    /// The name.
    pub name: Span,
    /// The lock, constraints file or compiled list that settles the version, where the requirement does not.
    pub pinned_by: Option<FileId>,
}

impl Declared {
    /// Whether the same version is installed tomorrow: by the requirement itself or by a lock.
    pub fn is_pinned(&self) -> bool {
        self.pin.is_settled() || self.pinned_by.is_some()
    }
}

/// A list of requirements inside a manifest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// What the application needs to run.
    Runtime,
    /// What the build of the package needs (`[build-system] requires`).
    Build,
    /// An extra that others can ask for.
    Extra(String),
    /// A dependency group, a Poetry group, an environment of hatch or tox.
    Named(String),
}

/// What a list of requirements is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Running the application.
    Runtime,
    /// Running its tests.
    Test,
    /// Developing it: linters, formatters, type checkers.
    Development,
    /// Building its documentation.
    Documentation,
    /// Building the package.
    Build,
}

/// A requirements file that another one names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// Whether it is `-c` (a constraint) and not `-r`.
    pub constraint: bool,
    /// The file, if the repository has it.
    pub target: Option<FileId>,
    /// The path as written.
    pub span: Span,
}

impl Dependencies {
    /// Reads every manifest and lock, and joins them.
    pub fn build(sources: &Sources, files: &Files) -> Self {
        let mut dependencies = Self::default();
        for (file, source) in sources.files() {
            let reader = Reader { sources, files, file };
            if source.role == pyaudit_source::Role::Vendored {
                continue;
            }
            reader.read(source.name(), &mut dependencies);
        }
        link::link(&mut dependencies, sources);
        dependencies
    }

    /// The manifests that describe what the repository ships or tests: those of vendored trees, generated files, examples,
    /// templates for new projects, and the projects that its tests work on are left out.
    pub fn shipped<'a>(&'a self, sources: &'a Sources) -> impl Iterator<Item = &'a Manifest> {
        use pyaudit_source::Role;
        let is_template = |directory: &str| {
            paths::words(directory)
                .any(|word| matches!(word.as_str(), "template" | "templates" | "cookiecutter" | "skeleton"))
        };
        self.manifests.iter().filter(move |manifest| {
            let role = sources.file(manifest.file).role;
            let of_tests = manifest.kind == ManifestKind::Requirements && !is_subject_of_tests(&manifest.directory);
            let subject = role == Role::Test && !of_tests;
            let foreign = subject || matches!(role, Role::Vendored | Role::Generated | Role::Example);
            !foreign && !is_template(&manifest.directory)
        })
    }

    /// The manifest in this file.
    pub fn manifest(&self, file: FileId) -> Option<&Manifest> {
        let at = self.manifests.binary_search_by_key(&file, |manifest| manifest.file).ok()?;
        self.manifests.get(at)
    }

    /// The manifest and all that it includes with `-r`, each once.
    pub fn with_includes(&self, file: FileId) -> Vec<&Manifest> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        let mut open = vec![file];
        while let Some(file) = open.pop() {
            let Some(manifest) = self.manifest(file).filter(|_| seen.insert(file)) else { continue };
            found.push(manifest);
            let includes = manifest.includes.iter().filter(|include| !include.constraint);
            open.extend(includes.filter_map(|include| include.target));
        }
        found
    }

    /// Whether a file that could have said more could not be read: in this directory or one around it.
    pub fn unread_near(&self, sources: &Sources, directory: &str) -> bool {
        self.unread.iter().any(|&file| paths::is_within(directory, sources.file(file).directory()))
    }

    /// The locks of this kind in a directory or the nearest directory around it.
    pub fn locks_around<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = &'a Lock> {
        paths::ancestors(directory).flat_map(|at| self.locks.iter().filter(move |lock| lock.directory == at))
    }
}

/// One file that may be a manifest or a lock, with what is known of it.
#[derive(Clone, Copy)]
struct Reader<'a> {
    sources: &'a Sources,
    files: &'a Files,
    file: FileId,
}

impl Reader<'_> {
    fn read(self, name: &str, dependencies: &mut Dependencies) {
        if let Some(kind) = LockKind::of_file(name) {
            match locks::read(self, kind) {
                Some(lock) => dependencies.locks.push(lock),
                None => dependencies.unread.push(self.file),
            }
            return;
        }
        let Some(kind) = self.kind(name) else { return };
        let manifest = match kind {
            ManifestKind::Requirements | ManifestKind::Constraints => requirement_files::read(self, kind),
            ManifestKind::Pyproject => pyproject::read(self),
            ManifestKind::SetupPy => setup::read_module(self),
            ManifestKind::SetupCfg => setup::read_configuration(self),
            ManifestKind::Pipfile => pipfile::read(self),
            ManifestKind::Tox => tox::read(self),
            ManifestKind::Conda => conda::read(self),
        };
        match manifest {
            Some(manifest) => dependencies.manifests.push(manifest),
            None => dependencies.unread.push(self.file),
        }
    }

    /// What kind of manifest a file of this name is.
    fn kind(self, name: &str) -> Option<ManifestKind> {
        match name {
            "pyproject.toml" => return Some(ManifestKind::Pyproject),
            "setup.py" => return self.is_setup_module().then_some(ManifestKind::SetupPy),
            "setup.cfg" => return Some(ManifestKind::SetupCfg),
            "Pipfile" => return Some(ManifestKind::Pipfile),
            "tox.ini" => return Some(ManifestKind::Tox),
            "environment.yml" | "environment.yaml" | "conda.yml" | "conda.yaml" => return Some(ManifestKind::Conda),
            _ => {}
        }
        if let Some(crate::Data::Requirements(_)) = self.files.get(self.file) {
            let constraints = name.to_ascii_lowercase().contains("constraint");
            return Some(if constraints { ManifestKind::Constraints } else { ManifestKind::Requirements });
        }
        let unread = self.sources.file(self.file).content.is_err();
        (unread && requirement_files::is_name(&self.sources.file(self.file).path)).then_some(ManifestKind::Requirements)
    }

    /// Whether a `setup.py` calls `setup`, and is not just a module of that name.
    fn is_setup_module(self) -> bool {
        self.sources
            .text(self.file)
            .is_none_or(|text| text.contains("setup(") && (text.contains("setuptools") || text.contains("distutils")))
    }

    fn directory(self) -> String {
        self.sources.file(self.file).directory().to_owned()
    }

    fn span(self, range: Range) -> Span {
        Span::new(self.file, range)
    }

    /// An empty manifest of this kind.
    fn manifest(self, kind: ManifestKind) -> Manifest {
        Manifest {
            file: self.file,
            kind,
            directory: self.directory(),
            project: ProjectTable::default(),
            declared: Vec::new(),
            includes: Vec::new(),
            compiled: false,
            complete: true,
            library: false,
        }
    }

    /// A PEP 508 string of a list.
    fn declared(self, value: &Value, group: &Group, purpose: Purpose) -> Option<Declared> {
        let text = value.as_text()?;
        self.declared_text(text, 0..text.text.len(), group, purpose)
    }

    /// A PEP 508 string in a part of a text.
    fn declared_text(
        self,
        text: &Text,
        part: std::ops::Range<usize>,
        group: &Group,
        purpose: Purpose,
    ) -> Option<Declared> {
        let offset = part.start as u32;
        let requirement = requirements::parse_requirement(text.text.get(part)?).ok()?;
        let name = text.source_range(requirement.name_range.shift(offset))?;
        Some(self.of_requirement(&requirement, name, group, purpose))
    }

    fn of_requirement(self, requirement: &Requirement, name: Range, group: &Group, purpose: Purpose) -> Declared {
        let specifiers: Vec<String> =
            requirement.specifiers.iter().map(|each| format!("{}{}", each.operator, each.version)).collect();
        Declared {
            distribution: requirements::normalise_name(&requirement.name),
            group: group.clone(),
            purpose,
            pin: Pin::of_requirement(requirement),
            specifiers: specifiers.join(","),
            extras: requirement.extras.iter().map(|extra| requirements::normalise_name(extra)).collect(),
            name: self.span(name),
            pinned_by: None,
        }
    }
}

impl Purpose {
    /// What a list with this name is for, or a file with this path; `otherwise` where the name does not tell.
    pub fn of_name(name: &str, otherwise: Self) -> Self {
        let mut purpose = otherwise;
        for word in paths::words(name) {
            match word.as_str() {
                "test" | "tests" | "testing" | "unittest" | "e2e" | "pytest" => return Self::Test,
                "dev" | "develop" | "development" | "lint" | "linting" | "linters" | "quality" | "typing" | "ci"
                | "format" | "style" | "local" | "mypy" | "precommit" | "tools" | "tooling" => {
                    purpose = Self::Development;
                }
                "doc" | "docs" | "documentation" => purpose = Self::Documentation,
                _ => {}
            }
        }
        purpose
    }
}

/// Whether a directory of the tests holds a project that they work on, and not what they need themselves: it is named for
/// such data, or lies two directories below the tests.
fn is_subject_of_tests(directory: &str) -> bool {
    const DATA: &[&str] = &["data", "fixture", "fixtures", "mock", "mocks", "resource", "resources", "testdata"];
    let parts: Vec<&str> = directory.split('/').collect();
    let tests = parts.iter().position(|part| matches!(*part, "test" | "tests" | "testing" | "e2e"));
    let Some(below) = tests.and_then(|at| parts.get(at + 1..)) else { return false };
    below.len() > 1 || below.iter().any(|part| DATA.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_list_tells_what_it_is_for() {
        assert_eq!(Purpose::of_name("requirements/dev-tests.txt", Purpose::Runtime), Purpose::Test);
        assert_eq!(Purpose::of_name("requirements_dev.txt", Purpose::Runtime), Purpose::Development);
        assert_eq!(Purpose::of_name("docs/requirements.txt", Purpose::Runtime), Purpose::Documentation);
        assert_eq!(Purpose::of_name("requirements/production.txt", Purpose::Runtime), Purpose::Runtime);
        assert_eq!(Purpose::of_name("contest/latest.txt", Purpose::Runtime), Purpose::Runtime);
    }

    #[test]
    fn what_tests_work_on_is_not_what_they_need() {
        assert!(is_subject_of_tests("tests/mocks/plugin") && is_subject_of_tests("tests/sandbox/shop_system"));
        assert!(is_subject_of_tests("api/tests/data"));
        assert!(!is_subject_of_tests("tests") && !is_subject_of_tests("tests/integration"));
        assert!(!is_subject_of_tests("requirements") && !is_subject_of_tests(""));
    }
}
