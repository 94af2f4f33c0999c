//! Environment variables of the whole repository: who reads each, and who gives it a value.
//!
//! A *reader* is a field of a settings class of pydantic, another read in the source, or a `${NAME}` of a compose file. A
//! *site* is one place that gives values to a process: an environment file, a service of a compose file or manifest, an
//! image, a job of continuous integration, or code that sets variables. Joined, they answer who needs what nobody gives
//! ([`Variables::undefined`], [`Variables::missing_at`]) and what is given and never read ([`Project::unread_variables`]).

mod compose;
mod dockerfiles;
mod expansion;
mod readers;
mod requirements;
mod sandboxes;
mod sites;
mod started;
mod unread;
mod workflows;

pub use sandboxes::Stake;
pub use unread::is_for_tools;

use crate::environment::EnvironmentFileKind;
use crate::{Project, named, paths};
use pyaudit_source::{FileId, Role, Span};
use std::collections::BTreeMap;

/// Every environment variable that the repository reads or gives a value.
#[derive(Debug, Default)]
pub struct Variables {
    sites: Vec<Site>,
    variables: BTreeMap<String, Variable>,
}

/// One variable. Names that differ by case alone are one, since most settings classes take no notice of it; whether a
/// definition reaches a reader is asked by [`Reader::reads`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Variable {
    /// Its name in upper case.
    pub name: String,
    /// Who reads it, in the order of their places.
    pub readers: Vec<Reader>,
    /// Who gives it a value: the number of the site in [`Variables::sites`], and that of the definition in the site.
    pub definitions: Vec<(usize, usize)>,
}

/// Something that reads a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The names that it takes, in the order in which they are looked at: a field may have several.
    pub names: Vec<String>,
    /// What it is.
    pub kind: ReaderKind,
    /// The name of the field, the read, or the text of the compose file.
    pub span: Span,
    /// The role of the file.
    pub role: Role,
    /// Whether the case of the name counts.
    pub is_exact: bool,
    /// Whether it fails without the variable.
    pub is_required: bool,
}

/// What reads a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReaderKind {
    /// A field of a settings class of pydantic: the number of the class in `Settings::classes`, and that of the field.
    Field {
        /// The class.
        class: usize,
        /// The field.
        field: usize,
    },
    /// Any other read in the source: its number in `Settings::reads`.
    Read(usize),
    /// `${NAME}` in a compose file.
    Compose,
}

/// One place that gives variables to a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// What it is.
    pub kind: SiteKind,
    /// What it is for, as far as its name tells.
    pub scope: Scope,
    /// The file.
    pub file: FileId,
    /// The service, the job, or the stage of the image.
    pub name: Option<String>,
    /// The service or job, or the whole file.
    pub span: Span,
    /// The directory of the code that gets the variables, relative to the root: code outside of it does not.
    pub directory: String,
    /// Whether the process is one of the repository: not a database, nor a front end in another language.
    pub is_own: bool,
    /// Whether it gets variables that cannot be seen here too: of an `env_file` that is not in the repository, a group.
    pub is_open: bool,
    /// The variables, in order of the source.
    pub definitions: Vec<Definition>,
}

/// What a site is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SiteKind {
    /// `.env` and its kin.
    EnvironmentFile,
    /// A service of a compose file.
    Compose,
    /// `ENV` of a Dockerfile.
    Dockerfile,
    /// A job of GitHub Actions or GitLab CI.
    Workflow,
    /// A service of `render.yaml`.
    Render,
    /// `[env]` of `fly.toml`.
    Fly,
    /// `env` of `app.json`.
    AppJson,
    /// `os.environ["NAME"] = …`.
    Code,
}
named!(SiteKind {
    EnvironmentFile => "environment-file",
    Compose => "compose",
    Dockerfile => "dockerfile",
    Workflow => "workflow",
    Render => "render",
    Fly => "fly",
    AppJson => "app-json",
    Code => "code",
});

/// What a site is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// It is copied and filled in.
    Template,
    /// One machine of a developer.
    Development,
    /// Tests.
    Test,
    /// Continuous integration.
    Integration,
    /// What users are served by.
    Deployment,
    /// An example beside the product.
    Example,
    /// Nothing tells.
    Unstated,
}
named!(Scope {
    Template => "template",
    Development => "development",
    Test => "test",
    Integration => "integration",
    Deployment => "deployment",
    Example => "example",
    Unstated => "unstated",
});

/// One variable that a site gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its name, as written.
    pub name: String,
    /// The place of the name.
    pub span: Span,
    /// What it is given.
    pub value: Given,
    /// The place of the value; that of the name where there is none.
    pub value_span: Span,
}

/// What a definition gives a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// Text that stands there. It may be a secret: a message shows it masked.
    Literal(String),
    /// What another variable of the shell or build has: `${NAME}`, `${NAME:-default}`, a bare `NAME`.
    Reference {
        /// The other variable, which may have the same name.
        variable: String,
        /// What stands after `:-` or `-`.
        default: Option<String>,
        /// Whether it is an error where the other has no value: `${NAME:?message}`.
        is_required: bool,
    },
    /// Text with other variables in it, as written: `postgres://${USER}@db`.
    Composed(String),
    /// Something that the repository does not hold: a secret of the platform, a value that somebody fills in.
    Elsewhere,
}

