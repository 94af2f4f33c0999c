use pyaudit_check::project::{LookedAt, Module, password_hashes, paths};
use pyaudit_check::python::{ExprId, ExprKind, Parent, StmtKind};
use pyaudit_check::source::SourceFile;
use pyaudit_check::{Confidence, FileId, Findings, Project, Range, Role, Severity, Span, Tracking, check};

check! {
    /// ## What it does
    /// Finds credentials in what git tracks: hashes of passwords (bcrypt, argon2, PBKDF2, scrypt, `crypt`) in files of data
    /// (JSON, YAML, CSV, SQL) and in texts of the code, digests under a name such as `password_hash`, tokens of sessions
    /// (`refresh_token`, `session_token`) in JSON, private keys in JSON and in `.pem` files, and session files of
    /// messengers (`*.session`). One finding a file. Values are never shown.
    ///
    /// ## Why it matters
    /// Whoever reads the repository, now or at any later time, can guess the passwords behind the hashes on machines of
    /// their own, without any limit on attempts, and people use one password in many places. A token or a key needs no
    /// guessing at all.
    ///
    /// ## How to fix
    /// Take the file out of the repository, create the first account from a password that the environment gives, replace
    /// what was committed, and make the accounts choose new passwords.
    ///
    /// ## Limits
    /// Only hashes with every part are found: formats, names of algorithms and placeholders are silent. So are hashes given
    /// to a comparison or named a dummy, which make it take the same time for unknown users, and what stands in tests,
    /// examples and scripts. Where the path speaks of tests, demonstrations or local development the confidence is low.
    /// Databases and other binary files are not read.
    id: "committed-credential-data",
    summary: "password hashes, session tokens or keys are committed as data",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://cwe.mitre.org/data/definitions/538.html",
        "https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html",
    ],
    run: Project(run),
}

fn message_of_hashes(path: &str, count: usize, function: &str) -> String {
    let noun = if count == 1 { "a password hash" } else { &format!("{count} password hashes") };
    format!("`{path}` holds {noun} ({function}): whoever reads the repository can guess the passwords behind it")
}

fn message_of_tokens(path: &str, name: &str) -> String {
    format!("`{path}` holds a value of `{name}`, which is enough to act as whom it was made for")
}

fn message_of_key(path: &str) -> String {
    format!("`{path}` holds a private key, which is enough to act as whom it was made for")
}

fn message_of_session(path: &str) -> String {
    format!("`{path}` is the session of a messenger, which is enough to act as the account")
}

fn message_in_code(function: &str) -> String {
    format!("a password hash ({function}) stands in the source: whoever reads it can guess the password behind it")
}

/// What one file holds.
struct Found {
    range: Range,
    message: String,
}

fn run(project: &Project, findings: &mut Findings) {
    for (id, file, text) in project.looked_at(LookedAt::Data).filter(|(_, file, _)| file.role != Role::Script) {
        findings.examined(1);
        if let Some(found) = in_data(&file.path, text) {
            report(id, file, Some(found.range), found.message, findings);
        }
    }
    for (id, file, text) in project.looked_at(LookedAt::Key) {
        findings.examined(1);
        if let Some(range) = private_key(text) {
            report(id, file, Some(range), message_of_key(&file.path), findings);
        }
    }
    for (id, file) in project.sources.files().filter(|(_, file)| is_session(project, file)) {
        findings.examined(1);
        report(id, file, None, message_of_session(&file.path), findings);
    }
    for module in project.modules.iter().filter(|module| matches!(module.role, Role::Application | Role::Migration)) {
        findings.examined(1);
        in_module(module, findings);
    }
}

fn report(id: FileId, file: &SourceFile, range: Option<Range>, message: String, findings: &mut Findings) {
    let span = range.map_or(Span::file(id), |range| Span::new(id, range));
    let finding = findings.report(span, message);
    finding.subject(&file.path).secret();
    if is_for_trial(&file.path) || file.tracking == Tracking::Unknown {
        finding.confidence(Confidence::Low);
    }
}

/// Whether the words of a path say that its data is made up.
fn is_for_trial(path: &str) -> bool {
    const WORDS: &[&str] = &[
        "test",
        "tests",
        "testing",
        "demo",
        "sample",
        "samples",
        "example",
        "examples",
        "fixture",
        "fixtures",
        "mock",
        "mocks",
        "dev",
        "local",
        "localhost",
        "dummy",
        "fake",
    ];
    paths::words(path).any(|word| WORDS.contains(&word.as_str()))
}

/// The worst that a file of data holds.
fn in_data(path: &str, text: &str) -> Option<Found> {
    if let Some(range) = private_key(text) {
        return Some(Found { range, message: message_of_key(path) });
    }
    let hashes = password_hashes(text);
    if let Some(first) = hashes.first() {
        let range = Range::new(first.start as u32, (first.start + first.text.len()) as u32);
        return Some(Found { range, message: message_of_hashes(path, hashes.len(), first.function) });
    }
    if !path.ends_with(".json") {
        return None;
    }
    json_texts(text).find_map(|(name, value, start)| {
        let range = Range::new(start, start + value.len() as u32);
        if names_hash(name) && is_digest(value) {
            return Some(Found { range, message: message_of_hashes(path, 1, "a bare digest") });
        }
        let is_token = names_session(name) && is_random(value);
        is_token.then(|| Found { range, message: message_of_tokens(path, name) })
    })
}

