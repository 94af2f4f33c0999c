//! The numbers of an audit, which several formats show.

use pyaudit_check::{Area, Severity};
use pyaudit_engine::{Audit, Judged, Status};
use pyaudit_source::Unread;
use std::collections::BTreeMap;

/// Severities as people read them: the worst first.
pub(crate) fn worst_first() -> impl Iterator<Item = Severity> {
    Severity::ALL.iter().rev().copied()
}

/// The findings that count, in the order of the audit.
pub(crate) fn counting(audit: &Audit) -> impl Iterator<Item = &Judged> {
    audit.findings.iter().filter(|judged| judged.counts())
}

/// How many findings count, by severity; every severity is there.
pub(crate) fn by_severity(audit: &Audit) -> BTreeMap<Severity, usize> {
    let mut counts: BTreeMap<_, _> = Severity::ALL.iter().map(|&severity| (severity, 0)).collect();
    for judged in counting(audit) {
        *counts.entry(judged.finding.severity).or_default() += 1;
    }
    counts
}

/// How many findings count, by area and severity; areas without any are left out.
pub(crate) fn by_area(audit: &Audit) -> BTreeMap<Area, BTreeMap<Severity, usize>> {
    let mut counts: BTreeMap<Area, BTreeMap<Severity, usize>> = BTreeMap::new();
    for judged in counting(audit) {
        let area = counts.entry(judged.finding.check.area).or_default();
        *area.entry(judged.finding.severity).or_default() += 1;
    }
    counts
}

/// How many findings there are with a status, shown or not.
pub(crate) fn with_status(audit: &Audit, status: &str) -> usize {
    audit.findings.iter().filter(|judged| judged.status.name() == status).count()
}

/// How many findings would count, had the filters of severity, confidence and path let them through.
pub(crate) fn hidden(audit: &Audit) -> usize {
    audit.findings.iter().filter(|judged| judged.status == Status::New && !judged.shown).count()
}

/// How many files were read.
pub(crate) fn files_read(audit: &Audit) -> usize {
    audit.project.sources.files().filter(|(_, file)| file.content.is_ok()).count()
}

/// How many files were not read, by reason: those that the walk left out, and those that gave no text.
pub fn left_out(audit: &Audit) -> BTreeMap<&'static str, usize> {
    let sources = &audit.project.sources;
    let mut counts = sources.left_out().clone();
    for (_, file) in sources.files() {
        if let Err(unread) = file.content {
            *counts.entry(reason(unread)).or_default() += 1;
        }
    }
    counts
}

/// The reason that is given for files whose path means nothing to the project: pictures, prose.
pub(crate) const OF_NO_INTEREST: &str = "of no interest";

const fn reason(unread: Unread) -> &'static str {
    match unread {
        Unread::NotWanted => OF_NO_INTEREST,
        Unread::Binary => "binary",
        Unread::TooLarge => "too large",
        Unread::Unreadable => "unreadable",
    }
}
