use pyaudit_check::project::{Module, NamedCall};
use pyaudit_check::python::{ExprId, ExprKind, Parent};
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds counters in Redis whose key is made of a part that changes (a user, an address, a day) and that never
    /// expires: `incr`, `incrby`, `hincrby` or `zincrby` without an `expire` of the same key.
    ///
    /// ## Why it matters
    /// A limit that is counted this way locks its user out for good once it is reached, because nothing sets it back, and
    /// each new key stays in memory until Redis is full and evicts what should have stayed.
    ///
    /// ## How to fix
    /// Set the expiry with the counter, in one pipeline or script: `pipe.incr(key)`, `pipe.expire(key, 60, nx=True)`; or
    /// create it with `set(key, 0, ex=60, nx=True)` before.
    ///
    /// ## Limits
    /// The object must be known to be a client or pipeline of Redis, or a name or attribute that says so. An expiry of the same key, in any branch of
    /// the function or in another function of the same class or module, and a key whose counter is deleted are enough for silence.
    /// Keys that are constant, and counters in functions whose key is their parameter, stay silent: whoever gives the key may expire it.
    id: "redis-counter-without-ttl",
    summary: "a counter in Redis never expires",
    area: Concurrency,
    axis: Robustness,
    severity: Medium,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://redis.io/docs/latest/commands/incr/#pattern-rate-limiter",
        "https://redis.io/docs/latest/commands/expire/",
    ],
    run: Module(run),
}

fn message(callee: &str, key: &str) -> String {
    format!("`{callee}` counts under `{key}`, which never expires: the count is never set back, and keys pile up")
}

/// Commands that count.
const COUNTERS: &[&str] = &["incr", "incrby", "incrbyfloat", "hincrby", "zincrby"];

/// Commands that give a key an end.
const ENDS: &[&str] =
    &["expire", "expireat", "pexpire", "pexpireat", "setex", "psetex", "delete", "unlink", "getdel", "getex", "set"];

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    let counters = module.calls_named(COUNTERS).into_iter().filter(|call| is_redis(project, call));
    let counters: Vec<(NamedCall<'_>, ExprId)> =
        counters.filter_map(|call| Some((call, call.argument(project, "name", 0)?))).collect();
    if counters.is_empty() {
        return;
    }
    findings.examined(counters.len());
    let ends = module.calls_named(ENDS);
    for (call, key) in counters {
        let key = written(project, module, key);
        if !key.is_made || ends.iter().any(|end| ends_key(project, end, &key)) {
            continue;
        }
        let callee = project.sources.slice(call.span()).split_whitespace().collect::<String>();
        let finding = findings.report(call.span(), message(&callee, &key.shown));
        finding.subject(module.path_to(Parent::Expr(call.id)).join("."));
    }
}

/// A key as it is written.
struct Key {
    /// The argument.
    argument: String,
    /// What its name stands for in its function, where that is known.
    value: Option<String>,
    /// What a message shows.
    shown: String,
    /// Whether it is made where the counter is, of parts that change.
    is_made: bool,
}

fn written(project: &Project, module: &Module, key: ExprId) -> Key {
    let syntax = &module.python.syntax;
    let value = match syntax.expr(key).kind {
        ExprKind::Name { .. } => project.local_value(module, key),
        _ => Some(key),
    };
    let argument = text(project, module, key);
    let is_made = value.is_some_and(|value| {
        matches!(&syntax.expr(value).kind, ExprKind::FString(_) | ExprKind::BinOp { .. } | ExprKind::Call { .. })
    });
    let value = value.filter(|&value| value != key).map(|value| text(project, module, value));
    let shown = value.clone().unwrap_or_else(|| argument.clone()).replace('`', "'");
    Key { argument, value, shown, is_made }
}

fn text(project: &Project, module: &Module, expr: ExprId) -> String {
    project.sources.slice(module.span_of(expr)).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a command gives an end to the same key, by the name or the value that it is written with.
fn ends_key(project: &Project, end: &NamedCall<'_>, key: &Key) -> bool {
    let Some(&ended) = end.args.first() else { return false };
    // `set` gives an end only with one of its options.
    if end.name == "set" && !["ex", "px", "exat", "pxat"].iter().any(|name| end.option(project, name).is_some()) {
        return false;
    }
    let other = written(project, end.module, ended);
    other.argument == key.argument
        || key.value.is_some() && other.value == key.value
        || Some(&other.argument) == key.value.as_ref()
}

/// Whether the object of a call is a client or pipeline of Redis.
fn is_redis(project: &Project, call: &NamedCall<'_>) -> bool {
    let Some(object) = call.object else { return false };
    let symbol = project.calls.symbol_at(call.module, call.id);
    if let Some(symbol) = symbol {
        return ["redis.", "aioredis.", "coredis."].iter().any(|library| symbol.starts_with(library));
    }
    let text = project.sources.slice(call.module.span_of(object)).to_ascii_lowercase();
    text.contains("redis") && project.type_of(call.module, object).is_none()
}
