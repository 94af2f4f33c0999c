use pyaudit_check::project::{CommittedCopy, CopyReason};
use pyaudit_check::{Confidence, Findings, Project, Span, check};

check! {
    /// ## What it does
    /// Finds copies that git tracks: files whose names end as editors, merges and careful people leave them (`users.py.bak`,
    /// `main.py.orig`, `notes.txt~`), files that stand beside the one they were copied from (`users copy.py`,
    /// `users (1).py`, `users_old.py`, `backup_users.py`), and modules of one application with the same code.
    ///
    /// ## Why it matters
    /// Git already keeps every version. A copy beside the original is found by each search, mended in place of the original,
    /// or imported by a completion, and the two drift apart until nobody knows which one is right.
    ///
    /// ## How to fix
    /// Delete the copy; `git log -- FILE` gives back any version. Where two modules need the same code, let one import the
    /// other. Add the endings to `.gitignore`.
    ///
    /// ## Limits
    /// A name such as `users_old.py` counts only beside the `users.py` that it was copied from. Modules are the same if
    /// their code is, apart from comments, blank lines and trailing white space; small ones, `__init__.py` and migrations are
    /// not compared, and neither are tests, scripts and examples, or modules of different import roots. Files that git
    /// does not track are left alone.
    id: "committed-copy",
    summary: "a copy of a file is tracked",
    area: Architecture,
    axis: Modularity,
    severity: Low,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://cwe.mitre.org/data/definitions/1041.html", "https://cwe.mitre.org/data/definitions/530.html"],
    run: Project(run),
}

fn message(path: &str, original: Option<&str>, reason: CopyReason) -> String {
    match (original, reason) {
        (Some(original), CopyReason::SameCode) => format!("`{path}` holds the same code as `{original}`"),
        (Some(original), CopyReason::Name) => format!("`{path}` is a tracked copy of `{original}`"),
        (None, _) => format!("`{path}` is a tracked backup"),
    }
}

fn run(project: &Project, findings: &mut Findings) {
    let (copies, examined) = project.committed_copies();
    findings.examined(examined);
    for CommittedCopy { file, original, reason } in copies {
        let path = |file| project.sources.file(file).path.as_str();
        let finding = findings.report(Span::file(file), message(path(file), original.map(path), reason));
        finding.subject(path(file));
        if let Some(original) = original {
            finding.related(Span::file(original), "the original");
        }
        if reason == CopyReason::SameCode {
            finding.confidence(Confidence::Medium);
        }
    }
}
