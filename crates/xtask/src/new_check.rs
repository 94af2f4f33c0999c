//! `cargo xtask new-check AREA ID`: the files of a new check, and its place in the lists.

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use pyaudit_check::Area;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// What `cargo xtask new-check` takes.
#[derive(Args)]
pub(crate) struct Task {
    /// The area: a directory of `checks`, such as `api`.
    area: String,
    /// The id of the check: names the problem, in kebab-case.
    id: String,
}

/// Creates the check, and says what to do next.
pub(crate) fn run(task: &Task) -> anyhow::Result<ExitCode> {
    let next = create(&crate::root(), &task.area, &task.id)?;
    writeln!(std::io::stdout(), "{next}")?;
    Ok(ExitCode::SUCCESS)
}

fn create(root: &Path, area: &str, id: &str) -> anyhow::Result<String> {
    let Some(area) = Area::from_name(area) else {
        let areas: Vec<&str> = Area::ALL.iter().map(|area| area.name()).collect();
        bail!("`{area}` is no area; there are {}", areas.join(", "));
    };
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    ensure!(
        id.split('-').all(is_word) && id.starts_with(|c: char| c.is_ascii_lowercase()),
        "`{id}` is not in kebab-case"
    );
    let directory = root.join("checks").join(area.name());
    if !directory.exists() {
        create_area(root, area)?;
    }
    let module = id.replace('-', "_");
    let source = directory.join("src").join(format!("{module}.rs"));
    ensure!(!source.exists(), "{} exists", source.display());
    put(&source, &source_text(area, id))?;
    edit(&directory.join("src/lib.rs"), |text| register(text, &module))?;
    let tests = directory.join("tests/fixtures.rs");
    if !tests.exists() {
        put(&tests, &tests_text(area))?;
    }
    let fixture = root.join("testdata").join(area.name()).join(format!("{id}.md"));
    put(&fixture, &fixture_text(id))?;
    Ok(format!(
        "Write the check in checks/{area}/src/{module}.rs and what it must find in testdata/{area}/{id}.md,\n\
         run `cargo test -p pyaudit-{area}` until they agree, then `cargo xtask docs`."
    ))
}

/// The crate of a new area, and its place in the workspace and in the registry.
fn create_area(root: &Path, area: Area) -> anyhow::Result<()> {
    let directory = root.join("checks").join(area.name());
    put(&directory.join("Cargo.toml"), &manifest_text(area))?;
    put(&directory.join("src/lib.rs"), &library_text(area))?;
    edit(&root.join("Cargo.toml"), |text| {
        let line = format!("pyaudit-{area} = {{ path = \"checks/{area}\" }}");
        after_last(text, |found| found.contains("{ path = \"checks/"), &line)
    })?;
    edit(&root.join("crates/pyaudit/Cargo.toml"), |text| {
        let line = format!("pyaudit-{area}.workspace = true");
        // The test kit is a dependency of the tests, further down.
        let is_area = |found: &str| found.starts_with("pyaudit-") && !found.starts_with("pyaudit-testkit");
        after_last(text, |found| is_area(found) && found.ends_with(".workspace = true"), &line)
    })?;
    edit(&root.join("crates/pyaudit/src/registry.rs"), |text| {
        after_last(text, |found| found.trim().ends_with("::CHECKS,"), &format!("        pyaudit_{area}::CHECKS,"))
    })
}

/// The text with `line` after the last line that fits.
fn after_last(text: &str, fits: impl Fn(&str) -> bool, line: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().rposition(|found| fits(found))?;
    lines.insert(at + 1, line);
    Some(lines.join("\n") + "\n")
}

