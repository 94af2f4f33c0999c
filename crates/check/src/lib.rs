//! The vocabulary of a check, and all that a check may depend on.
//!
//! A check is a [`Check`] made by [`check!`] and a function over the project. It reports what it found to
//! [`Findings`]; it cannot fail, print, read files or see another check.

mod check;
mod finding;
mod macros;
mod secret;

pub use check::{Area, Check, Confidence, Maturity, Run, Severity};
pub use finding::{Finding, Findings, Label};
pub use secret::mask;

pub use pyaudit_data as data;
pub use pyaudit_project as project;
pub use pyaudit_project::{Axis, Fact, Project};
pub use pyaudit_python as python;
pub use pyaudit_shell as shell;
pub use pyaudit_source as source;
pub use pyaudit_source::{FileId, Range, Role, Span, Tracking};
