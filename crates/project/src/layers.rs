//! The layers of an application, as the names of its packages and modules tell them.

use crate::routed_functions::RouteMakers;
use crate::{Module, ModuleId, Project, Symbol};
use pyaudit_python::{ExprId, StmtId};
use pyaudit_source::Role;
use std::collections::{BTreeMap, BTreeSet};

/// What a module of an application is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModuleLayer {
    /// It makes an application or a router, or registers routes.
    Routes,
    /// Business rules.
    Service,
    /// Access to the database.
    Repository,
    /// Tables and entities.
    Model,
}

impl ModuleLayer {
    /// What a module of the layer is called, with its article.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Routes => "a module of routes",
            Self::Service => "a service",
            Self::Repository => "a repository",
            Self::Model => "a model",
        }
    }
}

const SERVICES: &[&str] = &["service", "services", "usecase", "usecases", "interactors"];
const REPOSITORIES: &[&str] = &["repository", "repositories", "repo", "repos", "crud", "dao", "daos"];
const MODELS: &[&str] = &["model", "models", "entity", "entities", "orm"];

/// Words of packages and modules that serve HTTP, whatever stands around them: what they raise is meant for a client.
const OF_HTTP: &[&str] = &[
    "api",
    "dependency",
    "dependencies",
    "deps",
    "depends",
    "guard",
    "guards",
    "middleware",
    "middlewares",
    "exception",
    "exceptions",
    "error",
    "errors",
    "handler",
    "handlers",
    "route",
    "routes",
    "router",
    "routers",
    "endpoint",
    "endpoints",
    "view",
    "views",
    "controller",
    "controllers",
    "gateway",
    "http",
    "websocket",
];

/// The layer of each module of the applications that has one.
#[derive(Debug, Default)]
pub struct Layers {
    layers: BTreeMap<ModuleId, ModuleLayer>,
    makers: RouteMakers,
}

impl Layers {
    /// The layer of a module; `None` where its names tell none.
    pub fn of(&self, module: ModuleId) -> Option<ModuleLayer> {
        self.layers.get(&module).copied()
    }

    /// Whether taking a name from a module of routes takes the routes, and not what stands beside them.
    pub fn takes_routes(&self, home: ModuleId, taken: Option<&Symbol>) -> bool {
        self.makers.are_taken(home, taken)
    }

    /// The modules of a layer, in the order of their paths.
    pub fn in_layer(&self, layer: ModuleLayer) -> impl Iterator<Item = ModuleId> {
        self.layers.iter().filter(move |(_, found)| **found == layer).map(|(&id, _)| id)
    }
}

impl Project {
    /// The layers of the applications, by what modules register and by the names of packages and modules. A package is
    /// no layer where a third of its modules or more register routes: it is a service of its own, with all its layers.
    pub fn layers(&self) -> Layers {
        let makers = self.route_makers();
        let routes = self.route_modules(&makers);
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        let applications = || self.modules.iter().filter(|module| module.role == Role::Application);
        for module in applications() {
            for directory in crate::paths::ancestors(crate::paths::directory(self.modules.path(module.id))) {
                let count = counts.entry(directory).or_default();
                count.0 += 1;
                count.1 += usize::from(routes.contains(&module.id));
            }
        }
        let is_layer = |directory: &str| counts.get(directory).is_some_and(|&(all, routes)| routes * 3 < all);
        let mut layers = Layers { makers, ..Layers::default() };
        for module in applications() {
            let layer = if routes.contains(&module.id) {
                Some(ModuleLayer::Routes)
            } else {
                named_layer(self.modules.path(module.id), is_layer)
            };
            layers.layers.extend(layer.map(|layer| (module.id, layer)));
        }
        layers
    }

    /// The modules that make an application or router, or register routes, also by a decorator of the project's own.
    fn route_modules(&self, makers: &RouteMakers) -> BTreeSet<ModuleId> {
        let routers = self.routes.routers.iter().map(|router| router.module);
        let registering = self.routes.routes.iter().map(|route| route.module);
        routers.chain(registering).chain(makers.decorated.iter().copied()).collect()
    }

    /// The names of the functions and methods that some module of the project gives to `Depends` or `Security`.
    pub fn dependency_names(&self) -> BTreeSet<&str> {
        let calls = self.modules.iter().flat_map(|module| {
            let calls = module.calls_named(&["Depends", "Security"]);
            calls.into_iter().filter_map(|call| module.last_name(call.argument(self, "dependency", 0)?))
        });
        calls.collect()
    }

