//! Figures of several turns as one, and how figures are written.

/// The median; the mean of the two in the middle of an even number, and 0 of none.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.get(middle) {
        None => 0.0,
        Some(&value) if sorted.len() % 2 == 1 => value,
        Some(&value) => f64::midpoint(sorted[middle - 1], value),
    }
}

/// The least and the greatest.
pub(super) fn extremes(values: &[f64]) -> (f64, f64) {
    (values.iter().copied().fold(f64::INFINITY, f64::min), values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// Seconds with three decimals.
pub(super) fn seconds(value: f64) -> String {
    format!("{value:.3}")
}

/// An amount by the time it took, in whole thousands with commas from 1,000 on; a dash where the time is too short to
/// divide by.
pub(super) fn rate(amount: f64, seconds: f64) -> String {
    const SHORTEST: f64 = 0.0005;
    if seconds < SHORTEST {
        return "–".to_owned();
    }
    let rate = amount / seconds;
    if rate < 100.0 { format!("{rate:.1}") } else { whole(rate) }
}

/// A figure rounded to a whole, with commas between thousands.
pub(super) fn whole(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut written = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_no_mean() {
        let cases: [(&[f64], f64); 4] =
            [(&[], 0.0), (&[3.0], 3.0), (&[9.0, 1.0, 2.0], 2.0), (&[1.0, 8.0, 2.0, 4.0], 3.0)];
        for (values, expected) in cases {
            assert!((median(values) - expected).abs() < 1e-9, "{values:?}");
        }
        assert_eq!(extremes(&[2.0, 1.0, 3.0]), (1.0, 3.0));
    }

    #[test]
    fn figures_are_written_for_people() {
        assert_eq!(seconds(1.234_56), "1.235");
        assert_eq!([0.0, 999.6, 12_345.0, 1_234_567.0].map(whole), ["0", "1,000", "12,345", "1,234,567"]);
        assert_eq!(rate(75.9, 10.0), "7.6");
        assert_eq!(rate(6_000.0, 2.0), "3,000");
        assert_eq!(rate(6_000.0, 0.0), "–", "nothing is divided by nothing");
    }
}
