//! Marks: what a fixture says must be found where.
//!
//! In a comment of any file (`#`, `//` or `<!--`), for the line that the comment stands on:
//!
//! ```text
//! # expect: check-id "part of the message"
//! # expect-next: check-id          (for the line below)
//! # related: check-id "part of the label"
//! # related-next: check-id
//! # problem: part of the message
//! # expect: check-id; related: check-id "several in one line"
//! ```
//!
//! In an `expect` fence, for formats without comments and for findings about a whole file:
//!
//! ```text
//! path:line check-id "part of the message"
//! path check-id                    (a finding about the file as a whole)
//! path:line related check-id "part of the label"
//! path:line problem "part of the message"
//! - problem "about no file"
//! `a path with spaces`:3 check-id
//! ```

/// What a mark expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A finding.
    Finding,
    /// Another place of a finding: a related one, or a step of its trace.
    Related,
    /// A problem.
    Problem,
}

/// One expectation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// What is expected.
    pub kind: Kind,
    /// The path of the file; `None` for a problem that concerns no file.
    pub path: Option<String>,
    /// The line of that file, from 1; `None` for the file as a whole.
    pub line: Option<u32>,
    /// The check that must report it; empty for a problem.
    pub id: String,
    /// What the message must contain; empty when any message will do.
    pub text: String,
    /// The line of the fixture on which the mark stands, from 1.
    pub fixture_line: u32,
}

/// A mark as it stands in a comment, before it has a place.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    kind: Kind,
    next_line: bool,
    id: String,
    text: String,
}

/// The words that start a mark, longest first where one starts like another.
const WORDS: [(&str, Kind, bool); 5] = [
    ("expect-next:", Kind::Finding, true),
    ("expect:", Kind::Finding, false),
    ("related-next:", Kind::Related, true),
    ("related:", Kind::Related, false),
    ("problem:", Kind::Problem, false),
];

/// The marks in the comments of a file whose text starts at `first_line` of the fixture, and what cannot be read.
pub fn in_comments(path: &str, text: &str, first_line: u32) -> (Vec<Mark>, Vec<(u32, String)>) {
    let mut marks = Vec::new();
    let mut errors = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let fixture_line = first_line + line - 1;
        match in_line(content) {
            Ok(written) => marks.extend(written.into_iter().map(|written| Mark {
                kind: written.kind,
                path: Some(path.to_owned()),
                line: Some(line + u32::from(written.next_line)),
                id: written.id,
                text: written.text,
                fixture_line,
            })),
            Err(error) => errors.push((fixture_line, error)),
        }
    }
    (marks, errors)
}

/// The marks of an `expect` fence whose text starts at `first_line` of the fixture, and what cannot be read.
pub fn in_fence(text: &str, first_line: u32) -> (Vec<Mark>, Vec<(u32, String)>) {
    let mut marks = Vec::new();
    let mut errors = Vec::new();
    for (fixture_line, content) in (first_line..).zip(text.lines()) {
        if content.trim().is_empty() {
            continue;
        }
        match fence_line(content.trim(), fixture_line) {
            Ok(mark) => marks.push(mark),
            Err(error) => errors.push((fixture_line, error)),
        }
    }
    (marks, errors)
}

/// The marks in the comment of one line.
fn in_line(line: &str) -> Result<Vec<Written>, String> {
    comment_with_marks(line).map_or_else(|| Ok(Vec::new()), written_marks)
}

/// The rest of the line from its first mark on.
fn comment_with_marks(line: &str) -> Option<&str> {
    let comments = line.match_indices(['#', '/', '!']).map(|(at, _)| &line[at..]).filter_map(|rest| {
        let content = rest
            .strip_prefix("//")
            .or_else(|| rest.strip_prefix("!--"))
            .or_else(|| rest.strip_prefix('#').map(|rest| rest.trim_start_matches('#')))?;
        Some(content.trim_start())
    });
    comments.into_iter().find(|content| WORDS.iter().any(|(word, ..)| content.starts_with(word)))
}

fn written_marks(mut rest: &str) -> Result<Vec<Written>, String> {
    let mut marks = Vec::new();
    loop {
        let (mark, after) = written_mark(rest.trim())?;
        marks.push(mark);
        let after = after.trim_start();
        let Some(next) = after.strip_prefix(';') else {
            let ends = ["", "#", "//", "-->"]
                .iter()
                .any(|end| if end.is_empty() { after.is_empty() } else { after.starts_with(end) });
            return if ends {
                Ok(marks)
            } else {
                Err(format!("nothing but `;` may follow a mark, and here stands `{after}`"))
            };
        };
        rest = next;
    }
}

fn written_mark(text: &str) -> Result<(Written, &str), String> {
    let (kind, next_line, rest) = WORDS
        .iter()
        .find_map(|&(word, kind, next_line)| Some((kind, next_line, text.strip_prefix(word)?.trim_start())))
        .ok_or_else(|| format!("`{text}` is no mark"))?;
    if kind == Kind::Problem {
        let (text, rest) = problem_text(rest)?;
        return Ok((Written { kind, next_line, id: String::new(), text }, rest));
    }
    let (id, rest) = id_at(rest)?;
    let (text, rest) = quoted(rest.trim_start())?;
    Ok((Written { kind, next_line, id, text }, rest))
}

