//! The half of the model that is not Python alone: manifests, locks, migrations, scripts, workflows.

use pyaudit_project::dependencies::{Declared, Pin, Purpose};
use pyaudit_project::workflows::Availability;
use pyaudit_project::{Project, analyse};
use pyaudit_source::{FileId, MemoryFile, MemoryGit, Sources};

/// A project of files given as pairs of a path and a text.
fn project(files: &[(&str, &str)]) -> Project {
    let files = files.iter().map(|(path, text)| MemoryFile::new(*path, *text));
    let sources = Sources::from_memory(files, MemoryGit::Some);
    let data = analyse(&sources);
    Project::build(sources, data)
}

fn file(project: &Project, path: &str) -> FileId {
    project.sources.find(path).expect("the test names a file of its project")
}

fn declared<'p>(project: &'p Project, path: &str, name: &str) -> &'p Declared {
    let manifest = project.dependencies.manifest(file(project, path)).expect("the file is a manifest");
    manifest.declared.iter().find(|declared| declared.distribution == name).expect("the manifest declares it")
}

const REVISION: &str = "def upgrade():\n    op.drop_table('a')\n\ndef downgrade():\n    pass\n";

#[test]
fn includes_that_go_round_end_and_missing_ones_are_problems() {
    let project = project(&[
        ("requirements/a.txt", "-r b.txt\nfastapi\n"),
        ("requirements/b.txt", "-r a.txt\n-r gone.txt\nuvicorn\n"),
    ]);
    let found = project.dependencies.with_includes(file(&project, "requirements/a.txt"));
    assert_eq!(found.len(), 2);
    let messages: Vec<&str> = project.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["`gone.txt` is not in the repository"]);
}

#[test]
fn every_manifest_gives_names_with_their_places_and_pins() {
    let project = project(&[(
        "pyproject.toml",
        "[tool.poetry.dependencies]\npython = \"^3.12\"\nFoo_Bar = { git = \"https://x/y\", branch = \"main\" }\n\
         local = { path = \"../local\" }\n[tool.poetry.group.test.dependencies]\npytest = \"~8.1\"\n",
    )]);
    let moving = declared(&project, "pyproject.toml", "foo-bar");
    assert_eq!((moving.pin, project.sources.slice(moving.name)), (Pin::Moving, "Foo_Bar"));
    assert_eq!(declared(&project, "pyproject.toml", "local").pin, Pin::Local);
    let test = declared(&project, "pyproject.toml", "pytest");
    assert_eq!((test.pin, test.purpose), (Pin::Compatible, Purpose::Test));
}

#[test]
fn groups_that_include_groups_end() {
    let project = project(&[(
        "pyproject.toml",
        "[dependency-groups]\na = [\"pytest\", { include-group = \"b\" }]\nb = [\"ruff\", { include-group = \"a\" }]\n",
    )]);
    let manifest = project.dependencies.manifest(file(&project, "pyproject.toml")).expect("a manifest");
    assert_eq!(manifest.declared.len(), 4);
}

#[test]
fn a_location_in_a_package_leads_to_its_revisions() {
    let first = format!("revision = 'a'\ndown_revision = None\n{REVISION}");
    let second = format!("revision: str = 'b'\ndown_revision = ('a',)\n{REVISION}");
    let project = project(&[
        ("src/shop/alembic.ini", "[alembic]\nscript_location = shop:db/revisions\n"),
        ("src/shop/db/revisions/env.py", ""),
        ("src/shop/db/revisions/versions/a.py", &first),
        ("src/shop/db/revisions/versions/b.py", &second),
    ]);
    let environment = &project.migrations.environments[0];
    assert_eq!(environment.directory, "src/shop/db/revisions");
    assert_eq!(environment.version_directories, ["src/shop/db/revisions/versions"]);
    let heads: Vec<&str> = project.migrations.heads(Some(0)).iter().map(|revision| revision.id.text.as_str()).collect();
    assert_eq!(heads, ["b"]);
    let second = project.migrations.by_id(Some(0), "b").expect("the revision is there");
    assert_eq!(project.migrations.parents(second).next().map(|parent| parent.id.text.as_str()), Some("a"));
}

#[test]
fn version_locations_may_be_several_and_in_a_package() {
    let project = project(&[
        ("alembic.ini", "[alembic]\nscript_location = %(here)s/db\nversion_locations = shop:db/versions db/v1 db/v2\n"),
        ("db/env.py", ""),
        ("shop/db/versions/a.py", ""),
    ]);
    assert_eq!(project.migrations.environments[0].version_directories, ["shop/db/versions", "db/v1", "db/v2"]);
}

#[test]
fn scripts_that_call_each_other_end() {
    let project = project(&[
        ("a.sh", "./b.sh\n./b.sh\n"),
        ("b.sh", "./a.sh\n./a.sh\necho done\n"),
        ("Procfile", "web: ./a.sh\n"),
    ]);
    let service = &project.manifests.services[0];
    let commands = &service.start.as_ref().expect("a process has a command").commands;
    let found = project.scripts.expand(&project.sources, service.file, commands, Some(""));
    assert!(!found.is_empty() && found.len() <= 5_000);
}

#[test]
fn a_lock_tells_what_an_installed_distribution_brings() {
    let project = project(&[
        (
            ".github/workflows/ci.yml",
            "jobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: uv sync\n      - run: uv run mypy app\n",
        ),
        ("pyproject.toml", "[project]\nname = \"shop\"\ndependencies = [\"company-tools\"]\n"),
        (
            "uv.lock",
            "[[package]]\nname = \"company-tools\"\nversion = \"1\"\ndependencies = [{ name = \"mypy\" }]\n\
             [[package]]\nname = \"mypy\"\nversion = \"1\"\n",
        ),
    ]);
    let job = &project.workflows.workflows[0].jobs[0];
    let runs = project.workflow_context().tool_runs(job);
    assert_eq!(runs.iter().map(|run| run.availability).collect::<Vec<_>>(), [Availability::Installed]);
}

#[test]
fn gitlab_jobs_take_steps_from_templates_and_defaults() {
    let project = project(&[
        (
            ".gitlab-ci.yml",
            "image: python:3.12\nbefore_script:\n  - pip install -r requirements.txt\n.base:\n  script:\n    - pytest\n\
             test:\n  extends: .base\n",
        ),
        ("requirements.txt", "fastapi==1\n"),
    ]);
    let job = &project.workflows.workflows[0].jobs[0];
    assert_eq!((job.id.as_str(), job.steps.len(), job.known_machine), ("test", 2, true));
    let runs = project.workflow_context().tool_runs(job);
    assert_eq!(runs[0].availability, Availability::Missing);
}
