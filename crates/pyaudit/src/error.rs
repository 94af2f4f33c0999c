//! What keeps a run from happening at all.

use pyaudit_engine::Unknown;
use pyaudit_source::LoadError;
use std::io;
use std::path::PathBuf;

/// Why there is no audit. Each message is one line, lower-case, without a final full stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path that was given does not exist or cannot be looked at.
    #[error("`{}` {}", path.display(), reason(source))]
    Path {
        /// The path as given.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The root that was given is a file.
    #[error("`{}` is not a directory", .0.display())]
    NotADirectory(PathBuf),
    /// A path that was given does not lie in the root.
    #[error("`{}` is outside of the root `{}`; name a directory above both with `--root`", path.display(), root.display())]
    OutsideRoot {
        /// The path as given.
        path: PathBuf,
        /// The root.
        root: PathBuf,
    },
    /// The files could not be listed.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A configuration file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An argument names a check or area that there is not.
    #[error("{unknown} (in `{argument}`)")]
    UnknownCheck {
        /// The argument: `--select`.
        argument: &'static str,
        /// The name, and what is like it.
        unknown: Unknown,
    },
    /// An argument holds a malformed glob.
    #[error("the glob `{glob}` of `--exclude` is invalid: {message}")]
    Glob {
        /// The glob as given.
        glob: String,
        /// What is wrong with it.
        message: String,
    },
    /// The threads could not be started.
    #[error("cannot start the threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// There is no Python file and no manifest.
    #[error("nothing to scan in `{}`: there is no Python file and no file of a project", .0.display())]
    NothingToScan(PathBuf),
}

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{place}: {message}")]
pub struct ConfigError {
    /// The file, with the line (from 1) where there is one: `pyproject.toml:12`.
    pub place: String,
    /// What is wrong.
    pub message: String,
}

/// What an error of the operating system means for the path that it is about.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        io::ErrorKind::NotADirectory => "is not a directory".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be accessed".to_owned(),
        kind => format!("cannot be accessed: {kind}"),
    }
}
