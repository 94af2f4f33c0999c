//! Each file as plain data by itself: which reader a path gets, and the map over all files.

use crate::LookedAt;
use crate::proxies::is_front;
use pyaudit_data::dockerfile::Dockerfile;
use pyaudit_data::{Value, dockerfile, dotenv, ini, json, requirements, toml, yaml};
use pyaudit_source::{FileId, ParseProblem, Phase, Problem, Sources, Span};
use rayon::prelude::*;
use std::sync::Arc;

/// The plain data of one file.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// A Python module.
    Python(Arc<pyaudit_python::Module>),
    /// YAML documents.
    Yaml(Vec<Value>),
    /// A TOML table.
    Toml(Value),
    /// A JSON value.
    Json(Value),
    /// An INI file: sections of strings.
    Ini(Value),
    /// A file of environment variables.
    Dotenv(Value),
    /// A Dockerfile.
    Dockerfile(Dockerfile),
    /// A requirements file.
    Requirements(Vec<requirements::Line>),
}

/// The plain data of every file that has some, and what could not be parsed.
#[derive(Debug, Default)]
pub struct Files {
    data: Vec<Option<Data>>,
    pub(crate) problems: Vec<Problem>,
}

impl Files {
    /// The plain data of a file; `None` where it was not read or not understood.
    pub fn get(&self, file: FileId) -> Option<&Data> {
        self.data.get(file.0 as usize)?.as_ref()
    }

    /// The Python module in a file.
    pub fn python(&self, file: FileId) -> Option<&Arc<pyaudit_python::Module>> {
        match self.get(file)? {
            Data::Python(module) => Some(module),
            _ => None,
        }
    }

    /// The documents of a YAML file; none for any other file.
    pub fn yaml(&self, file: FileId) -> &[Value] {
        match self.get(file) {
            Some(Data::Yaml(documents)) => documents,
            _ => &[],
        }
    }

    /// The one value of a TOML, JSON, INI or dotenv file.
    pub fn value(&self, file: FileId) -> Option<&Value> {
        match self.get(file)? {
            Data::Toml(value) | Data::Json(value) | Data::Ini(value) | Data::Dotenv(value) => Some(value),
            _ => None,
        }
    }
}

/// The reader that a file gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Python,
    Yaml,
    Toml,
    Json,
    Ini,
    Dotenv,
    Dockerfile,
    Requirements,
    /// Read as text, for the joins that look into it themselves: Makefiles, Procfiles, shell scripts, ignore files.
    Text,
}

/// How many problems of one file are told one by one.
const MAX_PROBLEMS_PER_FILE: usize = 3;

/// Files that are known by their whole name.
const BY_NAME: &[(&str, Reader)] = &[
    ("pyproject.toml", Reader::Toml),
    ("pyaudit.toml", Reader::Toml),
    ("ruff.toml", Reader::Toml),
    (".ruff.toml", Reader::Toml),
    ("uv.toml", Reader::Toml),
    ("Pipfile", Reader::Toml),
    ("poetry.lock", Reader::Toml),
    ("uv.lock", Reader::Toml),
    ("pdm.lock", Reader::Toml),
    ("fly.toml", Reader::Toml),
    ("railway.toml", Reader::Toml),
    ("Pipfile.lock", Reader::Json),
    ("railway.json", Reader::Json),
    ("app.json", Reader::Json),
    ("setup.cfg", Reader::Ini),
    ("tox.ini", Reader::Ini),
    ("pytest.ini", Reader::Ini),
    (".pytest.ini", Reader::Ini),
    ("alembic.ini", Reader::Ini),
    ("mypy.ini", Reader::Ini),
    (".mypy.ini", Reader::Ini),
    (".flake8", Reader::Ini),
    (".pylintrc", Reader::Ini),
    ("pylintrc", Reader::Ini),
    (".coveragerc", Reader::Ini),
    (".isort.cfg", Reader::Ini),
    ("render.yaml", Reader::Yaml),
    ("render.yml", Reader::Yaml),
    (".gitlab-ci.yml", Reader::Yaml),
    (".pre-commit-config.yaml", Reader::Yaml),
    (".pre-commit-config.yml", Reader::Yaml),
    ("environment.yml", Reader::Yaml),
    ("environment.yaml", Reader::Yaml),
    ("action.yml", Reader::Yaml),
    ("action.yaml", Reader::Yaml),
    ("Procfile", Reader::Text),
    ("Makefile", Reader::Text),
    ("makefile", Reader::Text),
    ("GNUmakefile", Reader::Text),
    ("justfile", Reader::Text),
    ("Justfile", Reader::Text),
    ("runtime.txt", Reader::Text),
    (".python-version", Reader::Text),
    (".gitignore", Reader::Text),
    (".dockerignore", Reader::Text),
    ("requirements.in", Reader::Requirements),
];

