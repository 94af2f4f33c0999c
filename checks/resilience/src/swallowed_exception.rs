use pyaudit_check::project::{Catch, Fallback, Module};
use pyaudit_check::python::{ExprId, ExprKind, Integer, Parent, StmtId, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds `except Exception` (and `except:`) whose body does nothing that anybody could see: `pass`, `continue`, or
    /// the return of an empty answer, without a log, a call other than `rollback()`, or another exception.
    ///
    /// ## Why it matters
    /// Whatever goes wrong there, from a lost connection to a misspelt name, looks like success or like an empty result.
    /// The failure is found by users, days later, without a line in a log that says when it began.
    ///
    /// ## How to fix
    /// Catch the exception that is expected and let the others through. Where everything must be caught, log it with
    /// `logger.exception(…)`, or tell the caller by an exception or an error of its own.
    ///
    /// ## Limits
    /// Only clauses that catch everything are examined: a `ValueError` that is passed over is a decision. Optional
    /// imports, conversions of a text (`int`, `json.loads`, dates), cleaning up (`close`, `rollback`, `unlink`, or a
    /// function that is named for it), functions whose name asks a question (`is_…`, `has_…`, `check_…`) and what stands
    /// in scripts or tests are left alone, and so is an attempt after which another one or an exception decides. A return
    /// of `None` or `False`, an empty value given to a name, what changes nothing that others see, a failure that leaves a name its earlier value or code that
    /// answers instead, a last word before `finally` closes, and a clause with a comment that may give the reason, are
    /// hints of low confidence. `contextlib.suppress` says what it does and is not examined.
    id: "swallowed-exception",
    summary: "any failure is passed over in silence",
    area: Resilience,
    axis: Robustness,
    severity: Medium,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.python.org/3/tutorial/errors.html#handling-exceptions",
        "https://cwe.mitre.org/data/definitions/390.html",
    ],
    run: Module(run),
}

/// Words of a function's name that say that it cleans up, where a failure changes nothing.
const CLEANUP_WORDS: &[&str] = &[
    "close",
    "aclose",
    "cleanup",
    "clean",
    "shutdown",
    "stop",
    "teardown",
    "dispose",
    "exit",
    "del",
    "disconnect",
    "release",
    "aexit",
    "terminate",
    "cancel",
];

/// Methods and functions that clean up.
const CLEANUP_CALLS: &[&str] = &[
    "close",
    "aclose",
    "rollback",
    "cancel",
    "unlink",
    "remove",
    "rmtree",
    "disconnect",
    "shutdown",
    "stop",
    "terminate",
    "kill",
    "release",
    "unsubscribe",
    "dispose",
    "cleanup",
    "join",
    "wait",
    "expunge",
    "discard",
    "quit",
    "rmdir",
    "invalidate",
];

/// Calls that turn one value into another, where a failure says that it cannot be done.
const CONVERSIONS: &[&str] = &[
    "int",
    "float",
    "str",
    "bool",
    "Decimal",
    "UUID",
    "loads",
    "load",
    "literal_eval",
    "fromisoformat",
    "strptime",
    "decode",
    "encode",
    "parse",
    "urlparse",
    "ip_address",
    "get",
    "strip",
    "split",
    "lower",
    "upper",
    "replace",
    "len",
    "isinstance",
    "getattr",
    "hasattr",
    "b64decode",
    "model_validate",
    "parse_obj",
    "validate",
    "timestamp",
    "items",
    "append",
    "strftime",
    "isoformat",
    "group",
    "match",
    "search",
    "findall",
    "startswith",
    "round",
    "sorted",
    "list",
    "dict",
    "set",
    "max",
    "min",
    "sum",
    "abs",
    "range",
    "enumerate",
    "format",
    "join",
    "rsplit",
    "partition",
    "cast",
    "datetime",
    "date",
    "timedelta",
    "now",
    "utcnow",
    "today",
    "quote",
    "unquote",
    "fromtimestamp",
    "dumps",
    "type",
    "get_type_hints",
    "signature",
    "isdigit",
    "rstrip",
    "lstrip",
    "tuple",
    "zip",
    "any",
    "all",
    "hex",
    "fromhex",
];

