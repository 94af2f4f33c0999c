//! The few lines around some places of a text, safe and short enough to be drawn.
//!
//! Drawing costs time in the size of what is drawn, so that it never gets a whole file or a whole long line.

use crate::escape::source_character;
use pyaudit_source::{Range, Text};

/// Lines further apart stand in windows of their own.
const GAP: u32 = 3;

/// A span over more lines is shown by its first line alone.
const MOST_LINES: u32 = 8;

/// How wide a tab is drawn.
const TAB: usize = 4;

/// A place to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// Bytes of the text.
    pub(crate) range: Range,
    /// What is there.
    pub(crate) label: &'a str,
    /// Whether it is the place of the finding itself.
    pub(crate) primary: bool,
}

/// Some consecutive lines with marked places.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Window<'a> {
    /// The number of the first line, from 1.
    pub(crate) first_line: u32,
    /// The lines, each with `\n` between it and the next.
    pub(crate) text: String,
    /// Whether a line does not start at its beginning, so that columns of `text` are not those of the file.
    pub(crate) cut: bool,
    /// Bytes of `text`, and the places that they show.
    pub(crate) places: Vec<(std::ops::Range<usize>, Place<'a>)>,
}

/// The windows in which all places of one text can be seen, the one with the primary place first. Lines are cut to
/// `width` characters.
pub(crate) fn windows<'a>(content: &Text, places: &[Place<'a>], width: usize) -> Vec<Window<'a>> {
    let mut lined: Vec<(u32, u32, Place<'a>)> = places.iter().map(|place| lines_of(content, *place)).collect();
    lined.sort_by_key(|&(first, last, place)| (first, last, place.range));
    let mut clusters: Vec<Vec<(u32, u32, Place<'a>)>> = Vec::new();
    for entry in lined {
        match clusters.last_mut() {
            Some(cluster) if cluster.iter().any(|&(_, last, _)| entry.0 <= last + GAP) => cluster.push(entry),
            _ => clusters.push(vec![entry]),
        }
    }
    let mut windows: Vec<_> = clusters.iter().map(|cluster| window(content, cluster, width)).collect();
    windows.sort_by_key(|window| !window.places.iter().any(|(_, place)| place.primary));
    windows
}

/// The first and last line to show for a place, and the part of the place that stands there.
fn lines_of<'a>(content: &Text, place: Place<'a>) -> (u32, u32, Place<'a>) {
    let size = content.text.len() as u32;
    let start = place.range.start.min(size);
    let end = place.range.end.clamp(start, size);
    let first = content.lines.line(start);
    let last = content.lines.line(end.saturating_sub(1).max(start));
    let (last, end) =
        if last - first < MOST_LINES { (last, end) } else { (first, line(content, first).end.max(start)) };
    (first, last, Place { range: Range::new(start, end), ..place })
}

fn line(content: &Text, number: u32) -> Range {
    content.lines.line_range(number, &content.text).unwrap_or_default()
}

fn window<'a>(content: &Text, cluster: &[(u32, u32, Place<'a>)], width: usize) -> Window<'a> {
    let first_line = cluster[0].0;
    let last_line = cluster.iter().map(|&(_, last, _)| last).max().unwrap_or(first_line);
    let mut text = String::new();
    let mut shown = Vec::new();
    for number in first_line..=last_line {
        if !text.is_empty() || number > first_line {
            text.push('\n');
        }
        let range = line(content, number);
        // The line is cut around the primary place, or else the first that starts on it.
        let on_line =
            cluster.iter().filter(|(_, _, place)| range.start <= place.range.start && place.range.start <= range.end);
        let focus = on_line.min_by_key(|(_, _, place)| (!place.primary, place.range)).map(|(_, _, place)| place.range);
        shown.push(ShownLine::add(&mut text, &content.text, range, focus.unwrap_or(Range::empty(range.start)), width));
    }
    let offset = |at: u32| shown.iter().rev().find(|line| line.range.start <= at).map_or(0, |line| line.offset(at));
    let places =
        cluster.iter().map(|&(_, _, place)| (offset(place.range.start)..offset(place.range.end), place)).collect();
    Window { first_line, text, cut: shown.iter().any(|line| line.cut), places }
}

/// A line of a window, and where its bytes went.
struct ShownLine {
    /// The bytes of the whole line in the original text.
    range: Range,
    /// For each character that is shown: its byte in the original text, and its byte in the window.
    map: Vec<(u32, usize)>,
    /// Where the shown characters end in the window.
    end: usize,
    /// Whether the beginning is left out.
    cut: bool,
}

