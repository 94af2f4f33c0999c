//! The programs in a command, under the runners around them, and the distribution that brings each.

use pyaudit_shell::{Command, Word};

/// One program of a command: `poetry run coverage run -m pytest -q` runs `poetry`, `coverage` and `pytest`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Program<'a> {
    /// Its name, without a directory.
    pub name: &'a str,
    /// The word that names it.
    pub word: &'a Word,
    /// The words after it.
    pub arguments: &'a [Word],
    /// Whether it comes with an environment of its own (`uvx`, `pipx run`).
    pub isolated: bool,
}

/// Programs that run another one, with the options that take a value.
const WRAPPERS: &[&str] = &[
    "sudo",
    "time",
    "nice",
    "nohup",
    "exec",
    "env",
    "command",
    "xvfb-run",
    "timeout",
    "ionice",
    "stdbuf",
    "retry",
    "unbuffer",
    "caffeinate",
    "doppler",
    "dotenv",
    "gosu",
    "su-exec",
];

/// Options of runners that take the next word as their value.
const WITH_VALUE: &[&str] = &[
    "--with",
    "--with-requirements",
    "--with-editable",
    "--group",
    "--only-group",
    "--no-group",
    "--extra",
    "--no-extra",
    "--python",
    "-p",
    "--project",
    "--directory",
    "-C",
    "-P",
    "--package",
    "--env-file",
    "--index",
    "--index-url",
    "--default-index",
    "--extra-index-url",
    "--from",
    "--spec",
    "--pip-args",
    "-X",
    "-W",
    "-n",
    "-s",
    "-k",
    "--source",
    "--rcfile",
    "--omit",
    "--include",
    "--data-file",
    "--concurrency",
    "--context",
    "-u",
    "-g",
    "-c",
    "--signal",
    "-f",
];

/// The programs of a command, from the outermost.
pub fn unwrapped(command: &Command) -> Vec<Program<'_>> {
    let mut found = Vec::new();
    let mut words = command.words.as_slice();
    let mut isolated = false;
    while let Some((word, rest)) = words.split_first() {
        let name = program_name(&word.text);
        found.push(Program { name, word, arguments: rest, isolated });
        let Some((next, own)) = inner(name, rest) else { break };
        isolated |= own;
        words = next;
    }
    found
}

/// The file name of a program: `.venv/bin/pytest` is `pytest`, `python3.12` is `python`, `pytest.exe` is `pytest`.
fn program_name(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    let name = name.strip_suffix(".exe").unwrap_or(name);
    for versioned in ["python", "pip", "pypy"] {
        let version = name.strip_prefix(versioned);
        if version.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')) {
            return &name[..versioned.len()];
        }
    }
    // Environments of hatch stand before the program: `hatch run test:pytest`.
    name.rsplit(':').next().unwrap_or(name)
}

/// The words of the program that a runner runs, and whether it brings that program itself.
fn inner<'a>(name: &str, arguments: &'a [Word]) -> Option<(&'a [Word], bool)> {
    let first = arguments.first().map_or("", |word| word.text.as_str());
    let after = |count: usize| arguments.get(count..);
    match name {
        "command" if first.starts_with('-') => None,
        "timeout" => after_options(arguments).and_then(|rest| rest.get(1..)).map(|rest| (rest, false)),
        _ if WRAPPERS.contains(&name) => after_options(arguments).map(|rest| (rest, false)),
        "poetry" | "pipenv" | "pdm" | "rye" | "pixi" => {
            let at = arguments.iter().position(|word| word.text == "run")?;
            after(at + 1).and_then(after_options).map(|rest| (rest, false))
        }
        "uv" => {
            let rest = after_options(arguments)?;
            match (rest.first()?.text.as_str(), rest.get(1).map(|word| word.text.as_str())) {
                ("run", _) => module_or_program(rest.get(1..)?).map(|rest| (rest, false)),
                ("tool", Some("run")) => after_options(rest.get(2..)?).map(|rest| (rest, true)),
                _ => None,
            }
        }
        "uvx" => after_options(arguments).map(|rest| (rest, true)),
        "pipx" if first == "run" => after(1).and_then(after_options).map(|rest| (rest, true)),
        "hatch" if first == "run" => after(1).and_then(after_options).map(|rest| (rest, false)),
        "python" | "pypy" | "py" => module(arguments).map(|rest| (rest, false)),
        "coverage" if first == "run" => module(arguments.get(1..)?).map(|rest| (rest, false)),
        _ => None,
    }
}

/// The words after the options that stand first. `NAME=value` counts as an option, for `env`.
fn after_options(words: &[Word]) -> Option<&[Word]> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let text = word.text.as_str();
        if text == "--" {
            return words.get(at + 1..);
        }
        if text.starts_with('-') {
            at += if WITH_VALUE.contains(&text) { 2 } else { 1 };
        } else if text.split_once('=').is_some_and(|(name, _)| is_variable(name)) {
            at += 1;
        } else {
            return words.get(at..);
        }
    }
    None
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `-m module …` among the options of an interpreter.
fn module(words: &[Word]) -> Option<&[Word]> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        match word.text.as_str() {
            "-m" | "--module" => return words.get(at + 1..),
            text if !text.starts_with('-') => return None,
            text => at += if WITH_VALUE.contains(&text) && text != "-c" { 2 } else { 1 },
        }
    }
    None
}

