use pyaudit_check::project::calls::FunctionId;
use pyaudit_check::project::{Client, Module, NamedCall, OutboundCall};
use pyaudit_check::python::{ExprId, ExprKind, Parent, StmtKind};
use pyaudit_check::{Confidence, Findings, Project, Role, check};
use std::cell::LazyCell;
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds calls of language models and payment services by a plain HTTP client that nothing tries again: no library for retries,
    /// no adapter, no loop, neither in the module of the call nor in those of its callers; and clients of such services that are
    /// made with `max_retries=0`. All of one module are one finding.
    ///
    /// ## Why it matters
    /// Such services answer 429, 502 and 503 every day, for a second. One request of a user's fails for each of them, where a second
    /// try would have succeeded.
    ///
    /// ## How to fix
    /// Try again what may be tried twice: `@tenacity.retry(wait=wait_random_exponential(max=30), stop=stop_after_attempt(4),
    /// retry=retry_if_exception_type(httpx.TransportError))`, or use the library of the service, which does. Give a payment an
    /// idempotency key first.
    ///
    /// ## Limits
    /// Only addresses that the source shows, and that belong to a service in a short table, are examined. Where an `except` around
    /// the call raises nothing, the failure may have an answer already, and the finding is a hint of low confidence. What a Celery task asks for is left to
    /// `celery-task-without-retry`. Any name with `retry`,
    /// `retries`, `backoff` or `attempt` in the module of the call or of its callers counts as a retry, whatever it does.
    id: "http-call-without-retry",
    summary: "a call of a paid service is tried once",
    area: Resilience,
    axis: Robustness,
    severity: Low,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://tenacity.readthedocs.io/", "https://docs.stripe.com/error-low-level#idempotency", "https://platform.openai.com/docs/guides/error-codes"],
    run: Module(run),
}

/// Hosts of services that products depend on.
const HOSTS: &[&str] = &[
    "api.openai.com",
    "openai.azure.com",
    "api.anthropic.com",
    "api.groq.com",
    "api.mistral.ai",
    "api.cohere.ai",
    "api.cohere.com",
    "api.together.xyz",
    "api.deepseek.com",
    "api.x.ai",
    "api.perplexity.ai",
    "openrouter.ai",
    "api.replicate.com",
    "api-inference.huggingface.co",
    "router.huggingface.co",
    "generativelanguage.googleapis.com",
    "dashscope.aliyuncs.com",
    "api.elevenlabs.io",
    "api.deepgram.com",
    "texttospeech.googleapis.com",
    "speech.googleapis.com",
    "api.stability.ai",
    "api.stripe.com",
    "api.paypal.com",
    "api-m.paypal.com",
    "api.razorpay.com",
    "api.paystack.co",
    "api.flutterwave.com",
    "api.mollie.com",
    "api.lemonsqueezy.com",
    "api.paddle.com",
    "api.mercadopago.com",
    "api.yookassa.ru",
    "api.braintreegateway.com",
];

/// Makers of clients that try again by themselves unless they are told not to.
const CLIENTS: &[&str] = &["OpenAI", "AsyncOpenAI", "AzureOpenAI", "AsyncAzureOpenAI", "Anthropic", "AsyncAnthropic"];

/// Parts of identifiers of code that tries again.
const RETRY_WORDS: &[&str] = &["retry", "retries", "retrying", "backoff", "attempt", "stamina"];

/// How many callers above one another are looked at.
const MAX_DEPTH: usize = 3;

