//! Puts the pages of `docs/checks` into the program, so that `explain` prints what the documentation says.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it for build scripts"));
    let pages = root.join("../../docs/checks");
    println!("cargo::rerun-if-changed={}", pages.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it for build scripts"));
    fs::write(out.join("pages.rs"), table(&pages)?)
}

/// A slice of pairs of an id and its page, sorted. Without the directory it is empty.
fn table(pages: &Path) -> io::Result<String> {
    let mut files = match fs::read_dir(pages) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?,
        Err(_) => Vec::new(),
    };
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let id = file.file_stem().unwrap_or_default().to_string_lossy();
        let _ = writeln!(table, "({id:?}, include_str!({:?})),", file.display().to_string());
    }
    table.push(']');
    Ok(table)
}
