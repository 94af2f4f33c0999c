//! What a command changes in the Python environment: the installers and their options.

use super::tools::Program;
use crate::dependencies::Pin;
use pyaudit_data::requirements::{normalise_name, parse_requirement};
use pyaudit_shell::Word;
use std::collections::BTreeSet;

/// One thing that a command installs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// A distribution with extras, normalised.
    Distribution {
        /// The name.
        name: String,
        /// The extras.
        extras: Vec<String>,
    },
    /// A requirements file, relative to the working directory.
    File(String),
    /// The project in a directory, relative to the working directory.
    Project {
        /// The directory.
        path: String,
        /// The extras.
        extras: Vec<String>,
    },
    /// The project around a directory, as its own tool installs it.
    Environment {
        /// The directory, relative to the working directory.
        path: String,
        /// How it installs.
        installer: Installer,
    },
    /// Something that cannot be followed.
    Unknown,
}

/// How a project's own tool installs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Installer {
    /// pip: runtime and the extras.
    Pip {
        /// The extras, normalised.
        extras: Vec<String>,
    },
    /// Poetry, uv or PDM.
    Project {
        /// Whether what the application needs to run is installed.
        main: bool,
        /// The groups.
        groups: Groups,
        /// The extras, normalised.
        extras: Vec<String>,
        /// Whether every extra is installed.
        all_extras: bool,
    },
    /// Pipenv.
    Pipenv,
    /// conda with an environment file.
    Conda,
    /// hatch, which makes its environments itself.
    Hatch,
}

/// The dependency groups that are installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Groups {
    /// All but these.
    AllBut(BTreeSet<String>),
    /// These alone.
    Only(BTreeSet<String>),
}

impl Groups {
    /// Whether a group is installed.
    pub(super) fn hold(&self, group: &str) -> bool {
        match self {
            Self::AllBut(without) => !without.contains(group),
            Self::Only(only) => only.contains(group),
        }
    }
}

/// Programs that may install anything.
const UNKNOWN: &[&str] = &[
    "task",
    "just",
    "invoke",
    "inv",
    "doit",
    "poe",
    "duty",
    "mise",
    "devbox",
    "nix",
    "nix-shell",
    "pixi",
    "rye",
    "bazel",
    "pants",
    "earthly",
    "dagger",
    "eval",
    "xargs",
    "rtx",
    "asdf",
    "pip-sync",
];

/// Options of pip and uv that take the next word as their value and install nothing.
const PIP_VALUES: &[&str] = &[
    "-c",
    "--constraint",
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "-t",
    "--target",
    "--python",
    "-p",
    "--prefix",
    "--root",
    "--platform",
    "--python-version",
    "--upgrade-strategy",
    "--no-binary",
    "--only-binary",
    "--progress-bar",
    "--timeout",
    "--retries",
    "--trusted-host",
    "--proxy",
    "--cache-dir",
    "--log",
    "--config-settings",
    "-C",
    "--resolution",
    "--exclude-newer",
    "--prerelease",
    "--index-strategy",
    "--link-mode",
    "--torch-backend",
    "--index",
    "--default-index",
    "--override",
    "--python-platform",
    "--reinstall-package",
    "--build-constraint",
    "-b",
    "--implementation",
    "--abi",
];

/// Everything that a program installs.
pub(super) fn changes(program: &Program<'_>) -> Vec<Change> {
    let words = program.arguments;
    let command = words.iter().find(|word| !word.text.starts_with('-')).map_or("", |word| word.text.as_str());
    let after = |name: &str| words.iter().position(|word| word.text == name).map_or(&[][..], |at| &words[at + 1..]);
    match program.name {
        name if name.contains('$') || UNKNOWN.contains(&name) => vec![Change::Unknown],
        "pip" | "brew" if command == "install" => pip(after("install")),
        "uv" => uv(command, words),
        "poetry" => poetry(command, words),
        "pdm" if matches!(command, "install" | "sync") => vec![environment(words, project(words, &["--group", "-G"]))],
        "pdm" | "pipenv" if command == "add" => pip(after("add")),
        "pipenv" if matches!(command, "install" | "sync" | "update") => {
            let mut changes = pip(after(command));
            changes.push(environment(&[], Installer::Pipenv));
            changes
        }
        "hatch" => vec![environment(&[], Installer::Hatch)],
        "pipx" if matches!(command, "install" | "inject") => pip(after(command)),
        "conda" | "mamba" | "micromamba" => conda(words),
        "apt" | "apt-get" | "apk" | "dnf" | "yum" if words.iter().any(|word| is_system_tool(&word.text)) => {
            vec![Change::Unknown]
        }
        "python" => python(words),
        _ => Vec::new(),
    }
}

