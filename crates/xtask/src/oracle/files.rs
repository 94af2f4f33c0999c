//! The files that comparisons read, and where they stand.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the workspace.
pub(super) fn workspace() -> &'static Path {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    directory.ancestors().nth(2).unwrap_or(directory)
}

/// Every `.py` file below a directory, sorted; installed packages are left out.
pub(super) fn python_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).with_context(|| directory.display().to_string())? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                if entry.file_name() != "site-packages" {
                    directories.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "py") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The directory of a CPython's standard library.
pub(super) fn standard_library(python: &Path) -> Result<PathBuf> {
    let code = "import sysconfig; print(sysconfig.get_path('stdlib'))";
    let output = Command::new(python).args(["-c", code]).output().with_context(|| python.display().to_string())?;
    ensure!(output.status.success(), "`{}` does not tell where its library is", python.display());
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}
