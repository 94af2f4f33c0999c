//! Services of compose files. <https://docs.docker.com/reference/compose-file/services/#environment>

use super::expansion::given;
use super::{Definition, Given, Scope, Site, SiteKind, scope_of};
use crate::{Project, paths};
use pyaudit_data::{Value, ValueKind};
use pyaudit_source::{FileId, Role, Span};
use std::collections::BTreeSet;

/// Whether a file of this name is a compose file.
pub(super) fn is_compose(name: &str) -> bool {
    (name.starts_with("docker-compose") || name.starts_with("compose"))
        && (name.ends_with(".yml") || name.ends_with(".yaml"))
}

/// One service with where it stands.
struct Service<'p> {
    file: FileId,
    name: &'p str,
    span: Span,
    table: &'p Value,
}

/// Every service of every compose file.
pub(super) fn sites(project: &Project) -> Vec<Site> {
    let services = services(project);
    let built = Built::of(project, &services);
    services.iter().map(|service| site(project, service, &built)).collect()
}

/// The table of the service that a site is.
pub(super) fn table_of<'p>(project: &'p Project, site: &Site) -> Option<&'p Value> {
    let range = site.span.range?;
    let mut services = project.files.yaml(site.file).iter().filter_map(|document| document.get("services"));
    services.find_map(|table| table.entries().iter().find(|entry| entry.key.range == range).map(|entry| &entry.value))
}

fn services(project: &Project) -> Vec<Service<'_>> {
    let mut found = Vec::new();
    for (file, source) in project.sources.files() {
        if source.role == Role::Vendored || !is_compose(source.name()) {
            continue;
        }
        for document in project.files.yaml(file) {
            let entries = document.get("services").map_or(&[][..], Value::entries);
            found.extend(entries.iter().map(|entry| Service {
                file,
                name: &entry.key.text,
                span: Span::new(file, entry.key.range),
                table: &entry.value,
            }));
        }
    }
    found
}

/// What is built from the repository: services by directory of the compose file and name, and images by name.
struct Built<'p> {
    services: BTreeSet<(&'p str, &'p str)>,
    images: BTreeSet<&'p str>,
}

impl<'p> Built<'p> {
    fn of(project: &'p Project, services: &[Service<'p>]) -> Self {
        let built = || services.iter().filter(|service| service.table.get("build").is_some());
        Self {
            services: built().map(|it| (project.sources.file(it.file).directory(), it.name)).collect(),
            images: built().filter_map(|it| it.table.get("image")?.as_str()).collect(),
        }
    }

    fn has(&self, project: &Project, service: &Service<'_>) -> bool {
        let directory = project.sources.file(service.file).directory();
        let image = service.table.get("image").and_then(Value::as_str);
        self.services.contains(&(directory, service.name)) || image.is_some_and(|image| self.images.contains(image))
    }
}

fn site(project: &Project, service: &Service<'_>, built: &Built<'_>) -> Site {
    let source = project.sources.file(service.file);
    let making = service.table.get("build");
    let context = making.and_then(|build| build.as_str().or_else(|| build.get("context")?.as_str()));
    let directory = context.and_then(|context| paths::join(source.directory(), context));
    Site {
        kind: SiteKind::Compose,
        scope: scope_of(&source.path, source.role, Scope::Unstated),
        file: service.file,
        name: Some(service.name.to_owned()),
        span: service.span,
        directory: directory.unwrap_or_else(|| source.directory().to_owned()),
        is_own: built.has(project, service),
        is_open: ["env_file", "extends"].iter().any(|key| service.table.get(key).is_some()),
        definitions: definitions(service.file, service.table.get("environment")),
    }
}

/// `environment`, as a table or as a list of `NAME=value`. A name without a value takes that of the shell.
fn definitions(file: FileId, environment: Option<&Value>) -> Vec<Definition> {
    let Some(environment) = environment else { return Vec::new() };
    let shell = |name: &str| Given::Reference { variable: name.to_owned(), default: None, is_required: false };
    let of_entry = environment.entries().iter().map(|entry| Definition {
        name: entry.key.text.clone(),
        span: Span::new(file, entry.key.range),
        value: if entry.value.kind == ValueKind::Null { shell(&entry.key.text) } else { scalar(&entry.value) },
        value_span: Span::new(file, entry.value.range),
    });
    let of_item = environment.items().iter().filter_map(|item| {
        let text = item.as_str()?;
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let span = Span::new(file, item.range);
        let value = value.map_or_else(|| shell(name), given);
        Some(Definition { name: name.trim().to_owned(), span, value, value_span: span })
    });
    of_entry.chain(of_item).collect()
}

/// What a scalar gives, with its references.
pub(super) fn scalar(value: &Value) -> Given {
    match &value.kind {
        ValueKind::String(text) => given(&text.text),
        ValueKind::Bool(value) => Given::Literal(value.to_string()),
        ValueKind::Integer(value) => Given::Literal(value.to_string()),
        ValueKind::Float(value) => Given::Literal(value.to_string()),
        _ => Given::Elsewhere,
    }
}
