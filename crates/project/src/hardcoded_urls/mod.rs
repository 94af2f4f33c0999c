//! Addresses of services that stand in the code: where each stands, and whose it is.
//!
//! An address counts when it is used, not when it is talked about: documentation, messages, comparisons, patterns, lists of
//! allowed origins, defaults of the environment, code for development and what no application loads are left out.

mod branches;
mod context;
mod hosts;
mod redirects;
mod scripts;

pub use hosts::{HostKind, address_of};
pub use redirects::HardcodedRedirect;

use crate::{Condition, LookedAt, Module, Project};
use hosts::OwnHosts;
use pyaudit_python::{ExprId, ExprKind, FoldedPart, Parent};
use pyaudit_source::{Role, Span};
use std::collections::BTreeSet;

/// One address of a service in the code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HardcodedUrl {
    /// The text that holds it.
    pub span: Span,
    /// The scheme and the host, with the port: `http://localhost:8000`; `localhost` for a host that stands alone.
    pub address: String,
    /// Whose the host is.
    pub kind: HostKind,
    /// Whether the environment may replace it: a default of a setting, or what stands after a read of the environment.
    pub is_default: bool,
    /// Whether it stands in a script of a front end.
    pub in_script: bool,
}

/// Clients that are given the host of a server, by their names.
const CLIENTS: &[&str] = &[
    "redis.Redis",
    "redis.StrictRedis",
    "redis.client.Redis",
    "redis.asyncio.Redis",
    "redis.asyncio.client.Redis",
    "aioredis.Redis",
    "psycopg2.connect",
    "psycopg.connect",
    "asyncpg.connect",
    "asyncpg.create_pool",
    "asyncpg.connection.connect",
    "pymysql.connect",
    "aiomysql.connect",
    "aiomysql.create_pool",
    "mysql.connector.connect",
    "pymongo.MongoClient",
    "motor.motor_asyncio.AsyncIOMotorClient",
    "pika.ConnectionParameters",
    "clickhouse_connect.get_client",
    "qdrant_client.QdrantClient",
];

impl Project {
    /// The addresses of services in the code, in the order of their places: those on this machine or a private network in
    /// code that an application loads, and the project's own hosts anywhere. `examined` counts the addresses seen.
    pub fn hardcoded_urls(&self) -> (Vec<HardcodedUrl>, usize) {
        let own = OwnHosts::of(self);
        let defaults: BTreeSet<Span> = self.fallbacks().iter().map(|fallback| fallback.span).collect();
        let redirects: BTreeSet<Span> = self.hardcoded_redirects().into_iter().map(|redirect| redirect.span).collect();
        let mut found = Vec::new();
        let mut examined = 0;
        for module in self.served_modules().filter(|module| !is_for_trial(self.modules.path(module.id))) {
            examined += self.urls_of(module, &own, &defaults, &mut found);
            self.hosts_of_clients(module, &mut found);
        }
        for (id, file, text) in self.looked_at(LookedAt::Script).filter(|(_, file, _)| file.role == Role::Application) {
            if text.contains("://") && !is_for_trial(&file.path) {
                examined += scripts::urls_of(id, &file.path, text, &own, &mut found);
            }
        }
        found.retain(|url| !redirects.contains(&url.span));
        found.sort();
        found.dedup_by_key(|url| url.span);
        (found, examined)
    }

    fn urls_of(
        &self,
        module: &Module,
        own: &OwnHosts,
        defaults: &BTreeSet<Span>,
        found: &mut Vec<HardcodedUrl>,
    ) -> usize {
        let mut examined = 0;
        for (id, expr) in module.python.syntax.exprs() {
            let text = match &expr.kind {
                ExprKind::Str { value, .. } if value.contains("://") => value.to_string(),
                ExprKind::FString(_) => match module.python.fold_string(id).parts.into_iter().next() {
                    Some(FoldedPart::Text(text)) if text.contains("://") => text,
                    _ => continue,
                },
                _ => continue,
            };
            examined += 1;
            let Some((address, kind)) = own.judge(&text) else { continue };
            let span = module.span_of(id);
            let is_default = is_within(span, defaults) || self.is_default_of_settings(module, id);
            let is_silent = (is_default && kind != HostKind::Own) || self.is_only_talked_about(module, id);
            if !is_silent {
                found.push(HardcodedUrl { span, address, kind, is_default, in_script: false });
            }
        }
        examined
    }

