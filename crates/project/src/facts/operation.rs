//! What keeps a service standing, and what tells how it fares: error trackers, metrics, pools, timeouts, indexes, limits.

use super::{Axis, Fact, counted};
use crate::outbound::Wait;
use crate::{Condition, Module, Project, Purpose};
use pyaudit_python::Parent;
use pyaudit_source::{Role, Span};

/// Calls that set up an error tracker.
/// <https://docs.sentry.io/platforms/python/>, <https://docs.rollbar.com/docs/python>, <https://docs.bugsnag.com/platforms/python/>
const TRACKERS: &[&str] = &["sentry_sdk.init", "rollbar.init", "bugsnag.configure"];

/// Calls that measure every request.
/// <https://github.com/trallnag/prometheus-fastapi-instrumentator>, <https://github.com/stephenhillier/starlette_exporter>
const INSTRUMENTS: &[&str] =
    &["prometheus_fastapi_instrumentator.Instrumentator", "starlette_exporter.PrometheusMiddleware"];

/// What an engine says of its pool.
const POOL_ARGUMENTS: &[&str] = &["pool_pre_ping", "pool_size", "max_overflow", "pool_recycle", "poolclass"];

/// So many units must agree before "all of them" says something.
const FEW: usize = 3;

/// The facts of this file.
pub(super) fn facts(project: &Project) -> Vec<Fact> {
    let mut facts = called(project, TRACKERS, "error-tracking", |name| format!("`{name}` sends errors to a tracker"));
    facts.extend(called(project, INSTRUMENTS, "metrics", |name| format!("`{name}` measures every request")));
    facts.extend(pools(project));
    facts.extend(catch_all(project));
    facts.extend(bounded_calls(project));
    facts.extend(indexed_keys(project));
    facts.extend(limited_credentials(project));
    facts
}

fn served(project: &Project) -> impl Iterator<Item = &Module> {
    let modules = project.modules.iter();
    modules.filter(|module| module.role == Role::Application && project.imports.is_served(module.id))
}

/// One fact for each call of one of these in what an application loads, outside what only development runs.
fn called(project: &Project, names: &[&str], id: &'static str, message: fn(&str) -> String) -> Vec<Fact> {
    let lasts: Vec<&str> = names.iter().filter_map(|name| name.rsplit('.').next()).collect();
    let mut facts = Vec::new();
    for module in served(project) {
        for call in module.calls_named(&lasts) {
            let is_for_users = project.condition_at(module, Parent::Expr(call.id)) != Some(Condition::Development);
            if is_for_users && project.is_any(module, call.func, names) {
                let span = module.span_of(call.func);
                let message = message(project.sources.slice(span));
                facts.push(Fact { id, axis: Axis::Observability, message, span });
            }
        }
    }
    facts
}

/// Engines for a server that say how connections are kept.
fn pools(project: &Project) -> Vec<Fact> {
    let is_meant = |engine: &&crate::database::Engine| {
        engine.dialect.as_deref().is_some_and(|dialect| dialect != "sqlite")
            && project.modules.get(engine.module).role == Role::Application
            && project.imports.is_served(engine.module)
    };
    let fact = |engine: &crate::database::Engine| {
        let said: Vec<String> = POOL_ARGUMENTS
            .iter()
            .filter(|name| engine.argument(name).is_some())
            .map(|name| format!("`{name}`"))
            .collect();
        (!said.is_empty()).then(|| Fact {
            id: "configured-pool",
            axis: Axis::Robustness,
            message: format!("the engine says how it keeps connections: {}", said.join(", ")),
            span: engine.span,
        })
    };
    project.database.engines().iter().filter(is_meant).filter_map(fact).collect()
}

/// Handlers for whatever goes wrong.
fn catch_all(project: &Project) -> Vec<Fact> {
    let mut facts = Vec::new();
    for module in served(project) {
        for handler in project.error_handlers(module).iter().filter(|handler| handler.is_for_everything()) {
            let Some(function) = module.function(handler.function) else { continue };
            facts.push(Fact {
                id: "unified-error-handler",
                axis: Axis::Robustness,
                message: "one handler answers every exception that nobody expected".to_owned(),
                span: module.span(function.name.range),
            });
        }
    }
    facts
}

/// Whether every call that leaves the machine says how long it waits.
fn bounded_calls(project: &Project) -> Option<Fact> {
    let mut first: Option<Span> = None;
    let mut count = 0;
    for module in served(project) {
        for found in project.outbound_calls(module) {
            if !matches!(found.wait, Wait::Given(_)) {
                return None;
            }
            count += 1;
            first = first.or(Some(found.call.span()));
        }
    }
    let message = format!("all {count} calls of other services say how long they wait");
    first.filter(|_| count >= FEW).map(|span| Fact {
        id: "bounded-outbound-calls",
        axis: Axis::Robustness,
        message,
        span,
    })
}

