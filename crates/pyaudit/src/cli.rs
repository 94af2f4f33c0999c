//! The command line as clap reads it.

use crate::config_file::ConfigSource;
use crate::persona::Persona;
use crate::scan::Options;
use crate::schema::gate_from_name;
use crate::settings::Overrides;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use pyaudit_check::{Confidence, Severity};
use pyaudit_engine::Gate;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Audits whole Python and FastAPI repositories.
#[derive(Debug, Parser)]
#[command(name = "pyaudit", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What pyaudit can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Audit a repository
    #[command(after_help = EXIT_CODES)]
    Scan(ScanArguments),
    /// Score a repository on six axes and report what is right, what is wrong and what to do first
    Report(ReportArguments),
    /// List the checks
    Checks {
        /// How to print them
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Explain a check: what it does, why it matters, how to fix what it finds
    Explain {
        /// The id of the check
        check: String,
    },
    /// Show each effective value of the configuration and where it came from
    Config(TargetArguments),
    /// List the routes that the applications of a repository serve, and what each asks of a client
    Routes {
        /// What is read.
        #[command(flatten)]
        source: SourceArguments,
        /// How to print them
        #[arg(long, value_enum, default_value_t = RoutesFormat::Table)]
        format: RoutesFormat,
    },
    /// Print what pyaudit knows of a project: routes, settings, calls and what else checks ask for
    Model {
        /// What, and with which configuration.
        #[command(flatten)]
        target: TargetArguments,
        /// How to print it
        #[arg(long, value_enum, default_value_t = ModelFormat::Json)]
        format: ModelFormat,
    },
}

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing at or above --fail-on
  1  findings at or above --fail-on
  2  wrong usage or configuration, or a problem under --strict (also where there are findings)
  3  nothing to scan";

/// What is read, which checks run on it, and where the configuration comes from.
#[derive(Debug, Args)]
pub struct SourceArguments {
    /// Directories and files. One directory is the root (default: the current one); of several, and of those below
    /// --root, only findings in them are shown
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The root of the repository; paths in configuration and output count from here
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Run only these checks or areas, in place of what the configuration selects and ignores
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Leave these checks or areas out
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Read the configuration from this file
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long)]
    pub no_config: bool,
    /// Leave out the files and directories that this glob matches
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
}

/// What is scanned and with which configuration.
#[derive(Debug, Args)]
pub struct TargetArguments {
    /// What is read.
    #[command(flatten)]
    pub source: SourceArguments,
    /// Show what this reader wants, where neither of the next two is given: `regular` what a team would fix soon, from
    /// medium severity and confidence on; `pedantic` every severity; `auditor` everything
    #[arg(long, value_name = "PERSONA", value_parser = personas())]
    pub persona: Option<String>,
    /// Show findings from this severity on
    #[arg(long, value_name = "SEVERITY", value_parser = severities())]
    pub min_severity: Option<String>,
    /// Show findings from this confidence on
    #[arg(long, value_name = "CONFIDENCE", value_parser = confidences())]
    pub min_confidence: Option<String>,
    /// Fail on findings from this severity on
    #[arg(long, value_name = "SEVERITY", value_parser = gates())]
    pub fail_on: Option<String>,
}

/// The arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// What is read.
    #[command(flatten)]
    pub source: SourceArguments,
    /// How to write it (default: as the extension of --output says, or Markdown)
    #[arg(long, value_enum)]
    pub format: Option<ReportFormat>,
    /// Write it to this file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The arguments of `scan`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct ScanArguments {
    /// What, and with which configuration.
    #[command(flatten)]
    pub target: TargetArguments,
    /// How to print the audit
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write the audit to a file as well: json=audit.json
    #[arg(long, value_name = "FORMAT=FILE", value_parser = parse_output)]
    pub output: Vec<Output>,
    /// The number of threads (default: one a processor)
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Fail with exit code 2 when something could not be read or done
    #[arg(long)]
    pub strict: bool,
    /// Show what suppressions and path ignores hide
    #[arg(long)]
    pub no_suppressions: bool,
    /// Whether the table has colours; `auto` asks the terminal and `NO_COLOR`
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Print only the last line of the table
    #[arg(long, short)]
    pub quiet: bool,
    /// Tell the time of each phase and the files left out on standard error
    #[arg(long, short)]
    pub verbose: bool,
    /// Tell the time of each phase and each check on standard error
    #[arg(long)]
    pub profile: bool,
}

