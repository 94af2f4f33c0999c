//! Requirement lines: pip's requirements files, and PEP 508 strings in other manifests.
//!
//! What is a requirement is decided as PyPI's `packaging` decides it; how lines are joined, where comments start and how
//! options are read, as pip does it. Variables (`${TOKEN}`) are left as written.

mod location;
mod logical;
mod marker;
mod options;
mod specification;
mod version;

use crate::Text;
use crate::text::{is_python_space, trim, verbatim};
use pyaudit_source::{ParseProblem, Range};

/// One line of a requirements file, continuations joined.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A requirement.
    Requirement(Requirement),
    /// `-r file` or `--requirement file`.
    Include {
        /// The path as written, relative to the file it stands in.
        path: String,
        /// The range of the path.
        range: Range,
    },
    /// `-c file` or `--constraint file`.
    Constraint {
        /// The path as written, relative to the file it stands in.
        path: String,
        /// The range of the path.
        range: Range,
    },
    /// Any other option: `--index-url https://…`, `--require-hashes`.
    Option {
        /// Its long name without dashes.
        name: String,
        /// Its value, empty for a switch.
        value: String,
        /// The whole option.
        range: Range,
    },
}

/// A requirement (PEP 508, or a URL, path or editable as pip takes it).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Requirement {
    /// From the name to the end of its markers or hashes, without the comment.
    pub range: Range,
    /// The name as written; empty for a URL or path that names none.
    pub name: String,
    /// The range of the name, or of the URL or path that stands for it.
    pub name_range: Range,
    /// The extras in brackets, as written.
    pub extras: Vec<String>,
    /// The version specifiers, in order.
    pub specifiers: Vec<Specifier>,
    /// The URL or path after `@`, after `-e`, or alone.
    pub url: Option<String>,
    /// Whether it is `-e` or `--editable`.
    pub editable: bool,
    /// The environment marker after `;`, as written.
    pub marker: Option<String>,
    /// The values of `--hash`.
    pub hashes: Vec<String>,
}

/// One version specifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Specifier {
    /// `==`, `~=`, `>=`, `<=`, `!=`, `<`, `>` or `===`.
    pub operator: String,
    /// The version as written.
    pub version: String,
    /// Operator and version.
    pub range: Range,
}

/// The normalised name of a distribution (PEP 503): lower-case, runs of `-`, `_` and `.` as one `-`.
pub fn normalise_name(name: &str) -> String {
    let mut normalised = String::with_capacity(name.len());
    for part in name.split(['-', '_', '.']).filter(|part| !part.is_empty()) {
        if !normalised.is_empty() {
            normalised.push('-');
        }
        normalised.push_str(&part.to_ascii_lowercase());
    }
    normalised
}

/// Reads a requirements file. A line that pip would refuse is a problem, and the others are kept.
pub fn parse(text: &str) -> (Vec<Line>, Vec<ParseProblem>) {
    let (mut lines, mut problems) = (Vec::new(), Vec::new());
    let content = text.strip_prefix('\u{feff}').unwrap_or(text);
    let offset = text.len() - content.len();
    for mut line in logical::logical_lines(content) {
        line.segments.iter_mut().for_each(|segment| segment.1 += offset as u32);
        read_line(&line, &mut lines, &mut problems);
    }
    (lines, problems)
}

/// Reads one PEP 508 string, such as an element of `project.dependencies`. Ranges count from the start of `text`.
pub fn parse_requirement(text: &str) -> Result<Requirement, ParseProblem> {
    specification::parse(&verbatim(0, text), 0, text.len())
}

/// Reads one joined line: a requirement with its options, or options alone.
fn read_line(line: &Text, lines: &mut Vec<Line>, problems: &mut Vec<ParseProblem>) {
    let (start, content) = trim(0, &line.text);
    let options_start = start + first_option(content);
    let (options, mut option_problems) = options::read(line, options_start);
    let requirement = line.text[start..options_start].trim_end_matches(is_python_space);
    if requirement.is_empty() {
        for option in &options {
            read_option(line, option, lines, problems);
        }
    } else {
        match read_requirement(line, start, start + requirement.len()) {
            Ok(requirement) => {
                let requirement = with_options(requirement, line, &options, &mut option_problems);
                lines.push(Line::Requirement(requirement));
            }
            Err(problem) => problems.push(problem),
        }
    }
    problems.append(&mut option_problems);
}

