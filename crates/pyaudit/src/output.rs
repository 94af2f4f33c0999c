//! Where an audit goes: the terminal, and files that are replaced as a whole or not at all.

use crate::cli::{Color, Format};
use crate::commands::page;
use crate::scan::Scan;
use pyaudit_report::{JsonOptions, ReportOptions, SarifOptions, TableOptions};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where the program writes.
pub struct Streams<'a> {
    /// What was asked for.
    pub out: &'a mut dyn Write,
    /// What went wrong.
    pub errors: &'a mut dyn Write,
    /// Whether `out` is a terminal.
    pub is_terminal: bool,
}

/// The audit in a format.
pub(crate) fn render(scan: &Scan, format: Format, table: &TableOptions) -> io::Result<Vec<u8>> {
    let audit = &scan.audit;
    let report = || ReportOptions { name: scan.name.clone() };
    let mut bytes = Vec::new();
    match format {
        Format::Table => pyaudit_report::table(audit, table, &mut bytes)?,
        Format::Json => pyaudit_report::json(audit, &JsonOptions::default(), &mut bytes)?,
        Format::Github => pyaudit_report::github(audit, &mut bytes)?,
        Format::Markdown => pyaudit_report::report_markdown(audit, &report(), &mut bytes)?,
        Format::Html => pyaudit_report::report_html(audit, &report(), &mut bytes)?,
        Format::Sarif => pyaudit_report::sarif(audit, &SarifOptions { page }, &mut bytes)?,
    }
    Ok(bytes)
}

/// Whether there are colours, by the argument, the terminal, `NO_COLOR` (<https://no-color.org>) and `TERM`, which
/// `variable` looks up in the environment.
pub(crate) fn has_color(color: Color, is_terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let refuses = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
            is_terminal && !refuses && variable("TERM").is_none_or(|terminal| terminal != "dumb")
        }
    }
}

/// Whether a file can be written at this path, as far as can be told before. An early answer saves a long scan.
pub(crate) fn is_writable(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let directory = fs::metadata(parent(path))?;
    if directory.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

/// Writes a file so that nobody ever sees a part of it: a temporary file beside it takes its place. What exists and is
/// no regular file (a pipe, `/dev/stderr`) is written to instead.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    // A symbolic link stays one, and what it leads to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let mut file = temporary_beside(&target)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

fn temporary_beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".pyaudit-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The permissions of any new file, which the user's mask narrows; a temporary file's own are narrower.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(parent(path))
}

fn parent(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_colours_unless_the_environment_refuses_them() {
        let colored = |color, is_terminal, name: &'static str, value: &'static str| {
            has_color(color, is_terminal, |asked| (asked == name).then(|| OsString::from(value)))
        };
        assert!(colored(Color::Auto, true, "TERM", "xterm"));
        assert!(!colored(Color::Auto, false, "TERM", "xterm"));
        assert!(!colored(Color::Auto, true, "NO_COLOR", "1"));
        assert!(colored(Color::Auto, true, "NO_COLOR", ""), "an empty variable says nothing");
        assert!(!colored(Color::Auto, true, "TERM", "dumb"));
        assert!(colored(Color::Always, false, "NO_COLOR", "1"), "who asks is given");
        assert!(!colored(Color::Never, true, "TERM", "xterm"));
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.json");
        write_file(&path, b"a long first text").unwrap();
        write_file(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_path_that_cannot_be_written_is_told_early() {
        let directory = tempfile::tempdir().unwrap();
        assert!(is_writable(&directory.path().join("out.json")).is_ok());
        assert!(is_writable(&directory.path().join("none/out.json")).is_err());
        assert!(is_writable(directory.path()).is_err());
    }
}
