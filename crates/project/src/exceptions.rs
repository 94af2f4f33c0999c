//! `except` clauses: what they catch, and what they do about it.

use crate::{Module, Project, Symbol};
use pyaudit_python::{ExceptHandler, ExprId, ExprKind, NameId, Parent, StmtId, StmtKind};
use pyaudit_source::{Role, Span};
use std::collections::BTreeSet;

/// How much an `except` clause catches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Breadth {
    /// Exceptions that are named.
    Named,
    /// `except Exception`.
    Exception,
    /// `except:` and `except BaseException`.
    Everything,
}

/// One `except` clause.
#[derive(Debug, Clone)]
pub struct Catch<'p> {
    /// The module it stands in.
    pub module: &'p Module,
    /// Its `try` statement.
    pub statement: StmtId,
    /// Its place among the clauses of the statement, from 0.
    pub index: usize,
    /// The clause itself.
    pub clause: &'p ExceptHandler,
    /// How much it catches.
    pub breadth: Breadth,
    /// What it catches, as far as names can be resolved.
    pub caught: Vec<Symbol>,
}

impl Project {
    /// Every `except` clause of a module, in the order of the source. One without a body is a file that Python refuses,
    /// and not counted.
    pub fn catches<'p>(&'p self, module: &'p Module) -> Vec<Catch<'p>> {
        let statements = module.python.syntax.stmts();
        let mut found: Vec<Catch<'p>> =
            statements.flat_map(|(statement, _)| self.catches_of(module, statement)).collect();
        found.sort_by_key(|found| found.clause.range);
        found
    }

    /// The `except` clauses of one `try` statement, in the order of the source; none of any other statement.
    pub fn catches_of<'p>(&'p self, module: &'p Module, statement: StmtId) -> Vec<Catch<'p>> {
        let StmtKind::Try { handlers, .. } = &module.python.syntax.stmt(statement).kind else { return Vec::new() };
        let clauses = handlers.iter().enumerate().filter(|(_, clause)| !clause.body.is_empty());
        let catches = clauses.map(|(index, clause)| {
            let caught = self.caught(module, clause);
            Catch { module, statement, index, clause, breadth: breadth(clause, &caught), caught }
        });
        catches.collect()
    }

    /// What a clause catches: one class, or the elements of a tuple.
    fn caught(&self, module: &Module, clause: &ExceptHandler) -> Vec<Symbol> {
        let syntax = &module.python.syntax;
        let Some(exception) = clause.exception else { return Vec::new() };
        let classes: &[ExprId] = match &syntax.expr(exception).kind {
            ExprKind::Tuple { elts, .. } => elts,
            _ => &[exception],
        };
        classes.iter().flat_map(|&class| self.symbols(module, class)).collect()
    }
}

impl Project {
    /// The last names of the classes that the project's own code raises.
    pub fn raised_names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for module in self.modules.iter() {
            let syntax = &module.python.syntax;
            for (_, stmt) in syntax.stmts() {
                let StmtKind::Raise { exc: Some(raised), .. } = stmt.kind else { continue };
                let class = match syntax.expr(raised).kind {
                    ExprKind::Call { func, .. } => func,
                    _ => raised,
                };
                names.extend(module.last_name(class));
            }
        }
        names
    }

    /// The last names of the classes of libraries that the application raises with a text of its own.
    pub fn raised_with_own_text(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for module in self.modules.iter().filter(|module| module.role == Role::Application) {
            let syntax = &module.python.syntax;
            for (_, stmt) in syntax.stmts() {
                let StmtKind::Raise { exc: Some(raised), .. } = stmt.kind else { continue };
                let ExprKind::Call { func, args, .. } = &syntax.expr(raised).kind else { continue };
                // What is given more than a text passes on what another exception said.
                let is_written = matches!(args[..], [text] if syntax.string(text).is_some()
                    || matches!(syntax.expr(text).kind, ExprKind::FString(_)));
                if is_written && self.symbol(module, *func).is_some_and(|symbol| symbol.external().is_some()) {
                    names.extend(module.last_name(*func));
                }
            }
        }
        names
    }
}

fn breadth(clause: &ExceptHandler, caught: &[Symbol]) -> Breadth {
    if clause.exception.is_none() || caught.iter().any(|symbol| symbol.is("BaseException")) {
        Breadth::Everything
    } else if caught.iter().any(|symbol| symbol.is("Exception")) {
        Breadth::Exception
    } else {
        Breadth::Named
    }
}

impl<'p> Catch<'p> {
    /// Whether it catches whatever goes wrong: `except:`, `except Exception`, `except BaseException`.
    pub fn is_broad(&self) -> bool {
        self.breadth != Breadth::Named
    }

