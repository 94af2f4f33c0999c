//! What the names of a module stand for, as far as one file can tell: scopes, bindings, imports, qualified names.

use crate::module::Module;
use crate::syntax::{ExprId, NameId, StmtId};
use pyaudit_source::Range;

/// The number of a scope in its module. Scope 0 is the module's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub u32);

/// The scopes and imports of a module.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Names {
    /// Every scope; the module's own is the first.
    pub scopes: Vec<Scope>,
    /// Every name that an import statement binds, in order of the source, at any depth.
    pub imports: Vec<Import>,
    /// The names in `__all__`, where they can be known.
    pub exported: Option<Vec<String>>,
    /// The scope in which each expression is evaluated, by expression id.
    pub(crate) expr_scopes: Vec<ScopeId>,
    /// The scope in which each statement runs, by statement id.
    pub(crate) stmt_scopes: Vec<ScopeId>,
}

/// A region in which names are bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// The scope around it; `None` for the module's own.
    pub parent: Option<ScopeId>,
    /// What opens it.
    pub kind: ScopeKind,
    /// The names bound in it, sorted by name id, with every place that binds each.
    pub bindings: Vec<Binding>,
}

/// What opens a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    /// The module.
    Module,
    /// A class body.
    Class(StmtId),
    /// A function body.
    Function(StmtId),
    /// A lambda.
    Lambda(ExprId),
    /// A comprehension or generator expression.
    Comprehension(ExprId),
    /// The annotation scope of type parameters (PEP 695).
    TypeParameters(StmtId),
}

/// A name bound in a scope.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The name.
    pub name: NameId,
    /// Every place that binds it, in order of the source.
    pub sites: Vec<BindingSite>,
}

/// One place that binds a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindingSite {
    /// The name's own range.
    pub range: Range,
    /// How it is bound.
    pub kind: BindingKind,
}

/// How a name is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingKind {
    /// The import with this index in `Names::imports`.
    Import(u32),
    /// A function definition.
    Function(StmtId),
    /// A class definition.
    Class(StmtId),
    /// A plain assignment of this value to this one name.
    Assigned(ExprId),
    /// A parameter, with its annotation and default where it has them.
    Parameter {
        /// The function or lambda's parameter annotation.
        annotation: Option<ExprId>,
        /// The default value.
        default: Option<ExprId>,
    },
    /// An annotated name, with or without a value.
    Annotated {
        /// The annotation.
        annotation: ExprId,
        /// The value, if one is assigned.
        value: Option<ExprId>,
    },
    /// `with value as name`.
    With(ExprId),
    /// Anything else: unpacking, loops, `except … as`, patterns, `del`, `global`, augmented assignment, type parameters.
    Other,
}

/// One name that an import statement binds.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The statement.
    pub stmt: StmtId,
    /// The scope in which the name is bound.
    pub scope: ScopeId,
    /// The name it is bound to; `None` for `from m import *`.
    pub bound: Option<NameId>,
    /// The range of the imported name in the statement.
    pub range: Range,
    /// The number of leading dots; 0 for an absolute import.
    pub level: u32,
    /// The module after the dots, dotted; empty for `from . import x`.
    pub module: String,
    /// The name taken from the module; `None` where the module itself is bound.
    pub name: Option<String>,
    /// Whether the import can only run for a type checker (`if TYPE_CHECKING:`).
    pub type_checking: bool,
    /// Whether the import stands in a `try` whose handlers catch `ImportError` (or more).
    pub optional: bool,
}

/// Where the first name of a dotted name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Base {
    /// Imported; the path is that of the imported module and name, after this many dots.
    Import {
        /// The number of leading dots; 0 for an absolute import.
        level: u32,
    },
    /// Defined in this module; the path is a qualified name as in `__qualname__`.
    Local,
    /// A built-in of Python that this module does not re-bind.
    Builtin,
}

/// A dotted name with what its first part stands for: `from sqlalchemy import text as t; t` is
/// `Import { level: 0 }`, `["sqlalchemy", "text"]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Qualified {
    /// Where it comes from.
    pub base: Base,
    /// The names, from the outermost.
    pub path: Vec<String>,
}

impl Qualified {
    /// Whether this is the absolute import or built-in with this dotted path: `is("sqlalchemy.text")`, `is("print")`.
    pub fn is(&self, dotted: &str) -> bool {
        matches!(self.base, Base::Import { level: 0 } | Base::Builtin) && dotted.split('.').eq(self.path.iter())
    }

    /// The path with dots.
    pub fn dotted(&self) -> String {
        self.path.join(".")
    }
}

impl Module {
    /// The scope in which an expression is evaluated.
    pub fn scope_of_expr(&self, expr: ExprId) -> ScopeId {
        self.names.expr_scopes[expr.0 as usize]
    }

    /// The scope in which a statement runs (a function's own scope is that of its body's statements).
    pub fn scope_of_stmt(&self, stmt: StmtId) -> ScopeId {
        self.names.stmt_scopes[stmt.0 as usize]
    }
}
