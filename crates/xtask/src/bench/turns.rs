//! Taking turns: each contestant once, and again, so that what else the machine does touches all of them alike.

use super::figures::{extremes, median};
use super::steps::{Measured, Step, measure};
use crate::process::cost;
use anyhow::{Result, ensure};
use clap::ValueEnum;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that is measured.
pub(super) struct Contestant {
    name: String,
    program: PathBuf,
    arguments: &'static str,
}

impl Contestant {
    /// A build of pyaudit: all checks, the table, and no configuration but its own defaults.
    pub(super) fn pyaudit(name: &str, program: &Path) -> Self {
        let arguments = "scan --no-config --fail-on never";
        Self { name: name.to_owned(), program: program.to_path_buf(), arguments }
    }

    /// Ruff with the rules that look for what pyaudit looks for, one line a finding.
    pub(super) fn ruff(program: &Path) -> Self {
        let arguments =
            "check --preview --select T20,S,FAST,ASYNC,LOG,G,BLE,DTZ --output-format concise --no-cache --isolated";
        Self { name: "ruff".to_owned(), program: program.to_path_buf(), arguments }
    }

    /// Seconds and peak memory in MB of one run.
    fn run(&self, root: &Path) -> Result<(f64, f64)> {
        let mut command = Command::new(&self.program);
        let cost = cost(command.args(self.arguments.split_ascii_whitespace()).arg(root))?;
        // Both end with 1 where they found something.
        ensure!(matches!(cost.status.code(), Some(0 | 1)), "{} ended with {}", self.name, cost.status);
        Ok((cost.elapsed.as_secs_f64(), megabytes(f64::from(cost.peak_kib))))
    }
}

/// What a step or a program cost.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    /// The median of the turns.
    pub(super) seconds: f64,
    /// Resident memory at its highest.
    pub(super) peak_mb: f64,
    /// How many times the time of ruff it took: the median, the least and the greatest of the turns.
    pub(super) ratio: Option<[f64; 3]>,
}

/// What a corpus cost.
pub(super) struct Costs {
    /// Each step of an audit.
    pub(super) steps: Vec<Row>,
    /// Each program.
    pub(super) programs: Vec<Row>,
}

/// Takes turns over a corpus: the steps, which `stepper` measures, and then each program once. A first turn of the
/// programs only warms the cache of the file system.
pub(super) fn take(contestants: &[Contestant], stepper: &Path, root: &Path, turns: u16) -> Result<Costs> {
    let mut steps = Steps::default();
    let mut programs: Vec<Runs> = contestants.iter().map(|_| Runs::default()).collect();
    for contestant in contestants {
        contestant.run(root)?;
    }
    for _ in 0..turns {
        let take = |until| measure(stepper, until, root);
        steps.add(&take(Step::Walk)?, &take(Step::Parse)?, &take(Step::Output)?);
        for (contestant, runs) in contestants.iter().zip(&mut programs) {
            let (seconds, peak_mb) = contestant.run(root)?;
            runs.seconds.push(seconds);
            runs.peaks.push(peak_mb);
        }
    }
    let peak = |&until: &Step| Ok(megabytes(measure(stepper, until, root)?.peak_kib));
    let peaks = Step::value_variants().iter().map(peak).collect::<Result<Vec<_>>>()?;
    Ok(Costs { steps: steps.finish(&peaks), programs: rows(contestants, &programs) })
}

/// The runs of a program, one a turn.
#[derive(Default)]
struct Runs {
    seconds: Vec<f64>,
    peaks: Vec<f64>,
}

fn rows(contestants: &[Contestant], programs: &[Runs]) -> Vec<Row> {
    let ruff = contestants.iter().position(|contestant| contestant.name == "ruff");
    let rows = contestants.iter().zip(programs).enumerate().map(|(at, (contestant, runs))| Row {
        name: contestant.name.clone(),
        seconds: median(&runs.seconds),
        peak_mb: median(&runs.peaks),
        ratio: ruff.filter(|&ruff| ruff != at).map(|ruff| ratio(&runs.seconds, &programs[ruff].seconds)),
    });
    rows.collect()
}

/// The ratios within the turns: the median, the least and the greatest.
fn ratio(one: &[f64], other: &[f64]) -> [f64; 3] {
    let ratios: Vec<f64> = one.iter().zip(other).map(|(one, other)| one / other).collect();
    let (least, greatest) = extremes(&ratios);
    [median(&ratios), least, greatest]
}

/// The names of the steps as they are told.
const STEPS: [&str; 7] = ["walk", "read", "parse", "lower", "link", "check", "output"];

/// The seconds of each step, a list of turns each.
#[derive(Default)]
struct Steps([Vec<f64>; 7]);

impl Steps {
    /// Reading is what loading takes longer than walking, and lowering what plain data take longer than parsing.
    fn add(&mut self, walk: &Measured, parse: &Measured, whole: &Measured) {
        let of = |measured: &Measured, step: Step| measured.seconds.get(step.name()).copied().unwrap_or(0.0);
        let (walk, parse) = (of(walk, Step::Walk), of(parse, Step::Parse));
        let turn = [
            walk,
            (of(whole, Step::Read) - walk).max(0.0),
            parse,
            (of(whole, Step::Analyse) - parse).max(0.0),
            of(whole, Step::Link),
            of(whole, Step::Check),
            of(whole, Step::Output),
        ];
        for (times, time) in self.0.iter_mut().zip(turn) {
            times.push(time);
        }
    }

    fn finish(&self, peaks: &[f64]) -> Vec<Row> {
        let rows = STEPS.iter().zip(&self.0).zip(peaks);
        rows.map(|((&name, times), &peak_mb)| Row {
            name: name.to_owned(),
            seconds: median(times),
            peak_mb,
            ratio: None,
        })
        .collect()
    }
}

/// KiB in MB of a million bytes.
fn megabytes(kib: f64) -> f64 {
    kib * 1024.0 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(seconds: &[(Step, f64)]) -> Measured {
        let seconds = seconds.iter().map(|&(step, time)| (step.name().to_owned(), time)).collect();
        Measured { seconds, peak_kib: 0.0 }
    }

    #[test]
    fn a_step_that_holds_another_is_told_without_it() {
        let mut steps = Steps::default();
        let whole = measured(&[
            (Step::Read, 1.5),
            (Step::Analyse, 5.0),
            (Step::Link, 0.5),
            (Step::Check, 0.25),
            (Step::Output, 0.125),
        ]);
        steps.add(&measured(&[(Step::Walk, 1.0)]), &measured(&[(Step::Read, 1.5), (Step::Parse, 4.0)]), &whole);
        let told: Vec<_> = steps.finish(&[1.0; 7]).into_iter().map(|row| (row.name, row.seconds)).collect();
        let expected = [1.0, 0.5, 4.0, 1.0, 0.5, 0.25, 0.125];
        assert_eq!(told, STEPS.map(str::to_owned).into_iter().zip(expected).collect::<Vec<_>>());
    }

    #[test]
    fn ratios_are_taken_within_turns() {
        // The second turn was taken under twice the load, which leaves its ratio as it was.
        let ratio = ratio(&[2.0, 4.0, 3.0], &[1.0, 2.0, 1.0]).map(|ratio| format!("{ratio:.1}"));
        assert_eq!(ratio, ["2.0", "2.0", "3.0"]);
    }
}
