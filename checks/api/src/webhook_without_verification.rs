use pyaudit_check::project::{Condition, Demand, Module, Purpose, Route, names_secret};
use pyaudit_check::python::{ExprId, ExprKind, IfClause, Parent, StmtId, StmtKind, UnaryOperator};
use pyaudit_check::{Confidence, Findings, Project, Span, check};

check! {
    /// ## What it does
    /// Finds webhooks that believe whoever calls them: a `POST` route for events of another service, whose handler, with all
    /// that it depends on and calls, verifies no signature and compares no secret; and webhooks whose verification is
    /// skipped when its secret is empty, which it is by default.
    ///
    /// ## Why it matters
    /// The address of a webhook is no secret. Whoever finds it sends "this order is paid" or "this user is an admin" in the
    /// name of the provider.
    ///
    /// ## How to fix
    /// Verify the provider's signature over the raw body (`stripe.Webhook.construct_event`, `svix.Webhook.verify`, `hmac`
    /// with `compare_digest`), and refuse to start, or to answer, without the secret.
    ///
    /// ## Limits
    /// A webhook is known by its path or the name of its handler. Routes that manage webhooks (`POST /webhooks/{id}/test`)
    /// and those behind a login are silent, and so is a handler that hands something named after a signature, token or
    /// secret to a function. Where the handler does nothing with the message but log it, the confidence is low. Calls are followed six deep.
    id: "webhook-without-verification",
    summary: "a webhook believes whoever calls it",
    area: Api,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://docs.stripe.com/webhooks#verify-official-libraries",
        "https://cwe.mitre.org/data/definitions/345.html",
    ],
    run: Project(run),
}

/// How many calls are followed.
const DEPTH: usize = 6;

/// Words in the name of a function that verifies something.
const VERIFYING: &[&str] = &[
    "verif",
    "signature",
    "construct_event",
    "compare_digest",
    "authenticat",
    "check_secret",
    "check_token",
    "validate_request",
    "validate_webhook",
    "is_valid",
    "hmac",
];

/// Words in the name of an argument that a verification takes.
const PROOF: &[&str] = &["signature", "secret", "hmac", "sig_header"];

/// Words of routes that manage webhooks, and take no events.
const MANAGING: &[&str] = &[
    "enqueue",
    "test",
    "register",
    "send",
    "deliver",
    "deliveries",
    "logs",
    "create",
    "subscribe",
    "unsubscribe",
    "retry",
    "redeliver",
    "requeue",
    "endpoints",
    "trigger",
    "setup",
    "configure",
    "config",
    "settings",
    "rotate",
    "simulate",
    "admin",
];

fn open_message(subject: &str) -> String {
    format!("the webhook `{subject}` believes whoever calls it: nothing verifies a signature or a secret")
}

fn skipped_message(subject: &str, secret: &str) -> String {
    format!(
        "the webhook `{subject}` believes whoever calls it by default: its verification is skipped unless `{secret}` is set"
    )
}

fn run(project: &Project, findings: &mut Findings) {
    for (at, route) in project.shipped_routes() {
        let Some((module, handler)) = route.handler.filter(|_| takes_events(project, route)) else { continue };
        if project.authentications.of(at).demand >= Demand::Unknown {
            continue;
        }
        findings.examined(1);
        let behind = project.functions_behind(module, handler, DEPTH);
        let subject = route.subject();
        if let Some((span, secret)) = behind.iter().find_map(|&(home, function)| skipped(project, home, function)) {
            let finding = findings.report(span, skipped_message(&subject, &secret));
            finding.subject(subject);
            finding.related(route.span, "the webhook");
        } else if !behind.iter().any(|&(home, function)| verifies(project, home, function)) {
            let home = project.modules.get(module);
            let name = home.function(handler).map(|function| function.name.range);
            let span = name.map_or(route.span, |range| home.span(range));
            let finding = findings.report(span, open_message(&subject));
            finding.subject(subject);
            if behind.iter().all(|&(home, function)| project.is_idle(home, function)) {
                finding.confidence(Confidence::Low);
            }
        }
    }
}

/// Whether a route is there for events that another service sends.
fn takes_events(project: &Project, route: &Route) -> bool {
    let path = route.path.to_ascii_lowercase();
    let words = || path.split(|mark: char| !mark.is_alphanumeric());
    let manages = words().any(|word| MANAGING.contains(&word)) || path.trim_end_matches('/').ends_with("webhooks");
    let is_post = route.methods.iter().any(|method| method == "POST");
    // `/webhooks/{id}` is one of the webhooks of a user; `/webhook/{provider}` is not.
    let has_id = path.contains("id}") || path.contains("uuid}");
    takes_body(project, route) && is_post && !manages && !has_id && project.purpose_of(route) == Purpose::Webhook
}

/// Whether the handler of a route takes something of the message: the request, or a parameter that no dependency gives.
fn takes_body(project: &Project, route: &Route) -> bool {
    let Some((module, handler)) = route.handler else { return false };
    let home = project.modules.get(module);
    home.function(handler).is_some_and(|definition| {
        let mut parameters = definition.parameters.iter();
        parameters.any(|parameter| {
            let is_given = !project.parameter_dependencies(home, parameter).is_empty();
            !is_given && !matches!(home.python.syntax.identifier(parameter.name), "self" | "cls")
        })
    })
}

