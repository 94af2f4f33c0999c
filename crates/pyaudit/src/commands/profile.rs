//! What `scan --profile` tells on standard error.

use pyaudit_engine::{CheckTime, Profile};
use std::cmp::Reverse;
use std::fmt::Write as _;
use std::time::Duration;

/// Names with their times.
type Laps = [(&'static str, Duration)];

/// The time of each phase and of each concern of the link in their order, and that of each check, the dearest first.
pub(super) fn page(phases: &Laps, concerns: &Laps, profile: &Profile) -> String {
    let mut page = table("phase", phases, "total");
    page.push('\n');
    page.push_str(&table("link", concerns, "all concerns"));

    // Calls of checks run beside each other, so their times together exceed that of the phase.
    let mut checks: Vec<&CheckTime> = profile.checks.iter().collect();
    checks.sort_by_key(|check| (Reverse(check.time), check.id));
    let all = checks.iter().map(|check| check.time).sum();
    page.push('\n');
    page.push_str(&heading("check, over all threads", "units"));
    for check in checks {
        row(&mut page, check.id, check.time, all, &check.units.to_string());
    }
    row(&mut page, "all checks", all, all, "");
    let _ = writeln!(page, "\njudging what was found, in `check`: {:.3} s", profile.judging.as_secs_f64());
    page
}

/// A row for each lap in their order, and one for all together.
fn table(name: &str, laps: &Laps, last: &str) -> String {
    let total = laps.iter().map(|&(_, time)| time).sum();
    let mut page = heading(name, "");
    for &(lap, time) in laps {
        row(&mut page, lap, time, total, "");
    }
    row(&mut page, last, total, total, "");
    page
}

fn heading(name: &str, last: &str) -> String {
    format!("{}\n", format!("{name:<40} {:>9} {:>7} {last:>8}", "seconds", "share").trim_end())
}

fn row(page: &mut String, name: &str, time: Duration, of: Duration, last: &str) {
    let share = if of.is_zero() { 0.0 } else { 100.0 * time.as_secs_f64() / of.as_secs_f64() };
    let line = format!("{name:<40} {:>9.3} {share:>5.1} % {last:>8}", time.as_secs_f64());
    page.push_str(line.trim_end());
    page.push('\n');
}

#[cfg(test)]
mod tests {
    use super::page;
    use pyaudit_engine::{CheckTime, Profile};
    use std::time::Duration;

    #[test]
    fn shares_are_of_their_own_table_and_the_dearest_check_stands_first() {
        let seconds = Duration::from_secs_f64;
        let check = |id, units, time| CheckTime { id, units, time: seconds(time) };
        let checks = vec![check("cheap-check", 1, 0.05), check("dear-check", 12_000, 0.15)];
        let profile = Profile { checks, judging: seconds(0.01) };
        let phases = [("parse", seconds(0.3)), ("check", seconds(0.1))];
        let expected = "\
phase                                      seconds   share
parse                                        0.300  75.0 %
check                                        0.100  25.0 %
total                                        0.400 100.0 %

link                                       seconds   share
routes                                       0.200 100.0 %
all concerns                                 0.200 100.0 %

check, over all threads                    seconds   share    units
dear-check                                   0.150  75.0 %    12000
cheap-check                                  0.050  25.0 %        1
all checks                                   0.200 100.0 %

judging what was found, in `check`: 0.010 s
";
        assert_eq!(page(&phases, &[("routes", seconds(0.2))], &profile), expected);
    }

    #[test]
    fn no_time_at_all_has_no_share() {
        let page = page(&[("parse", Duration::ZERO)], &[], &Profile::default());
        assert!(page.contains("0.000   0.0 %") && !page.contains("NaN"), "{page}");
    }
}
