//! What a file is for, from its path, its neighbours and its first lines.
//!
//! The first row that fits wins. A *project directory* is the root, or a directory with one of `PROJECT_FILES`; directory
//! names are compared with the components of the path relative to the root.
//!
//! | role | fits |
//! |---|---|
//! | vendored | below a directory that holds `pyvenv.cfg`, below `site-packages` or `node_modules` |
//! | generated | `*_pb2.py`, `*_pb2_grpc.py`; source code whose first lines say that a program wrote it |
//! | stub | `*.pyi` |
//! | test | below one of `TEST_DIRECTORIES`; `test_*.py`, `*_test.py`, `tests.py`, `conftest.py`; `*.test.ts`, `*.spec.js` … |
//! | migration | revisions and script locations of alembic, `migrations/NNNN_*.py` of Django, SQL below `migrations` |
//! | script | below `scripts`, `hack` or `.github`; `bin`, `tools` … of a project directory; its `setup.py`, `noxfile.py` … |
//! | example | below `examples`, `docs_src` …, or a hidden directory; `docs`, `demo`, `benchmarks` … of a project directory |
//! | application | everything else |
//!
//! Names alone never make a directory vendored: `app/vendor`, `app/build` and `lib` are applications. Names that are
//! also words of a domain (`tools`, `docs`, `demo`, `samples`) count beside a project file alone: `app/tools` holds an
//! application's own code.

use crate::Role;

/// Directories that hold tests wherever they stand.
const TEST_DIRECTORIES: &[&str] = &[
    "tests",
    "test",
    "testing",
    "e2e",
    "integration_tests",
    "integration-tests",
    "unit_tests",
    "functional_tests",
    "acceptance_tests",
    "__tests__",
];

/// Directories that hold scripts wherever they stand.
const SCRIPT_DIRECTORIES: &[&str] = &["scripts", "hack", ".github", ".circleci", ".gitlab"];

/// Directories that hold scripts in a project directory.
const PROJECT_SCRIPT_DIRECTORIES: &[&str] = &["script", "bin", "tools", "ci", ".ci", "dev", "devtools"];

/// Files of a project directory that are run by hand or by packaging tools.
const SCRIPT_FILES: &[&str] = &["setup.py", "noxfile.py", "fabfile.py", "manage.py", "dodo.py", "gunicorn.conf.py"];

/// Directories that hold examples wherever they stand.
const EXAMPLE_DIRECTORIES: &[&str] = &["examples", "example", "docs_src", "notebooks", "tutorials"];

/// Directories that hold examples and documentation in a project directory.
const PROJECT_EXAMPLE_DIRECTORIES: &[&str] =
    &["docs", "doc", "demo", "demos", "sample", "samples", "tutorial", "benchmarks", "benchmark", "cookbook", "evals"];

/// Files that make a directory a project of its own.
const PROJECT_FILES: &[&str] =
    &["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile", "package.json", "manage.py"];

/// Source code, where a header may say that a program wrote it. Lock files and settings are written by programs too, but
/// they are what the repository declares.
const CODE_EXTENSIONS: &[&str] = &["py", "pyi", "js", "jsx", "mjs", "cjs", "ts", "tsx", "css", "sql", "sh"];

/// A header is looked for in so many lines …
const HEADER_LINES: usize = 15;
/// … of at most so many bytes altogether.
const HEADER_BYTES: usize = 4096;

/// What the roles of one repository depend on besides the file itself.
pub(crate) struct Neighbours<'a> {
    /// Whether a file of this path is listed.
    pub(crate) exists: &'a dyn Fn(&str) -> bool,
}

impl Neighbours<'_> {
    fn holds(&self, directory: &str, name: &str) -> bool {
        let path = if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
        (self.exists)(&path)
    }

    fn is_project(&self, directory: &str) -> bool {
        directory.is_empty() || PROJECT_FILES.iter().any(|name| self.holds(directory, name))
    }
}

