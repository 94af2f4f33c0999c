//! `pyaudit config`: the effective configuration as TOML, with the origin of each value as a comment.

use super::{ExitStatus, Outcome};
use crate::cli::TargetArguments;
use crate::output::Streams;
use crate::scan::prepare;
use crate::settings::{Settings, Sourced};
use pyaudit_check::Check;
use pyaudit_engine::{Gate, PathIgnore, Suppression};
use std::fmt::Display;
use std::io::{self, Write};

pub(super) fn run(arguments: &TargetArguments, checks: &[&'static Check], streams: &mut Streams<'_>) -> Outcome {
    let (_, settings) = prepare(checks, &arguments.options())?;
    write(&settings, streams.out)?;
    streams.out.flush()?;
    Ok(ExitStatus::Success)
}

fn write(settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    list("select", &settings.select, out)?;
    list("ignore", &settings.ignore, out)?;
    list("exclude", &settings.exclude, out)?;
    value("persona", &settings.persona, |persona| quoted(persona.name()), out)?;
    value("min-severity", &settings.min_severity, |severity| quoted(severity.name()), out)?;
    value("min-confidence", &settings.min_confidence, |confidence| quoted(confidence.name()), out)?;
    value("fail-on", &settings.fail_on, |gate| quoted(gate_name(*gate)), out)?;
    value("limits.max-file-bytes", &settings.max_file_bytes, u64::to_string, out)?;
    value("limits.max-lock-file-bytes", &settings.max_lock_file_bytes, u64::to_string, out)?;
    for (check, severity) in &settings.severity {
        value(&format!("severity.{check}"), severity, |severity| quoted(severity.name()), out)?;
    }
    for ignore in &settings.per_path_ignores {
        let PathIgnore { pattern, .. } = &ignore.value;
        value(&format!("per-path-ignores.{}", quoted(pattern)), ignore, |ignore| quoted_list(&ignore.checks), out)?;
    }
    settings.suppress.iter().try_for_each(|suppression| table(suppression, out))
}

fn value<T>(key: &str, value: &Sourced<T>, show: impl Fn(&T) -> String, out: &mut dyn Write) -> io::Result<()> {
    line(&format!("{key} = {}", show(&value.value)), &value.origin, out)
}

fn line(text: &str, origin: &dyn Display, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{text:<40} # {origin}")
}

/// A list with an element a line, since each may have come from elsewhere.
fn list(key: &str, values: &[Sourced<String>], out: &mut dyn Write) -> io::Result<()> {
    if values.is_empty() {
        return line(&format!("{key} = []"), &"default", out);
    }
    writeln!(out, "{key} = [")?;
    for value in values {
        line(&format!("  {},", quoted(&value.value)), &value.origin, out)?;
    }
    writeln!(out, "]")
}

fn table(suppression: &Sourced<Suppression>, out: &mut dyn Write) -> io::Result<()> {
    let Suppression { check, subject, path, reason } = &suppression.value;
    writeln!(out)?;
    line("[[suppress]]", &suppression.origin, out)?;
    let optional = [("subject", subject), ("path", path), ("reason", reason)];
    let pairs = optional.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
    for (key, value) in [("check", check)].into_iter().chain(pairs) {
        writeln!(out, "{key} = {}", quoted(value))?;
    }
    Ok(())
}

const fn gate_name(gate: Gate) -> &'static str {
    match gate {
        Gate::At(severity) => severity.name(),
        Gate::Never => "never",
    }
}

fn quoted_list(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => quoted.extend(format!("\\u{:04X}", u32::from(character)).chars()),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
