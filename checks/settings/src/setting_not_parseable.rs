use pyaudit_check::project::ModuleId;
use pyaudit_check::project::environment::Variable;
use pyaudit_check::project::settings::{Field, SettingsClass};
use pyaudit_check::project::variables::{Given, ReaderKind};
use pyaudit_check::python::{ExprId, ExprKind};
use pyaudit_check::{Findings, Project, Role, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds values in environment files, compose files and manifests that the field of settings which reads them cannot
    /// take: `HOSTS=a,b` for a `list[str]`, `TIMEOUT=30s` for an `int`, `CACHE=enabled` for a `bool`.
    ///
    /// ## Why it matters
    /// The application does not start with the value. For lists, sets and dictionaries pydantic-settings decodes JSON before any validator
    /// runs, so that a `mode="before"` validator which splits at commas is never reached.
    ///
    /// ## How to fix
    /// Write JSON (`HOSTS=["a","b"]`), or annotate the field `Annotated[list[str], NoDecode]` and split in a
    /// `field_validator(mode="before")`.
    ///
    /// ## Limits
    /// Only fields of settings classes of pydantic whose annotation is plainly `int`, `float`, `bool`, or a list, set, tuple or
    /// dictionary without an alternative are judged. Empty values, placeholders and references are left out. A class
    /// that decodes on its own (`NoDecode`, `enable_decoding`, `parse_env_var`, `settings_customise_sources`) is silent, and so
    /// are numbers and switches with a validator of their own.
    id: "setting-not-parseable",
    summary: "a variable has a value that its setting cannot take",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://docs.pydantic.dev/latest/concepts/pydantic_settings/#parsing-environment-variable-values"],
    run: Project(run),
}

/// What an annotation takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Int,
    Float,
    Bool,
}

/// Texts that pydantic takes for a `bool`.
const SWITCHES: &[&str] = &["0", "1", "true", "false", "t", "f", "y", "n", "yes", "no", "on", "off"];

/// Names by which a class decodes values on its own.
const OWN_DECODING: &[&str] = &[
    "NoDecode",
    "enable_decoding",
    "parse_env_var",
    "settings_customise_sources",
    "customise_sources",
    "ForceDecode",
    "json_loads",
];

fn message(name: &str, kind: Kind) -> String {
    match kind {
        Kind::Json => format!("`{name}` is read as JSON, and this is none: the settings cannot be made with it"),
        Kind::Int => {
            format!("`{name}` is read as a whole number, and this is none: the settings cannot be made with it")
        }
        Kind::Float => format!("`{name}` is read as a number, and this is none: the settings cannot be made with it"),
        Kind::Bool => format!("`{name}` is read as a switch, and this is none: the settings cannot be made with it"),
    }
}

fn run(project: &Project, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for variable in project.variables.iter() {
        for reader in variable.readers.iter().filter(|reader| reader.role == Role::Application) {
            let ReaderKind::Field { class, field } = reader.kind else { continue };
            let class = &project.settings.classes()[class];
            let field = &class.fields[field];
            let Some(kind) = kind_of(project, class, field) else { continue };
            for (site, definition) in project.variables.definitions_for(reader) {
                let Given::Literal(text) = &definition.value else { continue };
                let is_example = project.sources.file(site.file).role != Role::Application;
                if is_example || Variable::named(&definition.name, text).is_placeholder() {
                    continue;
                }
                findings.examined(1);
                if !takes(kind, text.trim()) && seen.insert(definition.value_span) {
                    let finding = findings.report(definition.value_span, message(&definition.name, kind));
                    finding.subject(&definition.name).related(field.span, "the field that reads it");
                }
            }
        }
    }
}

/// What the annotation of a field takes, where that is plain.
fn kind_of(project: &Project, class: &SettingsClass, field: &Field) -> Option<Kind> {
    let module = project.modules.get(field.module);
    let annotation = field.annotation?;
    let decodes_itself =
        |class: &SettingsClass| class.members.iter().any(|member| OWN_DECODING.contains(&member.as_str()));
    if decodes_itself(class) || decodes(project, field.module) || decodes(project, class.module) {
        return None;
    }
    // A class that is put together of several decodes for all of them.
    let heirs = project.settings.classes().iter().filter(|heir| heir.bases.contains(&(class.module, class.class)));
    if heirs.into_iter().any(|heir| decodes(project, heir.module)) {
        return None;
    }
    let syntax = &module.python.syntax;
    let base: ExprId = match &syntax.expr(annotation).kind {
        ExprKind::Subscript { value, .. } => *value,
        _ => annotation,
    };
    let name = match &syntax.expr(base).kind {
        ExprKind::Name { id, .. } => syntax.name(*id),
        ExprKind::Attribute { attr, .. } => syntax.identifier(*attr),
        _ => return None,
    };
    let kind = match name {
        "list" | "List" | "dict" | "Dict" | "set" | "Set" | "frozenset" | "tuple" | "Tuple" | "Sequence" => Kind::Json,
        "int" => Kind::Int,
        "float" => Kind::Float,
        "bool" => Kind::Bool,
        _ => return None,
    };
    let is_own = project.class(module, base).is_some();
    let is_validated =
        class.validators.iter().any(|validator| validator.is_before && validator.fields.contains(&field.name));
    (!is_own && (kind == Kind::Json || !is_validated)).then_some(kind)
}

/// Whether a module decodes values on its own.
fn decodes(project: &Project, module: ModuleId) -> bool {
    let module = project.modules.get(module);
    OWN_DECODING.iter().any(|name| module.python.name_id(name).is_some())
}

fn takes(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Json => is_json(text),
        Kind::Int => text.replace('_', "").parse::<i128>().is_ok() || text.strip_suffix(".0").is_some(),
        Kind::Float => text.replace('_', "").parse::<f64>().is_ok(),
        Kind::Bool => SWITCHES.contains(&text.to_ascii_lowercase().as_str()),
    }
}

/// Whether a text can be JSON: what somebody writes who does not know that it must be is seldom in brackets.
fn is_json(text: &str) -> bool {
    let is_bracketed = (text.starts_with('[') && text.ends_with(']')) || (text.starts_with('{') && text.ends_with('}'));
    text.is_empty() || is_bracketed || text.contains("${")
}
