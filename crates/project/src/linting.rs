//! Linters: where they run and are configured, and how far they are held back.

use crate::workflows::{Context, unwrapped};
use crate::{Data, Files};
use pyaudit_data::{Text, Value};
use pyaudit_shell::Word;
use pyaudit_source::{FileId, Range, Role, Sources, Span};
use std::collections::BTreeSet;

/// Every run and configuration of a linter.
#[derive(Debug, Default)]
pub struct Linting {
    /// The runs, in the order of the workflows, makefiles and hooks they stand in.
    pub runs: Vec<LintRun>,
    /// The configurations, in the order of their files.
    pub configurations: Vec<LintConfiguration>,
}

/// A linter whose options are known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Linter {
    /// Ruff.
    Ruff,
    /// Flake8.
    Flake8,
    /// Pylint.
    Pylint,
}

impl Linter {
    /// The name of the program.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ruff => "ruff",
            Self::Flake8 => "flake8",
            Self::Pylint => "pylint",
        }
    }

    fn of_program(name: &str) -> Option<Self> {
        [Self::Ruff, Self::Flake8, Self::Pylint].into_iter().find(|linter| linter.name() == name)
    }
}

/// One run of a linter: a command of a workflow, makefile or tox environment, or a hook of pre-commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintRun {
    /// The linter.
    pub linter: Linter,
    /// The workflow, makefile or list of hooks that runs it, also through a script.
    pub file: FileId,
    /// The command, or the id of the hook.
    pub span: Span,
    /// What its options say.
    pub options: LintOptions,
}

/// What options or a configuration say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LintOptions {
    /// The rules that it looks for, where a list says so: everything else is left out.
    pub selected: Option<Vec<Code>>,
    /// Rules that are added to the selected ones or to the default.
    pub extended: Vec<Code>,
    /// The rules that are ignored everywhere.
    pub ignored: Vec<Code>,
    /// `--exit-zero`: it never fails.
    pub exit_zero: Option<Span>,
    /// Whether the rules may be selected elsewhere: a command line leaves that to the configuration, and a configuration
    /// to the one that it extends.
    pub inherits: bool,
}

/// A rule, or the common start of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// `E501`, `E9`, `F`, `ALL`, or the name of a message of Pylint.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A configuration of a linter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintConfiguration {
    /// The linter.
    pub linter: Linter,
    /// The file.
    pub file: FileId,
    /// What it says.
    pub options: LintOptions,
}

impl LintOptions {
    /// Whether a rule is among those that are looked for; true where that is not known. Ruff looks for `E4`, `E7`, `E9` and
    /// `F` by itself (<https://docs.astral.sh/ruff/settings/#lint_select>), Flake8 for whatever its plugins bring.
    pub fn looks_for(&self, linter: Linter, code: &str) -> bool {
        let overlaps = |rule: &str| rule == "ALL" || code == "ALL" || rule.starts_with(code) || code.starts_with(rule);
        let selects = match (&self.selected, linter) {
            (_, Linter::Pylint) => true,
            (Some(selected), _) => selected.iter().any(|rule| overlaps(&rule.text)),
            (None, Linter::Ruff) if !self.inherits => ["E4", "E7", "E9", "F"].iter().any(|rule| overlaps(rule)),
            (None, _) => true,
        };
        selects || self.extended.iter().any(|rule| overlaps(&rule.text))
    }
}

impl Linting {
    /// Finds the runs in workflows, makefiles and hooks, and the configurations.
    pub fn build(context: &Context<'_>) -> Self {
        let mut linting = Self::default();
        let mut seen = BTreeSet::new();
        let mut add = |runs: Vec<LintRun>, linting: &mut Self| {
            linting.runs.extend(runs.into_iter().filter(|run| seen.insert((run.file, run.span))));
        };
        for workflow in &context.workflows.workflows {
            for step in workflow.jobs.iter().flat_map(|job| context.workflows.steps(job)) {
                for invocation in context.invocations(step) {
                    add(runs(workflow.file, invocation.file, &invocation.command), &mut linting);
                }
            }
        }
        for (file, makefile) in context.scripts.makefiles() {
            for command in makefile.targets.iter().flat_map(|target| &target.commands) {
                add(runs(file, file, command), &mut linting);
            }
        }
        let sources = context.sources;
        for (file, source) in
            sources.files().filter(|(_, source)| !matches!(source.role, Role::Vendored | Role::Test | Role::Example))
        {
            if source.name().starts_with(".pre-commit-config.") {
                add(hooks(file, context.files.yaml(file)), &mut linting);
            }
            linting.configurations.extend(configurations(sources, file, context.files));
        }
        linting
    }
}