/// Whether every foreign key has an index, of the model or of the migrations.
fn indexed_keys(project: &Project) -> Option<Fact> {
    let tables =
        project.database.tables().iter().filter(|table| project.modules.get(table.module).role == Role::Application);
    let mut keys = Vec::new();
    for table in tables {
        // What stands in a place that cannot be read may hold one without.
        if !table.is_complete {
            return None;
        }
        keys.extend(table.columns.iter().filter(|column| !column.foreign_keys.is_empty()).map(|key| (table, key)));
    }
    let is_indexed = keys.iter().all(|(table, key)| table.name.is_some() && project.has_index(table, key));
    (keys.len() >= FEW && is_indexed).then(|| Fact {
        id: "indexed-foreign-keys",
        axis: Axis::Robustness,
        message: format!("all {} have an index", counted(keys.len(), "foreign key")),
        span: keys[0].1.span,
    })
}

/// Whether every route that takes credentials by POST declares a limit of its own. A middleware may have rules for some
/// paths alone, and says nothing here.
fn limited_credentials(project: &Project) -> Option<Fact> {
    let routes: Vec<_> = project
        .shipped_routes()
        .into_iter()
        .map(|(_, route)| route)
        .filter(|route| route.methods.iter().any(|method| method == "POST"))
        .filter(|route| project.purpose_of(route) == Purpose::Credentials)
        .collect();
    let is_limited = !routes.is_empty()
        && routes.iter().all(|route| project.declares_limit(route) && !project.is_behind_limiting_layer(route));
    is_limited.then(|| Fact {
        id: "limited-credentials",
        axis: Axis::ConfigurationSecurity,
        message: match routes.len() {
            1 => "the route that takes credentials is limited".to_owned(),
            count => format!("all {count} routes that take credentials are limited"),
        },
        span: routes[0].span,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::told;
    use super::facts;

    fn of(text: &str) -> Vec<String> {
        let head = "from fastapi import FastAPI\napp = FastAPI()\n";
        told(facts, &[("app/main.py", &format!("{head}{text}"))])
    }

    #[test]
    fn trackers_and_instruments_are_told_where_users_are() {
        let text = "import sentry_sdk as s\nfrom prometheus_fastapi_instrumentator import Instrumentator\ns.init('x')\n\
                    Instrumentator().instrument(app)\n";
        let expected = [
            "error-tracking app/main.py:5 `s.init` sends errors to a tracker",
            "metrics app/main.py:6 `Instrumentator` measures every request",
        ];
        assert_eq!(of(text), expected);
        assert_eq!(of("import sentry_sdk\nif DEBUG:\n    sentry_sdk.init('x')\n"), [""; 0]);
        assert_eq!(of("import other\nother.init('x')\n"), [""; 0]);
    }

    #[test]
    fn a_pool_is_told_of_a_server_alone() {
        let text = "from sqlalchemy import create_engine\n";
        let server = format!("{text}engine = create_engine('postgresql://h/d', pool_pre_ping=True, pool_size=5)\n");
        let expected =
            "configured-pool app/main.py:4 the engine says how it keeps connections: `pool_pre_ping`, `pool_size`";
        assert_eq!(of(&server), [expected]);
        assert_eq!(of(&format!("{text}engine = create_engine('sqlite:///a', pool_pre_ping=True)\n")), [""; 0]);
        assert_eq!(of(&format!("{text}engine = create_engine('postgresql://h/d')\n")), [""; 0]);
    }

    #[test]
    fn a_handler_of_everything_is_told() {
        let everything = "@app.exception_handler(Exception)\ndef failed(request, error): ...\n";
        let expected = "unified-error-handler app/main.py:4 one handler answers every exception that nobody expected";
        assert_eq!(of(everything), [expected]);
        assert_eq!(of("@app.exception_handler(ValueError)\ndef failed(request, error): ...\n"), [""; 0]);
    }

    #[test]
    fn calls_are_bounded_when_all_are() {
        let calls = "import requests\ndef a():\n    requests.get('a', timeout=3)\n    requests.get('b', timeout=3)\n";
        let all = format!("{calls}    requests.post('c', timeout=3)\n");
        let expected = "bounded-outbound-calls app/main.py:5 all 3 calls of other services say how long they wait";
        assert_eq!(of(&all), [expected]);
        assert_eq!(of(&format!("{calls}    requests.post('c')\n")), [""; 0]);
        assert_eq!(of(calls), [""; 0], "two are few");
    }

    #[test]
    fn keys_are_indexed_when_all_are() {
        let head = "from sqlalchemy import Column, ForeignKey, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\
                    class A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n";
        let key = |name: &str, index: &str| format!("    {name} = Column(ForeignKey('a.id'){index})\n");
        let two = format!("{head}{}{}", key("x", ", index=True"), key("y", ", unique=True"));
        let all = format!("{two}{}", key("z", ", index=True"));
        assert_eq!(of(&all), ["indexed-foreign-keys app/main.py:9 all 3 foreign keys have an index"]);
        assert_eq!(of(&format!("{two}{}", key("z", ""))), [""; 0]);
    }

    #[test]
    fn credentials_are_limited_when_all_routes_are() {
        let head = "from slowapi import Limiter\nlimiter = Limiter(key_func=key)\n";
        let login = "@app.post('/login')\n@limiter.limit('5/minute')\ndef login(request): ...\n";
        let expected = "limited-credentials app/main.py:5 the route that takes credentials is limited";
        assert_eq!(of(&format!("{head}{login}")), [expected]);
        assert_eq!(of(&format!("{head}{login}@app.post('/register')\ndef register(): ...\n")), [""; 0]);
    }
}
