use pyaudit_check::project::DeadModule;
use pyaudit_check::{Confidence, Findings, Project, Span, check};

check! {
    /// ## What it does
    /// Finds modules of an application that no program loads: nothing imports them but tests or other dead modules, no
    /// command, manifest, configuration or string names them, and nothing loads them by a name that it puts together. What
    /// only a dead module needs is told with it.
    ///
    /// ## Why it matters
    /// Dead code is read, searched, translated and kept up to date for nothing, and it misleads: a router that nothing
    /// mounts looks like an endpoint, and a model that nothing imports is missing from the tables that migrations see.
    /// It is deleted safely: git keeps it.
    ///
    /// ## How to fix
    /// Delete the module, or do what was forgotten: include the router, import the model where the metadata is collected,
    /// name the task module in the worker's configuration.
    ///
    /// ## Limits
    /// Modules are examined below import roots that hold an application: the users of a library are elsewhere. A module
    /// stays silent if it may be a program (a `__main__` guard, statements that do something when it is loaded, a command
    /// line, tasks of a worker), if a word of a command or configuration file is its name, and in directories of which
    /// something loads modules by name. Modules that import each other in a circle and nothing else does are not seen. What
    /// only tests import is told with low confidence: such a module may be kept for them.
    id: "dead-module",
    summary: "no program loads a module",
    area: Architecture,
    axis: Modularity,
    severity: Low,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://cwe.mitre.org/data/definitions/561.html"],
    run: Project(run),
}

fn message(name: &str, dead: &DeadModule) -> String {
    let routes = match dead.routes {
        0 => String::new(),
        1 => ", and its route is not served".to_owned(),
        routes => format!(", and its {routes} routes are not served"),
    };
    let who = if dead.tests.is_empty() { "nothing imports or names" } else { "only tests import" };
    format!("{who} `{name}`{routes}")
}

fn run(project: &Project, findings: &mut Findings) {
    let liveness = project.liveness();
    findings.examined(liveness.examined.len());
    for dead in project.dead_modules(liveness) {
        let module = project.modules.get(dead.module);
        let finding = findings.report(Span::file(module.file), message(&module.name, &dead));
        finding.subject(module.name.clone());
        if !dead.tests.is_empty() {
            finding.confidence(Confidence::Low);
        }
        for &test in &dead.tests {
            finding.related(Span::file(project.modules.get(test).file), "a test imports it");
        }
        for &other in &dead.only_it {
            finding.related(Span::file(project.modules.get(other).file), "only a dead module imports it");
        }
    }
}
