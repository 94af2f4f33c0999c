//! Functions that a library sends to another machine.

use crate::{Module, Project};
use pyaudit_python::{ExprKind, StmtId};

/// Decorators that make a function run elsewhere, as dotted names.
const REMOTE: &[&str] = &["ray.remote", "modal.function", "prefect.task", "dask.delayed"];

/// Keyword arguments of decorators that say in which image, and how, a function is sent there.
const SENDING: &[&str] = &["image", "serialized"];

impl Project {
    /// Whether a function is handed to a runner on another machine by its decorator (`@app.function(image=…)`,
    /// `@app.function(serialized=True)`, `@ray.remote`), where what it prints is what comes back.
    pub fn is_sent_elsewhere(&self, module: &Module, function: StmtId) -> bool {
        let decorators = module.function(function).map_or(&[][..], |definition| &definition.decorators);
        decorators.iter().any(|&decorator| match &module.python.syntax.expr(decorator).kind {
            ExprKind::Call { func, keywords, .. } => {
                let is_function = matches!(module.last_name(*func), Some("function" | "cls" | "remote"));
                let says_where = SENDING.iter().any(|name| module.keyword(keywords, name).is_some());
                is_function && says_where || self.is_any(module, *func, REMOTE)
            }
            _ => self.is_any(module, decorator, REMOTE),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    #[test]
    fn decorators_say_where_a_function_runs() {
        let text = "import ray\n@app.function(serialized=True)\ndef a(): ...\n@app.function(image=base)\ndef b(): ...\n\
            @ray.remote\ndef c(): ...\n@ray.remote(num_cpus=2)\ndef d(): ...\n@app.function(name='x')\ndef e(): ...\ndef f(): ...\n";
        let project = project(&[("app/a.py", text)]);
        let module = project.modules.iter().next().expect("it was parsed");
        let syntax = &module.python.syntax;
        let mut names: Vec<&str> = syntax
            .stmts()
            .filter(|(id, _)| project.is_sent_elsewhere(module, *id))
            .filter_map(|(id, _)| Some(syntax.identifier(module.function(id)?.name)))
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "b", "c", "d"]);
    }
}
