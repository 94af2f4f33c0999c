//! Who reads environment variables.

use super::compose::is_compose;
use super::expansion::references;
use super::requirements::Requirements;
use super::{Reader, ReaderKind};
use crate::Project;
use pyaudit_data::{Value, ValueKind};
use pyaudit_source::{FileId, Range, Role, Span};

/// Every reader, in the order of its kind and place.
pub(super) fn find(project: &Project) -> Vec<Reader> {
    let mut found = fields(project);
    found.extend(reads(project));
    for (file, source) in project.sources.files() {
        if source.role != Role::Vendored && is_compose(source.name()) {
            found.extend(project.files.yaml(file).iter().flat_map(|document| of_compose(document, file, source.role)));
        }
    }
    found.sort_by_key(|reader| (reader.span, reader.kind));
    found
}

/// The fields of settings classes of pydantic. A class of which no object is made requires nothing, nor does one whose
/// names cannot be trusted.
fn fields(project: &Project) -> Vec<Reader> {
    let mut found: Vec<Reader> = Vec::new();
    let classes = project.settings.classes().iter().enumerate().filter(|(_, class)| class.kind.is_settings());
    for (at, class) in classes {
        // With sources of its own a class has more than variables.
        let has_sources = class.members.contains("settings_customise_sources");
        let is_made = !class.configuration.is_partial && !class.instances.is_empty() && !has_sources;
        for (number, field) in class.fields.iter().enumerate().filter(|(_, field)| !field.variables.is_empty()) {
            let is_given = class
                .instances
                .iter()
                .flat_map(|instance| &instance.keywords)
                .any(|keyword| *keyword == field.name || keyword == "**");
            let outer = field.name.rsplit_once('.').and_then(|(outer, _)| class.field(outer));
            // A held model comes from a variable of its own, or from those of its fields.
            let names = field.variables.iter().chain(outer.into_iter().flat_map(|outer| &outer.variables));
            let is_held = outer.is_none_or(|outer| outer.required);
            let holds = class.fields.get(number + 1).is_some_and(|next| is_inside(&next.name, &field.name));
            found.push(Reader {
                names: names.cloned().collect(),
                kind: ReaderKind::Field { class: at, field: number },
                span: field.span,
                role: project.modules.get(class.module).role,
                is_exact: class.configuration.case_sensitive,
                is_required: field.required && is_made && !is_given && is_held && !holds,
            });
        }
    }
    found
}

/// Whether a field is one of the model that another field holds: `db.host` of `db`.
fn is_inside(field: &str, outer: &str) -> bool {
    field.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

/// The other reads of which the name is known.
fn reads(project: &Project) -> Vec<Reader> {
    let mut requirements = Requirements::new(project);
    let reads = project.settings.reads().iter().enumerate();
    let found = reads.filter_map(|(at, read)| {
        Some(Reader {
            names: vec![read.variable.clone()?],
            kind: ReaderKind::Read(at),
            span: read.span,
            role: project.modules.get(read.module).role,
            is_exact: true,
            is_required: read.required && !read.asks_only && requirements.is_always_read(read),
        })
    });
    found.collect()
}

/// The references in the values of a compose file.
fn of_compose(document: &Value, file: FileId, role: Role) -> Vec<Reader> {
    let (mut found, mut open) = (Vec::new(), vec![document]);
    while let Some(value) = open.pop() {
        match &value.kind {
            ValueKind::String(text) => found.extend(references(&text.text).into_iter().map(|reference| {
                let (start, end) = reference.place;
                let range = text.source_range(Range::new(start as u32, end as u32)).unwrap_or(value.range);
                Reader {
                    names: vec![reference.name.to_owned()],
                    kind: ReaderKind::Compose,
                    span: Span::new(file, range),
                    role,
                    is_exact: true,
                    is_required: reference.is_required,
                }
            })),
            ValueKind::Sequence(items) => open.extend(items),
            ValueKind::Mapping(entries) => open.extend(entries.iter().map(|entry| &entry.value)),
            _ => {}
        }
    }
    found
}
