//! What a command changes in the Python environment: the installers and their options.

use super::pip::{file, pip, requested};
use super::tools::Program;
use pyaudit_data::requirements::normalise_name;
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
    fn options_of_pip_are_no_requirements() {
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
