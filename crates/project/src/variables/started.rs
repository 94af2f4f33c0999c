//! What code a service of a compose file runs, by the module that its command names.

use super::{Site, SiteKind, compose, dockerfiles};
use crate::{Data, ModuleId, Project, paths};
use pyaudit_data::{Value, ValueKind};
use pyaudit_source::{FileId, Role};
use std::collections::BTreeSet;

/// The files that the modules load which the command of a service starts: `uvicorn app.main:app`, `python -m app.worker`.
/// `None` where the command is not known, or names no module of the repository.
pub(super) fn loaded_at(project: &Project, site: &Site) -> Option<BTreeSet<FileId>> {
    if site.kind != SiteKind::Compose {
        return None;
    }
    let table = compose::table_of(project, site)?;
    let words =
        ["entrypoint", "command"].iter().filter_map(|key| table.get(key)).flat_map(words_of).collect::<Vec<_>>();
    let mut started = modules_named(project, &words, &site.directory);
    if started.is_empty() {
        let words = words_of_image(project, site, table)?;
        started = modules_named(project, &words, &site.directory);
    }
    if started.is_empty() {
        return None;
    }
    let loaded = project.imports.reach(started).into_iter();
    Some(loaded.map(|module| project.modules.get(module).file).collect())
}

/// The words of a command, written as text or as a list.
fn words_of(command: &Value) -> Vec<String> {
    match &command.kind {
        ValueKind::String(text) => split(&text.text),
        ValueKind::Sequence(items) => items.iter().filter_map(Value::as_str).flat_map(split).collect(),
        _ => Vec::new(),
    }
}

fn split(text: &str) -> Vec<String> {
    let words = text.split(|character: char| character.is_whitespace() || "\"'[],;&|()".contains(character));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The words of the last `ENTRYPOINT` and `CMD` of the image that a service builds.
fn words_of_image(project: &Project, site: &Site, table: &Value) -> Option<Vec<String>> {
    let build = table.get("build")?;
    let named = build.get("dockerfile").and_then(Value::as_str).unwrap_or("Dockerfile");
    let path = paths::join(&site.directory, named)?;
    let (file, _) = project.sources.files().find(|(_, source)| source.path == path)?;
    let Some(Data::Dockerfile(dockerfile)) = project.files.get(file) else { return None };
    let target = build.get("target").and_then(Value::as_str);
    // A stage that is named may take its command from those below it, which are not looked at then.
    let stages = match target {
        Some(target) => dockerfile.stages.iter().filter(|stage| stage.name.as_deref() == Some(target)).collect(),
        None => dockerfiles::lineage(dockerfile),
    };
    let instructions: Vec<_> = stages.into_iter().flat_map(|stage| &stage.instructions).collect();
    let last = |keyword: &str| instructions.iter().rev().find(|instruction| instruction.keyword == keyword);
    let commands = ["ENTRYPOINT", "CMD"].iter().filter_map(|keyword| last(keyword));
    Some(commands.flat_map(|instruction| split(&instruction.arguments.text)).collect())
}

/// The modules below a directory that words of a command name: `app.main:app`, the word after `-m`, `app/main.py`.
fn modules_named(project: &Project, words: &[String], directory: &str) -> Vec<ModuleId> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let path = match word.split_once(':') {
            Some((module, attribute)) if is_dotted(module) && is_dotted(attribute) => module.replace('.', "/"),
            None if at > 0 && words[at - 1] == "-m" && is_dotted(word) => word.replace('.', "/"),
            None => match word.strip_suffix(".py") {
                Some(path) => path.trim_start_matches("./").trim_start_matches('/').to_owned(),
                None => continue,
            },
            Some(_) => continue,
        };
        found.extend(module_at(project, &path, directory));
    }
    found
}

fn is_dotted(text: &str) -> bool {
    let is_name = |part: &str| {
        part.chars().all(|character| character.is_alphanumeric() || character == '_')
            && part.chars().next().is_some_and(|first| !first.is_numeric())
    };
    text.trim_end_matches("()").split('.').all(is_name)
}

/// The module of a path without its ending; what stands above it in the image may be missing in the repository. `None`
/// where several modules may be meant.
fn module_at(project: &Project, path: &str, directory: &str) -> Option<ModuleId> {
    let ends = |candidate: &str, wanted: &str| {
        candidate.strip_suffix(wanted).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    let modules = project.modules.iter().filter(|module| module.role == Role::Application);
    let within = modules.filter(|module| paths::is_within(&project.sources.file(module.file).path, directory));
    let mut all: Vec<(usize, ModuleId)> = Vec::new();
    for module in within {
        let file = project.sources.file(module.file).path.strip_suffix(".py").unwrap_or("");
        let file = file.strip_suffix("/__init__").unwrap_or(file);
        // `/code/app/main.py` of an image is `app/main.py` here.
        if ends(file, path) || (!file.is_empty() && path.contains('/') && ends(path, file)) {
            all.push((file.matches('/').count(), module.id));
        }
    }
    all.sort_unstable();
    match all[..] {
        [(_, only)] => Some(only),
        [(one, first), (other, _), ..] if one < other => Some(first),
        _ => None,
    }
}
