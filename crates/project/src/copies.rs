//! Copies of files that git tracks, by their names and by their code.

use crate::{Module, Project, paths};
use pyaudit_source::{FileId, Role, Tracking};
use std::collections::BTreeMap;

/// Why a file is taken for a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyReason {
    /// Its name.
    Name,
    /// Its code, which another module has too.
    SameCode,
}

/// A file that is a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommittedCopy {
    /// The copy.
    pub file: FileId,
    /// What it was copied from, where that is tracked too.
    pub original: Option<FileId>,
    /// What tells it.
    pub reason: CopyReason,
}

/// Endings of files that editors, merges and people leave behind.
const ENDINGS: &[&str] = &[".bak", ".bkp", ".backup", ".old", ".orig", ".rej", "~", ".swp", ".swo"];

/// What is put behind or before the name of the original.
const BEHIND: &[&str] = &[
    " copy", "_copy", "-copy", ".copy", " - Copy", "_old", "-old", ".old", "_backup", "-backup", ".backup", "_bak",
    ".bak", "_orig", ".orig",
];
const BEFORE: &[&str] = &["copy of ", "Copy of ", "copy_of_", "backup_of_", "old_", "backup_"];

/// From how many lines of code two modules with the same code are a copy.
const MANY_LINES: usize = 12;

impl Project {
    /// The copies that git tracks, in the order of their paths, and how many files were looked at.
    pub fn committed_copies(&self) -> (Vec<CommittedCopy>, usize) {
        let tracked = self.sources.files().filter(|(_, file)| {
            let is_ours = !matches!(file.role, Role::Vendored | Role::Generated | Role::Test | Role::Example);
            is_ours && file.tracking == Tracking::Tracked
        });
        let mut examined = 0;
        let mut copies: BTreeMap<FileId, CommittedCopy> = BTreeMap::new();
        for (file, source) in tracked {
            examined += 1;
            let original = self.original_of(&source.path);
            if original.is_some() || is_backup(source.name()) {
                copies.insert(file, CommittedCopy { file, original, reason: CopyReason::Name });
            }
        }
        for copy in self.same_code() {
            copies.entry(copy.file).or_insert(copy);
        }
        (copies.into_values().collect(), examined)
    }

    /// The tracked file beside a file that its name says it was copied from.
    fn original_of(&self, path: &str) -> Option<FileId> {
        let directory = paths::directory(path);
        let name = paths::file_name(path);
        let (stem, extension) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())?;
        let whole = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).map(str::to_owned);
        let named = |stem: &str| format!("{stem}.{extension}");
        let originals = whole.into_iter().chain(original_stems(stem).map(named));
        let mut found = originals.filter_map(|original| self.sources.find(&paths::join(directory, &original)?));
        found.find(|&file| self.sources.file(file).tracking == Tracking::Tracked)
    }

    /// The modules of applications whose code another module of the same import root has too, but for the first of each.
    fn same_code(&self) -> Vec<CommittedCopy> {
        let mut by_code: BTreeMap<(&str, String), FileId> = BTreeMap::new();
        let mut copies = Vec::new();
        for module in self.modules.iter().filter(|module| module.role == Role::Application) {
            let source = self.sources.file(module.file);
            if source.tracking != Tracking::Tracked || source.name() == "__init__.py" {
                continue;
            }
            let Some(code) = self.code_of(module) else { continue };
            let key = (self.modules.root_of(&source.path), code);
            match by_code.get(&key) {
                Some(&original) => copies.push(CommittedCopy {
                    file: module.file,
                    original: Some(original),
                    reason: CopyReason::SameCode,
                }),
                None => {
                    by_code.insert(key, module.file);
                }
            }
        }
        copies
    }

    /// The code of a module without comments, blank lines and trailing white space; `None` where it is short.
    fn code_of(&self, module: &Module) -> Option<String> {
        let text = self.sources.text(module.file)?;
        let mut bare = String::with_capacity(text.len());
        let mut from = 0;
        for comment in &module.python.comments {
            bare.push_str(text.get(from..comment.range.start as usize)?);
            from = comment.range.end as usize;
        }
        bare.push_str(text.get(from..)?);
        let lines: Vec<&str> = bare.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        (lines.len() >= MANY_LINES).then(|| lines.join("\n"))
    }
}

/// The stems that a stem may be a copy of: `users` for `users copy`, `users (1)`, `old_users`.
fn original_stems(stem: &str) -> impl Iterator<Item = &str> {
    let numbered = stem.strip_suffix(')').and_then(|rest| {
        let (original, number) = rest.rsplit_once('(')?;
        let is_number = !number.is_empty() && number.chars().all(|digit| digit.is_ascii_digit());
        is_number.then(|| original.trim_end())
    });
    let behind = BEHIND.iter().filter_map(move |ending| stem.strip_suffix(ending));
    let before = BEFORE.iter().filter_map(move |start| stem.strip_prefix(start));
    numbered.into_iter().chain(behind).chain(before).filter(|original| !original.is_empty())
}

/// Whether a name ends as a backup does, whatever stands beside it. A dotfile such as `.old` has nothing before the ending.
fn is_backup(name: &str) -> bool {
    const ALWAYS: &[&str] = &[".bak", ".orig", ".rej", "~", ".swp", ".swo"];
    ALWAYS.iter().any(|ending| name.strip_suffix(ending).is_some_and(|stem| !stem.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_their_originals() {
        let first = |stem: &'static str| original_stems(stem).next();
        assert_eq!(first("users copy"), Some("users"));
        assert_eq!(first("users (1)"), Some("users"));
        assert_eq!(first("users(2)"), Some("users"));
        assert_eq!(first("users_old"), Some("users"));
        assert_eq!(first("old_users"), Some("users"));
        assert_eq!(first("threshold"), None);
        assert_eq!(first("f(x)"), None);
        assert!(is_backup("main.py.bak") && is_backup("notes~") && !is_backup("~") && !is_backup("main.py"));
    }
}