/// The `lib.rs` of an area with one more module, in its sorted place in both lists.
fn register(text: &str, module: &str) -> Option<String> {
    const HEAD: &str = "pub static CHECKS: &[&Check] = &[";
    let (before, rest) = text.split_once(HEAD)?;
    let (entries, after) = rest.split_once("];")?;
    let mut entries: BTreeSet<String> =
        entries.split(',').map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect();
    entries.insert(format!("&{module}::CHECK"));
    let entries: Vec<String> = entries.into_iter().collect();
    let one_line = format!("{HEAD}{}];", entries.join(", "));
    // The width is that of rustfmt.toml.
    let list = if one_line.len() <= 120 { one_line } else { format!("{HEAD}\n    {},\n];", entries.join(",\n    ")) };
    Some(format!("{}{list}{after}", with_module(before, module)))
}

/// The text before the list with one more `mod` line: in its sorted place, or the first before `use`.
fn with_module(text: &str, module: &str) -> String {
    let new = format!("mod {module};");
    let mut lines: Vec<&str> = text.split('\n').collect();
    let is_module = |line: &&str| line.starts_with("mod ");
    match (lines.iter().position(|line| is_module(line) && **line > *new), lines.iter().rposition(is_module)) {
        (Some(at), _) => lines.insert(at, &new),
        (None, Some(last)) => lines.insert(last + 1, &new),
        (None, None) => {
            let at = lines.iter().position(|line| line.starts_with("use ")).unwrap_or(lines.len());
            lines.splice(at..at, [new.as_str(), ""]);
        }
    }
    lines.join("\n")
}

fn put(path: &Path, text: &str) -> anyhow::Result<()> {
    let directory = path.parent().context("a file stands in a directory")?;
    fs::create_dir_all(directory)?;
    fs::write(path, text).with_context(|| path.display().to_string())
}

fn edit(path: &Path, change: impl FnOnce(&str) -> Option<String>) -> anyhow::Result<()> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let changed = change(&text).with_context(|| format!("{} has no list to add to", path.display()))?;
    fs::write(path, changed).with_context(|| path.display().to_string())
}

fn manifest_text(area: Area) -> String {
    format!(
        "[package]\nname = \"pyaudit-{area}\"\ndescription = \"Checks of the area {area}\"\nversion.workspace = true\n\
         edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\n\
         [lints]\nworkspace = true\n\n[dependencies]\npyaudit-check.workspace = true\n\n\
         [dev-dependencies]\npyaudit-testkit.workspace = true\n"
    )
}

fn library_text(area: Area) -> String {
    format!(
        "//! Checks of the area {area}.\n\nuse pyaudit_check::Check;\n\n\
         /// Every check of the area, in the order of their ids.\npub static CHECKS: &[&Check] = &[];\n"
    )
}

fn tests_text(area: Area) -> String {
    let library = format!("pyaudit_{area}");
    format!(
        "//! The checks of the area against their fixtures, and the order of the area.\n\n\
         #[test]\nfn fixtures() {{\n    pyaudit_testkit::run_fixtures(env!(\"CARGO_MANIFEST_DIR\"), {library}::CHECKS);\n}}\n\n\
         #[test]\nfn upkeep() {{\n    pyaudit_testkit::upkeep(env!(\"CARGO_MANIFEST_DIR\"), {library}::CHECKS);\n}}\n"
    )
}

fn source_text(area: Area, id: &str) -> String {
    let summary = id.replace('-', " ");
    let variant = format!("{area:?}");
    format!(
        r#"use pyaudit_check::project::Module;
use pyaudit_check::{{Findings, Project, Span, check}};

check! {{
    /// ## What it does
    /// Finds modules with the defect.
    ///
    /// ## Why it matters
    /// Say what goes wrong, for whom and when.
    ///
    /// ## How to fix
    /// Say what to write instead.
    ///
    /// ## Limits
    /// Say which cases are left alone on purpose, and which are not seen.
    id: "{id}",
    summary: "{summary}",
    area: {variant},
    axis: Robustness,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "{version}",
    references: [],
    run: Module(run),
}}

/// What the check says of a module.
fn message(path: &str) -> String {{
    format!("`{{path}}` has the defect")
}}

fn run(project: &Project, module: &Module, findings: &mut Findings) {{
    findings.examined(1);
    let path = &project.sources.file(module.file).path;
    if is_wrong(path) {{
        findings.report(Span::file(module.file), message(path));
    }}
}}

/// Whether a module has the defect. Every look-alike must give `false`.
fn is_wrong(_path: &str) -> bool {{
    false
}}
"#,
        version = env!("CARGO_PKG_VERSION")
    )
}

