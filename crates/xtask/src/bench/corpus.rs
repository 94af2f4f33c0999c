//! Corpora and tools on disk, made from the pinned packages below `.bench`, which git ignores.

use super::pins::{Corpus, Package};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory of a corpus, which is made where it is not there or not what was pinned.
pub(super) fn corpus(directory: &Path, corpus: &Corpus) -> Result<PathBuf> {
    let root = directory.join("corpora").join(&corpus.name);
    let pinned = (u64::from(corpus.files), u64::from(corpus.bytes));
    if root.join(".git").is_dir() && python_below(&root)? == pinned {
        return Ok(root);
    }
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    let wheels = download(directory, &corpus.packages)?;
    for package in &corpus.packages {
        unpack(&wheels, package, &root.join(&package.name))?;
    }
    let found = python_below(&root)?;
    ensure!(
        found == pinned,
        "the corpus `{}` holds {} Python files and {} bytes, and {} and {} are pinned",
        corpus.name,
        found.0,
        found.1,
        pinned.0,
        pinned.1
    );
    track(&root)?;
    Ok(root)
}

/// The program of a pinned tool.
pub(super) fn tool(directory: &Path, package: &Package) -> Result<PathBuf> {
    let target = directory.join("tools").join(format!("{}-{}", package.name, package.version));
    let program = target.join("bin").join(&package.name);
    if !program.is_file() {
        let requirements = requirements(directory, std::slice::from_ref(package))?;
        pip(&["install", "--target"], &target, &requirements)?;
    }
    Ok(program)
}

/// Downloads wheels; `pip` refuses one with another digest.
fn download(directory: &Path, packages: &[Package]) -> Result<PathBuf> {
    let wheels = directory.join("wheels");
    let requirements = requirements(directory, packages)?;
    pip(&["download", "--dest"], &wheels, &requirements)?;
    Ok(wheels)
}

fn requirements(directory: &Path, packages: &[Package]) -> Result<PathBuf> {
    fs::create_dir_all(directory)?;
    let path = directory.join("requirements.txt");
    fs::write(&path, packages.iter().map(Package::requirement).collect::<String>())?;
    Ok(path)
}

/// Wheels for one platform, so that everybody gets the same, and never a source distribution, whose metadata is made by
/// running it.
fn pip(command: &[&str], target: &Path, requirements: &Path) -> Result<()> {
    const ONLY_WHEELS: &str = "--quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
                               --platform any --platform manylinux2014_x86_64 --python-version 3.12 --implementation py";
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip"]).args(command).arg(target).args(ONLY_WHEELS.split_ascii_whitespace());
    succeed(pip.arg("--requirement").arg(requirements))
}

/// Unpacks a wheel, which is a ZIP archive.
fn unpack(wheels: &Path, package: &Package, target: &Path) -> Result<()> {
    let prefix = package.file_prefix();
    let names: Vec<_> = fs::read_dir(wheels)?.map(|entry| Ok(entry?.file_name())).collect::<Result<_>>()?;
    let wheel = names.iter().find(|name| name.to_str().is_some_and(|name| name.starts_with(&prefix)));
    let wheel = wheel.with_context(|| format!("no wheel `{prefix}…`"))?;
    succeed(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(wheels.join(wheel)).arg(target))
}

/// Makes the corpus a git work tree in which everything is tracked, as what is audited commonly is.
fn track(root: &Path) -> Result<()> {
    let git = || {
        let mut git = Command::new("git");
        git.current_dir(root).args(["-c", "core.autocrlf=false", "-c", "core.hooksPath=/dev/null"]);
        git
    };
    succeed(git().args(["init", "--quiet", "."]))?;
    succeed(git().args(["add", "--all", "--force"]))
}

fn succeed(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// The number and the bytes of the Python files below a directory.
fn python_below(root: &Path) -> Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).with_context(|| directory.display().to_string())? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "py" || extension == "pyi") {
                files += 1;
                bytes += entry.metadata()?.len();
            }
        }
    }
    Ok((files, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_is_counted_at_any_depth_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("a/b")).unwrap();
        for (path, text) in [("a/b/c.py", "x = 1\n"), ("a/d.pyi", "y"), ("a/e.txt", "text"), ("a/py", "no")] {
            fs::write(directory.path().join(path), text).unwrap();
        }
        assert_eq!(python_below(directory.path()).unwrap(), (2, 7));
    }
}
