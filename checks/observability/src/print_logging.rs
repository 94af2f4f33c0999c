use pyaudit_check::project::Module;
use pyaudit_check::python::{ExprId, ExprKind, Parent, StmtId};
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds `print(…)`, `pprint.pprint(…)` and `traceback.print_exc(…)` in the code of a service. All calls of one
    /// module are one finding.
    ///
    /// ## Why it matters
    /// What is printed has no level, no time, no module and no request id. It cannot be filtered, sampled or sent to
    /// a log service, it is buffered when standard output is no terminal, and it goes out in production just as it
    /// did on the desk of the person who wrote it.
    ///
    /// ## How to fix
    /// Make one `logger = logging.getLogger(__name__)` a module and call `logger.info(…)`; in an `except` block use
    /// `logger.exception(…)` in place of `traceback.print_exc()`.
    ///
    /// ## Limits
    /// Only modules that an application, its routes or a worker (Celery, RQ and their like) load are examined, through
    /// any number of imports; what nothing of these imports is taken for a script. Tests, migrations, scripts, examples
    /// and command-line programs may print: a module whose name makes it a command line, a function that is decorated
    /// as a command, and an `if __name__ == "__main__"` block with the functions that nothing else calls, and a function
    /// that only builds an image of Modal (`run_function`) or is sent to another machine by its decorator (`serialized=True`,
    /// `image=`, `ray.remote`). A function that greets at the start (`welcome`, `startup_banner`) and is no route may print too. A function whose name says that it prints (`print_banner`, `show_config`) may print too, and so may a
    /// call that names a `file` other than the standard streams, and the `emit` and `handle` of a handler of `logging`. `rich.print` is left alone.
    id: "print-logging",
    summary: "application code prints instead of logging",
    area: Observability,
    axis: Observability,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://docs.python.org/3/howto/logging.html"],
    run: Module(run),
}

/// Callables that write to the standard streams without being asked for a report.
const PRINTERS: &[&str] = &[
    "print",
    "pprint.pprint",
    "pprint.pp",
    "traceback.print_exc",
    "traceback.print_exception",
    "traceback.print_stack",
];

/// Words at the start of a function's name that say that printing is its purpose.
const PRINTING_WORDS: &[&str] = &["print", "show", "display", "dump", "main", "cli", "usage"];

/// Classes of the standard library whose subclasses write what is logged.
const LOG_HANDLERS: &[&str] = &[
    "logging.Handler",
    "logging.StreamHandler",
    "logging.FileHandler",
    "logging.handlers.BufferingHandler",
    "logging.handlers.MemoryHandler",
    "logging.handlers.QueueHandler",
    "logging.handlers.RotatingFileHandler",
    "logging.handlers.TimedRotatingFileHandler",
    "logging.handlers.WatchedFileHandler",
];

/// Words in the name of a function that is there to print something nice at the start.
const GREETING_WORDS: &[&str] = &["banner", "welcome", "logo", "splash", "greeting"];

fn message(count: usize, first: &str) -> String {
    match count {
        1 => format!("`{first}` in application code, where a logger belongs"),
        _ => format!("`{first}` in application code, where a logger belongs; this module prints in {count} places"),
    }
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    let is_served = module.role == Role::Application && project.imports.is_served(module.id);
    if !is_served || project.is_command_line(module) {
        return;
    }
    findings.examined(1);
    let sites: Vec<ExprId> = printing_calls(project, module).collect();
    let Some((&first, others)) = sites.split_first() else { return };
    let range = module.python.syntax.expr(first).range;
    let name = range.slice(project.sources.text(module.file).unwrap_or(""));
    let finding = findings.report(module.span(range), message(sites.len(), name));
    finding.subject(module.name.clone());
    for &site in others {
        finding.related(module.span_of(site), "prints here too");
    }
}

/// The callee of each call that prints and should not.
fn printing_calls<'p>(project: &'p Project, module: &'p Module) -> impl Iterator<Item = ExprId> + 'p {
    let syntax = &module.python.syntax;
    let mut calls: Vec<(ExprId, ExprId)> = syntax
        .exprs()
        .filter_map(|(id, expr)| match &expr.kind {
            ExprKind::Call { func, keywords, .. } if may_print(project, module, *func) => {
                let file = module.keyword(keywords, "file");
                let streams = ["sys.stdout", "sys.stderr", "sys.__stderr__"];
                let elsewhere = file.is_some_and(|file| !project.is_any(module, file, &streams));
                (!elsewhere).then_some((id, *func))
            }
            _ => None,
        })
        .collect();
    calls.sort_by_key(|&(call, _)| syntax.expr(call).range);
    calls.into_iter().filter(|&(call, _)| !is_excused(project, module, call)).map(|(_, func)| func)
}

/// Whether a callee is one of the printing functions; the cheap look at its last name comes first.
fn may_print(project: &Project, module: &Module, func: ExprId) -> bool {
    matches!(module.python.syntax.expr(func).kind, ExprKind::Name { .. } | ExprKind::Attribute { .. })
        && project.is_any(module, func, PRINTERS)
}

/// Whether a call stands where printing is what is meant.
fn is_excused(project: &Project, module: &Module, call: ExprId) -> bool {
    let node = Parent::Expr(call);
    module.python.is_in_main_guard(node)
        || module.python.syntax.enclosing_functions(node).any(|function| is_for_a_terminal(project, module, function))
}

/// Whether a function is a command, a trial run of the `__main__` block, a step of a build, runs on
/// another machine, or its name says that it prints.
fn is_for_a_terminal(project: &Project, module: &Module, function: StmtId) -> bool {
    let Some(definition) = module.function(function) else { return false };
    let name = module.python.syntax.identifier(definition.name).trim_start_matches('_');
    let says_so = name.split('_').next().is_some_and(|word| PRINTING_WORDS.contains(&word));
    let greets = name.split('_').any(|word| GREETING_WORDS.contains(&word))
        && project.routes.of_handler(module.id, function).is_none();
    says_so
        || greets
        || project.is_sent_elsewhere(module, function)
        || project.is_command(module, function)
        || project.is_used_by_main_guard_only(module, function)
        || project.is_build_step(module, function)
        || is_log_sink(project, module, function)
}

/// Whether a function is where a handler of `logging` writes its records: no logger can be asked to do that.
/// <https://docs.python.org/3/library/logging.html#logging.Handler.emit>
fn is_log_sink(project: &Project, module: &Module, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let name = module.function(function).map(|definition| syntax.identifier(definition.name));
    let is_method = matches!(name, Some("emit" | "handle"));
    let Parent::Stmt(class) = syntax.stmt_parent(function) else { return false };
    is_method && module.class(class).is_some() && project.inherits_from(module, class, LOG_HANDLERS)
}
