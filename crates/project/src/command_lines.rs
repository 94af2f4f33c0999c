//! Which code is a program for a terminal.

use crate::{Module, ModuleId, Project};
use pyaudit_python::{ExprContext, ExprId, ExprKind, Parent, StmtId};
use pyaudit_source::Role;
use std::collections::BTreeSet;

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
    /// imports it but tests, other such programs, and modules that only these import.
    pub fn is_command_line(&self, module: &Module) -> bool {
        module.role == Role::Script
            || module.name.split('.').any(|part| COMMAND_LINE_NAMES.contains(&part))
            || (reads_arguments(module) && self.is_for_programs_alone(module, &mut BTreeSet::from([module.id])))
    }

    /// Whether all importers of a module are tests, scripts, programs that read arguments, or modules of which the same is
    /// true. A module that nothing imports is nobody's helper, so that the walk does not go through it.
    fn is_for_programs_alone(&self, module: &Module, seen: &mut BTreeSet<ModuleId>) -> bool {
        self.imports.importers(module.id).iter().all(|&id| {
            let importer = self.modules.get(id);
            if matches!(importer.role, Role::Test | Role::Script) || reads_arguments(importer) {
                return true;
            }
            let is_new = seen.insert(id);
            !self.imports.importers(id).is_empty() && (!is_new || self.is_for_programs_alone(importer, seen))
        })
    }

    /// Whether all that a function is for is a step of building an image: nothing names it but calls of `run_function` of
    /// an image of Modal, which run it once, on the machine that builds.
    /// <https://modal.com/docs/reference/modal.Image#run_function>
    pub fn is_build_step(&self, module: &Module, function: StmtId) -> bool {
        let syntax = &module.python.syntax;
        module.python.names.imports.iter().any(|import| import.module.split('.').next() == Some("modal"))
            && self.is_used_only_where(module, function, |read| match syntax.expr_parent(read) {
                Parent::Expr(parent) => match &syntax.expr(parent).kind {
                    ExprKind::Call { func, args, .. } => {
                        args.contains(&read) && module.last_name(*func) == Some("run_function")
                    }
                    _ => false,
                },
                _ => false,
            })
    }

    /// Whether a function is used in the `__main__` block of its module alone, and no module that imports it knows the
    /// function's name: an example, a trial run.
    pub fn is_used_by_main_guard_only(&self, module: &Module, function: StmtId) -> bool {
        self.is_used_only_where(module, function, |read| module.python.is_in_main_guard(Parent::Expr(read)))
    }

    /// Whether a function is named in its module, only in such places, and no module that imports it knows the name.
    fn is_used_only_where(&self, module: &Module, function: StmtId, is_meant: impl Fn(ExprId) -> bool) -> bool {
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
        let mut meant = uses.map(|(id, _)| is_meant(id)).peekable();
        meant.peek().is_some() && meant.all(|meant| meant)
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

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    #[test]
    fn a_program_and_its_helper_may_import_each_other() {
        let program = "import argparse\nfrom app.steps import run\nif __name__ == '__main__':\n    run()\n";
        let helper = "def run():\n    from app.convert import step\n    step()\n";
        let is_program = |other: &str| {
            let project = project(&[("app/convert.py", program), ("app/steps.py", helper), ("app/main.py", other)]);
            let module = project.modules.iter().find(|module| module.name == "app.convert").expect("it is there");
            project.is_command_line(module)
        };
        assert!(is_program("x = 1\n"));
        assert!(!is_program("from app.steps import run\n"));
        assert!(!is_program("from app.convert import step\n"));
    }

    #[test]
    fn what_only_builds_an_image_is_a_build_step() {
        let is_step = |more: &str| {
            let text = format!(
                "import modal\ndef fetch():\n    pass\nimage = modal.Image.debian_slim().run_function(fetch)\n{more}"
            );
            let project = project(&[("app/main.py", &text)]);
            let module = project.modules.iter().next().expect("one module");
            let (function, _) =
                module.python.syntax.stmts().find(|&(id, _)| module.function(id).is_some()).expect("it is defined");
            project.is_build_step(module, function)
        };
        assert!(is_step(""));
        assert!(!is_step("fetch()\n"));
    }
}
