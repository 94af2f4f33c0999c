use pyaudit_check::project::Module;
use pyaudit_check::{Findings, Project, Span, check};

check! {
    /// ## What it does
    /// Finds files that the service keeps its state in and writes in place: the file is opened with `"w"`, which empties it, and read
    /// again elsewhere, and nothing puts a finished file in its place. All writes of one file are one finding.
    ///
    /// ## Why it matters
    /// Between the opening and the end of the write the file is empty or half written. Whoever reads it then, or starts after a crash
    /// or a full disk at that moment, finds no state, and often replaces it by an empty one.
    ///
    /// ## How to fix
    /// Write to a file beside it and put that in its place: `temporary.write_text(text)`, then `os.replace(temporary, path)`, which
    /// the operating system does at once or not at all.
    ///
    /// ## Limits
    /// A file is known by a constant, an attribute of an instance, or a text; paths that are computed at each place are not seen.
    /// A function with a rename or a temporary file is left alone. What `file-backed-state` tells is not told again.
    id: "non-atomic-write",
    summary: "a state file is emptied before it is written",
    area: Resilience,
    axis: Robustness,
    severity: Low,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://docs.python.org/3/library/os.html#os.replace"],
    run: Project(run),
}

fn message(name: &str) -> String {
    format!("`{name}` is written in place: a crash, or a reader at that moment, finds an empty file")
}

fn run(project: &Project, findings: &mut Findings) {
    let behind = project.functions_behind_requests();
    for file in project.state_files() {
        findings.examined(1);
        if file.holds_records(project, &behind) {
            continue;
        }
        let writes = file.writes.iter().map(|&(module, func)| (project.modules.get(module), func));
        let unsafe_writes: Vec<Span> = writes
            .filter(|&(module, func)| !project.is_atomic_write(module, func))
            .map(|(module, func): (&Module, _)| module.span_of(func))
            .collect();
        let Some((&first, others)) = unsafe_writes.split_first() else { continue };
        let finding = findings.report(first, message(&file.name));
        for &other in others {
            finding.related(other, "written in place here too");
        }
        if let Some(&(module, func)) = file.reads.first() {
            finding.related(project.modules.get(module).span_of(func), "read here");
        }
    }
}
