use pyaudit_check::project::MissingFile;
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds files and directories that an application reads by a path written in its code, and that the repository does not
    /// hold: directories of templates and static files, files given to `open`, `FileResponse`, `joblib.load`, `torch.load`,
    /// `pandas.read_csv`.
    ///
    /// ## Why it matters
    /// It works on the desk where the file was made and fails wherever the repository is checked out: `StaticFiles` ends the
    /// start of the application, the others end the first request that comes by.
    ///
    /// ## How to fix
    /// Commit the file, let the build make or fetch it, or say what happens without it. Build the path from `__file__`, so
    /// that it does not depend on the working directory.
    ///
    /// ## Limits
    /// A path without `__file__` may start in any directory of the repository. Left alone are absolute paths, those with
    /// parts that are not known, those below a condition or in a `try`, names that code writes, makes or asks for anywhere,
    /// names that an image, a script, a manifest or an ignore file has as a word, and directories whose names say that they
    /// are made while the service runs (`uploads`, `logs`, `dist`, `cache`).
    id: "missing-runtime-file",
    summary: "code reads a file that the repository does not hold",
    area: Architecture,
    axis: Robustness,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/tutorial/static-files/",
        "https://docs.python.org/3/library/functions.html#open",
    ],
    run: Project(run),
}

fn message(missing: &MissingFile) -> String {
    let what = if missing.is_directory { "directory" } else { "file" };
    format!("the {what} `{}` is not in the repository, and nothing makes it", missing.text)
}

fn run(project: &Project, findings: &mut Findings) {
    let made = project.made_paths();
    for module in project.modules.iter().filter(|module| module.role == Role::Application) {
        if !project.imports.is_served(module.id) || project.is_command_line(module) {
            continue;
        }
        let (missing, examined) = project.missing_files(module, &made);
        findings.examined(examined);
        for file in missing {
            findings.report(module.span_of(file.path), message(&file)).subject(file.text);
        }
    }
}
