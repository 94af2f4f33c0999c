//! Files that a program, an editor or an operating system leaves behind, by their names.

use crate::paths;

/// What left a file behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leftover {
    /// The file manager: `.DS_Store`, `Thumbs.db`.
    FileManager,
    /// An editor: swap files and backups.
    Editor,
    /// A merge or a patch: `*.orig`, `*.rej`.
    Merge,
    /// A run of a program: logs, core dumps, process ids.
    Run,
    /// A run of tests: coverage and caches.
    Tests,
    /// A temporary file.
    Temporary,
    /// Python: compiled modules.
    Bytecode,
}

impl Leftover {
    /// What the file at a path is left behind by; `None` for any other file.
    pub fn of_path(path: &str) -> Option<Self> {
        let name = paths::file_name(path);
        let lower = name.to_ascii_lowercase();
        let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
        let is_below = |names: &[&str]| paths::directory(path).split('/').any(|part| names.contains(&part));
        if matches!(extension, "pyc" | "pyo") || is_below(&["__pycache__"]) {
            return Some(Self::Bytecode);
        }
        if matches!(lower.as_str(), ".ds_store" | "thumbs.db" | "ehthumbs.db" | "desktop.ini") || name.starts_with("._")
        {
            return Some(Self::FileManager);
        }
        let is_swap = name.starts_with('.') && matches!(extension, "swp" | "swo" | "swn");
        if is_swap || (name.ends_with('~') && name.len() > 1) || (name.starts_with(".#")) {
            return Some(Self::Editor);
        }
        let is_cache = is_below(&["htmlcov", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".nyc_output"]);
        if is_cache || lower == ".coverage" || lower.starts_with(".coverage.") {
            return Some(Self::Tests);
        }
        match extension {
            "orig" | "rej" => Some(Self::Merge),
            "tmp" | "temp" => Some(Self::Temporary),
            "log" | "pid" | "stackdump" => Some(Self::Run),
            _ if lower == "nohup.out" || is_core_dump(&lower) => Some(Self::Run),
            _ if lower.starts_with("celerybeat-schedule") || lower == "dump.rdb" => Some(Self::Run),
            _ => None,
        }
    }

    /// What files of the kind are called in a message.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::FileManager => "of a file manager",
            Self::Editor => "of an editor",
            Self::Merge => "of a merge",
            Self::Run => "of a run of the program",
            Self::Tests => "of a run of tests or linters",
            Self::Temporary => "of temporary work",
            Self::Bytecode => "of compiled Python",
        }
    }
}

/// Whether a name is that of the memory of a process that crashed: `core.4711`.
fn is_core_dump(name: &str) -> bool {
    name.strip_prefix("core.")
        .is_some_and(|number| number.len() > 1 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::Leftover;

    #[test]
    fn a_name_tells_what_left_the_file_behind() {
        for (path, kind) in [
            ("app/.DS_Store", Some(Leftover::FileManager)),
            ("app/.main.py.swp", Some(Leftover::Editor)),
            ("app/main.py~", Some(Leftover::Editor)),
            ("app/main.py.orig", Some(Leftover::Merge)),
            ("logs/app.log", Some(Leftover::Run)),
            ("core.4711", Some(Leftover::Run)),
            (".coverage", Some(Leftover::Tests)),
            ("htmlcov/index.html", Some(Leftover::Tests)),
            ("upload.tmp", Some(Leftover::Temporary)),
            ("app/__pycache__/main.cpython-312.pyc", Some(Leftover::Bytecode)),
            ("app/core.py", None),
            ("core", None),
            (".coveragerc", None),
            ("docs/changelog", None),
            ("app/catalog.json", None),
        ] {
            assert_eq!(Leftover::of_path(path), kind, "{path}");
        }
    }
}