    /// The place of `except` and what it names, without the body.
    pub fn head(&self) -> Span {
        let start = self.clause.range.start;
        let end = self.clause.exception.map(|exception| self.module.python.syntax.expr(exception).range.end);
        let word = start + u32::try_from("except".len()).unwrap_or_default();
        self.module.span(pyaudit_source::Range::new(start, end.unwrap_or(word)))
    }

    /// What the statement guards.
    pub fn guarded(&self) -> &'p [StmtId] {
        match &self.module.python.syntax.stmt(self.statement).kind {
            StmtKind::Try { body, .. } => body,
            _ => &[],
        }
    }

    /// The clauses of the statement before this one.
    pub fn earlier(&self) -> &'p [ExceptHandler] {
        match &self.module.python.syntax.stmt(self.statement).kind {
            StmtKind::Try { handlers, .. } => &handlers[..self.index],
            _ => &[],
        }
    }

    /// The function around the statement, if there is one.
    pub fn function(&self) -> Option<StmtId> {
        self.module.python.syntax.enclosing_functions(Parent::Stmt(self.statement)).next()
    }

    /// Every statement of the clause, those of functions that it defines left out.
    pub fn statements(&self) -> impl Iterator<Item = StmtId> + use<'p> {
        self.module.python.syntax.walk_stmts_in(&self.clause.body, false)
    }

    /// Whether any path of the clause raises, the same exception or another.
    pub fn raises(&self) -> bool {
        let syntax = &self.module.python.syntax;
        self.statements().any(|stmt| matches!(syntax.stmt(stmt).kind, StmtKind::Raise { .. }))
    }

    /// Whether any path of the clause raises the exception again: `raise`, or `raise error`.
    pub fn raises_again(&self) -> bool {
        let syntax = &self.module.python.syntax;
        self.statements().any(|stmt| match syntax.stmt(stmt).kind {
            StmtKind::Raise { exc: None, .. } => true,
            StmtKind::Raise { exc: Some(raised), .. } => self.is_the_exception(raised),
            _ => false,
        })
    }

    /// Whether an expression is the exception that the clause caught.
    pub fn is_the_exception(&self, expr: ExprId) -> bool {
        let syntax = &self.module.python.syntax;
        let name = self.clause.name.map(|name| name.name);
        matches!(syntax.expr(expr).kind, ExprKind::Name { id, .. } if Some(id) == name)
    }

    /// Whether the clause looks at the exception at all.
    pub fn uses_the_exception(&self) -> bool {
        let syntax = &self.module.python.syntax;
        let mut exprs = self.clause.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true));
        exprs.any(|expr| self.is_the_exception(expr))
    }

    /// The names that hold the exception or a text made of it at a place in the clause: its own, and those the clause
    /// assigns from it, where no later assignment on every way to the place gave them another value.
    pub fn names_with_it(&self, place: ExprId) -> BTreeSet<NameId> {
        let syntax = &self.module.python.syntax;
        let mut names: BTreeSet<NameId> = self.clause.name.iter().map(|name| name.name).collect();
        let mut held = names.clone();
        for stmt in self.statements() {
            let StmtKind::Assign { targets, value } = &syntax.stmt(stmt).kind else { continue };
            let holds = syntax
                .walk_exprs_of(*value)
                .any(|part| matches!(syntax.expr(part).kind, ExprKind::Name { id, .. } if names.contains(&id)));
            let [target] = targets[..] else { continue };
            if let ExprKind::Name { id, .. } = syntax.expr(target).kind
                && holds
                && !self.is_number(*value)
            {
                names.insert(id);
                if self.module.may_reach(*value, place) {
                    held.insert(id);
                }
            }
        }
        held
    }

    /// Whether a value is a number, which says little of the text that it was taken from: `int(found.group(1))`.
    fn is_number(&self, value: ExprId) -> bool {
        match self.module.python.syntax.expr(value).kind {
            ExprKind::Call { func, .. } => {
                matches!(self.module.last_name(func), Some("int" | "float" | "len" | "bool"))
            }
            _ => false,
        }
    }

    /// Whether the clause calls anything.
    pub fn calls(&self) -> bool {
        let syntax = &self.module.python.syntax;
        let mut exprs = self.clause.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
        exprs.any(|expr| matches!(syntax.expr(expr).kind, ExprKind::Call { .. }))
    }

    /// Whether a comment stands in the clause, where a reason would be given.
    pub fn has_comment(&self, project: &Project) -> bool {
        let text = project.sources.text(self.module.file).unwrap_or("");
        let end = self.clause.range.end as usize;
        let rest_of_line = text.get(end..).map_or(0, |rest| rest.find('\n').unwrap_or(rest.len()));
        let range = self.clause.range.start as usize..=end + rest_of_line;
        self.module.python.comments.iter().any(|comment| range.contains(&(comment.range.start as usize)))
    }
}
