use pyaudit_check::project::{Condition, Demand, NamedCall, RouterId};
use pyaudit_check::python::{ExprId, Parent};
use pyaudit_check::{Confidence, Findings, Project, check};

check! {
    /// ## What it does
    /// Finds FastAPI applications whose interactive documentation or schema everybody may read: nothing turns `/docs`,
    /// `/redoc` and `/openapi.json` off, what turns them off depends on a setting that leaves them on by default, or the
    /// pages are off and the schema is still served.
    ///
    /// ## Why it matters
    /// The schema lists every route with its parameters, internal and administrative ones included. That is the list an
    /// attacker would otherwise have to guess.
    ///
    /// ## How to fix
    /// `FastAPI(openapi_url="/openapi.json" if settings.SHOW_DOCS else None)` with a setting that is off by default: without
    /// the schema neither page is served. Or serve them from routes of your own that ask for a login.
    ///
    /// ## Limits
    /// A public API may well want its documentation in public; suppress this once, at the application. What cannot be
    /// followed is taken for a gate, and so is a setting that a validator looks at or that a deployment in the repository
    /// sets. A proxy that keeps the pages from the internet is not seen.
    id: "docs-exposed-in-production",
    summary: "the documentation of the API is served to everybody",
    area: Api,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://fastapi.tiangolo.com/how-to/conditional-openapi/"],
    run: Project(run),
}

const FASTAPI: &[&str] = &["fastapi.FastAPI", "fastapi.applications.FastAPI"];

fn open_message(pages: &str) -> String {
    format!("everybody may read how the API works: nothing turns off {pages}")
}

fn default_message(pages: &str, variable: &str) -> String {
    format!("everybody may read how the API works by default: {pages} served unless `{variable}` says otherwise")
}

fn schema_message() -> String {
    "everybody may read how the API works: the pages are gated, and `/openapi.json` is still served".to_owned()
}

/// What an argument makes of one page.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Page {
    /// Never served.
    Off,
    /// Served unless this variable says otherwise.
    Default(String),
    /// Always served.
    On,
    /// It cannot be known.
    Unknown,
}

fn run(project: &Project, findings: &mut Findings) {
    for id in project.shipped_applications() {
        let router = project.routes.router(id);
        let module = project.modules.get(router.module);
        let calls = module.calls_named(&["FastAPI"]);
        let Some(call) = calls.iter().find(|call| call.id == router.call && call.is_any(project, FASTAPI)) else {
            continue;
        };
        let is_local = project.condition_at(module, Parent::Expr(call.id)) == Some(Condition::Development);
        if is_local || call.has_unseen_arguments(project) || asks_for_login(project, id) {
            continue;
        }
        findings.examined(1);
        look(project, id, call, findings);
    }
}

/// Whether middleware turns away who asks for the documentation of an application, or may.
fn asks_for_login(project: &Project, id: RouterId) -> bool {
    let framework = project.routes.framework.iter().enumerate();
    let mut own = framework.filter(|(_, route)| route.application == Some(id) || route.mounted_in.contains(&id));
    own.any(|(at, _)| project.authentications.of_framework(at).demand >= Demand::Unknown)
}

fn look(project: &Project, id: RouterId, call: &NamedCall<'_>, findings: &mut Findings) {
    let given = |name: &str| call.option(project, name);
    let [schema, docs, redoc] = ["openapi_url", "docs_url", "redoc_url"].map(|name| page(project, call, given(name)));
    if matches!(schema, Page::Off | Page::Unknown) {
        return;
    }
    let at = |name: &str| given(name).map_or_else(|| project.made_at(id), |value| call.module.span_of(value));
    let pages = [("docs_url", "`/docs`", &docs), ("redoc_url", "`/redoc`", &redoc)];
    let served = |wanted: fn(&Page) -> bool| {
        let names: Vec<&str> = pages.iter().filter(|(.., page)| wanted(page)).map(|&(_, name, _)| name).collect();
        names.join(" and ")
    };
    let subject = project.router_name(id);
    if let Page::Default(variable) = &schema {
        let message = default_message("the schema is", variable);
        findings.report(at("openapi_url"), message).subject(subject).confidence(Confidence::Medium);
        return;
    }
    let open = served(|page| *page == Page::On);
    if !open.is_empty() {
        findings.report(project.made_at(id), open_message(&format!("{open} and the schema"))).subject(subject);
        return;
    }
    let by_default = pages.iter().find_map(|(argument, _, page)| match page {
        Page::Default(variable) => Some((*argument, variable)),
        _ => None,
    });
    if let Some((argument, variable)) = by_default {
        let open = served(|page| matches!(page, Page::Default(_)));
        let are = if open.contains(" and ") { "are" } else { "is" };
        let message = default_message(&format!("{open} {are}"), variable);
        findings.report(at(argument), message).subject(subject).confidence(Confidence::Medium);
    } else {
        findings.report(at("openapi_url"), schema_message()).subject(subject);
    }
}

fn page(project: &Project, call: &NamedCall<'_>, given: Option<ExprId>) -> Page {
    let Some(given) = given else { return Page::On };
    // A text with a setting inside (`f"{PREFIX}/openapi.json"`) is never empty.
    if call.module.python.fold_string(given).has_text() {
        return if project.constant_string(call.module, given).as_deref() == Some("") { Page::Off } else { Page::On };
    }
    match project.switch(call.module, given) {
        None => Page::Unknown,
        Some(switch) if !switch.value.truth() => Page::Off,
        Some(switch) => switch.variable.map_or(Page::On, Page::Default),
    }
}
