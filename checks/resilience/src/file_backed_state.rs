use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds files of JSON, YAML or pickles that stand in for a database: handlers of routes write users, sessions, orders or other
    /// records into them and read them back. All places of one file are one finding.
    ///
    /// ## Why it matters
    /// Two requests that write at once lose one of the changes, two workers or machines do not see each other's, and in a container
    /// the records are gone with the next release.
    ///
    /// ## How to fix
    /// Keep records in the database that the service has, or in SQLite with one file outside the package; sessions belong into
    /// Redis or a signed cookie.
    ///
    /// ## Limits
    /// A file counts where a function behind a route writes it as data and one reads it. Files whose name says cache, config,
    /// settings, index, lock or export are taken for something else, and so is what is written at start alone. Paths that are
    /// computed at each place are not seen.
    id: "file-backed-state",
    summary: "records are kept in a file beside the code",
    area: Resilience,
    axis: Robustness,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://12factor.net/processes", "https://cwe.mitre.org/data/definitions/362.html"],
    run: Project(run),
}

fn message(name: &str) -> String {
    format!(
        "`{name}` is a file that requests keep records in: two that write at once lose one, and a release may lose all"
    )
}

fn run(project: &Project, findings: &mut Findings) {
    let behind = project.functions_behind_requests();
    for file in project.state_files() {
        findings.examined(1);
        if !file.holds_records(project, &behind) {
            continue;
        }
        let mut writes = file.writes.iter().map(|&(module, func)| project.modules.get(module).span_of(func));
        let Some(first) = writes.next() else { continue };
        let finding = findings.report(first, message(&file.name));
        for other in writes {
            finding.related(other, "written here too");
        }
        if let Some(&(module, func)) = file.reads.first() {
            finding.related(project.modules.get(module).span_of(func), "read here");
        }
    }
}
