use pyaudit_check::project::{Layers, Module, ModuleLayer, Query};
use pyaudit_check::{Findings, Project, Role, Span, check};

check! {
    /// ## What it does
    /// Tells that an application has no layer for its queries: no module or package named for it (`repositories`, `crud`,
    /// `dao`), and queries in three services or modules of routes or more. It is one finding for the repository.
    ///
    /// ## Why it matters
    /// Queries that stand where they are needed are written again where they are needed next. A changed column, a soft
    /// delete or the filter of a tenant must then be put into each of them, and nothing shows which ones there are.
    ///
    /// ## How to fix
    /// Give each aggregate one module that holds its queries, and let services ask it. Begin with the table that is queried
    /// in most modules.
    ///
    /// ## Limits
    /// Whether an application needs such a layer is a matter of its size: this is information, not a defect. A layer with
    /// another name is known where it holds more queries than services and routes: modules that are neither, and that three of
    /// these or more import.
    id: "missing-repository-layer",
    summary: "queries stand all over services and routes",
    area: Architecture,
    axis: Modularity,
    severity: Info,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://martinfowler.com/eaaCatalog/repository.html"],
    run: Project(run),
}

/// From how many modules with queries, and from how many queries, it is told.
const MANY_MODULES: usize = 3;
const MANY_QUERIES: usize = 10;

/// How many modules are named.
const MAX_NAMED: usize = 8;

fn message(queries: usize, modules: usize) -> String {
    format!("no layer holds the queries: {queries} of them stand in {modules} services and modules of routes")
}

/// A module with its queries.
struct Querying<'p> {
    module: &'p Module,
    first: Span,
    count: usize,
}

fn run(project: &Project, findings: &mut Findings) {
    let Some(application) = project.main_application().filter(|_| !project.database.tables().is_empty()) else {
        return;
    };
    findings.examined(1);
    let layers = project.layers();
    if layers.in_layer(ModuleLayer::Repository).next().is_some() {
        return;
    }
    let ids = layers.in_layer(ModuleLayer::Service).chain(layers.in_layer(ModuleLayer::Routes));
    let mut querying: Vec<Querying<'_>> = ids.filter_map(|id| queries_of(project, project.modules.get(id))).collect();
    let queries: usize = querying.iter().map(|module| module.count).sum();
    if querying.len() < MANY_MODULES || queries < MANY_QUERIES || queries_of_unnamed_layer(project, &layers) > queries {
        return;
    }
    querying.sort_by_key(|module| (std::cmp::Reverse(module.count), module.module.id));
    let finding = findings.report(project.made_at(application), message(queries, querying.len()));
    for Querying { module, first, count } in querying.iter().take(MAX_NAMED) {
        finding.related(*first, format!("the first of {count} in `{}`", module.name));
    }
}

/// The queries of the modules that are neither services nor of routes, and which several of these import: together they
/// are a layer, whatever its name.
fn queries_of_unnamed_layer(project: &Project, layers: &Layers) -> usize {
    let is_user = |id| matches!(layers.of(id), Some(ModuleLayer::Service | ModuleLayer::Routes));
    let is_asked = |module: &&Module| {
        let users = project.imports.importers(module.id).iter().filter(|&&id| is_user(id));
        module.role == Role::Application && layers.of(module.id).is_none() && users.count() >= MANY_MODULES
    };
    let asked = project.modules.iter().filter(is_asked);
    asked.filter_map(|module| queries_of(project, module)).map(|found| found.count).sum()
}

fn queries_of<'p>(project: &'p Project, module: &'p Module) -> Option<Querying<'p>> {
    let functions = project.outer_functions(module);
    let queries: Vec<Query> = functions.iter().flat_map(|&function| project.queries_in(module, function)).collect();
    let first = queries.iter().map(|query| query.range).min()?;
    Some(Querying { module, first: module.span(first), count: queries.len() })
}
