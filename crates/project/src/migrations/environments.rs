//! Where the revisions of an Alembic environment stand, as its configuration says.

use crate::{Data, Files, paths};
use pyaudit_data::{Entry, Value};
use pyaudit_source::{FileId, Role, Sources, Span};

/// One Alembic environment: a script directory, and where its revisions stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// The section of the configuration: `alembic`, unless a file configures several environments.
    pub section: String,
    /// The `script_location` in the configuration.
    pub span: Span,
    /// The script directory, relative to the root.
    pub directory: String,
    /// Its `env.py`, if the repository has it.
    pub env_module: Option<FileId>,
    /// The directories of its revisions, relative to the root.
    pub version_directories: Vec<String>,
}

impl Environment {
    /// Whether revisions in this directory belong to the environment.
    pub fn holds(&self, directory: &str) -> bool {
        self.version_directories.iter().any(|versions| paths::is_within(directory, versions))
    }
}

/// Every environment that an `alembic.ini` or a `pyproject.toml` configures, in the order of those files.
pub(super) fn find(sources: &Sources, files: &Files) -> Vec<Environment> {
    let mut found = Vec::new();
    for (file, source) in sources.files().filter(|(_, source)| source.role != Role::Vendored) {
        let at = Configuration { sources, file, directory: source.directory() };
        match files.get(file) {
            Some(Data::Ini(document)) if source.name().contains("alembic") => {
                let sections = document.entries().iter();
                found.extend(sections.filter_map(|entry| at.environment(&entry.key.text, &entry.value)));
            }
            Some(Data::Toml(document)) if source.name() == "pyproject.toml" => {
                let table = document.at(&["tool", "alembic"]);
                found.extend(table.and_then(|table| at.environment("alembic", table)));
            }
            _ => {}
        }
    }
    found
}

/// A file that configures environments.
struct Configuration<'a> {
    sources: &'a Sources,
    file: FileId,
    directory: &'a str,
}

impl Configuration<'_> {
    fn environment(&self, section: &str, table: &Value) -> Option<Environment> {
        let entry: &Entry = table.entry("script_location")?;
        let directory = self.resolve(entry.value.as_str()?)?;
        let env_module = self.sources.find(&format!("{directory}/env.py"));
        let versions = table.get("version_locations").map(|value| self.version_locations(value)).unwrap_or_default();
        let version_directories = if versions.is_empty() { vec![within(&directory, "versions")] } else { versions };
        let span = Span::new(self.file, entry.value.range);
        Some(Environment { section: section.to_owned(), span, directory, env_module, version_directories })
    }

    /// The directories of `version_locations`: separated by white space, commas, or the system's path separator.
    fn version_locations(&self, value: &Value) -> Vec<String> {
        let texts = value.strings().into_iter().filter_map(Value::as_str);
        let locations = texts.flat_map(|text| text.split([' ', '\n', ',', ';']));
        // A colon separates paths, and also a package from a path inside it.
        let is_in_package =
            |text: &str| text.split_once(':').is_some_and(|(package, _)| !package.contains(['/', '%', '.']));
        let locations =
            locations.flat_map(|text| if is_in_package(text) { vec![text] } else { text.split(':').collect() });
        locations.map(str::trim).filter(|text| !text.is_empty()).filter_map(|text| self.resolve(text)).collect()
    }

    /// The directory that a location means: relative to the configuration (`%(here)s`, or the directory in which
    /// Alembic is started, which is usually the same), or inside a package (`package:path`).
    fn resolve(&self, location: &str) -> Option<String> {
        let location = location.trim();
        if let Some((package, path)) = location.split_once(':') {
            return self.in_package(&package.replace('.', "/"), path);
        }
        let written = location.replace("%(here)s", ".").replace("%%", "%");
        let candidates = paths::ancestors(self.directory).filter_map(|directory| paths::join(directory, &written));
        let candidates: Vec<String> = candidates.collect();
        let existing = candidates.iter().find(|directory| self.exists(directory)).cloned();
        existing.or_else(|| candidates.into_iter().next())
    }

    fn in_package(&self, package: &str, path: &str) -> Option<String> {
        let roots = paths::ancestors(self.directory).flat_map(|root| [root.to_owned(), within(root, "src")]);
        let directories = roots.filter_map(|root| paths::join(&within(&root, package), path));
        let directories: Vec<String> = directories.collect();
        directories.into_iter().find(|directory| self.exists(directory))
    }

    /// Whether the repository has a file in a directory.
    fn exists(&self, directory: &str) -> bool {
        self.sources.files().any(|(_, source)| paths::is_within(source.directory(), directory))
    }
}

/// A path below a directory, which may be the root.
fn within(directory: &str, path: &str) -> String {
    if directory.is_empty() { path.to_owned() } else { format!("{directory}/{path}") }
}
