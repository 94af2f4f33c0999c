use pyaudit_check::project::environment::Variable;
use pyaudit_check::project::{Module, names_secret};
use pyaudit_check::python::{ExprId, ExprKind, FoldedPart, Operator, Parent, StmtId};
use pyaudit_check::{Confidence, Findings, Project, Role, Span, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds secrets that are given to a logger or to `print`: settings and environment variables whose names say so, addresses
    /// of databases, which carry a password, and variables such as `password` and `access_token`; alone, in an f-string, with `%s`
    /// or `format`. One finding for each secret of a module.
    ///
    /// ## Why it matters
    /// Logs are kept longer than secrets, copied to other companies' services, and read by more people than may ever see a
    /// password. Who reads a token in them is the user that it belongs to.
    ///
    /// ## How to fix
    /// Log that there is one (`bool(token)`), or whom it belongs to. Where the value is needed to compare, log a hash or the last
    /// four characters.
    ///
    /// ## Limits
    /// Only what is logged as it is: a slice, a length, a hash, a truth value and an attribute of it are silent. Variables without a setting
    /// behind them are known by their names, at medium confidence; a bare `token` counts only in modules about users, mail and
    /// authentication, `key` never. What a command or a module that no application loads prints is left alone. Tests, scripts and examples are not examined.
    id: "secret-in-logs",
    summary: "a secret is written to a log",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://cwe.mitre.org/data/definitions/532.html"],
    run: Module(run),
}

/// Methods of loggers, and `print`.
const WRITERS: &[&str] =
    &["debug", "info", "warning", "warn", "error", "critical", "exception", "log", "trace", "success", "print"];

/// Words of a module's path that say that a `token` in it lets somebody in.
const TOKEN_MODULES: &[&str] = &[
    "auth",
    "authentication",
    "login",
    "security",
    "oauth",
    "oauth2",
    "users",
    "user",
    "session",
    "email",
    "mail",
    "password",
    "jwt",
    "token",
    "tokens",
    "account",
    "accounts",
    "invitation",
    "deps",
];

/// Names of variables that hold a secret wherever they stand.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "plain_password",
    "new_password",
    "old_password",
    "hashed_password",
    "access_token",
    "refresh_token",
    "id_token",
    "auth_token",
    "bearer_token",
    "reset_token",
    "verification_token",
    "api_key",
    "apikey",
    "secret",
    "secret_key",
    "client_secret",
    "jwt_token",
    "jwt_secret",
    "private_key",
    "session_token",
    "temp_password",
    "temporary_password",
    "raw_password",
    "database_url",
    "db_url",
];

fn message(name: &str, writer: &str) -> String {
    format!("`{name}` is written by `{writer}` as it is: who reads the log has it")
}

/// One secret that is logged.
struct Logged {
    name: String,
    span: Span,
    writer: String,
    confidence: Confidence,
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    let mut found: BTreeMap<String, Vec<Logged>> = BTreeMap::new();
    for call in module.calls_named(WRITERS) {
        let is_print = call.name == "print" && call.object.is_none();
        let is_written = if is_print {
            may_not_print(project, module, call.function())
        } else {
            project.is_log_call(module, call.id)
        };
        if !is_written {
            continue;
        }
        if module.python.is_in_main_guard(Parent::Expr(call.id)) {
            continue;
        }
        findings.examined(1);
        for part in call.args.iter().flat_map(|&arg| parts_of(module, arg)) {
            if let Some((name, confidence)) = secret(project, module, part) {
                // A name in the text may stand for a text that was made elsewhere.
                let (at, own) = (module.span_of(part), module.span_of(call.id));
                let is_inside = own.range.zip(at.range).is_some_and(|(outer, inner)| outer.contains(inner));
                let span = if is_inside { at } else { call.span() };
                let logged = Logged { name: name.clone(), span, writer: call.name.to_owned(), confidence };
                found.entry(name).or_default().push(logged);
            }
        }
    }
    for places in found.into_values() {
        let Some((first, others)) = places.split_first() else { continue };
        let finding = findings.report(first.span, message(&first.name, &first.writer));
        finding.subject(&first.name).confidence(first.confidence);
        for other in others {
            finding.related(other.span, "written here too");
        }
    }
}

