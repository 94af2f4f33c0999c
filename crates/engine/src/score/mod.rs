//! The score of an audit: six axes, each from 0 to 10, with the deductions that add up to it.
//!
//! `docs/scoring.md` gives the formula and the reasons. Findings of preview checks, suppressed ones and those that only
//! inform cost nothing. What a filter of severity, confidence or path hides still counts: a score that can be raised by
//! looking away says nothing.

mod formula;
#[cfg(test)]
mod tests;

use crate::{Audit, Status};
use formula::{FULL, cost, in_tenths, taken, weight};
use pyaudit_check::{Axis, Check, Maturity, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// Points in tenths: 73 is 7.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Points(pub u32);

impl std::fmt::Display for Points {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(&format!("{}.{}", self.0 / 10, self.0 % 10))
    }
}

/// The score of an audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// One entry an axis, in the order of [`Axis::ALL`].
    pub axes: Vec<AxisScore>,
    /// The mean of the axes that were assessed; `None` where none was.
    pub total: Option<Points>,
    /// What mending all findings of one check would gain, the most first.
    pub plan: Vec<Gain>,
}

/// The score of one axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AxisScore {
    /// The axis.
    pub axis: Axis,
    /// How it fared.
    pub outcome: Outcome,
}

/// How an axis fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was assessed.
    Assessed {
        /// Ten minus the deductions.
        points: Points,
        /// What each check cost, the most first. Together they are exactly what is missing from ten.
        deductions: Vec<Deduction>,
        /// How many checks could have lowered it.
        checks: usize,
    },
    /// No check that ran could have lowered it.
    NotAssessed(Why),
}

/// Why an axis was not assessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// There is no check for it, or none was selected.
    NoCheckRan,
    /// The checks that ran are previews, which never score.
    OnlyPreviews,
    /// The checks that ran met nothing that they could have found fault with.
    NothingToExamine,
}

impl Why {
    /// The reason as a sentence's end, lower-case, without a full stop.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoCheckRan => "no check for it ran",
            Self::OnlyPreviews => "only preview checks ran for it, and these never score",
            Self::NothingToExamine => "its checks met nothing here that they could examine",
        }
    }
}

/// What one check cost its axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deduction {
    /// The id of the check.
    pub check: &'static str,
    /// How many of its findings count.
    pub findings: usize,
    /// How many units it examined.
    pub examined: usize,
    /// The severity of its worst finding.
    pub worst: Severity,
    /// What it cost.
    pub points: Points,
}

/// What mending all findings of a check would gain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gain {
    /// The id of the check.
    pub check: &'static str,
    /// Its axis.
    pub axis: Axis,
    /// How many findings are to be mended.
    pub findings: usize,
    /// The severity of the worst of them.
    pub worst: Severity,
    /// What the axis of the check would gain.
    pub points: Points,
}

/// What the findings of one check cost, before the other checks are looked at.
struct Cost {
    check: &'static Check,
    findings: usize,
    examined: usize,
    worst: Severity,
    /// In thousandths of a point.
    thousandths: u32,
}

/// The score of an audit. Equal audits have equal scores.
pub fn score(audit: &Audit) -> Score {
    let costs = costs(audit);
    let axes: Vec<AxisScore> = Axis::ALL
        .iter()
        .map(|&axis| AxisScore { axis, outcome: outcome(audit, axis, &of_axis(&costs, axis)) })
        .collect();
    let mut plan: Vec<Gain> = costs.iter().map(|cost| gain(cost, &of_axis(&costs, cost.check.axis))).collect();
    plan.sort_by(|a, b| {
        let by_points = b.points.cmp(&a.points);
        by_points.then(b.worst.cmp(&a.worst)).then(b.findings.cmp(&a.findings)).then(a.check.cmp(b.check))
    });
    Score { total: mean(&axes), axes, plan }
}

