use pyaudit_check::project::{Client, Module, NamedCall, OutboundCall};
use pyaudit_check::python::{ExprContext, ExprId, ExprKind, NameId, Parent, StmtId, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, Span, check};

check! {
    /// ## What it does
    /// Finds answers of other services whose body is used while nothing looks at their status: `requests.get(url).json()` without
    /// `raise_for_status()`, `status_code` or `ok`. All of one module are one finding.
    ///
    /// ## Why it matters
    /// `requests` and `httpx` do not raise when the other service answers 404, 429 or 500. Its error page is taken for data: it is
    /// stored, shown, or breaks something three functions later with a `KeyError` that says nothing of the cause.
    ///
    /// ## How to fix
    /// Call `response.raise_for_status()` before the body is read, or look at `response.is_success` and tell the caller.
    ///
    /// ## Limits
    /// A response that is handed on, returned or kept is left alone, because others may look at it, and so is a function that looks
    /// into the body for an error, or that takes parts of the parsed body by their keys in a `try` whose clauses catch both what
    /// is no JSON and what lacks the key. Inside any other `try` the finding is a hint of low confidence. Clients with `event_hooks` may raise by
    /// themselves. Results of the project's own functions are not examined.
    id: "unchecked-error-return",
    summary: "an answer is used whatever its status",
    area: Resilience,
    axis: Robustness,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://requests.readthedocs.io/en/latest/user/quickstart/#response-status-codes", "https://www.python-httpx.org/quickstart/#response-status-codes", "https://cwe.mitre.org/data/definitions/252.html"],
    run: Module(run),
}

/// Attributes of a response that give its body.
const BODY: &[&str] = &["json", "text", "content", "iter_content", "iter_lines", "read"];

/// Strings by which code looks into a body for an error.
const ERROR_KEYS: &[&str] = &[
    "error",
    "errors",
    "ok",
    "success",
    "status",
    "code",
    "error_code",
    "error_message",
    "detail",
    "retcode",
    "errcode",
    "message",
    "error-codes",
];

/// What parsing a body raises that is no JSON.
const NO_JSON: &[&str] = &[
    "ValueError",
    "json.JSONDecodeError",
    "json.decoder.JSONDecodeError",
    "requests.JSONDecodeError",
    "requests.exceptions.JSONDecodeError",
    "requests.RequestException",
    "requests.exceptions.RequestException",
];

/// What an entry raises that is not there.
const NO_KEY: &[&str] = &["KeyError", "LookupError"];

fn message(call: &str, count: usize) -> String {
    let others = if count > 1 { format!("; this module has {count} such calls") } else { String::new() };
    format!("the answer of `{call}` is used whatever its status: an error page passes for data{others}")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    let is_served = module.role == Role::Application && project.imports.is_served(module.id);
    if !is_served || project.is_command_line(module) {
        return;
    }
    let mut unchecked: Vec<(bool, Span)> = Vec::new();
    for found in project.outbound_calls(module).iter().filter(|found| gives_a_response(found)) {
        findings.examined(1);
        if is_used_unseen(&found.call)
            && !is_checked_by_form(project, &found.call)
            && module.python.name_id("event_hooks").is_none()
        {
            unchecked.push((is_guarded(&found.call), found.call.span()));
        }
    }
    unchecked.sort();
    let Some((&(guarded, at), others)) = unchecked.split_first() else { return };
    let finding = findings.report(at, message(project.sources.slice(at), unchecked.len()));
    if guarded {
        finding.confidence(Confidence::Low);
    }
    for &(_, other) in others {
        finding.related(other, "nothing looks at the status here either");
    }
}

fn gives_a_response(found: &OutboundCall<'_>) -> bool {
    let is_plain =
        matches!(found.client, Client::Requests | Client::RequestsSession | Client::Httpx | Client::HttpxClient);
    is_plain && !matches!(found.call.name, "stream" | "send" | "head" | "options")
}