/// Where the options of a line start: at its first word that starts with `-`, where pip splits words at spaces alone.
fn first_option(content: &str) -> usize {
    let mut at = 0;
    for word in content.split(' ') {
        if word.starts_with('-') {
            return at;
        }
        at += word.len() + 1;
    }
    content.len()
}

fn read_requirement(line: &Text, start: usize, end: usize) -> Result<Requirement, ParseProblem> {
    let content = &line.text[start..end];
    if location::is_url(content) || location::is_path(content) {
        location::parse(line, start, end)
    } else {
        specification::parse(line, start, end)
    }
}

/// Adds the options behind a requirement to it.
fn with_options(
    mut requirement: Requirement,
    line: &Text,
    options: &[options::Found],
    problems: &mut Vec<ParseProblem>,
) -> Requirement {
    for option in options {
        match option.name {
            "hash" => requirement.hashes.push(option.value.clone()),
            "config-settings" | "config-setting" | "global-option" | "install-option" => {}
            name => {
                let message = format!("`--{name}` cannot stand on the line of a requirement");
                problems.push(ParseProblem::at(option.range(line), message));
                continue;
            }
        }
        requirement.range = requirement.range.cover(option.range(line));
    }
    requirement
}

/// Adds the line that an option stands for. `--hash` and its like belong to the editable before them.
fn read_option(line: &Text, option: &options::Found, lines: &mut Vec<Line>, problems: &mut Vec<ParseProblem>) {
    let (value, place) = (option.value.clone(), option.value_range(line));
    match option.name {
        "requirement" => lines.push(Line::Include { path: value, range: place }),
        "constraint" => lines.push(Line::Constraint { path: value, range: place }),
        "editable" => match editable(line, option) {
            Ok(requirement) => lines.push(Line::Requirement(requirement)),
            Err(problem) => problems.push(problem),
        },
        "hash" | "config-settings" | "config-setting" | "global-option" | "install-option" => {
            let message = format!("`--{}` without a requirement", option.name);
            match lines.last_mut() {
                Some(Line::Requirement(last)) if last.editable && last.range.end < place.start => {
                    last.range = last.range.cover(option.range(line));
                }
                _ => problems.push(ParseProblem::at(option.range(line), message)),
            }
        }
        name => lines.push(Line::Option { name: name.to_owned(), value, range: option.range(line) }),
    }
}

fn editable(line: &Text, option: &options::Found) -> Result<Requirement, ParseProblem> {
    let written = &line.text[option.value_start..option.end];
    let quoted = written.len() > 1 && written.starts_with(['"', '\'']) && written.ends_with(&written[..1]);
    let (start, end) = (option.value_start + usize::from(quoted), option.end - usize::from(quoted));
    let content = &line.text[start..end];
    let is_direct = !location::is_url(content) && !location::is_path(content) && content.contains('@');
    let requirement =
        if is_direct { specification::parse(line, start, end) } else { location::parse(line, start, end) };
    requirement.map(|found| Requirement { editable: true, range: option.range(line), ..found })
}