    /// `redis.Redis(host="localhost")`
    fn hosts_of_clients(&self, module: &Module, found: &mut Vec<HardcodedUrl>) {
        let names: Vec<&str> = CLIENTS.iter().filter_map(|name| name.rsplit('.').next()).collect();
        for call in module.calls_named(&names) {
            let Some(host) = module.keyword(call.keywords, "host") else { continue };
            let text = module.python.syntax.string(host);
            let Some(text) = text.filter(|text| hosts::is_local(text) || hosts::is_private(text)) else { continue };
            if call.is_any(self, CLIENTS) && !self.is_only_talked_about(module, host) {
                let kind = if hosts::is_local(text) { HostKind::Local } else { HostKind::Private };
                let span = module.span_of(host);
                found.push(HardcodedUrl { span, address: text.to_owned(), kind, is_default: false, in_script: false });
            }
        }
    }

    /// Whether an expression stands in the body of a class of settings.
    fn is_default_of_settings(&self, module: &Module, expr: ExprId) -> bool {
        let mut around = module.python.syntax.enclosing_stmts(Parent::Expr(expr));
        // A base that is imported in a way that cannot be followed is known by its name.
        around.any(|stmt| {
            let class = module.class(stmt);
            let named = |&base: &ExprId| module.last_name(base).is_some_and(|name| name.ends_with("Settings"));
            self.settings.class(module.id, stmt).is_some() || class.is_some_and(|class| class.bases.iter().any(named))
        })
    }

    /// Whether code runs in development or by hand alone.
    fn runs_in_development(&self, module: &Module, expr: ExprId) -> bool {
        module.python.is_in_main_guard(Parent::Expr(expr))
            || self.condition_at(module, Parent::Expr(expr)) == Some(Condition::Development)
    }
}

/// Whether a place lies in one of these.
fn is_within(span: Span, outer: &BTreeSet<Span>) -> bool {
    outer.iter().any(|outer| {
        let contains = outer.range.zip(span.range).is_some_and(|(outer, inner)| outer.contains(inner));
        outer.file == span.file && contains
    })
}

/// Whether the words of a path say that what stands there is for a trial, for tests or for one machine.
fn is_for_trial(path: &str) -> bool {
    const WORDS: &[&str] = &[
        "test",
        "tests",
        "testing",
        "e2e",
        "mock",
        "mocks",
        "demo",
        "debug",
        "dev",
        "example",
        "examples",
        "sample",
        "samples",
        "stories",
        "story",
        "fixture",
        "fixtures",
        "playwright",
        "cypress",
        "seed",
        "seeds",
        "conftest",
        "storybook",
        "vendor",
    ];
    crate::paths::words(path).any(|word| WORDS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::project;

    const APP: &str = "from fastapi import FastAPI\nimport os, redis\napp = FastAPI()\n";

    fn found(text: &str) -> Vec<(String, HostKind)> {
        let text = format!("{APP}{text}");
        let project = project(&[("app/main.py", &text), ("deploy/.env", "FRONTEND_URL=https://shop.io\n")]);
        project.hardcoded_urls().0.into_iter().map(|url| (url.address, url.kind)).collect()
    }

    #[test]
    fn addresses_that_are_used_are_found() {
        for (text, address, kind) in [
            ("URL = 'http://localhost:8000/x'\n", "http://localhost:8000", HostKind::Local),
            ("URL = f'http://127.0.0.1:8000/{app}'\n", "http://127.0.0.1:8000", HostKind::Local),
            ("def f(base='http://192.168.0.3'):\n    pass\n", "http://192.168.0.3", HostKind::Private),
            ("c = redis.Redis(host='localhost')\n", "localhost", HostKind::Local),
            ("URL = 'https://shop.io/reset'\n", "https://shop.io", HostKind::Own),
            ("URL = 'https://shop-api.onrender.com'\n", "https://shop-api.onrender.com", HostKind::Own),
        ] {
            assert_eq!(found(text), [(address.to_owned(), kind)], "{text}");
        }
    }

    #[test]
    fn addresses_that_are_talked_about_are_not() {
        for text in [
            "URL = os.getenv('URL', 'http://localhost:8000')\n",
            "print('http://localhost:8000')\n",
            "ok = url == 'http://localhost:8000'\n",
            "ok = url.startswith('http://localhost')\n",
            "ALLOWED_ORIGINS = ['http://localhost:3000']\n",
            "if app.debug:\n    URL = 'http://localhost:8000'\n",
            "if __name__ == '__main__':\n    run('http://localhost:8000')\n",
            "URL = 'https://api.openai.com/v1'\n",
            "URL = 'https://shop.io/docs/start'\n",
            "client = make(redirect_uris=['http://localhost:8000/cb'])\n",
            "def default_origins():\n    return ['http://localhost:8000']\n",
            "from vendor.compat import BaseSettings\nclass Conf(BaseSettings):\n    url: str = 'http://localhost:9200'\n",
            "URL = get_env('URL', 'http://localhost:8000')\n",
            "CSP = \"connect-src 'self' https://shop.io\"\n",
            "def f():\n    'http://localhost:8000 is where it runs'\n",
            "app2 = FastAPI(servers=[{'url': 'http://localhost:8000', 'description': 'local'}])\n",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