/// Whether the body of an answer is used, and nothing looks at its status.
fn is_used_unseen(call: &NamedCall<'_>) -> bool {
    let syntax = &call.module.python.syntax;
    let mut value = call.id;
    while let Parent::Expr(outer) = syntax.expr_parent(value) {
        match &syntax.expr(outer).kind {
            ExprKind::Await(_) => value = outer,
            ExprKind::Attribute { attr, .. } => {
                return BODY.contains(&syntax.identifier(*attr)) && !looks_into_body(call);
            }
            _ => return false,
        }
    }
    held_in(call.module, value).is_some_and(|name| reads_body_alone(call, name) && !looks_into_body(call))
}

/// The function around a call, which is where its answer lives; none for the body of a module.
fn around(call: &NamedCall<'_>) -> Option<StmtId> {
    call.function()
}

/// The places of the function that read a name.
fn loads_of(call: &NamedCall<'_>, name: NameId) -> Vec<ExprId> {
    let syntax = &call.module.python.syntax;
    let Some(function) = around(call) else { return Vec::new() };
    let is_load =
        |&expr: &ExprId| matches!(syntax.expr(expr).kind, ExprKind::Name { id, ctx: ExprContext::Load } if id == name);
    syntax.walk_exprs_in(function, true).filter(is_load).collect()
}

/// Whether every use of a name in the function reads a body, and there is one.
fn reads_body_alone(call: &NamedCall<'_>, name: NameId) -> bool {
    let syntax = &call.module.python.syntax;
    let uses = loads_of(call, name);
    let mut reads = uses
        .into_iter()
        .map(|expr| match syntax.expr_parent(expr) {
            Parent::Expr(outer) => match &syntax.expr(outer).kind {
                ExprKind::Attribute { attr, .. } => BODY.contains(&syntax.identifier(*attr)),
                _ => false,
            },
            _ => false,
        })
        .peekable();
    reads.peek().is_some() && reads.all(|is_body| is_body)
}

/// Whether the function looks for an error in what it was sent, or checks what has come by a model.
fn looks_into_body(call: &NamedCall<'_>) -> bool {
    let module = call.module;
    let syntax = &module.python.syntax;
    let Some(function) = around(call) else { return false };
    let is_error_key = |expr: ExprId| syntax.string(expr).is_some_and(|text| ERROR_KEYS.contains(&text));
    syntax.walk_exprs_in(function, true).any(|expr| is_error_key(expr) || is_validation(module, expr))
}

/// Whether an expression is a call that checks data against a model.
fn is_validation(module: &Module, expr: ExprId) -> bool {
    let syntax = &module.python.syntax;
    match &syntax.expr(expr).kind {
        ExprKind::Attribute { attr, .. } => {
            let name = syntax.identifier(*attr);
            ["model_validate", "parse_", "validate"].iter().any(|start| name.starts_with(start))
        }
        _ => false,
    }
}

/// Whether a call stands in a `try` with a clause, where a body of another form may be caught.
fn is_guarded(call: &NamedCall<'_>) -> bool {
    let syntax = &call.module.python.syntax;
    tries_around(call.module, call.id)
        .any(|stmt| matches!(&syntax.stmt(stmt).kind, StmtKind::Try { handlers, .. } if !handlers.is_empty()))
}

/// The `try` statements whose guarded body an expression stands in, the innermost first.
fn tries_around(module: &Module, expr: ExprId) -> impl Iterator<Item = StmtId> + '_ {
    let syntax = &module.python.syntax;
    let mut inner = Parent::Expr(expr);
    syntax.ancestors(Parent::Expr(expr)).filter_map(move |outer| {
        let before = std::mem::replace(&mut inner, outer);
        match (outer, before) {
            (Parent::Stmt(stmt), Parent::Stmt(before)) => {
                matches!(&syntax.stmt(stmt).kind, StmtKind::Try { body, .. } if body.contains(&before)).then_some(stmt)
            }
            _ => None,
        }
    })
}

