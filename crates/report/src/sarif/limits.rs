//! What GitHub accepts, and what is left out to stay within it.
//!
//! <https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support> lists the limits. A file
//! beyond one of them is rejected as a whole.

use super::results::Context;
use super::types::{Finding as Entry, Location, Rule};
use pyaudit_engine::{Judged, Status};
use std::cmp::Reverse;
use std::collections::HashSet;

/// The most locations of a result.
pub(super) const MOST_LOCATIONS: usize = 1_000;

/// The most notifications; GitHub names no limit.
pub(super) const MOST_NOTIFICATIONS: usize = 500;

/// What a result takes after compression beside its texts, and what a location does, in bytes.
const RESULT_BYTES: usize = 100;
const LOCATION_BYTES: usize = 20;

/// The most results of a run.
pub(super) const MOST_RESULTS: usize = 25_000;

/// The most bytes of rules and results after compression, as they are estimated. A file may have ten million; a part is
/// kept for what is not estimated.
const MOST_BYTES: usize = 9_000_000;

/// Results in the order of their findings, and what was left out.
pub(super) struct Kept<'a> {
    pub(super) results: Vec<(&'a Judged, Entry)>,
    /// How many findings were left out.
    pub(super) left_out: usize,
    /// Whether the code of all findings was left out.
    pub(super) without_code: bool,
    /// How many places and steps of the findings that were kept were left out.
    pub(super) places_left_out: usize,
}

/// The results of findings. Where they are too large, their code is left out first; where they are still too large, or
/// too many, the least important are: the suppressed first, then those of low severity, then those of low confidence.
pub(super) fn keep<'a>(findings: &[&'a Judged], context: &Context<'_>, rules: &[Rule]) -> Kept<'a> {
    let mut ranked: Vec<usize> = (0..findings.len()).collect();
    // The sort is stable, so that equals keep the order of the audit.
    ranked.sort_by_key(|&at| rank(findings[at]));
    ranked.truncate(MOST_RESULTS);
    let mut results: Vec<(usize, Entry)> = ranked.into_iter().map(|at| (at, context.result(findings[at]))).collect();
    let room = MOST_BYTES.saturating_sub(size_of_rules(rules));
    let without_code = how_many_fit(&results, room) < results.len();
    if without_code {
        for (_, result) in &mut results {
            drop_code(result);
        }
        results.truncate(how_many_fit(&results, room));
    }
    results.sort_by_key(|&(at, _)| at);
    let results: Vec<_> = results.into_iter().map(|(at, result)| (findings[at], result)).collect();
    let places_left_out = results.iter().map(|(judged, result)| places_left_out(judged, result)).sum();
    Kept { left_out: findings.len() - results.len(), results, without_code, places_left_out }
}

/// Important findings have a low rank.
fn rank(judged: &Judged) -> impl Ord + use<> {
    let is_suppressed = matches!(judged.status, Status::Suppressed { .. });
    (is_suppressed, Reverse(judged.finding.severity), Reverse(judged.finding.confidence))
}

fn how_many_fit(results: &[(usize, Entry)], room: usize) -> usize {
    let mut seen = HashSet::new();
    let sizes = results.iter().scan(0_usize, |sum, (_, result)| {
        let file = uri(&result.locations[0]);
        *sum += size(result) + if seen.insert(file) { file.len() } else { 0 };
        Some(*sum)
    });
    sizes.take_while(|&sum| sum <= room).count()
}

/// An estimate that is seldom too low: texts are counted as if they could not be compressed, while the names of members,
/// which do not differ, cost next to nothing. The path of the file does not count: the results of one file stand one
/// behind the other, so that only the first one pays for it.
fn size(result: &Entry) -> usize {
    let steps = result.code_flows.iter().flat_map(|flow| &flow.thread_flows[0].locations).map(|step| &step.location);
    let locations = result.locations.iter().chain(&result.related_locations).chain(steps);
    let reasons = result.suppressions.iter().filter_map(|suppression| suppression.justification.as_ref());
    let subject = result.properties.subject.as_ref().map_or(0, String::len);
    let text = result.message.text.len() + subject + reasons.map(String::len).sum::<usize>();
    RESULT_BYTES + text + locations.map(|location| size_of_location(location, uri(&result.locations[0]))).sum::<usize>()
}

fn uri(location: &Location) -> &str {
    &location.physical_location.artifact_location.uri
}

fn size_of_location(location: &Location, known: &str) -> usize {
    let path = if uri(location) == known { 0 } else { uri(location).len() };
    let snippet = location
        .physical_location
        .region
        .as_ref()
        .and_then(|region| region.snippet.as_ref())
        .map_or(0, |code| code.text.len());
    let message = location.message.as_ref().map_or(0, |message| message.text.len());
    LOCATION_BYTES + path + snippet + message
}

/// The help of a rule is prose of our own, which is compressed to less than half.
fn size_of_rules(rules: &[Rule]) -> usize {
    let help = |rule: &Rule| rule.help.text.len() + rule.help.markdown.as_ref().map_or(0, String::len);
    rules.iter().map(|rule| help(rule) + rule.full_description.text.len()).sum::<usize>() / 2
}

fn drop_code(result: &mut Entry) {
    for location in &mut result.locations {
        if let Some(region) = &mut location.physical_location.region {
            region.snippet = None;
        }
    }
}

fn places_left_out(judged: &Judged, result: &Entry) -> usize {
    let finding = &judged.finding;
    let steps = result.code_flows.iter().map(|flow| flow.thread_flows[0].locations.len()).sum::<usize>();
    finding.related.len() - result.related_locations.len() + finding.trace.len().saturating_sub(steps)
}
