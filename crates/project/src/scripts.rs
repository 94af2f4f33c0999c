//! What runs when a shell text runs: its own commands, and those of the scripts and make targets that it calls.

use crate::makefiles::Makefile;
use crate::paths;
use pyaudit_data::Text;
use pyaudit_shell::{Command, Word};
use pyaudit_source::{FileId, Range, Sources, Span};
use std::collections::BTreeMap;

/// How many calls of scripts by scripts are followed, and how many commands one text may lead to.
const MAX_DEPTH: usize = 8;
const MAX_COMMANDS: usize = 5_000;

/// The shell scripts and makefiles of the repository.
#[derive(Debug, Default)]
pub struct Scripts {
    shell: BTreeMap<FileId, Vec<Command>>,
    makefiles: BTreeMap<FileId, Makefile>,
}

/// One command that runs, with what led to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// The file that the command stands in; its ranges count there.
    pub file: FileId,
    /// The command.
    pub command: Command,
    /// The working directory, relative to the root; `None` where it cannot be known.
    pub directory: Option<String>,
    /// The commands that called the scripts between the first text and this command, from the outermost.
    pub callers: Vec<Span>,
    /// What is known of a script that the command runs.
    pub script: Script,
}

/// What a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// A program.
    None,
    /// A script or target of the repository, whose commands follow.
    Followed,
    /// A script that the repository does not hold, or that cannot be read.
    Unknown,
}

impl Invocation {
    /// Where the command stands.
    pub const fn span(&self) -> Span {
        Span::new(self.file, self.command.range)
    }
}

impl Scripts {
    /// Reads every shell script and makefile.
    pub fn build(sources: &Sources) -> Self {
        let mut scripts = Self::default();
        for (file, source) in sources.files() {
            let Some(text) = sources.text(file) else { continue };
            let name = source.name();
            if matches!(name, "Makefile" | "makefile" | "GNUmakefile") || is_named(name, &["mk"]) {
                scripts.makefiles.insert(file, Makefile::read(text));
            } else if is_named(name, &["sh", "bash"]) || is_shell(text) {
                scripts.shell.insert(file, pyaudit_shell::commands(text).0);
            }
        }
        scripts
    }

    /// The commands of a shell script.
    pub fn shell(&self, file: FileId) -> Option<&[Command]> {
        self.shell.get(&file).map(Vec::as_slice)
    }

    /// The makefiles with their targets.
    pub fn makefiles(&self) -> impl Iterator<Item = (FileId, &Makefile)> {
        self.makefiles.iter().map(|(&file, makefile)| (file, makefile))
    }

    /// Everything that runs when these commands of a file run in a directory, in order.
    pub fn expand(
        &self,
        sources: &Sources,
        file: FileId,
        commands: &[Command],
        directory: Option<&str>,
    ) -> Vec<Invocation> {
        let mut expansion = Expansion { scripts: self, sources, found: Vec::new(), callers: Vec::new() };
        expansion.text(file, commands, directory.map(str::to_owned));
        expansion.found
    }
}

fn is_named(name: &str, extensions: &[&str]) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
}

/// Whether the first line of a text names a shell.
fn is_shell(text: &str) -> bool {
    let first = text.lines().next().unwrap_or("");
    first.starts_with("#!") && first.split(['/', ' ']).any(|word| matches!(word.trim(), "sh" | "bash" | "zsh" | "dash"))
}

/// The commands of a text that stands in a manifest, with ranges that count in the manifest.
pub fn commands_of(text: &Text, fallback: Range) -> Vec<Command> {
    let plain = without_expressions(&text.text);
    let place = |range: Range| text.source_range(range).unwrap_or(fallback);
    let word = |word: Word| Word { range: place(word.range), text: word.text };
    pyaudit_shell::commands(&plain)
        .0
        .into_iter()
        .map(|command| Command {
            range: place(command.range),
            words: command.words.into_iter().map(word).collect(),
            ..command
        })
        .collect()
}

/// The text with each `${{ expression }}` of GitHub as one shell variable of the same length, which no shell grammar
/// would understand otherwise.
fn without_expressions(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let Some((expression, next)) = after.split_once("}}") else { break };
        plain.push_str(before);
        plain.push('$');
        plain.extend(std::iter::repeat_n('_', expression.len() + 4));
        rest = next;
    }
    plain.push_str(rest);
    plain
}

struct Expansion<'a> {
    scripts: &'a Scripts,
    sources: &'a Sources,
    found: Vec<Invocation>,
    callers: Vec<Span>,
}

