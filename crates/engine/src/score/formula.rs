//! The formula of `docs/scoring.md`: what the findings of one check cost, and what several checks cost together.
//!
//! Costs are counted in thousandths of a point, so that the sums are exact.

use pyaudit_check::{Confidence, Severity};

/// The whole of an axis, in thousandths of a point.
pub(super) const FULL: u32 = 10_000;

/// What of the weight of its worst finding a check costs however many units it examined: one secret in a thousand files
/// is still a secret.
const BASE: f64 = 0.4;

/// What one finding weighs, in points: the severity times the confidence.
pub(super) fn weight(severity: Severity, confidence: Confidence) -> f64 {
    let points = match severity {
        Severity::Info => 0.0,
        Severity::Low => 0.5,
        Severity::Medium => 1.5,
        Severity::High => 3.0,
        Severity::Critical => 5.0,
    };
    let sure = match confidence {
        Confidence::Low => 0.3,
        Confidence::Medium => 0.7,
        Confidence::High => 1.0,
    };
    points * sure
}

/// What the findings of one check cost an axis that has lost nothing yet, in thousandths of a point. The cost never
/// exceeds the weight of the worst finding, and grows with every finding until then.
pub(super) fn cost(weights: &[f64], examined: usize) -> u32 {
    let worst = weights.iter().copied().fold(0.0, f64::max);
    if worst <= 0.0 {
        return 0;
    }
    // The findings, counted as if each were as bad as the worst, over what could have been found.
    let share = weights.iter().sum::<f64>() / worst / count(examined.max(1));
    let points = worst * (BASE + (1.0 - BASE) * share.sqrt().min(1.0));
    thousandths(points)
}

/// What each of several costs takes from an axis when they are taken one after the other, the largest first, each from
/// what the ones before have left. `costs` stand in that order.
pub(super) fn taken(costs: &[u32]) -> Vec<u32> {
    let mut left = FULL;
    costs
        .iter()
        .map(|&cost| {
            let taken = (u64::from(left) * u64::from(cost.min(FULL)) / u64::from(FULL)) as u32;
            left -= taken;
            taken
        })
        .collect()
}

/// Rounds thousandths of a point to tenths so that the parts add up to the rounded whole: the remainders that are largest
/// are rounded up, the first of equal ones.
pub(super) fn in_tenths(parts: &[u32]) -> Vec<u32> {
    let whole = (parts.iter().sum::<u32>() + 50) / 100;
    let mut tenths: Vec<u32> = parts.iter().map(|part| part / 100).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&at| (std::cmp::Reverse(parts[at] % 100), at));
    let missing = whole - tenths.iter().sum::<u32>();
    for &at in order.iter().take(missing as usize) {
        tenths[at] += 1;
    }
    tenths
}

#[expect(clippy::cast_precision_loss, reason = "no repository has 2^52 of anything")]
fn count(units: usize) -> f64 {
    units as f64
}

#[expect(clippy::cast_sign_loss, reason = "points are never negative")]
fn thousandths(points: f64) -> u32 {
    (points * 1000.0).round() as u32
}
