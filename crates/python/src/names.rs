//! What the names of a module stand for, as far as one file can tell: scopes, bindings, imports, qualified names.
//!
//! The rules are those of the language reference, "Execution model", as CPython's `symtable` applies them: a function,
//! lambda or comprehension opens a scope, and so does a class body, which the functions in it do not see; the first
//! iterable of a comprehension, decorators and defaults are evaluated outside; `global` and `nonlocal` bind elsewhere;
//! `:=` in a comprehension binds around it (PEP 572); type parameters have a scope of their own (PEP 695).

mod builtins;
mod exported;
mod guards;
mod imports;
mod qualified;
mod scopes;
#[cfg(test)]
mod tests;

pub(crate) use scopes::resolve;

use crate::module::{Module, Parent};
use crate::syntax::{ExprId, ExprKind, NameId, StmtId, StmtKind};
use pyaudit_source::Range;

/// The number of a scope in its module. Scope 0 is the module's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeId(pub u32);

/// The scopes and imports of a module.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Names {
    /// Every scope; the module's own is the first, and a scope stands after the one around it.
    pub scopes: Vec<Scope>,
    /// Every name that an import statement binds, in order of the source, at any depth.
    pub imports: Vec<Import>,
    /// The names in `__all__`, where they can be known.
    pub exported: Option<Vec<String>>,
    /// The scope in which each expression is evaluated, by expression id.
    pub(crate) expr_scopes: Vec<ScopeId>,
    /// The scope in which each statement runs, by statement id.
    pub(crate) stmt_scopes: Vec<ScopeId>,
    /// The scope of the statements in the body of each statement, by statement id.
    pub(crate) body_scopes: Vec<ScopeId>,
    /// What guards each statement, by statement id.
    pub(crate) guards: Vec<guards::Guards>,
    /// The names that a scope declares `global`, sorted.
    pub(crate) declared_global: Vec<(ScopeId, NameId)>,
    /// Every name that is bound or read, sorted by its text.
    pub(crate) by_text: Vec<NameId>,
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
    /// Whether the bound name stands after `as`. Without it `import a.b` binds `a`, to the package `a`.
    pub renamed: bool,
    /// Whether the import can only run for a type checker (`if TYPE_CHECKING:`).
    pub type_checking: bool,
    /// Whether the import stands in a `try` whose handlers catch `ImportError` (or more), or below
    /// `with suppress(ImportError)`.
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

impl Names {
    /// A scope.
    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    /// The scopes around a scope, from the inside out, beginning with itself.
    pub fn scope_chain(&self, id: ScopeId) -> impl Iterator<Item = (ScopeId, &Scope)> {
        let scope = |id: ScopeId| self.scopes.get(id.0 as usize).map(|scope| (id, scope));
        std::iter::successors(scope(id), move |(_, inner)| inner.parent.and_then(scope))
    }

    /// The binding of a name as a scope that may see it finds it.
    fn find(&self, from: ScopeId, name: NameId) -> Option<(ScopeId, &Binding)> {
        // A class body is seen from itself and from the type parameters in it, and from no function in it.
        let mut sees_class = true;
        for (id, scope) in self.scope_chain(from) {
            if self.declared_global.binary_search(&(id, name)).is_ok() {
                return self.scopes[0].binding(name).map(|binding| (ScopeId(0), binding));
            }
            let is_class = matches!(scope.kind, ScopeKind::Class(_));
            if let Some(binding) = scope.binding(name).filter(|_| sees_class || !is_class) {
                return Some((id, binding));
            }
            sees_class &= matches!(scope.kind, ScopeKind::TypeParameters(_));
        }
        None
    }
}

impl Scope {
    /// The binding of a name in this very scope.
    pub fn binding(&self, name: NameId) -> Option<&Binding> {
        let at = self.bindings.binary_search_by_key(&name, |binding| binding.name).ok()?;
        Some(&self.bindings[at])
    }
}

