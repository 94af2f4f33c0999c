//! From a directory, or from files in memory, to `Sources`.

use crate::exclude::Excludes;
use crate::git::{self, Entry, Index, Kind, WorkTree};
use crate::history::{self, Asked, Version};
use crate::ignore::{IGNORE_FILE, IgnoreRules};
use crate::read::{self, ReadFile};
use crate::roles::{Neighbours, role};
use crate::tree::{Disk, Memory, Tree, ignore_file};
use crate::walk::{Found, Walk};
use crate::{FileId, GitState, LeftOut, PastFile, Phase, Problem, Role, SourceFile, Sources, Span, Tracking, paths};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// How a repository is loaded.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Globs of paths that are left out, relative to the root. `*` stays within a component, `**` does not; a glob that
    /// matches a directory leaves out everything below it.
    pub exclude: Vec<String>,
    /// A file with more bytes is not read.
    pub max_file_bytes: u64,
    /// The same for lock files.
    pub max_lock_file_bytes: u64,
    /// When the files that were read have so many bytes together, no more are read.
    pub max_total_bytes: u64,
    /// Whether the text of a file is read at all, by its path relative to the root.
    pub wanted: fn(&str) -> bool,
    /// Whether a wanted file is only looked at in passing, so that it is no problem where it is too large or no text.
    pub optional: fn(&str) -> bool,
    /// Whether a file that only earlier commits hold is read, by its name; `None` leaves history alone.
    pub past_wanted: Option<fn(&str) -> bool>,
}

impl Default for LoadOptions {
    /// Everything is read, up to 2 MiB a file, 16 MiB a lock file and 2 GiB in all.
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            exclude: Vec::new(),
            max_file_bytes: 2 * MIB,
            max_lock_file_bytes: 16 * MIB,
            max_total_bytes: 2048 * MIB,
            wanted: |_| true,
            optional: |_| false,
            past_wanted: None,
        }
    }
}

impl LoadOptions {
    /// The limit that holds for a path. Ranges are 32 bits wide, so no limit goes beyond.
    pub(crate) fn limit_of(&self, path: &str) -> u64 {
        let limit = if is_lock_file(path) { self.max_lock_file_bytes } else { self.max_file_bytes };
        // Decoding turns a byte into three at most.
        limit.min(u64::from(u32::MAX / 4))
    }
}

/// Whether a path is that of a lock file of a package manager, by its name.
pub fn is_lock_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let named = ["Pipfile.lock", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml"];
    named.contains(&name) || Path::new(name).extension().is_some_and(|extension| extension == "lock")
}

/// Why nothing could be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is nothing at the root, or it may not be entered.
    #[error("`{}` cannot be read: {}", path.display(), source.kind())]
    Unreadable {
        /// The root as it was given.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The root is a file.
    #[error("`{}` is no directory", path.display())]
    NotADirectory {
        /// The root as it was given.
        path: PathBuf,
    },
}

/// A file that exists in memory alone, for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryFile {
    /// Relative to the root, with `/`.
    pub path: String,
    /// What a file on disk would hold.
    pub bytes: Vec<u8>,
    /// `None` means tracked in a git work tree, and unknown outside one.
    pub tracking: Option<Tracking>,
    /// Whether it stands in an earlier commit alone.
    pub past: bool,
}

impl MemoryFile {
    /// A file that is tracked if its repository is in git.
    pub fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into(), tracking: None, past: false }
    }

    /// The same file, not in the index.
    #[must_use]
    pub fn untracked(self) -> Self {
        Self { tracking: Some(Tracking::Untracked), ..self }
    }

    /// The same file, deleted in the meantime: an earlier commit holds it.
    #[must_use]
    pub fn past(self) -> Self {
        Self { past: true, ..self }
    }
}

/// Whether files in memory stand in a git work tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MemoryGit {
    /// Outside git: what is tracked is unknown.
    None,
    /// The root of a work tree.
    #[default]
    Some,
}