fn message(call: &str, service: &str, count: usize) -> String {
    let others = if count > 1 { format!("; this module has {count} such calls") } else { String::new() };
    format!("`{call}` asks {service} once: an answer of 429 or 503 fails the request of a user{others}")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    let is_served = module.role == Role::Application && project.imports.is_served(module.id);
    if !is_served || project.is_command_line(module) {
        return;
    }
    let tasks = LazyCell::new(|| project.celery_tasks().iter().map(|task| task.id).collect());
    let mut once = Vec::new();
    for found in project.outbound_calls(module) {
        let Some(service) = service(project, &found) else { continue };
        findings.examined(1);
        if found.client == Client::ServiceMaking || !is_tried_again(project, &found.call, &tasks) {
            once.push((is_caught(&found.call), found.call.span(), service));
        }
    }
    once.sort();
    let Some(((caught, at, service), others)) = once.split_first() else { return };
    let finding = findings.report(*at, message(project.sources.slice(*at), service, once.len()));
    if *caught {
        finding.confidence(Confidence::Low);
    }
    for (_, at, service) in others {
        finding.related(*at, format!("{service} is asked once here too"));
    }
}

/// The service that a call asks, where its address is known to be one of the table; or whose client never tries again.
fn service(project: &Project, found: &OutboundCall<'_>) -> Option<String> {
    let call = &found.call;
    let module = call.module;
    if found.client == Client::ServiceMaking {
        let retries = call.option(project, "max_retries").filter(|_| CLIENTS.contains(&call.name))?;
        let is_zero = project.sources.slice(module.span_of(retries)) == "0";
        return is_zero.then(|| format!("`{}`", found.symbol));
    }
    if !found.client.is_request() {
        return None;
    }
    let place = usize::from(call.name == "request");
    let address = address(project, module, call.argument(project, "url", place)?)?;
    let host = address.split("://").nth(1)?.split(['/', ':', '?']).next()?.to_owned();
    let is_known = HOSTS.iter().any(|known| host == *known || host.ends_with(&format!(".{known}")));
    is_known.then(|| format!("`{host}`"))
}

/// The start of the address that an expression gives: its text, or that of the constant it begins with.
fn address(project: &Project, module: &Module, expr: ExprId) -> Option<String> {
    let syntax = &module.python.syntax;
    let value = project.local_value(module, expr).unwrap_or(expr);
    if let Some(text) = project.constant_string(module, value) {
        return Some(text);
    }
    let folded = module.python.fold_string(value);
    if folded.has_text() {
        let start = folded.with_placeholder("\u{0}");
        if !start.starts_with('\u{0}') {
            return Some(start);
        }
        let hole = folded.holes().next()?;
        let is_name = matches!(syntax.expr(hole).kind, ExprKind::Name { .. } | ExprKind::Attribute { .. });
        return if is_name { project.constant_string(module, hole) } else { None };
    }
    None
}

/// Whether a clause around a call catches its failure and raises none: there may be another way to the answer.
fn is_caught(call: &NamedCall<'_>) -> bool {
    let syntax = &call.module.python.syntax;
    let raises = |stmt| matches!(syntax.stmt(stmt).kind, StmtKind::Raise { .. });
    syntax.enclosing_stmts(Parent::Expr(call.id)).any(|stmt| match &syntax.stmt(stmt).kind {
        StmtKind::Try { handlers, .. } => {
            handlers.iter().any(|handler| !syntax.walk_stmts_in(&handler.body, false).any(raises))
        }
        _ => false,
    })
}

/// Whether the module of a call, or one of its callers', names something that tries again; or a Celery task makes the
/// call, whose retries another check asks for.
fn is_tried_again(project: &Project, call: &NamedCall<'_>, tasks: &BTreeSet<FunctionId>) -> bool {
    let mut open: Vec<FunctionId> = vec![project.calls.function_of(call.module, call.id)];
    for _ in 0..=MAX_DEPTH {
        let modules = open.iter().map(|&function| project.modules.get(project.calls.function(function).module));
        if modules.into_iter().any(names_retry) || open.iter().any(|function| tasks.contains(function)) {
            return true;
        }
        open = open.iter().flat_map(|&function| project.calls.callers(function)).collect();
        open.sort_unstable();
        open.dedup();
    }
    false
}

fn names_retry(module: &Module) -> bool {
    module.python.all_names().any(|name| {
        let lower = name.to_ascii_lowercase();
        RETRY_WORDS.iter().any(|word| lower.contains(word))
    })
}
