use pyaudit_check::project::environment::EnvironmentFileKind;
use pyaudit_check::project::{Leftover, paths};
use pyaudit_check::source::{IgnoreRule, SourceFile};
use pyaudit_check::{FileId, Findings, Project, Range, Role, Severity, Span, Tracking, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds files that git tracks although an ignore rule of the repository covers them, one finding a rule, and
    /// directories of installed packages (virtual environments, `node_modules`) and compiled Python that are tracked,
    /// whether a rule covers them or not, one finding a directory.
    ///
    /// ## Why it matters
    /// A rule says nothing about what is tracked already: changes to these files are committed, while a new file beside them
    /// is not, and nobody is told. Installed packages and compiled modules belong to one machine, and hide what was
    /// changed in a review.
    ///
    /// ## How to fix
    /// `git rm -r --cached` what was meant to be ignored. Where the files belong into the repository, take them out of the
    /// rule with a line that starts with `!`.
    ///
    /// ## Limits
    /// Placeholders such as `.gitkeep` are forced into a repository on purpose and are silent, and so are ignore files,
    /// files of tests, examples and tools (`.vscode`). Environment files belong to `committed-env-file` and `missing-env-example`,
    /// leftovers of editors and runs to `committed-temporary-file`. Rules of a user or a machine do not count. Outside git
    /// nothing is reported.
    id: "tracked-but-ignored",
    summary: "git tracks files that an ignore rule covers",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://git-scm.com/docs/gitignore"],
    run: Project(run),
}

/// Files that are kept so that git keeps their directory, or that say what is ignored.
const KEPT: &[&str] =
    &[".gitkeep", ".keep", ".gitignore", ".gitattributes", ".dockerignore", "README.md", "README", "__init__.py"];

fn message_of_rule(rule: &str, paths: &[&str]) -> String {
    let shown: Vec<String> = paths.iter().take(2).map(|path| format!("`{path}`")).collect();
    let more = if paths.len() > 2 { format!(" and {} more", paths.len() - 2) } else { String::new() };
    let (are, them) = if paths.len() == 1 { ("is", "it") } else { ("are", "them") };
    format!("{}{more} {are} tracked although `{rule}` ignores {them}", shown.join(", "))
}

fn message_of_packages(directory: &str, count: usize) -> String {
    format!("`{directory}` holds installed packages, and git tracks {count} files of it")
}

fn message_of_bytecode(count: usize) -> String {
    let files = if count == 1 { "1 file" } else { &format!("{count} files") };
    format!("git tracks {files} of compiled Python, which every run writes anew")
}

/// A rule, by its file and line.
type Rule = (Option<FileId>, u32);

/// The files with a reason, in the order of their paths.
#[derive(Default)]
struct Groups<'p> {
    packages: BTreeMap<String, Vec<FileId>>,
    bytecode: Vec<FileId>,
    rules: BTreeMap<Rule, Vec<(FileId, &'p str)>>,
}

fn run(project: &Project, findings: &mut Findings) {
    let environments = environments(project);
    let mut groups = Groups::default();
    for (id, file) in project.sources.files().filter(|(_, file)| file.tracking == Tracking::Tracked) {
        findings.examined(1);
        if let Some(directory) = packages_around(&file.path, &environments) {
            groups.packages.entry(directory.to_owned()).or_default().push(id);
        } else if Leftover::of_path(&file.path) == Some(Leftover::Bytecode) {
            groups.bytecode.push(id);
        } else if let Some(rule) = is_covered(file).then(|| project.sources.ignore_rule(&file.path)).flatten() {
            // Above the root there may be two files of rules; they cannot be told apart, nor shown.
            let IgnoreRule { file: rules, line, .. } = rule;
            groups.rules.entry((rules, line)).or_default().push((id, &file.path));
        }
    }
    report(project, groups, findings);
}

fn report(project: &Project, groups: Groups<'_>, findings: &mut Findings) {
    for (directory, files) in groups.packages {
        let finding = findings.report(Span::file(files[0]), message_of_packages(&directory, files.len()));
        finding.subject(&directory).severity(Severity::Medium);
        finding.help(format!("stop tracking it with `git rm -r --cached {directory}`, and ignore it"));
    }
    if let Some(&first) = groups.bytecode.first() {
        let finding = findings.report(Span::file(first), message_of_bytecode(groups.bytecode.len()));
        finding.subject("__pycache__").help("ignore `__pycache__/`, and stop tracking what is below it");
    }
    for ((rules, line), files) in groups.rules {
        let (text, place) = rule(project, rules, line);
        let paths: Vec<&str> = files.iter().map(|&(_, path)| path).collect();
        let finding = findings.report(Span::file(files[0].0), message_of_rule(&text, &paths));
        finding.subject(&text);
        if let Some(place) = place {
            finding.related(place, "the rule that ignores it");
        }
        for &(file, _) in files.iter().skip(1).take(20) {
            finding.related(Span::file(file), "tracked as well");
        }
    }
}

/// The directories that hold a `pyvenv.cfg`.
fn environments(project: &Project) -> BTreeSet<String> {
    let marked = project.sources.files().filter(|(_, file)| file.name() == "pyvenv.cfg");
    marked.map(|(_, file)| file.directory().to_owned()).filter(|directory| !directory.is_empty()).collect()
}

/// The topmost directory around a path that holds installed packages.
fn packages_around<'p>(path: &'p str, environments: &BTreeSet<String>) -> Option<&'p str> {
    let around: Vec<&str> = paths::ancestors(paths::directory(path)).collect();
    let is_packages = |directory: &&&str| {
        environments.contains(**directory) || matches!(paths::file_name(directory), "node_modules" | "site-packages")
    };
    around.iter().rev().find(is_packages).copied()
}

/// Whether a file is one that a rule must not cover.
fn is_covered(file: &SourceFile) -> bool {
    let is_shipped = matches!(file.role, Role::Application | Role::Migration | Role::Script | Role::Generated);
    let name = file.name();
    is_shipped
        && !KEPT.contains(&name)
        && EnvironmentFileKind::of_name(name).is_none()
        && Leftover::of_path(&file.path).is_none()
}

/// The text of a rule, and its place.
fn rule(project: &Project, file: Option<FileId>, line: u32) -> (String, Option<Span>) {
    let unseen = || ("a rule above the root".to_owned(), None);
    let Some((file, text)) = file.and_then(|file| Some((file, project.sources.text(file)?))) else { return unseen() };
    let mut start = 0;
    for (number, whole) in text.split_inclusive('\n').enumerate() {
        if number + 1 == line as usize {
            let rule = whole.trim_end();
            return (rule.to_owned(), Some(Span::new(file, Range::new(start, start + rule.len() as u32))));
        }
        start += whole.len() as u32;
    }
    unseen()
}
