//! What is audited: the root of the model, and the paths that findings are shown for.

use crate::error::Error;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The root and what is shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The root as people know it: what was given, or `.`.
    pub shown: PathBuf,
    /// The root without symbolic links.
    pub root: PathBuf,
    /// Paths relative to the root, with `/`, that findings are shown for; empty means all.
    pub paths: Vec<String>,
}

impl Target {
    /// The root is the one given, else the one directory given, or the directory of the one file given, else the working
    /// directory. The paths restrict what is shown, unless they are the root itself.
    pub fn resolve(paths: &[PathBuf], root: Option<&Path>) -> Result<Self, Error> {
        let shown = match (root, paths) {
            (Some(root), _) => root.to_path_buf(),
            (None, [path]) => directory_of(path)?,
            (None, _) => PathBuf::from("."),
        };
        let absolute = canonical(&shown)?;
        if !absolute.is_dir() {
            return Err(Error::NotADirectory(shown));
        }
        let mut target = Self { shown, root: absolute, paths: Vec::new() };
        let relative: Vec<String> = paths.iter().map(|path| target.relative(path)).collect::<Result<_, _>>()?;
        // The root among the paths means that everything is shown.
        if !relative.iter().any(String::is_empty) {
            target.paths = relative;
        }
        Ok(target)
    }

    fn relative(&self, path: &Path) -> Result<String, Error> {
        let outside = || Error::OutsideRoot { path: path.to_path_buf(), root: self.shown.clone() };
        let whole = canonical(path)?;
        // A symbolic link in the repository is listed by its own name, not by that of what it leads to.
        let by_name = path.file_name().and_then(|name| Some(canonical(parent(path)).ok()?.join(name)));
        let below = by_name.iter().chain([&whole]).find_map(|path| path.strip_prefix(&self.root).ok());
        below.map(slashed).ok_or_else(outside)
    }
}

fn directory_of(path: &Path) -> Result<PathBuf, Error> {
    let is_directory = canonical(path)?.is_dir();
    Ok(if is_directory { path } else { parent(path) }.to_path_buf())
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn canonical(path: &Path) -> Result<PathBuf, Error> {
    fs::canonicalize(path).map_err(|source| Error::Path { path: path.to_path_buf(), source })
}

/// A relative path with `/`, bytes that are not UTF-8 as `\xNN`, as the files of a repository are named.
pub(crate) fn slashed(path: &Path) -> String {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(escaped(name.as_encoded_bytes())),
        _ => None,
    });
    names.collect::<Vec<_>>().join("/")
}

fn escaped(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            write!(text, "\\x{byte:02x}").expect("writing to a string succeeds");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("app/api")).unwrap();
        fs::write(directory.path().join("app/main.py"), "").unwrap();
        directory
    }

    #[test]
    fn one_directory_is_the_root_and_one_file_stands_in_it() {
        let tree = tree();
        let root = fs::canonicalize(tree.path()).unwrap();
        let target = Target::resolve(&[tree.path().join("app")], None).unwrap();
        assert_eq!((target.root, target.paths), (root.join("app"), vec![]));
        let target = Target::resolve(&[tree.path().join("app/main.py")], None).unwrap();
        assert_eq!((target.root, target.paths), (root.join("app"), vec!["main.py".to_owned()]));
    }

    #[test]
    fn a_root_above_restricts_what_is_shown() {
        let tree = tree();
        let paths = [tree.path().join("app/api"), tree.path().join("app/main.py")];
        let target = Target::resolve(&paths, Some(tree.path())).unwrap();
        assert_eq!(target.paths, ["app/api", "app/main.py"]);
        let target = Target::resolve(&[tree.path().to_path_buf(), paths[0].clone()], Some(tree.path())).unwrap();
        assert!(target.paths.is_empty(), "the root itself shows all");
        let error = Target::resolve(&paths, Some(&paths[0])).unwrap_err();
        assert!(error.to_string().contains("is outside of the root"), "{error}");
    }

    #[test]
    fn says_what_is_wrong_with_a_path() {
        let tree = tree();
        let message = |paths: &[PathBuf], root: Option<&Path>| Target::resolve(paths, root).unwrap_err().to_string();
        assert!(message(&[tree.path().join("none")], None).ends_with("none` does not exist"));
        assert!(message(&[], Some(&tree.path().join("app/main.py"))).ends_with("main.py` is not a directory"));
    }
}
