use pyaudit_check::{Findings, Project, Span, check};

check! {
    /// ## What it does
    /// Finds tracked files of data (JSON, CSV, SQLite, pickles) that the application itself writes when it runs: by `open(…, "w")`,
    /// `write_text`, `to_csv`, `sqlite3.connect`, an engine on `sqlite:///app.db`. One finding a file, at the file, with every
    /// place that writes it.
    ///
    /// ## Why it matters
    /// The data of one machine, often of its users, is committed by the next `git add`, and every run leaves changes that
    /// conflict. A deployment starts with what somebody's trial left, and loses what it wrote itself.
    ///
    /// ## How to fix
    /// `git rm --cached` the file, ignore it, and let the application make it where it is missing; keep a seed under another
    /// name that is only read. Records belong into a database or a volume.
    ///
    /// ## Limits
    /// A path must be written out, from where the program starts or from `__file__`, and must end at one tracked file. Files that
    /// are only read, files of tests and examples, and what scripts and `if __name__ == "__main__"` write are silent.
    /// Logs and other leftovers belong to `committed-temporary-file`.
    id: "committed-runtime-data",
    summary: "a file that the application writes is committed",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://12factor.net/processes", "https://cwe.mitre.org/data/definitions/538.html"],
    run: Project(run),
}

fn message(path: &str) -> String {
    format!("`{path}` is tracked, and the application writes it when it runs")
}

fn run(project: &Project, findings: &mut Findings) {
    let (found, examined) = project.written_data();
    findings.examined(examined);
    for data in found {
        let path = &project.sources.file(data.file).path;
        let finding = findings.report(Span::file(data.file), message(path));
        finding.subject(path);
        for write in data.writes {
            finding.related(write, "it is written here");
        }
    }
}
