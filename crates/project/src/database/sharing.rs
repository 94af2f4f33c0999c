//! Engines and lenders that serve one and the same database.

use super::{Engine, SessionLender};
use crate::types::DEPENDS;
use crate::{Module, ModuleId, Project, Router, RouterKind};
use pyaudit_python::{BindingKind, ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::Role;
use std::collections::BTreeSet;

/// What tells one database from another in the way its address is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DatabaseKey {
    /// The words of the names in the address that say which database it is, and not how it is reached: none of
    /// `DATABASE_URL`, `replica` of `REPLICA_URL`. Empty for the only database.
    pub words: BTreeSet<String>,
    /// The address without its driver and credentials, where it is a constant.
    pub address: Option<String>,
}

/// Words that every address of a database has.
const PLAIN_WORDS: &[&str] = &[
    "async",
    "sync",
    "url",
    "uri",
    "dsn",
    "db",
    "database",
    "databases",
    "sqlalchemy",
    "sql",
    "postgres",
    "postgresql",
    "pg",
    "mysql",
    "asyncpg",
    "psycopg",
    "psycopg2",
    "aiomysql",
    "str",
    "string",
    "get",
    "settings",
    "config",
    "conf",
    "app",
    "core",
    "env",
    "self",
    "cls",
    "connection",
    "conn",
    "host",
    "port",
    "user",
    "username",
    "password",
    "passwd",
    "name",
    "server",
    "fixed",
    "make",
    "replace",
    "create",
    "render",
    "as",
    "build",
    "to",
    "driver",
    "os",
    "environ",
    "getenv",
    "computed",
    "s",
    "f",
    "hide",
    "false",
    "true",
    "unicode",
    "encoded",
    "path",
    "scheme",
    "query",
    "drivername",
    "localhost",
    "5432",
    "3306",
];

impl Project {
    /// Which database an engine serves; `None` where its address is a parameter or cannot be told.
    pub fn database_of(&self, engine: &Engine) -> Option<DatabaseKey> {
        let module = self.modules.get(engine.module);
        let ExprKind::Call { args, keywords, .. } = &module.python.syntax.expr(engine.call).kind else { return None };
        let url = args.first().copied().or_else(|| module.keyword(keywords, "url"))?;
        if let Some(address) = self.constant_string(module, url) {
            return Some(DatabaseKey { words: BTreeSet::new(), address: Some(without_driver(&address)) });
        }
        let mut names = Vec::new();
        for part in module.python.syntax.walk_exprs_of(url) {
            if is_parameter(module, part) {
                return None;
            }
            match &module.python.syntax.expr(part).kind {
                ExprKind::Name { id, .. } => names.push(module.python.syntax.name(*id)),
                ExprKind::Attribute { attr, .. } => names.push(module.python.syntax.identifier(*attr)),
                ExprKind::Str { value, .. }
                    if value.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') =>
                {
                    names.push(value);
                }
                _ => {}
            }
        }
        let words = names.into_iter().flat_map(|name| name.split('_')).map(str::to_ascii_lowercase);
        let words = words.filter(|word| !word.is_empty() && !PLAIN_WORDS.contains(&word.as_str())).collect();
        Some(DatabaseKey { words, address: None })
    }

    /// The modules that each application of the project loads.
    pub fn modules_of_applications(&self) -> Vec<BTreeSet<ModuleId>> {
        let is_application = |router: &&Router| {
            router.kind == RouterKind::Application && self.modules.get(router.module).role == Role::Application
        };
        let starts: BTreeSet<ModuleId> =
            self.routes.routers.iter().filter(is_application).map(|router| router.module).collect();
        starts.into_iter().map(|module| self.imports.loaded_by(module)).collect()
    }