/// The runs of linters in one command that stands in `at` and that `file` leads to.
fn runs(file: FileId, at: FileId, command: &pyaudit_shell::Command) -> Vec<LintRun> {
    let programs = unwrapped(command);
    let linters = programs.iter().filter_map(|program| Some((Linter::of_program(program.name)?, program.arguments)));
    linters
        .filter(|(linter, arguments)| *linter != Linter::Ruff || is_ruff_check(arguments))
        .map(|(linter, arguments)| {
            let words = arguments.iter().map(|word| (word.text.as_str(), Span::new(at, word.range)));
            LintRun { linter, file, span: Span::new(at, command.range), options: options(words) }
        })
        .collect()
}

/// Ruff also formats, explains and cleans.
fn is_ruff_check(arguments: &[Word]) -> bool {
    let command = arguments.iter().find(|word| !word.text.starts_with('-')).map_or("", |word| word.text.as_str());
    !matches!(
        command,
        "format"
            | "rule"
            | "clean"
            | "config"
            | "linter"
            | "version"
            | "server"
            | "analyze"
            | "generate-shell-completion"
    )
}

/// The options of a command line.
fn options<'a>(words: impl Iterator<Item = (&'a str, Span)>) -> LintOptions {
    let mut found = LintOptions { inherits: true, ..LintOptions::default() };
    let mut words = words.peekable();
    while let Some((word, span)) = words.next() {
        let (option, value) =
            word.split_once('=').map_or((word, None), |(option, value)| (option, Some((value, span))));
        let mut codes = || {
            let value = value.or_else(|| words.next());
            value.map(|(value, span)| codes(value, span)).unwrap_or_default()
        };
        match option {
            "--select" => found.selected = Some(codes()),
            "--enable" | "-e" if value.is_some() => found.selected = Some(codes()),
            "--extend-select" => found.extended.extend(codes()),
            "--ignore" | "--extend-ignore" | "--disable" | "-d" => found.ignored.extend(codes()),
            "--exit-zero" => found.exit_zero = Some(span),
            _ => {}
        }
    }
    found
}

fn codes(list: &str, span: Span) -> Vec<Code> {
    let parts = list.split([',', ' ']).map(|code| code.trim_matches(['"', '\'', ' ']));
    parts
        .filter(|code| !code.is_empty() && !code.contains('$'))
        .map(|code| Code { text: code.to_owned(), span })
        .collect()
}

/// The hooks of pre-commit that run a linter.
fn hooks(file: FileId, documents: &[Value]) -> Vec<LintRun> {
    let repositories = documents.iter().flat_map(|document| document.get("repos").map_or(&[][..], Value::items));
    let hooks = repositories.flat_map(|repository| repository.get("hooks").map_or(&[][..], Value::items));
    let linters = hooks.filter_map(|hook| {
        let id = hook.get("id")?;
        let linter = match id.as_str()? {
            "ruff" | "ruff-check" => Linter::Ruff,
            "flake8" => Linter::Flake8,
            "pylint" => Linter::Pylint,
            _ => return None,
        };
        let words = hook.get("args").map(Value::strings).unwrap_or_default();
        let words = words.into_iter().filter_map(|word| Some((word.as_str()?, Span::new(file, word.range))));
        Some(LintRun { linter, file, span: Span::new(file, id.range), options: options(words) })
    });
    linters.collect()
}

fn configurations(sources: &Sources, file: FileId, files: &Files) -> Vec<LintConfiguration> {
    let name = sources.file(file).name();
    let found = match (name, files.get(file)) {
        ("pyproject.toml", Some(Data::Toml(document))) => [
            document.at(&["tool", "ruff"]).map(|table| (Linter::Ruff, ruff(file, table))),
            document.at(&["tool", "flake8"]).map(|table| (Linter::Flake8, flake8(file, table))),
            document.at(&["tool", "pylint"]).map(|table| (Linter::Pylint, pylint(file, table))),
        ],
        ("ruff.toml" | ".ruff.toml", Some(Data::Toml(document))) => {
            [Some((Linter::Ruff, ruff(file, document))), None, None]
        }
        (".flake8" | "setup.cfg" | "tox.ini", Some(Data::Ini(document))) => [
            document.get("flake8").map(|table| (Linter::Flake8, flake8(file, table))),
            document.get("pylint.messages control").map(|table| (Linter::Pylint, pylint(file, table))),
            None,
        ],
        (".pylintrc" | "pylintrc", Some(Data::Ini(document))) => {
            [Some((Linter::Pylint, pylint(file, document))), None, None]
        }
        _ => return Vec::new(),
    };
    found.into_iter().flatten().map(|(linter, options)| LintConfiguration { linter, file, options }).collect()
}

