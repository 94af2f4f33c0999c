//! From the lines of a Dockerfile to instructions: continuations joined, comments dropped, heredocs taken along.

use super::word_length;
use crate::Text;
use crate::text::{Line, TextBuilder, lines, place, range};
use pyaudit_source::{ParseProblem, Range};

/// One instruction, its lines joined.
pub(super) struct Logical {
    /// The text from the keyword on.
    pub(super) line: Text,
    /// The whole of it, heredocs included.
    pub(super) range: Range,
    /// The heredocs that it starts.
    pub(super) heredocs: Vec<Text>,
}

/// The instructions of a Dockerfile, one by one.
pub(super) struct LogicalLines<'a> {
    lines: Vec<Line<'a>>,
    next: usize,
    /// The character that joins lines.
    escape: char,
    problems: &'a mut Vec<ParseProblem>,
}

impl<'a> LogicalLines<'a> {
    pub(super) fn new(text: &'a str, problems: &'a mut Vec<ParseProblem>) -> Self {
        let mut lines: Vec<_> = lines(text).collect();
        if let Some(first) = lines.first_mut()
            && let Some(rest) = first.text.strip_prefix('\u{feff}')
        {
            *first = Line { start: '\u{feff}'.len_utf8(), text: rest };
        }
        let escape = escape_directive(&lines);
        Self { lines, next: 0, escape, problems }
    }

    fn take(&mut self) -> Option<Line<'a>> {
        let line = self.lines.get(self.next).copied();
        self.next += 1;
        line
    }

    /// A heredoc up to the line that ends it.
    fn heredoc(&mut self, heredoc: &Heredoc, opening: Range) -> (Text, usize) {
        let body_start = self.lines.get(self.next).map_or(opening.end as usize, |line| line.start);
        let mut builder = TextBuilder::default();
        let mut end = opening.end as usize;
        while let Some(line) = self.take() {
            let tabs = if heredoc.strips_tabs { line.text.len() - line.text.trim_start_matches('\t').len() } else { 0 };
            let content = &line.text[tabs..];
            end = line.end();
            if content == heredoc.name {
                return (builder.finish(body_start), end);
            }
            builder.verbatim(line.start + tabs, content);
            let has_line_end = self.lines.get(self.next).is_some();
            if has_line_end {
                builder.replaced(line.end(), 1, '\n');
            }
        }
        let message = format!("heredoc without its end `{}`", heredoc.name);
        self.problems.push(ParseProblem::at(opening, message));
        (builder.finish(body_start), end)
    }
}

impl Iterator for LogicalLines<'_> {
    type Item = Logical;

    fn next(&mut self) -> Option<Logical> {
        let (first, content) = loop {
            let line = self.take()?;
            let content = line.text.trim_start();
            if !content.is_empty() && !content.starts_with('#') {
                break (line, content);
            }
        };
        let start = first.end() - content.len();
        let (content, mut is_continued) = split_continuation(content, self.escape);
        let mut builder = TextBuilder::default();
        builder.verbatim(start, content);
        let mut end = start + content.trim_end().len();
        while is_continued && let Some(line) = self.take() {
            let trimmed = line.text.trim_start();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let (content, goes_on) = split_continuation(line.text, self.escape);
            builder.verbatim(line.start, content);
            end = end.max(line.start + content.trim_end().len());
            is_continued = goes_on;
        }
        let line = builder.finish(start);
        let mut heredocs = Vec::new();
        for heredoc in heredocs_of(&line.text) {
            let opening = place(&line, heredoc.start, heredoc.end);
            let (text, last) = self.heredoc(&heredoc, opening);
            heredocs.push(text);
            end = end.max(last);
        }
        Some(Logical { line, range: range(start, end), heredocs })
    }
}

/// The character that the directive `# escape=` names. Directives stand above everything else in the file.
fn escape_directive(lines: &[Line<'_>]) -> char {
    for line in lines {
        let comment = line.text.trim_start().strip_prefix('#');
        let Some((name, value)) = comment.and_then(|comment| comment.split_once('=')) else { break };
        let name = name.trim();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            break;
        }
        if name.eq_ignore_ascii_case("escape") && value.trim() == "`" {
            return '`';
        }
    }
    '\\'
}

/// A line without the escape character at its end, and whether there is one. A doubled one joins nothing.
fn split_continuation(content: &str, escape: char) -> (&str, bool) {
    let before = content.trim_end_matches([' ', '\t']).strip_suffix(escape);
    match before {
        Some(before) if !before.ends_with(escape) => (before, true),
        _ => (content, false),
    }
}

/// The opening of a heredoc: where it stands in the joined line, and what ends it.
struct Heredoc {
    start: usize,
    end: usize,
    name: String,
    strips_tabs: bool,
}

/// The heredocs that an instruction opens: words such as `<<EOF`, `<<-"EOF"` or `3<<EOF`.
fn heredocs_of(line: &str) -> Vec<Heredoc> {
    let mut words = words(line);
    let takes_heredocs = |word: Option<(usize, &str)>| {
        word.is_some_and(|(_, word)| ["RUN", "COPY", "ADD"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword)))
    };
    let mut keyword = words.next();
    if keyword.is_some_and(|(_, word)| word.eq_ignore_ascii_case("ONBUILD")) {
        keyword = words.next();
    }
    if !takes_heredocs(keyword) {
        return Vec::new();
    }
    words.filter_map(|(start, word)| heredoc(start, word)).collect()
}

fn heredoc(start: usize, word: &str) -> Option<Heredoc> {
    let operator = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (strips_tabs, name) = operator.strip_prefix('-').map_or((false, operator), |name| (true, name));
    let bare = name.replace(['"', '\''], "");
    (!bare.is_empty() && !bare.contains('<')).then(|| Heredoc {
        start,
        end: start + word.len(),
        name: bare,
        strips_tabs,
    })
}

fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at = line.len() - line[at..].trim_start().len();
        let word = &line[at..at + word_length(&line[at..])];
        at += word.len();
        (!word.is_empty()).then_some((at - word.len(), word))
    })
}
