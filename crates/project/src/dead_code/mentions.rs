//! What texts name: modules as `app.worker:run` and `app/worker.py`, and plain words.

use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtKind};
use pyaudit_source::Role;
use std::collections::HashSet;

/// The names in texts that something may be found by.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// Dotted names of two parts or more, also those at the start of longer ones; paths stand with dots. They are asked
    /// for one by one, so that their order does not matter.
    dotted: HashSet<String>,
    /// Words of files that are no Python, and names of Python files in strings.
    words: HashSet<String>,
    /// Words of strings in Python.
    strings: HashSet<String>,
}

/// How many parts of a dotted name are looked at.
const MAX_PARTS: usize = 12;

impl Mentions {
    /// Reads every text of the repository but documentation, comments, docstrings and tests.
    pub(super) fn read(project: &Project) -> Self {
        let mut mentions = Self::default();
        for (file, source) in project.sources.files() {
            let is_python = source.path.ends_with(".py") || source.path.ends_with(".pyi");
            if is_python || matches!(source.role, Role::Vendored | Role::Test) {
                continue;
            }
            for token in tokens(project.sources.text(file).unwrap_or("")) {
                mentions.note(token);
                mentions.words.extend(token.split(['.', '/', '-']).map(str::to_owned));
            }
        }
        for module in project.modules.iter().filter(|module| module.role != Role::Test) {
            for (_, text) in strings(module) {
                mentions.note_string(text, &module.name);
            }
            mentions.note_unresolved(project, module);
        }
        mentions
    }

    /// The strings of a module, where its own name names nobody else.
    fn note_string(&mut self, text: &str, own_name: &str) {
        if text == own_name {
            return;
        }
        for token in tokens(text) {
            self.note(token);
            if let Some(path) = token.strip_suffix(".py") {
                self.words.extend(path.rsplit('/').next().map(str::to_owned));
            }
            self.strings.insert(token.to_owned());
        }
    }

    fn note(&mut self, token: &str) {
        if !token.contains(['.', '/']) {
            return;
        }
        let path = token.strip_suffix(".py").unwrap_or(token);
        let mut dotted = String::new();
        for (at, part) in path.split(['.', '/']).filter(|part| !part.is_empty()).take(MAX_PARTS).enumerate() {
            if at > 0 {
                dotted.push('.');
            }
            dotted.push_str(part);
            if at > 0 {
                self.dotted.insert(dotted.clone());
            }
        }
    }

    /// An import that the project cannot follow may still mean one of its modules, found from another directory.
    fn note_unresolved(&mut self, project: &Project, module: &Module) {
        for import in module.python.names.imports.iter().filter(|import| import.level == 0) {
            let path: Vec<String> = import.module.split('.').map(str::to_owned).collect();
            let is_found = project.modules.find(module, 0, &path).is_some_and(|(_, taken)| taken == path.len());
            if !is_found && !crate::is_standard_library(&path[0]) {
                self.note(&import.module);
                self.note(&format!("{}.{}", import.module, import.name.as_deref().unwrap_or("")));
                self.words.extend((path.len() == 1).then(|| import.module.clone()));
            }
        }
    }

    /// Whether some text names a module by its dotted name, by the end of it of two parts or more, or by its path; where
    /// names of modules may come from anywhere, a string is one as well.
    pub(super) fn names_dotted(&self, dotted: &str, loads_by_name: bool) -> bool {
        let last = dotted.rsplit('.').next().unwrap_or(dotted);
        let ends = std::iter::successors(Some(dotted), |rest| rest.split_once('.').map(|(_, rest)| rest));
        let mut ends = ends.filter(|end| end.contains('.'));
        (loads_by_name && self.strings.contains(last)) || ends.any(|end| self.dotted.contains(end))
    }

    /// Whether some file that is no Python has this word.
    pub(super) fn has_word(&self, word: &str) -> bool {
        self.words.contains(word)
    }
}

/// The pieces of a text that may be dotted names, paths or words.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.' | '/' | '-');
    text.split(move |character| !is_part(character))
        .map(|token| token.trim_matches(['.', '/', '-']))
        .filter(|token| !token.is_empty())
}

/// The strings of a module, without docstrings.
pub(super) fn strings(module: &Module) -> impl Iterator<Item = (ExprId, &str)> {
    let syntax = &module.python.syntax;
    let is_docstring = |id: ExprId| match syntax.expr_parent(id) {
        Parent::Stmt(stmt) => matches!(syntax.stmt(stmt).kind, StmtKind::Expr(_)),
        _ => false,
    };
    syntax.exprs().filter_map(move |(id, expr)| match &expr.kind {
        ExprKind::Str { value, .. } if !is_docstring(id) => Some((id, &**value)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::project;

    #[test]
    fn modules_are_named_in_commands_paths_and_strings() {
        let project = project(&[
            ("Procfile", "worker: celery -A app.worker:queue worker\njob: python app/jobs/night.py\n"),
            ("app/main.py", "\"\"\"See app.docstring.\"\"\"\nLOADED = ['app.plugins.mail.Sender']\nNAME = 'users'\n"),
            ("tests/test_a.py", "patch('app.tested.x')\n"),
        ]);
        let mentions = Mentions::read(&project);
        for named in ["app.worker", "backend.app.jobs.night", "app.plugins.mail"] {
            assert!(mentions.names_dotted(named, false), "{named}");
        }
        for silent in ["app.docstring", "app.tested", "app.other", "other.users"] {
            assert!(!mentions.names_dotted(silent, false), "{silent}");
        }
        assert!(mentions.names_dotted("app.users", true));
    }
}