/// The length of the blanks (spaces and tabs) that a text starts with.
fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirements(text: &str) -> Vec<Requirement> {
        let (lines, problems) = parse(text);
        assert_eq!(problems, [], "{text}");
        let requirement = |line| if let Line::Requirement(found) = line { Some(found) } else { None };
        lines.into_iter().filter_map(requirement).collect()
    }

    #[test]
    fn names_and_specifiers_have_exact_ranges() {
        let text =
            "# top\nÄ # bad\n  Flask[async, dotenv] (>=2.0 , !=2.1.*) ; python_version < '3.9' # why\nx===odd-1\n";
        let (lines, problems) = parse(text);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].range.unwrap().slice(text), "Ä");
        let Line::Requirement(flask) = &lines[0] else { panic!("a requirement, not {lines:?}") };
        assert_eq!(flask.name_range.slice(text), "Flask");
        assert_eq!(flask.extras, ["async", "dotenv"]);
        let specifiers: Vec<_> = flask.specifiers.iter().map(|found| found.range.slice(text)).collect();
        assert_eq!(specifiers, [">=2.0", "!=2.1.*"]);
        assert_eq!(flask.marker.as_deref(), Some("python_version < '3.9'"));
        assert!(flask.range.slice(text).ends_with("'3.9'"));
        let Line::Requirement(odd) = &lines[1] else { panic!("a requirement, not {lines:?}") };
        assert_eq!((odd.specifiers[0].operator.as_str(), odd.specifiers[0].version.as_str()), ("===", "odd-1"));
    }

    #[test]
    fn hashes_stand_on_continuation_lines() {
        let text = "a==1.0 \\\n    --hash=sha256:aa \\\n    --hash sha256:bb\nb\n";
        let found = requirements(text);
        assert_eq!(found[0].hashes, ["sha256:aa", "sha256:bb"]);
        assert_eq!(found[0].range.slice(text), text.strip_suffix("\nb\n").unwrap());
        assert_eq!(found[1].name_range.slice(text), "b");
    }

    #[test]
    fn options_in_all_their_forms() {
        let text = "-r base.txt\n-rdev.txt\n--requirement=\"a b.txt\"\n-c c.txt\n-i https://u:${T}@x/simple --pre\n\
                    --extra-index-url=https://y # z\n--no-index\n--bogus 1\n-f\n";
        let (lines, problems) = parse(text);
        let shown: Vec<_> = lines
            .iter()
            .map(|line| match line {
                Line::Include { path, range } => format!("include {path} {}", range.slice(text)),
                Line::Constraint { path, .. } => format!("constraint {path}"),
                Line::Option { name, value, .. } => format!("{name} {value}"),
                Line::Requirement(found) => found.name.clone(),
            })
            .collect();
        assert_eq!(
            shown,
            [
                "include base.txt base.txt",
                "include dev.txt dev.txt",
                "include a b.txt \"a b.txt\"",
                "constraint c.txt",
                "index-url https://u:${T}@x/simple",
                "pre ",
                "extra-index-url https://y",
                "no-index ",
            ]
        );
        let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["unknown option `--bogus`", "unexpected `1`", "`--find-links` without a value"]);
    }

    #[test]
    fn urls_paths_and_wheels_name_what_they_can() {
        for (text, name, url, editable) in [
            ("-e .", "", ".", true),
            ("-e .[dev,test]", "", ".[dev,test]", true),
            (
                "--editable=git+https://x/y.git@main#subdirectory=z&egg=pkg[a]",
                "pkg",
                "git+https://x/y.git@main#subdirectory=z&egg=pkg[a]",
                true,
            ),
            ("./vendor/pkg", "", "./vendor/pkg", false),
            ("dist/my_pkg-1.0-py3-none-any.whl", "my_pkg", "dist/my_pkg-1.0-py3-none-any.whl", false),
            ("https://x/a-1.0.tar.gz#egg=a", "a", "https://x/a-1.0.tar.gz#egg=a", false),
            ("https://x/b-1-py3-none-any.whl ; os_name == 'nt'", "b", "https://x/b-1-py3-none-any.whl", false),
            ("pkg @ git+ssh://git@x/y@v1", "pkg", "git+ssh://git@x/y@v1", false),
            ("pkg@https://x/y.zip", "pkg", "https://x/y.zip", false),
        ] {
            let found = requirements(text).remove(0);
            assert_eq!(
                (found.name.as_str(), found.url.as_deref(), found.editable),
                (name, Some(url), editable),
                "{text}"
            );
            if !name.is_empty() {
                assert_eq!(found.name_range.slice(text), name);
            }
        }
        assert_eq!(requirements("-e .[dev,test]")[0].extras, ["dev", "test"]);
    }

    #[test]
    fn what_packaging_refuses_is_a_problem_at_its_place() {
        for (text, at) in [
            ("requests 2.0", 9),
            ("requests>=", 10),
            ("requests>=1 <2", 12),
            ("requests[a", 10),
            ("requests[a b]", 11),
            ("requests~=1", 10),
            ("requests (>=1", 13),
            ("requests; python_version", 24),
            ("requests==1.0-dev-x", 18),
            ("requests @ ", 11),
            ("-requests", 0),
            ("requests=1.0", 8),
        ] {
            let problem = parse_requirement(text).unwrap_err();
            assert_eq!(problem.range.unwrap().start, at, "{text}: {}", problem.message);
        }
    }
}