/// What `uv run` runs: a program, or a module after `-m`.
fn module_or_program(words: &[Word]) -> Option<&[Word]> {
    module(words).or_else(|| after_options(words))
}

/// Programs that a Python distribution brings, and its name.
const TOOLS: &[(&str, &str)] = &[
    ("pytest", "pytest"),
    ("py.test", "pytest"),
    ("coverage", "coverage"),
    ("ruff", "ruff"),
    ("black", "black"),
    ("flake8", "flake8"),
    ("isort", "isort"),
    ("mypy", "mypy"),
    ("dmypy", "mypy"),
    ("pylint", "pylint"),
    ("pyright", "pyright"),
    ("bandit", "bandit"),
    ("safety", "safety"),
    ("pip-audit", "pip-audit"),
    ("pip_audit", "pip-audit"),
    ("alembic", "alembic"),
    ("tox", "tox"),
    ("nox", "nox"),
    ("pre-commit", "pre-commit"),
    ("pre_commit", "pre-commit"),
    ("autoflake", "autoflake"),
    ("pydocstyle", "pydocstyle"),
    ("pycodestyle", "pycodestyle"),
    ("vulture", "vulture"),
    ("interrogate", "interrogate"),
    ("behave", "behave"),
    ("locust", "locust"),
    ("schemathesis", "schemathesis"),
    ("coveralls", "coveralls"),
];

/// The distribution that brings a program, for the tools of tests, linting and migrations.
pub(super) fn distribution(program: &str) -> Option<&'static str> {
    TOOLS.iter().find(|(name, _)| *name == program).map(|&(_, distribution)| distribution)
}

/// Whether installing `installed` also installs `wanted`, as far as it is well known.
pub(super) fn brings(installed: &str, wanted: &str) -> bool {
    let plugin_of = |tool: &str| installed.strip_prefix(tool).is_some_and(|rest| rest.starts_with('-'));
    installed == wanted
        || match wanted {
            "pytest" => {
                plugin_of("pytest")
                    || matches!(installed, "allure-pytest" | "schemathesis" | "nbval" | "syrupy" | "tavern")
            }
            "coverage" => matches!(installed, "pytest-cov" | "coveralls" | "codecov" | "diff-cover"),
            "flake8" => {
                plugin_of("flake8")
                    || matches!(installed, "wemake-python-styleguide" | "pyproject-flake8" | "prospector")
            }
            "pylint" => plugin_of("pylint") || installed == "prospector",
            "pycodestyle" => matches!(installed, "flake8" | "autopep8" | "python-lsp-server"),
            "alembic" => matches!(installed, "flask-migrate" | "advanced-alchemy" | "litestar"),
            "mypy" => matches!(installed, "django-stubs" | "pytest-mypy" | "pytest-mypy-plugins"),
            "bandit" | "ruff" | "black" | "isort" => installed == "prospector",
            "tox" => plugin_of("tox"),
            "nox" => plugin_of("nox"),
            "hypothesis" => installed == "schemathesis",
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let (commands, _) = pyaudit_shell::commands(text);
        let isolated = |each: &Program<'_>| format!("{}{}", each.name, if each.isolated { "!" } else { "" });
        unwrapped(&commands[0]).iter().map(isolated).collect()
    }

    #[test]
    fn finds_the_program_under_its_runners() {
        assert_eq!(names("pytest -q"), ["pytest"]);
        assert_eq!(names(".venv/bin/python3.12 -W error -m pytest"), ["python", "pytest"]);
        assert_eq!(names("poetry run coverage run --source app -m pytest"), ["poetry", "coverage", "pytest"]);
        assert_eq!(names("uv run --group test --with x pytest"), ["uv", "pytest"]);
        assert_eq!(names("uv run -m pytest"), ["uv", "pytest"]);
        assert_eq!(names("uvx --from pytest pytest -q"), ["uvx", "pytest!"]);
        assert_eq!(names("uv tool run ruff check"), ["uv", "ruff!"]);
        assert_eq!(names("pipx run black ."), ["pipx", "black!"]);
        assert_eq!(names("sudo -E env A=1 pip3 install x"), ["sudo", "env", "pip"]);
        assert_eq!(names("timeout 60 pytest"), ["timeout", "pytest"]);
        assert_eq!(names("hatch run test:pytest -q"), ["hatch", "pytest"]);
        assert_eq!(names("docker compose run app pytest"), ["docker"]);
        assert_eq!(names("python manage.py test"), ["python"]);
        assert_eq!(names("command -v pytest"), ["command"]);
    }

    #[test]
    fn a_plugin_brings_the_tool_it_extends() {
        assert!(brings("pytest-asyncio", "pytest") && brings("pytest-cov", "coverage"));
        assert!(!brings("pytester", "pytest") && !brings("pytest", "pytest-cov"));
    }
}