/// The formats of an audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: code frames, a table and a last line.
    Table,
    /// For programs: JSON, version 1.
    Json,
    /// For GitHub Actions: workflow commands that annotate files.
    Github,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// The scored report, for a repository or an issue.
    Markdown,
    /// The scored report as one page that fetches nothing.
    Html,
}

/// The formats of the list of checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// The formats of the scored report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For a repository or an issue.
    Markdown,
    /// For people: one page that fetches nothing.
    Html,
    /// For programs: JSON, version 1.
    Json,
}

/// The formats of the route table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoutesFormat {
    /// For people.
    Table,
    /// For programs: JSON, version 1.
    Json,
    /// For a repository or an issue.
    Markdown,
}

/// The formats of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelFormat {
    /// For programs: JSON, version 1.
    Json,
}

/// When there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A file that the audit is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How.
    pub format: Format,
    /// Where.
    pub file: PathBuf,
}

fn parse_output(text: &str) -> Result<Output, String> {
    let (format, file) = text.split_once('=').ok_or("write FORMAT=FILE, such as json=audit.json")?;
    let known = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let known: Vec<String> = known.map(|value| value.get_name().to_owned()).collect();
    let format = Format::from_str(format, false).map_err(|_| {
        let hint = pyaudit_engine::did_you_mean(pyaudit_engine::near_miss(format, known.iter().map(String::as_str)));
        format!("unknown format `{format}`, there are {}{hint}", known.join(", "))
    })?;
    if file.is_empty() {
        return Err("the file after `=` is missing".to_owned());
    }
    Ok(Output { format, file: PathBuf::from(file) })
}

fn severities() -> PossibleValuesParser {
    PossibleValuesParser::new(Severity::ALL.iter().rev().map(|severity| severity.name()))
}

fn personas() -> PossibleValuesParser {
    PossibleValuesParser::new(Persona::ALL.map(Persona::name))
}

fn confidences() -> PossibleValuesParser {
    PossibleValuesParser::new(Confidence::ALL.iter().rev().map(|confidence| confidence.name()))
}

fn gates() -> PossibleValuesParser {
    PossibleValuesParser::new(Severity::ALL.iter().rev().map(|severity| severity.name()).chain(["never"]))
}

impl SourceArguments {
    /// The options of a scan.
    pub fn options(&self) -> Options {
        let config = match &self.config {
            Some(file) => ConfigSource::File(file.clone()),
            None if self.no_config => ConfigSource::None,
            None => ConfigSource::Discover,
        };
        let overrides = Overrides {
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            exclude: self.exclude.clone(),
            ..Overrides::default()
        };
        Options { paths: self.paths.clone(), root: self.root.clone(), config, overrides, ..Options::default() }
    }
}

impl TargetArguments {
    /// The options of a scan.
    pub fn options(&self) -> Options {
        let mut options = self.source.options();
        let gate = |name: &String| -> Option<Gate> { gate_from_name(name) };
        options.overrides.persona = self.persona.as_deref().and_then(Persona::from_name);
        options.overrides.min_severity = self.min_severity.as_deref().and_then(Severity::from_name);
        options.overrides.min_confidence = self.min_confidence.as_deref().and_then(Confidence::from_name);
        options.overrides.fail_on = self.fail_on.as_ref().and_then(gate);
        options
    }
}

impl ScanArguments {
    /// The options of a scan.
    pub fn options(&self) -> Options {
        Options {
            suppress: !self.no_suppressions,
            profile: self.profile,
            threads: self.threads.and_then(|threads| NonZeroUsize::new(threads.into())),
            ..self.target.options()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
