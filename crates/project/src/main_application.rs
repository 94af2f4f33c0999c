//! The application that a finding about all of the repository is told at.

use crate::{Module, Project, Route, RouterId, RouterKind};
use pyaudit_python::ExprId;
use pyaudit_source::{Role, Span};
use std::collections::BTreeSet;

impl Project {
    /// The applications that the repository ships, not those of tests, scripts and examples, in the order of their places.
    pub fn shipped_applications(&self) -> impl Iterator<Item = RouterId> {
        let routers = self.routes.routers.iter().enumerate();
        let shipped = routers.filter(|(_, router)| {
            router.kind == RouterKind::Application && self.modules.get(router.module).role == Role::Application
        });
        shipped.map(|(at, _)| RouterId(at as u32))
    }

    /// The application of these that serves most routes, the first of equals.
    pub fn main_application(&self) -> Option<RouterId> {
        let served = |id: RouterId| self.routes.routes.iter().filter(|route| route.application == Some(id)).count();
        self.shipped_applications().max_by_key(|&id| (served(id), std::cmp::Reverse(id)))
    }

    /// The routes that a function of the application answers, each registration once however often it is included, with
    /// their places in the route table. Routes of tests, scripts and examples, and those that nothing may serve, are left out.
    pub fn shipped_routes(&self) -> Vec<(usize, &Route)> {
        let mut seen = BTreeSet::new();
        let routes = self.routes.routes.iter().enumerate();
        let shipped = routes.filter(|(_, route)| {
            let is_application = self.modules.get(route.module).role == Role::Application;
            is_application && route.may_be_served && route.handler.is_some()
        });
        shipped.filter(|(_, route)| seen.insert((route.handler, route.registration))).collect()
    }

    /// Whether a module is about tests by a directory that it stands in, wherever its role was decided: `qa/test_suites`.
    pub fn stands_among_tests(&self, module: &Module) -> bool {
        let directory = self.sources.file(module.file).directory();
        crate::paths::words(directory).any(|word| matches!(word.as_str(), "test" | "tests" | "qa" | "testing"))
    }

    /// Whether an expression stands in a class of `unittest`, which is a test wherever its file is.
    pub fn is_in_test_case(&self, module: &Module, expr: ExprId) -> bool {
        const CASES: &[&str] = &["unittest.TestCase", "unittest.IsolatedAsyncioTestCase", "unittest.case.TestCase"];
        module.python.enclosing_class(expr).is_some_and(|class| self.inherits_from(module, class, CASES))
    }

    /// The name that is called where an application or router is made: `FastAPI`.
    pub fn made_at(&self, id: RouterId) -> Span {
        let router = self.routes.router(id);
        let module = self.modules.get(router.module);
        match module.python.syntax.expr(router.call).kind {
            pyaudit_python::ExprKind::Call { func, .. } => module.span_of(func),
            _ => module.span_of(router.call),
        }
    }

    /// Whether some middleware of a shipped application has one of these words in its name, its own or a library's. The
    /// words are in lower case.
    pub fn has_layer_named(&self, words: &[&str]) -> bool {
        let has_word = |name: &str| {
            let lower = name.to_ascii_lowercase();
            words.iter().any(|word| lower.contains(word))
        };
        self.shipped_applications().any(|id| {
            self.routes.router(id).layers.iter().any(|layer| match layer.definition {
                Some((module, definition)) => {
                    self.modules.get(module).python.qualname(definition).is_some_and(|name| has_word(&name))
                }
                None => has_word(&layer.name),
            })
        })
    }

    /// Whether a module that the repository ships holds one of these texts as a whole string, whatever its case. The texts
    /// are in lower case.
    pub fn application_says(&self, texts: &[&str]) -> bool {
        let shipped = self.modules.iter().filter(|module| module.role == Role::Application);
        let mut strings = shipped.flat_map(|module| {
            let syntax = &module.python.syntax;
            syntax.exprs().filter_map(|(id, _)| syntax.string(id))
        });
        strings.any(|string| texts.iter().any(|text| string.eq_ignore_ascii_case(text)))
    }

    /// Whether a module that the repository ships imports one of these packages.
    pub fn application_imports(&self, packages: &[&str]) -> bool {
        let shipped = self.modules.iter().filter(|module| module.role == Role::Application);
        let mut imports = shipped.flat_map(|module| &module.python.names.imports);
        imports.any(|import| {
            let top = import.module.split('.').next().unwrap_or("");
            import.level == 0 && packages.contains(&top)
        })
    }
}