/// Whether a package of the system may bring a Python tool.
fn is_system_tool(package: &str) -> bool {
    let known =
        ["python3-pip", "python3-venv", "python3-dev", "python3-setuptools", "python3-distutils", "python3-wheel"];
    (package.starts_with("python3-") || package.starts_with("py3-") || package == "pipx") && !known.contains(&package)
}

/// A Python program that is named like one that installs.
fn python(words: &[Word]) -> Vec<Change> {
    let script = words.iter().find(|word| !word.text.starts_with('-')).map_or("", |word| word.text.as_str());
    if script == "setup.py" && words.iter().any(|word| matches!(word.text.as_str(), "install" | "develop")) {
        return vec![Change::Project { path: ".".to_owned(), extras: Vec::new() }];
    }
    let module = words.iter().any(|word| word.text == "-m");
    let installs = ["install", "bootstrap", "setup", "deps"].iter().any(|name| script.contains(name));
    if !module && script.contains(".py") && installs { vec![Change::Unknown] } else { Vec::new() }
}

/// One argument of an installer.
enum Argument<'a> {
    /// A requirement, path or URL.
    Positional(&'a Word),
    /// An option, and its value if it takes one.
    Option(&'a str, Option<&'a str>),
}

/// The arguments of `pip install`, each option with its value.
fn arguments(words: &[Word]) -> Vec<Argument<'_>> {
    const FILES: &[&str] = &["-r", "--requirement", "--requirements", "-e", "--editable", "--group"];
    let mut found = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if !text.starts_with('-') {
            found.push(Argument::Positional(word));
        } else if let Some((option, value)) = text.split_once('=').filter(|_| text.starts_with("--")) {
            found.push(Argument::Option(option, Some(value)));
        } else if FILES.contains(&text) || PIP_VALUES.contains(&text) {
            found.push(Argument::Option(text, words.next().map(|value| value.text.as_str())));
        } else if let Some(path) = text.strip_prefix("-r").filter(|path| !path.is_empty()) {
            found.push(Argument::Option("-r", Some(path)));
        } else {
            found.push(Argument::Option(text, None));
        }
    }
    found
}

/// What `pip install` installs.
fn pip(words: &[Word]) -> Vec<Change> {
    let mut changes = Vec::new();
    for argument in arguments(words) {
        match argument {
            Argument::Positional(word) => changes.push(requested(&word.text)),
            Argument::Option("-r" | "--requirement" | "--requirements", path) => {
                changes.push(file(path.unwrap_or("$")));
            }
            Argument::Option("-e" | "--editable", path) => changes.push(requested(path.unwrap_or("$"))),
            Argument::Option("--group" | "--extra" | "--all-extras", _) => changes.push(Change::Unknown),
            Argument::Option(..) => {}
        }
    }
    changes
}

/// The distributions that a command installs by name without settling their versions, each with its word; none where
/// a constraints file may settle them.
pub(super) fn unsettled<'a>(program: &Program<'a>) -> Vec<(String, &'a Word)> {
    let words = program.arguments;
    let at = |name: &str| words.iter().position(|word| word.text == name).map_or(&[][..], |at| &words[at + 1..]);
    let words = match program.name {
        "pip" => at("install"),
        "uv" if words.first().is_some_and(|word| word.text == "pip") => at("install"),
        "uv" if words.first().is_some_and(|word| word.text == "run") => at("--with").get(..1).unwrap_or(&[]),
        _ => return Vec::new(),
    };
    let arguments = arguments(words);
    let constrained =
        |argument: &Argument<'_>| matches!(argument, Argument::Option("-c" | "--constraint" | "--constraints", _));
    if arguments.iter().any(constrained) {
        return Vec::new();
    }
    let words = arguments.into_iter().filter_map(|argument| match argument {
        Argument::Positional(word) => Some(word),
        Argument::Option(..) => None,
    });
    let names = words.filter_map(|word| {
        let requirement = parse_requirement(&word.text).ok().filter(|_| !word.text.contains(['$', '/']))?;
        let unsettled = !requirement.name.is_empty() && !Pin::of_requirement(&requirement).is_settled();
        unsettled.then(|| (normalise_name(&requirement.name), word))
    });
    names.collect()
}