impl Sources {
    /// Lists, reads and decodes the files of the repository at `root`.
    ///
    /// # Errors
    /// When `root` is no directory that can be listed. Everything else is a `Problem`.
    pub fn load(root: &Path, options: &LoadOptions) -> Result<Self, LoadError> {
        let unreadable = |source| LoadError::Unreadable { path: root.to_path_buf(), source };
        let absolute = fs::canonicalize(root).map_err(unreadable)?;
        if !absolute.is_dir() {
            return Err(LoadError::NotADirectory { path: root.to_path_buf() });
        }
        fs::read_dir(&absolute).map_err(unreadable)?;
        let mut loading = Loading::default();
        let (rules, index) = loading.git(&absolute);
        let disk = Disk { root: absolute };
        let found = loading.walk(&disk, index, rules, options);
        let (contents, past) =
            rayon::join(|| read::read_all(&disk.root, &found, options), || loading.past_versions(options));
        Ok(loading.finish(found, contents, past))
    }

    /// Files that exist in memory alone, with the same rules, roles and decoding as those on disk.
    pub fn from_memory(files: impl IntoIterator<Item = MemoryFile>, git: MemoryGit) -> Self {
        let options = LoadOptions::default();
        let mut texts = BTreeMap::new();
        let mut tracked = Vec::new();
        let mut past = Vec::new();
        for file in files {
            if file.past {
                let text = String::from_utf8_lossy(&file.bytes).into_owned();
                past.push(Version { path: file.path.into_bytes(), revision: "0".repeat(40), text });
                continue;
            }
            let path = file.path.into_bytes();
            if file.tracking.is_none_or(|tracking| tracking == Tracking::Tracked) {
                tracked.push(Entry { path: path.clone(), kind: Kind::File, skipped: false });
            }
            texts.insert(path, file.bytes);
        }
        let mut loading = Loading::default();
        let index = (git == MemoryGit::Some).then(|| {
            loading.git = Some(GitState::default());
            Index::new(tracked)
        });
        let found = loading.walk(&Memory::new(&texts), index, IgnoreRules::default(), &options);
        let contents = found.iter().map(|file| {
            let bytes = texts.remove(&file.path).unwrap_or_default();
            read::from_memory(&paths::display(&file.path), bytes, &options)
        });
        let contents = contents.collect();
        loading.finish(found, contents, past)
    }
}

/// What gathers while a repository is loaded.
#[derive(Default)]
struct Loading {
    git: Option<GitState>,
    /// The work tree, and where the root lies in it.
    work_tree: Option<(PathBuf, Vec<u8>)>,
    index: Option<Index>,
    rules: IgnoreRules,
    left_out: LeftOut,
    problems: Vec<Problem>,
}

impl Loading {
    /// Reads the state of git around the root, and the ignore rules above it.
    fn git(&mut self, root: &Path) -> (IgnoreRules, Option<Index>) {
        let Some(mut tree) = git::work_tree(root) else {
            if git::is_bare(root) {
                let message = "is a git repository without a work tree: its objects are no files".to_owned();
                self.problems.push(Problem { span: None, path: Some(".".to_owned()), phase: Phase::Git, message });
            }
            return (IgnoreRules::default(), None);
        };
        let rules = self.rules_above(root, &tree);
        let tracks_nothing = tree.index.as_ref().is_some_and(|index| index.entries().is_empty());
        if tracks_nothing && rules.ignores_root() {
            // The repository around the root disowns it; what was asked for is a directory outside git.
            return (IgnoreRules::default(), None);
        }
        if let Some(message) = tree.problem.take() {
            let path = Some(".git".to_owned());
            self.problems.push(Problem { span: None, path, phase: Phase::Git, message });
        }
        self.git = Some(tree.state);
        self.work_tree = Some((tree.directory, tree.prefix));
        (rules, tree.index)
    }

