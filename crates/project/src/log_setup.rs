//! How logging is set up: where handlers, levels and formats are given, and who writes to the loggers of Python.

use crate::{Module, ModuleId, Project};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtKind};
use pyaudit_source::Role;

/// Callables that set up the logs of a whole process, by their last names.
const SETUPS: &[&str] = &["basicConfig", "dictConfig", "fileConfig", "addHandler"];

/// Libraries that set logs up themselves or have loggers of their own.
const LIBRARIES: &[&str] =
    &["loguru", "coloredlogs", "logfire", "picologging", "watchtower", "daiquiri", "logbook", "eliot"];

/// Words in the name of a function that sets logs up: one of a library, or of a package beside the application.
const SETUP_NAMES: &[&str] = &["setup_logging", "configure_logging", "init_logging", "setup_logger", "setup_logs"];

/// Libraries that write logs as data.
const STRUCTURED: &[&str] = &[
    "structlog",
    "pythonjsonlogger",
    "python_json_logger",
    "json_log_formatter",
    "ecs_logging",
    "logstash",
    "logstash_async",
    "logstash_formatter",
    "json_logging",
    "fluent",
    "watchtower",
    "logfire",
    "logging_loki",
    "opentelemetry",
    "aws_lambda_powertools",
    "eliot",
    "graypy",
    "google_cloud_logging",
];

/// Methods that write below the level that Python shows by itself.
const QUIET: &[&str] = &["info", "debug"];

/// A place that sets logging up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSetup {
    /// The module.
    pub module: ModuleId,
    /// What is called.
    pub func: ExprId,
}

impl Project {
    /// The calls that give the logs of the service handlers, levels or formats, in the order of their places: those in
    /// modules that the application loads, or that start it.
    pub fn log_setups(&self) -> Vec<LogSetup> {
        let modules = self.modules.iter().filter(|module| self.is_part_of_service(module));
        let calls = modules.flat_map(|module| module.calls_named(SETUPS));
        calls.map(|call| LogSetup { module: call.module.id, func: call.func }).collect()
    }

    /// Whether anything may set up logging: a call, a library, a server's option, or a function that is named for it.
    pub fn may_set_up_logs(&self) -> bool {
        let by_option = self.runs_any(&["--log-config", "--logger-class", "LOG_CONFIG"]);
        let options = ["log_config", "logconfig", "logconfig_dict", "setup_logging", "LOGGING_CONFIG"];
        by_option
            || self.application_imports(LIBRARIES)
            || self.application_imports(STRUCTURED)
            || !self.log_setups().is_empty()
            || self.modules.iter().filter(|module| module.role != Role::Test).any(|module| {
                let named = options.iter().chain(SETUP_NAMES).any(|name| module.python.name_id(name).is_some());
                named || takes_servers_logger(self, module)
            })
    }

    /// Whether logs are written as data, or may be: by a library, or by a formatter of the project that makes JSON.
    pub fn may_write_structured_logs(&self) -> bool {
        let is_json = |text: &str| {
            let lower = text.to_ascii_lowercase();
            lower.contains("json") && (lower.contains("format") || lower.contains("log"))
        };
        let mut shipped = self.modules.iter().filter(|module| module.role == Role::Application);
        self.application_imports(STRUCTURED)
            || self.served_code_names(&[
                "JsonFormatter",
                "JSONFormatter",
                "serialize",
                "CloudLoggingHandler",
                "StackdriverHandler",
            ])
            || shipped.any(|module| {
                let syntax = &module.python.syntax;
                let imports = &module.python.names.imports;
                let says = || syntax.exprs().any(|(id, _)| syntax.string(id).is_some_and(is_json));
                let of_google = imports
                    .iter()
                    .any(|import| import.module.starts_with("google.cloud") && import.module.contains("logging"));
                of_google || has_json_formatter(self, module) || (module.python.name_id("logging").is_some() && says())
            })
    }

    /// The first call that writes `info` or `debug` to a logger of Python's `logging`, in the order of places.
    pub fn first_quiet_log(&self) -> Option<(&Module, ExprId)> {
        let calls = self.served_modules().flat_map(|module| module.calls_named(QUIET));
        let mut quiet = calls.filter(|call| {
            let symbol = self.calls.symbol_at(call.module, call.id);
            let owner = symbol.and_then(|symbol| symbol.rsplit_once('.')).map_or("", |(owner, _)| owner);
            matches!(owner, "logging" | "logging.getLogger" | "logging.Logger")
        });
        quiet.next().map(|call| (call.module, call.func))
    }

    /// Whether a module runs with the service: an application loads it, it starts one, or a server reads it as its
    /// configuration.
    fn is_part_of_service(&self, module: &Module) -> bool {
        let imports = &module.python.names.imports;
        let starts =
            || imports.iter().any(|import| matches!(import.module.as_str(), "uvicorn" | "gunicorn" | "hypercorn"));
        let is_shipped = !matches!(module.role, Role::Test | Role::Migration | Role::Example | Role::Stub);
        is_shipped && (self.imports.is_served(module.id) || starts() || module.name.contains("gunicorn"))
    }
}

