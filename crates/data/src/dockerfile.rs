//! Dockerfiles: stages and their instructions, as `BuildKit` reads them
//! (<https://docs.docker.com/reference/dockerfile/>).
//!
//! A backslash at the end of a line (or the character that the directive `# escape=` names) joins the next; comment lines and
//! empty lines between joined lines are dropped. Heredocs belong to `RUN`, `COPY` and `ADD`, also behind `ONBUILD`.

mod lines;

use crate::text::{part, place};
use crate::{Text, ValueKind, json};
use lines::{Logical, LogicalLines};
use pyaudit_source::{ParseProblem, Range};

/// A Dockerfile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dockerfile {
    /// The instructions before the first `FROM` (`ARG`).
    pub preamble: Vec<Instruction>,
    /// The stages, in order.
    pub stages: Vec<Stage>,
}

/// A build stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// The `FROM` instruction.
    pub from: Instruction,
    /// The image as written, variables unexpanded.
    pub image: String,
    /// The range of the image.
    pub image_range: Range,
    /// The name after `AS`.
    pub name: Option<String>,
    /// What follows `FROM`, in order.
    pub instructions: Vec<Instruction>,
}

/// One instruction, continuation lines joined.
#[derive(Debug, Clone, PartialEq)]
pub struct Instruction {
    /// The keyword in upper case.
    pub keyword: String,
    /// The range of the keyword.
    pub keyword_range: Range,
    /// The whole instruction, heredocs included.
    pub range: Range,
    /// `--name=value` flags before the arguments, without the dashes.
    pub flags: Vec<(String, String)>,
    /// The arguments after the flags: continuations, comment lines and the line ends between them taken out.
    pub arguments: Text,
    /// The JSON form (`["a", "b"]`), where the arguments have it; that of the command after `HEALTHCHECK CMD`.
    pub exec_form: Option<Vec<String>>,
    /// The heredocs, in order, without the lines that end them. Under `<<-` the tabs at the start of each line are gone.
    pub heredocs: Vec<Text>,
}

/// The instructions that `BuildKit` knows.
const KEYWORDS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// Reads a Dockerfile. An instruction that Docker does not know, or not there, is a problem and kept.
pub fn parse(text: &str) -> (Dockerfile, Vec<ParseProblem>) {
    let mut dockerfile = Dockerfile::default();
    let mut problems = Vec::new();
    for logical in LogicalLines::new(text, &mut problems) {
        let instruction = read_instruction(&logical);
        add(&mut dockerfile, instruction);
    }
    check(&dockerfile, &mut problems);
    problems.sort();
    (dockerfile, problems)
}

fn add(dockerfile: &mut Dockerfile, instruction: Instruction) {
    if instruction.keyword == "FROM" {
        dockerfile.stages.push(read_stage(instruction));
        return;
    }
    let last = dockerfile.stages.last_mut().map(|stage| &mut stage.instructions);
    last.unwrap_or(&mut dockerfile.preamble).push(instruction);
}

fn check(dockerfile: &Dockerfile, problems: &mut Vec<ParseProblem>) {
    let in_stages = dockerfile.stages.iter().flat_map(|stage| &stage.instructions);
    for instruction in dockerfile.preamble.iter().chain(in_stages) {
        if !KEYWORDS.contains(&instruction.keyword.as_str()) {
            let message = format!("unknown instruction `{}`", instruction.keyword);
            problems.push(ParseProblem::at(instruction.keyword_range, message));
        }
    }
    for instruction in &dockerfile.preamble {
        if instruction.keyword != "ARG" && KEYWORDS.contains(&instruction.keyword.as_str()) {
            let message = format!("`{}` before the first `FROM`", instruction.keyword);
            problems.push(ParseProblem::at(instruction.keyword_range, message));
        }
    }
    for stage in &dockerfile.stages {
        if stage.image.is_empty() {
            problems.push(ParseProblem::at(stage.from.keyword_range, "`FROM` without an image"));
        }
    }
}

fn read_instruction(logical: &Logical) -> Instruction {
    let line = &logical.line;
    let keyword_length = line.text.find(char::is_whitespace).unwrap_or(line.text.len());
    let keyword = line.text[..keyword_length].to_ascii_uppercase();
    let (flags, after_flags) = read_flags(&line.text, keyword_length);
    let rest = &line.text[after_flags..];
    let start = line.text.len() - rest.trim_start().len();
    let end = start + line.text[start..].trim_end().len();
    let exec_form = exec_form(&keyword, &line.text[start..end]);
    Instruction {
        keyword,
        keyword_range: place(line, 0, keyword_length),
        range: logical.range,
        flags,
        arguments: part(line, start, end),
        exec_form,
        heredocs: logical.heredocs.clone(),
    }
}

/// The flags of an instruction, which stand before everything else, and the byte behind them.
fn read_flags(text: &str, start: usize) -> (Vec<(String, String)>, usize) {
    let mut flags = Vec::new();
    let mut at = start;
    loop {
        let rest = text[at..].trim_start();
        let word_start = text.len() - rest.len();
        let word = &rest[..word_length(rest)];
        let Some(flag) = word.strip_prefix("--") else { return (flags, at) };
        at = word_start + word.len();
        if flag.is_empty() {
            return (flags, at);
        }
        let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
        flags.push((name.to_owned(), value.to_owned()));
    }
}

/// The length of the word that a text starts with; white space inside quotes is part of it.
fn word_length(text: &str) -> usize {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match quote {
            Some(open) if open == character => quote = None,
            None if character.is_whitespace() => return at,
            None if matches!(character, '"' | '\'') => quote = Some(character),
            _ => {}
        }
    }
    text.len()
}

/// The strings of the JSON form; text that is no list of strings is in shell form.
fn exec_form(keyword: &str, arguments: &str) -> Option<Vec<String>> {
    let command = match (keyword, arguments.split_once(char::is_whitespace)) {
        ("HEALTHCHECK", Some((first, rest))) if first.eq_ignore_ascii_case("CMD") => rest.trim_start(),
        _ => arguments,
    };
    if !command.starts_with('[') {
        return None;
    }
    let (value, problems) = json::parse(command);
    let ValueKind::Sequence(items) = value.filter(|_| problems.is_empty())?.kind else { return None };
    items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// `FROM image` or `FROM image AS name`.
fn read_stage(from: Instruction) -> Stage {
    let arguments = &from.arguments.text;
    let words: Vec<_> = arguments.split_whitespace().collect();
    let image = words.first().copied().unwrap_or_default().to_owned();
    let name = match words.as_slice() {
        [_, keyword, name, ..] if keyword.eq_ignore_ascii_case("AS") => Some((*name).to_owned()),
        _ => None,
    };
    let image_range = if image.is_empty() { from.keyword_range } else { place(&from.arguments, 0, image.len()) };
    Stage { from, image, image_range, name, instructions: Vec::new() }
}

#[cfg(test)]
mod tests;
