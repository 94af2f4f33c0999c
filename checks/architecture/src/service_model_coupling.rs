use pyaudit_check::project::{Module, ModuleLayer, Symbol};
use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds services that query the database themselves and know many of its tables: five mapped classes or more, with
    /// five queries or more.
    ///
    /// ## Why it matters
    /// Such a service must change whenever one of those tables does, its rules can be tested against a database alone, and
    /// the same query is soon written in the next service, with another filter.
    ///
    /// ## How to fix
    /// Put the queries of each table behind a repository or a query module, and let the service ask it in words of the
    /// domain. A service that has grown around several subjects is easier to split first.
    ///
    /// ## Limits
    /// The layer is told by names (`services`, `user_service.py`). Classes that are only imported, and enums beside the
    /// tables, do not count. Queries are those on sessions and connections that are known as such. Where the layer of
    /// services is the layer of queries by design, this check is a matter of taste.
    id: "service-model-coupling",
    summary: "a service queries many tables itself",
    area: Architecture,
    axis: Modularity,
    severity: Low,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://martinfowler.com/eaaCatalog/repository.html"],
    run: Project(run),
}

/// From how many mapped classes, and from how many queries, a service is told.
const MANY_MODELS: usize = 5;
const MANY_QUERIES: usize = 5;

/// How many classes are named.
const MAX_NAMED: usize = 8;

fn message(name: &str, models: usize, queries: usize) -> String {
    format!("`{name}`, a service, knows {models} tables and queries them in {queries} places")
}

fn run(project: &Project, findings: &mut Findings) {
    for id in project.layers().in_layer(ModuleLayer::Service) {
        findings.examined(1);
        report(project, project.modules.get(id), findings);
    }
}

fn report(project: &Project, module: &Module, findings: &mut Findings) {
    let mut models = project.models_used(module);
    if models.len() < MANY_MODELS {
        return;
    }
    let functions = project.outer_functions(module);
    let queries: usize = functions.iter().map(|&function| project.queries_in(module, function).len()).sum();
    if queries < MANY_QUERIES {
        return;
    }
    models.sort_by_key(|&(_, place)| module.python.syntax.expr(place).range);
    let (first, others) = models.split_at(1);
    let finding = findings.report(module.span_of(first[0].1), message(&module.name, models.len(), queries));
    finding.subject(module.name.clone());
    for (symbol, place) in others.iter().take(MAX_NAMED) {
        finding.related(module.span_of(*place), format!("uses `{}`", name(symbol)));
    }
}

fn name(symbol: &Symbol) -> &str {
    match symbol {
        Symbol::Definition { path, .. } => path.last().map_or("", String::as_str),
        Symbol::External(name) | Symbol::Builtin(name) => name,
        Symbol::Module(_) => "",
    }
}
