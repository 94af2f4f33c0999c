//! The effective configuration, each value with where it came from.

use crate::persona::Persona;
use pyaudit_check::{Confidence, Severity};
use pyaudit_engine::{Config, Gate, PathIgnore, Suppression};
use std::collections::BTreeMap;
use std::fmt;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A configuration file, as it is shown, and a line from 1.
    File {
        /// The file.
        file: String,
        /// The line of the value.
        line: u32,
    },
    /// An argument: `--select`.
    Argument(&'static str),
    /// Nobody set it, so that the persona decides.
    Persona(Persona),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { file, line } => write!(formatter, "{file}:{line}"),
            Self::Argument(argument) => formatter.write_str(argument),
            Self::Persona(persona) => write!(formatter, "persona {persona}"),
        }
    }
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// A value with its origin.
    pub const fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    const fn default_of(value: T) -> Self {
        Self::new(value, Origin::Default)
    }
}

/// The effective configuration. The meaning of each value is that of [`Config`] and of the options of loading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Check ids or areas to run; empty means all.
    pub select: Vec<Sourced<String>>,
    /// Check ids or areas not to run.
    pub ignore: Vec<Sourced<String>>,
    /// Severities by check id.
    pub severity: BTreeMap<String, Sourced<Severity>>,
    /// Checks that are silent in some paths.
    pub per_path_ignores: Vec<Sourced<PathIgnore>>,
    /// Suppressions of single findings.
    pub suppress: Vec<Sourced<Suppression>>,
    /// Globs of paths that are not read.
    pub exclude: Vec<Sourced<String>>,
    /// The size in bytes above which a file is not read.
    pub max_file_bytes: Sourced<u64>,
    /// The same for lock files.
    pub max_lock_file_bytes: Sourced<u64>,
    /// What is shown where neither a severity nor a confidence is asked for.
    pub persona: Sourced<Persona>,
    /// Findings below are not shown.
    pub min_severity: Sourced<Severity>,
    /// Findings below are not shown.
    pub min_confidence: Sourced<Confidence>,
    /// Findings at or above fail the run.
    pub fail_on: Sourced<Gate>,
    /// See [`Config::pattern_base`].
    pub pattern_base: String,
}

impl Default for Settings {
    fn default() -> Self {
        let config = Config::default();
        let limits = pyaudit_source::LoadOptions::default();
        Self {
            select: Vec::new(),
            ignore: Vec::new(),
            severity: BTreeMap::new(),
            per_path_ignores: Vec::new(),
            suppress: Vec::new(),
            exclude: Vec::new(),
            max_file_bytes: Sourced::default_of(limits.max_file_bytes),
            max_lock_file_bytes: Sourced::default_of(limits.max_lock_file_bytes),
            persona: Sourced::default_of(Persona::default()),
            min_severity: Sourced::default_of(config.min_severity),
            min_confidence: Sourced::default_of(config.min_confidence),
            fail_on: Sourced::default_of(config.fail_on),
            pattern_base: String::new(),
        }
    }
}

/// What arguments say about the configuration. What they leave open is for the configuration file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Check ids or areas to run, in place of what the file selects and ignores; empty leaves that to the file.
    pub select: Vec<String>,
    /// Check ids or areas not to run either.
    pub ignore: Vec<String>,
    /// Globs of paths not to read either, relative to the root.
    pub exclude: Vec<String>,
    /// What is shown where neither a severity nor a confidence is asked for, in place of what the file says of it.
    pub persona: Option<Persona>,
    /// Findings below are not shown.
    pub min_severity: Option<Severity>,
    /// Findings below are not shown.
    pub min_confidence: Option<Confidence>,
    /// Findings at or above fail the run.
    pub fail_on: Option<Gate>,
}

