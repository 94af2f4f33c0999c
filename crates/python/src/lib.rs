//! Python source text as plain data.
//!
//! [`parse`] turns the text of one file into a [`Module`]: typed syntax in arenas, comments, scopes, imports. It never
//! fails; what is no valid Python stands as `Error` nodes and problems. Which parser made the module is nobody's
//! business above this crate. A module is never linked here: another file is not looked at.

mod fold;
mod literals;
mod lower;
pub mod module;
pub mod names;
mod parents;
mod parser;
mod prepass;
mod reader;
mod recover;
pub mod syntax;
mod walk;

pub use fold::{Folded, FoldedPart};
pub use module::{Comment, Module, Parent, Syntax};
pub use names::{Base, Binding, BindingKind, BindingSite, Import, Names, Qualified, Scope, ScopeId, ScopeKind};
pub use reader::{is_accepted, parse};
pub use syntax::*;
pub use walk::Child;