/// The role of a file; `text` is given where it was read.
pub(crate) fn role(path: &str, text: Option<&str>, neighbours: &Neighbours) -> Role {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let text = text.unwrap_or("");
    if is_vendored(directory, neighbours) {
        Role::Vendored
    } else if is_generated(name, text) {
        Role::Generated
    } else if extension(name) == "pyi" {
        Role::Stub
    } else if is_test(directory, name) {
        Role::Test
    } else if is_migration(directory, name, text, neighbours) {
        Role::Migration
    } else if is_script(directory, name, text, neighbours) {
        Role::Script
    } else if is_below(directory, EXAMPLE_DIRECTORIES)
        || is_hidden(directory)
        || is_in_project(directory, PROJECT_EXAMPLE_DIRECTORIES, neighbours)
    {
        Role::Example
    } else {
        Role::Application
    }
}

/// Whether a directory of this name holds installed packages.
pub(crate) fn is_vendored_name(name: &[u8]) -> bool {
    name == b"site-packages" || name == b"node_modules"
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn is_below(directory: &str, names: &[&str]) -> bool {
    directory.split('/').any(|component| names.contains(&component))
}

/// Whether a directory is the configuration of a tool, which may carry templates and samples of code.
fn is_hidden(directory: &str) -> bool {
    directory.split('/').any(|component| component.starts_with('.'))
}

/// Each directory above a file with its parent: (`a/b`, `c`) for `a/b/c`.
fn chain(directory: &str) -> impl Iterator<Item = (&str, &str)> {
    let ends = directory.match_indices('/').map(|(at, _)| at).chain((!directory.is_empty()).then_some(directory.len()));
    ends.map(|end| directory[..end].rsplit_once('/').unwrap_or(("", &directory[..end])))
}

fn is_in_project(directory: &str, names: &[&str], neighbours: &Neighbours) -> bool {
    chain(directory).any(|(parent, name)| names.contains(&name) && neighbours.is_project(parent))
}

fn is_vendored(directory: &str, neighbours: &Neighbours) -> bool {
    directory.split('/').any(|component| is_vendored_name(component.as_bytes()))
        || chain(directory).any(|(parent, name)| {
            let environment = if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
            neighbours.holds(&environment, "pyvenv.cfg")
        })
}

fn is_generated(name: &str, text: &str) -> bool {
    if name.ends_with("_pb2.py") || name.ends_with("_pb2_grpc.py") {
        return true;
    }
    let head = &text[..text.floor_char_boundary(HEADER_BYTES)];
    CODE_EXTENSIONS.contains(&extension(name)) && head.lines().take(HEADER_LINES).any(says_generated)
}

/// Whether a line of a comment or a docstring says that a program wrote the file. alembic and Django write such a line
/// into migrations, which people then edit.
fn says_generated(line: &str) -> bool {
    let comment = line.trim_start();
    let marked = comment.starts_with(['#', '/', '*', '-', '<', ';']);
    let said = comment.trim_start_matches(|mark: char| !mark.is_alphanumeric() && mark != '@').to_lowercase();
    if said.contains("alembic") || said.contains("django") {
        return false;
    }
    let opens = |starts: &[&str]| starts.iter().any(|start| said.starts_with(start));
    (marked && (said.contains("@generated") || said.starts_with("do not edit")))
        || opens(&[
            "generated by ",
            "code generated by",
            "generated protocol buffer",
            "file generated by",
            "@generated",
        ])
        || opens(&["autogenerated by", "auto-generated by", "auto generated by", "automatically generated by"])
        || (opens(&["this file", "this code", "this module", "this class"]) && said_of_this_file(&said))
}

/// `This file was automatically generated by …`, within the first words, so that prose does not count.
fn said_of_this_file(said: &str) -> bool {
    let mut words = said.split_whitespace().skip(2);
    let verb = matches!(words.next(), Some("is" | "was" | "has"));
    let generated = ["generated", "autogenerated", "auto-generated", "@generated"];
    verb && words.take(3).any(|word| generated.contains(&word.trim_end_matches(['.', ',', ':', '!'])))
}

fn is_test(directory: &str, name: &str) -> bool {
    if is_below(directory, TEST_DIRECTORIES) {
        return true;
    }
    match name.rsplit_once('.') {
        Some((stem, "py")) => {
            stem == "conftest" || stem == "tests" || stem.starts_with("test_") || stem.ends_with("_test")
        }
        Some((stem, "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs")) => matches!(extension(stem), "test" | "spec"),
        _ => false,
    }
}

fn is_migration(directory: &str, name: &str, text: &str, neighbours: &Neighbours) -> bool {
    let last = directory.rsplit('/').next().unwrap_or("");
    let tool = ["alembic", "migrations", "migration"];
    match extension(name) {
        "sql" => is_below(directory, &["migrations", "migration", "alembic"]),
        "mako" => name == "script.py.mako",
        "py" => {
            is_revision(text)
                || chain(directory).any(|(parent, part)| part == "versions" && is_below(parent, &tool))
                || (name == "env.py" && (tool.contains(&last) || neighbours.holds(directory, "script.py.mako")))
                || ancestors_of(directory).any(|above| is_script_location(above, neighbours))
                || (last == "migrations" && (is_numbered(name) || neighbours.holds(directory, "0001_initial.py")))
        }
        _ => false,
    }
}

/// Whether a directory is one that `alembic init` made: it holds the environment and the template of revisions. What else
/// stands there and below serves migrations, such as frozen copies of models.
/// <https://alembic.sqlalchemy.org/en/latest/tutorial.html#the-migration-environment>
fn is_script_location(directory: &str, neighbours: &Neighbours) -> bool {
    neighbours.holds(directory, "script.py.mako") && neighbours.holds(directory, "env.py")
}

/// A directory and those above it, without the root.
fn ancestors_of(directory: &str) -> impl Iterator<Item = &str> {
    let mut next = Some(directory).filter(|directory| !directory.is_empty());
    std::iter::from_fn(move || {
        let found = next?;
        next = found.rsplit_once('/').map(|(parent, _)| parent);
        Some(found)
    })
}

/// An alembic revision says which revision it follows, wherever its directory is configured to be.
fn is_revision(text: &str) -> bool {
    let assigns = |name: &str| {
        text.match_indices(name).any(|(at, _)| {
            let rest = text[at + name.len()..].trim_start();
            (at == 0 || text.as_bytes()[at - 1] == b'\n') && (rest.starts_with('=') || rest.starts_with(':'))
        })
    };
    assigns("down_revision") && assigns("revision")
}

/// `0001_initial.py`.
fn is_numbered(name: &str) -> bool {
    name.len() > 5 && name.as_bytes()[..4].iter().all(u8::is_ascii_digit) && name.as_bytes()[4] == b'_'
}

fn is_script(directory: &str, name: &str, text: &str, neighbours: &Neighbours) -> bool {
    if is_below(directory, SCRIPT_DIRECTORIES) || is_in_project(directory, PROJECT_SCRIPT_DIRECTORIES, neighbours) {
        return true;
    }
    // A `tasks.py` is as often the background jobs of the application as the tasks of Invoke.
    let is_invoke = name == "tasks.py" && text.lines().any(|line| line.starts_with("from invoke "));
    let is_sphinx = name == "conf.py" && directory.rsplit('/').any(|part| part == "docs" || part == "doc");
    is_sphinx || ((is_invoke || SCRIPT_FILES.contains(&name)) && neighbours.is_project(directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role_among(path: &str, text: &str, others: &[&str]) -> Role {
        let exists = |path: &str| others.contains(&path);
        role(path, Some(text), &Neighbours { exists: &exists })
    }

    fn role_of(path: &str) -> Role {
        role_among(path, "", &[])
    }

    #[test]
    fn names_alone_never_make_an_application_vendored() {
        for path in ["app/build/x.py", "app/vendor/x.py", "lib/x.py", "venv/x.py", "dist/x.py", "app/tools/search.py"] {
            assert_eq!(role_of(path), Role::Application, "{path}");
        }
        assert_eq!(role_of("web/node_modules/a/index.js"), Role::Vendored);
        assert_eq!(role_of("env/lib/python3.12/site-packages/a.py"), Role::Vendored);
        assert_eq!(role_among("venv/bin/activate.py", "", &["venv/pyvenv.cfg"]), Role::Vendored);
        assert_eq!(role_among("app/main.py", "", &["pyvenv.cfg"]), Role::Application, "the root is what was asked for");
    }

    #[test]
    fn headers_of_generators_are_recognised() {
        let headers = [
            "# Generated by the protocol buffer compiler.  DO NOT EDIT!\n",
            "# -*- coding: utf-8 -*-\n\"\"\"Generated protocol buffer code.\"\"\"\n",
            "# generated by datamodel-codegen:\n#   filename: api.yaml\n",
            "# file generated by setuptools_scm\n",
            "# @generated by tool\n",
            "# Code generated by sqlc. DO NOT EDIT.\n",
            "\"\"\"\n    Pets\n\n    Generated by OpenAPI Generator (https://openapi-generator.tech)\n\"\"\"\n",
            "# This file was automatically generated by SWIG.\n",
            "# DO NOT EDIT\n",
        ];
        for header in headers {
            assert_eq!(role_among("app/client.py", header, &[]), Role::Generated, "{header}");
        }
        assert_eq!(role_of("app/api_pb2.py"), Role::Generated);
    }

    #[test]
    fn prose_and_migrations_are_not_generated_code() {
        let texts = [
            "\"\"\"Endpoints for pictures generated by a model.\"\"\"\n",
            "# Returns what is generated by the service\n",
            "# This file is where reports are generated\nx = 'DO NOT EDIT'\n",
            "TITLE = '@generated'\n",
        ];
        for text in texts {
            assert_eq!(role_among("app/main.py", text, &[]), Role::Application, "{text}");
        }
        let django = "# Generated by Django 4.2 on 2024-01-01 10:00\n";
        assert_eq!(role_among("shop/migrations/0001_initial.py", django, &[]), Role::Migration);
        let pinned = "# This file is autogenerated by pip-compile\n";
        assert_eq!(role_among("requirements.txt", pinned, &[]), Role::Application);
    }

    #[test]
    fn tests_come_before_migrations_and_scripts() {
        for path in [
            "tests/x.py",
            "app/test/x.py",
            "app/test_x.py",
            "app/x_test.py",
            "conftest.py",
            "tests/scripts/run.py",
            "tests/migrations/versions/1.py",
            "web/src/a.test.ts",
            "e2e/a.py",
        ] {
            assert_eq!(role_of(path), Role::Test, "{path}");
        }
        assert_eq!(role_of("app/latest.py"), Role::Application);
        assert_eq!(role_of("tests/a.pyi"), Role::Stub);
    }

    #[test]
    fn migrations_are_found_by_place_and_by_content() {
        for path in
            ["alembic/versions/1_a.py", "app/db/migrations/versions/x/1.py", "alembic/env.py", "m/migrations/0001_a.py"]
        {
            assert_eq!(role_of(path), Role::Migration, "{path}");
        }
        let revision = "\"\"\"x\"\"\"\nrevision: str = 'a'\ndown_revision: str | None = None\n";
        assert_eq!(role_among("db/changes/a.py", revision, &[]), Role::Migration);
        assert_eq!(role_among("db/env.py", "", &["db/script.py.mako"]), Role::Migration);
        let location = ["db/env.py", "db/script.py.mako"];
        assert_eq!(role_among("db/old/models.py", "", &location), Role::Migration);
        assert_eq!(role_among("models.py", "", &["env.py", "script.py.mako"]), Role::Application);
        assert_eq!(role_of("app/versions/a.py"), Role::Application);
        assert_eq!(role_of("app/migrations/runner.py"), Role::Application);
        assert_eq!(role_of("app/services/migrations/__init__.py"), Role::Application);
        assert_eq!(role_among("a/migrations/__init__.py", "", &["a/migrations/0001_initial.py"]), Role::Migration);
    }

    #[test]
    fn words_of_a_domain_count_beside_a_project_file_alone() {
        assert_eq!(role_of("tools/x.py"), Role::Script);
        assert_eq!(role_of("app/tools/x.py"), Role::Application);
        assert_eq!(role_among("api/tools/x.py", "", &["api/pyproject.toml"]), Role::Script);
        assert_eq!(role_of("app/scripts/seed.py"), Role::Script);
        assert_eq!(role_of("setup.py"), Role::Script);
        assert_eq!(role_of("app/setup.py"), Role::Application);
        assert_eq!(role_of("docs/conf.py"), Role::Script);
        assert_eq!(role_of("docs/a.py"), Role::Example);
        assert_eq!(role_of(".agents/skills/api/templates/route.py"), Role::Example);
        assert_eq!(role_of("app/.hidden.py"), Role::Application, "of directories alone");
        assert_eq!(role_of("app/docs/a.py"), Role::Application);
        assert_eq!(role_of("app/examples/a.py"), Role::Example);
        assert_eq!(role_of("tasks.py"), Role::Application);
        assert_eq!(role_among("tasks.py", "from invoke import task\n", &[]), Role::Script);
        assert_eq!(role_of("app/main.py"), Role::Application);
    }
}
