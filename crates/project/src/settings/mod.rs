//! What the source takes from its environment: settings classes with their fields, and every other read of a variable.
//!
//! Pydantic's classes are read as pydantic reads them: of version 1 where they come from `pydantic`, of version 2 where
//! they come from `pydantic_settings` (<https://docs.pydantic.dev/latest/concepts/pydantic_settings/>).
//!
//! # What a check asks
//!
//! * *Which settings are there?* [`Settings::classes`], each with its [`Field`]s: variables, default, whether required; and
//!   [`Settings::reads`] for every `os.getenv` and its kin. `Field::default` holds what Python would show when no variable
//!   is set ([`Literal`]), where that can be known.
//! * *Does something refuse the default?* [`Project::default_refusals`]: the validators that raise, each with the
//!   environment in which it does, and whether every test on the way could be worked out. A default that is refused
//!   certainly, everywhere or outside development, cannot reach production. [`Project::refusals`] asks the same of a value
//!   that a manifest gives.
//! * *What may `settings.CORS_ORIGINS` be?* [`Project::possible_strings`] follows the expression through the default, its
//!   branches, and what validators refuse and put in place; [`Project::setting_values`] starts from the field. A value
//!   that a variable would replace names it; `complete` is false as long as the environment has a say.
//! * *What does the application take where nothing is set?* [`Project::fallbacks`], of fields and other reads alike, and
//!   [`Project::secret_defaults`] for those that are secrets.
//! * *Who uses it?* [`Settings::uses_of`], [`Project::setting_field`] for an expression.
//! * *Who defines the variable, who needs it?* [`crate::variables`].

mod bypassed;
mod classes;
mod compared_addresses;
mod configuration;
mod declarations;
mod fallbacks;
mod fields;
mod forms;
mod literal;
mod operations;
mod reads;
mod secret_defaults;
mod selected;
mod unset;
mod unused;
mod uses;
mod validators;
mod values;

pub use bypassed::{Bypass, BypassKind};
pub use configuration::{Configuration, EnvironmentFileName, Extra};
pub use fallbacks::{Fallback, Refused};
pub(crate) use fields::MODELS;
pub(crate) use forms::ReadForm;
pub use forms::Reader;
pub use literal::Literal;
pub use reads::EnvironmentRead;
pub use secret_defaults::{SecretDefault, SecretKind, secret_kind};
pub use selected::Selection;
pub(crate) use unset::WRAPPERS;
pub use validators::{Action, Outcome, Refusal, Test, Validator, ValidatorKind};

use crate::{ModuleId, Project, Resolution};
use pyaudit_python::{ExprId, StmtId};
use pyaudit_source::Span;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Everything that a project takes from its environment.
#[derive(Debug, Default)]
pub struct Settings {
    classes: Vec<SettingsClass>,
    /// It is asked for single classes and never gone through, so its order does not matter.
    by_class: HashMap<(ModuleId, StmtId), usize>,
    reads: Vec<EnvironmentRead>,
    uses: Vec<SettingUse>,
    uses_by_field: BTreeMap<(usize, String), Vec<usize>>,
}

/// What makes a class one of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClassKind {
    /// `BaseSettings` of pydantic 1.
    Pydantic1,
    /// `BaseSettings` of `pydantic_settings`.
    Pydantic2,
    /// A model of pydantic that is no `BaseSettings`, whose defaults read the environment.
    Model,
    /// A dataclass whose defaults read the environment.
    Dataclass,
    /// A class whose attributes are given what reads of the environment give.
    Plain,
}

crate::named!(ClassKind {
    Pydantic1 => "pydantic-1",
    Pydantic2 => "pydantic-2",
    Model => "model",
    Dataclass => "dataclass",
    Plain => "plain",
});

impl ClassKind {
    /// Whether the class finds its variables by the names of its fields.
    pub const fn is_settings(self) -> bool {
        matches!(self, Self::Pydantic1 | Self::Pydantic2)
    }

    /// Whether pydantic makes its fields.
    pub const fn is_pydantic(self) -> bool {
        matches!(self, Self::Pydantic1 | Self::Pydantic2 | Self::Model)
    }
}