/// First words of a function's name that ask a question: the answer says that it failed.
const QUESTIONS: &[&str] =
    &["is", "has", "can", "check", "verify", "validate", "exists", "ping", "health", "test", "should", "try", "probe"];

/// What a clause leaves behind.
enum Silence {
    /// It goes on as if nothing had happened.
    GoesOn,
    /// It answers with nothing in it.
    Empty,
    /// It answers `None` or `False`, which a caller may look at.
    Sentinel,
}

fn message(catch: &Catch<'_>, silence: &Silence, caught: &str) -> String {
    let after = match silence {
        Silence::GoesOn => "is passed over",
        Silence::Empty => "looks like an empty answer",
        Silence::Sentinel => "looks like any other `None` or `False`",
    };
    let function = catch.function().and_then(|id| catch.module.python.qualname(id));
    let place = function.map(|name| format!(" in `{name}`")).unwrap_or_default();
    format!("`{caught}` without a log: any failure{place} {after}")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    let is_served = module.role == Role::Application && project.imports.is_served(module.id);
    if !is_served || project.is_command_line(module) {
        return;
    }
    for catch in project.catches(module) {
        findings.examined(1);
        let Some(silence) = silence(&catch) else { continue };
        if !catch.is_broad() || is_excused(project, &catch) {
            continue;
        }
        let text = message(&catch, &silence, project.sources.slice(catch.head()));
        let finding = findings.report(catch.head(), text);
        let is_grave = matches!(silence, Silence::Empty) || changes_something(&catch);
        if !is_grave || catch.has_comment(project) || is_made_up_for(&catch, &silence) {
            finding.confidence(Confidence::Low);
        }
    }
}

/// What the clause leaves behind, where it does nothing that can be seen.
fn silence(catch: &Catch<'_>) -> Option<Silence> {
    let syntax = &catch.module.python.syntax;
    let mut found = Silence::GoesOn;
    for &stmt in &catch.clause.body {
        match &syntax.stmt(stmt).kind {
            StmtKind::Pass | StmtKind::Continue | StmtKind::Break => {}
            StmtKind::Expr(value) if is_constant(catch.module, *value) || is_rollback(catch.module, *value) => {}
            StmtKind::Assign { targets, value } if targets.len() == 1 && is_name(catch.module, targets[0]) => {
                returned(catch.module, Some(*value))?;
                found = Silence::Sentinel;
            }
            StmtKind::Return(value) => found = returned(catch.module, *value)?,
            _ => return None,
        }
    }
    // After `pass` the function may come to its end with an answer that says that there is none.
    match (found, next_return(catch)) {
        (Silence::GoesOn, Some(after)) => Some(after),
        (found, _) => Some(found),
    }
}

/// First words of what changes something that others see.
const CHANGES: &[&str] = &[
    "attach", "charge", "commit", "create", "delay", "delete", "detach", "enqueue", "insert", "notify", "patch",
    "persist", "post", "publish", "put", "refund", "save", "send", "store", "update", "upsert",
];

/// Whether what is guarded would have changed something that others see.
fn changes_something(catch: &Catch<'_>) -> bool {
    let syntax = &catch.module.python.syntax;
    let mut exprs = catch.guarded().iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true));
    exprs.any(|expr| match syntax.expr(expr).kind {
        ExprKind::Call { func, .. } => catch
            .module
            .last_name(func)
            .is_some_and(|name| CHANGES.contains(&name.trim_start_matches('_').split('_').next().unwrap_or(name))),
        _ => false,
    })
}

/// Whether something else takes the place of what failed, or nothing was to follow anyway.
fn is_made_up_for(catch: &Catch<'_>, silence: &Silence) -> bool {
    catch.closes_finally() || (matches!(silence, Silence::GoesOn) && catch.fallback() == Fallback::Other)
}

fn is_constant(module: &Module, expr: ExprId) -> bool {
    matches!(module.python.syntax.expr(expr).kind, ExprKind::Ellipsis | ExprKind::Str { .. })
}

/// `db.rollback()`, which makes the session good again and tells nobody why.
fn is_rollback(module: &Module, expr: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let call = match syntax.expr(expr).kind {
        ExprKind::Await(inner) => inner,
        _ => expr,
    };
    matches!(syntax.expr(call).kind, ExprKind::Call { func, .. } if module.last_name(func) == Some("rollback"))
}

