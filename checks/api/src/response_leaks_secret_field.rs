use pyaudit_check::project::{Endpoint, ModelField, Module, ModuleId, Purpose, Route, SecretField, secret_field};
use pyaudit_check::python::{ExprKind, StmtId};
use pyaudit_check::source::Span;
use pyaudit_check::{Confidence, Findings, Project, Severity, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds secrets in what routes answer: a response model (also one inside another, in a list or in a generic class) with
    /// a field for a password, its hash, a stored secret or a token; and rows of a table with such a column that a handler
    /// returns where no response model filters them.
    ///
    /// ## Why it matters
    /// Whatever the model declares goes over the wire, into the caches, logs and browsers of every client. A hash can be
    /// attacked offline, and a refresh token or client secret lets its reader in.
    ///
    /// ## How to fix
    /// Give the answer a model of its own without the field, or mark the field with `Field(exclude=True)`. Show a key or
    /// secret once, in the answer that creates it, and store its hash.
    ///
    /// ## Limits
    /// Fields are told by their names and must be of text. Answers whose purpose is to hand out a credential are left
    /// alone: login, refresh and reset routes, models such as `AccessTokenResponse`, and, for secrets and tokens, everything
    /// but GET, where a new one is shown once. Fields that are excluded, `SecretStr`, serialised by a method of the model,
    /// taken from a property of the row that computes them, or filled with a constant or a mask are not counted, nor is a bare `token`. What a `to_dict()` of the project
    /// sends is not followed.
    id: "response-leaks-secret-field",
    summary: "an answer sends a password, hash, secret or token",
    area: Api,
    axis: ConfigurationSecurity,
    severity: High,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/tutorial/response-model/#return-the-same-input-data",
        "https://cwe.mitre.org/data/definitions/201.html",
    ],
    run: Project(run),
}

/// Words of a path, or of the name of a model, that hands out a credential.
const HANDING_OUT: &[&str] = &[
    "token",
    "tokens",
    "key",
    "keys",
    "apikey",
    "apikeys",
    "secret",
    "secrets",
    "credential",
    "credentials",
    "session",
    "sessions",
    "login",
    "auth",
    "oauth",
    "callback",
    "connect",
    "rotate",
    "signin",
    "payment",
    "payments",
    "checkout",
    "subscription",
    "billing",
    "intent",
    "created",
    "once",
];

/// How many routes a finding names.
const SHOWN_ROUTES: usize = 5;

/// A field of a response model, by its class and name.
type FieldKey = (ModuleId, StmtId, String);

/// A field that is sent, and by which routes.
struct Sent<'p> {
    field: ModelField<'p>,
    kind: SecretField,
    /// The class that the answer is made of, which may inherit the field.
    model: String,
    routes: Vec<&'p Route>,
}

fn message(sent: &Sent<'_>) -> String {
    let what = match sent.kind {
        SecretField::Password => "a password or what is made of one",
        SecretField::Digest => "the digest of a secret",
        SecretField::Secret => "a stored secret",
        SecretField::Token => "a token that lets its bearer in",
    };
    let first = sent.routes.first().map_or_else(String::new, |route| route.subject());
    let others = match sent.routes.len() {
        0 | 1 => String::new(),
        2 => " and another route".to_owned(),
        count => format!(" and {} more routes", count - 1),
    };
    format!("`{}.{}` sends {what} to the client: `{first}`{others}", sent.model, sent.field.text())
}

fn row_message(row: &str, column: &str, subject: &str) -> String {
    format!("`{row}` goes out with its column `{column}`: nothing filters the answer of `{subject}`")
}

fn run(project: &Project, findings: &mut Findings) {
    let mut sent: BTreeMap<FieldKey, Sent<'_>> = BTreeMap::new();
    let mut places = BTreeSet::new();
    for (_, route) in project.shipped_routes() {
        if !is_answered_by_fastapi(project, route) {
            continue;
        }
        findings.examined(1);
        match project.answer_annotation(route) {
            Some((module, annotation)) if !is_anything(project, module, annotation) => {
                collect(project, route, &project.models_in(module, annotation), &mut sent);
            }
            _ => report_rows(project, route, &mut places, findings),
        }
    }
    // What one model of the answer would mend is one finding.
    let mut models: BTreeMap<(&str, SecretField), Vec<&Sent<'_>>> = BTreeMap::new();
    for sent in sent.values() {
        models.entry((&sent.model, sent.kind)).or_default().push(sent);
    }
    for fields in models.values_mut() {
        fields.sort_by_key(|sent| sent.field.module.span(sent.field.name.range));
        report_fields(fields, findings);
    }
}

