use pyaudit_check::project::{CycleOutcome, ImportCycle, LoadingImport, ModuleId};
use pyaudit_check::{Findings, Project, Role, Severity, Span, check};

check! {
    /// ## What it does
    /// Finds modules of an application that import each other while they are loaded, directly or through others. All
    /// modules from which each other one is reached are one finding. It plays the imports of the repository through, and
    /// says whether a program that starts them ends with an `ImportError`, whether that depends on the module which is
    /// imported first, or whether it works in every order.
    ///
    /// ## Why it matters
    /// Python runs a module once, at the first import of it. In a circle some module meets another one half-loaded, and
    /// `from module import name` fails if the name is not bound yet. Then a new import, a tool that sorts imports, or a
    /// test that imports another module first ends the program with *cannot import name … (most likely due to a circular
    /// import)*. And modules in a circle can be understood, tested and moved only together.
    ///
    /// ## How to fix
    /// Move what both need (a base class, a constant, a protocol) into a third module that imports neither. An import that
    /// only annotations need belongs below `if TYPE_CHECKING:`. An import inside a function delays the circle, but keeps it.
    ///
    /// ## Limits
    /// Imports in functions, for type checkers, in a `try` with `except ImportError`, and in a `__main__` block make no
    /// circle, and neither does a package whose modules only take other modules from it (`from package import module`).
    /// Attributes that are read while modules load (`import a`, then `class B(a.Base)`) are not followed when the outcome is
    /// told, and neither are imports below a condition that is never true; where an import that may fail stands below a
    /// condition, the outcome is not told. Modules of tests and scripts are left out.
    id: "import-cycle",
    summary: "modules import each other while they are loaded",
    area: Architecture,
    axis: Modularity,
    severity: Low,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://docs.python.org/3/reference/import.html#the-module-cache",
        "https://docs.python.org/3/faq/programming.html#what-are-the-best-practices-for-using-import-in-a-module",
    ],
    run: Project(run),
}

fn message(project: &Project, cycle: &ImportCycle) -> String {
    let name = |module: ModuleId| format!("`{}`", project.modules.get(module).name);
    let way: Vec<String> = cycle.imports.iter().map(|import| name(import.from)).collect();
    let circle = if let [one, other] = &way[..] {
        format!("{one} and {other} import each other while they are loaded")
    } else {
        let closing = way.first().cloned().unwrap_or_default();
        format!("modules import each other in a circle: {} → {closing}", way.join(" → "))
    };
    let more = match cycle.modules.len().saturating_sub(way.len()) {
        0 => String::new(),
        1 => ", and one more module hangs in it".to_owned(),
        more => format!(", and {more} more modules hang in it"),
    };
    let missing = |import: &LoadingImport| import.name.clone().unwrap_or_default();
    let outcome = match &cycle.outcome {
        CycleOutcome::Fails(first, import) => {
            format!("importing {} fails, as `{}` is not bound yet", name(*first), missing(import))
        }
        CycleOutcome::DependsOnOrder(first, import) => {
            format!("importing {} first fails, as `{}` is not bound yet", name(*first), missing(import))
        }
        CycleOutcome::Works => "it works today in every order".to_owned(),
        CycleOutcome::Unknown => return format!("{circle}{more}"),
    };
    format!("{circle}{more}; {outcome}")
}

fn run(project: &Project, findings: &mut Findings) {
    let applications = project.modules.iter().filter(|module| module.role == Role::Application);
    findings.examined(applications.filter(|module| !project.loading_imports(module).is_empty()).count());
    for cycle in project.import_cycles() {
        report(project, &cycle, findings);
    }
}

fn report(project: &Project, cycle: &ImportCycle, findings: &mut Findings) {
    let Some((first, others)) = cycle.imports.split_first() else { return };
    let finding = findings.report(place(project, first), message(project, cycle));
    finding.subject(project.modules.get(first.from).name.clone());
    for import in others {
        let to = &project.modules.get(import.to).name;
        finding.related(place(project, import), format!("and `{to}` is imported here"));
    }
    let broken = match &cycle.outcome {
        CycleOutcome::Fails(_, import) => {
            finding.severity(Severity::Medium);
            import
        }
        CycleOutcome::DependsOnOrder(_, import) => import,
        CycleOutcome::Works | CycleOutcome::Unknown => return,
    };
    if !cycle.imports.contains(broken) {
        finding.related(place(project, broken), "this import fails then");
    }
}

fn place(project: &Project, import: &LoadingImport) -> Span {
    project.modules.get(import.from).span(import.range)
}
