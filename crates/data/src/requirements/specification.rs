//! Dependency specifiers (PEP 508): `name[extra] >=1, <2; marker` and `name @ url ; marker`.

use super::{Requirement, Specifier, blanks, marker, version};
use crate::Text;
use crate::text::place;
use pyaudit_source::ParseProblem;

type Parsed<T> = Result<T, ParseProblem>;

/// Reads the bytes from `start` to `end` of a decoded text as one dependency specifier.
pub(super) fn parse(text: &Text, start: usize, end: usize) -> Parsed<Requirement> {
    let mut parser = Parser { text, at: start, end, requirement: Requirement::default() };
    parser.requirement()?;
    Ok(parser.requirement)
}

/// The length of the name that a text starts with: letters, digits, `.`, `_` and `-`, with no `.` or `-` last.
pub(super) fn name_length(text: &str) -> usize {
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return 0;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let length = text.find(|c| !is_name(c)).unwrap_or(text.len());
    text[..length].trim_end_matches(['.', '-']).len()
}

/// The extras in a text that starts with `[`, and its length up to and with `]`.
pub(super) fn extras(text: &str) -> Result<(Vec<String>, usize), usize> {
    let mut names = Vec::new();
    let mut at = 1 + blanks(&text[1..]);
    loop {
        let length = name_length(&text[at..]);
        let may_be_empty = names.is_empty() && text[at..].starts_with(']');
        if length == 0 && !may_be_empty {
            return Err(at);
        }
        if length > 0 {
            names.push(text[at..at + length].to_owned());
        }
        at += length;
        at += blanks(&text[at..]);
        match text.as_bytes().get(at) {
            Some(b']') => return Ok((names, at + 1)),
            Some(b',') => at += 1 + blanks(&text[at + 1..]),
            _ => return Err(at),
        }
    }
}

struct Parser<'a> {
    text: &'a Text,
    at: usize,
    end: usize,
    requirement: Requirement,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text.text[self.at..self.end]
    }

    fn requirement(&mut self) -> Parsed<()> {
        self.skip_blanks();
        let start = self.at;
        self.name()?;
        self.skip_blanks();
        self.extras()?;
        self.skip_blanks();
        if self.rest().starts_with('@') {
            self.url()?;
        } else {
            self.specifiers()?;
        }
        self.marker()?;
        if self.at < self.end {
            return Err(self.unexpected("the end of the requirement"));
        }
        let trimmed = self.text.text[start..self.end].trim_end_matches([' ', '\t']);
        self.requirement.range = place(self.text, start, start + trimmed.len());
        Ok(())
    }

    fn name(&mut self) -> Parsed<()> {
        let length = name_length(self.rest());
        if length == 0 {
            return Err(self.unexpected("a package name"));
        }
        self.rest()[..length].clone_into(&mut self.requirement.name);
        self.requirement.name_range = place(self.text, self.at, self.at + length);
        self.at += length;
        Ok(())
    }

    fn extras(&mut self) -> Parsed<()> {
        if !self.rest().starts_with('[') {
            return Ok(());
        }
        let found = extras(self.rest());
        let (names, length) =
            found.map_err(|at| self.unexpected_at(self.at + at, "the name of an extra, `,` or `]`"))?;
        self.requirement.extras = names;
        self.at += length;
        Ok(())
    }

    fn url(&mut self) -> Parsed<()> {
        self.at += 1;
        self.skip_blanks();
        let rest = self.rest();
        let length = rest.find([' ', '\t']).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.unexpected("a URL"));
        }
        self.requirement.url = Some(rest[..length].to_owned());
        self.at += length;
        self.skip_blanks();
        Ok(())
    }

    fn specifiers(&mut self) -> Parsed<()> {
        let in_parentheses = self.rest().starts_with('(');
        self.at += usize::from(in_parentheses);
        self.skip_blanks();
        while let Some(operator) = version::operator(self.rest()) {
            self.specifier(operator)?;
            self.skip_blanks();
            if !self.rest().starts_with(',') {
                break;
            }
            self.at += 1;
            self.skip_blanks();
        }
        if in_parentheses {
            if !self.rest().starts_with(')') {
                return Err(self.unexpected("`,` or `)` after a version"));
            }
            self.at += 1;
            self.skip_blanks();
        }
        Ok(())
    }

    fn specifier(&mut self, operator: &str) -> Parsed<()> {
        let start = self.at;
        let after = &self.rest()[operator.len()..];
        let space = after.len() - after.trim_start().len();
        let version_start = start + operator.len() + space;
        let length = version::version_length(operator, &after[space..])
            .ok_or_else(|| self.unexpected_at(version_start, version_wanted(operator)))?;
        self.at = version_start + length;
        self.requirement.specifiers.push(Specifier {
            operator: operator.to_owned(),
            version: after[space..space + length].to_owned(),
            range: place(self.text, start, self.at),
        });
        Ok(())
    }

    fn marker(&mut self) -> Parsed<()> {
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(());
        }
        // Without the white space between them, `;` belongs to the URL.
        let Some(after) = rest.strip_prefix(';') else {
            return Err(self.unexpected("`;` or the end of the requirement"));
        };
        self.at += 1;
        let length = marker::marker_length(after)
            .map_err(|problem| self.unexpected_at(self.at + problem.at, problem.expected))?;
        self.requirement.marker = Some(after[..length].trim().to_owned());
        self.at += length;
        Ok(())
    }

    fn skip_blanks(&mut self) {
        self.at += blanks(self.rest());
    }

    fn unexpected(&self, expected: &str) -> ParseProblem {
        self.unexpected_at(self.at, expected)
    }

    fn unexpected_at(&self, at: usize, expected: &str) -> ParseProblem {
        let found = self.text.text[at..self.end].chars().next();
        let length = found.map_or(0, char::len_utf8);
        let found = found.map_or("the end".to_owned(), |found| format!("`{}`", found.escape_default()));
        ParseProblem::at(place(self.text, at, at + length), format!("expected {expected}, found {found}"))
    }
}

const fn version_wanted(operator: &str) -> &'static str {
    match operator.as_bytes() {
        b"~=" => "a version of two or more numbers after `~=`",
        _ => "a version",
    }
}