/// One class of settings.
#[derive(Debug, Clone)]
pub struct SettingsClass {
    /// The module.
    pub module: ModuleId,
    /// The class.
    pub class: StmtId,
    /// Its names from the module's own scope.
    pub path: Vec<String>,
    /// The place of its name.
    pub span: Span,
    /// What makes it one.
    pub kind: ClassKind,
    /// How it is configured; that of `BaseSettings` for other classes, for which it means nothing.
    pub configuration: Configuration,
    /// Its fields, those of its bases first; those of models that it holds stand behind them as `outer.inner`.
    pub fields: Vec<Field>,
    /// The functions that look at values of its fields.
    pub validators: Vec<Validator>,
    /// Where its objects are made and lent.
    pub instances: Vec<Instance>,
    /// The classes of the project that it inherits from, the nearest first.
    pub bases: Vec<(ModuleId, StmtId)>,
    /// Every name that its objects have by the class and its bases in the project.
    pub members: BTreeSet<String>,
    /// Whether its objects may have further attributes: `extra="allow"`, `__getattr__`, bases of somebody else.
    pub is_open: bool,
    by_name: BTreeMap<String, usize>,
}

impl SettingsClass {
    /// Its `__qualname__`.
    pub fn qualname(&self) -> String {
        self.path.join(".")
    }

    /// The field with a name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.by_name.get(name).map(|&at| &self.fields[at])
    }
}

/// One field of a class of settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name; `outer.inner` for a field of a model that the class holds.
    pub name: String,
    /// The variables that it is read from, in the order in which they are looked at. Upper case, unless the class takes
    /// case into account. Empty for a constant beside fields of a plain class.
    pub variables: Vec<String>,
    /// Its default.
    pub default: Option<Default>,
    /// Whether the class cannot be made without a value for it.
    pub required: bool,
    /// The module that declares it, which is that of a base for an inherited field.
    pub module: ModuleId,
    /// The class that declares it.
    pub class: StmtId,
    /// The statement that declares it.
    pub stmt: StmtId,
    /// Its annotation, in its module.
    pub annotation: Option<ExprId>,
    /// The place of its name.
    pub span: Span,
    /// The reads of the environment in its default, as numbers of [`Settings::reads`].
    pub reads: Vec<usize>,
}

/// The default of a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Default {
    /// The module in which it is written.
    pub module: ModuleId,
    /// The expression; of `Field(default_factory=…)` the factory.
    pub expr: ExprId,
    /// Its place.
    pub span: Span,
    /// What it gives when no variable is set, where that can be known.
    pub value: Option<Literal>,
}

/// Where an object of a class is made or lent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// How.
    pub kind: InstanceKind,
    /// The module.
    pub module: ModuleId,
    /// The name, the function's name, or the call.
    pub span: Span,
    /// The name that holds it, or the function's.
    pub name: Option<String>,
    /// The function that lends it, or in which it is made.
    pub function: Option<StmtId>,
    /// Whether it is made once: held by a name of a module, or lent by a function that keeps it.
    pub is_cached: bool,
    /// What the construction names as `_env_file`.
    pub environment_files: Vec<EnvironmentFileName>,
    /// The keywords that the construction gives; `**` for a mapping.
    pub keywords: Vec<String>,
}

/// How an object of a class of settings is made or lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstanceKind {
    /// A name of a module holds it.
    Singleton,
    /// A function gives it.
    Getter,
    /// A call of the class.
    Construction,
}

crate::named!(InstanceKind { Singleton => "singleton", Getter => "getter", Construction => "construction" });

/// A place that reads or writes an attribute of an object of a class of settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingUse {
    /// The number of the class in [`Settings::classes`].
    pub class: usize,
    /// The name of the attribute.
    pub name: String,
    /// What the class has under that name.
    pub member: Member,
    /// What is done.
    pub access: Access,
    /// The module.
    pub module: ModuleId,
    /// The attribute, or the call of `getattr`.
    pub expr: ExprId,
    /// Its place.
    pub span: Span,
    /// The innermost function around it.
    pub function: Option<StmtId>,
}

/// What a class has under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// The field with this number.
    Field(usize),
    /// A method, property, constant or nested class.
    Other,
    /// What every class of its kind has.
    Inherited,
    /// Nothing that is known, but it may have it.
    Unknown,
    /// Nothing.
    Missing,
}

/// What is done with an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// It is read.
    Read,
    /// It is assigned.
    Write,
    /// It is deleted.
    Delete,
    /// It is read by `getattr`.
    Dynamic,
    /// `hasattr` asks for it.
    Probe,
}

crate::named!(Access { Read => "read", Write => "write", Delete => "delete", Dynamic => "getattr", Probe => "hasattr" });

