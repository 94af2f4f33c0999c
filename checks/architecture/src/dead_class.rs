use pyaudit_check::project::DeadClass;
use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds classes of an application that nothing names: no code outside the class itself, no string, no command and no
    /// configuration file. A name that a package only passes on (`from .schemas import Old` in an `__init__.py`) is no use.
    ///
    /// ## Why it matters
    /// A schema, an exception or a service that nothing uses suggests a feature that is not there. It is read, changed in
    /// every refactoring, and keeps what it needs alive.
    ///
    /// ## How to fix
    /// Delete it, or use it where it was meant: an exception that is never raised often stands beside code that raises a
    /// plain one.
    ///
    /// ## Limits
    /// Only a class is told whose name occurs nowhere else in the repository, so that one of two classes of one name is not
    /// seen, and neither is one that only tests use. Classes that others find are left alone: tables, settings, documents,
    /// classes with decorators that register them, those of libraries' bases but for pydantic models, enums, exceptions,
    /// protocols and the like, and classes with bases wherever the project asks for subclasses or members of modules. Modules
    /// are those that `dead-module` looks at and finds alive.
    id: "dead-class",
    summary: "nothing uses a class",
    area: Architecture,
    axis: Modularity,
    severity: Low,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://cwe.mitre.org/data/definitions/561.html"],
    run: Project(run),
}

fn message(name: &str) -> String {
    format!("nothing uses the class `{name}`")
}

fn run(project: &Project, findings: &mut Findings) {
    let (classes, examined) = project.dead_classes(project.liveness());
    findings.examined(examined);
    for DeadClass { module, name, .. } in classes {
        let span = project.modules.get(module).span(name);
        let name = project.sources.slice(span);
        findings.report(span, message(name)).subject(name);
    }
}