impl Given {
    /// The text that the variable has where nothing else gives one.
    pub fn literal(&self) -> Option<&str> {
        match self {
            Self::Literal(text) => Some(text),
            Self::Reference { default, .. } => default.as_deref(),
            Self::Composed(_) | Self::Elsewhere => None,
        }
    }
}

impl Reader {
    /// Whether a definition gives it its value.
    pub fn reads(&self, definition: &Definition) -> bool {
        self.names.iter().any(|name| {
            if self.is_exact { *name == definition.name } else { name.eq_ignore_ascii_case(&definition.name) }
        })
    }

    /// Whether it is code of the application that does not run without the variable.
    pub fn is_need(&self) -> bool {
        self.is_required && self.role == Role::Application && self.kind != ReaderKind::Compose
    }
}

impl Site {
    /// The definition that gives a reader its value.
    pub fn definition_for(&self, reader: &Reader) -> Option<&Definition> {
        self.definitions.iter().find(|definition| reader.reads(definition))
    }
}

impl Variables {
    /// Joins what a project whose other concerns are linked reads and defines.
    pub(crate) fn build(project: &Project) -> Self {
        let mut built = Self { sites: sites::find(project), variables: BTreeMap::new() };
        let mut variables: BTreeMap<String, Variable> = BTreeMap::new();
        for reader in readers::find(project) {
            let mut names: Vec<String> = reader.names.iter().map(|name| name.to_uppercase()).collect();
            names.sort();
            names.dedup();
            for name in names {
                variables.entry(name).or_default().readers.push(reader.clone());
            }
        }
        for (at, site) in built.sites.iter().enumerate() {
            for (number, definition) in site.definitions.iter().enumerate() {
                variables.entry(definition.name.to_uppercase()).or_default().definitions.push((at, number));
            }
        }
        for (name, variable) in &mut variables {
            variable.name.clone_from(name);
        }
        built.variables = variables;
        built
    }

    /// Every site, in the order of kinds, files and places.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// Every variable, in the order of the names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Variable> {
        self.variables.values()
    }

    /// The variable of a name, whatever its case.
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.get(&name.to_uppercase())
    }

    /// Who gives a variable a value.
    pub fn definitions<'v>(&'v self, variable: &'v Variable) -> impl Iterator<Item = (&'v Site, &'v Definition)> {
        variable.definitions.iter().map(|&(site, at)| (&self.sites[site], &self.sites[site].definitions[at]))
    }

    /// Who gives a reader its value.
    pub fn definitions_for<'v>(&'v self, reader: &'v Reader) -> impl Iterator<Item = (&'v Site, &'v Definition)> {
        let variables = reader.names.iter().filter_map(|name| self.get(name));
        variables.flat_map(|variable| self.definitions(variable)).filter(|(_, definition)| reader.reads(definition))
    }

    /// The readers of a definition.
    pub fn readers_of<'v>(&'v self, definition: &'v Definition) -> impl Iterator<Item = &'v Reader> {
        let readers = self.get(&definition.name).into_iter().flat_map(|variable| &variable.readers);
        readers.filter(|reader| reader.reads(definition))
    }

    /// Code of the application that fails without its variable, each once, in the order of the places.
    pub fn needs(&self) -> Vec<&Reader> {
        let readers = self.variables.values().flat_map(|variable| &variable.readers);
        let mut needs: Vec<&Reader> = readers.filter(|reader| reader.is_need()).collect();
        needs.sort_by_key(|reader| (reader.span, reader.kind));
        needs.dedup_by_key(|reader| (reader.span, reader.kind));
        needs
    }

    /// The needs that nothing in the repository satisfies, templates and tests included.
    pub fn undefined(&self) -> Vec<&Reader> {
        self.needs().into_iter().filter(|need| self.definitions_for(need).next().is_none()).collect()
    }

    /// The needs of code below the directory of a site that the site gives no value; where the command of a service names
    /// the module that it starts, those of what that module loads. Whether that is a defect depends on
    /// the site: one that is open or not of the project itself may well lack them.
    pub fn missing_at(&self, project: &Project, site: &Site) -> Vec<&Reader> {
        let mut needs = self.needs();
        let loaded = started::loaded_at(project, site);
        needs.retain(|need| {
            let path = &project.sources.file(need.span.file).path;
            let is_loaded = loaded.as_ref().is_none_or(|loaded| loaded.contains(&need.span.file));
            is_loaded && paths::is_within(path, &site.directory) && site.definition_for(need).is_none()
        });
        needs
    }
}

/// What a file is for, by its path, its role, and the words of its name.
fn scope_of(path: &str, role: Role, otherwise: Scope) -> Scope {
    let words: Vec<String> = paths::words(path).collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    match role {
        Role::Test => Scope::Test,
        Role::Example => Scope::Example,
        _ if has(&["test", "tests", "testing", "ci", "e2e"]) => Scope::Test,
        _ if has(&["dev", "develop", "development", "devcontainer", "local", "override", "debug"]) => {
            Scope::Development
        }
        _ if has(&["prod", "production", "deploy", "deployment", "staging", "live"]) => Scope::Deployment,
        _ => otherwise,
    }
}

impl Scope {
    /// What an environment file is for.
    fn of_environment_file(kind: EnvironmentFileKind, path: &str, role: Role) -> Self {
        match kind {
            EnvironmentFileKind::Template => Self::Template,
            EnvironmentFileKind::Test => Self::Test,
            EnvironmentFileKind::Real => scope_of(paths::file_name(path), role, Self::Development),
        }
    }
}
