//! Makefiles, as far as their recipes are plain: targets, what they need, and the commands of each.

use pyaudit_shell::Command;
use std::collections::{BTreeMap, BTreeSet};

/// A makefile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Makefile {
    /// The targets, in order of the source.
    pub targets: Vec<Target>,
}

/// One target.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// The targets and files that it needs, in order.
    pub needs: Vec<String>,
    /// The commands of its recipe; ranges count bytes of the makefile.
    pub commands: Vec<Command>,
}

impl Makefile {
    /// Reads the rules of a makefile. Includes, functions and patterns are left as they stand.
    pub fn read(text: &str) -> Self {
        let mut makefile = Self::default();
        let variables = variables(text);
        let mut offset = 0;
        let mut recipe = None;
        for line in text.split_inclusive('\n') {
            let start = offset;
            offset += line.len();
            if line.starts_with('\t') {
                recipe = recipe.or(Some(start));
                continue;
            }
            let is_blank = line.trim().is_empty() || line.trim_start().starts_with('#');
            if is_blank {
                continue;
            }
            makefile.finish(text, recipe.take(), start, &variables);
            makefile.rule(line);
        }
        makefile.finish(text, recipe, offset, &variables);
        makefile
    }

    /// Starts the targets of a rule: `test lint: install`.
    fn rule(&mut self, line: &str) {
        let Some((names, needs)) = line.split_once(':') else { return };
        if line.starts_with([' ', '.', '#']) || needs.starts_with(['=', ':']) || names.contains(['=', '%', '$']) {
            return;
        }
        let needs = needs.split(['#', ';']).next().unwrap_or("");
        let needs: Vec<String> = needs.split_whitespace().map(str::to_owned).collect();
        for name in names.split_whitespace() {
            self.targets.push(Target { name: name.to_owned(), needs: needs.clone(), commands: Vec::new() });
        }
    }

    /// Gives the last target the recipe that ends here.
    fn finish(&mut self, text: &str, start: Option<usize>, end: usize, variables: &BTreeMap<&str, &str>) {
        let (Some(start), Some(target)) = (start, self.targets.last_mut()) else { return };
        let recipe = as_shell(&text[start..end]);
        target.commands = pyaudit_shell::commands(&recipe)
            .0
            .into_iter()
            .map(|command| shifted(command, start as u32, variables))
            .collect();
    }

    /// Whether every one of these targets stands in the makefile; the first target serves where none is named.
    pub fn knows(&self, targets: &[String]) -> bool {
        !self.targets.is_empty() && targets.iter().all(|target| self.target(target).is_some())
    }

    fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.name == name)
    }

    /// The recipes that these targets run, those of what they need first, each once.
    pub fn run(&self, targets: &[String]) -> Vec<&[Command]> {
        let first: Vec<&str> = self.targets.iter().take(1).map(|target| target.name.as_str()).collect();
        let targets = if targets.is_empty() { first } else { targets.iter().map(String::as_str).collect() };
        let mut open: Vec<(&str, bool)> = targets.into_iter().rev().map(|name| (name, false)).collect();
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        while let Some((name, ready)) = open.pop() {
            let Some(target) = self.target(name) else { continue };
            if ready {
                found.push(target.commands.as_slice());
            } else if seen.insert(name) {
                open.push((name, true));
                open.extend(target.needs.iter().rev().map(|need| (need.as_str(), false)));
            }
        }
        found
    }
}

/// Plain assignments: `PYTHON := python3`.
fn variables(text: &str) -> BTreeMap<&str, &str> {
    let assignments =
        text.lines().filter(|line| !line.starts_with(['\t', '#', ' '])).filter_map(|line| line.split_once('='));
    assignments
        .map(|(name, value)| (name.trim_end_matches([':', '?', '+', ' ']), value.trim()))
        .filter(|(name, value)| !name.contains([' ', ':', '$']) && !value.contains(['$', ' ', '#']))
        .collect()
}

/// A recipe as shell text of the same length: without the marks `@`, `-` and `+`, and with `$(NAME)` as `${NAME}`.
fn as_shell(recipe: &str) -> String {
    let mut shell = String::with_capacity(recipe.len());
    let mut continued = false;
    for line in recipe.split_inclusive('\n') {
        let content = line.trim_start_matches(['\t', ' ']);
        let marks = if continued { 0 } else { content.len() - content.trim_start_matches(['@', '-', '+']).len() };
        let blank = line.len() - content.len() + marks;
        shell.extend(std::iter::repeat_n(' ', blank));
        shell.push_str(&line[blank..]);
        continued = line.trim_end_matches(['\n', '\r']).ends_with('\\');
    }
    braces(&shell)
}

/// `$(NAME)` as `${NAME}`; what is no plain name stays.
fn braces(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("$(") {
        found.push_str(before);
        let end = after.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        match end {
            Some(end) if after[end..].starts_with(')') => {
                found.push_str("${");
                found.push_str(&after[..end]);
                found.push('}');
                rest = &after[end + 1..];
            }
            _ => {
                found.push_str("$(");
                rest = after;
            }
        }
    }
    found.push_str(rest);
    found
}

/// A command at its place in the makefile, with the variables that are plain words put in.
fn shifted(mut command: Command, offset: u32, variables: &BTreeMap<&str, &str>) -> Command {
    command.range = command.range.shift(offset);
    for word in &mut command.words {
        word.range = word.range.shift(offset);
        let name = word.text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        if let Some(value) = name.and_then(|name| variables.get(name)) {
            (*value).clone_into(&mut word.text);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_keeps_its_length_as_shell_text() {
        let recipe = "\t@$(PYTHON) -m pytest \\\n\t  -q\n\t-rm x\n";
        let shell = as_shell(recipe);
        assert_eq!(shell.len(), recipe.len());
        assert_eq!(shell, "  ${PYTHON} -m pytest \\\n   -q\n  rm x\n");
    }

    #[test]
    fn what_a_target_needs_runs_before_it_and_once() {
        let makefile = Makefile::read(
            "all: test lint\ntest: install\n\tpytest\nlint: install\n\truff\ninstall:\n\tpip\nV := 1\n.PHONY: all\n",
        );
        let names: Vec<&str> = makefile.targets.iter().map(|target| target.name.as_str()).collect();
        assert_eq!(names, ["all", "test", "lint", "install"]);
        assert_eq!(makefile.run(&[]).len(), 4);
        assert!(makefile.knows(&["test".to_owned()]) && !makefile.knows(&["deploy".to_owned()]));
    }
}