fn is_answered_by_fastapi(project: &Project, route: &Route) -> bool {
    let is_http = matches!(route.endpoint, Endpoint::Function(..)) && !route.methods.iter().any(|it| it == "WEBSOCKET");
    is_http && project.is_fastapi_route(route) && project.route_argument(route, "response_class").is_none()
}

/// Whether an annotation filters nothing.
fn is_anything(project: &Project, module: &Module, annotation: pyaudit_check::python::ExprId) -> bool {
    project.is_any(module, annotation, &["typing.Any"]) || module.python.syntax.expr(annotation).kind == ExprKind::None
}

fn collect<'p>(
    project: &'p Project,
    route: &'p Route,
    models: &[(&'p Module, StmtId)],
    sent: &mut BTreeMap<FieldKey, Sent<'p>>,
) {
    let Some(excluded) = project.excluded_from_answer(route) else { return };
    for &(home, class) in models {
        let Some(definition) = home.class(class) else { continue };
        let model = home.python.syntax.identifier(definition.name);
        for field in project.model_fields(home, class) {
            let name = field.text();
            let Some(kind) = secret_field(name) else { continue };
            let is_wrong = is_sent_needlessly(project, route, kind, name, model)
                && !excluded.contains(name)
                && project.is_text_annotation(field.module, field.annotation)
                && !project.is_left_out(field)
                && !project.is_computed_in_rows(model, name)
                && !project.is_filled_with_a_mask(home.id, class, name);
            if is_wrong {
                let key = (field.module.id, field.class, name.to_owned());
                let entry = sent.entry(key);
                let entry = entry.or_insert_with(|| Sent { field, kind, model: model.to_owned(), routes: Vec::new() });
                entry.routes.push(route);
            }
        }
    }
}

/// Whether the answer of a route has no use for a secret: it does not hand it out.
fn is_sent_needlessly(project: &Project, route: &Route, kind: SecretField, name: &str, model: &str) -> bool {
    let is_read = route.methods.iter().all(|method| matches!(method.as_str(), "GET" | "HEAD"));
    match kind {
        SecretField::Digest => true,
        SecretField::Password => {
            let is_digest = name.contains("hash") || name.contains("salt");
            is_digest || is_read || project.purpose_of(route) != Purpose::Credentials
        }
        SecretField::Secret | SecretField::Token => {
            let words = words(&route.path).into_iter().chain(words(model));
            is_read
                && project.purpose_of(route) != Purpose::Credentials
                && !words.into_iter().any(|word| HANDING_OUT.contains(&word.as_str()))
        }
    }
}

/// The words of a path or of a name in any of Python's styles, in lower case.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for character in text.chars() {
        if !character.is_alphanumeric() || character.is_uppercase() {
            words.push(String::new());
        }
        if character.is_alphanumeric() {
            words.last_mut().expect("there is always one").extend(character.to_lowercase());
        }
    }
    words
}

fn report_fields(fields: &[&Sent<'_>], findings: &mut Findings) {
    let Some((sent, others)) = fields.split_first() else { return };
    let module = sent.field.module;
    let finding = findings.report(module.span(sent.field.name.range), message(sent));
    finding.subject(format!("{}.{}", sent.model, sent.field.text()));
    let finding = match sent.kind {
        SecretField::Password => finding,
        SecretField::Digest => finding.severity(Severity::Medium),
        SecretField::Secret | SecretField::Token => finding.severity(Severity::Medium).confidence(Confidence::Medium),
    };
    let spans: BTreeSet<(Span, String)> = sent.routes.iter().map(|route| (route.span, route.subject())).collect();
    for (span, subject) in spans.into_iter().take(SHOWN_ROUTES) {
        finding.related(span, format!("`{subject}` answers with it"));
    }
    for other in others {
        let text = format!("`{}.{}` goes with it", other.model, other.field.text());
        finding.related(other.field.module.span(other.field.name.range), text);
    }
}

/// Rows that a handler returns as they are.
fn report_rows(project: &Project, route: &Route, places: &mut BTreeSet<Span>, findings: &mut Findings) {
    let Some((home, handler)) = route.handler else { return };
    let module = project.modules.get(home);
    for value in project.returned_by(module, handler) {
        let Some((table, column, row)) = project.secret_column_in(module, value) else { continue };
        let span = module.span_of(row);
        if !places.insert(span) {
            continue;
        }
        let subject = route.subject();
        let finding = findings.report(span, row_message(project.sources.slice(span), column, &subject));
        finding.subject(subject).confidence(Confidence::Medium);
        if let Some(column) = table.column_of(column) {
            finding.related(column.span, "the column");
        }
    }
}
