//! tox: each environment is a job that installs its `deps` and the package, and runs its `commands`.
//! <https://tox.wiki/en/stable/config.html>

use super::{Job, Requested, Run, Step, System, Work, Workflow};
use crate::dependencies::tox_lines;
use crate::{Data, Files, paths, scripts};
use pyaudit_data::requirements::{normalise_name, parse_requirement};
use pyaudit_data::{Entry, Value};
use pyaudit_source::{FileId, Sources, Span};

pub(super) fn read(sources: &Sources, file: FileId, files: &Files) -> Option<Workflow> {
    let Some(Data::Ini(document)) = files.get(file) else { return None };
    let at = Configuration { sources, file, document };
    let environments = document.entries().iter().filter(|entry| entry.key.text.starts_with("testenv"));
    let jobs = environments.filter_map(|entry| at.job(entry)).collect();
    Some(Workflow { system: System::Tox, file, name: None, jobs })
}

struct Configuration<'a> {
    sources: &'a Sources,
    file: FileId,
    document: &'a Value,
}

impl<'a> Configuration<'a> {
    fn job(&self, entry: &'a Entry) -> Option<Job> {
        let commands = self.value(&entry.value, "commands")?;
        let install = Step { work: self.install(&entry.value), ..self.step(entry.value.range) };
        let directory = paths::join("", self.directory());
        let text = commands.as_text()?;
        let run = Run {
            span: Span::new(self.file, commands.range),
            commands: scripts::commands_of(text, commands.range),
            shell: None,
            directory: if self.value(&entry.value, "changedir").is_some() { None } else { directory },
        };
        let run = Step { work: Work::Run(run), ..self.step(commands.range) };
        let id = entry.key.text.trim_start_matches("testenv").trim_start_matches(':');
        Some(Job {
            id: if id.is_empty() { "testenv".to_owned() } else { id.to_owned() },
            span: Span::new(self.file, entry.key.range),
            known_machine: self.is_plain(&entry.value),
            steps: vec![install, run],
        })
    }

    fn directory(&self) -> &str {
        self.sources.file(self.file).directory()
    }

    /// A setting of an environment, or of `[testenv]`, which all inherit.
    fn value(&self, section: &'a Value, key: &str) -> Option<&'a Value> {
        section.get(key).or_else(|| self.document.get("testenv")?.get(key))
    }

    /// Whether tox installs with pip or uv, and the environment calls nothing from outside.
    fn is_plain(&self, section: &'a Value) -> bool {
        let foreign =
            ["runner", "allowlist_externals", "whitelist_externals", "commands_pre", "install_command", "base"];
        foreign.iter().all(|key| self.value(section, key).is_none()) && self.document.at(&["tox", "requires"]).is_none()
    }

    fn install(&self, section: &'a Value) -> Work {
        let mut requested = Vec::new();
        if let Some(deps) = self.text(section, "deps") {
            // A reference to another section or a variable may stand for anything.
            if deps.replace("{toxinidir}", "").replace("{tox_root}", "").contains('{') {
                return Work::Unknown;
            }
            for (_, line) in tox_lines(deps) {
                match self.requested(line) {
                    Some(request) => requested.push(request),
                    None => return Work::Unknown,
                }
            }
        }
        let extras = self.text(section, "extras").unwrap_or("");
        let extras = extras.split([',', '\n']).map(str::trim).filter(|extra| !extra.is_empty()).map(normalise_name);
        let mut groups = self.text(section, "dependency_groups").unwrap_or("").split([',', '\n']).map(str::trim);
        if groups.any(|group| !group.is_empty()) {
            return Work::Unknown;
        }
        let skipped = ["skip_install", "no_package"]
            .iter()
            .any(|key| self.text(section, key).is_some_and(|value| value == "true"));
        let no_package = self
            .document
            .at(&["tox", "skipsdist"])
            .and_then(Value::as_str)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if !skipped && !no_package {
            requested.push(Requested::Project { directory: self.directory().to_owned(), extras: extras.collect() });
        }
        Work::Install(requested)
    }

    fn text(&self, section: &'a Value, key: &str) -> Option<&'a str> {
        self.value(section, key).and_then(Value::as_str)
    }

    fn requested(&self, line: &str) -> Option<Requested> {
        let line = line
            .split_once(": ")
            .filter(|(factor, _)| !factor.contains([' ', '=', '<', '>']))
            .map_or(line, |(_, rest)| rest.trim());
        if let Some(path) = line.strip_prefix("-r") {
            let path = path.trim().replace("{toxinidir}/", "").replace("{tox_root}/", "");
            return self.sources.find(&paths::join(self.directory(), &path)?).map(Requested::File);
        }
        if line.starts_with("-c") {
            return Some(Requested::Distribution(String::new()));
        }
        if line.starts_with("-e") || line == "." || line.starts_with(".[") {
            let extras = line.split_once('[').map_or("", |(_, rest)| rest.trim_end_matches(']'));
            let extras = extras.split(',').filter(|extra| !extra.is_empty()).map(normalise_name).collect();
            return Some(Requested::Project { directory: self.directory().to_owned(), extras });
        }
        let requirement = parse_requirement(line).ok()?;
        Some(Requested::Distribution(normalise_name(&requirement.name)))
    }

    fn step(&self, range: pyaudit_source::Range) -> Step {
        Step {
            name: None,
            span: Span::new(self.file, range),
            work: Work::Unknown,
            condition: None,
            continue_on_error: false,
            environment: Vec::new(),
        }
    }
}
