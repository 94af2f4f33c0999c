//! Modules that something outside the repository's imports starts.

use crate::{Module, ModuleId, Project, RouterKind};
use pyaudit_python::{ExprKind, StmtId, StmtKind};
use std::collections::BTreeSet;

/// Names of modules that servers, platforms and tools look for.
const KNOWN_NAMES: &[&str] = &[
    "__main__",
    "main",
    "app",
    "application",
    "asgi",
    "wsgi",
    "server",
    "manage",
    "setup",
    "conftest",
    "celeryconfig",
    "gunicorn",
    "gunicorn_conf",
    "gunicorn_config",
    "hypercorn_config",
    "sitecustomize",
    "locustfile",
    "fabfile",
    "tasks",
    "lambda_function",
    "function_app",
];

/// Packages whose programs look for files or are started by their own command.
const PROGRAMS: &[&str] = &[
    "streamlit",
    "gradio",
    "chainlit",
    "airflow",
    "prefect",
    "dagster",
    "locust",
    "modal",
    "nox",
    "invoke",
    "fabric",
    "pytest",
    "hypothesis",
    "scrapy",
    "mitmproxy",
    "marimo",
    "celery",
    "dramatiq",
    "rq",
    "arq",
    "taskiq",
    "huey",
    "procrastinate",
    "click",
    "typer",
    "argparse",
    "alembic",
    "django",
    "mcp",
    "fastmcp",
    "livekit",
    "vercel",
];

/// Callees of statements that only set something up while a module is loaded.
const SETTING_UP: &[&str] = &[
    "load_dotenv",
    "basicConfig",
    "getLogger",
    "setLevel",
    "addHandler",
    "disable_warnings",
    "filterwarnings",
    "simplefilter",
    "append",
    "extend",
    "update",
    "insert",
    "add",
    "include_router",
    "info",
    "debug",
    "warning",
    "update_forward_refs",
    "model_rebuild",
    "mkdir",
    "makedirs",
    "register",
];

impl Project {
    /// Whether a module shows that something other than an import may start it.
    pub(super) fn may_be_started(&self, module: &Module, applications: &BTreeSet<ModuleId>) -> bool {
        let stem = module.name.rsplit('.').next().unwrap_or("");
        KNOWN_NAMES.contains(&stem)
            || applications.contains(&module.id)
            || self.is_command_line(module)
            || module.imports_program()
            || module.has_main_guard()
            || module.runs_a_program()
            || module.python.name_id("lambda_handler").is_some()
    }

    /// The modules that make applications, whatever their role.
    pub(super) fn application_modules(&self) -> BTreeSet<ModuleId> {
        let routers = self.routes.routers.iter().filter(|router| router.kind == RouterKind::Application);
        routers.map(|router| router.module).collect()
    }
}

impl Module {
    fn imports_program(&self) -> bool {
        self.python.names.imports.iter().any(|import| {
            let top = import.module.split('.').next().unwrap_or("");
            import.level == 0 && PROGRAMS.contains(&top)
        })
    }

    fn has_main_guard(&self) -> bool {
        let syntax = &self.python.syntax;
        self.python.name_id("__name__").is_some() && syntax.exprs().any(|(id, _)| syntax.string(id) == Some("__main__"))
    }

    /// Whether loading the module does more than define: it loops, or calls something for what it does.
    fn runs_a_program(&self) -> bool {
        let syntax = &self.python.syntax;
        syntax.walk_stmts_in(&syntax.body, false).any(|stmt| match &syntax.stmt(stmt).kind {
            StmtKind::For { .. } | StmtKind::While { .. } | StmtKind::With { .. } => true,
            StmtKind::Expr(value) => self.does_something(*value),
            _ => false,
        })
    }

    fn does_something(&self, value: pyaudit_python::ExprId) -> bool {
        match self.python.syntax.expr(value).kind {
            ExprKind::Call { func, .. } => self.last_name(func).is_none_or(|name| !SETTING_UP.contains(&name)),
            ExprKind::Await(_) => true,
            _ => false,
        }
    }

    /// Whether the module defines anything: a class, a function, or several names.
    pub(super) fn defines_something(&self) -> bool {
        const SEVERAL: usize = 3;
        let syntax = &self.python.syntax;
        let is_definition =
            |&&stmt: &&StmtId| matches!(syntax.stmt(stmt).kind, StmtKind::FunctionDef(_) | StmtKind::ClassDef(_));
        let is_assignment =
            |&&stmt: &&StmtId| matches!(syntax.stmt(stmt).kind, StmtKind::Assign { .. } | StmtKind::AnnAssign { .. });
        syntax.body.iter().any(|stmt| is_definition(&stmt))
            || syntax.body.iter().filter(is_assignment).count() >= SEVERAL
    }
}
