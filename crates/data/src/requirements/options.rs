//! The options of a requirements file, read as `shlex` and `optparse` read them for pip.

use crate::Text;
use crate::text::{is_python_space, place};
use pyaudit_source::{ParseProblem, Range};

/// An option that pip knows: its long name, its short one, and whether a value follows.
struct Known(&'static str, Option<char>, bool);

const OPTIONS: [Known; 24] = [
    Known("requirement", Some('r'), true),
    Known("constraint", Some('c'), true),
    Known("editable", Some('e'), true),
    Known("index-url", Some('i'), true),
    Known("pypi-url", None, true),
    Known("extra-index-url", None, true),
    Known("no-index", None, false),
    Known("find-links", Some('f'), true),
    Known("no-binary", None, true),
    Known("only-binary", None, true),
    Known("prefer-binary", None, false),
    Known("require-hashes", None, false),
    Known("pre", None, false),
    Known("all-releases", None, true),
    Known("only-final", None, true),
    Known("trusted-host", None, true),
    Known("use-feature", None, true),
    Known("hash", None, true),
    Known("config-settings", Some('C'), true),
    Known("config-setting", None, true),
    Known("global-option", None, true),
    Known("install-option", None, true),
    Known("use-wheel", None, false),
    Known("no-use-wheel", None, false),
];

/// An option as written, in bytes of the decoded line.
pub(super) struct Found {
    /// The long name.
    pub(super) name: &'static str,
    /// The value, empty for a switch.
    pub(super) value: String,
    /// The first and the last byte of the whole option.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where the value starts.
    pub(super) value_start: usize,
}

impl Found {
    /// The place of the value in the file.
    pub(super) fn value_range(&self, text: &Text) -> Range {
        place(text, self.value_start, self.end)
    }

    /// The place of the whole option in the file.
    pub(super) fn range(&self, text: &Text) -> Range {
        place(text, self.start, self.end)
    }
}

/// Reads the options of a line from `start` on. An editable takes the words that follow it, which are its marker.
pub(super) fn read(text: &Text, start: usize) -> (Vec<Found>, Vec<ParseProblem>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let words = match words(&text.text, start) {
        Ok(words) => words,
        Err(at) => {
            let range = place(text, at, text.text.len());
            return (found, vec![ParseProblem::at(range, "quote without an end")]);
        }
    };
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let Some((option, inline)) = known(&word.value) else {
            problems.push(unknown(text, &word, &found));
            continue;
        };
        let Known(name, _, takes_value) = *option;
        let mut read = Found { name, value: String::new(), start: word.start, end: word.end, value_start: word.end };
        if let Some(inline) = inline {
            read.value_start = word.start + inline;
            word.value[inline..].clone_into(&mut read.value);
        } else if takes_value {
            let Some(value) = words.next() else {
                problems.push(ParseProblem::at(read.range(text), format!("`--{name}` without a value")));
                continue;
            };
            (read.value_start, read.end, read.value) = (value.start, value.end, value.value);
        }
        while name == "editable"
            && let Some(word) = words.next_if(|word| !word.value.starts_with('-'))
        {
            read.value.push(' ');
            read.value.push_str(&word.value);
            read.end = word.end;
        }
        found.push(read);
    }
    (found, problems)
}

fn unknown(text: &Text, word: &Word, before: &[Found]) -> ParseProblem {
    let range = place(text, word.start, word.end);
    let message = match before.last() {
        _ if word.value.starts_with('-') => format!("unknown option `{}`", word.value),
        Some(option) => format!("unexpected `{}` after `--{}`", word.value, option.name),
        None => format!("unexpected `{}`", word.value),
    };
    ParseProblem::at(range, message)
}

/// The option that a word starts, and where in the word its value starts if it stands there.
fn known(word: &str) -> Option<(&'static Known, Option<usize>)> {
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, _)| (name, Some(name.len() + 3)));
        let option = OPTIONS.iter().find(|option| option.0 == name && (option.2 || value.is_none()))?;
        return Some((option, value));
    }
    let short = word.strip_prefix('-')?;
    let letter = short.chars().next()?;
    let option = OPTIONS.iter().find(|option| option.1 == Some(letter))?;
    Some((option, (short.len() > 1).then_some(2)))
}

/// A word of a line, its quotes and backslashes taken off.
struct Word {
    value: String,
    start: usize,
    end: usize,
}

/// The words of a text from `start` on, split as a POSIX shell does, without expansions. An open quote is an error at its place.
fn words(text: &str, start: usize) -> Result<Vec<Word>, usize> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut characters = text[start..].char_indices().map(|(at, c)| (start + at, c)).peekable();
    while let Some((at, character)) = characters.next() {
        if is_python_space(character) {
            words.extend(open.take());
            continue;
        }
        let word = open.get_or_insert_with(|| Word { value: String::new(), start: at, end: at });
        match character {
            '\'' | '"' => loop {
                match characters.next().ok_or(at)? {
                    (_, c) if c == character => break,
                    (_, '\\') if character == '"' => {
                        let (_, escaped) = characters.next().ok_or(at)?;
                        if !matches!(escaped, '"' | '\\') {
                            word.value.push('\\');
                        }
                        word.value.push(escaped);
                    }
                    (_, c) => word.value.push(c),
                }
            },
            '\\' => word.value.extend(characters.next().map(|(_, c)| c)),
            _ => word.value.push(character),
        }
        word.end = characters.peek().map_or(text.len(), |&(next, _)| next);
    }
    words.extend(open);
    Ok(words)
}
