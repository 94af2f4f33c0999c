//! Running `dump_ast.py` and reading what it writes. The head of that script describes the format.

use super::files::workspace;
use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A CPython that can be asked.
pub(super) enum Reference {
    /// A program of this machine.
    Machine(PathBuf),
    /// The one that npm's `pyodide` carries; the directory of the package.
    Pyodide(PathBuf),
}

/// The version of a CPython: 3.14 is `(3, 14)`.
pub(super) type Version = (u32, u32);

/// What CPython says about one file.
pub(super) struct Record {
    /// The path as the script knows it.
    pub(super) path: String,
    /// The decoded text.
    pub(super) text: String,
    /// The lines of the tree, or why there are none.
    pub(super) tree: Result<String, String>,
    /// The lines of the symbol tables, or why there are none.
    pub(super) tables: Result<String, String>,
}

impl Reference {
    /// Whether it is installed; an error that says how to install it, otherwise.
    pub(super) fn installed(&self) -> Result<()> {
        match self {
            Self::Machine(program) => {
                let answer = Command::new(program).arg("--version").output();
                ensure!(answer.is_ok_and(|output| output.status.success()), "`{}` does not run", program.display());
            }
            Self::Pyodide(package) => {
                let module = package.join("pyodide.mjs");
                ensure!(module.is_file(), "`{}` is missing: run crates/xtask/oracle/install.sh", module.display());
                let answer = Command::new("node").arg("--version").output();
                ensure!(answer.is_ok_and(|output| output.status.success()), "`node` does not run");
            }
        }
        Ok(())
    }

    fn command(&self) -> Command {
        let scripts = workspace().join("crates/xtask/oracle");
        match self {
            Self::Machine(program) => {
                let mut command = Command::new(program);
                command.arg("-I").arg(scripts.join("dump_ast.py"));
                command
            }
            Self::Pyodide(package) => {
                let mut command = Command::new("node");
                command.arg(scripts.join("dump_ast.mjs")).arg(package);
                command
            }
        }
    }

    /// Asks about every entry and hands over one record after the other.
    pub(super) fn ask(&self, entries: &[String], mut each: impl FnMut(Version, &Record)) -> Result<Version> {
        let mut child = self.command().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().context("the standard input was asked for")?;
        // The script reads all of its input before it writes.
        input.write_all(entries.join("\n").as_bytes())?;
        drop(input);
        let output = child.stdout.take().context("the standard output was asked for")?;
        let mut reader = RecordReader { input: BufReader::with_capacity(1 << 20, output), line: String::new() };
        let version = reader.version()?;
        while let Some(record) = reader.record()? {
            each(version, &record);
        }
        ensure!(child.wait()?.success(), "the script of the reference failed");
        Ok(version)
    }
}

/// The directory of npm's `pyodide`.
pub(super) fn pyodide_directory(workspace: &Path) -> PathBuf {
    workspace.join(".oracle/node_modules/pyodide")
}

struct RecordReader<R> {
    input: BufReader<R>,
    /// The last line that was read, without its end.
    line: String,
}

impl<R: Read> RecordReader<R> {
    /// Reads one line; `false` at the end of the input.
    fn next_line(&mut self) -> Result<bool> {
        self.line.clear();
        let read = self.input.read_line(&mut self.line)?;
        if self.line.ends_with('\n') {
            self.line.pop();
        }
        Ok(read > 0)
    }

    fn version(&mut self) -> Result<Version> {
        self.next_line()?;
        let numbers = self.line.strip_prefix("V ").context("the script writes its version first")?;
        let mut numbers = numbers.split('.').map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor)),
            _ => bail!("`{}` is no version", self.line),
        }
    }

    fn record(&mut self) -> Result<Option<Record>> {
        if !self.next_line()? {
            return Ok(None);
        }
        let head = self.line.strip_prefix("F ").with_context(|| format!("`{}` starts no record", self.line))?;
        let (length, path) = head.split_once(' ').context("a record has a length and a path")?;
        let (length, path) = (length.parse()?, path.to_owned());
        let mut text = vec![0; length];
        self.input.read_exact(&mut text)?;
        self.next_line()?;
        let text = String::from_utf8(text)?;
        let mut record = Record { path, text, tree: Ok(String::new()), tables: Ok(String::new()) };
        self.next_line()?;
        if let Some(reason) = self.line.strip_prefix("R ") {
            record.tree = Err(reason.to_owned());
            return Ok(Some(record));
        }
        record.tree = Ok(self.lines_until("Y")?);
        record.tables = self.tables()?;
        Ok(Some(record))
    }

    fn tables(&mut self) -> Result<Result<String, String>> {
        let lines = self.lines_until("E")?;
        Ok(match lines.strip_prefix("R ") {
            Some(reason) => Err(reason.trim_end().to_owned()),
            None => Ok(lines),
        })
    }

    fn lines_until(&mut self, end: &str) -> Result<String> {
        let mut lines = String::new();
        loop {
            ensure!(self.next_line()?, "the script ended within a record");
            if self.line == end {
                return Ok(lines);
            }
            lines.push_str(&self.line);
            lines.push('\n');
        }
    }
}
