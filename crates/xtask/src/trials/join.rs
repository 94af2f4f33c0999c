//! Findings joined with verdicts and with expected places.

use super::records::{Expected, Finding, Repository, Verdict};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What is known of one check over all repositories.
#[derive(Debug, Default, Clone)]
pub(super) struct Tally {
    pub(super) findings: usize,
    pub(super) right: usize,
    pub(super) wrong: usize,
    pub(super) arguable: usize,
    /// Expected places that must fire, without the borderline ones.
    pub(super) listed: usize,
    pub(super) found: usize,
    /// Look-alikes that must stay silent, without the borderline ones.
    pub(super) look_alikes: usize,
    pub(super) flagged: usize,
}

/// Everything that the tables show.
#[derive(Debug, Default)]
pub(super) struct Joined {
    pub(super) checks: BTreeMap<String, Tally>,
    /// Expected places that were missed, and look-alikes that were flagged, as lines.
    pub(super) differences: Vec<String>,
    /// Right findings that are gone and wrong ones that are back, as lines.
    pub(super) regressions: Vec<String>,
    ungraded: Vec<(String, String, Finding)>,
}

impl Joined {
    /// Adds the findings of one repository.
    pub(super) fn add(
        &mut self,
        repository: &Repository,
        findings: &[Finding],
        verdicts: &[Verdict],
        expected: &[Expected],
    ) {
        let own = verdicts.iter().filter(|verdict| verdict.repository == repository.name);
        let graded: BTreeMap<&str, &Verdict> = own.map(|verdict| (verdict.fingerprint.as_str(), verdict)).collect();
        self.add_verdicts(repository, findings, &graded);
        for place in expected.iter().filter(|place| place.repository == repository.name && !place.borderline) {
            self.add_expected(place, findings);
        }
    }

    fn add_verdicts(&mut self, repository: &Repository, findings: &[Finding], graded: &BTreeMap<&str, &Verdict>) {
        for finding in findings {
            let tally = self.checks.entry(finding.check.clone()).or_default();
            tally.findings += 1;
            let verdict = graded.get(finding.fingerprint.as_str());
            match verdict.map(|verdict| verdict.verdict.as_str()) {
                Some("right") => tally.right += 1,
                Some("wrong") => {
                    tally.wrong += 1;
                    if !verdict.is_some_and(|verdict| verdict.open) {
                        self.regressions.push(format!("{}: graded wrong: {}", repository.name, describe(finding)));
                    }
                }
                Some(_) => tally.arguable += 1,
                None => {
                    let row = (repository.name.clone(), repository.revision.clone(), finding.clone());
                    self.ungraded.push(row);
                }
            }
        }
        let present: BTreeSet<&str> = findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
        for (fingerprint, verdict) in graded {
            if verdict.verdict == "right" && !present.contains(fingerprint) {
                let line = format!("{}: graded right and gone: {} {fingerprint}", repository.name, verdict.check);
                self.regressions.push(line);
            }
        }
    }

    fn add_expected(&mut self, place: &Expected, findings: &[Finding]) {
        let fired = findings.iter().any(|finding| covers(finding, place));
        let tally = self.checks.entry(place.check.clone()).or_default();
        if place.must_fire {
            tally.listed += 1;
            tally.found += usize::from(fired);
        } else {
            tally.look_alikes += 1;
            tally.flagged += usize::from(fired);
        }
        if place.must_fire != fired {
            let what = if place.must_fire { "missed" } else { "flagged a look-alike" };
            let line = place.lines.first().copied().unwrap_or(0);
            self.differences
                .push(format!("{what}: {} {} {}:{line} ({})", place.check, place.repository, place.path, place.reason));
        }
    }

    /// The findings without a verdict, one JSON object a line.
    pub(super) fn ungraded_lines(&self) -> String {
        let mut lines = String::new();
        for (repository, revision, finding) in &self.ungraded {
            let row = json!({
                "repository": repository,
                "revision": revision,
                "check": finding.check,
                "fingerprint": finding.fingerprint,
                "path": finding.path,
                "line": finding.lines.first(),
                "message": finding.message,
            });
            // Writing to a `String` cannot fail.
            let _ = writeln!(lines, "{row}");
        }
        lines
    }
}

/// Whether a finding speaks of an expected place. Where many lines make one finding, the file is enough.
fn covers(finding: &Finding, place: &Expected) -> bool {
    let is_there = |(path, line): &(String, u64)| *path == place.path && place.lines.contains(line);
    if finding.check != place.check || finding.path != place.path {
        return finding.check == place.check && place.must_fire && finding.elsewhere.iter().any(is_there);
    }
    let check = place.check.as_str();
    let one_a_file = matches!(check, "print-logging" | "committed-env-file" | "env-not-ignored")
        || check.starts_with("unpinned-")
        || check.ends_with("-downgrade");
    (one_a_file && place.must_fire)
        || finding.lines.iter().any(|line| {
            place.lines.contains(line) || place.span.is_some_and(|(first, last)| (first..=last).contains(line))
        })
}

fn describe(finding: &Finding) -> String {
    let line = finding.lines.first().copied().unwrap_or(0);
    format!("{} {}:{line} {}", finding.check, finding.path, finding.message)
}
