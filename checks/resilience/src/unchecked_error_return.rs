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
    /// into the body for an error. Inside a `try` the finding is a hint of low confidence. Clients with `event_hooks` may raise by
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
        if is_used_unseen(&found.call) && module.python.name_id("event_hooks").is_none() {
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
    let Parent::Stmt(stmt) = syntax.expr_parent(value) else { return false };
    let StmtKind::Assign { targets, .. } = &syntax.stmt(stmt).kind else { return false };
    let [target] = targets[..] else { return false };
    match syntax.expr(target).kind {
        ExprKind::Name { id, .. } => reads_body_alone(call, id) && !looks_into_body(call),
        _ => false,
    }
}

/// The function around a call, which is where its answer lives; none for the body of a module.
fn around(call: &NamedCall<'_>) -> Option<StmtId> {
    call.function()
}

/// Whether every use of a name in the function reads a body, and there is one.
fn reads_body_alone(call: &NamedCall<'_>, name: NameId) -> bool {
    let syntax = &call.module.python.syntax;
    let Some(function) = around(call) else { return false };
    let uses = syntax.walk_exprs_in(function, true).filter(|&expr| match syntax.expr(expr).kind {
        ExprKind::Name { id, ctx: ExprContext::Load } => id == name,
        _ => false,
    });
    let mut reads = uses
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
    let mut inner = Parent::Expr(call.id);
    for outer in syntax.ancestors(Parent::Expr(call.id)) {
        if let Parent::Stmt(stmt) = outer
            && let StmtKind::Try { body, handlers, .. } = &syntax.stmt(stmt).kind
        {
            let in_body = matches!(inner, Parent::Stmt(inner) if body.contains(&inner));
            if in_body && !handlers.is_empty() {
                return true;
            }
        }
        inner = outer;
    }
    false
}
