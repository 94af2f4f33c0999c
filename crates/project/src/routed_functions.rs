//! Functions that serve HTTP, as their decorators show, and what of a module is routes.

use crate::{Module, ModuleId, Project, Symbol};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtId, StmtKind};
use std::collections::{BTreeMap, BTreeSet};

/// Methods of routers that register a function, and those that projects give decorators of their own.
const REGISTERING: &[&str] =
    &["get", "post", "put", "patch", "delete", "head", "options", "websocket", "route", "api_route"];

impl Module {
    /// Whether a decorator registers the function below it as a route: `x.get("/path")`, whatever `x` is. A project that
    /// has a decorator of its own in front of `add_api_route` gives it the names of the methods.
    pub fn has_route_decorator(&self, function: StmtId) -> bool {
        let decorators = self.function(function).map_or(&[][..], |definition| &definition.decorators);
        decorators.iter().any(|&decorator| {
            let syntax = &self.python.syntax;
            let ExprKind::Call { func, args, keywords } = &syntax.expr(decorator).kind else { return false };
            let ExprKind::Attribute { attr, .. } = syntax.expr(*func).kind else { return false };
            let path = args.first().copied().or_else(|| self.keyword(keywords, "path"));
            REGISTERING.contains(&syntax.identifier(attr))
                && path.and_then(|path| syntax.string(path)).is_some_and(|path| path.starts_with('/'))
        })
    }

    /// Whether any function of the module is a route by its decorator.
    fn has_decorated_routes(&self) -> bool {
        let is_named = REGISTERING.iter().any(|name| self.python.name_id(name).is_some());
        is_named && self.python.syntax.stmts().any(|(id, _)| self.has_route_decorator(id))
    }
}

/// What makes the routers and routes of each module.
#[derive(Debug, Default)]
pub(crate) struct RouteMakers {
    /// The classes whose methods make them, by module; `None` is the module itself and its functions.
    makers: BTreeMap<ModuleId, BTreeSet<Option<String>>>,
    /// The modules with functions that are routes by their decorators.
    pub(crate) decorated: BTreeSet<ModuleId>,
}

impl RouteMakers {
    /// Whether taking a name from a module of routes takes the routes: where the module makes its application, routers and
    /// routes itself or in a function, or where the name is that of the class whose methods make them. A module whose only
    /// router is made by a method of a class is otherwise no more than that class.
    pub(crate) fn are_taken(&self, home: ModuleId, taken: Option<&Symbol>) -> bool {
        let class = match taken {
            Some(Symbol::Definition { module, path }) if *module == home => path.first(),
            _ => None,
        };
        match self.makers.get(&home) {
            Some(makers) => makers.iter().any(|maker| maker.is_none() || maker.as_ref() == class),
            None => self.decorated.contains(&home),
        }
    }
}

impl Project {
    /// What makes the routers and routes of each module, gathered in one pass over them.
    pub(crate) fn route_makers(&self) -> RouteMakers {
        let routers = self.routes.routers.iter().map(|router| (router.module, router.call));
        let registrations = self.routes.routes.iter().map(|route| route.registration);
        let mut found = RouteMakers::default();
        for (module, node) in routers.chain(registrations) {
            let class = outer_class(self.modules.get(module), node).map(str::to_owned);
            found.makers.entry(module).or_default().insert(class);
        }
        let decorated = self.modules.iter().filter(|module| module.has_decorated_routes());
        found.decorated = decorated.map(|module| module.id).collect();
        found
    }
}

/// The name of the outermost class around an expression, where it stands in one of its methods.
fn outer_class(module: &Module, expr: ExprId) -> Option<&str> {
    let syntax = &module.python.syntax;
    let around: Vec<StmtId> = syntax.enclosing_stmts(Parent::Expr(expr)).collect();
    let name = |stmt: &StmtId| match &syntax.stmt(*stmt).kind {
        StmtKind::ClassDef(class) => Some(syntax.identifier(class.name)),
        _ => None,
    };
    let is_in_function = syntax.enclosing_functions(Parent::Expr(expr)).next().is_some();
    around.iter().rev().find_map(name).filter(|_| is_in_function)
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    #[test]
    fn decorators_with_a_path_are_routes_whatever_their_object_is() {
        let text = "from lib import endpoint\n@endpoint.get('/a')\ndef a(): ...\n@endpoint.post(path='/b')\ndef b(): ...\n\
            @cache.get('key')\ndef c(): ...\n@endpoint.on('/d')\ndef d(): ...\ndef e(): ...\n";
        let project = project(&[("app/a.py", text)]);
        let module = project.modules.iter().next().expect("it was parsed");
        let syntax = &module.python.syntax;
        let mut functions: Vec<_> = syntax.stmts().filter(|(id, _)| module.has_route_decorator(*id)).collect();
        functions.sort_by_key(|(_, stmt)| stmt.range);
        let names = functions.iter().map(|(id, _)| module.function(*id).expect("a function").name);
        assert_eq!(names.map(|name| syntax.identifier(name)).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_router_that_a_method_makes_comes_with_its_class_alone() {
        let text = "from fastapi import APIRouter\nLIMIT = 3\nclass Users:\n    def router(self):\n        \
            made = APIRouter()\n        @made.get('/a')\n        def a(): ...\n        return made\n";
        let own = "from fastapi import APIRouter\nLIMIT = 3\nrouter = APIRouter()\n";
        let takes = |text: &str, name: &str| {
            let importing = format!("from app.users import {name}\n");
            let project = project(&[("app/__init__.py", ""), ("app/users.py", text), ("app/b.py", &importing)]);
            let module = |path: &str| {
                let file = project.sources.find(path).expect("a file of the project");
                project.modules.in_file(file).expect("a module")
            };
            let importer = module("app/b.py");
            let taken = project.imported(importer, &importer.python.names.imports[0]);
            project.route_makers().are_taken(module("app/users.py").id, taken.as_ref())
        };
        assert!(!takes(text, "LIMIT"));
        assert!(takes(text, "Users"));
        assert!(takes(own, "LIMIT"));
    }
}
