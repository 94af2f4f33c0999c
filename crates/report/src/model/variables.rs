//! Environment variables: who reads each, and who gives it a value.

use super::settings::{class_name, shown};
use crate::place::{Place, place};
use pyaudit_check::Project;
use pyaudit_check::project::settings::Literal;
use pyaudit_check::project::variables::{self, Given, Reader, ReaderKind};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Section<'p> {
    variables: Vec<Variable<'p>>,
    undefined: Vec<Need<'p>>,
    unread: Vec<Named<'p>>,
}

#[derive(Serialize)]
struct Variable<'p> {
    name: &'p str,
    readers: Vec<Reading<'p>>,
    definitions: Vec<Definition<'p>>,
}

#[derive(Serialize)]
struct Reading<'p> {
    kind: &'static str,
    field: Option<String>,
    #[serde(flatten)]
    place: Place<'p>,
    required: bool,
}

#[derive(Serialize)]
struct Definition<'p> {
    kind: &'static str,
    scope: &'static str,
    site: Option<&'p str>,
    #[serde(flatten)]
    place: Place<'p>,
    own: bool,
    given: &'static str,
    value: Option<String>,
}

#[derive(Serialize)]
struct Need<'p> {
    names: &'p [String],
    #[serde(flatten)]
    place: Place<'p>,
}

#[derive(Serialize)]
struct Named<'p> {
    name: &'p str,
    #[serde(flatten)]
    place: Place<'p>,
}

pub(super) fn section(project: &Project) -> Section<'_> {
    let variables = &project.variables;
    let unread = project.unread_variables().into_iter();
    Section {
        variables: variables.iter().map(|found| variable(project, found)).collect(),
        undefined: variables
            .undefined()
            .into_iter()
            .map(|need| Need { names: &need.names, place: place(project, need.span) })
            .collect(),
        unread: unread.map(|(_, found)| Named { name: &found.name, place: place(project, found.span) }).collect(),
    }
}

fn variable<'p>(project: &'p Project, variable: &'p variables::Variable) -> Variable<'p> {
    let definition = |(site, found): (&'p variables::Site, &'p variables::Definition)| Definition {
        kind: site.kind.name(),
        scope: site.scope.name(),
        site: site.name.as_deref(),
        place: place(project, found.span),
        own: site.is_own,
        given: given(&found.value),
        value: text(&found.value).map(|text| shown([found.name.as_str()].into_iter(), &Literal::Str(text.to_owned()))),
    };
    Variable {
        name: &variable.name,
        readers: variable.readers.iter().map(|found| reader(project, found)).collect(),
        definitions: project.variables.definitions(variable).map(definition).collect(),
    }
}

fn reader<'p>(project: &'p Project, reader: &'p Reader) -> Reading<'p> {
    let (kind, field) = match reader.kind {
        ReaderKind::Field { class, field } => {
            let class = &project.settings.classes()[class];
            ("field", Some(format!("{}.{}", class_name(project, class), class.fields[field].name)))
        }
        ReaderKind::Read(_) => ("read", None),
        ReaderKind::Compose => ("compose", None),
    };
    Reading { kind, field, place: place(project, reader.span), required: reader.is_required }
}

const fn given(value: &Given) -> &'static str {
    match value {
        Given::Literal(_) => "literal",
        Given::Reference { .. } => "reference",
        Given::Composed(_) => "composed",
        Given::Elsewhere => "elsewhere",
    }
}

fn text(value: &Given) -> Option<&str> {
    match value {
        Given::Composed(text) => Some(text),
        other => other.literal(),
    }
}