/// The reader for the file at a path relative to the root, if its path means something to the project.
fn reader(path: &str) -> Option<Reader> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let known = BY_NAME.iter().find(|(known, _)| *known == name).map(|&(_, reader)| reader);
    known.or_else(|| reader_by_shape(path, name))
}

/// The reader for a file that is known by the shape of its name or by the directory it stands in.
fn reader_by_shape(path: &str, name: &str) -> Option<Reader> {
    let lower = name.to_ascii_lowercase();
    let (stem, extension) = lower.rsplit_once('.').unwrap_or((&lower, ""));
    match extension {
        "py" | "pyi" => return Some(Reader::Python),
        "yml" | "yaml" if is_yaml_of_interest(path, stem) => return Some(Reader::Yaml),
        "sh" | "bash" | "mk" => return Some(Reader::Text),
        // Scripts without a suffix, as CI steps call them (`./scripts/test`).
        "" if matches!(path.rsplit('/').nth(1), Some("scripts" | "script" | "ci")) => return Some(Reader::Text),
        "toml" if name.starts_with("pylock.") => return Some(Reader::Toml),
        "txt" | "in" if is_requirements(path, stem) => return Some(Reader::Requirements),
        "ini" if stem.contains("alembic") => return Some(Reader::Ini),
        _ => {}
    }
    if is_env_file(&lower) {
        return Some(Reader::Dotenv);
    }
    let is_dockerfile = lower == "dockerfile"
        || lower == "containerfile"
        || (lower.starts_with("dockerfile.") && !lower.ends_with(".dockerignore"))
        || lower.ends_with(".dockerfile");
    if is_dockerfile {
        return Some(Reader::Dockerfile);
    }
    is_front(path).then_some(Reader::Text)
}

/// Whether a YAML file is a workflow, a composite action or a compose file.
fn is_yaml_of_interest(path: &str, stem: &str) -> bool {
    path.contains(".github/workflows/")
        || path.contains(".github/actions/")
        || stem.starts_with("docker-compose")
        || stem.starts_with("compose")
        || path.contains(".gitlab/")
}

/// Whether a text file holds requirement lines, by its name or its directory.
fn is_requirements(path: &str, stem: &str) -> bool {
    let directory = path.rsplit('/').nth(1).unwrap_or("");
    let by_name = stem.split(['-', '_', '.']).any(|word| matches!(word, "requirements" | "constraints"));
    by_name || matches!(directory, "requirements" | "reqs")
}

/// Whether a file of this lower-case name holds environment variables: `.env`, `.env.production`, `prod.env`.
fn is_env_file(name: &str) -> bool {
    let is_code = name.ends_with(".py") || name.ends_with(".sh") || name.ends_with(".ts") || name.ends_with(".js");
    let is_env = name == ".env"
        || name == "env.example"
        || name.starts_with(".env.")
        || name.starts_with(".env-")
        || name.starts_with(".env_")
        || name.ends_with(".env");
    is_env && !is_code
}

/// Whether a reader turns the file at this path into plain data, or a join of the project looks into it.
pub(crate) fn has_reader(path: &str) -> bool {
    reader(path).is_some()
}

/// Whether the text of the file at this path means something to the project, so that it is read.
pub fn is_wanted(path: &str) -> bool {
    has_reader(path) || LookedAt::of_path(path).is_some()
}

