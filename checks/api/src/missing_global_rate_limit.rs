use pyaudit_check::project::{NamedCall, Route};
use pyaudit_check::{Confidence, Findings, Project, Role, Span, check};

check! {
    /// ## What it does
    /// Finds applications that limit some routes and have no limit for all others: no middleware, no default of the
    /// limiter, no proxy in the repository. And answers with status 429 that do not say when to come back
    /// (`Retry-After`), once for the repository.
    ///
    /// ## Why it matters
    /// The route that nobody thought of is the one that is asked a thousand times a second. A client that is not told when
    /// to come back tries at once.
    ///
    /// ## How to fix
    /// `Limiter(key_func=…, default_limits=["200/minute"])` with `SlowAPIMiddleware`, or `limit_req` in the proxy;
    /// `HTTPException(429, headers={"Retry-After": "60"})`.
    ///
    /// ## Limits
    /// Where nothing is limited at all, `missing-rate-limit` speaks for it. A gateway that the repository does not describe
    /// is not seen. Applications with fewer than five routes are not examined.
    id: "missing-global-rate-limit",
    summary: "only some routes are limited, or a limit does not say when to come back",
    area: Api,
    axis: Robustness,
    severity: Low,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://slowapi.readthedocs.io/en/latest/",
        "https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Status/429",
    ],
    run: Project(run),
}

/// Applications below this are too small to care.
const FEW_ROUTES: usize = 5;

fn default_message(limited: usize, all: usize) -> String {
    format!("{limited} of {all} routes are limited, and nothing limits the others")
}

fn retry_message(places: usize) -> String {
    let count = if places == 1 { "an answer".to_owned() } else { format!("{places} answers") };
    format!("{count} with status 429 and without `Retry-After`: clients come back at once")
}

fn run(project: &Project, findings: &mut Findings) {
    retry_after(project, findings);
    let Some(main) = project.main_application() else { return };
    let served =
        || project.routes.routes.iter().filter(|route| route.application == Some(main) && route.handler.is_some());
    let all = served().count();
    if all < FEW_ROUTES {
        return;
    }
    findings.examined(1);
    let by_default = |route: &Route| project.is_behind_limiting_layer(route);
    let has_default = project.limits_every_route() || served().any(by_default) || has_default_limits(project);
    let limited = served().filter(|route| project.declares_limit(route)).count();
    if !has_default && limited > 0 && limited < all {
        findings.report(project.made_at(main), default_message(limited, all)).subject("default");
    }
}

/// `Limiter(default_limits=…)` or `application_limits=`, which a limiter applies to every route.
fn has_default_limits(project: &Project) -> bool {
    let shipped = project.modules.iter().filter(|module| module.role == Role::Application);
    let mut limiters = shipped.flat_map(|module| module.calls_named(&["Limiter"]));
    limiters
        .any(|call| ["default_limits", "application_limits"].iter().any(|name| call.option(project, name).is_some()))
}

fn retry_after(project: &Project, findings: &mut Findings) {
    let mut places: Vec<Span> = Vec::new();
    for module in project.modules.iter().filter(|module| module.role == Role::Application) {
        let refusals = module.calls_named(&["HTTPException", "JSONResponse", "Response", "PlainTextResponse"]);
        let refusals = refusals
            .iter()
            .filter(|call| project.answer(module, call.id).is_some_and(|answer| answer.status == Some(429)));
        for call in refusals {
            findings.examined(1);
            if !says_when(project, call) {
                places.push(call.span());
            }
        }
    }
    places.sort();
    let Some((&first, others)) = places.split_first() else { return };
    let finding = findings.report(first, retry_message(places.len()));
    finding.subject("Retry-After").confidence(Confidence::High);
    for &other in others {
        finding.related(other, "here too");
    }
}

/// Whether a refusal has headers, or the function around it sets some.
fn says_when(project: &Project, call: &NamedCall<'_>) -> bool {
    let around = || {
        let function = call.function();
        function.is_some_and(|function| {
            call.module.strings_in(function).iter().any(|(_, text)| text.eq_ignore_ascii_case("retry-after"))
        })
    };
    call.option(project, "headers").is_some() || call.has_unseen_arguments(project) || around()
}