fn file(path: &str) -> Change {
    if path.contains(['$', '<']) || path.starts_with('/') || path == "-" {
        Change::Unknown
    } else {
        Change::File(path.to_owned())
    }
}

/// One requirement of a command: a name, a path, or a URL.
fn requested(word: &str) -> Change {
    if word.contains('$') || word.contains('*') && !word.contains("==") {
        return Change::Unknown;
    }
    let is_path = word == "."
        || word.starts_with("./")
        || word.starts_with("../")
        || word.starts_with(".[")
        || word.ends_with('/');
    if is_path || (word.contains('/') && !word.contains("://") && !word.contains('@')) {
        let (path, extras) = word.split_once('[').unwrap_or((word, ""));
        let extras = extras.trim_end_matches(']').split(',').map(str::trim).filter(|extra| !extra.is_empty());
        return Change::Project { path: path.to_owned(), extras: extras.map(normalise_name).collect() };
    }
    match parse_requirement(word) {
        Ok(requirement) if !requirement.name.is_empty() => Change::Distribution {
            name: normalise_name(&requirement.name),
            extras: requirement.extras.iter().map(|extra| normalise_name(extra)).collect(),
        },
        _ => Change::Unknown,
    }
}

/// The commands of uv.
fn uv(command: &str, words: &[Word]) -> Vec<Change> {
    let second = words.iter().filter(|word| !word.text.starts_with('-')).nth(1).map_or("", |word| word.text.as_str());
    let after = |name: &str| words.iter().position(|word| word.text == name).map_or(&[][..], |at| &words[at + 1..]);
    match (command, second) {
        ("pip", "install") => pip(after("install")),
        ("pip", "sync") => {
            after("sync").iter().filter(|word| !word.text.starts_with('-')).map(|word| file(&word.text)).collect()
        }
        ("tool", "install") | ("add", _) => pip(after(second_or(command, second))),
        ("sync", _) => vec![environment(words, project(words, &["--group"]))],
        ("run", _) => {
            let with = values(words, &["--with", "--with-editable"]);
            let mut changes: Vec<Change> = with.iter().flat_map(|value| value.split(',')).map(requested).collect();
            changes.extend(values(words, &["--with-requirements"]).iter().map(|path| file(path)));
            // A script with its own metadata, or none at all, leaves the project alone.
            if !words.iter().any(|word| matches!(word.text.as_str(), "--no-project" | "--script" | "--no-sync")) {
                changes.push(environment(words, project(words, &["--group"])));
            }
            changes
        }
        _ => Vec::new(),
    }
}

fn second_or<'a>(command: &'a str, second: &'a str) -> &'a str {
    if command == "tool" { second } else { command }
}

/// The commands of Poetry.
fn poetry(command: &str, words: &[Word]) -> Vec<Change> {
    let after = |name: &str| words.iter().position(|word| word.text == name).map_or(&[][..], |at| &words[at + 1..]);
    match command {
        "install" | "sync" => vec![environment(words, project(words, &["--with"]))],
        "add" => pip(after("add")),
        _ => Vec::new(),
    }
}

/// How Poetry, uv or PDM installs, from its options. The groups are rather too many than too few: what only a
/// configuration leaves out is taken as installed.
fn project(words: &[Word], group: &[&str]) -> Installer {
    let has = |names: &[&str]| words.iter().any(|word| names.contains(&word.text.as_str()));
    let only = list(&values(words, &["--only", "--only-group"]));
    let without = list(&values(words, &["--without", "--no-group"]));
    let with = list(&values(words, group));
    let groups = if has(&["--only-dev"]) {
        Groups::Only(BTreeSet::from(["dev".to_owned()]))
    } else if !only.is_empty() {
        Groups::Only(only.clone())
    } else if has(&["--no-dev", "--no-default-groups", "--prod", "--production", "--only-main", "--only-root"]) {
        Groups::Only(with)
    } else {
        Groups::AllBut(without)
    };
    let extras = values(words, &["-E", "--extras", "--extra"]);
    let extras = extras.iter().flat_map(|value| value.split([' ', ','])).filter(|extra| !extra.is_empty());
    Installer::Project {
        main: (only.is_empty() && !has(&["--only-dev"])) || only.contains("main"),
        groups,
        extras: extras.map(normalise_name).collect(),
        all_extras: has(&["--all-extras"]),
    }
}

