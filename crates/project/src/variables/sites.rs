//! The places that give variables: environment files, manifests, and code; the others have files of their own.

use super::expansion::given;
use super::{Definition, Given, Scope, Site, SiteKind, compose, dockerfiles, scope_of, workflows};
use crate::environment::EnvironmentFile;
use crate::manifests::{Platform, Service, Setting};
use crate::{Module, Project};
use pyaudit_data::Value;
use pyaudit_python::{ExprContext, ExprKind, Parent, StmtKind};
use pyaudit_source::{FileId, Role, Span};

/// Runtimes and kinds of Render that run no Python.
const OTHER_RUNTIMES: &[&str] =
    &["node", "static", "static_site", "static-site", "ruby", "go", "rust", "elixir", "redis"];

/// Every site, in the order of kinds, files and places.
pub(super) fn find(project: &Project) -> Vec<Site> {
    let mut found: Vec<Site> =
        project.environment_files.files.iter().map(|file| environment_file(project, file)).collect();
    found.extend(compose::sites(project));
    found.extend(dockerfiles::sites(project));
    found.extend(workflows::sites(project));
    let services = project.manifests.services.iter().filter(|service| service.platform == Platform::Render);
    found.extend(services.map(|service| render(project, service)));
    for (file, source) in project.sources.files().filter(|(_, source)| source.role != Role::Vendored) {
        let kind = match source.name() {
            "fly.toml" => SiteKind::Fly,
            "app.json" => SiteKind::AppJson,
            _ => continue,
        };
        found.extend(project.files.value(file).and_then(|table| manifest(project, kind, file, table)));
    }
    found.extend(project.modules.iter().filter_map(|module| code(project, module)));
    found.sort_by(|a, b| (a.kind, a.span, &a.name).cmp(&(b.kind, b.span, &b.name)));
    found
}

fn environment_file(project: &Project, found: &EnvironmentFile) -> Site {
    let source = project.sources.file(found.file);
    let variables = found.variables.as_deref().unwrap_or(&[]).iter();
    Site {
        kind: SiteKind::EnvironmentFile,
        scope: Scope::of_environment_file(found.kind, &source.path, source.role),
        file: found.file,
        name: None,
        span: Span::file(found.file),
        directory: source.directory().to_owned(),
        is_own: true,
        is_open: found.variables.is_none(),
        definitions: variables
            .map(|variable| Definition {
                name: variable.name.clone(),
                span: Span::new(found.file, variable.name_range),
                value: given(&variable.value),
                value_span: Span::new(found.file, variable.value_range),
            })
            .collect(),
    }
}

fn render(project: &Project, service: &Service) -> Site {
    let source = project.sources.file(service.file);
    let groups =
        service.groups.iter().flat_map(|name| project.manifests.groups.iter().filter(move |it| it.name == *name));
    let variables = service.variables.iter().map(|variable| setting(service.file, variable));
    let of_groups = groups.flat_map(|group| group.variables.iter().map(|variable| setting(group.file, variable)));
    let is_other = |text: &Option<String>| text.as_deref().is_some_and(|text| OTHER_RUNTIMES.contains(&text));
    let is_known = |name: &String| project.manifests.groups.iter().any(|group| group.name == *name);
    Site {
        kind: SiteKind::Render,
        scope: scope_of(&source.path, source.role, Scope::Deployment),
        file: service.file,
        name: service.name.clone(),
        span: service.span,
        directory: service.directory.clone().unwrap_or_default(),
        is_own: !is_other(&service.runtime) && !is_other(&service.kind),
        is_open: !service.groups.iter().all(is_known),
        definitions: variables.chain(of_groups).collect(),
    }
}

fn setting(file: FileId, setting: &Setting) -> Definition {
    Definition {
        name: setting.name.clone(),
        span: Span::new(file, setting.name_range),
        // Render expands nothing.
        value: setting.value.clone().map_or(Given::Elsewhere, Given::Literal),
        value_span: Span::new(file, setting.value_range),
    }
}

/// `[env]` of `fly.toml`, `env` of `app.json`, where a variable may be a table with its value.
fn manifest(project: &Project, kind: SiteKind, file: FileId, table: &Value) -> Option<Site> {
    let source = project.sources.file(file);
    let environment = table.get("env").filter(|environment| !environment.entries().is_empty())?;
    Some(Site {
        kind,
        scope: scope_of(&source.path, source.role, Scope::Deployment),
        file,
        name: table.get(if kind == SiteKind::Fly { "app" } else { "name" }).and_then(Value::as_str).map(str::to_owned),
        span: Span::file(file),
        directory: source.directory().to_owned(),
        is_own: true,
        // Secrets are given beside the file.
        is_open: kind == SiteKind::Fly,
        definitions: workflows::definitions(file, environment),
    })
}

/// `os.environ["NAME"] = value` in a module.
fn code(project: &Project, module: &Module) -> Option<Site> {
    let syntax = &module.python.syntax;
    let mut definitions = Vec::new();
    for (id, expr) in syntax.exprs() {
        let ExprKind::Subscript { value, slice, ctx: ExprContext::Store } = expr.kind else { continue };
        if !project.is_environ(module, value) {
            continue;
        }
        let Some(name) = project.constant_string(module, slice) else { continue };
        let assigned = match syntax.expr_parent(id) {
            Parent::Stmt(stmt) => match &syntax.stmt(stmt).kind {
                StmtKind::Assign { value, .. } => Some(*value),
                _ => None,
            },
            _ => None,
        };
        let text = assigned.and_then(|value| project.constant_string(module, value));
        definitions.push(Definition {
            name,
            span: module.span_of(slice),
            value: text.map_or(Given::Elsewhere, Given::Literal),
            value_span: module.span_of(assigned.unwrap_or(slice)),
        });
    }
    definitions.sort_by_key(|definition| definition.span);
    let source = project.sources.file(module.file);
    (!definitions.is_empty()).then(|| Site {
        kind: SiteKind::Code,
        scope: if module.role == Role::Test { Scope::Test } else { Scope::Unstated },
        file: module.file,
        name: None,
        span: Span::file(module.file),
        directory: String::new(),
        is_own: source.role != Role::Vendored,
        is_open: true,
        definitions,
    })
}
