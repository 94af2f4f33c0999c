use pyaudit_check::project::{Breadth, Catch, Condition, Module, ModuleId, Shown};
use pyaudit_check::python::{ExprId, ExprKind, NameId, Parent, StmtId, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds answers that show a client what an unexpected exception says: `detail=str(error)`, an f-string with the
    /// error, its class, a traceback. It looks at `HTTPException`, responses, what is sent to a web socket, handlers for
    /// `Exception`, and what a route handler returns, also where a function of a service puts it together.
    ///
    /// ## Why it matters
    /// The text of an exception is written for the person who debugs. It names tables and columns, hosts, paths and
    /// library versions, sometimes a connection string with its password, and tells an attacker which input reached what.
    ///
    /// ## How to fix
    /// Log the exception with `logger.exception(…)`, and answer with a fixed sentence and perhaps an id under which it is
    /// found in the log.
    ///
    /// ## Limits
    /// Only what catches everything, an error of a library (SQLAlchemy, requests, botocore and so on), or an error about a
    /// file that the project itself never raises, is examined: a `ValueError` or a class of the project usually carries a
    /// message for the user. Where the project raises the error of a library itself, with a text of its own, the
    /// confidence is low. Validation errors and errors of
    /// tokens are left alone, and so is a branch for development alone, or a function of the project that makes a text of
    /// the error. Code that surely no request reaches, such as the handlers of a router that no application mounts, is left
    /// alone too. An answer put together in a service is seen where the handler returns it whole or as a value of a
    /// dictionary, not where it is taken apart.
    id: "exception-detail-leak",
    summary: "an internal error is shown to the client",
    area: Api,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://cwe.mitre.org/data/definitions/209.html",
        "https://cheatsheetseries.owasp.org/cheatsheets/Error_Handling_Cheat_Sheet.html",
    ],
    run: Project(run),
}

/// Libraries whose errors are written for the client, or say nothing of the inside.
const HARMLESS: &[&str] = &[
    "fastapi",
    "starlette",
    "pydantic",
    "pydantic_core",
    "jwt",
    "jose",
    "authlib",
    "email_validator",
    "marshmallow",
    "slowapi",
    "json",
    "itsdangerous",
    "binascii",
    "zoneinfo",
    "uuid",
    "decimal",
    "passlib",
    "fastapi_users",
    "pytz",
    "asyncio",
];

/// Built-in exceptions that tell of the machine.
const TELLING: &[&str] = &["OSError", "IOError", "EnvironmentError", "ConnectionError"];

/// Methods that send something to the other side of a web socket.
const SENDING: &[&str] = &["send_json", "send_text", "send_bytes", "send"];

/// Built-in exceptions whose text names a path, where the system raises them and not the project.
const OF_FILES: &[&str] =
    &["FileNotFoundError", "PermissionError", "FileExistsError", "IsADirectoryError", "NotADirectoryError"];

/// What of the whole project decides.
struct Whole<'p> {
    /// The functions whose results clients get.
    answering: BTreeSet<(ModuleId, StmtId)>,
    /// The last names of the classes that the project raises.
    raised: BTreeSet<&'p str>,
    /// The last names of the classes of libraries that the project raises with a text of its own.
    written: BTreeSet<&'p str>,
}

/// A place where the client is told of an exception.
struct Leak {
    shown: Shown,
    confidence: Confidence,
    part: ExprId,
    caught: String,
}

fn message(leak: &Leak, count: usize) -> String {
    let what = match leak.shown {
        Shown::TypeName => "the class",
        Shown::Message => "the text",
        Shown::Traceback => "the traceback",
    };
    let caught = &leak.caught;
    match count {
        1 => format!("{what} of what `{caught}` caught is sent to the client"),
        _ => format!("{what} of what `{caught}` caught is sent to the client; this module does so in {count} places"),
    }
}

fn run(project: &Project, findings: &mut Findings) {
    let whole = Whole {
        answering: project.answering_functions(),
        raised: project.raised_names(),
        written: project.raised_with_own_text(),
    };
    for module in project.modules.iter().filter(|module| module.role == Role::Application) {
        in_module(project, &whole, module, findings);
    }
}

fn in_module(project: &Project, whole: &Whole<'_>, module: &Module, findings: &mut Findings) {
    let mut leaks = leaks_of_clauses(project, whole, module, findings);
    leaks.extend(leaks_of_handlers(project, whole, module, findings));
    leaks.sort_by_key(|leak| (leak.shown, leak.confidence, module.python.syntax.expr(leak.part).range));
    // What one helper or handler of exceptions would mend is one finding.
    for alike in leaks.chunk_by(|one, other| (one.shown, one.confidence) == (other.shown, other.confidence)) {
        let Some((first, others)) = alike.split_first() else { continue };
        let finding = findings.report(module.span_of(first.part), message(first, alike.len()));
        finding.confidence(first.confidence);
        match first.shown {
            Shown::TypeName => finding.severity(Severity::Low),
            Shown::Message => finding,
            Shown::Traceback => finding.severity(Severity::High),
        };
        for other in others {
            finding.related(module.span_of(other.part), "sent here too");
        }
    }
}

