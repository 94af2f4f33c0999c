use pyaudit_check::project::{HTTP_EXCEPTIONS, Layers, Module, ModuleLayer, Symbol};
use pyaudit_check::python::{Import, Parent, StmtId, StmtKind};
use pyaudit_check::{Findings, Project, Span, check};
use std::collections::BTreeSet;

check! {
    /// ## What it does
    /// Finds services, repositories and models that know HTTP: they import a module of routes, or raise `HTTPException`.
    /// All places of one module are one finding.
    ///
    /// ## Why it matters
    /// What a service raises for a client means nothing to a worker, a command line or a test that calls the same
    /// function: they must catch an exception of the web framework and read a status from it. A service that imports a
    /// module of routes cannot be loaded without the whole API, and closes a circle of imports as soon as the routes
    /// import it, which is what they are for.
    ///
    /// ## How to fix
    /// Raise an exception of the domain (`UserNotFound`) and turn it into an answer in one place, with
    /// `@app.exception_handler(UserNotFound)`. Move what the service needs of the routes (a helper, a constant, a
    /// connection manager) into a module below both.
    ///
    /// ## Limits
    /// The layer of a module is told by its name and by the names of its packages (`services`, `user_service.py`, `crud`,
    /// `repositories`, `models`); a module that registers routes, also by a decorator of the project's own
    /// (`@endpoint.get("/path")`), belongs to the routes whatever its name is. Of a module whose only router is made by a
    /// method of a class, that class alone is the routes. Functions that
    /// are given to `Depends` or `Security`, or take such parameters, may raise for the client, and so may modules whose names say that they are about
    /// errors, handlers, middleware or dependencies. Subclasses of `HTTPException` are not looked at. A name that the `__init__.py` of a package passes on counts as imported from the module that defines it.
    id: "layer-inversion",
    summary: "a service, repository or model knows HTTP",
    area: Architecture,
    axis: Modularity,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://fastapi.tiangolo.com/tutorial/handling-errors/#install-custom-exception-handlers"],
    run: Project(run),
}

/// How many places of one module are told.
const MAX_PLACES: usize = 20;

fn message(name: &str, layer: ModuleLayer, imports: Option<&str>, raises: usize) -> String {
    let sites = match raises {
        1 => "raises `HTTPException`".to_owned(),
        _ => format!("raises `HTTPException` in {raises} places"),
    };
    let title = layer.title();
    match imports {
        None => format!("`{name}`, {title}, {sites}: only a route can answer with it"),
        Some(routes) if raises == 0 => {
            format!("`{name}`, {title}, imports the routes in `{routes}`, which stand above it")
        }
        Some(routes) => {
            format!("`{name}`, {title}, imports the routes in `{routes}`, which stand above it, and {sites}")
        }
    }
}

fn run(project: &Project, findings: &mut Findings) {
    let layers = project.layers();
    let dependencies = project.dependency_names();
    for layer in [ModuleLayer::Service, ModuleLayer::Repository, ModuleLayer::Model] {
        for id in layers.in_layer(layer) {
            findings.examined(1);
            let module = project.modules.get(id);
            let imports = route_imports(project, module, &layers);
            let raises = raises(project, module, &dependencies);
            let mut places: Vec<(Span, &str)> =
                imports.iter().map(|(span, _)| (*span, "imports a module of routes here too")).collect();
            places.extend(raises.iter().map(|&span| (span, "raised here too")));
            let Some(((first, _), others)) = places.split_first() else { continue };
            let routes = imports.first().map(|(_, routes)| routes.as_str());
            let finding = findings.report(*first, message(&module.name, layer, routes, raises.len()));
            finding.subject(module.name.clone());
            for (span, what) in others.iter().take(MAX_PLACES) {
                finding.related(*span, *what);
            }
        }
    }
}

/// The imports of modules of routes, at any depth, each with the name of the module.
fn route_imports(project: &Project, module: &Module, layers: &Layers) -> Vec<(Span, String)> {
    let imported = |import: &Import| project.imported(module, import);
    let home = |import: &Import| {
        let imported = imported(import);
        if let Some(Symbol::Module(id)) = imported {
            return Some(id);
        }
        let path: Vec<String> = import.module.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let (id, taken) = project.modules.find(module, import.level, &path)?;
        // What a module of routes only passes on is loaded with the routes too. A package is loaded with any of its modules
        // anyhow, so that what counts is where the name comes from.
        let is_package = project.sources.file(project.modules.get(id).file).path.ends_with("__init__.py");
        match imported.filter(|_| is_package) {
            Some(Symbol::Definition { module, .. }) => Some(module),
            _ => (taken == path.len()).then_some(id),
        }
    };
    let imports = module
        .python
        .names
        .imports
        .iter()
        .filter(|import| !import.type_checking && !module.python.is_in_main_guard(Parent::Stmt(import.stmt)));
    let mut told = BTreeSet::new();
    let routes = imports.filter_map(|import| {
        let home = home(import).filter(|&home| layers.of(home) == Some(ModuleLayer::Routes))?;
        // What one statement takes is one place.
        let takes = layers.takes_routes(home, imported(import).as_ref()) && told.insert(import.stmt);
        takes.then(|| (module.span(import.range), project.modules.get(home).name.clone()))
    });
    routes.collect()
}

/// The HTTP exceptions that functions raise which are no dependencies of routes.
fn raises(project: &Project, module: &Module, dependencies: &BTreeSet<&str>) -> Vec<Span> {
    let syntax = &module.python.syntax;
    let is_dependency = |function: StmtId| {
        let Some(definition) = module.function(function) else { return false };
        let name = syntax.identifier(definition.name);
        // What asks for dependencies itself is called by the framework.
        let mut defaults = definition.parameters.iter().filter_map(|parameter| parameter.default);
        let asks = defaults.any(|default| project.depends_on(module, default).is_some());
        asks || name == "__call__" || dependencies.contains(name)
    };
    let raised = module.calls_named(&["HTTPException"]).into_iter().filter(|call| {
        let Parent::Stmt(stmt) = syntax.expr_parent(call.id) else { return false };
        matches!(syntax.stmt(stmt).kind, StmtKind::Raise { .. })
            && !syntax.enclosing_functions(Parent::Expr(call.id)).any(is_dependency)
            && call.is_any(project, HTTP_EXCEPTIONS)
    });
    raised.map(|call| call.span()).collect()
}
