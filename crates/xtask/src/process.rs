//! What a program costs: time and peak memory.

use anyhow::{Context, Result};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What one run of a program cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// From its start to its end.
    pub(crate) elapsed: Duration,
    /// The peak of its resident memory in KiB; 0 where the system does not tell.
    pub(crate) peak_kib: u32,
    /// How it ended.
    pub(crate) status: ExitStatus,
}

/// Runs a program to its end, its output thrown away. The peak is asked for each millisecond, since a process that has
/// ended tells it no more.
pub(crate) fn cost(command: &mut Command) -> Result<Cost> {
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let (process, has_ended) = (child.id().to_string(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = 0;
            while !has_ended.load(Ordering::Relaxed) {
                peak = peak.max(peak_kib(&process).unwrap_or(0));
                std::thread::sleep(Duration::from_millis(1));
            }
            peak
        });
        let status = child.wait();
        let elapsed = start.elapsed();
        has_ended.store(true, Ordering::Relaxed);
        let peak_kib = watch.join().expect("watching a file does not panic");
        Ok(Cost { elapsed, peak_kib, status: status? })
    })
}

/// The peak resident memory in KiB of a running process, by its number or as `self`, as Linux counts it; `None`
/// elsewhere.
pub(crate) fn peak_kib(process: &str) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}