/// Whether a module asks for the logger of a server, which the server sets up.
fn takes_servers_logger(project: &Project, module: &Module) -> bool {
    module.calls_named(&["getLogger"]).iter().any(|call| {
        let name = call.args.first().and_then(|&name| project.constant_string(module, name));
        let top = name.as_deref().and_then(|name| name.split('.').next()).unwrap_or("").to_owned();
        // Without a method on it, or with `info`, the logger is written to; `setLevel` and `disabled` only quieten it.
        matches!(top.as_str(), "uvicorn" | "gunicorn" | "hypercorn" | "fastapi")
            && matches!(module.python.syntax.expr_parent(call.id), Parent::Stmt(_))
    })
}

/// Whether a module has a formatter of its own that makes JSON.
fn has_json_formatter(project: &Project, module: &Module) -> bool {
    let syntax = &module.python.syntax;
    let makes_json = ["dumps", "dump", "orjson", "json"].iter().any(|name| module.python.name_id(name).is_some());
    makes_json
        && syntax.stmts().any(|(id, stmt)| {
            matches!(stmt.kind, StmtKind::ClassDef(_))
                && project.inherits_from(module, id, &["logging.Formatter", "logging.Handler", "logging.StreamHandler"])
        })
}

impl LogSetup {
    /// Whether the call sets up the logs of the whole process, and not one logger alone.
    pub fn is_for_everything(self, project: &Project) -> bool {
        self.name(project) != "addHandler"
    }

    /// Whether the source shows what is set up: not where a file holds it, or a value from elsewhere.
    pub fn is_shown(self, project: &Project) -> bool {
        let module = project.modules.get(self.module);
        let syntax = &module.python.syntax;
        let Parent::Expr(call) = syntax.expr_parent(self.func) else { return false };
        let ExprKind::Call { args, .. } = &syntax.expr(call).kind else { return false };
        match self.name(project) {
            "fileConfig" => false,
            "dictConfig" => args.first().is_some_and(|&given| {
                let value = project.local_value(module, given).unwrap_or(given);
                matches!(syntax.expr(value).kind, ExprKind::Dict(_))
            }),
            _ => true,
        }
    }

    /// Whether the messages themselves may be data: one logger, in a module that makes JSON.
    pub fn may_log_data(self, project: &Project) -> bool {
        let module = project.modules.get(self.module);
        self.name(project) == "addHandler" && module.python.name_id("dumps").is_some()
    }

    /// The last name of what is called.
    fn name(self, project: &Project) -> &str {
        project.modules.get(self.module).last_name(self.func).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    const MAIN: &str = "import logging\nfrom fastapi import FastAPI\napp = FastAPI()\nlogger = logging.getLogger(__name__)\n\
        @app.get('/')\ndef index():\n    logger.info('called')\n";

    #[test]
    fn loggers_without_a_setup_are_seen() {
        let bare = project(&[("app/main.py", MAIN)]);
        assert!(bare.first_quiet_log().is_some());
        assert!(!bare.may_set_up_logs());
    }

    #[test]
    fn any_setup_of_the_service_counts_and_that_of_migrations_does_not() {
        let with = |path: &str, text: &str| project(&[("app/main.py", MAIN), (path, text)]);
        let migration = "from logging.config import fileConfig\nfileConfig('alembic.ini')\n";
        assert!(!with("alembic/env.py", migration).may_set_up_logs());
        assert!(with("run.py", "import logging, uvicorn\nlogging.basicConfig(level=20)\n").may_set_up_logs());
        assert!(with("Dockerfile", "CMD uvicorn app.main:app --log-config logging.yml\n").may_set_up_logs());
        assert!(with("app/log.py", "from loguru import logger\n").may_set_up_logs());
    }

    #[test]
    fn a_setup_from_a_file_does_not_show_its_format() {
        let shown = |call: &str| {
            let text = format!(
                "import logging.config\nfrom fastapi import FastAPI\napp = FastAPI()\nPLAIN = {{'version': 1}}\n{call}\n"
            );
            let project = project(&[("app/main.py", &text)]);
            project.log_setups()[0].is_shown(&project)
        };
        assert!(shown("logging.basicConfig(level=20)"));
        assert!(shown("logging.config.dictConfig(PLAIN)"));
        assert!(!shown("logging.config.dictConfig(load('log.yml'))"));
        assert!(!shown("logging.config.fileConfig('log.ini')"));
    }

    #[test]
    fn a_formatter_that_makes_json_is_structured() {
        let text = "import json, logging\nclass F(logging.Formatter):\n    def format(self, r):\n        return json.dumps({})\n";
        assert!(project(&[("app/log.py", text)]).may_write_structured_logs());
        assert!(!project(&[("app/main.py", MAIN)]).may_write_structured_logs());
    }
}
