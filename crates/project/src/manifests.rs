//! Manifests of deployment platforms: Render's blueprints and Procfiles.
//! <https://render.com/docs/blueprint-spec>, <https://devcenter.heroku.com/articles/procfile>

use crate::{Data, Files, scripts};
use pyaudit_data::{Text, Value};
use pyaudit_shell::Command;
use pyaudit_source::{FileId, Range, Role, Sources, Span};

/// Everything the repository tells deployment platforms.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The services, in the order of their files.
    pub services: Vec<Service>,
    /// The groups of environment variables that services of Render share, in the order of their files.
    pub groups: Vec<VariableGroup>,
    /// Manifests that could not be read.
    pub unread: Vec<FileId>,
}

/// The platform that reads a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// `render.yaml`.
    Render,
    /// `Procfile` of Heroku and those that read it.
    Procfile,
}

/// One service, worker or job that a platform runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The platform.
    pub platform: Platform,
    /// The manifest.
    pub file: FileId,
    /// The name, or the process type of a Procfile.
    pub name: Option<String>,
    /// The service in the manifest: its name, or else the whole entry.
    pub span: Span,
    /// What Render calls the type: `web`, `worker`, `pserv`, `cron`, `static`.
    pub kind: Option<String>,
    /// The runtime: `python`, `node`, `docker`, `static`.
    pub runtime: Option<String>,
    /// The directory that its commands run in, relative to the root; `None` where it cannot be known.
    pub directory: Option<String>,
    /// The command that builds it.
    pub build: Option<ShellText>,
    /// The command that runs after the build and before the new version is started.
    pub pre_deploy: Option<ShellText>,
    /// The command that starts it.
    pub start: Option<ShellText>,
    /// The path that the platform probes.
    pub health_check_path: Option<Setting>,
    /// The environment variables that the manifest gives it.
    pub variables: Vec<Setting>,
    /// The names of the groups of variables that it gets too (`fromGroup`).
    pub groups: Vec<String>,
}

/// A group of environment variables of a blueprint (`envVarGroups`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariableGroup {
    /// The manifest.
    pub file: FileId,
    /// Its name.
    pub name: String,
    /// Its variables.
    pub variables: Vec<Setting>,
}

/// A shell text inside a manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct ShellText {
    /// The key before it, or the process type.
    pub key: Range,
    /// The text itself.
    pub span: Span,
    /// Its commands; ranges count in the manifest.
    pub commands: Vec<Command>,
}

/// A named value of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub name_range: Range,
    /// The value; `None` where it comes from elsewhere (`sync: false`, `fromDatabase`).
    pub value: Option<String>,
    /// Where the value stands, or the name again.
    pub value_range: Range,
}

impl Manifests {
    /// Reads every manifest.
    pub fn build(sources: &Sources, files: &Files) -> Self {
        let mut manifests = Self::default();
        for (file, source) in sources.files().filter(|(_, source)| source.role != Role::Vendored) {
            match source.name() {
                "render.yaml" | "render.yml" => match files.get(file) {
                    Some(Data::Yaml(documents)) => {
                        manifests.services.extend(render(file, documents));
                        manifests.groups.extend(documents.iter().flat_map(|document| variable_groups(file, document)));
                    }
                    _ => manifests.unread.push(file),
                },
                "Procfile" => match sources.text(file) {
                    Some(text) => manifests.services.extend(procfile(file, source.directory(), text)),
                    None => manifests.unread.push(file),
                },
                _ => {}
            }
        }
        manifests
    }
}

fn render(file: FileId, documents: &[Value]) -> Vec<Service> {
    let mut services: Vec<&Value> = Vec::new();
    for document in documents {
        services.extend(document.get("services").map_or(&[][..], Value::items));
        // Projects hold environments, which hold services.
        let projects = document.get("projects").map_or(&[][..], Value::items).iter();
        let environments = projects.flat_map(|project| project.get("environments").map_or(&[][..], Value::items));
        services.extend(environments.flat_map(|each| each.get("services").map_or(&[][..], Value::items)));
    }
    services
        .into_iter()
        .filter(|service| !service.entries().is_empty())
        .map(|service| render_service(file, service))
        .collect()
}

