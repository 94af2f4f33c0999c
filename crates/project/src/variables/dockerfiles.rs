//! `ENV` of Dockerfiles. <https://docs.docker.com/reference/dockerfile/#env>

use super::expansion::given;
use super::{Definition, Scope, Site, SiteKind, scope_of};
use crate::{Data, Project};
use pyaudit_data::Text;
use pyaudit_data::dockerfile::{Dockerfile, Instruction, Stage};
use pyaudit_source::{FileId, Range, Role, Span};

/// How many stages one is made of.
const MAX_STAGES: usize = 32;

/// Every Dockerfile whose image has variables: those of its last stage and of the stages that this is made of.
pub(super) fn sites(project: &Project) -> Vec<Site> {
    let files = project.sources.files().filter(|(_, source)| source.role != Role::Vendored);
    let found = files.filter_map(|(file, source)| {
        let Some(Data::Dockerfile(dockerfile)) = project.files.get(file) else { return None };
        let stages = lineage(dockerfile);
        let instructions = stages.iter().flat_map(|stage| &stage.instructions);
        let definitions: Vec<Definition> = instructions
            .filter(|instruction| instruction.keyword == "ENV")
            .flat_map(|instruction| definitions(file, instruction))
            .collect();
        Some(Site {
            kind: SiteKind::Dockerfile,
            scope: scope_of(&source.path, source.role, Scope::Deployment),
            file,
            name: stages.last().and_then(|stage| stage.name.clone()),
            span: Span::file(file),
            directory: source.directory().to_owned(),
            is_own: true,
            // Whoever runs an image gives it more.
            is_open: true,
            definitions,
        })
    });
    found.filter(|site| !site.definitions.is_empty()).collect()
}

/// The last stage and those that it is made of, the first of them first.
pub(super) fn lineage(dockerfile: &Dockerfile) -> Vec<&Stage> {
    let mut found: Vec<&Stage> = Vec::new();
    let mut at = dockerfile.stages.len().checked_sub(1);
    while let Some(number) = at.filter(|_| found.len() < MAX_STAGES) {
        let stage = &dockerfile.stages[number];
        found.push(stage);
        at = dockerfile.stages[..number].iter().rposition(|before| before.name.as_deref() == Some(&stage.image));
    }
    found.reverse();
    found
}

fn definitions(file: FileId, instruction: &Instruction) -> Vec<Definition> {
    let text = &instruction.arguments;
    let span = |start: usize, end: usize| {
        let range = text.source_range(Range::new(start as u32, end as u32)).unwrap_or(instruction.range);
        Span::new(file, range)
    };
    let define = |(name, name_at, value, value_at): (String, usize, String, (usize, usize))| Definition {
        span: span(name_at, name_at + name.len()),
        value: given(&value),
        value_span: span(value_at.0, value_at.1),
        name,
    };
    pairs(text).into_iter().map(define).collect()
}

/// The names and values of an instruction, each with where it starts, a value with where it ends, in the text.
fn pairs(text: &Text) -> Vec<(String, usize, String, (usize, usize))> {
    let words = words(&text.text);
    let Some((first, start, _)) = words.first() else { return Vec::new() };
    if first.contains('=') {
        let pairs = words.iter().filter_map(|(word, start, end)| {
            let (name, value) = word.split_once('=')?;
            Some((name.to_owned(), *start, value.to_owned(), (start + name.len() + 1, *end)))
        });
        return pairs.collect();
    }
    // The old form: `ENV NAME the rest is the value`.
    let after = start + first.len();
    let rest = &text.text[after..];
    let value_at = after + (rest.len() - rest.trim_start().len());
    vec![(first.clone(), *start, rest.trim().to_owned(), (value_at, text.text.trim_end().len()))]
}

/// The words of a text with their places, quotes and escapes taken out.
fn words(text: &str) -> Vec<(String, usize, usize)> {
    let (mut words, mut word, mut start, mut quote) = (Vec::new(), String::new(), None, None);
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if character.is_whitespace() && quote.is_none() {
            words.extend(start.take().map(|start| (std::mem::take(&mut word), start, at)));
            continue;
        }
        start.get_or_insert(at);
        match character {
            '\'' | '"' if quote == Some(character) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(character),
            '\\' if quote != Some('\'') => word.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => word.push(character),
        }
    }
    words.extend(start.map(|start| (word, start, text.len())));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_an_instruction_are_read() {
        let shown = |text: &str| {
            let text = Text { text: text.to_owned(), segments: vec![(0, 0)] };
            let pairs = pairs(&text).into_iter();
            pairs.map(|(name, _, value, (start, end))| format!("{name}={value} {start}-{end}")).collect::<Vec<_>>()
        };
        assert_eq!(shown(r#"A=1 B="two words" C=x\ y"#), ["A=1 2-3", "B=two words 6-17", "C=x y 20-24"]);
        assert_eq!(shown("NAME the value"), ["NAME=the value 5-14"]);
        assert!(shown("").is_empty());
    }
}
