use crate::missing::{UNLOADABLE, listed};
use pyaudit_check::project::{BrokenImport, MissingImport, Unloadable};
use pyaudit_check::{Confidence, Findings, Project, Role, Severity, check};
use std::collections::{BTreeMap, BTreeSet};

check! {
    /// ## What it does
    /// Finds imports of the project's own modules that fail: the module does not exist, or it exists and neither defines
    /// nor imports the name. Star imports, submodules, namespace packages and several import roots are followed. All
    /// that one module lacks is one finding.
    ///
    /// ## Why it matters
    /// The line raises `ImportError` or `ModuleNotFoundError`. At the top of a module that is noticed at the next start, and
    /// then nothing starts; inside a function or below a condition it waits for the request that gets there.
    ///
    /// ## How to fix
    /// Import the name from where it is now, or bring back what was deleted. Delete the import, and the code below it, where
    /// both are left over.
    ///
    /// ## Limits
    /// Silent in a `try` that catches `ImportError`; where the module is ignored by git, a git submodule or a symbolic link,
    /// or its file is named in a build file; for names that builds write (`_version`, `*_pb2`); where the module has
    /// `__getattr__`, changes `globals()`, `sys.modules` or `__path__`, has a star import of somebody else's module, or
    /// cannot be parsed; where a dependency has the name of the top package; and where no other import of that top package
    /// works. An import for type checkers alone has severity low, one below a condition confidence medium, and one in a
    /// module that nothing can load anyhow, because a package has its name or all that import it fail themselves, confidence low.
    id: "broken-import",
    summary: "an import of the project's own code fails",
    area: Architecture,
    axis: Robustness,
    severity: High,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.python.org/3/library/exceptions.html#ImportError",
        "https://docs.python.org/3/reference/import.html#submodules",
    ],
    run: Project(run),
}

fn run(project: &Project, findings: &mut Findings) {
    let (broken, examined) = project.broken_imports();
    findings.examined(examined);
    let unloadable = project.unloadable_modules(&broken);
    let mut by_module: BTreeMap<(bool, bool, &str), Vec<&BrokenImport>> = BTreeMap::new();
    for one in &broken {
        if project.modules.get(one.module).role == Role::Application {
            let (path, is_name) = match &one.missing {
                MissingImport::Module { path, .. } => (path, false),
                MissingImport::Name { path, .. } => (path, true),
            };
            by_module.entry((one.is_for_types, is_name, path)).or_default().push(one);
        }
    }
    for (_, mut imports) in by_module {
        let is_out_of_reach = |one: &BrokenImport| unloadable.is_out_of_reach(project, one.module);
        imports.sort_by_cached_key(|one| (is_out_of_reach(one), one.is_conditional, one.span));
        report(project, &imports, &unloadable, findings);
    }
}

/// Reports what one module lacks, or that it does not exist, at the first import.
fn report(project: &Project, imports: &[&BrokenImport], unloadable: &Unloadable, findings: &mut Findings) {
    let first = imports[0];
    let is_out_of_reach = unloadable.is_out_of_reach(project, first.module);
    let subject = match &first.missing {
        MissingImport::Module { name, .. } => name,
        MissingImport::Name { module, .. } => module,
    };
    let consequence =
        if first.is_for_types { "which type checkers alone notice" } else { "so that importing it fails" };
    let mut text = format!("{}, {consequence}", what_is_missing(imports));
    if is_out_of_reach {
        text = format!("{text}; {UNLOADABLE}");
    }
    let finding = findings.report(first.span, text);
    finding.subject(subject.clone());
    if first.is_for_types {
        finding.severity(Severity::Low);
    }
    if is_out_of_reach {
        finding.confidence(Confidence::Low);
    } else if first.is_conditional {
        finding.confidence(Confidence::Medium);
    }
    for other in &imports[1..] {
        let label = match &other.missing {
            MissingImport::Module { .. } => "it is imported here too".to_owned(),
            MissingImport::Name { name, .. } => format!("`{name}` is imported here"),
        };
        finding.related(other.span, label);
    }
}

fn what_is_missing(imports: &[&BrokenImport]) -> String {
    let mut seen = BTreeSet::new();
    let names = imports.iter().filter_map(|one| match &one.missing {
        MissingImport::Name { name, .. } => Some(name.as_str()),
        MissingImport::Module { .. } => None,
    });
    let names: Vec<&str> = names.filter(|name| seen.insert(*name)).collect();
    match &imports[0].missing {
        MissingImport::Module { name, .. } => format!("there is no module `{name}`"),
        MissingImport::Name { module, path, .. } if path.ends_with(".py") => {
            format!("`{module}` neither defines nor imports {}", listed(&names))
        }
        MissingImport::Name { module, .. } => format!("`{module}` holds no module {}", listed(&names)),
    }
}