/// What each check with findings that count costs by itself, the most first.
fn costs(audit: &Audit) -> Vec<Cost> {
    let mut weights: BTreeMap<&str, (&'static Check, Severity, Vec<f64>)> = BTreeMap::new();
    for judged in &audit.findings {
        let finding = &judged.finding;
        let is_silent = matches!(judged.status, Status::Suppressed { .. });
        if is_silent || finding.check.maturity == Maturity::Preview || finding.severity == Severity::Info {
            continue;
        }
        let (_, worst, of_check) =
            weights.entry(finding.check.id).or_insert_with(|| (finding.check, finding.severity, Vec::new()));
        *worst = finding.severity.max(*worst);
        of_check.push(weight(finding.severity, finding.confidence));
    }
    let mut costs: Vec<Cost> = weights
        .into_values()
        .map(|(check, worst, mut weights)| {
            // A sum of floating-point numbers depends on its order.
            weights.sort_by(f64::total_cmp);
            let examined = audit.examined.get(check.id).copied().unwrap_or_default();
            Cost { check, findings: weights.len(), examined, worst, thousandths: cost(&weights, examined) }
        })
        .collect();
    costs.sort_by(|a, b| b.thousandths.cmp(&a.thousandths).then(a.check.id.cmp(b.check.id)));
    costs
}

fn of_axis(costs: &[Cost], axis: Axis) -> Vec<&Cost> {
    costs.iter().filter(|cost| cost.check.axis == axis).collect()
}

/// What is left of an axis, in thousandths of a point.
fn left(costs: &[u32]) -> u32 {
    FULL - taken(costs).iter().sum::<u32>()
}

fn thousandths(costs: &[&Cost]) -> Vec<u32> {
    costs.iter().map(|cost| cost.thousandths).collect()
}

fn outcome(audit: &Audit, axis: Axis, costs: &[&Cost]) -> Outcome {
    let found: BTreeSet<&str> = costs.iter().map(|cost| cost.check.id).collect();
    let ran: Vec<_> = audit.checks.iter().filter(|check| check.axis == axis).collect();
    let scoring: Vec<_> = ran.iter().filter(|check| check.maturity == Maturity::Stable).collect();
    // A check that found something examined it, whatever it says.
    let examined = |id: &str| audit.examined.get(id).is_some_and(|&units| units > 0) || found.contains(id);
    let checks = scoring.iter().filter(|check| examined(check.id)).count();
    if checks == 0 {
        return Outcome::NotAssessed(match (ran.is_empty(), scoring.is_empty()) {
            (true, _) => Why::NoCheckRan,
            (false, true) => Why::OnlyPreviews,
            (false, false) => Why::NothingToExamine,
        });
    }
    let points = in_tenths(&taken(&thousandths(costs)));
    let missing: u32 = points.iter().sum();
    let deductions = costs.iter().zip(points).map(|(cost, points)| Deduction {
        check: cost.check.id,
        findings: cost.findings,
        examined: cost.examined,
        worst: cost.worst,
        points: Points(points),
    });
    let mut deductions: Vec<Deduction> = deductions.collect();
    deductions.sort_by(|a, b| b.points.cmp(&a.points).then(a.check.cmp(b.check)));
    Outcome::Assessed { points: Points(FULL / 100 - missing), deductions, checks }
}

/// What the axis gains when the findings of one check are gone, as the shown scores will differ.
fn gain(cost: &Cost, of_axis: &[&Cost]) -> Gain {
    let shown = |costs: &[u32]| FULL / 100 - (FULL - left(costs) + 50) / 100;
    let without: Vec<&Cost> = of_axis.iter().copied().filter(|other| other.check.id != cost.check.id).collect();
    let points = shown(&thousandths(&without)) - shown(&thousandths(of_axis));
    Gain {
        check: cost.check.id,
        axis: cost.check.axis,
        findings: cost.findings,
        worst: cost.worst,
        points: Points(points),
    }
}

/// The mean of the axes that were assessed, rounded half up.
fn mean(axes: &[AxisScore]) -> Option<Points> {
    let points: Vec<u32> = axes
        .iter()
        .filter_map(|axis| match axis.outcome {
            Outcome::Assessed { points, .. } => Some(points.0),
            Outcome::NotAssessed(_) => None,
        })
        .collect();
    let count = points.len() as u32;
    (count > 0).then(|| Points((points.iter().sum::<u32>() * 2 + count) / (count * 2)))
}
