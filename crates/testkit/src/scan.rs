//! Reading Rust sources for what a room must not name.
//!
//! This is a search over text, made for the rules of this workspace: it knows `std::fs`, `use std::{fs, …}` and
//! comments, and leaves out unit tests. It does not resolve names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Every `.rs` file below a directory, in the order of the paths.
pub fn rust_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The code of a Rust source without comments and without the unit tests at its end. Lines keep their numbers.
pub fn shipped_code(source: &str) -> String {
    let lines = source.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    lines.flat_map(|line| [line.find("//").map_or(line, |at| &line[..at]), "\n"]).collect()
}

/// Where a source names one of `modules` of the standard library: the line, from 1, and the module.
pub fn std_modules<'m>(source: &str, modules: &[&'m str]) -> Vec<(usize, &'m str)> {
    let code = shipped_code(source);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("std::") {
        let line = code[..at].matches('\n').count() + 1;
        let names = first_segments(&code[at + "std::".len()..]);
        found.extend(modules.iter().filter(|module| names.contains(*module)).map(|module| (line, *module)));
    }
    found
}

/// The names right below a path prefix: one, or those of a `{…}` group.
fn first_segments(rest: &str) -> Vec<&str> {
    let Some(group) = rest.strip_prefix('{') else { return vec![identifier(rest)] };
    let mut names = vec![identifier(group.trim_start())];
    let mut depth = 0_usize;
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(identifier(group[at + 1..].trim_start())),
            _ => {}
        }
    }
    names
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_modules_in_paths_and_groups() {
        let source = "use std::{\n    fmt::{self, env},\n    fs,\n};\nlet x = std::env::var(\"A\");\n";
        assert_eq!(std_modules(source, &["fs", "env"]), [(1, "fs"), (5, "env")]);
    }

    #[test]
    fn leaves_out_comments_tests_and_longer_names() {
        let source = "// std::fs\nuse std::fs_more;\n#[cfg(test)]\nmod tests { use std::fs; }\n";
        assert_eq!(std_modules(source, &["fs"]), []);
    }
}
