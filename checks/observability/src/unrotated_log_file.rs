use pyaudit_check::project::{Module, NamedCall};
use pyaudit_check::python::{BindingKind, ExprId, ExprKind, Parent, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds log files that grow without end: `logging.FileHandler(…)`, `logging.basicConfig(filename=…)`, the class
    /// `logging.FileHandler` in a `dictConfig`, and `logger.add("file.log")` of loguru without `rotation`. All of one module are one
    /// finding.
    ///
    /// ## Why it matters
    /// The file grows until the disk is full, and then everything on the machine that writes fails. In a container the file is lost
    /// with each release, and nobody collects it.
    ///
    /// ## How to fix
    /// Log to the standard error and let the platform collect it. Where a file is wanted, use
    /// `logging.handlers.RotatingFileHandler` or `TimedRotatingFileHandler`, or `rotation="50 MB"` of loguru.
    ///
    /// ## Limits
    /// Where the repository configures `logrotate`, nothing is said. `WatchedFileHandler` is made for that and is left alone. A file
    /// that only a debug or development mode opens is a hint of low confidence. A path that a parameter or the day
    /// gives names a file for each thing and is left alone. Modules that the application does not load are
    /// not examined.
    id: "unrotated-log-file",
    summary: "a log file grows without end",
    area: Observability,
    axis: Observability,
    severity: Low,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://docs.python.org/3/library/logging.handlers.html#rotatingfilehandler", "https://loguru.readthedocs.io/en/stable/api/logger.html#file"],
    run: Module(run),
}

/// What makes a handler of a file, by its last name.
const MAKERS: &[&str] = &["FileHandler", "basicConfig", "add"];

/// Words of a condition that say that it holds on a desk alone.
const DESK_WORDS: &[&str] = &["debug", "dev", "local", "development"];

fn message(what: &str, count: usize) -> String {
    match count {
        1 => format!("`{what}` writes a log file that grows until the disk is full"),
        _ => format!("`{what}` writes a log file that grows until the disk is full; this module opens {count}"),
    }
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    let is_served = module.role == Role::Application && project.imports.is_served(module.id);
    if !is_served || project.is_command_line(module) {
        return;
    }
    let mut files = handlers(project, module);
    files.extend(named_handlers(module));
    files.retain(|&expr| !module.python.is_in_main_guard(Parent::Expr(expr)));
    files.sort_by_key(|&expr| module.python.syntax.expr(expr).range);
    findings.examined(files.len());
    let Some((&first, others)) = files.split_first() else { return };
    if is_rotated(project) {
        return;
    }
    let at = module.span_of(first);
    let finding = findings.report(at, message(project.sources.slice(at), files.len()));
    for &other in others {
        finding.related(module.span_of(other), "and this one");
    }
    if files.iter().all(|&file| is_for_a_desk(project, module, file)) {
        finding.confidence(Confidence::Low);
    }
}

/// The callees of the calls that open a log file without end.
fn handlers(project: &Project, module: &Module) -> Vec<ExprId> {
    let calls = module.calls_named(MAKERS).into_iter();
    let unending = calls.filter(|call| match call.name {
        "FileHandler" => {
            let path = call.argument(project, "filename", 0);
            call.is_any(project, &["logging.FileHandler"]) && path.is_some_and(|path| is_one_file(module, path))
        }
        "basicConfig" => {
            call.is_any(project, &["logging.basicConfig"])
                && call.option(project, "filename").is_some_and(|name| !is_none(module, name))
        }
        _ => is_loguru_file(project, call),
    });
    unending.map(|call| call.func).collect()
}

/// Whether a call is `logger.add` of loguru with a path and nothing that bounds the file.
fn is_loguru_file(project: &Project, call: &NamedCall<'_>) -> bool {
    let is_path = |sink: ExprId| {
        let syntax = &call.module.python.syntax;
        let is_text =
            matches!(syntax.expr(sink).kind, ExprKind::Str { .. } | ExprKind::FString(_) | ExprKind::BinOp { .. });
        is_text || project.constant_string(call.module, sink).is_some()
    };
    call.object.is_some_and(|object| project.is_any(call.module, object, &["loguru.logger"]))
        && call.args.first().is_some_and(|&sink| is_path(sink))
        && call.option(project, "rotation").is_none()
        && !call.has_unseen_arguments(project)
}

/// The class of a handler of files, as `dictConfig` names it.
fn named_handlers(module: &Module) -> Vec<ExprId> {
    let syntax = &module.python.syntax;
    let strings = syntax.exprs().filter(|&(id, _)| syntax.string(id) == Some("logging.FileHandler"));
    strings.map(|(id, _)| id).collect()
}

/// Whether a path is the same each time: not a parameter, which names a file for each thing, and not made of the day.
fn is_one_file(module: &Module, path: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let is_parameter = |part: ExprId| {
        let binding = module.python.lookup(part).map(|(_, binding)| binding);
        binding
            .is_some_and(|binding| binding.sites.iter().any(|site| matches!(site.kind, BindingKind::Parameter { .. })))
    };
    let value = module.python.only_value(path).unwrap_or(path);
    let parts = syntax.walk_exprs_of(path).chain(syntax.walk_exprs_of(value));
    parts.into_iter().all(|part| match &syntax.expr(part).kind {
        ExprKind::Name { id, .. } => !matches!(syntax.name(*id), "self" | "cls") && !is_parameter(part),
        ExprKind::Attribute { attr, .. } => {
            !matches!(syntax.identifier(*attr), "now" | "today" | "strftime" | "utcnow")
        }
        _ => true,
    })
}

fn is_none(module: &Module, expr: ExprId) -> bool {
    matches!(module.python.syntax.expr(expr).kind, ExprKind::None)
}

/// Whether something outside the program takes the files away.
fn is_rotated(project: &Project) -> bool {
    project.sources.files().any(|(_, file)| file.path.contains("logrotate")) || project.runs_any(&["logrotate"])
}

/// Whether a condition around an expression says that it is for a desk alone.
fn is_for_a_desk(project: &Project, module: &Module, expr: ExprId) -> bool {
    let syntax = &module.python.syntax;
    syntax.enclosing_stmts(Parent::Expr(expr)).any(|stmt| match &syntax.stmt(stmt).kind {
        StmtKind::If { clauses, .. } => clauses.iter().any(|clause| {
            let test = project.sources.slice(module.span_of(clause.test)).to_ascii_lowercase();
            DESK_WORDS.iter().any(|word| test.contains(word))
        }),
        _ => false,
    })
}