impl Settings {
    /// Lays the arguments over the values, and lets the persona decide what is left open.
    pub fn apply(&mut self, overrides: &Overrides) {
        if !overrides.select.is_empty() {
            self.select.clear();
            self.ignore.clear();
        }
        extend(&mut self.select, &overrides.select, "--select");
        extend(&mut self.ignore, &overrides.ignore, "--ignore");
        extend(&mut self.exclude, &overrides.exclude, "--exclude");
        if overrides.persona.is_some() {
            self.min_severity.origin = Origin::Default;
            self.min_confidence.origin = Origin::Default;
        }
        replace(&mut self.persona, overrides.persona, "--persona");
        replace(&mut self.min_severity, overrides.min_severity, "--min-severity");
        replace(&mut self.min_confidence, overrides.min_confidence, "--min-confidence");
        replace(&mut self.fail_on, overrides.fail_on, "--fail-on");
        self.follow_persona();
    }

    fn follow_persona(&mut self) {
        let persona = self.persona.value;
        if self.min_severity.origin == Origin::Default {
            // What fails the run is shown.
            let severity = match self.fail_on.value {
                Gate::At(gate) => persona.min_severity().min(gate),
                Gate::Never => persona.min_severity(),
            };
            self.min_severity = Sourced::new(severity, Origin::Persona(persona));
        }
        if self.min_confidence.origin == Origin::Default {
            self.min_confidence = Sourced::new(persona.min_confidence(), Origin::Persona(persona));
        }
    }

    /// The values that the engine asks for.
    pub fn config(&self) -> Config {
        let severity = self.severity.iter().map(|(check, severity)| (check.clone(), severity.value));
        Config {
            select: values(&self.select),
            ignore: values(&self.ignore),
            severity: severity.collect(),
            per_path_ignores: values(&self.per_path_ignores),
            suppressions: values(&self.suppress),
            min_severity: self.min_severity.value,
            min_confidence: self.min_confidence.value,
            min_preview_confidence: match self.min_confidence.origin {
                Origin::Persona(persona) => persona.min_preview_confidence(),
                _ => self.min_confidence.value,
            },
            fail_on: self.fail_on.value,
            pattern_base: self.pattern_base.clone(),
            ..Config::default()
        }
    }
}

fn extend(list: &mut Vec<Sourced<String>>, values: &[String], argument: &'static str) {
    list.extend(values.iter().map(|value| Sourced::new(value.clone(), Origin::Argument(argument))));
}

fn replace<T: Copy>(value: &mut Sourced<T>, with: Option<T>, argument: &'static str) {
    if let Some(with) = with {
        *value = Sourced::new(with, Origin::Argument(argument));
    }
}

fn values<T: Clone>(list: &[Sourced<T>]) -> Vec<T> {
    list.iter().map(|sourced| sourced.value.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_on_the_command_line_replaces_that_of_the_file() {
        let from_file = |value: &str| {
            vec![Sourced::new(value.to_owned(), Origin::File { file: "pyaudit.toml".to_owned(), line: 1 })]
        };
        let mut settings = Settings { select: from_file("a"), ignore: from_file("b"), ..Settings::default() };
        settings.apply(&Overrides { ignore: vec!["c".to_owned()], ..Overrides::default() });
        assert_eq!(
            (settings.config().select, settings.config().ignore),
            (vec!["a".into()], vec!["b".into(), "c".into()])
        );
        settings.apply(&Overrides { select: vec!["b".to_owned()], ..Overrides::default() });
        assert_eq!((settings.config().select, settings.config().ignore), (vec!["b".into()], vec![]));
        assert_eq!(settings.select[0].origin.to_string(), "--select");
    }

    #[test]
    fn previews_need_more_confidence_unless_it_is_asked_for() {
        let least = |overrides: &Overrides| {
            let mut settings = Settings::default();
            settings.apply(overrides);
            (settings.config().min_confidence, settings.config().min_preview_confidence)
        };
        assert_eq!(least(&Overrides::default()), (Confidence::Medium, Confidence::High));
        let pedantic = Overrides { persona: Some(Persona::Pedantic), ..Overrides::default() };
        assert_eq!(least(&pedantic), (Confidence::Medium, Confidence::Medium));
        let asked = Overrides { min_confidence: Some(Confidence::Low), ..Overrides::default() };
        assert_eq!(least(&asked), (Confidence::Low, Confidence::Low));
    }
}
