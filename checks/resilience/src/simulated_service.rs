use pyaudit_check::project::Module;
use pyaudit_check::python::{ExprId, ExprKind, FunctionDef, Parent, StmtId, StmtKind};
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds functions that are named for an act outside the machine (`send_email`, `send_sms`, `charge_card`, `process_payment`) and
    /// only log, print, wait or answer that it was done. All of one module are one finding.
    ///
    /// ## Why it matters
    /// The caller believes it: the user is told that a mail is on its way, the order is marked as paid. Nothing fails, so nobody
    /// finds out until somebody asks where the mail is.
    ///
    /// ## How to fix
    /// Call the real service, or raise `NotImplementedError` until there is one. A stand-in for development belongs into a class of its
    /// own that a setting chooses, with a name that says so.
    ///
    /// ## Limits
    /// A function that calls anything but logs, `print`, `sleep` and methods of texts is left alone, and so are abstract methods,
    /// methods that a subclass defines again, and functions, classes and modules with a word like `console`, `dummy`, `fake`,
    /// `mock`, `noop`, `null`, `stub`, `debug` or `test` in their names. All functions of one module are one finding.
    id: "simulated-service",
    summary: "a function says it acts and only logs",
    area: Resilience,
    axis: Robustness,
    severity: Medium,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://cwe.mitre.org/data/definitions/392.html"],
    run: Module(run),
}

/// First words of a name for an act, with words of what it is done to; none stands for any.
const ACTS: &[(&[&str], &[&str])] = &[
    (
        &["send", "deliver", "dispatch", "push"],
        &[
            "email",
            "emails",
            "mail",
            "mails",
            "sms",
            "notification",
            "notifications",
            "push",
            "whatsapp",
            "invitation",
            "invite",
            "otp",
            "verification",
            "reset",
            "code",
            "webhook",
            "slack",
            "text",
        ],
    ),
    (&["charge", "refund", "capture"], &["card", "payment", "customer", "order", "user", "charge", "invoice"]),
    (&["process", "create", "make", "execute", "perform"], &["payment", "refund", "charge", "payout"]),
    (&["email", "notify"], &["user", "users", "admin", "admins", "customer", "owner", "team"]),
];

/// Words in the name of something that is a stand-in on purpose.
const STAND_INS: &[&str] = &[
    "console",
    "dummy",
    "null",
    "fake",
    "mock",
    "mocked",
    "noop",
    "stub",
    "log",
    "logging",
    "debug",
    "dev",
    "local",
    "test",
    "base",
    "abstract",
    "interface",
    "protocol",
    "memory",
    "inmemory",
    "simulated",
    "simulator",
    "demo",
    "print",
];

/// Methods and functions that change nothing outside: texts, times, ids.
const HARMLESS: &[&str] = &[
    "format",
    "join",
    "strip",
    "lower",
    "upper",
    "strftime",
    "isoformat",
    "now",
    "utcnow",
    "today",
    "uuid4",
    "token_hex",
    "token_urlsafe",
    "str",
    "len",
    "get",
    "sleep",
    "dict",
    "dumps",
    "model_dump",
    "print",
    "round",
    "int",
    "float",
    "time",
    "hex",
    "replace",
    "title",
    "randint",
    "timestamp",
    "choice",
    "random",
    "split",
];

fn message(name: &str, count: usize) -> String {
    let others = if count > 1 { format!("; this module has {count} such functions") } else { String::new() };
    format!("`{name}` does not do what its name says: it only logs or answers, and its callers believe it{others}")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    let is_served = module.role == Role::Application && project.imports.is_served(module.id);
    if !is_served || project.is_command_line(module) || is_stand_in(&module.name) {
        return;
    }
    let mut simulated = Vec::new();
    for (id, stmt) in module.python.syntax.stmts() {
        let StmtKind::FunctionDef(function) = &stmt.kind else { continue };
        let name = module.python.syntax.identifier(function.name);
        if !is_act(name) {
            continue;
        }
        findings.examined(1);
        if is_simulated(project, module, function) && !is_excused(project, module, id) {
            simulated.push((function.name.range, name));
        }
    }
    simulated.sort_unstable();
    let Some((&(range, name), others)) = simulated.split_first() else { return };
    let finding = findings.report(module.span(range), message(name, simulated.len())).subject(name);
    for &(range, name) in others {
        finding.related(module.span(range), format!("and `{name}`"));
    }
}

