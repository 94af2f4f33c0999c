use pyaudit_check::project::Module;
use pyaudit_check::{Findings, Project, Role, Span, check};

check! {
    /// ## What it does
    /// Finds modules of routes that have grown beyond 800 lines and 15 routes.
    ///
    /// ## Why it matters
    /// Such a module is where every change meets every other: reviews are long, merges conflict, and nobody sees which
    /// routes belong together.
    ///
    /// ## How to fix
    /// Make a router for each resource, in a module of its own, and include them in one place.
    ///
    /// ## Limits
    /// Both bounds must be passed: a long module with few routes has another problem, and forty one-line routes are
    /// still easy to read.
    id: "oversized-router-module",
    summary: "a module of routes has grown too large",
    area: Api,
    axis: Modularity,
    severity: Low,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://fastapi.tiangolo.com/tutorial/bigger-applications/"],
    run: Module(run),
}

/// A module of routes may have so many lines …
const LINES: usize = 800;
/// … unless it has fewer routes than this.
const ROUTES: usize = 15;

fn message(lines: usize, routes: usize) -> String {
    format!("this module has {routes} routes in {lines} lines")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    let handlers = project.handlers_in(module);
    let Some(&(first, _)) = handlers.first() else { return };
    findings.examined(1);
    let lines = project.sources.text(module.file).map_or(0, |text| text.lines().count());
    if lines <= LINES || handlers.len() <= ROUTES {
        return;
    }
    let at = module.function(first).map_or(Span::file(module.file), |function| module.span(function.name.range));
    let finding = findings.report(Span::file(module.file), message(lines, handlers.len()));
    finding.subject(module.name.clone()).related(at, "the first of its routes");
}