/// Whether a function verifies something itself, or hands a signature or secret to somebody who may.
fn verifies(project: &Project, module: &Module, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let is_verifying = |name: &str| {
        let lower = name.to_ascii_lowercase();
        VERIFYING.iter().any(|word| lower.contains(word))
    };
    let own_name = module.function(function).is_some_and(|definition| is_verifying(syntax.identifier(definition.name)));
    let calls = project.calls_in(module, function);
    let by_call = calls.iter().any(|call| {
        if module.last_name(call.func).is_some_and(is_verifying) {
            return true;
        }
        let ExprKind::Call { args, keywords, .. } = &syntax.expr(call.id).kind else { return false };
        let given = args.iter().copied().chain(keywords.iter().map(|keyword| keyword.value));
        given.into_iter().any(|arg| is_proof(module, arg))
    });
    own_name || by_call || compares_secret(project, module, function)
}

/// Whether an argument is named after what proves where a message comes from.
fn is_proof(module: &Module, argument: ExprId) -> bool {
    module.last_name(argument).is_some_and(|name| {
        let lower = name.to_ascii_lowercase();
        PROOF.iter().any(|word| lower.contains(word))
    })
}

/// Whether a function compares something with a secret of the service, or something that is named after one.
fn compares_secret(project: &Project, module: &Module, function: StmtId) -> bool {
    let syntax = &module.python.syntax;
    let Some(definition) = module.function(function) else { return false };
    let mut exprs = definition.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true));
    exprs.any(|id| match &syntax.expr(id).kind {
        ExprKind::Compare { left, comparisons } => {
            let sides = std::iter::once(*left).chain(comparisons.iter().map(|&(_, right)| right));
            sides.into_iter().any(|side| {
                let named = module.last_name(side).is_some_and(names_secret);
                !matches!(syntax.expr(side).kind, ExprKind::None)
                    && (named || project.held_secret(module, side).is_some())
            })
        }
        _ => false,
    })
}

/// Where a function leaves its verification out because a secret that is empty by default is empty.
fn skipped(project: &Project, module: &Module, function: StmtId) -> Option<(Span, String)> {
    let syntax = &module.python.syntax;
    let definition = module.function(function)?;
    syntax.walk_stmts_in(&definition.body, false).find_map(|id| {
        let StmtKind::If { clauses, orelse } = &syntax.stmt(id).kind else { return None };
        let [clause] = &**clauses else { return None };
        let (secret_expr, is_negated) = match syntax.expr(clause.test).kind {
            ExprKind::UnaryOp { op: UnaryOperator::Not, operand } => (operand, true),
            _ => (clause.test, false),
        };
        let secret = project.held_secret(module, secret_expr)?;
        let is_empty = project.value_when_unset(module, secret_expr).is_some_and(|value| !value.truth());
        let in_development = project.condition_at(module, Parent::Stmt(id)) == Some(Condition::Development);
        let leaves_out =
            if is_negated { gives_way(module, clause) } else { only_verifies(project, module, clause, orelse) };
        let is_set = project.deployment_sets(&secret);
        (is_empty && !is_set && !in_development && leaves_out).then(|| (module.span_of(clause.test), secret))
    })
}

/// `if not secret: return True`, with nothing raised.
fn gives_way(module: &Module, clause: &IfClause) -> bool {
    let syntax = &module.python.syntax;
    let mut stmts = syntax.walk_stmts_in(&clause.body, false);
    let returns = |id: StmtId| match syntax.stmt(id).kind {
        StmtKind::Return(Some(value)) => !matches!(syntax.expr(value).kind, ExprKind::Bool(false) | ExprKind::None),
        StmtKind::Return(None) => true,
        _ => false,
    };
    let last = clause.body.last().copied();
    let raises = stmts.any(|id| matches!(syntax.stmt(id).kind, StmtKind::Raise { .. }));
    !raises && last.is_some_and(returns) && !answers_error(module, clause)
}

/// Whether a branch gives an answer of its own, such as one with status 503.
fn answers_error(module: &Module, clause: &IfClause) -> bool {
    let syntax = &module.python.syntax;
    clause.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false)).any(|id| match &syntax.expr(id).kind {
        ExprKind::Call { keywords, .. } => module.keyword(keywords, "status_code").is_some(),
        _ => false,
    })
}

/// `if secret: verify(…)`, with nothing that refuses otherwise.
fn only_verifies(project: &Project, module: &Module, clause: &IfClause, orelse: &[StmtId]) -> bool {
    let syntax = &module.python.syntax;
    let mut calls = clause.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, true));
    let verifies = calls.any(|id| match &syntax.expr(id).kind {
        ExprKind::Call { func, .. } => module.last_name(*func).is_some_and(|name| {
            let lower = name.to_ascii_lowercase();
            VERIFYING.iter().any(|word| lower.contains(word))
        }),
        ExprKind::Compare { left, comparisons } => {
            comparisons.iter().any(|&(_, right)| project.held_secret(module, right).is_some())
                || project.held_secret(module, *left).is_some()
        }
        _ => false,
    });
    let refuses = syntax
        .walk_stmts_in(orelse, false)
        .any(|id| matches!(syntax.stmt(id).kind, StmtKind::Raise { .. } | StmtKind::Return(_)));
    verifies && !refuses
}