    /// The functions of a module that are not nested in others: its own, and the methods of its classes.
    pub fn outer_functions(&self, module: &Module) -> Vec<StmtId> {
        let syntax = &module.python.syntax;
        let is_outer = |id: &StmtId| {
            let node = pyaudit_python::Parent::Stmt(*id);
            module.function(*id).is_some() && syntax.enclosing_functions(node).next().is_none()
        };
        let mut functions: Vec<StmtId> = syntax.stmts().map(|(id, _)| id).filter(is_outer).collect();
        functions.sort_by_key(|&id| syntax.stmt(id).range);
        functions
    }

    /// The mapped classes that a module imports, by name or through their module, each with the first place.
    pub fn models_used(&self, module: &Module) -> Vec<(Symbol, ExprId)> {
        let names: BTreeSet<&str> =
            self.database.tables().iter().filter_map(|table| table.class_path.last().map(String::as_str)).collect();
        let syntax = &module.python.syntax;
        let mut found: BTreeMap<Symbol, ExprId> = BTreeMap::new();
        let mut places: Vec<ExprId> = syntax.exprs().map(|(id, _)| id).collect();
        places.retain(|&id| may_name(module, id, &names));
        places.sort_by_key(|&id| syntax.expr(id).range);
        for place in places {
            let Some(symbol) = self.symbol(module, place) else { continue };
            let is_own = matches!(&symbol, Symbol::Definition { module: home, .. } if *home == module.id);
            if !is_own && self.database.model_of(self, &symbol).is_some() {
                found.entry(symbol).or_insert(place);
            }
        }
        found.into_iter().collect()
    }
}

/// Whether the last part of a name is one of these, or was given by an import.
fn may_name(module: &Module, expr: ExprId, names: &BTreeSet<&str>) -> bool {
    let Some(last) = module.last_name(expr) else { return false };
    let is_renamed = || {
        let mut imports = module.python.names.imports.iter().filter(|import| import.renamed);
        imports.any(|import| import.bound.is_some_and(|bound| module.python.syntax.name(bound) == last))
    };
    names.contains(last) || is_renamed()
}

/// The layer that a path names: its module's last word first, then its packages, from the innermost.
fn named_layer(path: &str, is_layer: impl Fn(&str) -> bool) -> Option<ModuleLayer> {
    let stem = crate::paths::file_name(path).strip_suffix(".py")?;
    let directory = crate::paths::directory(path);
    let last = stem.rsplit('_').next().unwrap_or(stem);
    if stem.split('_').any(|word| OF_HTTP.contains(&word)) {
        return None;
    }
    let inner = crate::paths::ancestors(directory).take_while(|at| !at.is_empty());
    let mut named = vec![layer_of_word(last)];
    for at in inner {
        let name = crate::paths::file_name(at);
        let layer = layer_of_word(name).filter(|_| is_layer(at));
        // What serves HTTP inside a layer belongs to HTTP; a layer inside `api` is a layer.
        if named.iter().all(Option::is_none) && layer.is_none() && OF_HTTP.contains(&name) {
            return None;
        }
        named.push(layer);
    }
    named.into_iter().flatten().next()
}

fn layer_of_word(word: &str) -> Option<ModuleLayer> {
    let tables =
        [(SERVICES, ModuleLayer::Service), (REPOSITORIES, ModuleLayer::Repository), (MODELS, ModuleLayer::Model)];
    tables.into_iter().find(|(words, _)| words.contains(&word)).map(|(_, layer)| layer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::project;

    #[test]
    fn a_name_tells_the_layer_and_routes_come_before_names() {
        let router = "from fastapi import APIRouter\nrouter = APIRouter()\n";
        let files = [
            ("app/api/users.py", router),
            ("app/api/services/billing.py", "x = 1\n"),
            ("app/services/live.py", router),
            ("app/services/a.py", ""),
            ("app/services/b.py", ""),
            ("app/services/c.py", ""),
            ("app/services/errors.py", ""),
            ("app/users/user_repository.py", ""),
            ("app/users/models.py", ""),
            ("app/models_helper.py", ""),
            ("services/mail/main.py", router),
            ("services/mail/send.py", ""),
        ];
        let project = project(&files);
        let layers = project.layers();
        let of = |path: &str| {
            let file = project.sources.find(path).expect("a file of the project");
            layers.of(project.modules.in_file(file).expect("a module").id)
        };
        assert_eq!(of("app/api/users.py"), Some(ModuleLayer::Routes));
        assert_eq!(of("app/api/services/billing.py"), Some(ModuleLayer::Service));
        assert_eq!(of("app/services/live.py"), Some(ModuleLayer::Routes));
        assert_eq!(of("app/services/a.py"), Some(ModuleLayer::Service));
        assert_eq!(of("app/services/errors.py"), None);
        assert_eq!(of("app/users/user_repository.py"), Some(ModuleLayer::Repository));
        assert_eq!(of("app/users/models.py"), Some(ModuleLayer::Model));
        assert_eq!(of("app/models_helper.py"), None);
        assert_eq!(of("services/mail/send.py"), None);
    }
}
