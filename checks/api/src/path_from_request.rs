use pyaudit_check::project::{Module, RequestReach};
use pyaudit_check::python::{ExprId, ExprKind};
use pyaudit_check::{Findings, Project, Role, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds paths and commands that a client chooses: the name of an uploaded file, a parameter of the query, the form or
    /// the path, or a field of the body that reaches `open`, a method of `Path`, `FileResponse`, `os.remove`, `shutil` or a
    /// shell, through names, joined paths and calls of other functions.
    ///
    /// ## Why it matters
    /// `../../etc/passwd` is a file name as well. Whoever chooses the path reads the settings with their secrets, or writes
    /// a module that the application imports at its next start. In a shell, `; rm -rf /` is a parameter.
    ///
    /// ## How to fix
    /// Store uploads under a name of your own (`uuid4()`), take the last component alone (`Path(name).name`), and check what
    /// is left: `target = (ROOT / name).resolve()`, `if not target.is_relative_to(ROOT): raise …`. Give commands as a list,
    /// without a shell.
    ///
    /// ## Limits
    /// Any look at the text before is taken for a check: a comparison with what is allowed or with `..`, a pattern in its
    /// declaration, `startswith`, a function whose name says `validate`, `safe` or `sanitize`. What a function gives back is
    /// not followed. A plain parameter of the path holds no slash and leads to no other directory; it counts for a shell,
    /// and with `{name:path}`. Calls are followed four deep.
    id: "path-from-request",
    summary: "a client chooses the path that is opened or the command that is run",
    area: Api,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://owasp.org/www-community/attacks/Path_Traversal",
        "https://cwe.mitre.org/data/definitions/22.html",
        "https://cwe.mitre.org/data/definitions/78.html",
    ],
    run: Module(run),
}

/// Callables that open, change or send the file that their first argument names.
const FILE_CALLS: &[&str] = &[
    "open",
    "io.open",
    "codecs.open",
    "aiofiles.open",
    "os.open",
    "os.remove",
    "os.unlink",
    "os.rename",
    "os.replace",
    "os.rmdir",
    "os.listdir",
    "os.makedirs",
    "os.mkdir",
    "shutil.rmtree",
    "shutil.copy",
    "shutil.copyfile",
    "shutil.copy2",
    "shutil.move",
    "aiofiles.os.remove",
    "zipfile.ZipFile",
    "tarfile.open",
    "fastapi.responses.FileResponse",
    "starlette.responses.FileResponse",
];

/// Methods of a path that open or change the file.
const PATH_METHODS: &[&str] =
    &["open", "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "touch", "rmdir", "mkdir", "iterdir"];

/// Callables that hand their first argument to a shell.
const SHELLS: &[&str] =
    &["os.system", "os.popen", "asyncio.create_subprocess_shell", "subprocess.getoutput", "subprocess.getstatusoutput"];

/// Callables that do so with `shell=True`.
const MAYBE_SHELLS: &[&str] =
    &["subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen"];

fn path_message(value: &str, sink: &str) -> String {
    format!("a client chooses the path: `{value}` reaches `{sink}` unchecked, and may hold `../`")
}

fn shell_message(value: &str, sink: &str) -> String {
    format!("a client may run any command: `{value}` reaches the shell of `{sink}`")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for (handler, route) in project.handlers_in(module) {
        findings.examined(1);
        let reaches = project.request_reaches(module, handler, &|module, call| holders(project, module, call));
        // One text is mended once, whatever it reaches.
        let mut by_value: BTreeMap<_, Vec<&RequestReach>> = BTreeMap::new();
        for reach in reaches.iter().filter(|reach| matters(project, reach)) {
            by_value.entry(&reach.value).or_default().push(reach);
        }
        for reaches in by_value.values() {
            report(project, &route.subject(), reaches, findings);
        }
    }
}

fn report(project: &Project, subject: &str, reaches: &[&RequestReach], findings: &mut Findings) {
    let first = reaches[0];
    let module = project.modules.get(first.module);
    let sink = callee(project, module, first.call);
    let message = if is_shell(project, module, first.call) {
        shell_message(&first.value.name, &sink)
    } else {
        path_message(&first.value.name, &sink)
    };
    let finding = findings.report(module.span_of(first.holder), message);
    finding.subject(format!("{subject} {}", first.value.name));
    finding.related(first.value.span, "the client's text comes in here");
    for &span in &first.through {
        finding.step(span, "passes it on");
    }
    for other in &reaches[1..] {
        let home = project.modules.get(other.module);
        finding.related(home.span_of(other.holder), format!("reaches `{}` too", callee(project, home, other.call)));
    }
}

/// Whether a text can do harm where it arrives: without a slash it stays in its directory.
fn matters(project: &Project, reach: &RequestReach) -> bool {
    reach.value.may_hold_slash || is_shell(project, project.modules.get(reach.module), reach.call)
}

/// What a call opens or runs: its path or its command.
fn holders(project: &Project, module: &Module, call: ExprId) -> Vec<ExprId> {
    let syntax = &module.python.syntax;
    let ExprKind::Call { func, args, keywords } = &syntax.expr(call).kind else { return Vec::new() };
    if let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind
        && PATH_METHODS.contains(&syntax.identifier(*attr))
        && project.symbol(module, *func).is_none_or(|symbol| symbol.external().is_none())
    {
        return vec![*value];
    }
    let is_file = project.is_any(module, *func, FILE_CALLS);
    if !is_file && !is_shell(project, module, call) {
        return Vec::new();
    }
    let named =
        ["path", "file", "src", "dst", "args", "cmd", "name"].iter().filter_map(|name| module.keyword(keywords, name));
    let count = if is_file { 2 } else { 1 };
    args.iter().copied().take(count).chain(named).collect()
}

fn is_shell(project: &Project, module: &Module, call: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let ExprKind::Call { func, keywords, .. } = &syntax.expr(call).kind else { return false };
    let in_shell = || {
        module.keyword(keywords, "shell").is_some_and(|value| matches!(syntax.expr(value).kind, ExprKind::Bool(true)))
    };
    project.is_any(module, *func, SHELLS) || (in_shell() && project.is_any(module, *func, MAYBE_SHELLS))
}

fn callee(project: &Project, module: &Module, call: ExprId) -> String {
    let syntax = &module.python.syntax;
    match &syntax.expr(call).kind {
        ExprKind::Call { func, .. } => match &syntax.expr(*func).kind {
            ExprKind::Attribute { attr, .. } if !matches!(project.symbol(module, *func), Some(symbol) if symbol.external().is_some()) => {
                syntax.identifier(*attr).to_owned()
            }
            _ => project.sources.slice(module.span_of(*func)).to_owned(),
        },
        _ => String::new(),
    }
}
