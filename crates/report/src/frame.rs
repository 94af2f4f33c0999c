//! One finding as a code frame in the style of a compiler, with labels in several files.

use crate::escape::visible;
use crate::window::{Place, Window, windows};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use pyaudit_check::{Confidence, Finding, Label, Severity};
use pyaudit_source::{FileId, Sources, Span};

/// More labels than these in one frame hide more than they show.
const MOST_LABELS: usize = 12;

/// More steps than these of a trace are left out in the middle.
const MOST_STEPS: usize = 20;

/// Draws findings.
pub(crate) struct Frames<'a> {
    sources: &'a Sources,
    renderer: Renderer,
    width: usize,
}

impl<'a> Frames<'a> {
    /// Frames whose source lines are at most `width` characters wide.
    pub(crate) fn new(sources: &'a Sources, color: bool, width: usize) -> Self {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        // Lines are cut before they are drawn, so that the renderer need not cut them again.
        let renderer = renderer.decor_style(DecorStyle::Unicode).hyperlink(false).term_width(usize::from(u16::MAX));
        Self { sources, renderer, width }
    }

    /// The frame of one finding, without a line end after it.
    pub(crate) fn draw(&self, finding: &Finding) -> String {
        let title = level(finding.severity).with_name(finding.severity.name()).primary_title(visible(&finding.message));
        let mut elements = self.places(finding);
        elements.extend(self.notes(finding));
        self.renderer.render(&[title.id(finding.check.id).elements(elements)])
    }

    /// The source lines: first those of the file of the finding, then those of its other places, file by file.
    fn places(&self, finding: &'a Finding) -> Vec<Element<'a>> {
        let labels = finding.related.iter().take(MOST_LABELS);
        let mut elements = Vec::new();
        let mut files: Vec<FileId> = vec![finding.span.file];
        files.extend(labels.clone().map(|label| label.span.file));
        let mut seen = Vec::new();
        for file in files {
            if seen.contains(&file) {
                continue;
            }
            seen.push(file);
            let primary = (finding.span.file == file).then_some((finding.span, "", true));
            let related = labels.clone().filter(|label| label.span.file == file);
            let related = related.map(|label| (label.span, label.message.as_str(), false));
            let spans: Vec<_> = primary.into_iter().chain(related).collect();
            elements.extend(self.file(file, &spans, finding.hide_source));
        }
        elements
    }

    /// The places in one file: those with a range as source lines, those without as the path alone.
    fn file(&self, file: FileId, spans: &[(Span, &'a str, bool)], hide_source: bool) -> Vec<Element<'a>> {
        let content = self.sources.file(file).content.as_ref().ok().filter(|_| !hide_source);
        let (drawn, bare): (Vec<_>, Vec<_>) =
            spans.iter().partition(|(span, ..)| span.range.is_some() && content.is_some());
        let mut elements = Vec::new();
        for &(span, label, _) in &bare {
            elements.push(self.origin(span).into());
            if !label.is_empty() {
                elements.push(Level::NOTE.message(visible(label)).into());
            }
        }
        if let Some(content) = content {
            let places: Vec<Place<'a>> = drawn
                .iter()
                .filter_map(|&(span, label, primary)| Some(Place { range: span.range?, label, primary }))
                .collect();
            for window in windows(content, &places, self.width) {
                if window.cut {
                    elements.push(self.origin(first_place(file, &window)).into());
                    elements.push(snippet(window).into());
                } else {
                    // The renderer adds the line and the column of the first mark itself.
                    elements.push(snippet(window).path(visible(&self.sources.file(file).path)).into());
                }
            }
        }
        elements
    }

    fn origin(&self, span: Span) -> Origin<'a> {
        let origin = Origin::path(visible(&self.sources.file(span.file).path));
        match self.sources.positions(span) {
            Some((start, _)) => origin.line(start.line as usize).char_column(start.column as usize),
            None => origin,
        }
    }

    /// What stands below the source lines.
    fn notes(&self, finding: &'a Finding) -> Vec<Element<'a>> {
        let mut notes = Vec::new();
        let more = finding.related.len().saturating_sub(MOST_LABELS);
        if more > 0 {
            notes.push(Level::NOTE.message(format!("and {more} more places")).into());
        }
        if !finding.trace.is_empty() {
            notes.push(Level::NOTE.with_name("trace").message(self.trace(&finding.trace)).into());
        }
        if finding.confidence != Confidence::High {
            notes.push(Level::NOTE.with_name("confidence").message(finding.confidence.name()).into());
        }
        if let Some(help) = &finding.help {
            notes.push(Level::HELP.message(visible(help)).into());
        }
        notes
    }

    /// The steps, one a line, numbered from 1.
    fn trace(&self, steps: &[Label]) -> String {
        let (head, tail) = if steps.len() > MOST_STEPS { (MOST_STEPS / 2, MOST_STEPS / 2) } else { (steps.len(), 0) };
        let numbered: Vec<(usize, &Label)> = (1..).zip(steps).collect();
        let mut lines: Vec<String> = numbered[..head].iter().map(|&(number, step)| self.step(number, step)).collect();
        if tail > 0 {
            lines.push(format!("… {} more steps …", steps.len() - head - tail));
            lines.extend(numbered[steps.len() - tail..].iter().map(|&(number, step)| self.step(number, step)));
        }
        lines.join("\n")
    }

    fn step(&self, number: usize, step: &Label) -> String {
        format!("{number}. {}: {}", location(self.sources, step.span), visible(&step.message))
    }
}

/// A place as `path:line:column`, or the path alone for a whole file.
pub(crate) fn location(sources: &Sources, span: Span) -> String {
    let path = visible(&sources.file(span.file).path);
    match sources.positions(span) {
        Some((start, _)) => format!("{path}:{}:{}", start.line, start.column),
        None => path.into_owned(),
    }
}

/// The place that the head of a window names: the finding itself, or else the first label.
fn first_place(file: FileId, window: &Window<'_>) -> Span {
    let place = window.places.iter().find(|(_, place)| place.primary).or(window.places.first());
    place.map_or(Span::file(file), |(_, place)| Span::new(file, place.range))
}

fn snippet(window: Window<'_>) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    let annotations = window.places.into_iter().map(|(range, place)| {
        let kind = if place.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(range);
        if place.label.is_empty() { annotation } else { annotation.label(visible(place.label)) }
    });
    Snippet::source(window.text).line_start(window.first_line as usize).annotations(annotations)
}

/// The style of a severity: its colour and its place among the levels of a compiler.
fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::NOTE,
        Severity::Info => Level::INFO,
    }
}