fn render_service(file: FileId, service: &Value) -> Service {
    let text = |key: &str| service.get(key).and_then(Value::as_str).map(str::to_owned);
    let command = |key: &str| shell_text(file, service, key);
    let root = service.get("rootDir").or_else(|| service.get("rootDirectory")).and_then(Value::as_str);
    Service {
        platform: Platform::Render,
        file,
        name: text("name"),
        span: Span::new(file, service.get("name").unwrap_or(service).range),
        kind: text("type"),
        // `env` is the former name of `runtime`, and `runtime` once named a version of it.
        runtime: text("env").or_else(|| text("runtime")),
        // Paths of a blueprint count from the root of the repository.
        directory: crate::paths::join("", root.unwrap_or("")),
        build: command("buildCommand"),
        pre_deploy: command("preDeployCommand"),
        start: command("startCommand"),
        health_check_path: service
            .entry("healthCheckPath")
            .map(|entry| setting(&entry.key.text, entry.key.range, Some(&entry.value))),
        variables: variables(service),
        groups: service.get("envVars").map_or(&[][..], Value::items).iter().filter_map(group_name).collect(),
    }
}

fn variables(table: &Value) -> Vec<Setting> {
    table.get("envVars").map_or(&[][..], Value::items).iter().filter_map(variable).collect()
}

fn group_name(item: &Value) -> Option<String> {
    item.get("fromGroup")?.as_str().map(str::to_owned)
}

fn variable_groups(file: FileId, document: &Value) -> Vec<VariableGroup> {
    let groups = document.get("envVarGroups").map_or(&[][..], Value::items).iter();
    let named = groups.filter_map(|group| {
        Some(VariableGroup { file, name: group.get("name")?.as_str()?.to_owned(), variables: variables(group) })
    });
    named.collect()
}

fn variable(item: &Value) -> Option<Setting> {
    let key = item.get("key")?;
    Some(setting(key.as_str()?, key.range, item.get("value")))
}

fn setting(name: &str, name_range: Range, value: Option<&Value>) -> Setting {
    use pyaudit_data::ValueKind;
    let text = value.and_then(|value| match &value.kind {
        ValueKind::String(text) => Some(text.text.clone()),
        ValueKind::Bool(value) => Some(value.to_string()),
        ValueKind::Integer(value) => Some(value.to_string()),
        ValueKind::Float(value) => Some(value.to_string()),
        _ => None,
    });
    let value_range = value.map_or(name_range, |value| value.range);
    Setting { name: name.to_owned(), name_range, value: text, value_range }
}

fn shell_text(file: FileId, table: &Value, key: &str) -> Option<ShellText> {
    let entry = table.entry(key)?;
    let text = entry.value.as_text()?;
    let commands = scripts::commands_of(text, entry.value.range);
    Some(ShellText { key: entry.key.range, span: Span::new(file, entry.value.range), commands })
}

/// A Procfile: `type: command` a line.
fn procfile(file: FileId, directory: &str, text: &str) -> Vec<Service> {
    let mut services = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len() as u32;
        let Some((kind, command)) = line.trim_end().split_once(':') else { continue };
        let is_type =
            !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if is_type {
            services.push(process(file, directory, kind, command, start));
        }
    }
    services
}

fn process(file: FileId, directory: &str, kind: &str, command: &str, start: u32) -> Service {
    let content = command.trim_start();
    let key = Range::new(start, start + kind.len() as u32);
    let at = key.end + 1 + (command.len() - content.len()) as u32;
    let range = Range::new(at, at + content.len() as u32);
    let text = Text { text: content.to_owned(), segments: vec![(0, at)] };
    let shell = ShellText { key, span: Span::new(file, range), commands: scripts::commands_of(&text, range) };
    let (pre_deploy, start) = if kind == "release" { (Some(shell), None) } else { (None, Some(shell)) };
    Service {
        platform: Platform::Procfile,
        file,
        name: Some(kind.to_owned()),
        span: Span::new(file, key),
        kind: Some(kind.to_owned()),
        runtime: None,
        directory: Some(directory.to_owned()),
        build: None,
        pre_deploy,
        start,
        health_check_path: None,
        variables: Vec::new(),
        groups: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_procfile_gives_each_process_its_command_and_place() {
        let text = "# processes\nrelease: alembic upgrade head\nweb:  uvicorn app:app --port $PORT\n";
        let services = procfile(FileId(0), "backend", text);
        assert_eq!(services.len(), 2);
        let place = |shell: &Option<ShellText>| {
            shell.as_ref().and_then(|shell| shell.span.range).map(|range| range.slice(text))
        };
        assert_eq!(place(&services[0].pre_deploy), Some("alembic upgrade head"));
        assert_eq!(place(&services[1].start), Some("uvicorn app:app --port $PORT"));
        assert_eq!(services[1].name.as_deref(), Some("web"));
    }
}