fn words(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() {
            spaced.push('_');
        }
        spaced.extend(letter.to_lowercase());
    }
    spaced.split(|mark: char| !mark.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn is_act(name: &str) -> bool {
    let words = words(name);
    let Some((first, rest)) = words.split_first() else { return false };
    ACTS.iter().any(|(verbs, objects)| {
        verbs.contains(&first.as_str()) && rest.iter().any(|word| objects.contains(&word.as_str()))
    })
}

fn is_stand_in(name: &str) -> bool {
    words(name).iter().any(|word| STAND_INS.contains(&word.as_str()))
}

/// Whether all that a function does is to log, wait, and say that it did something.
fn is_simulated(project: &Project, module: &Module, function: &FunctionDef) -> bool {
    let syntax = &module.python.syntax;
    let statements: Vec<StmtId> = syntax.walk_stmts_in(&function.body, true).collect();
    let only_says = statements.iter().all(|&stmt| match &syntax.stmt(stmt).kind {
        StmtKind::Expr(_)
        | StmtKind::Return(_)
        | StmtKind::Assign { .. }
        | StmtKind::AnnAssign { .. }
        | StmtKind::If { .. } => assigns_names_alone(module, stmt),
        _ => false,
    });
    let calls: Vec<ExprId> = function
        .body
        .iter()
        .flat_map(|&stmt| syntax.walk_exprs_in(stmt, true))
        .filter(|&expr| matches!(syntax.expr(expr).kind, ExprKind::Call { .. }))
        .collect();
    let tells = calls.iter().any(|&call| tells_or_waits(project, module, call));
    only_says && tells && calls.iter().all(|&call| tells_or_waits(project, module, call) || is_harmless(module, call))
}

/// Whether a statement gives values to plain names, if to anything.
fn assigns_names_alone(module: &Module, stmt: StmtId) -> bool {
    let syntax = &module.python.syntax;
    match &syntax.stmt(stmt).kind {
        StmtKind::Assign { targets, .. } => {
            targets.iter().all(|&target| matches!(syntax.expr(target).kind, ExprKind::Name { .. }))
        }
        _ => true,
    }
}

/// The last name of what a call calls.
fn last_name(module: &Module, call: ExprId) -> &str {
    match module.python.syntax.expr(call).kind {
        ExprKind::Call { func, .. } => module.last_name(func).unwrap_or(""),
        _ => "",
    }
}

fn tells_or_waits(project: &Project, module: &Module, call: ExprId) -> bool {
    project.is_log_call(module, call) || matches!(last_name(module, call), "print" | "sleep")
}

/// Whether a call changes nothing outside, and is none of the project's functions.
fn is_harmless(module: &Module, call: ExprId) -> bool {
    HARMLESS.contains(&last_name(module, call))
}

/// Whether a function is a stand-in on purpose, or one that others replace.
fn is_excused(project: &Project, module: &Module, function: StmtId) -> bool {
    let Some(definition) = module.function(function) else { return true };
    let node = Parent::Stmt(function);
    let named = module.python.qualname(function).is_some_and(|name| is_stand_in(&name));
    let is_abstract = definition
        .decorators
        .iter()
        .any(|&decorator| project.sources.slice(module.span_of(decorator)).contains("abstract"));
    let class = module.python.syntax.enclosing_stmts(node).find(|&stmt| module.class(stmt).is_some());
    let name = module.python.syntax.identifier(definition.name);
    named
        || is_abstract
        || module.python.is_in_main_guard(node)
        || class.is_some_and(|class| is_replaced(project, module, class, name) || overrides(project, module, class))
}

/// Whether some class of the project inherits from a class and defines a method of this name.
fn is_replaced(project: &Project, module: &Module, class: StmtId, method: &str) -> bool {
    let others = project.modules.iter().filter(|other| other.python.name_id(method).is_some());
    others.flat_map(|other| other.python.syntax.stmts().map(move |(id, _)| (other, id))).any(|(other, id)| {
        let Some(definition) = other.class(id) else { return false };
        let inherits = definition.bases.iter().any(|&base| {
            project.class(other, base).is_some_and(|(home, base, _)| home.id == module.id && base == class)
        });
        inherits
            && definition.body.iter().any(|&stmt| {
                other.function(stmt).is_some_and(|function| other.python.syntax.identifier(function.name) == method)
            })
    })
}

/// Whether a class is one of several that a base of the project chooses among.
fn overrides(project: &Project, module: &Module, class: StmtId) -> bool {
    let bases = module.class(class).into_iter().flat_map(|class| &class.bases);
    let mut bases = bases.filter(|&&base| project.class(module, base).is_some());
    bases.next().is_some()
}
