use pyaudit_check::project::{Module, ReboundGlobal};
use pyaudit_check::python::{ExprContext, ExprKind, Import, ScopeId};
use pyaudit_check::{Findings, Project, Role, check};

check! {
    /// ## What it does
    /// Finds `from module import name` at the top of a module where a function of `module` binds that global anew later:
    /// `global name` and an assignment.
    ///
    /// ## Why it matters
    /// The import copies the reference that the global held at that moment. When the function assigns another object, the
    /// module of the global sees it and the importer does not: it keeps `None`, the closed pool or the old settings for as
    /// long as the process lives.
    ///
    /// ## How to fix
    /// Import the module and read the attribute when it is needed (`from app import state`, `state.client`), or offer a
    /// function that returns the current object.
    ///
    /// ## Limits
    /// Imports inside functions read the global when they run and are left alone. So is a name that the importer does not
    /// read in a function, a global whose function is called while its own module is loaded, and one that is only assigned
    /// outside functions.
    id: "circular-state-in-import",
    summary: "a global is imported by name and bound anew later",
    area: Architecture,
    axis: Robustness,
    severity: Medium,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://docs.python.org/3/faq/programming.html#how-do-i-share-global-variables-across-modules"],
    run: Module(run),
}

fn message(name: &str, home: &str) -> String {
    format!("`{name}` keeps the value it had when it was imported: a function of `{home}` binds it anew")
}

fn run(project: &Project, module: &Module, findings: &mut Findings) {
    if module.role != Role::Application {
        return;
    }
    for import in &module.python.names.imports {
        let Some(name) = import.name.as_deref().filter(|_| import.scope == ScopeId(0) && !import.type_checking) else {
            continue;
        };
        let Some(ReboundGlobal { home, assigned }) = project.rebound_global(module, import) else { continue };
        findings.examined(1);
        if is_read_later(module, import) {
            let finding = findings.report(module.span(import.range), message(name, &home.name));
            finding.subject(name);
            finding.related(home.span(assigned), "bound anew here");
        }
    }
}

/// Whether a function of the module reads the imported name.
fn is_read_later(module: &Module, import: &Import) -> bool {
    let syntax = &module.python.syntax;
    let reads = syntax.exprs().filter(|(_, expr)| match expr.kind {
        ExprKind::Name { id, ctx: ExprContext::Load } => Some(id) == import.bound,
        _ => false,
    });
    let mut later = reads.filter(|&(id, _)| module.python.scope_of_expr(id) != ScopeId(0));
    later.any(|(id, _)| {
        let found = module.python.lookup(id);
        found.is_some_and(|(scope, _)| scope == ScopeId(0)) && !module.runs_on_import(module.python.scope_of_expr(id))
    })
}
