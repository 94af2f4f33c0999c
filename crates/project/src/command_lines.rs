//! Which code is a program for a terminal.

use crate::{Module, Project};
use pyaudit_python::{ExprKind, ScopeId, StmtId, StmtKind};
use pyaudit_source::Role;

/// Libraries that make command lines.
const COMMAND_LINE_LIBRARIES: &[&str] =
    &["argparse", "click", "typer", "fire", "docopt", "optparse", "cleo", "cyclopts", "asyncclick", "getopt", "cmd"];

/// Names of modules and packages that hold command lines.
const COMMAND_LINE_NAMES: &[&str] =
    &["cli", "__main__", "commands", "command", "management", "console", "manage", "cmd", "scripts"];

impl Project {
    /// Whether a module is a program for a terminal: by its role, its name, or because it runs by itself and the
    /// application never imports it.
    pub fn is_command_line(&self, module: &Module) -> bool {
        if module.role == Role::Script || module.name.split('.').any(|part| COMMAND_LINE_NAMES.contains(&part)) {
            return true;
        }
        if self.imports.is_served(module.id) {
            return false;
        }
        let imports = &module.python.names.imports;
        let uses_library = imports.iter().any(|import| {
            let top = import.module.split('.').next().unwrap_or("");
            import.level == 0 && COMMAND_LINE_LIBRARIES.contains(&top)
        });
        uses_library || has_main_guard(module) || runs_on_import(module)
    }

    /// Whether a function is decorated as a command of a command line: `@click.command()`, `@app.command()`.
    pub fn is_command(&self, module: &Module, function: StmtId) -> bool {
        let syntax = &module.python.syntax;
        let decorators = module.function(function).map_or(&[][..], |function| &function.decorators);
        decorators.iter().any(|&decorator| {
            let callee = match &syntax.expr(decorator).kind {
                ExprKind::Call { func, .. } => *func,
                _ => decorator,
            };
            let by_name = match &syntax.expr(callee).kind {
                ExprKind::Attribute { attr, .. } => {
                    matches!(syntax.identifier(*attr), "command" | "callback" | "group" | "cli")
                }
                _ => false,
            };
            by_name
                || self.symbols(module, callee).iter().any(|symbol| {
                    let top = symbol.external().and_then(|name| name.split('.').next());
                    top.is_some_and(|top| matches!(top, "click" | "typer" | "asyncclick"))
                })
        })
    }
}

/// Whether a module has an `if __name__ == "__main__":` block.
fn has_main_guard(module: &Module) -> bool {
    let syntax = &module.python.syntax;
    syntax.body.iter().any(|&id| match &syntax.stmt(id).kind {
        StmtKind::If { clauses, .. } => clauses.iter().any(|clause| {
            clause
                .body
                .first()
                .is_some_and(|&first| module.python.is_in_main_guard(pyaudit_python::Parent::Stmt(first)))
        }),
        _ => false,
    })
}

/// Whether most of what a module does happens when it is loaded: a loop or a `with` in its own body.
fn runs_on_import(module: &Module) -> bool {
    let syntax = &module.python.syntax;
    syntax.body.iter().any(|&id| {
        let runs =
            matches!(syntax.stmt(id).kind, StmtKind::For { .. } | StmtKind::While { .. } | StmtKind::With { .. });
        runs && module.python.scope_of_stmt(id) == ScopeId(0)
    })
}