impl Binding {
    /// The value, where one plain or annotated assignment is all that binds the name.
    pub fn only_value(&self) -> Option<ExprId> {
        let [site] = self.sites.as_slice() else { return None };
        match site.kind {
            BindingKind::Assigned(value) | BindingKind::Annotated { value: Some(value), .. } => Some(value),
            _ => None,
        }
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

    /// The scope of the statements in a statement's body: a function's or class's own, and that of the statement
    /// itself for every other one.
    pub fn scope_of_body(&self, stmt: StmtId) -> ScopeId {
        self.names.body_scopes[stmt.0 as usize]
    }

    /// The number of a name that occurs in the module.
    pub fn name_id(&self, name: &str) -> Option<NameId> {
        let names = &self.names.by_text;
        let at = names.binary_search_by(|&id| self.syntax.name(id).cmp(name)).ok()?;
        Some(names[at])
    }

    /// Every name that occurs in the module, each once, in the order of their texts.
    pub fn all_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.by_text.iter().map(|&id| self.syntax.name(id))
    }

    /// The binding of a name in this very scope; scopes around it are not searched.
    pub fn binding(&self, scope: ScopeId, name: &str) -> Option<&Binding> {
        self.names.scope(scope).binding(self.name_id(name)?)
    }

    /// What a `Name` expression stands for: the scope that binds it, and the binding. `None` for another expression, and
    /// for a name that no scope in reach binds: a built-in, a name from a star import, or a mistake.
    pub fn lookup(&self, expr: ExprId) -> Option<(ScopeId, &Binding)> {
        match self.syntax.expr(expr).kind {
            ExprKind::Name { id, .. } => self.lookup_in(self.scope_of_expr(expr), id),
            _ => None,
        }
    }

    /// What a name stands for where it is read in a scope: the scope that binds it, and the binding.
    pub fn lookup_in(&self, scope: ScopeId, name: NameId) -> Option<(ScopeId, &Binding)> {
        self.names.find(scope, name)
    }

    /// The value of a name that one plain assignment binds, or of `Class.name` likewise.
    pub fn only_value(&self, expr: ExprId) -> Option<ExprId> {
        let ExprKind::Attribute { value, attr, .. } = self.syntax.expr(expr).kind else {
            return self.lookup(expr)?.1.only_value();
        };
        let [BindingSite { kind: BindingKind::Class(class), .. }] = *self.lookup(value)?.1.sites else { return None };
        self.names.scope(self.scope_of_body(class)).binding(attr.name)?.only_value()
    }

    /// The class around an expression, also where functions and lambdas stand between: the class that `self` means
    /// in a method. Decorators, base classes and defaults belong to what is around the definition.
    pub fn enclosing_class(&self, expr: ExprId) -> Option<StmtId> {
        self.names.scope_chain(self.scope_of_expr(expr)).find_map(|(_, scope)| match scope.kind {
            ScopeKind::Class(stmt) => Some(stmt),
            _ => None,
        })
    }

    /// The `__qualname__` of a function or class definition: `Service.run`, `outer.<locals>.inner`.
    pub fn qualname(&self, definition: StmtId) -> Option<String> {
        let name = match &self.syntax.stmt(definition).kind {
            StmtKind::FunctionDef(def) => def.name.name,
            StmtKind::ClassDef(def) => def.name.name,
            _ => return None,
        };
        let scope = self.scope_of_stmt(definition);
        let is_global = self.names.declared_global.binary_search(&(scope, name)).is_ok();
        let scope = if is_global { ScopeId(0) } else { scope };
        Some(self.local_path(scope, name).join("."))
    }

    /// Whether a node runs only when the file is run as a script: it stands below `if __name__ == "__main__":`.
    pub fn is_in_main_guard(&self, node: Parent) -> bool {
        self.guards(node).main
    }

    /// Whether a node can only run for a type checker: it stands below `if TYPE_CHECKING:`, or in the `else` of
    /// `if not TYPE_CHECKING:`.
    pub fn is_in_type_checking(&self, node: Parent) -> bool {
        self.guards(node).type_checking
    }

    fn guards(&self, node: Parent) -> guards::Guards {
        let stmt = match node {
            Parent::Stmt(id) => Some(id),
            _ => self.syntax.enclosing_stmts(node).next(),
        };
        stmt.map_or_else(guards::Guards::default, |id| self.names.guards[id.0 as usize])
    }
}
