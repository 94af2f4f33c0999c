//! The check `lint-restricted`.

use pyaudit_check::project::linting::{Code, LintConfiguration, LintOptions, LintRun, Linter};
use pyaudit_check::{FileId, Findings, Project, Severity, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds linters that are held back: runs that look only for syntax errors and undefined names
    /// (`--select=E9,F63,F7,F82`), runs that never fail (`--exit-zero`), and options or configuration that ignore whole
    /// families of rules (`E`, `F`, `W`, `ALL`), unused imports (`F401`) or unused variables (`F841`) everywhere. Commands of
    /// workflows, tox and makefiles, scripts they call, hooks of pre-commit, and the settings of Ruff, Flake8 and Pylint
    /// are read.
    ///
    /// ## Why it matters
    /// The job is green and is called "lint", so nobody looks further, while unused imports, shadowed names and dead code
    /// gather. What is ignored everywhere can no longer be switched on without a large change.
    ///
    /// ## How to fix
    /// Select the default rules, let the run fail, and put exceptions where they belong: `per-file-ignores`, or `# noqa: F401`
    /// with a reason. With many findings, start from `ruff check --add-noqa`.
    ///
    /// ## Limits
    /// A narrow or toothless run is silent when the same file also runs the same linter in full. The two runs of GitHub's
    /// template for Python (first the narrow one, then a full one with `--exit-zero`) are one finding: only the narrow one
    /// can fail. Single rules other than `F401` and `F841`, `per-file-ignores`, and families that Ruff's `select = ["ALL"]`
    /// brought in first are silent, and so are rules that nothing selects. Where only rules about documentation (`D`, `DOC`,
    /// `RST`) are ignored, the finding is for information. Whether anything runs the linter that a file configures is not asked.
    id: "lint-restricted",
    summary: "a linter is held back so far that it hardly finds anything",
    area: Ci,
    axis: Reproducibility,
    severity: Low,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.astral.sh/ruff/settings/#lint_ignore",
        "https://flake8.pycqa.org/en/latest/user/options.html",
        "https://docs.github.com/en/actions/tutorials/build-and-test-code/python",
    ],
    run: Project(run),
}

fn narrow_message(linter: Linter) -> String {
    format!("`{}` looks only for syntax errors and undefined names here", linter.name())
}

fn exit_zero_message(linter: Linter) -> String {
    format!("`{}` can never fail here: `--exit-zero`", linter.name())
}

fn ignored_message(linter: Linter, codes: &[&Code], documentation: bool) -> String {
    let names: Vec<String> = codes.iter().map(|code| format!("`{}`", code.text)).collect();
    let (linter, names) = (linter.name(), names.join(", "));
    if documentation {
        return format!("`{linter}` leaves out documentation rules: {names}");
    }
    format!("`{linter}` ignores {names} everywhere")
}

/// Whether a family of rules asks for docstrings, and for nothing that the code does.
fn is_documentation(code: &Code) -> bool {
    matches!(code.text.as_str(), "D" | "DOC" | "RST" | "pydocstyle")
}

fn run(project: &Project, findings: &mut Findings) {
    let linting = &project.linting;
    findings.examined(linting.runs.len() + linting.configurations.len());
    let mut by_place: BTreeMap<(FileId, Linter), Vec<&LintRun>> = BTreeMap::new();
    for run in &linting.runs {
        by_place.entry((run.file, run.linter)).or_default().push(run);
        ignored(run.linter, &run.options, findings);
    }
    for runs in by_place.values() {
        held_back(runs, findings);
    }
    for LintConfiguration { linter, options, .. } in &linting.configurations {
        ignored(*linter, options, findings);
        if let Some(code) = options.selected.iter().flatten().next().filter(|_| is_narrow(options)) {
            findings.report(code.span, narrow_message(*linter)).help("select the default rules");
        }
    }
}

/// The runs of one linter that one file leads to: silent when one of them is held back by nothing.
fn held_back(runs: &[&LintRun], findings: &mut Findings) {
    let is_full = |run: &&LintRun| run.options.exit_zero.is_none() && !is_narrow(&run.options);
    if runs.iter().any(is_full) {
        return;
    }
    let Some((first, others)) = runs.split_first() else { return };
    let (at, message) = if is_narrow(&first.options) {
        (first.options.selected.iter().flatten().next().map(|code| code.span), narrow_message(first.linter))
    } else {
        (first.options.exit_zero, exit_zero_message(first.linter))
    };
    let finding = findings.report(at.unwrap_or(first.span), message);
    finding.help("run it with its default rules, and let it fail");
    for other in others {
        match other.options.exit_zero {
            Some(span) => finding.related(span, "this run can never fail"),
            None => finding.related(other.span, "this run is as narrow"),
        };
    }
}

/// Whether nothing but errors is looked for: rules that start with these.
fn is_narrow(options: &LintOptions) -> bool {
    let errors =
        |code: &Code| ["E9", "F6", "F7", "F8"].iter().any(|start| code.text.starts_with(start)) && code.text != "F841";
    let selected = options.selected.as_ref().is_some_and(|codes| !codes.is_empty() && codes.iter().all(errors));
    selected && options.extended.iter().all(errors)
}

/// Reports the rules that are ignored everywhere and should not be: one finding a list.
fn ignored(linter: Linter, options: &LintOptions, findings: &mut Findings) {
    let all = options.selected.iter().flatten().any(|code| code.text == "ALL");
    let costly = |code: &&Code| is_costly(linter, &code.text, all) && options.looks_for(linter, &code.text);
    let codes: Vec<&Code> = options.ignored.iter().filter(costly).collect();
    let Some((first, others)) = codes.split_first() else { return };
    let documentation = codes.iter().all(|code| is_documentation(code));
    let finding = findings.report(first.span, ignored_message(linter, &codes, documentation));
    if documentation {
        finding.severity(Severity::Info);
    }
    finding.help(if documentation {
        "select them for the packages whose interface others read"
    } else {
        "ignore it where it does not hold, with `per-file-ignores` or `# noqa`"
    });
    for other in others.iter().filter(|other| other.span != first.span) {
        finding.related(other.span, format!("`{}` is ignored here", other.text));
    }
}

/// Whether a rule that is ignored everywhere hides defects: a whole family, unused imports or unused variables.
fn is_costly(linter: Linter, code: &str, selects_all: bool) -> bool {
    match linter {
        Linter::Pylint => {
            matches!(code, "all" | "E" | "W" | "F" | "unused-import" | "unused-variable" | "W0611" | "W0612")
        }
        Linter::Ruff | Linter::Flake8 => {
            let family = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_uppercase());
            let basic = matches!(code, "ALL" | "E" | "F" | "W");
            matches!(code, "F401" | "F841") || basic || (family && !selects_all)
        }
    }
}
