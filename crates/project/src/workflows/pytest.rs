//! The plugins that options of pytest need, on the command line and in `addopts`.

use super::Context;
use crate::paths;
use pyaudit_data::Value;
use pyaudit_source::{FileId, Range, Span};

/// Options that a plugin brings, and its distribution. An option that ends with `*` stands for all that start so.
const OPTIONS: &[(&str, &str)] = &[
    ("--cov*", "pytest-cov"),
    ("--no-cov*", "pytest-cov"),
    ("-n", "pytest-xdist"),
    ("--numprocesses", "pytest-xdist"),
    ("--dist", "pytest-xdist"),
    ("--maxprocesses", "pytest-xdist"),
    ("--timeout", "pytest-timeout"),
    ("--timeout-method", "pytest-timeout"),
    ("--asyncio-mode", "pytest-asyncio"),
    ("--html", "pytest-html"),
    ("--self-contained-html", "pytest-html"),
    ("--reruns", "pytest-rerunfailures"),
    ("--reruns-delay", "pytest-rerunfailures"),
    ("--random-order*", "pytest-random-order"),
    ("--randomly-*", "pytest-randomly"),
    ("--ds", "pytest-django"),
    ("--reuse-db", "pytest-django"),
    ("--create-db", "pytest-django"),
    ("--benchmark-*", "pytest-benchmark"),
    ("--alluredir", "allure-pytest"),
    ("--json-report*", "pytest-json-report"),
    ("--forked", "pytest-forked"),
    ("--splits", "pytest-split"),
    ("--splitting-algorithm", "pytest-split"),
    ("--testmon*", "pytest-testmon"),
    ("--mypy*", "pytest-mypy"),
    ("--md-report*", "pytest-md-report"),
];

/// An option that needs a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needed {
    /// The distribution of the plugin.
    pub(super) distribution: &'static str,
    /// The option.
    pub(super) option: String,
    /// Where the option stands.
    pub(super) span: Span,
}

/// The plugin that an option needs.
pub(super) fn plugin(word: &str) -> Option<&'static str> {
    let option = word.split('=').next().unwrap_or(word);
    // `-nauto` and `-n4` are one word.
    let processes = option.strip_prefix("-n").is_some_and(|rest| rest == "auto" || rest.parse::<u32>().is_ok());
    if processes {
        return Some("pytest-xdist");
    }
    let fits = |known: &str| match known.strip_suffix('*') {
        Some(prefix) => option.starts_with(prefix),
        None => option == known,
    };
    OPTIONS.iter().find(|(known, _)| fits(known)).map(|&(_, distribution)| distribution)
}

/// The options in the configuration that pytest finds from a directory, up to the root.
pub(super) fn configured(context: &Context<'_>, directory: &str) -> Vec<Needed> {
    for at in paths::ancestors(directory) {
        for (name, section) in CONFIGURATIONS {
            let file = paths::join(at, name).and_then(|path| context.sources.find(&path));
            let Some((file, document)) = file.and_then(|file| Some((file, context.files.value(file)?))) else {
                continue;
            };
            if let Some(table) = document.at(section) {
                return table.get("addopts").map(|value| options(context, file, value)).unwrap_or_default();
            }
        }
    }
    Vec::new()
}

/// Where pytest looks, in its order. <https://docs.pytest.org/en/stable/reference/customize.html>
const CONFIGURATIONS: &[(&str, &[&str])] = &[
    ("pytest.ini", &["pytest"]),
    (".pytest.ini", &["pytest"]),
    ("pyproject.toml", &["tool", "pytest", "ini_options"]),
    ("tox.ini", &["pytest"]),
    ("setup.cfg", &["tool:pytest"]),
];

fn options(context: &Context<'_>, file: FileId, value: &Value) -> Vec<Needed> {
    let mut found = Vec::new();
    for text in value.strings().into_iter().filter_map(Value::as_text) {
        for word in text.text.split_whitespace() {
            let Some(distribution) = plugin(word) else { continue };
            let start = word.as_ptr() as usize - text.text.as_ptr() as usize;
            let range = Range::new(start as u32, (start + word.len()) as u32);
            let range = text.source_range(range).unwrap_or(value.range);
            let option = word.split('=').next().unwrap_or(word).to_owned();
            found.push(Needed { distribution, option, span: Span::new(file, range) });
        }
    }
    found.retain(|needed| !is_own_option(context, &needed.option));
    found
}

/// Whether a `conftest.py` of the repository adds the option itself.
pub(super) fn is_own_option(context: &Context<'_>, option: &str) -> bool {
    let modules = context.sources.files().filter(|(_, source)| source.name() == "conftest.py");
    let mut texts = modules.filter_map(|(file, _)| context.sources.text(file));
    texts.any(|text| text.contains("addoption") && text.contains(option))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_names_its_plugin() {
        for (word, expected) in [
            ("--cov=app", Some("pytest-cov")),
            ("--cov-report=xml", Some("pytest-cov")),
            ("-n", Some("pytest-xdist")),
            ("-nauto", Some("pytest-xdist")),
            ("-n4", Some("pytest-xdist")),
            ("--timeout=60", Some("pytest-timeout")),
            ("-q", None),
            ("--no-header", None),
            ("--durations=5", None),
        ] {
            assert_eq!(plugin(word), expected, "{word}");
        }
    }
}
