//! The tasks of Celery: functions that a worker runs when a message names them.

use crate::calls::FunctionId;
use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, Keyword, StmtId, StmtKind};
use pyaudit_source::Role;

/// A task of Celery.
#[derive(Debug, Clone, Copy)]
pub struct CeleryTask<'p> {
    /// The module that defines it.
    pub module: &'p Module,
    /// The function.
    pub function: StmtId,
    /// Its number among the functions that call each other.
    pub id: FunctionId,
    /// The decorator that makes it a task.
    pub decorator: ExprId,
    /// The options of the decorator; none where it is not called.
    pub options: &'p [Keyword],
}

impl CeleryTask<'_> {
    /// The name of its function.
    pub fn function_name(&self) -> &str {
        let syntax = &self.module.python.syntax;
        self.module.function(self.function).map_or("", |function| syntax.identifier(function.name))
    }

    /// Whether the decorator has one of these options, or a `**mapping` that may hold them.
    pub fn has_option(&self, names: &[&str]) -> bool {
        let syntax = &self.module.python.syntax;
        self.options.iter().any(|option| option.name.is_none_or(|name| names.contains(&syntax.identifier(name))))
    }
}

impl Project {
    /// The tasks of Celery in applications, in the order of the modules and of the source.
    pub fn celery_tasks(&self) -> Vec<CeleryTask<'_>> {
        let modules = self.modules.iter().filter(|module| module.role == Role::Application);
        let mut tasks: Vec<CeleryTask<'_>> = modules.flat_map(|module| self.celery_tasks_of(module)).collect();
        tasks.sort_by_key(|task| (task.module.id, task.module.python.syntax.stmt(task.function).range));
        tasks
    }

    fn celery_tasks_of<'p>(&'p self, module: &'p Module) -> Vec<CeleryTask<'p>> {
        let syntax = &module.python.syntax;
        let functions = syntax.stmts().filter_map(|(id, stmt)| match &stmt.kind {
            StmtKind::FunctionDef(function) if !function.decorators.is_empty() => Some((id, function)),
            _ => None,
        });
        let tasks = functions.filter_map(|(function, definition)| {
            let number = self.calls.of(module.id, function)?;
            if !self.calls.function(number).entry.task {
                return None;
            }
            definition.decorators.iter().find_map(|&decorator| {
                let (callee, options) = match &syntax.expr(decorator).kind {
                    ExprKind::Call { func, keywords, .. } => (*func, &keywords[..]),
                    _ => (decorator, &[][..]),
                };
                let task = CeleryTask { module, function, id: number, decorator, options };
                self.is_celery(module, callee).then_some(task)
            })
        });
        tasks.collect()
    }

    /// Whether a decorator is `shared_task`, or `task` of a Celery application.
    fn is_celery(&self, module: &Module, callee: ExprId) -> bool {
        if self.is_any(module, callee, &["celery.shared_task", "celery.app.shared_task"]) {
            return true;
        }
        let ExprKind::Attribute { value, attr, .. } = module.python.syntax.expr(callee).kind else { return false };
        let class = self.type_of(module, value);
        let is_application = class.is_some_and(|class| match class.external() {
            Some(path) => path == "celery.Celery" || path == "celery.app.Celery",
            None => self.definition(&class).is_some_and(|(home, definition)| match definition {
                crate::Definition::Class(stmt) => self.inherits_from(home, stmt, &["celery.Celery"]),
                _ => false,
            }),
        });
        module.python.syntax.identifier(attr) == "task" && is_application
    }
}

#[cfg(test)]
mod tests {
    use crate::{Project, analyse};
    use pyaudit_source::{MemoryFile, MemoryGit, Sources};

    #[test]
    fn tasks_of_celery_are_found_and_those_of_others_are_not() {
        let source = "import celery, dramatiq\nfrom celery import Celery, shared_task as task\napp = Celery('x')\n\
            @app.task(bind=True, max_retries=3)\ndef first(self): pass\n@task\ndef second(): pass\n\
            @dramatiq.actor\ndef third(): pass\n@app.get('/')\ndef fourth(): pass\n";
        let sources = Sources::from_memory([MemoryFile::new("main.py", source)], MemoryGit::None);
        let files = analyse(&sources);
        let project = Project::build(sources, files);
        let tasks = project.celery_tasks();
        let names: Vec<&str> = tasks.iter().map(super::CeleryTask::function_name).collect();
        assert_eq!(names, ["first", "second"]);
        assert!(tasks[0].has_option(&["max_retries"]) && !tasks[1].has_option(&["max_retries"]));
    }
}