/// Whether the body is parsed and taken apart by its keys where what an error page raises is caught: `json.loads(response.text)`
/// and `data["items"]` in a `try` with `except (ValueError, KeyError)`.
fn is_checked_by_form(project: &Project, call: &NamedCall<'_>) -> bool {
    let module = call.module;
    parsed_bodies(project, call).into_iter().any(|parsed| {
        tries_around(module, parsed).any(|guard| {
            let is_in = |expr: ExprId| tries_around(module, expr).any(|other| other == guard);
            catches_other_forms(project, module, guard) && taken_apart(call, parsed).into_iter().any(is_in)
        })
    })
}

/// The expressions that parse the body of an answer as JSON.
fn parsed_bodies(project: &Project, call: &NamedCall<'_>) -> Vec<ExprId> {
    let syntax = &call.module.python.syntax;
    let mut answer = call.id;
    while let Parent::Expr(outer) = syntax.expr_parent(answer)
        && matches!(syntax.expr(outer).kind, ExprKind::Await(_))
    {
        answer = outer;
    }
    let answers = match held_in(call.module, answer) {
        Some(name) => loads_of(call, name),
        None => vec![answer],
    };
    answers.into_iter().filter_map(|answer| parsed_body(project, call.module, answer)).collect()
}

/// The call that parses the body of an answer: `answer.json()`, `json.loads(answer.text)`.
fn parsed_body(project: &Project, module: &Module, answer: ExprId) -> Option<ExprId> {
    let syntax = &module.python.syntax;
    let Parent::Expr(body) = syntax.expr_parent(answer) else { return None };
    let ExprKind::Attribute { attr, .. } = syntax.expr(body).kind else { return None };
    let Parent::Expr(call) = syntax.expr_parent(body) else { return None };
    let ExprKind::Call { func, .. } = syntax.expr(call).kind else { return None };
    let is_json = match syntax.identifier(attr) {
        "json" => func == body,
        "text" | "content" => func != body && project.is_any(module, func, &["json.loads"]),
        _ => false,
    };
    is_json.then_some(call)
}

/// The places that take a part of what was parsed, which raise where there is no such part: `data["items"]`.
fn taken_apart(call: &NamedCall<'_>, parsed: ExprId) -> Vec<ExprId> {
    let syntax = &call.module.python.syntax;
    let values = match held_in(call.module, parsed) {
        Some(name) => loads_of(call, name),
        None => vec![parsed],
    };
    let is_taken = |&value: &ExprId| match syntax.expr_parent(value) {
        Parent::Expr(outer) => matches!(syntax.expr(outer).kind,
            ExprKind::Subscript { value: object, ctx: ExprContext::Load, .. } if object == value),
        _ => false,
    };
    values.into_iter().filter(is_taken).collect()
}

/// The name that alone is given a value.
fn held_in(module: &Module, value: ExprId) -> Option<NameId> {
    let syntax = &module.python.syntax;
    let Parent::Stmt(stmt) = syntax.expr_parent(value) else { return None };
    let StmtKind::Assign { targets, .. } = &syntax.stmt(stmt).kind else { return None };
    let [target] = targets[..] else { return None };
    match syntax.expr(target).kind {
        ExprKind::Name { id, .. } => Some(id),
        _ => None,
    }
}

/// Whether the clauses of a `try` catch a body that is no JSON and one without a key, and do not let them through.
fn catches_other_forms(project: &Project, module: &Module, guard: StmtId) -> bool {
    let catches = project.catches_of(module, guard);
    let catching = |names: &[&str]| {
        let first = catches.iter().find(|catch| catch.is_broad() || catch.caught.iter().any(|it| it.is_any(names)));
        first.is_some_and(|catch| !catch.raises_again())
    };
    catching(NO_JSON) && catching(NO_KEY)
}
