//! The keys of the configuration and what each may hold. Whatever is not known is an error with its line.

use crate::error::ConfigError;
use crate::persona::Persona;
use crate::settings::{Origin, Settings, Sourced};
use pyaudit_check::{Check, Confidence, Severity};
use pyaudit_data::{Entry, Value, ValueKind};
use pyaudit_engine::{Gate, PathIgnore, PathPattern, Suppression, did_you_mean, find, find_check, near_miss};
use pyaudit_source::{LineIndex, Range};

const KEYS: &[&str] = &[
    "select",
    "ignore",
    "severity",
    "per-path-ignores",
    "suppress",
    "exclude",
    "limits",
    "persona",
    "min-severity",
    "min-confidence",
    "fail-on",
];
const LIMIT_KEYS: &[&str] = &["max-file-bytes", "max-lock-file-bytes"];
const SUPPRESS_KEYS: &[&str] = &["check", "subject", "path", "reason"];

/// Reads the values of one file.
pub(crate) struct Reader<'a> {
    file: String,
    text: &'a str,
    lines: LineIndex,
    /// The name of the table in the file, empty for the file itself.
    table: &'static str,
    checks: &'a [&'static Check],
}

type Result<T> = std::result::Result<T, ConfigError>;

impl<'a> Reader<'a> {
    pub(crate) fn new(file: String, text: &'a str, table: &'static str, checks: &'a [&'static Check]) -> Self {
        Self { file, text, lines: LineIndex::new(text), table, checks }
    }

    /// An error at a place in the file.
    pub(crate) fn error(&self, range: Option<Range>, message: impl Into<String>) -> ConfigError {
        let line = range.map(|range| self.lines.position(range.start, self.text).line);
        let place = line.map_or_else(|| self.file.clone(), |line| format!("{}:{line}", self.file));
        ConfigError { place, message: message.into() }
    }

    /// Reads a table into the settings.
    pub(crate) fn read(&self, table: &Value, settings: &mut Settings) -> Result<()> {
        for Entry { key, value } in self.entries(table, self.table)? {
            match key.text.as_str() {
                "select" => settings.select = self.selectors(&key.text, value)?,
                "ignore" => settings.ignore = self.selectors(&key.text, value)?,
                "severity" => self.severities(value, settings)?,
                "per-path-ignores" => settings.per_path_ignores = self.path_ignores(value)?,
                "suppress" => settings.suppress = self.suppressions(value)?,
                "exclude" => settings.exclude = self.globs(value)?,
                "limits" => self.limits(value, settings)?,
                "persona" => settings.persona = self.sourced(value, self.persona(&key.text, value)?),
                "min-severity" => settings.min_severity = self.sourced(value, self.severity(&key.text, value)?),
                "min-confidence" => settings.min_confidence = self.sourced(value, self.confidence(&key.text, value)?),
                "fail-on" => settings.fail_on = self.sourced(value, self.gate(&key.text, value)?),
                _ => return Err(self.unknown_key(key.range, &key.text, "", KEYS)),
            }
        }
        Ok(())
    }

    fn sourced<T>(&self, at: &Value, value: T) -> Sourced<T> {
        let line = self.lines.position(at.range.start, self.text).line;
        Sourced::new(value, Origin::File { file: self.file.clone(), line })
    }

    fn unknown_key(&self, at: Range, key: &str, table: &str, known: &[&str]) -> ConfigError {
        let path: Vec<&str> = [self.table, table].into_iter().filter(|part| !part.is_empty()).collect();
        let place = if path.is_empty() { String::new() } else { format!(" in [{}]", path.join(".")) };
        let hint = did_you_mean(near_miss(key, known.iter().copied()));
        self.error(Some(at), format!("unknown key `{key}`{place}{hint}"))
    }

    fn wrong_type(&self, value: &Value, key: &str, expected: &str) -> ConfigError {
        self.error(Some(value.range), format!("`{key}` must be {expected}"))
    }

    fn entries<'v>(&self, value: &'v Value, key: &str) -> Result<&'v [Entry]> {
        match &value.kind {
            ValueKind::Mapping(entries) => Ok(entries),
            _ => Err(self.wrong_type(value, key, "a table")),
        }
    }

    fn string<'v>(&self, value: &'v Value, key: &str, expected: &str) -> Result<&'v str> {
        value.as_str().ok_or_else(|| self.wrong_type(value, key, expected))
    }

    /// Each string of a list with its value.
    fn strings<'v>(&self, value: &'v Value, key: &str) -> Result<Vec<(&'v str, &'v Value)>> {
        const EXPECTED: &str = "a list of strings";
        match &value.kind {
            ValueKind::Sequence(items) => {
                items.iter().map(|item| Ok((self.string(item, key, EXPECTED)?, item))).collect()
            }
            _ => Err(self.wrong_type(value, key, EXPECTED)),
        }
    }

    /// Check ids and areas.
    fn selectors(&self, key: &str, value: &Value) -> Result<Vec<Sourced<String>>> {
        let read = |(name, item): (&str, &Value)| {
            find(name, self.checks).map_err(|unknown| self.error(Some(item.range), unknown.to_string()))?;
            Ok(self.sourced(item, name.to_owned()))
        };
        self.strings(value, key)?.into_iter().map(read).collect()
    }

    fn severities(&self, value: &Value, settings: &mut Settings) -> Result<()> {
        for Entry { key, value } in self.entries(value, "severity")? {
            let check = find_check(&key.text, self.checks);
            let check = check.map_err(|unknown| self.error(Some(key.range), unknown.to_string()))?;
            let severity = self.severity(&key.text, value)?;
            settings.severity.insert(check.id.to_owned(), self.sourced(value, severity));
        }
        Ok(())
    }

    fn path_ignores(&self, value: &Value) -> Result<Vec<Sourced<PathIgnore>>> {
        let read = |Entry { key, value }: &Entry| {
            self.glob(&key.text, key.range)?;
            let checks = self.selectors(&key.text, value)?.into_iter().map(|name| name.value).collect();
            Ok(self.sourced(value, PathIgnore { pattern: key.text.clone(), checks }))
        };
        self.entries(value, "per-path-ignores")?.iter().map(read).collect()
    }

    fn glob(&self, glob: &str, at: Range) -> Result<()> {
        let invalid = |message| self.error(Some(at), format!("the glob `{glob}` is invalid: {message}"));
        PathPattern::new(glob).map(drop).map_err(invalid)
    }

    fn globs(&self, value: &Value) -> Result<Vec<Sourced<String>>> {
        let read = |(glob, item): (&str, &Value)| {
            self.glob(glob, item.range)?;
            Ok(self.sourced(item, glob.to_owned()))
        };
        self.strings(value, "exclude")?.into_iter().map(read).collect()
    }

    fn suppressions(&self, value: &Value) -> Result<Vec<Sourced<Suppression>>> {
        match &value.kind {
            ValueKind::Sequence(items) => {
                items.iter().map(|item| Ok(self.sourced(item, self.suppression(item)?))).collect()
            }
            _ => Err(self.wrong_type(value, "suppress", "a list of tables")),
        }
    }

    fn suppression(&self, table: &Value) -> Result<Suppression> {
        let mut check = None;
        let (mut subject, mut path, mut reason) = (None, None, None);
        for Entry { key, value } in self.entries(table, "suppress")? {
            let text = || self.string(value, &key.text, "a string");
            match key.text.as_str() {
                "check" => {
                    let found = find_check(text()?, self.checks);
                    check = Some(found.map_err(|unknown| self.error(Some(value.range), unknown.to_string()))?);
                }
                "subject" => subject = Some(text()?.to_owned()),
                "reason" => reason = Some(text()?.to_owned()),
                "path" => {
                    self.glob(text()?, value.range)?;
                    path = Some(text()?.to_owned());
                }
                _ => return Err(self.unknown_key(key.range, &key.text, "suppress", SUPPRESS_KEYS)),
            }
        }
        let check = check.ok_or_else(|| self.error(Some(table.range), "a suppression needs the key `check`"))?;
        Ok(Suppression { check: check.id.to_owned(), subject, path, reason })
    }

    fn limits(&self, value: &Value, settings: &mut Settings) -> Result<()> {
        for Entry { key, value } in self.entries(value, "limits")? {
            match key.text.as_str() {
                "max-file-bytes" => settings.max_file_bytes = self.bytes(&key.text, value)?,
                "max-lock-file-bytes" => settings.max_lock_file_bytes = self.bytes(&key.text, value)?,
                _ => return Err(self.unknown_key(key.range, &key.text, "limits", LIMIT_KEYS)),
            }
        }
        Ok(())
    }

    fn bytes(&self, key: &str, value: &Value) -> Result<Sourced<u64>> {
        let number = match value.kind {
            ValueKind::Integer(number) => u64::try_from(number).ok().filter(|&number| number > 0),
            _ => None,
        };
        let number = number.ok_or_else(|| self.wrong_type(value, key, "a number of bytes above 0"))?;
        Ok(self.sourced(value, number))
    }

    fn severity(&self, key: &str, value: &Value) -> Result<Severity> {
        self.named(key, value, Severity::from_name, &names(Severity::ALL, Severity::name))
    }

    fn confidence(&self, key: &str, value: &Value) -> Result<Confidence> {
        self.named(key, value, Confidence::from_name, &names(Confidence::ALL, Confidence::name))
    }

    fn persona(&self, key: &str, value: &Value) -> Result<Persona> {
        self.named(key, value, Persona::from_name, &Persona::ALL.map(Persona::name))
    }

    fn gate(&self, key: &str, value: &Value) -> Result<Gate> {
        let mut known = names(Severity::ALL, Severity::name);
        known.push("never");
        self.named(key, value, gate_from_name, &known)
    }

    /// A value that is one of several words.
    fn named<T>(&self, key: &str, value: &Value, read: fn(&str) -> Option<T>, known: &[&str]) -> Result<T> {
        let expected = format!("one of {}", known.join(", "));
        let word = self.string(value, key, &expected)?;
        read(word).ok_or_else(|| {
            let hint = did_you_mean(near_miss(word, known.iter().copied()));
            self.error(Some(value.range), format!("`{key}` must be {expected}, not `{word}`{hint}"))
        })
    }
}

/// The gate that `fail-on` and `--fail-on` name.
pub(crate) fn gate_from_name(name: &str) -> Option<Gate> {
    if name == "never" { Some(Gate::Never) } else { Severity::from_name(name).map(Gate::At) }
}

fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().rev().map(|&value| name(value)).collect()
}
