//! What a check reports.

use crate::{Check, Confidence, Severity};
use pyaudit_source::Span;

/// A place with a few words about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there, lower-case, without a final full stop.
    pub message: String,
}

/// One defect: one thing a person would fix once.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The check that found it.
    pub check: &'static Check,
    /// Lower-case, without a final full stop; names the thing in backticks.
    pub message: String,
    /// The exact token.
    pub span: Span,
    /// The other halves of a finding that joins several places.
    pub related: Vec<Label>,
    /// An ordered chain, such as the calls from a handler to what blocks.
    pub trace: Vec<Label>,
    /// What the finding is about: `POST /users/{id}`, `DATABASE_URL`.
    pub subject: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// How to fix this one, where more can be said than the documentation of the check says.
    pub help: Option<String>,
    /// Whether the source lines hold a secret, so that no output may show them.
    pub hide_source: bool,
}

impl Finding {
    /// Adds another place that belongs to the finding.
    pub fn related(&mut self, span: Span, message: impl Into<String>) -> &mut Self {
        self.related.push(Label { span, message: message.into() });
        self
    }

    /// Adds the next step of the chain that leads to the finding.
    pub fn step(&mut self, span: Span, message: impl Into<String>) -> &mut Self {
        self.trace.push(Label { span, message: message.into() });
        self
    }

    /// Says what the finding is about.
    pub fn subject(&mut self, subject: impl Into<String>) -> &mut Self {
        self.subject = Some(subject.into());
        self
    }

    /// Replaces the severity of the check for this finding.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }

    /// Replaces the confidence of the check for this finding.
    pub fn confidence(&mut self, confidence: Confidence) -> &mut Self {
        self.confidence = confidence;
        self
    }

    /// Says that the source lines hold a secret: outputs name the places and show no line of them.
    pub fn secret(&mut self) -> &mut Self {
        self.hide_source = true;
        self
    }

    /// Says how to fix this one.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }
}

/// Where a check puts what it found.
#[derive(Debug)]
pub struct Findings {
    check: &'static Check,
    findings: Vec<Finding>,
    examined: usize,
}

impl Findings {
    /// An empty list for one check.
    pub fn new(check: &'static Check) -> Self {
        Self { check, findings: Vec::new(), examined: 0 }
    }

    /// Reports a defect, with the severity and confidence of the check.
    pub fn report(&mut self, at: Span, message: impl Into<String>) -> &mut Finding {
        self.findings.push(Finding {
            check: self.check,
            message: message.into(),
            span: at,
            related: Vec::new(),
            trace: Vec::new(),
            subject: None,
            severity: self.check.severity,
            confidence: self.check.confidence,
            help: None,
            hide_source: false,
        });
        self.findings.last_mut().expect("a finding was just pushed")
    }

    /// Says how many units could have had the smell. None at all means that the check does not apply.
    pub fn examined(&mut self, units: usize) {
        self.examined += units;
    }

    /// What was found, and how many units were examined.
    pub fn finish(self) -> (Vec<Finding>, usize) {
        (self.findings, self.examined)
    }
}
