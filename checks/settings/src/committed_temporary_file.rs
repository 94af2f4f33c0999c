use pyaudit_check::project::{Leftover, paths};
use pyaudit_check::{FileId, Findings, Project, Role, Span, Tracking, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds tracked files that a program left behind: of file managers (`.DS_Store`, `Thumbs.db`), editors (`.main.py.swp`,
    /// `main.py~`), merges (`*.orig`, `*.rej`), runs (`*.log`, `nohup.out`, `*.pid`, core dumps), tests (`.coverage`,
    /// `htmlcov/`, `.pytest_cache/`) and temporary files (`*.tmp`). One finding a kind.
    ///
    /// ## Why it matters
    /// They change with every run on every machine and conflict for nothing, and logs and core dumps hold what passed
    /// through the program: addresses, tokens, the data of users.
    ///
    /// ## How to fix
    /// `git rm --cached` them, and ignore their pattern.
    ///
    /// ## Limits
    /// Files are known by their names alone, and not read. Those of tests and examples, which may be meant to stand there,
    /// and those of installed packages are silent, and so is an empty file whose name starts with a dot, by which git keeps a
    /// directory. Compiled Python belongs to `tracked-but-ignored`, copies such as
    /// `main.py.bak` to `committed-copy`.
    id: "committed-temporary-file",
    summary: "files that a program left behind are committed",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://git-scm.com/docs/gitignore", "https://cwe.mitre.org/data/definitions/538.html"],
    run: Project(run),
}

fn message(path: &str, count: usize, kind: Leftover) -> String {
    let noun = kind.noun();
    match count {
        1 => format!("`{path}` is a leftover {noun}, and git tracks it"),
        2 => format!("`{path}` and another file are leftovers {noun}, and git tracks them"),
        _ => format!("`{path}` and {} more files are leftovers {noun}, and git tracks them", count - 1),
    }
}

fn run(project: &Project, findings: &mut Findings) {
    let mut kinds: BTreeMap<Leftover, Vec<(FileId, &str)>> = BTreeMap::new();
    for (id, file) in project.sources.files().filter(|(_, file)| file.tracking == Tracking::Tracked) {
        if matches!(file.role, Role::Vendored | Role::Test | Role::Example) || is_of_tests(&file.path) {
            continue;
        }
        findings.examined(1);
        if keeps_directory(project, id) {
            continue;
        }
        if let Some(kind) = Leftover::of_path(&file.path).filter(|&kind| kind != Leftover::Bytecode) {
            kinds.entry(kind).or_default().push((id, &file.path));
        }
    }
    for (kind, files) in kinds {
        let (first, path) = files[0];
        let finding = findings.report(Span::file(first), message(path, files.len(), kind));
        finding.subject(path);
        for &(file, _) in files.iter().skip(1).take(20) {
            finding.related(Span::file(file), "a leftover as well");
        }
    }
}

/// Whether a file is there only so that git keeps its directory: an empty one whose name starts with a dot.
fn keeps_directory(project: &Project, file: FileId) -> bool {
    let source = project.sources.file(file);
    source.name().starts_with('.') && source.size == 0
}

/// Whether a directory around a file is one of data for tests, by its words.
fn is_of_tests(path: &str) -> bool {
    paths::words(paths::directory(path))
        .any(|word| matches!(word.as_str(), "test" | "tests" | "fixture" | "fixtures" | "sample" | "samples" | "mock"))
}