/// The values of options, given as the next word or after `=`. What follows the program that a runner runs is not told
/// from its own options.
fn values<'a>(words: &'a [Word], options: &[&str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if options.contains(&word.text.as_str()) {
            found.extend(words.get(at + 1).map(|value| value.text.as_str()));
        } else if let Some((option, value)) = word.text.split_once('=')
            && options.contains(&option)
        {
            found.push(value);
        }
    }
    found
}

fn list(values: &[&str]) -> BTreeSet<String> {
    values
        .iter()
        .flat_map(|value| value.split([',', ' ']))
        .filter(|name| !name.is_empty())
        .map(normalise_name)
        .collect()
}

/// The project around the working directory, or around the one that an option names.
fn environment(words: &[Word], installer: Installer) -> Change {
    let path = values(words, &["--project", "--directory", "-C", "-P"]).first().map_or(".", |path| path);
    if path.contains('$') { Change::Unknown } else { Change::Environment { path: path.to_owned(), installer } }
}

fn conda(words: &[Word]) -> Vec<Change> {
    let command = words.iter().find(|word| !word.text.starts_with('-')).map_or("", |word| word.text.as_str());
    match command {
        "env" | "create" | "update" => vec![environment(&[], Installer::Conda)],
        "install" => {
            let rest = words.iter().position(|word| word.text == "install").map_or(&[][..], |at| &words[at + 1..]);
            let mut names = rest.iter().filter(|word| !word.text.starts_with('-')).peekable();
            if names.peek().is_none() {
                vec![Change::Unknown]
            } else {
                names.map(|word| requested(&word.text)).collect()
            }
        }
        "activate" | "init" | "info" | "list" | "config" | "run" => Vec::new(),
        _ => vec![Change::Unknown],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyaudit_source::Range;

    fn changes_of(text: &str) -> Vec<Change> {
        let words: Vec<Word> =
            text.split(' ').map(|text| Word { text: text.to_owned(), range: Range::default() }).collect();
        let program =
            Program { name: text.split(' ').next().unwrap(), word: &words[0], arguments: &words[1..], isolated: false };
        changes(&program)
    }

    #[test]
    fn options_of_pip_are_no_pip() {
        assert_eq!(
            changes_of("pip install -U --index-url https://x -r a.txt -rb.txt --requirement=c.txt -c d.txt"),
            [Change::File("a.txt".into()), Change::File("b.txt".into()), Change::File("c.txt".into())]
        );
    }

    #[test]
    fn a_path_is_a_project_and_a_variable_is_unknown() {
        let project = |path: &str, extras: &[&str]| Change::Project {
            path: path.to_owned(),
            extras: extras.iter().map(|&extra| extra.to_owned()).collect(),
        };
        assert_eq!(
            changes_of("pip install -e .[dev,test] ./lib"),
            [project(".", &["dev", "test"]), project("./lib", &[])]
        );
        assert_eq!(changes_of("pip install $DEPS"), [Change::Unknown]);
        assert_eq!(changes_of("uv pip install -e ."), [project(".", &[])]);
        assert_eq!(changes_of("task test"), [Change::Unknown]);
        assert_eq!(changes_of("echo pip install x"), []);
    }

    #[test]
    fn the_options_of_poetry_and_uv_choose_the_groups() {
        let groups = |text: &str| match &changes_of(text)[0] {
            Change::Environment { installer: Installer::Project { main, groups, .. }, .. } => {
                (*main, groups.hold("dev"), groups.hold("docs"))
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(groups("poetry install"), (true, true, true));
        assert_eq!(groups("poetry install --without dev"), (true, false, true));
        assert_eq!(groups("poetry install --only main"), (true, false, false));
        assert_eq!(groups("poetry install --no-dev"), (true, false, false));
        assert_eq!(groups("uv sync --only-group docs"), (false, false, true));
        assert_eq!(groups("uv sync --no-dev --group docs"), (true, false, true));
    }
}
