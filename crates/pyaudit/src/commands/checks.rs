//! `pyaudit checks`.

use super::{ExitStatus, Outcome};
use crate::cli::ListFormat;
use crate::output::Streams;
use pyaudit_check::Check;
use serde_json::json;
use std::io::{self, Write};

pub(super) fn run(format: ListFormat, checks: &[&'static Check], streams: &mut Streams<'_>) -> Outcome {
    match format {
        ListFormat::Table => table(checks, streams.out)?,
        ListFormat::Json => json(checks, streams.out)?,
    }
    streams.out.flush()?;
    Ok(ExitStatus::Success)
}

fn table(checks: &[&'static Check], out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<[&str; 4]> =
        checks.iter().map(|check| [check.id, check.area.name(), check.severity.name(), check.summary]).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    for [id, area, severity, summary] in &rows {
        writeln!(out, "{id:0$}  {area:1$}  {severity:2$}  {summary}", widths[0], widths[1], widths[2])?;
    }
    Ok(())
}

fn json(checks: &[&'static Check], out: &mut dyn Write) -> io::Result<()> {
    let describe = |check: &&'static Check| {
        json!({
            "id": check.id,
            "area": check.area.name(),
            "axis": check.axis.name(),
            "severity": check.severity.name(),
            "confidence": check.confidence.name(),
            "maturity": check.maturity.name(),
            "summary": check.summary,
        })
    };
    let document = json!({ "version": 1, "checks": checks.iter().map(describe).collect::<Vec<_>>() });
    writeln!(out, "{}", serde_json::to_string_pretty(&document)?)
}