/// Ruff's settings stand in `lint`, and before version 0.2 in the table itself.
fn ruff(file: FileId, table: &Value) -> LintOptions {
    let tables = [Some(table), table.get("lint")];
    let lists = |keys: &[&str]| {
        let values = tables.iter().flatten().flat_map(|table| keys.iter().filter_map(|key| table.get(key)));
        values.flat_map(|value| listed(file, value)).collect::<Vec<Code>>()
    };
    let selects = tables.iter().flatten().any(|table| table.get("select").is_some());
    LintOptions {
        selected: selects.then(|| lists(&["select"])),
        extended: lists(&["extend-select"]),
        ignored: lists(&["ignore", "extend-ignore"]),
        exit_zero: None,
        inherits: table.get("extend").is_some(),
    }
}

fn flake8(file: FileId, table: &Value) -> LintOptions {
    let lists = |keys: &[&str]| {
        keys.iter().filter_map(|key| table.get(key)).flat_map(|value| listed(file, value)).collect::<Vec<Code>>()
    };
    LintOptions {
        selected: table.get("select").map(|_| lists(&["select"])),
        extended: lists(&["extend-select"]),
        ignored: lists(&["ignore", "extend-ignore"]),
        exit_zero: None,
        inherits: false,
    }
}

/// Pylint's messages stand in a section whose name has been spelt in many ways.
fn pylint(file: FileId, table: &Value) -> LintOptions {
    let sections = table.entries().iter().filter(|entry| {
        matches!(
            entry.key.text.to_ascii_lowercase().as_str(),
            "messages control" | "messages_control" | "main" | "master"
        )
    });
    let disabled = sections.filter_map(|section| section.value.get("disable")).chain(table.get("disable"));
    let ignored = disabled.flat_map(|value| listed(file, value)).collect();
    LintOptions { ignored, ..LintOptions::default() }
}

/// The rules of a list, or of a text with commas and line ends; comments in it are left out.
fn listed(file: FileId, value: &Value) -> Vec<Code> {
    let mut found = Vec::new();
    for text in value.strings().into_iter().filter_map(Value::as_text) {
        found.extend(codes_of_text(file, text, value.range));
    }
    found
}

fn codes_of_text(file: FileId, text: &Text, fallback: Range) -> Vec<Code> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.text.split_inclusive('\n') {
        let content = line.split(['#', ';']).next().unwrap_or("");
        let mut at = start;
        for part in content.split_inclusive([',', ' ', '\t', '\n']) {
            let code = part.trim_matches([',', ' ', '\t', '\n', '\r']);
            if !code.is_empty() {
                let offset = at + part.find(code).unwrap_or(0);
                let range = Range::new(offset as u32, (offset + code.len()) as u32);
                let range = text.source_range(range).unwrap_or(fallback);
                found.push(Code { text: code.to_owned(), span: Span::new(file, range) });
            }
            at += part.len();
        }
        start += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_options_with_and_without_an_equals_sign() {
        let at = Span::file(FileId(0));
        let found =
            options(["--select=E9,F63", "--ignore", "E501,W503", "--exit-zero"].into_iter().map(|word| (word, at)));
        let texts = |codes: &[Code]| codes.iter().map(|code| code.text.clone()).collect::<Vec<_>>();
        assert_eq!(found.selected.as_deref().map(texts), Some(vec!["E9".to_owned(), "F63".to_owned()]));
        assert_eq!(texts(&found.ignored), ["E501", "W503"]);
        assert!(found.exit_zero.is_some());
    }

    #[test]
    fn comments_in_a_list_are_no_rules() {
        let text = Text { text: "\n  # F401 stays on\n  E501,\n  W503 # old\n".to_owned(), segments: vec![(0, 10)] };
        let codes = codes_of_text(FileId(0), &text, Range::default());
        assert_eq!(codes.iter().map(|code| code.text.as_str()).collect::<Vec<_>>(), ["E501", "W503"]);
    }
}