/// What `except` clauses send.
fn leaks_of_clauses(project: &Project, whole: &Whole<'_>, module: &Module, findings: &mut Findings) -> Vec<Leak> {
    let mut leaks = Vec::new();
    for catch in project.catches(module).iter().filter(|catch| may_tell_of_the_inside(catch, whole)) {
        findings.examined(1);
        if catch.statements().next().is_some_and(|stmt| project.is_unreached_stmt(module, stmt)) {
            continue;
        }
        let confidence = confidence(catch, whole);
        let values = catch.statements().filter_map(|stmt| sent(project, whole, module, stmt));
        leaks.extend(shown(project, module, values, |value| catch.names_with_it(value)).into_iter().map(
            |(part, shown)| {
                let caught = caught(project, catch);
                Leak { shown, confidence, part, caught }
            },
        ));
    }
    leaks
}

/// What handlers of any exception send.
fn leaks_of_handlers(project: &Project, whole: &Whole<'_>, module: &Module, findings: &mut Findings) -> Vec<Leak> {
    let mut leaks = Vec::new();
    for handler in project.error_handlers(module).iter().filter(|handler| handler.is_for_everything()) {
        let Some(function) = module.function(handler.function) else { continue };
        findings.examined(1);
        if project.is_unreached(module, handler.function) {
            continue;
        }
        let names: BTreeSet<NameId> = function.parameters.iter().skip(1).map(|it| it.name.name).collect();
        let stmts = module.python.syntax.walk_stmts_in(&function.body, false);
        let values = stmts.filter_map(|stmt| sent(project, whole, module, stmt));
        leaks.extend(shown(project, module, values, |_| names.clone()).into_iter().map(|(part, shown)| {
            let caught = "exception_handler(Exception)".to_owned();
            Leak { shown, confidence: Confidence::High, part, caught }
        }));
    }
    leaks
}

/// The first place of each value that shows the exception, outside what only development reaches.
fn shown(
    project: &Project,
    module: &Module,
    values: impl Iterator<Item = ExprId>,
    names: impl Fn(ExprId) -> BTreeSet<NameId>,
) -> Vec<(ExprId, Shown)> {
    let told = values
        .filter_map(|value| project.shown_exception(module, &names(value), value))
        .filter(|&(part, _)| project.condition_at(module, Parent::Expr(part)) != Some(Condition::Development));
    told.collect()
}

/// How sure it is that what a clause catches was not written for the client.
fn confidence(catch: &Catch<'_>, whole: &Whole<'_>) -> Confidence {
    let is_written = |symbol: &pyaudit_check::project::Symbol| {
        symbol.external().is_some_and(|name| whole.written.contains(name.rsplit('.').next().unwrap_or(name)))
    };
    match catch.breadth {
        Breadth::Named if catch.caught.iter().any(is_written) => Confidence::Low,
        Breadth::Named => Confidence::Medium,
        _ => Confidence::High,
    }
}

/// Whether a clause catches what nobody expected, or the error of a library.
fn may_tell_of_the_inside(catch: &Catch<'_>, whole: &Whole<'_>) -> bool {
    let is_of_system = |name: &&&str| !whole.raised.contains(**name);
    let is_foreign = |symbol: &pyaudit_check::project::Symbol| match symbol.external() {
        Some(name) => !HARMLESS.contains(&name.split('.').next().unwrap_or(name)),
        None => symbol.is_any(TELLING) || OF_FILES.iter().filter(is_of_system).any(|name| symbol.is(name)),
    };
    catch.is_broad() || catch.caught.iter().any(is_foreign)
}

/// What a clause catches, as it is written.
fn caught(project: &Project, catch: &Catch<'_>) -> String {
    match catch.clause.exception {
        Some(exception) => format!("except {}", project.sources.slice(catch.module.span_of(exception))),
        None => "except".to_owned(),
    }
}

/// What a statement sends to a client.
fn sent(project: &Project, whole: &Whole<'_>, module: &Module, stmt: StmtId) -> Option<ExprId> {
    if let Some(answer) = project.answer_of_stmt(module, stmt) {
        return answer.content;
    }
    let syntax = &module.python.syntax;
    match syntax.stmt(stmt).kind {
        StmtKind::Return(Some(value)) if answers(whole, module, stmt) || is_in_handler(project, module, stmt) => {
            Some(value)
        }
        StmtKind::Expr(value) => match syntax.expr(value).kind {
            ExprKind::Await(call) => sent_to_socket(project, module, call),
            ExprKind::Yield(value) if is_in_handler(project, module, stmt) => value,
            _ => None,
        },
        _ => None,
    }
}

/// Whether the function of a statement gives a client its result.
fn answers(whole: &Whole<'_>, module: &Module, stmt: StmtId) -> bool {
    let function = module.python.syntax.enclosing_functions(Parent::Stmt(stmt)).next();
    function.is_some_and(|function| whole.answering.contains(&(module.id, function)))
}

/// Whether a statement belongs to a route handler or a function nested in one.
fn is_in_handler(project: &Project, module: &Module, stmt: StmtId) -> bool {
    let mut functions = module.python.syntax.enclosing_functions(Parent::Stmt(stmt));
    functions.any(|function| project.routes.of_handler(module.id, function).is_some())
}

fn sent_to_socket(project: &Project, module: &Module, call: ExprId) -> Option<ExprId> {
    let syntax = &module.python.syntax;
    let ExprKind::Call { func, args, .. } = &syntax.expr(call).kind else { return None };
    let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind else { return None };
    if !SENDING.contains(&syntax.identifier(*attr)) {
        return None;
    }
    let class = project.type_of(module, *value)?;
    let is_socket = class.external().is_some_and(|name| name.ends_with(".WebSocket"));
    is_socket.then(|| args.first().copied()).flatten()
}