impl Settings {
    /// Reads all modules of a project whose modules are known.
    pub(crate) fn build(project: &Project) -> Self {
        let mut reads: Vec<EnvironmentRead> = project.modules.gather(|module| project.environment_reads(module));
        let functions = project.reading_functions(&reads);
        if !functions.is_empty() {
            let names: Vec<&str> = functions.iter().filter_map(|it| it.called(project)).collect();
            reads.extend(project.modules.gather(|module| {
                let calls = module.python.syntax.exprs().map(|(id, _)| id);
                calls.filter_map(|call| project.read_through(module, call, &functions, &names)).collect()
            }));
            reads.sort_by_key(|read| (read.span, read.expr));
        }
        let classes = project.settings_classes(&reads);
        let by_class = classes.iter().enumerate().map(|(at, class)| ((class.module, class.class), at)).collect();
        let mut built = Self { classes, by_class, reads, ..Self::default() };
        project.settings_instances(&mut built);
        built.uses = project.setting_uses(&built);
        built.index_uses();
        project.add_validators(&mut built);
        built
    }

    /// Every class of settings, in the order of their places.
    pub fn classes(&self) -> &[SettingsClass] {
        &self.classes
    }

    /// The class of settings at a statement.
    pub fn class(&self, module: ModuleId, class: StmtId) -> Option<&SettingsClass> {
        self.by_class.get(&(module, class)).map(|&at| &self.classes[at])
    }

    /// Every read of the environment that is written as such, in the order of their places.
    pub fn reads(&self) -> &[EnvironmentRead] {
        &self.reads
    }

    /// Every place that reads or writes an attribute of an object of settings, in the order of their places.
    pub fn uses(&self) -> &[SettingUse] {
        &self.uses
    }

    /// The uses of an attribute of the class with this number, whatever it is.
    pub fn uses_of(&self, class: usize, name: &str) -> impl Iterator<Item = &SettingUse> {
        let found = self.uses_by_field.get(&(class, name.to_owned()));
        found.into_iter().flatten().map(|&at| &self.uses[at])
    }

    /// How many defaults, uses and names of variables are known.
    pub(crate) fn resolution(&self, project: &Project) -> [Resolution; 4] {
        let defaults = || {
            let fields = self.classes.iter().flat_map(|class| &class.fields);
            fields.filter(|field| !field.variables.is_empty()).filter_map(|field| field.default.as_ref())
        };
        let is_attributed = |used: &&SettingUse| !matches!(used.member, Member::Unknown | Member::Missing);
        [
            Resolution {
                what: "defaults of settings",
                resolved: defaults().filter(|default| default.value.is_some()).count(),
                all: defaults().count(),
            },
            Resolution {
                what: "uses of settings",
                resolved: self.uses.iter().filter(is_attributed).count(),
                all: self.uses.len(),
            },
            self.values_resolution(project),
            Resolution {
                what: "names of environment variables",
                resolved: self.reads.iter().filter(|read| read.variable.is_some()).count(),
                all: self.reads.len(),
            },
        ]
    }

    /// How many reads of fields give a value that can be known: by the default or by a definition in the repository.
    fn values_resolution(&self, project: &Project) -> Resolution {
        let is_read = |used: &&SettingUse| matches!(used.access, Access::Read | Access::Dynamic);
        let mut counted: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for used in self.uses.iter().filter(is_read) {
            if let Member::Field(field) = used.member {
                *counted.entry((used.class, field)).or_default() += 1;
            }
        }
        let is_known = |(class, field): (usize, usize)| {
            let class = &self.classes[class];
            let field = &class.fields[field];
            field.default.as_ref().is_some_and(|default| default.value.is_some())
                || !project.setting_values(class, field).values.is_empty()
                || project.defined_texts(field).next().is_some()
        };
        let known = counted.iter().filter(|(place, _)| is_known(**place));
        Resolution {
            what: "values of settings that are read",
            resolved: known.map(|(_, count)| count).sum(),
            all: counted.values().sum(),
        }
    }
}

impl Project {
    /// The texts that the repository gives the variables of a field, in the order of the variables and sites. They may be
    /// secrets.
    pub fn defined_texts<'p>(&'p self, field: &'p Field) -> impl Iterator<Item = &'p str> {
        let variables = field.variables.iter().filter_map(|name| self.variables.get(name));
        let definitions = variables.flat_map(|variable| self.variables.definitions(variable));
        definitions.filter_map(|(_, definition)| definition.value.literal())
    }
}
