//! One Python file as plain data.

use crate::names::Names;
use crate::syntax::{Block, Expr, ExprId, ExprKind, Identifier, NameId, Pattern, PatternId, Stmt, StmtId, StmtKind};
use pyaudit_source::{ParseProblem, Range};

/// What holds a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parent {
    /// The module's own body.
    Module,
    /// A statement.
    Stmt(StmtId),
    /// An expression.
    Expr(ExprId),
    /// A match pattern.
    Pattern(PatternId),
}

/// The syntax of a module: arenas of nodes, and the node that holds each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Syntax {
    /// The statements of the module's own body.
    pub body: Block,
    pub(crate) stmts: Vec<Stmt>,
    pub(crate) exprs: Vec<Expr>,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) names: Vec<Box<str>>,
    pub(crate) stmt_parents: Vec<Parent>,
    pub(crate) expr_parents: Vec<Parent>,
    pub(crate) pattern_parents: Vec<Parent>,
}

impl Syntax {
    /// A statement.
    pub fn stmt(&self, id: StmtId) -> &Stmt {
        &self.stmts[id.0 as usize]
    }

    /// An expression.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }

    /// A match pattern.
    pub fn pattern(&self, id: PatternId) -> &Pattern {
        &self.patterns[id.0 as usize]
    }

    /// The text of a name.
    pub fn name(&self, id: NameId) -> &str {
        &self.names[id.0 as usize]
    }

    /// The text of an identifier.
    pub fn identifier(&self, identifier: Identifier) -> &str {
        self.name(identifier.name)
    }

    /// Every statement, children before parents.
    pub fn stmts(&self) -> impl ExactSizeIterator<Item = (StmtId, &Stmt)> {
        self.stmts.iter().enumerate().map(|(at, stmt)| (StmtId(at as u32), stmt))
    }

    /// Every expression, children before parents.
    pub fn exprs(&self) -> impl ExactSizeIterator<Item = (ExprId, &Expr)> {
        self.exprs.iter().enumerate().map(|(at, expr)| (ExprId(at as u32), expr))
    }

    /// What holds a statement.
    pub fn stmt_parent(&self, id: StmtId) -> Parent {
        self.stmt_parents[id.0 as usize]
    }

    /// What holds an expression.
    pub fn expr_parent(&self, id: ExprId) -> Parent {
        self.expr_parents[id.0 as usize]
    }

    /// What holds a match pattern.
    pub fn pattern_parent(&self, id: PatternId) -> Parent {
        self.pattern_parents[id.0 as usize]
    }

    /// What holds a node; the module's body is held by itself.
    pub fn parent(&self, node: Parent) -> Parent {
        match node {
            Parent::Module => Parent::Module,
            Parent::Stmt(id) => self.stmt_parent(id),
            Parent::Expr(id) => self.expr_parent(id),
            Parent::Pattern(id) => self.pattern_parent(id),
        }
    }

    /// The nodes that hold `node`, from the inside out, without `node` itself and without the module.
    pub fn ancestors(&self, node: Parent) -> impl Iterator<Item = Parent> {
        std::iter::successors(Some(self.parent(node)), |&at| Some(self.parent(at)))
            .take_while(|&at| at != Parent::Module)
    }

    /// The statement that an expression belongs to.
    pub fn enclosing_stmt(&self, expr: ExprId) -> Option<StmtId> {
        self.ancestors(Parent::Expr(expr)).find_map(|node| match node {
            Parent::Stmt(id) => Some(id),
            _ => None,
        })
    }

    /// The statements that hold `node`, from the inside out.
    pub fn enclosing_stmts(&self, node: Parent) -> impl Iterator<Item = StmtId> {
        self.ancestors(node).filter_map(|node| match node {
            Parent::Stmt(id) => Some(id),
            _ => None,
        })
    }

    /// The function definitions that hold `node` in their bodies, decorators or signatures, from the inside out.
    pub fn enclosing_functions(&self, node: Parent) -> impl Iterator<Item = StmtId> {
        self.enclosing_stmts(node).filter(|&id| matches!(self.stmt(id).kind, StmtKind::FunctionDef(_)))
    }

    /// The value of a plain string literal.
    pub fn string(&self, id: ExprId) -> Option<&str> {
        match &self.expr(id).kind {
            ExprKind::Str { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The docstring of a body: its first statement, where that is a plain string.
    pub fn docstring(&self, body: &[StmtId]) -> Option<&str> {
        match self.stmt(*body.first()?).kind {
            StmtKind::Expr(value) => self.string(value),
            _ => None,
        }
    }
}

/// A comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// From the `#` to the last character of the line, without the line end.
    pub range: Range,
    /// Whether nothing but white space stands before it on its line.
    pub own_line: bool,
}

/// One Python file: its syntax, comments and names. It knows neither its path nor the project, so that equal texts give
/// equal modules.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Module {
    /// The syntax tree.
    pub syntax: Syntax,
    /// The comments, in order of the source.
    pub comments: Vec<Comment>,
    /// Scopes, bindings and imports.
    pub names: Names,
    /// What could not be parsed.
    pub problems: Vec<ParseProblem>,
}