impl Expansion<'_> {
    fn text(&mut self, file: FileId, commands: &[Command], mut directory: Option<String>) {
        for command in commands {
            if self.found.len() >= MAX_COMMANDS {
                return;
            }
            let at = directory.clone();
            if matches!(command.program(), "cd" | "pushd") {
                directory = at.and_then(|at| paths::join(&at, command.arguments().next().unwrap_or("$HOME")));
                continue;
            }
            let called = self.called(command, at.as_deref());
            let script = match called {
                Called::Program => Script::None,
                Called::Unknown => Script::Unknown,
                Called::Shell(_) | Called::Targets(..) => Script::Followed,
            };
            let callers = self.callers.clone();
            self.found.push(Invocation { file, command: command.clone(), directory: at.clone(), callers, script });
            self.follow(&called, Span::new(file, command.range), at);
        }
    }

    fn follow(&mut self, target: &Called, from: Span, directory: Option<String>) {
        if self.callers.len() >= MAX_DEPTH {
            return;
        }
        self.callers.push(from);
        let scripts = self.scripts;
        match target {
            Called::Shell(file) => {
                let commands = scripts.shell.get(file).map_or(&[][..], Vec::as_slice);
                self.text(*file, commands, directory);
            }
            Called::Targets(file, targets) => {
                let makefile = &scripts.makefiles[file];
                let directory = Some(self.sources.file(*file).directory().to_owned());
                for commands in makefile.run(targets) {
                    // Each recipe starts in the directory of the makefile again.
                    self.text(*file, commands, directory.clone());
                }
            }
            Called::Program | Called::Unknown => {}
        }
        self.callers.pop();
    }

    fn called(&self, command: &Command, directory: Option<&str>) -> Called {
        if command.program() == "make" {
            return self.make(command, directory);
        }
        let Some(path) = script_path(command) else { return Called::Program };
        let file = directory.and_then(|directory| self.sources.find(&paths::join(directory, path)?));
        let file = file.or_else(|| self.sources.find(&paths::join("", path)?));
        match file {
            Some(file) if self.scripts.shell.contains_key(&file) => Called::Shell(file),
            // A Python program is a program like any other; what it does is read elsewhere.
            Some(file) if is_named(self.sources.file(file).name(), &["py"]) => Called::Program,
            _ => Called::Unknown,
        }
    }

    fn make(&self, command: &Command, directory: Option<&str>) -> Called {
        let mut targets = Vec::new();
        let mut at = directory.map(str::to_owned);
        let mut arguments = command.arguments();
        while let Some(argument) = arguments.next() {
            match argument {
                "-C" | "--directory" => at = at.and_then(|at| paths::join(&at, arguments.next()?)),
                "-f" | "--file" | "--makefile" => return Called::Unknown,
                "-j" | "-l" => {}
                _ if argument.starts_with('-') || argument.contains('=') => {}
                _ => targets.push(argument.to_owned()),
            }
        }
        let Some(at) = at else { return Called::Unknown };
        let names = ["GNUmakefile", "makefile", "Makefile"];
        let files = names.iter().filter_map(|name| self.sources.find(&paths::join(&at, name)?));
        match files.into_iter().find_map(|file| self.scripts.makefiles.get_key_value(&file)) {
            Some((&file, makefile)) if makefile.knows(&targets) => Called::Targets(file, targets),
            _ => Called::Unknown,
        }
    }
}

/// What the program of a command is.
enum Called {
    Program,
    Shell(FileId),
    Targets(FileId, Vec<String>),
    Unknown,
}

/// The path of the script that a command runs: `./build.sh`, `bash -e build.sh`, `source env.sh`. What stands in a
/// virtual environment or outside the repository is a program, no script.
fn script_path(command: &Command) -> Option<&str> {
    // `poetry run ./scripts/test` runs the script in its environment.
    let program = crate::workflows::unwrapped(command).pop()?;
    let first = program.word.text.as_str();
    let path = match first {
        "bash" | "sh" | "zsh" | "dash" | "source" | "." | "/bin/bash" | "/bin/sh" => {
            let mut arguments =
                command.arguments().skip_while(|argument| argument.starts_with('-') && *argument != "-c");
            arguments.next().filter(|argument| *argument != "-c")?
        }
        _ => first,
    };
    let is_shell_call = path != first;
    let is_path = path.contains('/') || is_shell_call;
    let in_environment = path.contains("venv/") || path.contains("/bin/activate") || path.contains(".local/bin");
    (is_path && !in_environment && !path.starts_with(['/', '~', '$'])).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_of_github_becomes_a_variable_of_the_same_length() {
        assert_eq!(without_expressions("pip install ${{ a }} b"), "pip install $_______ b");
        assert_eq!(without_expressions("echo ${{ open"), "echo ${{ open");
    }

    #[test]
    fn tells_a_script_from_a_program() {
        let path = |text: &str| script_path(&pyaudit_shell::commands(text).0[0]).map(str::to_owned);
        assert_eq!(path("./build.sh").as_deref(), Some("./build.sh"));
        assert_eq!(path("bash -e build.sh").as_deref(), Some("build.sh"));
        assert_eq!(path("poetry run ./scripts/test").as_deref(), Some("./scripts/test"));
        for text in ["source .venv/bin/activate", "pip install x", "bash -c echo", "/usr/bin/pip"] {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
