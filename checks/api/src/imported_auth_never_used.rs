use pyaudit_check::project::{Definition, Demand, Module};
use pyaudit_check::{Findings, Project, Role, Span, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds modules with open routes that import a function which demands a credential elsewhere in the project, and
    /// never use it.
    ///
    /// ## Why it matters
    /// The import says that somebody meant to guard these routes. Reviewers see the name at the top of the file and
    /// believe that they are.
    ///
    /// ## How to fix
    /// Put the dependency on the routes that need it, or remove the import.
    ///
    /// ## Limits
    /// A function counts that turns away requests without a credential on some route of the project. Modules all of
    /// whose routes demand something are left alone, and so are packages that only pass names on.
    id: "imported-auth-never-used",
    summary: "authentication is imported beside open routes and never used",
    area: Api,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: ["https://cwe.mitre.org/data/definitions/306.html"],
    run: Project(run),
}

fn message(name: &str, open: usize) -> String {
    let routes = if open == 1 { "a route" } else { "routes" };
    format!("`{name}` is imported and guards nothing here, while this module has {routes} that anyone may call")
}

fn run(project: &Project, findings: &mut Findings) {
    let mut routes: BTreeMap<_, Vec<Span>> = BTreeMap::new();
    let mut guards: BTreeMap<Span, &str> = BTreeMap::new();
    for (at, route) in project.routes.routes.iter().enumerate() {
        let authentication = project.authentications.of(at);
        match authentication.demand {
            Demand::Required => guards.extend(authentication.guards.iter().map(|it| (it.span, it.name.as_str()))),
            Demand::Nothing if route.may_be_served => routes.entry(route.module).or_default().push(route.span),
            _ => {}
        }
    }
    for (module, open) in routes {
        let module = project.modules.get(module);
        if module.role != Role::Application {
            continue;
        }
        let used = module.names_used();
        for import in &module.python.names.imports {
            let Some(name) = import.bound.filter(|name| !used.contains(name)) else { continue };
            let Some(guard) = definition(project, module, import).filter(|guard| guards.contains_key(guard)) else {
                continue;
            };
            findings.examined(1);
            let name = module.python.syntax.name(name);
            let finding = findings.report(module.span(import.range), message(name, open.len()));
            finding.subject(name).related(guard, "it turns away requests without a credential");
            for &route in &open {
                finding.related(route, "nothing is demanded here");
            }
        }
    }
}

/// The place of the function that an import binds.
fn definition(project: &Project, module: &Module, import: &pyaudit_check::python::Import) -> Option<Span> {
    let symbol = project.imported(module, import)?;
    match project.definition(&symbol)? {
        (home, Definition::Function(function)) => home.function(function).map(|it| home.span(it.name.range)),
        _ => None,
    }
}
