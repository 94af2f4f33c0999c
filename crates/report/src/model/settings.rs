//! Settings classes, reads of the environment, and uses of settings.

use crate::place::{Place, place};
use pyaudit_check::Project;
use pyaudit_check::project::Condition;
use pyaudit_check::project::ModuleId;
use pyaudit_check::project::environment::Variable;
use pyaudit_check::project::settings::{self, Action, Literal, Member};
use pyaudit_source::Range;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Section<'p> {
    classes: Vec<Class<'p>>,
    reads: Vec<Read<'p>>,
    unknown_attributes: Vec<Attribute<'p>>,
}

#[derive(Serialize)]
struct Class<'p> {
    class: String,
    #[serde(flatten)]
    place: Place<'p>,
    kind: &'static str,
    prefix: &'p str,
    case_sensitive: bool,
    extra: &'static str,
    env_files: Vec<&'p str>,
    open: bool,
    fields: Vec<Field<'p>>,
    validators: Vec<Validator<'p>>,
    instances: Vec<Instance<'p>>,
}

#[derive(Serialize)]
struct Validator<'p> {
    kind: &'static str,
    name: &'p str,
    #[serde(flatten)]
    place: Place<'p>,
    fields: Vec<&'p str>,
    before: bool,
    sees_defaults: bool,
    outcomes: Vec<Outcome<'p>>,
}

#[derive(Serialize)]
struct Outcome<'p> {
    action: &'static str,
    #[serde(flatten)]
    place: Place<'p>,
    fields: Vec<&'p str>,
    when: Option<&'static str>,
}

#[derive(Serialize)]
struct Refusal<'p> {
    validator: &'p str,
    #[serde(flatten)]
    place: Place<'p>,
    when: Option<&'static str>,
    certain: bool,
}

#[derive(Serialize)]
struct Value {
    value: String,
    when: Option<&'static str>,
}

#[derive(Serialize)]
struct Field<'p> {
    name: &'p str,
    #[serde(flatten)]
    place: Place<'p>,
    variables: &'p [String],
    required: bool,
    default: Option<String>,
    values: Vec<Value>,
    default_refused: Vec<Refusal<'p>>,
    uses: usize,
}

#[derive(Serialize)]
struct Instance<'p> {
    kind: &'static str,
    name: Option<&'p str>,
    #[serde(flatten)]
    place: Place<'p>,
    cached: bool,
}

#[derive(Serialize)]
struct Read<'p> {
    variable: Option<&'p str>,
    #[serde(flatten)]
    place: Place<'p>,
    reader: &'static str,
    required: bool,
    default: Option<String>,
    conversion: Option<&'p str>,
    target: Option<&'p str>,
    function: Option<String>,
}

#[derive(Serialize)]
struct Attribute<'p> {
    class: String,
    name: &'p str,
    #[serde(flatten)]
    place: Place<'p>,
}

pub(super) fn section(project: &Project) -> Section<'_> {
    let settings = &project.settings;
    let unknown = settings.uses().iter().filter(|used| used.member == Member::Missing);
    Section {
        classes: settings.classes().iter().enumerate().map(|(at, found)| class(project, at, found)).collect(),
        reads: settings.reads().iter().map(|found| read(project, found)).collect(),
        unknown_attributes: unknown
            .map(|used| Attribute {
                class: class_name(project, &settings.classes()[used.class]),
                name: &used.name,
                place: place(project, used.span),
            })
            .collect(),
    }
}

fn qualified(project: &Project, module: ModuleId, path: &[String]) -> String {
    format!("{}:{}", project.modules.get(module).name, path.join("."))
}

pub(super) fn class_name(project: &Project, class: &settings::SettingsClass) -> String {
    qualified(project, class.module, &class.path)
}

