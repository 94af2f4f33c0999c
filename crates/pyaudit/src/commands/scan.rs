//! `pyaudit scan`.

use super::{ExitStatus, Failure, Outcome, profile};
use crate::cli::{Format, Output, ScanArguments};
use crate::output::{Streams, has_color, is_writable, render, write_file};
use crate::scan::{Scan, scan_with};
use pyaudit_check::Check;
use pyaudit_check::project::Resolution;
use pyaudit_report::TableOptions;
use std::io::{self, Write};
use std::time::{Duration, Instant};

pub(super) fn run(arguments: &ScanArguments, checks: &[&'static Check], streams: &mut Streams<'_>) -> Outcome {
    refuse_outputs(&arguments.output)?;
    let scan = scan_with(checks, &arguments.options())?;
    let output = Instant::now();
    for output in &arguments.output {
        // A file has neither colours nor the time, so that equal repositories give equal files.
        let write = || write_file(&output.file, &render(&scan, output.format, &TableOptions::default())?);
        write().map_err(|source| Failure::Output { path: output.file.clone(), source })?;
    }
    if arguments.verbose {
        // What is told beside the result is not worth a failure.
        let _ = tell(&scan, streams.errors);
    }
    streams.out.write_all(&printed(&scan, arguments, streams.is_terminal)?)?;
    streams.out.flush()?;
    if let Some(measured) = &scan.profile {
        let phases = [scan.phases.as_slice(), &[("output", output.elapsed())]].concat();
        let _ = streams.errors.write_all(profile::page(&phases, &scan.concerns, measured).as_bytes());
    }
    Ok(status(&scan, arguments.strict))
}

fn refuse_outputs(outputs: &[Output]) -> Result<(), Failure> {
    for (at, output) in outputs.iter().enumerate() {
        is_writable(&output.file).map_err(|source| Failure::Output { path: output.file.clone(), source })?;
        if outputs[..at].iter().any(|earlier| earlier.file == output.file) {
            return Err(Failure::OutputTwice(output.file.clone()));
        }
    }
    Ok(())
}

/// A problem under `--strict` comes before findings: what was found may not be all there is.
fn status(scan: &Scan, strict: bool) -> ExitStatus {
    if strict && !scan.audit.problems.is_empty() {
        ExitStatus::Error
    } else if scan.fails() {
        ExitStatus::Findings
    } else {
        ExitStatus::Success
    }
}

fn printed(scan: &Scan, arguments: &ScanArguments, is_terminal: bool) -> io::Result<Vec<u8>> {
    let table = TableOptions {
        color: has_color(arguments.color, is_terminal, |name| std::env::var_os(name)),
        // The time would make each output differ from the next; only a person at a terminal is served by it.
        elapsed: is_terminal.then(|| total(scan)),
        ..TableOptions::default()
    };
    let bytes = render(scan, arguments.format, &table)?;
    let only_last = arguments.quiet && arguments.format == Format::Table;
    Ok(if only_last { last_line(&bytes).to_vec() } else { bytes })
}

fn last_line(bytes: &[u8]) -> &[u8] {
    let content = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let start = content.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    &bytes[start..]
}

fn total(scan: &Scan) -> Duration {
    scan.phases.iter().map(|&(_, time)| time).sum()
}

/// The time of each phase, the files left out by reason, and how much of the project could be resolved.
fn tell(scan: &Scan, out: &mut dyn Write) -> io::Result<()> {
    for (phase, time) in &scan.phases {
        writeln!(out, "{phase}: {:.3} s", time.as_secs_f64())?;
    }
    for (reason, count) in pyaudit_report::left_out(&scan.audit) {
        writeln!(out, "left out: {count} {reason}")?;
    }
    for Resolution { what, resolved, all } in scan.audit.project.resolution() {
        writeln!(out, "resolved: {resolved} of {all} {what}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::last_line;

    #[test]
    fn the_last_line_keeps_its_end() {
        assert_eq!(last_line(b"a\nb\nc\n"), b"c\n");
        assert_eq!(last_line(b"c\n"), b"c\n");
    }
}
