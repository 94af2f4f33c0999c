//! Which code is a program for a terminal.

use crate::{Module, Project};
use pyaudit_python::{ExprContext, ExprKind, Parent, StmtId};
use pyaudit_source::Role;

/// Names of modules and packages that hold command lines.
const COMMAND_LINE_NAMES: &[&str] =
    &["cli", "__main__", "commands", "command", "management", "console", "manage", "cmd", "scripts"];

/// Whether a module has a `__main__` block and a parser of arguments.
fn reads_arguments(module: &Module) -> bool {
    const PARSERS: &[&str] = &["argparse", "click", "typer", "fire", "docopt"];
    let imports = || module.python.names.imports.iter().filter(|import| import.level == 0);
    module.python.name_id("__name__").is_some()
        && imports().any(|import| PARSERS.contains(&import.module.split('.').next().unwrap_or("")))
}

impl Project {
    /// Whether a module is a program for a terminal: by its role, by its name, or because it reads arguments and nothing
    /// imports it but tests and other such programs.
    pub fn is_command_line(&self, module: &Module) -> bool {
        module.role == Role::Script
            || module.name.split('.').any(|part| COMMAND_LINE_NAMES.contains(&part))
            || (reads_arguments(module)
                && self.imports.importers(module.id).iter().all(|&importer| {
                    let importer = self.modules.get(importer);
                    matches!(importer.role, Role::Test | Role::Script) || reads_arguments(importer)
                }))
    }

    /// Whether a function is used in the `__main__` block of its module alone, and no module that imports it knows the
    /// function's name: an example, a trial run.
    pub fn is_used_by_main_guard_only(&self, module: &Module, function: StmtId) -> bool {
        let syntax = &module.python.syntax;
        let Some(definition) = module.function(function) else { return false };
        let name = syntax.identifier(definition.name);
        let mut importers = self.imports.importers(module.id).iter().map(|&importer| self.modules.get(importer));
        if importers.any(|importer| importer.python.name_id(name).is_some()) {
            return false;
        }
        let uses = syntax.exprs().filter(|(_, expr)| match expr.kind {
            ExprKind::Name { id, ctx: ExprContext::Load } => id == definition.name.name,
            _ => false,
        });
        let mut guarded = uses.map(|(id, _)| module.python.is_in_main_guard(Parent::Expr(id))).peekable();
        guarded.peek().is_some() && guarded.all(|guarded| guarded)
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
