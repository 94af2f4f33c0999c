//! The arguments of `pip install`, which uv and others take as well.

use super::commands::Change;
use super::tools::Program;
use crate::dependencies::Pin;
use pyaudit_data::requirements::{normalise_name, parse_requirement};
use pyaudit_shell::Word;

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
pub(super) fn pip(words: &[Word]) -> Vec<Change> {
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

pub(super) fn file(path: &str) -> Change {
    if path.contains(['$', '<']) || path.starts_with('/') || path == "-" {
        Change::Unknown
    } else {
        Change::File(path.to_owned())
    }
}

/// One requirement of a command: a name, a path, or a URL.
pub(super) fn requested(word: &str) -> Change {
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
