//! Functions that look at the values of settings: what they refuse, what they put in place, and under which tests.

mod finding;
mod order;
mod reading;
mod refusals;
mod tests;

pub use refusals::Refusal;
pub(super) use refusals::Verdict;

use crate::{Condition, ModuleId};
use pyaudit_python::{ExprId, StmtId};
use pyaudit_source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// A function, or the body of a module, that looks at values of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validator {
    /// What calls it.
    pub kind: ValidatorKind,
    /// The module it stands in.
    pub module: ModuleId,
    /// The function; `None` for statements of a module.
    pub function: Option<StmtId>,
    /// Its name; empty for statements of a module.
    pub name: String,
    /// The place of its name, or of the first statement.
    pub span: Span,
    /// Whether it sees what the environment gives before it is turned into the type of the field.
    pub is_before: bool,
    /// Whether it sees defaults too. Settings classes of pydantic validate theirs unless told not to.
    pub sees_defaults: bool,
    /// The fields that it looks at or changes, in order of their names.
    pub fields: BTreeSet<String>,
    /// What it may do, in order of the source.
    pub outcomes: Vec<Outcome>,
}

/// What calls a validator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValidatorKind {
    /// The value of a field: `field_validator`, `validator`, `BeforeValidator` and the like in an annotation.
    Field,
    /// The whole object: `model_validator`, `root_validator`.
    Model,
    /// The making of the object: `__init__`, `__post_init__`, `model_post_init`.
    Constructor,
    /// Code of the project, by its name: `settings.validate()`.
    Method,
    /// The import of a module: `if settings.SECRET_KEY == "changeme": raise …` outside of functions.
    Import,
}

crate::named!(ValidatorKind {
    Field => "field",
    Model => "model",
    Constructor => "constructor",
    Method => "method",
    Import => "import",
});

/// Something that a validator may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The module of the statement, which may be that of a function that the validator calls.
    pub module: ModuleId,
    /// The statement.
    pub stmt: StmtId,
    /// Its place.
    pub span: Span,
    /// What it does.
    pub action: Action,
    /// What must hold for it, from the outside in, those around the call of a function that it stands in first.
    pub tests: Vec<Test>,
    /// What the tests say of the environment.
    pub condition: Option<Condition>,
    /// The fields that the tests look at.
    pub tested: BTreeSet<String>,
}

/// What an outcome does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It raises, or ends the program.
    Refuse,
    /// It puts a value in the place of another.
    Replace {
        /// The fields.
        fields: Vec<String>,
        /// The new value, in the module of the outcome.
        value: ExprId,
    },
}

/// A test on the way to a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// The module of the expression.
    pub module: ModuleId,
    /// The expression.
    pub expr: ExprId,
    /// Whether it is true there.
    pub holds: bool,
    /// The function around it, in which `subjects` mean something.
    function: Option<StmtId>,
    /// The fields whose values names of the function hold.
    subjects: BTreeMap<String, Vec<String>>,
}

/// The most outcomes of one validator.
const MAX_OUTCOMES: usize = 64;