/// The text of a problem, quoted or bare; a bare one ends at a `;`.
fn problem_text(rest: &str) -> Result<(String, &str), String> {
    if rest.starts_with('"') {
        return quoted(rest);
    }
    let (text, rest) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
    Ok((text.trim().to_owned(), rest))
}

fn fence_line(line: &str, fixture_line: u32) -> Result<Mark, String> {
    let (place, rest) = place_at(line)?;
    let (word, after) = id_at(rest.trim_start())?;
    let (kind, id, after) = match word.as_str() {
        "problem" => (Kind::Problem, String::new(), after),
        "related" => {
            let (id, after) = id_at(after.trim_start())?;
            (Kind::Related, id, after)
        }
        _ => (Kind::Finding, word, after),
    };
    let (text, after) = quoted(after.trim_start())?;
    if !after.trim().is_empty() {
        return Err(format!("nothing may follow an expectation, and here stands `{}`", after.trim()));
    }
    let (path, line) = place;
    Ok(Mark { kind, path, line, id, text, fixture_line })
}

/// A path with or without a line; `-` for none.
type Place = (Option<String>, Option<u32>);

fn place_at(text: &str) -> Result<(Place, &str), String> {
    if let Some(quoted) = text.strip_prefix('`') {
        let (path, rest) = quoted.split_once('`').ok_or("the path has no closing backtick")?;
        let (suffix, rest) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
        let line = suffix.strip_prefix(':').map(line_number).transpose()?;
        return Ok(((Some(path.to_owned()), line), rest));
    }
    let (place, rest) = text.split_once(' ').ok_or("a check id must follow the path")?;
    if place == "-" {
        return Ok(((None, None), rest));
    }
    match place.rsplit_once(':') {
        Some((path, line)) => Ok(((Some(path.to_owned()), Some(line_number(line)?)), rest)),
        None => Ok(((Some(place.to_owned()), None), rest)),
    }
}

fn line_number(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|&line| line > 0).ok_or_else(|| format!("`{text}` is no line number"))
}

fn id_at(text: &str) -> Result<(String, &str), String> {
    let end = text.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')).unwrap_or(text.len());
    let (id, rest) = text.split_at(end);
    if id.is_empty() { Err(format!("a check id must stand before `{text}`")) } else { Ok((id.to_owned(), rest)) }
}

/// The content of a text in double quotes, in which `\"` stands for a quote; empty where none starts here.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let Some(inner) = text.strip_prefix('"') else { return Ok((String::new(), text)) };
    let mut content = String::new();
    let mut characters = inner.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((content, &inner[at + 1..])),
            '\\' => content.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => content.push(character),
        }
    }
    Err(format!("the quote of `{text}` is never closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(line: &str) -> Vec<(Kind, u32, String, String)> {
        let (marks, errors) = in_comments("f", line, 10);
        assert_eq!(errors, []);
        marks.into_iter().map(|mark| (mark.kind, mark.line.expect("has a line"), mark.id, mark.text)).collect()
    }

    #[test]
    fn reads_several_marks_of_one_line() {
        let found = comment(r##"x = "#"  # expect: a-b "say \"hi\"; now"; related: a-b; problem: bare text"##);
        assert_eq!(
            found,
            [
                (Kind::Finding, 1, "a-b".into(), r#"say "hi"; now"#.into()),
                (Kind::Related, 1, "a-b".into(), String::new()),
                (Kind::Problem, 1, String::new(), "bare text".into()),
            ]
        );
    }

    #[test]
    fn next_means_the_line_below_and_comments_may_follow() {
        assert_eq!(comment("# expect-next: a-b  # noqa"), [(Kind::Finding, 2, "a-b".into(), String::new())]);
        assert_eq!(comment("// related-next: a-b")[0].1, 2);
        assert_eq!(comment("<!-- expect: a-b -->")[0].0, Kind::Finding);
        assert_eq!(comment("## expect: a-b")[0].0, Kind::Finding);
    }

    #[test]
    fn ordinary_comments_are_no_marks() {
        assert_eq!(comment("# we expect: nothing here"), []);
        assert_eq!(comment("url = 'http://x/#expected'"), []);
    }

    #[test]
    fn a_mark_that_cannot_be_read_is_an_error() {
        for line in ["# expect: a-b and more", "# expect: ", "# expect: a-b \"open", "# expect: a; nothing"] {
            assert_eq!(in_comments("f", line, 10).1.len(), 1, "{line}");
        }
    }

    #[test]
    fn reads_every_form_of_a_fence() {
        let text = "a.json:3 a-b \"x\"\na.json a-b\n`a b`:2 related a-b\n- problem \"p\"\n\n";
        let (marks, errors) = in_fence(text, 5);
        assert_eq!(errors, []);
        let places: Vec<_> = marks.iter().map(|mark| (mark.path.as_deref(), mark.line, mark.kind)).collect();
        assert_eq!(
            places,
            [
                (Some("a.json"), Some(3), Kind::Finding),
                (Some("a.json"), None, Kind::Finding),
                (Some("a b"), Some(2), Kind::Related),
                (None, None, Kind::Problem),
            ]
        );
        assert_eq!(marks[3].fixture_line, 8);
    }

    #[test]
    fn a_fence_line_that_cannot_be_read_is_an_error() {
        for line in ["a.json", "a.json:x a-b", "a.json:0 a-b", "`a a-b", "a.json a-b more"] {
            assert_eq!(in_fence(line, 1).1.len(), 1, "{line}");
        }
    }
}