/// The place of the first line of a private key that is there in full and without a passphrase.
fn private_key(text: &str) -> Option<Range> {
    let (at, _) = text.match_indices("-----BEGIN ").find(|&(at, _)| {
        let rest = &text[at..];
        let head = rest.get(.."-----BEGIN ENCRYPTED PRIVATE KEY-----".len()).unwrap_or(rest);
        let is_private = head.contains("PRIVATE KEY-----") && !head.contains("ENCRYPTED");
        let body = rest.find("-----END ").map_or("", |end| &rest[..end]);
        is_private && body.len() > 180 && !body.contains("...") && !body.contains("xxxx") && !body.contains("ENCRYPTED")
    })?;
    Some(Range::new(at as u32, at as u32 + "-----BEGIN ".len() as u32))
}

/// The members of JSON objects whose values are texts without escapes: name, value, and where the value starts.
fn json_texts(text: &str) -> impl Iterator<Item = (&str, &str, u32)> {
    text.match_indices("\":").filter_map(move |(at, _)| {
        let name = text[..at].rsplit('"').next()?;
        let after = &text[at + 2..];
        let value = after.trim_start_matches([' ', '\t']).strip_prefix('"')?;
        let start = text.len() - value.len();
        let value = &value[..value.find(['"', '\\', '\n'])?];
        (name.len() <= 60).then_some((name, value, start as u32))
    })
}

fn names_hash(name: &str) -> bool {
    let lower = name.to_ascii_lowercase().replace(['_', '-'], "");
    matches!(lower.as_str(), "passwordhash" | "hashedpassword" | "passwordsha256" | "pwhash" | "password")
}

/// Whether a value is a digest in hexadecimal, alone or behind a salt.
fn is_digest(value: &str) -> bool {
    let digest = value.rsplit([':', '$']).next().unwrap_or(value);
    let is_hex = digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex && matches!(digest.len(), 32 | 40 | 64 | 96 | 128) && is_random(digest)
}

fn names_session(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    matches!(lower.as_str(), "refresh_token" | "session_token" | "sessiontoken" | "refreshtoken")
}

/// Whether a value looks made by a machine.
fn is_random(value: &str) -> bool {
    let mut kinds = [false; 128];
    value.bytes().filter(u8::is_ascii).for_each(|byte| kinds[usize::from(byte)] = true);
    let lower = value.to_ascii_lowercase();
    let says =
        ["your", "example", "xxx", "test", "dummy", "placeholder", "${", "{{", "<", "sample", "token", "1234567"];
    value.len() >= 20
        && kinds.iter().filter(|&&seen| seen).count() >= 10
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !value.contains(' ')
        && !says.iter().any(|word| lower.contains(word))
}

/// Whether a tracked file is the session of a client of Telegram, which the repository uses.
fn is_session(project: &Project, file: &SourceFile) -> bool {
    file.tracking == Tracking::Tracked
        && file.role == Role::Application
        && file.name().ends_with(".session")
        && project.modules.iter().any(|module| {
            let imports = &module.python.names.imports;
            imports.iter().any(|import| matches!(import.module.split('.').next(), Some("telethon" | "pyrogram")))
        })
}

/// Hashes in texts of the code.
fn in_module(module: &Module, findings: &mut Findings) {
    let syntax = &module.python.syntax;
    let mut found: Vec<(Span, &str)> = Vec::new();
    for (id, expr) in syntax.exprs() {
        if let ExprKind::Str { value, .. } = &expr.kind
            && value.len() > 50
            && let Some(hash) = password_hashes(value).first()
            && !is_dummy(module, id)
        {
            found.push((module.span_of(id), hash.function));
        }
    }
    found.sort();
    let Some((&(span, function), others)) = found.split_first() else { return };
    let finding = findings.report(span, message_in_code(function));
    finding.secret();
    if module.role == Role::Migration {
        finding.severity(Severity::Medium);
    }
    for &(span, _) in others {
        finding.related(span, "another hash");
    }
}

/// Whether a hash only makes a comparison take its time, or stands in a text about hashes.
fn is_dummy(module: &Module, text: ExprId) -> bool {
    const WORDS: &[&str] = &["dummy", "fake", "timing", "invalid", "example", "examples", "description", "unknown"];
    let syntax = &module.python.syntax;
    let says = |name: &str| paths::words(&name.replace('_', "-")).any(|word| WORDS.contains(&word.as_str()));
    for node in syntax.ancestors(Parent::Expr(text)) {
        match node {
            Parent::Expr(outer) => {
                let ExprKind::Call { func, keywords, .. } = &syntax.expr(outer).kind else { continue };
                let callee = match &syntax.expr(*func).kind {
                    ExprKind::Name { id, .. } => syntax.name(*id),
                    ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
                    _ => "",
                };
                let compares = ["verify", "check", "compare", "match"].iter().any(|word| callee.contains(word));
                let named = keywords.iter().filter(|keyword| keyword.value == text).filter_map(|keyword| keyword.name);
                if compares || named.into_iter().any(|name| says(syntax.identifier(name))) {
                    return true;
                }
            }
            Parent::Stmt(stmt) => {
                let target = match &syntax.stmt(stmt).kind {
                    StmtKind::Assign { targets, .. } => targets.first().copied(),
                    StmtKind::AnnAssign { target, .. } => Some(*target),
                    StmtKind::Expr(value) if *value == text => return true,
                    StmtKind::FunctionDef(function) => {
                        if says(syntax.identifier(function.name)) {
                            return true;
                        }
                        None
                    }
                    _ => None,
                };
                let name = target.map(|target| match &syntax.expr(target).kind {
                    ExprKind::Name { id, .. } => syntax.name(*id),
                    ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
                    _ => "",
                });
                if name.is_some_and(says) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}
