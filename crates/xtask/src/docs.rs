//! `cargo xtask docs`: the pages of the checks, made from the checks and their fixtures.
//!
//! Two things are made: `docs/checks/<id>.md` and the list `docs/checks/README.md`. The build script of the program puts
//! the pages into it, so that `explain` prints what the documentation says.

use anyhow::{Context as _, ensure};
use clap::Args;
use pyaudit_check::Check;
use pyaudit_report::{Examples, check_index, check_page};
use pyaudit_testkit::{Fixture, Section};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where the pages stand, below the root of the workspace.
const PAGES: &str = "docs/checks";

/// What `cargo xtask docs` takes.
#[derive(Args)]
pub(crate) struct Task {
    /// Write nothing, and fail when something is not current.
    #[arg(long)]
    check: bool,
}

/// Makes the documentation current, or says what is not.
pub(crate) fn run(task: &Task) -> anyhow::Result<ExitCode> {
    let root = crate::root();
    let checks = pyaudit::registry::checks();
    let made = made(&root, &checks)?;
    let stale = stale(&root, &made)?;
    if task.check {
        ensure!(stale.is_empty(), "not current (run `cargo xtask docs`): {}", stale.join(", "));
    } else {
        write(&root, &made, &stale)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Every file that is made, by its path below the root.
fn made(root: &Path, checks: &[&'static Check]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut made = BTreeMap::new();
    for check in checks {
        made.insert(format!("{PAGES}/{}.md", check.id), page(root, check)?);
    }
    made.insert(format!("{PAGES}/README.md"), check_index(checks));
    Ok(made)
}

fn page(root: &Path, check: &Check) -> anyhow::Result<String> {
    let path = root.join(format!("testdata/{}/{}.md", check.area, check.id));
    let text =
        fs::read_to_string(&path).with_context(|| format!("`{}` has no fixture at {}", check.id, path.display()))?;
    let (fixture, _) = Fixture::parse(&text);
    let examples = Examples { firing: fixture.first_firing().map(parts), silent: fixture.first_silent().map(parts) };
    Ok(check_page(check, &examples))
}

/// What a page shows of a section: its title and its text.
fn parts(section: &Section) -> (&str, &str) {
    (&section.title, &section.markdown)
}

/// The paths of files that are absent, different, or pages of checks that are no more.
fn stale(root: &Path, made: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let differs = |path: &str, text: &str| fs::read_to_string(root.join(path)).map_or(true, |found| found != text);
    let mut stale: Vec<String> =
        made.iter().filter(|(path, text)| differs(path, text)).map(|(path, _)| path.clone()).collect();
    let Ok(entries) = fs::read_dir(root.join(PAGES)) else { return Ok(stale) };
    for entry in entries {
        let path = format!("{PAGES}/{}", entry?.file_name().to_string_lossy());
        if !made.contains_key(&path) {
            stale.push(path);
        }
    }
    Ok(stale)
}

fn write(root: &Path, made: &BTreeMap<String, String>, stale: &[String]) -> anyhow::Result<()> {
    fs::create_dir_all(root.join(PAGES))?;
    for path in stale {
        let place: PathBuf = root.join(path);
        match made.get(path) {
            Some(text) => fs::write(&place, text),
            None => fs::remove_file(&place),
        }
        .with_context(|| place.display().to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_is_current() {
        let root = crate::root();
        let made = made(&root, &pyaudit::registry::checks()).expect("every check has a fixture");
        let stale = stale(&root, &made).expect("the directory can be read");
        assert_eq!(stale, Vec::<String>::new(), "run `cargo xtask docs`");
    }

    #[test]
    fn stale_pages_are_noticed_and_mended() {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let root = directory.path();
        let made = BTreeMap::from([(format!("{PAGES}/a.md"), "a".to_owned())]);
        assert_eq!(stale(root, &made).expect("no directory is no error"), ["docs/checks/a.md"]);
        fs::create_dir_all(root.join(PAGES)).expect("a directory can be made");
        fs::write(root.join("docs/checks/gone.md"), "").expect("a file can be written");
        let found = stale(root, &made).expect("the directory can be read");
        assert_eq!(found, ["docs/checks/a.md", "docs/checks/gone.md"]);
        write(root, &made, &found).expect("the files can be written");
        assert_eq!(stale(root, &made).expect("the directory can be read"), Vec::<String>::new());
    }
}