fn is_name(module: &Module, expr: ExprId) -> bool {
    matches!(module.python.syntax.expr(expr).kind, ExprKind::Name { .. })
}

/// What a returned or assigned value says; `None` where it says something.
fn returned(module: &Module, value: Option<ExprId>) -> Option<Silence> {
    let Some(value) = value else { return Some(Silence::Sentinel) };
    match &module.python.syntax.expr(value).kind {
        ExprKind::None | ExprKind::Bool(false) => Some(Silence::Sentinel),
        ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } if elts.is_empty() => Some(Silence::Empty),
        ExprKind::Dict(items) if items.is_empty() => Some(Silence::Empty),
        ExprKind::Str { value, .. } if value.is_empty() => Some(Silence::Empty),
        ExprKind::Int(Integer::Small(0)) => Some(Silence::Empty),
        _ => None,
    }
}

/// What the `return` says that comes right after the statement, where the statement stands at the top of a function.
fn next_return(catch: &Catch<'_>) -> Option<Silence> {
    let module = catch.module;
    let body = &module.function(catch.function()?)?.body;
    let at = body.iter().position(|&stmt| stmt == catch.statement)?;
    match module.python.syntax.stmt(*body.get(at + 1)?).kind {
        StmtKind::Return(value) => returned(module, value),
        _ => None,
    }
}

/// Whether silence is what is meant there.
fn is_excused(project: &Project, catch: &Catch<'_>) -> bool {
    let module = catch.module;
    let syntax = &module.python.syntax;
    let node = Parent::Stmt(catch.statement);
    module.python.is_in_main_guard(node)
        || syntax.walk_stmts_in(catch.guarded(), false).any(|stmt| project.imports_foreign(module, stmt))
        || syntax.enclosing_functions(node).any(|function| project.is_command(module, function))
        || catch.function().is_some_and(|function| is_named_for_it(module, function))
        || is_in_cleanup(catch)
        || catch.fallback() == Fallback::Decided
        || calls_only(catch, CLEANUP_CALLS)
        || calls_only(catch, CONVERSIONS)
}

/// Whether a function is named for cleaning up, or asks a question.
fn is_named_for_it(module: &Module, function: StmtId) -> bool {
    let Some(definition) = module.function(function) else { return false };
    let name = module.python.syntax.identifier(definition.name).trim_matches('_').to_ascii_lowercase();
    let first = name.split('_').next().unwrap_or("");
    QUESTIONS.contains(&first) || name.split('_').any(|word| CLEANUP_WORDS.contains(&word))
}

/// Whether the statement stands in a `finally` or in another `except` clause, where the first failure counts.
fn is_in_cleanup(catch: &Catch<'_>) -> bool {
    let syntax = &catch.module.python.syntax;
    let around = |stmt: StmtId, body: &[StmtId]| syntax.walk_stmts_in(body, false).any(|inner| inner == stmt);
    syntax.enclosing_stmts(Parent::Stmt(catch.statement)).any(|outer| match &syntax.stmt(outer).kind {
        StmtKind::Try { handlers, finalbody, .. } => {
            around(catch.statement, finalbody) || handlers.iter().any(|handler| around(catch.statement, &handler.body))
        }
        _ => false,
    })
}

/// Whether what is guarded calls these alone, and something.
fn calls_only(catch: &Catch<'_>, names: &[&str]) -> bool {
    let syntax = &catch.module.python.syntax;
    let exprs = catch.guarded().iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true));
    let mut called = exprs.filter_map(|expr| match &syntax.expr(expr).kind {
        ExprKind::Call { func, .. } => Some(*func),
        _ => None,
    });
    // `json_loads` and `safe_load` are what their last words say.
    let is_one = |name: &str| names.contains(&name) || matches!(name, "json_loads" | "safe_load" | "safe_loads");
    called.all(|func| match &syntax.expr(func).kind {
        ExprKind::Name { id, .. } => is_one(syntax.name(*id)),
        ExprKind::Attribute { attr, .. } => is_one(syntax.identifier(*attr)),
        _ => false,
    })
}
