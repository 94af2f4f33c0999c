//! The files of a repository as everything downstream sees them.

use crate::git::{Index, Kind};
use crate::ignore::IgnoreRules;
use crate::{FileId, LineIndex, Position, Problem, Range, Span, paths};
use std::collections::BTreeMap;

/// What a file is for. The first that fits wins, in the order of the variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Code of others: a tree with `pyvenv.cfg`, `site-packages`, `node_modules`.
    Vendored,
    /// Written by a program.
    Generated,
    /// A type stub (`.pyi`).
    Stub,
    /// Part of a test suite.
    Test,
    /// A database migration.
    Migration,
    /// Run by hand or by a machine beside the application.
    Script,
    /// Shows how something is used.
    Example,
    /// Everything else: what the repository ships.
    Application,
}

/// Whether git tracks a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tracking {
    /// In the index.
    Tracked,
    /// In the work tree alone, and not ignored by the repository's own rules.
    Untracked,
    /// The directory is no git work tree, or its index could not be read.
    Unknown,
}

/// Why there is no text of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unread {
    /// Its path means nothing to the project, so it was never opened.
    NotWanted,
    /// It holds NUL bytes or is no text in any declared encoding.
    Binary,
    /// It is larger than the limit for its kind.
    TooLarge,
    /// The operating system did not give it: permissions, a FIFO, a file that vanished.
    Unreadable,
}

/// The decoded text of a file, without a byte order mark, and its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// UTF-8, whatever the encoding on disk. Every `Range` counts bytes of this string.
    pub text: String,
    /// Its line starts.
    pub lines: LineIndex,
}

impl Text {
    /// Indexes the lines of `text`.
    pub fn new(text: String) -> Self {
        let lines = LineIndex::new(&text);
        Self { text, lines }
    }
}

/// One file of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative to the root, with `/`. Bytes that are not UTF-8 stand as `\xNN`.
    pub path: String,
    /// What the file is for.
    pub role: Role,
    /// Whether git tracks it.
    pub tracking: Tracking,
    /// Its size on disk in bytes.
    pub size: u64,
    /// Its text, or why there is none.
    pub content: Result<Text, Unread>,
}

impl SourceFile {
    /// The last component of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The directory of the file, relative to the root; empty for a file in the root itself.
    pub fn directory(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(directory, _)| directory)
    }
}

/// A version of a file that an earlier commit holds and that git does not track any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastFile {
    /// Relative to the root, with `/`.
    pub path: String,
    /// What it would be for today.
    pub role: Role,
    /// The newest commit that holds this version, in hexadecimal.
    pub revision: String,
    /// Its text.
    pub text: String,
}

/// What git says of the directory that is audited.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GitState {
    /// The path of the root relative to the work tree, with `/`; empty when they are the same.
    pub prefix: String,
    /// The commit of `HEAD` in hexadecimal; `None` before the first commit.
    pub revision: Option<String>,
    /// Whether history is cut off.
    pub shallow: bool,
}

/// The rule of a `.gitignore` that ignores a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IgnoreRule {
    /// What the rule matches, relative to the root: the path itself, or the topmost directory above it that is ignored;
    /// empty for the root and what is above it.
    pub covered: String,
    /// The file of the rule; `None` above the root.
    pub file: Option<FileId>,
    /// Its line, from 1.
    pub line: u32,
}

/// How many files were left out, by reason.
pub type LeftOut = BTreeMap<&'static str, usize>;

/// All files of a repository, in the order of their paths, with the repository's own ignore rules.
#[derive(Debug, Default)]
pub struct Sources {
    pub(crate) files: Vec<SourceFile>,
    pub(crate) by_path: BTreeMap<String, FileId>,
    pub(crate) ignore_files: Vec<FileId>,
    pub(crate) git: Option<GitState>,
    pub(crate) index: Option<Index>,
    pub(crate) past_files: Vec<PastFile>,
    pub(crate) rules: IgnoreRules,
    pub(crate) left_out: LeftOut,
    pub(crate) problems: Vec<Problem>,
}

impl Sources {
    /// The files with their ids, in the order of their paths.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(at, file)| (FileId(at as u32), file))
    }

    /// The file with this id.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The file at a path relative to the root, with `/`.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// The text of a file, if it was read.
    pub fn text(&self, id: FileId) -> Option<&str> {
        self.file(id).content.as_ref().ok().map(|text| text.text.as_str())
    }

    /// The text at a place; empty for a whole file and for one that was not read.
    pub fn slice(&self, span: Span) -> &str {
        span.range.map_or("", |range| range.slice(self.text(span.file).unwrap_or("")))
    }

    /// Where a range starts and ends, as people count. `None` for a whole file and for one that was not read.
    pub fn positions(&self, span: Span) -> Option<(Position, Position)> {
        let range: Range = span.range?;
        let content = self.file(span.file).content.as_ref().ok()?;
        let at = |offset| content.lines.position(offset, &content.text);
        Some((at(range.start), at(range.end)))
    }

    /// What git says of the root; `None` outside a git work tree.
    pub fn git(&self) -> Option<&GitState> {
        self.git.as_ref()
    }

    /// What git says of a path relative to the root, whether the file still stands in the work tree or not.
    pub fn tracking(&self, path: &str) -> Tracking {
        match &self.index {
            None => Tracking::Unknown,
            Some(index) if index.find(path.as_bytes()).is_some() => Tracking::Tracked,
            Some(_) => Tracking::Untracked,
        }
    }

    /// The paths of all tracked files below the root, in order, also of those that were deleted from the work tree or
    /// left out of `files`. Empty where it is unknown what git tracks.
    pub fn tracked_paths(&self) -> impl Iterator<Item = String> {
        let entries = self.index.iter().flat_map(Index::entries);
        entries.filter(|entry| entry.kind == Kind::File).map(|entry| paths::display(&entry.path))
    }

    /// The files that were asked for of the history (`LoadOptions::past_wanted`), in the order of their paths, the newest
    /// version of each first. Empty where the history is cut off or cannot be read.
    pub fn past_files(&self) -> &[PastFile] {
        &self.past_files
    }

    /// Whether the repository's own rules ignore a file at this path relative to the root, be there one or not. Tracked
    /// files may be ignored as well; git then tracks them all the same.
    pub fn is_ignored(&self, path: &str) -> bool {
        self.rules.ignores(path.as_bytes(), false)
    }

    /// The rule that ignores a file at this path relative to the root; `None` where it is not ignored.
    pub fn ignore_rule(&self, path: &str) -> Option<IgnoreRule> {
        let (covered, directory, line) = self.rules.rule_for(path.as_bytes())?;
        let file = self.rules.below_root(&directory).and_then(|directory| {
            self.find(&paths::display(&paths::join(directory, crate::ignore::IGNORE_FILE.as_bytes())))
        });
        let covered = paths::display(self.rules.below_root(&covered).unwrap_or(&[]));
        Some(IgnoreRule { covered, file, line })
    }

    /// The `.gitignore` files below the root, in the order of their paths; one in the root itself comes first.
    pub fn ignore_files(&self) -> &[FileId] {
        &self.ignore_files
    }

    /// How many files were left out, by reason. A directory that was not entered counts as one, under a reason of its
    /// own.
    pub fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// What could not be listed, read or decoded.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}