fn fixture_text(id: &str) -> String {
    format!(
        "# {id}\n\n## flags the defect\n`app/main.py`:\n```python\nvalue = 1\n```\n```expect\napp/main.py {id} \"the defect\"\n```\n\n\
         ## leaves a look-alike alone\n`tests/test_main.py`:\n```python\nvalue = 1\n```\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: &str = "//! Checks.\n\nmod b_check;\nmod d_check;\n\nuse pyaudit_check::Check;\n\n/// All.\npub static CHECKS: &[&Check] = &[&b_check::CHECK, &d_check::CHECK];\n";

    #[test]
    fn a_check_is_registered_in_its_sorted_place() {
        for (module, modules) in [
            ("a", "a;\nmod b_check;\nmod d_check;"),
            ("c", "b_check;\nmod c;\nmod d_check;"),
            ("e", "b_check;\nmod d_check;\nmod e;"),
        ] {
            let text = register(LIBRARY, module).expect("the library has a list");
            assert!(text.contains(&format!("//! Checks.\n\nmod {modules}\n\nuse ")), "{text}");
            assert_eq!(text.matches(&format!("&{module}::CHECK")).count(), 1, "{text}");
        }
        let text = register(LIBRARY, "c").expect("the library has a list");
        assert!(text.ends_with("&[&b_check::CHECK, &c::CHECK, &d_check::CHECK];\n"), "{text}");
    }

    #[test]
    fn the_first_check_and_a_long_list_are_written_as_rustfmt_does() {
        let first = register(&library_text(Area::Ci), "a").expect("the library has a list");
        assert!(first.contains("area ci.\n\nmod a;\n\nuse pyaudit_check::Check;\n"), "{first}");
        let long = register(LIBRARY, &"c".repeat(80)).expect("the library has a list");
        assert!(long.contains("= &[\n    &b_check::CHECK,\n    &ccc"), "{long}");
    }

    #[test]
    fn a_new_area_is_known_everywhere() {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let root = directory.path();
        let files = [
            ("Cargo.toml", "[workspace.dependencies]\npyaudit-api = { path = \"checks/api\" }\n\nanyhow = \"1\"\n"),
            ("crates/pyaudit/Cargo.toml", "[dependencies]\npyaudit-api.workspace = true\n"),
            ("crates/pyaudit/src/registry.rs", "    let areas = [\n        pyaudit_api::CHECKS,\n    ];\n"),
        ];
        for (path, text) in files {
            put(&root.join(path), text).expect("a file can be written");
        }
        create(root, "testing", "test-never-runs").expect("the check can be made");
        let read = |path: &str| fs::read_to_string(root.join(path)).expect("the file is there");
        assert!(read("Cargo.toml").contains("checks/api\" }\npyaudit-testing = { path = \"checks/testing\" }\n\n"));
        assert!(read("crates/pyaudit/Cargo.toml").ends_with("pyaudit-testing.workspace = true\n"));
        assert!(read("crates/pyaudit/src/registry.rs").contains("        pyaudit_testing::CHECKS,\n    ];"));
        assert!(read("checks/testing/src/lib.rs").contains("&[&test_never_runs::CHECK];"));
        assert!(read("checks/testing/tests/fixtures.rs").contains("pyaudit_testing::CHECKS"));
        assert!(read("testdata/testing/test-never-runs.md").contains("app/main.py test-never-runs \"the defect\""));
        assert!(create(root, "testing", "test-never-runs").is_err(), "an existing check is never overwritten");
    }

    #[test]
    fn wrong_names_are_refused() {
        let root = Path::new("no such directory");
        for (area, id) in [("nothing", "a"), ("api", "A"), ("api", "a--b"), ("api", "1a"), ("api", "")] {
            assert!(create(root, area, id).is_err(), "{area} {id}");
        }
    }
}
