//! Finding and reading the configuration file.
//!
//! `pyaudit.toml`, or the table `[tool.pyaudit]` of `pyproject.toml`, in the root or the nearest directory above it, up
//! to the work tree of git. In one directory `pyaudit.toml` comes first. Patterns count from the directory of the file.

use crate::error::{ConfigError, Error};
use crate::schema::Reader;
use crate::settings::Settings;
use pyaudit_check::Check;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the configuration comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ConfigSource {
    /// The nearest file.
    #[default]
    Discover,
    /// This file.
    File(PathBuf),
    /// The defaults alone.
    None,
}

/// A file larger than this is no configuration that a person wrote.
const LARGEST: u64 = 2 * 1024 * 1024;

const PYPROJECT: &str = "pyproject.toml";
const OWN: &str = "pyaudit.toml";

/// Reads the configuration for a root, which is absolute.
pub(crate) fn read(source: &ConfigSource, root: &Path, checks: &[&'static Check]) -> Result<Settings, Error> {
    match source {
        ConfigSource::None => Ok(Settings::default()),
        ConfigSource::File(path) => {
            fs::metadata(path).map_err(|source| Error::Path { path: path.clone(), source })?;
            let absolute = fs::canonicalize(path).map_err(|source| Error::Path { path: path.clone(), source })?;
            let shown = path.display().to_string();
            let found = load(&absolute, shown.clone(), checks, root)?;
            let nothing = ConfigError { place: shown, message: "has no table [tool.pyaudit]".to_owned() };
            found.ok_or(Error::Config(nothing))
        }
        ConfigSource::Discover => {
            for directory in candidates(root) {
                for name in [OWN, PYPROJECT] {
                    let path = directory.join(name);
                    // Anything but a regular file could keep the reader waiting.
                    if !fs::metadata(&path).is_ok_and(|found| found.is_file()) {
                        continue;
                    }
                    if let Some(settings) = load(&path, shown(&path), checks, root)? {
                        return Ok(settings);
                    }
                }
            }
            Ok(Settings::default())
        }
    }
}

/// The root and the directories above it, up to the work tree; the root alone where there is no work tree.
fn candidates(root: &Path) -> Vec<&Path> {
    let above: Vec<&Path> = root.ancestors().collect();
    let top = above.iter().position(|directory| directory.join(".git").exists()).unwrap_or(0);
    above[..=top].to_vec()
}

/// A path relative to the working directory where it lies in it, so that it can be opened from a message.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(fs::canonicalize).ok();
    let relative = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    relative.unwrap_or(path).display().to_string()
}

/// The settings of a file; `None` for a `pyproject.toml` that says nothing to pyaudit.
fn load(path: &Path, shown: String, checks: &[&'static Check], root: &Path) -> Result<Option<Settings>, Error> {
    let is_pyproject = path.file_name().is_some_and(|name| name == PYPROJECT);
    let text = text(path, &shown)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (value, problems) = pyaudit_data::toml::parse(text);
    let reader = Reader::new(shown, text, if is_pyproject { "tool.pyaudit" } else { "" }, checks);
    let table =
        value.as_ref().and_then(|value| if is_pyproject { value.at(&["tool", "pyaudit"]) } else { Some(value) });
    // A broken manifest is for the audit to tell, unless it may hold what pyaudit is to do.
    let concerns_us = !is_pyproject || table.is_some() || text.contains("tool.pyaudit");
    if let (true, Some(problem)) = (concerns_us, problems.first()) {
        return Err(reader.error(problem.range, problem.message.clone()).into());
    }
    let Some(table) = table else { return Ok(None) };
    let mut settings = Settings { pattern_base: pattern_base(path, root), ..Settings::default() };
    reader.read(table, &mut settings)?;
    Ok(Some(settings))
}

fn text(path: &Path, shown: &str) -> Result<String, ConfigError> {
    let fail = |message: String| ConfigError { place: shown.to_owned(), message };
    let metadata = fs::metadata(path).map_err(|error| fail(crate::error::reason(&error)))?;
    if !metadata.is_file() {
        return Err(fail("is no regular file".to_owned()));
    }
    if metadata.len() > LARGEST {
        return Err(fail(format!("has more than {LARGEST} bytes; leave it out with `--no-config`")));
    }
    let bytes = fs::read(path).map_err(|error| fail(crate::error::reason(&error)))?;
    String::from_utf8(bytes).map_err(|_| fail("is not UTF-8".to_owned()))
}

/// The path of the root relative to the file's directory; empty where the root does not lie in it.
fn pattern_base(file: &Path, root: &Path) -> String {
    let below = file.parent().and_then(|directory| root.strip_prefix(directory).ok());
    let mut base = below.map_or_else(String::new, crate::target::slashed);
    if !base.is_empty() {
        base.push('/');
    }
    base
}