impl ShownLine {
    /// Adds at most `width` characters of a line to `text`, such that `focus` is seen.
    fn add(text: &mut String, source: &str, range: Range, focus: Range, width: usize) -> Self {
        let start = start_of_cut(source, range, focus, width);
        let mut shown = String::new();
        let mut column = 0;
        let mut map = Vec::new();
        if start > range.start {
            shown.push('…');
            column += 1;
        }
        for (at, character) in Range::new(start, range.end).slice(source).char_indices() {
            if column >= width {
                map.push((start + at as u32, text.len() + shown.len()));
                shown.push('…');
                break;
            }
            map.push((start + at as u32, text.len() + shown.len()));
            shown.push(source_character(character));
            column += drawn_width(character);
        }
        text.push_str(&shown);
        Self { range, map, end: text.len(), cut: start > range.start }
    }

    /// The byte of the window that shows the byte `at` of the original text, or the nearest that is shown.
    fn offset(&self, at: u32) -> usize {
        let index = self.map.partition_point(|&(original, _)| original < at);
        self.map.get(index).map_or(self.end, |&(_, shown)| shown)
    }
}

/// The byte at which the shown part of a line starts: its beginning, unless `focus` would not be seen then.
fn start_of_cut(source: &str, range: Range, focus: Range, width: usize) -> u32 {
    let before = Range::new(range.start, focus.start.clamp(range.start, range.end)).slice(source);
    let room = width.saturating_sub(Range::new(focus.start, focus.end.min(range.end)).len() as usize).max(width / 4);
    // Counting stops as soon as the answer is known, so that a line of many megabytes costs no more than a short one.
    if before.chars().rev().take(room + 1).map(drawn_width).sum::<usize>() <= room {
        return range.start;
    }
    let kept = before.char_indices().rev().take(width / 4).last().map_or(before.len(), |(at, _)| at);
    range.start + kept as u32
}

const fn drawn_width(character: char) -> usize {
    if character == '\t' { TAB } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(start: u32, end: u32) -> Place<'static> {
        Place { range: Range::new(start, end), label: "", primary: true }
    }

    /// The text of the only window, and what is marked in it.
    fn only(text: &str, range: (u32, u32), width: usize) -> (String, String) {
        let found = windows(&Text::new(text.to_owned()), &[place(range.0, range.1)], width);
        let [window] = found.as_slice() else { panic!("one window, not {found:?}") };
        (window.text.clone(), window.text[window.places[0].0.clone()].to_owned())
    }

    #[test]
    fn shows_the_line_of_the_place() {
        assert_eq!(only("a\nbc = 1\nd\n", (2, 4), 80), ("bc = 1".into(), "bc".into()));
        assert_eq!(only("é\té = 1\r\nd", (3, 5), 80), ("é\té = 1".into(), "é".into()));
        assert_eq!(only("a\u{1b}b", (2, 3), 80), ("a\u{fffd}b".into(), "b".into()));
    }

    #[test]
    fn an_empty_or_far_place_is_no_panic() {
        assert_eq!(only("", (0, 0), 80), (String::new(), String::new()));
        assert_eq!(only("ab\n", (9, 12), 80), (String::new(), String::new()));
        assert_eq!(only("é", (1, 2), 80).0, "é");
        assert_eq!(only("ab", (2, 1), 80).0, "ab");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}needle{}", "x".repeat(1000), "y".repeat(1000));
        let (shown, marked) = only(&text, (1000, 1006), 40);
        assert_eq!(marked, "needle");
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.chars().count() <= 42, "{shown}");
        let (shown, marked) = only(&text, (0, 2006), 40);
        assert_eq!((shown.chars().count(), marked.chars().count()), (41, 41));
    }

    #[test]
    fn places_far_apart_get_windows_of_their_own() {
        let text = Text::new("l\n".repeat(100));
        let far = Place { primary: false, ..place(20, 21) };
        let found = windows(&text, &[far, place(100, 101), place(104, 105)], 80);
        let lines: Vec<_> = found.iter().map(|window| (window.first_line, window.places.len())).collect();
        assert_eq!(lines, [(51, 2), (11, 1)]);
    }

    #[test]
    fn a_long_span_is_shown_by_its_first_line() {
        let text = "line\n".repeat(1000);
        assert_eq!(only(&text, (1, 4000), 80), ("line".into(), "ine".into()));
        assert_eq!(only(&text, (1, 8), 80), ("line\nline".into(), "ine\nlin".into()));
    }
}