    /// The functions that routes, routers or other dependencies are given by `Depends(function)`.
    pub fn dependency_functions(&self) -> BTreeSet<(ModuleId, StmtId)> {
        let mut found = BTreeSet::new();
        for module in self.modules.iter() {
            for (_, expr) in module.python.syntax.exprs() {
                let ExprKind::Call { func, args, .. } = &expr.kind else { continue };
                let Some(&given) = args.first().filter(|_| self.is_any(module, *func, DEPENDS)) else { continue };
                found.extend(self.function(module, given).map(|(home, function, _)| (home.id, function)));
            }
        }
        found
    }

    /// Where an engine ends up, so that two calls of which only one is ever made count as one: the names it is assigned to,
    /// or the function that makes it.
    pub fn home_of_engine(&self, engine: &Engine) -> (ModuleId, Vec<String>, String) {
        let module = self.modules.get(engine.module);
        let syntax = &module.python.syntax;
        let path = module.path_to(Parent::Expr(engine.call));
        let stmt = syntax.enclosing_stmt(engine.call).map(|stmt| &syntax.stmt(stmt).kind);
        let target = match stmt {
            Some(StmtKind::Assign { targets, .. }) => targets.first().copied(),
            Some(StmtKind::AnnAssign { target, .. }) => Some(*target),
            _ => None,
        };
        (module.id, path, target.map(|target| self.text_at(module, target)).unwrap_or_default())
    }

    /// The number of the session factory in [`crate::Database::factories`] that a lender takes its sessions from.
    pub fn factory_of(&self, lender: &SessionLender) -> Option<usize> {
        let module = self.modules.get(lender.module);
        let syntax = &module.python.syntax;
        let definition = module.function(lender.function)?;
        let calls = definition.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
        { calls }.find_map(|id| {
            let ExprKind::Call { func, .. } = syntax.expr(id).kind else { return None };
            let (home, value) = self.follow(module, func);
            let span = home.span_of(value);
            self.database.factories().iter().position(|factory| factory.span == span)
        })
    }

    /// Whether a function is one that FastAPI can be given as a dependency: a generator, and no context manager.
    pub fn is_generator_dependency(&self, lender: &SessionLender) -> bool {
        let module = self.modules.get(lender.module);
        let decorators = module.function(lender.function).map_or(&[][..], |definition| &definition.decorators);
        let managers = ["contextlib.contextmanager", "contextlib.asynccontextmanager"];
        lender.yields && !decorators.iter().any(|&decorator| self.is_any(module, decorator, &managers))
    }
}

fn is_parameter(module: &Module, expr: ExprId) -> bool {
    let binding = module.python.lookup(expr).map(|(_, binding)| binding);
    binding.is_some_and(|binding| {
        binding.sites.iter().any(|site| matches!(site.kind, BindingKind::Parameter { .. }))
            && module.own_class(expr).is_none()
    })
}

/// An address without driver, credentials and options: `postgresql://db/shop` of `postgresql+asyncpg://me:x@db/shop?ssl=1`.
fn without_driver(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let scheme = scheme.split('+').next().unwrap_or(scheme);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.split('?').next().unwrap_or(rest);
    format!("{scheme}://{rest}")
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    fn words(address: &str) -> Option<String> {
        let text = format!(
            "import os\nfrom sqlalchemy import create_engine\nfrom app.settings import settings\ndef f(given=None):\n    return create_engine({address})\n"
        );
        let project = project(&[("app/db.py", &text)]);
        let key = project.database_of(&project.database.engines()[0])?;
        Some(key.address.unwrap_or_else(|| key.words.into_iter().collect::<Vec<_>>().join(" ")))
    }

    #[test]
    fn the_words_of_an_address_tell_databases_apart() {
        let told = |address| words(address).unwrap_or_else(|| "?".to_owned());
        assert_eq!(told("str(settings.SQLALCHEMY_DATABASE_URI)"), "");
        assert_eq!(told("settings.async_database_url.replace('+asyncpg', '')"), "");
        assert_eq!(told("os.environ['REPLICA_URL']"), "replica");
        assert_eq!(told("given"), "?");
        assert_eq!(told("'postgresql+asyncpg://me:secret@db/shop?ssl=1'"), "postgresql://db/shop");
    }
}
