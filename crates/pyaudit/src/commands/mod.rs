//! The commands of the program.

mod checks;
mod config;
mod explain;
mod model;
mod profile;
mod report;
mod routes;
mod scan;

use crate::cli::{Cli, Command};
use crate::error::Error;
use crate::output::Streams;
use clap::Parser;
use clap::error::ErrorKind;
pub(crate) use explain::page;
use pyaudit_check::Check;
use pyaudit_engine::Unknown;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

/// How a run of the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// There is nothing at or above the gate, or nobody reads on (a broken pipe).
    Success,
    /// There are findings at or above the gate.
    Findings,
    /// The usage or the configuration is wrong, or there is a problem under `--strict`, findings or not.
    Error,
    /// There is nothing to scan.
    NothingToScan,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Success => 0,
            ExitStatus::Findings => 1,
            ExitStatus::Error => 2,
            ExitStatus::NothingToScan => 3,
        })
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Scan(#[from] Error),
    #[error(transparent)]
    Check(#[from] UnknownCheck),
    #[error("cannot write to standard output: {0}")]
    Write(#[from] io::Error),
    #[error("cannot write `{}`: {source}", path.display())]
    Output { path: PathBuf, source: io::Error },
    #[error("`--output` names `{}` twice", .0.display())]
    OutputTwice(PathBuf),
    #[error("cannot tell the format of `{}`: name it .md, .html or .json, or say --format", .0.display())]
    UnknownExtension(PathBuf),
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UnknownCheck(Unknown);

type Outcome = Result<ExitStatus, Failure>;

/// Runs the program with its arguments, the first of which is its own name. `checks` are all checks there are.
pub fn main(
    arguments: impl IntoIterator<Item = OsString>,
    checks: &[&'static Check],
    mut streams: Streams<'_>,
) -> ExitStatus {
    let outcome = match Cli::try_parse_from(arguments) {
        Ok(cli) => run(&cli.command, checks, &mut streams),
        Err(error) => return usage(&error, &mut streams),
    };
    outcome.unwrap_or_else(|failure| match failure {
        Failure::Write(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitStatus::Success,
        Failure::Scan(error @ Error::NothingToScan(_)) => {
            fail(&error.to_string(), ExitStatus::NothingToScan, &mut streams)
        }
        failure => fail(&failure.to_string(), ExitStatus::Error, &mut streams),
    })
}

fn run(command: &Command, checks: &[&'static Check], streams: &mut Streams<'_>) -> Outcome {
    match command {
        Command::Scan(arguments) => scan::run(arguments, checks, streams),
        Command::Report(arguments) => report::run(arguments, checks, streams),
        Command::Checks { format } => checks::run(*format, checks, streams),
        Command::Explain { check } => explain::run(check, checks, streams),
        Command::Config(arguments) => config::run(arguments, checks, streams),
        Command::Routes { source, format } => routes::run(source, *format, checks, streams),
        Command::Model { target, .. } => model::run(target, checks, streams),
    }
}

/// Tells on one line what went wrong. That standard error is closed is nobody's loss.
fn fail(message: &str, status: ExitStatus, streams: &mut Streams<'_>) -> ExitStatus {
    let _ = writeln!(streams.errors, "error: {}", pyaudit_report::visible(message));
    status
}

/// Help and version go where they were asked for; a mistake is told on one line.
fn usage(error: &clap::Error, streams: &mut Streams<'_>) -> ExitStatus {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = write!(streams.out, "{text}");
            ExitStatus::Success
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(streams.errors, "{text}");
            ExitStatus::Error
        }
        _ => fail(&one_line(&text), ExitStatus::Error, streams),
    }
}

/// What clap says on several lines, without the usage, which `--help` shows.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let telling = lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"));
    let mut message = String::new();
    for line in telling {
        let separator = if message.is_empty() || message.ends_with(':') { " " } else { "; " };
        message.push_str(separator);
        message.push_str(line);
    }
    message.trim_start().trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_mistake_in_usage_is_one_line() {
        let text = "error: invalid value 'x' for '--format <FORMAT>'\n  [possible values: table, json]\n\n  \
                    tip: a similar value exists: 'json'\n\nUsage: pyaudit\n\nFor more information, try '--help'.\n";
        let expected = "invalid value 'x' for '--format <FORMAT>'; [possible values: table, json]; \
                        tip: a similar value exists: 'json'";
        assert_eq!(one_line(text), expected);
    }
}