fn class<'p>(project: &'p Project, at: usize, class: &'p settings::SettingsClass) -> Class<'p> {
    let configuration = &class.configuration;
    Class {
        class: class_name(project, class),
        place: place(project, class.span),
        kind: class.kind.name(),
        prefix: &configuration.prefix,
        case_sensitive: configuration.case_sensitive,
        extra: configuration.extra.name(),
        env_files: configuration.environment_files.iter().map(|file| file.path.as_str()).collect(),
        open: class.is_open,
        fields: class.fields.iter().map(|found| field(project, (at, class), found)).collect(),
        validators: class.validators.iter().map(|found| validator(project, found)).collect(),
        instances: class.instances.iter().map(|found| instance(project, found)).collect(),
    }
}

fn field<'p>(
    project: &'p Project,
    (number, class): (usize, &'p settings::SettingsClass),
    field: &'p settings::Field,
) -> Field<'p> {
    let value = field.default.as_ref().and_then(|default| default.value.as_ref());
    let names = || field.variables.iter().chain([&field.name]).map(String::as_str);
    let possible = project.setting_values(class, field).values.into_iter();
    Field {
        name: &field.name,
        place: place(project, field.span),
        variables: &field.variables,
        required: field.required,
        default: value.map(|value| shown(names(), value)),
        values: possible
            .map(|value| Value {
                when: value.condition.map(Condition::name),
                value: shown(names(), &Literal::Str(value.text)),
            })
            .collect(),
        default_refused: project
            .default_refusals(class, field)
            .into_iter()
            .map(|refusal| Refusal {
                validator: &refusal.validator.name,
                place: place(project, refusal.outcome.span),
                when: refusal.condition.map(Condition::name),
                certain: refusal.is_certain,
            })
            .collect(),
        uses: project.settings.uses_of(number, &field.name).count(),
    }
}

fn validator<'p>(project: &'p Project, validator: &'p settings::Validator) -> Validator<'p> {
    let outcome = |outcome: &'p settings::Outcome| {
        let (action, fields) = match &outcome.action {
            Action::Refuse => ("refuse", outcome.tested.iter().map(String::as_str).collect()),
            Action::Replace { fields, .. } => ("replace", fields.iter().map(String::as_str).collect()),
        };
        Outcome { action, place: place(project, outcome.span), fields, when: outcome.condition.map(Condition::name) }
    };
    Validator {
        kind: validator.kind.name(),
        name: &validator.name,
        place: place(project, validator.span),
        fields: validator.fields.iter().map(String::as_str).collect(),
        before: validator.is_before,
        sees_defaults: validator.sees_defaults,
        outcomes: validator.outcomes.iter().map(outcome).collect(),
    }
}

/// A value as Python shows it; three asterisks for one that may be a secret, so that the model can be passed on.
pub(super) fn shown<'n>(names: impl Iterator<Item = &'n str>, value: &Literal) -> String {
    let text = value.as_str().unwrap_or("");
    let is_secret = |name: &str| {
        let nowhere = Range::new(0, 0);
        let (name, value) = (name.to_owned(), text.to_owned());
        Variable { name, name_range: nowhere, value, value_range: nowhere }.is_secret()
    };
    let mut names = names;
    if !text.is_empty() && names.any(is_secret) { "***".to_owned() } else { value.to_string() }
}

fn instance<'p>(project: &'p Project, instance: &'p settings::Instance) -> Instance<'p> {
    Instance {
        kind: instance.kind.name(),
        name: instance.name.as_deref(),
        place: place(project, instance.span),
        cached: instance.is_cached,
    }
}

fn read<'p>(project: &'p Project, read: &'p settings::EnvironmentRead) -> Read<'p> {
    let module = project.modules.get(read.module);
    let names = read.variable.iter().chain(&read.target).map(String::as_str);
    Read {
        variable: read.variable.as_deref(),
        place: place(project, read.span),
        reader: read.reader.name(),
        required: read.required,
        default: read.default_value.as_ref().map(|value| shown(names, value)),
        conversion: read.conversion.as_deref(),
        target: read.target.as_deref(),
        function: read.function.and_then(|function| module.python.qualname(function)),
    }
}
