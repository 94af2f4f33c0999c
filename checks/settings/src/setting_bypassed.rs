use pyaudit_check::project::settings::{Bypass, BypassKind};
use pyaudit_check::{Findings, Project, Role, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds values in the code for which a class of settings of the same application has a field: the algorithm of a token
    /// beside `ALGORITHM`, the lifetime given to `create_access_token` beside `ACCESS_TOKEN_EXPIRE_MINUTES`, the address
    /// given to an engine or a queue beside `DATABASE_URL` or `REDIS_URL`, a constant with the name of a field, and
    /// `os.getenv("REDIS_URL")` beside the field that reads that variable. One finding a field, with every place.
    ///
    /// ## Why it matters
    /// Whoever changes the setting changes half of the program: tokens are signed one way and checked another, or the
    /// environment is set and nothing happens. A read of its own does not see what stands in the `.env` that the settings
    /// load, nor the validators and defaults of the field.
    ///
    /// ## How to fix
    /// Use the field of the settings object.
    ///
    /// ## Limits
    /// Only fields of pydantic's settings count, of which an object is made. Name and value must both say that they are
    /// the same thing. Code that the settings load themselves, code for development, tests, scripts, migrations and
    /// what no application loads is silent. Constants that name a secret belong to `hardcoded-secret`.
    id: "setting-bypassed",
    summary: "a value in the code goes by the setting for it",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://docs.pydantic.dev/latest/concepts/pydantic_settings/", "https://12factor.net/config"],
    run: Project(run),
}

fn message(bypass: &Bypass<'_>) -> String {
    let setting = format!("{}.{}", bypass.class.qualname(), bypass.field.name);
    let name = &bypass.field.name;
    match bypass.kind {
        BypassKind::Algorithm => format!("the algorithm is written here, and `{setting}` has no effect on this token"),
        BypassKind::Lifetime => format!("the lifetime is written here, and `{setting}` has no effect on this token"),
        BypassKind::Address => format!("the address is written here, and `{setting}` has no effect on this connection"),
        BypassKind::Constant => format!("`{name}` is a constant here, and `{setting}` has no effect on what uses it"),
        BypassKind::Read => format!(
            "the environment is read here, past `{setting}`: its `.env`, default and validators do not hold for this value"
        ),
    }
}

fn run(project: &Project, findings: &mut Findings) {
    for class in project.settings.classes() {
        if class.kind.is_settings() && project.modules.get(class.module).role == Role::Application {
            findings.examined(class.fields.len());
        }
    }
    let bypasses = project.bypassed_settings();
    let mut groups: BTreeMap<_, Vec<&Bypass<'_>>> = BTreeMap::new();
    for bypass in &bypasses {
        groups.entry(bypass.field.span).or_default().push(bypass);
    }
    for places in groups.into_values() {
        let finding = findings.report(places[0].span, message(places[0]));
        finding.subject(format!("{}.{}", places[0].class.qualname(), places[0].field.name));
        // An address may carry a password.
        if places.iter().any(|place| matches!(place.kind, BypassKind::Address | BypassKind::Read)) {
            finding.secret();
        }
        finding.related(places[0].field.span, "the setting");
        for place in &places[1..] {
            finding.related(place.span, "here too");
        }
    }
}
