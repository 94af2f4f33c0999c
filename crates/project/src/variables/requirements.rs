//! Which reads of the environment every run of the program comes to.
//!
//! `os.environ["KEY"]` says that a program needs the variable only where the program always comes there. Below
//! `if provider == "a":`, behind `"KEY" in os.environ and …`, in a `try` that goes on without it, or in a class that only
//! such a branch makes, it is one of several ways to run the program.

use crate::calls::{Confidence, Entry, Function, FunctionId, FunctionNode};
use crate::settings::EnvironmentRead;
use crate::{Module, ModuleId, Project};
use pyaudit_python::{Comprehension, ExceptHandler, ExprId, ExprKind, Parent, StmtId, StmtKind, Syntax};
use pyaudit_source::Role;
use std::collections::{BTreeMap, BTreeSet};

/// Answers for the reads of one project, each function once.
pub(super) struct Requirements<'p> {
    project: &'p Project,
    known: BTreeMap<FunctionId, bool>,
}

impl<'p> Requirements<'p> {
    /// Knows nothing yet.
    pub(super) fn new(project: &'p Project) -> Self {
        Self { project, known: BTreeMap::new() }
    }

    /// Whether every run of the program that loads the module comes to a read.
    pub(super) fn is_always_read(&mut self, read: &EnvironmentRead) -> bool {
        let module = self.project.modules.get(read.module);
        let is_free = !is_chosen(module, Parent::Expr(read.expr)) && !falls_back(module, read.expr);
        is_free && self.always_runs(self.project.calls.function_of(module, read.expr))
    }

    /// Whether a function or the body of a module always runs: there is a way to it without a branch, from a function that
    /// a framework calls or a module that is started. What nothing is seen to call is chosen when the program runs, or
    /// never.
    fn always_runs(&mut self, id: FunctionId) -> bool {
        let (mut open, mut seen) = (vec![id], BTreeSet::new());
        while let Some(function) = open.pop() {
            if self.known.get(&function) == Some(&true) || self.is_start(function) {
                self.known.insert(id, true);
                return true;
            }
            if self.known.contains_key(&function) || !seen.insert(function) {
                continue;
            }
            match self.project.calls.function(function) {
                Function { node: FunctionNode::Module, module, .. } => open.extend(self.loading(*module)),
                _ => open.extend(self.calling(function)),
            }
        }
        // No way leads to any of these.
        self.known.extend(seen.into_iter().map(|function| (function, false)));
        false
    }

    fn is_start(&self, id: FunctionId) -> bool {
        let function = self.project.calls.function(id);
        if function.node != FunctionNode::Module {
            return function.entry != Entry::default();
        }
        let has_application = || self.project.routes.routers.iter().any(|router| router.module == function.module);
        self.importers(function.module).next().is_none() || has_application()
    }

    /// The modules of the application that import one.
    fn importers(&self, imported: ModuleId) -> impl Iterator<Item = &'p Module> {
        let importers = self.project.imports.importers(imported).iter().map(|&id| self.project.modules.get(id));
        importers.filter(move |importer| importer.id != imported && importer.role == Role::Application)
    }

    /// The functions that call one on no branch.
    fn calling(&self, id: FunctionId) -> Vec<FunctionId> {
        let calls = self.project.calls.edges_to(id).filter(|edge| {
            let module = self.project.modules.get(edge.module);
            edge.confidence == Confidence::Known
                && module.role == Role::Application
                && !is_chosen(module, Parent::Expr(edge.place))
        });
        calls.map(|edge| edge.caller).collect()
    }

    /// The functions and bodies of modules that import a module on no branch.
    fn loading(&self, imported: ModuleId) -> Vec<FunctionId> {
        let mut found = Vec::new();
        for importer in self.importers(imported) {
            let (python, calls) = (&importer.python, &self.project.calls);
            for import in &python.names.imports {
                let path = import.module.split('.').filter(|part| !part.is_empty());
                let name = import.name.as_deref().filter(|name| *name != "*");
                let path: Vec<String> = path.chain(name).map(str::to_owned).collect();
                let is_it = self.project.modules.along(importer, import.level, &path).contains(&imported);
                if !is_it || is_chosen(importer, Parent::Stmt(import.stmt)) {
                    continue;
                }
                let function = python.syntax.enclosing_functions(Parent::Stmt(import.stmt)).next();
                found.extend(match function {
                    Some(function) => calls.of(importer.id, function),
                    None => calls.of_body(importer.id),
                });
            }
        }
        found
    }
}

