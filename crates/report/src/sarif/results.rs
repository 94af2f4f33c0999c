//! Findings as SARIF results.

use super::limits::MOST_LOCATIONS;
use super::places::Places;
use super::rules::level;
use super::text::{label, message, sentence};
use super::types::Finding as Entry;
use super::types::{CodeFlow, FindingProperties, Fingerprints, Location, Message, Step, Suppression, ThreadFlow};
use crate::escape::visible;
use pyaudit_check::{Finding, Label};
use pyaudit_engine::{Judged, Status, SuppressedBy};
use pyaudit_source::Span;

/// GitHub shows a related location only where the message links to it; more links than this are a burden.
const MOST_LINKS: usize = 10;

/// What results are made with.
pub(super) struct Context<'a> {
    pub(super) places: Places<'a>,
    /// The ids of the rules, in their order.
    pub(super) rules: Vec<&'static str>,
    /// Whether findings were compared with those of a baseline.
    pub(super) has_baseline: bool,
}

impl Context<'_> {
    /// A finding as a result.
    pub(super) fn result(&self, judged: &Judged) -> Entry {
        let finding = &judged.finding;
        Entry {
            rule_id: finding.check.id,
            rule_index: self.rules.iter().position(|id| *id == finding.check.id),
            level: level(finding.severity),
            message: Message::plain(text(finding)),
            locations: [self.places.location(finding.span, None, !finding.hide_source)],
            code_flows: self.code_flow(finding).into_iter().collect(),
            related_locations: self.related(finding),
            partial_fingerprints: Fingerprints { line_hash: None, own: judged.fingerprint.clone() },
            baseline_state: self.has_baseline.then(|| baseline_state(&judged.status)),
            suppressions: suppression(&judged.status).into_iter().collect(),
            properties: FindingProperties {
                severity: finding.severity.name(),
                confidence: finding.confidence.name(),
                subject: finding.subject.as_deref().map(label),
            },
        }
    }

    fn related(&self, finding: &Finding) -> Vec<Location> {
        let locations = (1..).zip(&finding.related).take(MOST_LOCATIONS - 1);
        locations.map(|(id, related)| Location { id: Some(id), ..self.place(related) }).collect()
    }

    /// The chain that leads to the finding, whose own place is the last step of it. The middle of a chain that is too
    /// long is left out.
    fn code_flow(&self, finding: &Finding) -> Option<CodeFlow> {
        let trace = &finding.trace;
        let last = trace.last()?;
        let mut locations: Vec<_> = trace.iter().take(MOST_LOCATIONS - 2).map(|step| self.place(step)).collect();
        if trace.len() > locations.len() {
            locations.push(self.place(last));
        }
        if last.span != finding.span {
            locations.push(self.named(finding.span, &finding.message));
        }
        let locations = locations.into_iter().map(|location| Step { location }).collect();
        Some(CodeFlow { thread_flows: [ThreadFlow { locations }] })
    }

    fn place(&self, place: &Label) -> Location {
        self.named(place.span, &place.message)
    }

    fn named(&self, span: Span, words: &str) -> Location {
        self.places.location(span, Some(message(&sentence(words), &[])), false)
    }
}

/// The message, what to do, and links to what is related.
fn text(finding: &Finding) -> String {
    let whole = if finding.span.range.is_none() { " (the file as a whole)" } else { "" };
    let mut sentences = sentence(&format!("{}{whole}", finding.message));
    if let Some(help) = &finding.help {
        sentences.push_str(" To fix: ");
        sentences.push_str(visible(help.trim()).trim_end_matches('.'));
        sentences.push('.');
    }
    let links: Vec<_> = (1..).zip(&finding.related).take(MOST_LINKS).map(|(id, at)| (id, label(&at.message))).collect();
    message(&sentences, &links)
}

const fn baseline_state(status: &Status) -> &'static str {
    match status {
        Status::Known => "unchanged",
        Status::New | Status::Suppressed { .. } => "new",
    }
}

fn suppression(status: &Status) -> Option<Suppression> {
    let Status::Suppressed { reason, by } = status else { return None };
    let kind = match by {
        SuppressedBy::Comment => "inSource",
        SuppressedBy::Configuration => "external",
    };
    Some(Suppression { kind, justification: reason.as_deref().map(label) })
}