/// Turns each file into plain data, in parallel. The result does not depend on the number of threads.
pub fn analyse(sources: &Sources) -> Files {
    let ids: Vec<FileId> = sources.files().map(|(id, _)| id).collect();
    let read: Vec<(Option<Data>, Vec<ParseProblem>)> = ids.par_iter().map(|&id| analyse_file(sources, id)).collect();
    let mut files = Files::default();
    for (id, (data, problems)) in ids.into_iter().zip(read) {
        files.data.push(data);
        files.problems.extend(cap(problems).into_iter().map(|problem| locate(id, problem)));
    }
    files
}

/// The first problems of a file, and how many more there are: a template with braces on every line is told once.
fn cap(mut problems: Vec<ParseProblem>) -> Vec<ParseProblem> {
    let more = problems.len().saturating_sub(MAX_PROBLEMS_PER_FILE);
    problems.truncate(MAX_PROBLEMS_PER_FILE);
    if let Some(last) = problems.last_mut().filter(|_| more > 0) {
        last.message = format!("{}, and {more} more problems in this file", last.message);
    }
    problems
}

/// One file as plain data. It depends on the path and the text alone.
fn analyse_file(sources: &Sources, id: FileId) -> (Option<Data>, Vec<ParseProblem>) {
    let Some((reader, text)) = reader(&sources.file(id).path).zip(sources.text(id)) else {
        return (None, Vec::new());
    };
    match reader {
        Reader::Python => {
            let mut module = pyaudit_python::parse(text);
            let problems = std::mem::take(&mut module.problems);
            (Some(Data::Python(Arc::new(module))), problems)
        }
        Reader::Yaml => wrap(yaml::parse(text), |documents| Some(Data::Yaml(documents))),
        Reader::Toml => wrap(toml::parse(text), |value| value.map(Data::Toml)),
        Reader::Json => wrap(json::parse(text), |value| value.map(Data::Json)),
        Reader::Ini => wrap(ini::parse(text), |value| value.map(Data::Ini)),
        Reader::Dotenv => wrap(dotenv::parse(text), |value| value.map(Data::Dotenv)),
        Reader::Dockerfile => wrap(dockerfile::parse(text), |file| Some(Data::Dockerfile(file))),
        Reader::Requirements => analyse_requirements(text),
        Reader::Text => (None, Vec::new()),
    }
}

/// Requirement lines; nothing at all where most lines are something else, as in a page of documentation that is named
/// `constraints.txt`.
fn analyse_requirements(text: &str) -> (Option<Data>, Vec<ParseProblem>) {
    let (lines, problems) = requirements::parse(text);
    if problems.len() > lines.len() { (None, Vec::new()) } else { (Some(Data::Requirements(lines)), problems) }
}

/// Wraps the result of a reader, leaving its problems beside it.
fn wrap<T>(
    (value, problems): (T, Vec<ParseProblem>),
    data: impl FnOnce(T) -> Option<Data>,
) -> (Option<Data>, Vec<ParseProblem>) {
    (data(value), problems)
}

/// A problem of one text as a problem of a file.
fn locate(file: FileId, problem: ParseProblem) -> Problem {
    let span = problem.range.map_or(Span::file(file), |range| Span::new(file, range));
    Problem { span: Some(span), path: None, phase: Phase::Parse, message: problem.message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_decides_the_reader() {
        let cases = [
            ("app/main.py", Some(Reader::Python)),
            ("backend/requirements/dev.txt", Some(Reader::Requirements)),
            ("requirements-test.txt", Some(Reader::Requirements)),
            ("docs/notes.txt", None),
            (".github/workflows/ci.yml", Some(Reader::Yaml)),
            ("config/data.yaml", None),
            ("docker-compose.prod.yml", Some(Reader::Yaml)),
            (".env.production", Some(Reader::Dotenv)),
            ("deploy/prod.env", Some(Reader::Dotenv)),
            ("docker/Dockerfile.worker", Some(Reader::Dockerfile)),
            ("docker/Dockerfile.dockerignore", None),
            ("app/env.py", Some(Reader::Python)),
            ("logo.png", None),
        ];
        for (path, expected) in cases {
            assert_eq!(reader(path), expected, "{path}");
        }
    }
}