    /// The rules of the directories from the work tree down to the root, which is left to the walk.
    fn rules_above(&mut self, root: &Path, tree: &WorkTree) -> IgnoreRules {
        let mut rules = IgnoreRules::new(tree.prefix.clone());
        let above = root.ancestors().skip(1).take_while(|directory| directory.starts_with(&tree.directory));
        for directory in above {
            let file = directory.join(IGNORE_FILE);
            // As in git, a symbolic link is no ignore file.
            if !fs::symlink_metadata(&file).is_ok_and(|found| found.is_file()) {
                continue;
            }
            let place = paths::slashed(directory.strip_prefix(&tree.directory).unwrap_or(Path::new("")));
            match ignore_file(&file) {
                Ok(Some(text)) if rules.add_above(&place, &text) => {}
                _ => {
                    let message = "the ignore rules above the root cannot be read in full".to_owned();
                    let path = Some(paths::display(&paths::join(&place, IGNORE_FILE.as_bytes())));
                    self.problems.push(Problem { span: None, path, phase: Phase::Walk, message });
                }
            }
        }
        rules
    }

    /// Lists the files in the order of their paths as they are shown.
    fn walk(&mut self, tree: &dyn Tree, index: Option<Index>, rules: IgnoreRules, options: &LoadOptions) -> Vec<Found> {
        let (excludes, messages) = Excludes::new(&options.exclude);
        for message in messages {
            self.problems.push(Problem { span: None, path: None, phase: Phase::Walk, message });
        }
        let mut walk = Walk::new(tree, index.as_ref(), &excludes, rules);
        walk.run();
        let Walk { mut found, left_out, problems, rules, .. } = walk;
        found.sort_by_cached_key(|file| paths::display(&file.path));
        self.left_out = left_out;
        self.problems.extend(problems);
        self.rules = rules;
        self.index = index;
        found
    }

    /// What was asked for of the history.
    fn past_versions(&self, options: &LoadOptions) -> Vec<Version> {
        let (Some(wanted), Some((directory, prefix)), Some(index)) =
            (options.past_wanted, &self.work_tree, &self.index)
        else {
            return Vec::new();
        };
        let Ok(repository) = git::open(directory) else { return Vec::new() };
        history::versions(&repository, &Asked { prefix, index, wanted })
    }

    fn finish(mut self, found: Vec<Found>, contents: Vec<ReadFile>, past: Vec<Version>) -> Sources {
        let mut files: Vec<SourceFile> = Vec::with_capacity(found.len());
        for (at, (found, read)) in found.into_iter().zip(contents).enumerate() {
            if let Some((phase, message)) = read.problem {
                let span = Some(Span::file(FileId(at as u32)));
                self.problems.push(Problem { span, path: None, phase, message });
            }
            files.push(SourceFile {
                path: paths::display(&found.path),
                // Roles need the whole list, and follow below.
                role: Role::Application,
                tracking: found.tracking,
                size: read.size,
                content: read.content,
            });
        }
        let ids = (0..files.len() as u32).map(FileId);
        let by_path: BTreeMap<String, FileId> = files.iter().map(|file| file.path.clone()).zip(ids).collect();
        assign_roles(&mut files, &by_path);
        let past_files = past_files(past, &by_path);
        self.problems.sort();
        let is_ignore_file = |file: &&FileId| files[file.0 as usize].name() == IGNORE_FILE;
        let ignore_files = by_path.values().filter(is_ignore_file).copied().collect();
        Sources {
            ignore_files,
            by_path,
            files,
            git: self.git,
            index: self.index,
            past_files,
            rules: self.rules,
            left_out: self.left_out,
            problems: self.problems,
        }
    }
}

fn past_files(versions: Vec<Version>, by_path: &BTreeMap<String, FileId>) -> Vec<PastFile> {
    let exists = |path: &str| by_path.contains_key(path);
    let neighbours = Neighbours { exists: &exists };
    let lift = |Version { path, revision, text }| {
        let path = paths::display(&path);
        PastFile { role: role(&path, Some(&text), &neighbours), path, revision, text }
    };
    versions.into_iter().map(lift).collect()
}

fn assign_roles(files: &mut [SourceFile], by_path: &BTreeMap<String, FileId>) {
    let exists = |path: &str| by_path.contains_key(path);
    let neighbours = Neighbours { exists: &exists };
    for file in files {
        let text = file.content.as_ref().ok().map(|text| text.text.as_str());
        file.role = role(&file.path, text, &neighbours);
    }
}