/// Whether what is printed goes to a log: not for a command, whose output somebody asked for.
fn may_not_print(project: &Project, module: &Module, function: Option<StmtId>) -> bool {
    let is_command = function.is_some_and(|function| project.is_command(module, function));
    project.imports.is_served(module.id) && !project.is_command_line(module) && !is_command
}

/// What an argument shows as it is: itself, the holes of its text, the values that it is formatted with.
fn parts_of(module: &Module, arg: ExprId) -> Vec<ExprId> {
    let syntax = &module.python.syntax;
    match &syntax.expr(arg).kind {
        ExprKind::FString(_) | ExprKind::BinOp { op: Operator::Add, .. } => {
            let parts = module.python.fold_string(arg).parts;
            let holes = parts.into_iter().filter_map(|part| match part {
                FoldedPart::Hole(hole) => Some(hole),
                FoldedPart::Text(_) => None,
            });
            holes.collect()
        }
        ExprKind::BinOp { op: Operator::Mod, right, .. } => match &syntax.expr(*right).kind {
            ExprKind::Tuple { elts, .. } => elts.to_vec(),
            _ => vec![*right],
        },
        ExprKind::Call { func, args, .. } => match &syntax.expr(*func).kind {
            ExprKind::Attribute { value, attr, .. }
                if syntax.identifier(*attr) == "format" && syntax.string(*value).is_some() =>
            {
                args.to_vec()
            }
            _ => vec![arg],
        },
        _ => vec![arg],
    }
}

/// The secret that an expression shows.
fn secret(project: &Project, module: &Module, part: ExprId) -> Option<(String, Confidence)> {
    let syntax = &module.python.syntax;
    let last = match &syntax.expr(part).kind {
        ExprKind::Name { id, .. } => syntax.name(*id),
        ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
        ExprKind::Call { .. } | ExprKind::Subscript { .. } => {
            return project.held_secret(module, part).map(|name| (name, Confidence::High));
        }
        _ => return None,
    };
    if let Some((_, field)) = project.setting_field(module, part) {
        let name = field.variables.first().unwrap_or(&field.name);
        let is_masked = field.annotation.is_some_and(|annotation| {
            let home = project.modules.get(field.module);
            home.python.syntax.walk_exprs_of(annotation).any(|inside| {
                matches!(&home.python.syntax.expr(inside).kind, ExprKind::Name { id, .. } if home.python.syntax.name(*id).starts_with("Secret"))
            })
        });
        let is_secret = names_secret(&field.name) || is_database_address(project, field);
        return (is_secret && !is_masked).then(|| (name.clone(), Confidence::High));
    }
    let lower = last.trim_start_matches('_').to_ascii_lowercase();
    let is_named = NAMES.contains(&lower.as_str()) || (lower == "token" && is_about_users(project, module));
    if is_named {
        let held = project.held_secret(module, part).is_some();
        return Some((last.to_owned(), if held { Confidence::High } else { Confidence::Medium }));
    }
    None
}

/// Whether a field holds the address of a database, with the password in it.
fn is_database_address(project: &Project, field: &pyaudit_check::project::settings::Field) -> bool {
    let lower = field.name.to_ascii_lowercase();
    let is_named = [
        "database_url",
        "db_url",
        "database_uri",
        "db_uri",
        "sqlalchemy_database_uri",
        "postgres_url",
        "mongo_uri",
        "mongodb_uri",
    ]
    .iter()
    .any(|name| lower.ends_with(name));
    let default = field.default.as_ref().and_then(|default| default.value.as_ref()).and_then(|value| value.as_str());
    // A file of SQLite has no password.
    let has_password =
        default.is_none_or(|text| text.is_empty() || Variable::named(&field.name, text).has_credentials());
    let given = project.defined_texts(field).any(|text| Variable::named(&field.name, text).has_credentials());
    is_named && (has_password || given)
}

fn is_about_users(project: &Project, module: &Module) -> bool {
    let path = &project.sources.file(module.file).path;
    pyaudit_check::project::paths::words(path).any(|word| TOKEN_MODULES.contains(&word.as_str()))
}