/// Whether a node stands where its function or module does not always come: on a branch, behind `and` or `or`, after a
/// way out.
fn is_chosen(module: &Module, node: Parent) -> bool {
    let syntax = &module.python.syntax;
    let mut inner = node;
    for outer in syntax.ancestors(node) {
        match outer {
            Parent::Stmt(id) if matches!(syntax.stmt(id).kind, StmtKind::FunctionDef(_)) => {
                return has_way_out(syntax, id, node);
            }
            Parent::Stmt(id) if chooses(syntax, &syntax.stmt(id).kind, inner) => return true,
            Parent::Expr(id) if is_operand(&syntax.expr(id).kind, inner) => return true,
            _ => {}
        }
        inner = outer;
    }
    false
}

/// Whether a statement runs what stands in it on some of its ways only.
fn chooses(syntax: &Syntax, stmt: &StmtKind, inner: Parent) -> bool {
    match (stmt, inner) {
        (StmtKind::If { clauses, .. }, Parent::Expr(test)) => clauses[0].test != test,
        (StmtKind::If { clauses, .. }, _) => !is_main(syntax, clauses[0].test),
        (StmtKind::Match { subject, .. }, inner) => inner != Parent::Expr(*subject),
        (StmtKind::Try { handlers, .. }, Parent::Stmt(inner)) => {
            handlers.iter().any(|handler| handler.body.contains(&inner))
        }
        _ => false,
    }
}

/// `__name__ == "__main__"`.
fn is_main(syntax: &Syntax, test: ExprId) -> bool {
    match syntax.expr(test).kind {
        ExprKind::Compare { left, .. } => {
            matches!(syntax.expr(left).kind, ExprKind::Name { id, .. } if syntax.name(id) == "__name__")
        }
        _ => false,
    }
}

/// Whether an expression may leave out one of its operands.
fn is_operand(expr: &ExprKind, inner: Parent) -> bool {
    let Parent::Expr(inner) = inner else { return false };
    let filters = |generators: &[Comprehension]| generators.iter().any(|generator| !generator.ifs.is_empty());
    match expr {
        ExprKind::IfExp { test, .. } => *test != inner,
        ExprKind::BoolOp { values, .. } => values.first() != Some(&inner),
        ExprKind::Lambda { .. } => true,
        ExprKind::ListComp { generators, .. }
        | ExprKind::SetComp { generators, .. }
        | ExprKind::DictComp { generators, .. }
        | ExprKind::Generator { generators, .. } => filters(generators),
        _ => false,
    }
}

/// Whether a function has a `return`, `continue` or `break` under a condition before a node, beside or above it.
fn has_way_out(syntax: &Syntax, function: StmtId, node: Parent) -> bool {
    let StmtKind::FunctionDef(definition) = &syntax.stmt(function).kind else { return false };
    let around: Vec<Parent> = syntax.ancestors(node).collect();
    let start = match node {
        Parent::Expr(expr) => syntax.expr(expr).range.start,
        Parent::Stmt(stmt) => syntax.stmt(stmt).range.start,
        _ => return false,
    };
    syntax.walk_stmts_in(&definition.body, false).any(|stmt| {
        let StmtKind::If { clauses, .. } = &syntax.stmt(stmt).kind else { return false };
        let leaves = |body: &[StmtId]| {
            body.last().is_some_and(|&last| {
                matches!(syntax.stmt(last).kind, StmtKind::Return(_) | StmtKind::Continue | StmtKind::Break)
            })
        };
        syntax.stmt(stmt).range.end <= start
            && around.contains(&syntax.parent(Parent::Stmt(stmt)))
            && clauses.iter().any(|clause| leaves(&clause.body))
    })
}

/// Whether the program goes on where the variable is missing: a handler around the read catches that. One that only raises
/// something else while the module is loaded changes the message alone.
fn falls_back(module: &Module, read: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let function = syntax.enclosing_functions(Parent::Expr(read)).next();
    let mut inner = Parent::Expr(read);
    for outer in syntax.ancestors(inner) {
        if let (Parent::Stmt(id), Parent::Stmt(stmt)) = (outer, inner)
            && let StmtKind::Try { body, handlers, .. } = &syntax.stmt(id).kind
            && body.contains(&stmt)
            && handlers.iter().any(|handler| {
                catches_missing(syntax, handler) && (function.is_some() || !ends_with_raise(syntax, handler))
            })
        {
            return true;
        }
        inner = outer;
    }
    false
}

fn catches_missing(syntax: &Syntax, handler: &ExceptHandler) -> bool {
    let Some(exception) = handler.exception else { return true };
    let classes = match &syntax.expr(exception).kind {
        ExprKind::Tuple { elts, .. } => elts.to_vec(),
        _ => vec![exception],
    };
    classes.into_iter().any(|class| match syntax.expr(class).kind {
        ExprKind::Name { id, .. } => {
            matches!(syntax.name(id), "KeyError" | "LookupError" | "Exception" | "BaseException")
        }
        _ => false,
    })
}

fn ends_with_raise(syntax: &Syntax, handler: &ExceptHandler) -> bool {
    handler.body.last().is_some_and(|&last| matches!(syntax.stmt(last).kind, StmtKind::Raise { .. }))
}
