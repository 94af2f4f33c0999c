//! Values in the code for which a class of settings has a field.
//!
//! Both the name and the value must say that they are the same thing: an algorithm given to a signing function beside a
//! field `ALGORITHM`, a lifetime given to `create_access_token` beside `ACCESS_TOKEN_EXPIRE_MINUTES`, an address given to an
//! engine beside `DATABASE_URL`, a constant with the very name of a field, a read of the very variable of a field.

use super::{Field, Literal, SettingsClass};
use crate::{Condition, Module, ModuleId, NamedCall, Project, names_secret, paths};
use pyaudit_python::{BoolOperator, ExprId, ExprKind, Parent, StmtKind};
use pyaudit_source::{Role, Span};
use std::collections::BTreeSet;

/// A value that goes by a setting.
#[derive(Debug, Clone, Copy)]
pub struct Bypass<'p> {
    /// The class that has the setting.
    pub class: &'p SettingsClass,
    /// The setting.
    pub field: &'p Field,
    /// Where the value stands.
    pub span: Span,
    /// What stands there.
    pub kind: BypassKind,
}

/// What goes by a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BypassKind {
    /// The algorithm of a signature.
    Algorithm,
    /// The lifetime of a token.
    Lifetime,
    /// The address of a database or queue.
    Address,
    /// A constant with the name of the setting.
    Constant,
    /// A read of the variable of the setting.
    Read,
}

/// Functions that sign and check tokens.
const SIGNERS: &[&str] =
    &["jwt.encode", "jwt.decode", "jwt.api_jwt.encode", "jwt.api_jwt.decode", "jose.jwt.encode", "jose.jwt.decode"];

/// Functions that connect to what their first argument names.
const CONNECTORS: &[(&str, &str)] = &[
    ("sqlalchemy.create_engine", "database"),
    ("sqlalchemy.engine.create_engine", "database"),
    ("sqlalchemy.ext.asyncio.create_async_engine", "database"),
    ("sqlmodel.create_engine", "database"),
    ("databases.Database", "database"),
    ("redis.from_url", "redis"),
    ("redis.Redis.from_url", "redis"),
    ("redis.asyncio.from_url", "redis"),
    ("redis.asyncio.Redis.from_url", "redis"),
    ("aioredis.from_url", "redis"),
];

/// A class of settings with the root of its application.
struct Home<'p> {
    class: &'p SettingsClass,
    root: &'p str,
    /// What the settings need themselves, and their own module: none of it can take them from there.
    loaded: BTreeSet<ModuleId>,
}

impl Project {
    /// What goes by a setting of pydantic in the same application, in the order of the places.
    pub fn bypassed_settings(&self) -> Vec<Bypass<'_>> {
        let homes: Vec<Home<'_>> = self.settings.classes().iter().filter_map(|class| self.home_of(class)).collect();
        let mut found = Vec::new();
        if homes.is_empty() {
            return found;
        }
        for module in self.served_modules() {
            let root = self.modules.root_of(self.modules.path(module.id));
            let may_import = |home: &&Home<'_>| home.root == root && !home.loaded.contains(&module.id);
            let near: Vec<&SettingsClass> = homes.iter().filter(may_import).map(|home| home.class).collect();
            if near.is_empty() {
                continue;
            }
            self.bypassed_algorithms(module, &near, &mut found);
            self.bypassed_lifetimes(module, &near, &mut found);
            self.bypassed_addresses(module, &near, &mut found);
            self.bypassed_by_constants(module, &near, &mut found);
            self.bypassed_by_reads(module, &near, &mut found);
        }
        found.sort_by_key(|bypass| (bypass.span, bypass.kind));
        found.dedup_by_key(|bypass| bypass.span);
        found
    }

    fn home_of<'p>(&'p self, class: &'p SettingsClass) -> Option<Home<'p>> {
        let is_shipped = self.modules.get(class.module).role == Role::Application;
        let root = self.modules.root_of(self.modules.path(class.module));
        (class.kind.is_settings() && is_shipped && !class.instances.is_empty()).then(|| Home {
            class,
            root,
            loaded: self.imports.loaded_by(class.module),
        })
    }

    /// `jwt.encode(claims, key, algorithm="HS256")`
    fn bypassed_algorithms<'p>(&'p self, module: &'p Module, near: &[&'p SettingsClass], found: &mut Vec<Bypass<'p>>) {
        let Some((class, field)) = field_where(near, |field| {
            let words = words_of(&field.name);
            let is_algorithm = words.iter().any(|word| matches!(word.as_str(), "algorithm" | "alg"));
            let is_of_tokens = words.iter().all(|word| {
                matches!(word.as_str(), "algorithm" | "alg" | "jwt" | "token" | "auth" | "access" | "security" | "app")
            });
            let default = field.default.as_ref().and_then(|default| default.value.as_ref());
            is_algorithm && is_of_tokens && default.is_none_or(|value| value.as_str().is_some_and(is_signature))
        }) else {
            return;
        };
        for call in module.calls_named(&["encode", "decode"]) {
            let place = if call.name == "encode" { "algorithm" } else { "algorithms" };
            let Some(given) = call.argument(self, place, 2) else { continue };
            let text = match &module.python.syntax.expr(given).kind {
                ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => match **elts {
                    [only] => only,
                    _ => continue,
                },
                _ => given,
            };
            let Some((home, text)) = self.written(module, text) else { continue };
            // Another algorithm signs other tokens.
            let default = field.default.as_ref().and_then(|default| default.value.as_ref()).and_then(Literal::as_str);
            let is_same = |given: &str| default.is_none_or(|default| default == given);
            let is_named = home.python.syntax.string(text).is_some_and(|text| is_signature(text) && is_same(text));
            if is_named && call.is_any(self, SIGNERS) && self.is_live(module, call.id) {
                found.push(Bypass { class, field, span: home.span_of(text), kind: BypassKind::Algorithm });
            }
        }
    }

    /// `create_access_token(…, expires_delta=timedelta(minutes=30))`
    fn bypassed_lifetimes<'p>(&'p self, module: &'p Module, near: &[&'p SettingsClass], found: &mut Vec<Bypass<'p>>) {
        for purpose in ["access", "refresh"] {
            let is_lifetime = |field: &Field| {
                let words = words_of(&field.name);
                let has = |wanted: &str| words.iter().any(|word| word.starts_with(wanted));
                has(purpose) && has("token") && (has("expire") || has("lifetime") || has("ttl"))
            };
            let Some((class, field)) = field_where(near, is_lifetime) else { continue };
            let names = [
                format!("create_{purpose}_token"),
                format!("generate_{purpose}_token"),
                format!("encode_{purpose}_token"),
            ];
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            for call in module.calls_named(&names) {
                let given = ["expires_delta", "expires_in", "expires"]
                    .iter()
                    .find_map(|name| module.keyword(call.keywords, name));
                let Some(given) = given else { continue };
                let value = if matches!(module.python.syntax.expr(given).kind, ExprKind::Name { .. }) {
                    self.local_value(module, given)
                } else {
                    Some(given)
                };
                if let Some(value) = value.filter(|&value| self.is_written_duration(module, value))
                    && !says_other_purpose(module, &call)
                    && self.is_live(module, call.id)
                {
                    found.push(Bypass { class, field, span: module.span_of(value), kind: BypassKind::Lifetime });
                }
            }
        }
    }

    /// `timedelta(minutes=30)`
    fn is_written_duration(&self, module: &Module, value: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let ExprKind::Call { func, args, keywords } = &syntax.expr(value).kind else { return false };
        let mut given = args.iter().copied().chain(keywords.iter().map(|keyword| keyword.value)).peekable();
        given.peek().is_some()
            && given.all(|given| {
                matches!(self.value_when_unset(module, given), Some(Literal::Int(_) | Literal::Float(_)))
                    && !mentions_name(module, given)
            })
            && self.is_any(module, *func, &["datetime.timedelta"])
    }

    /// `create_engine("postgresql://…")`
    fn bypassed_addresses<'p>(&'p self, module: &'p Module, near: &[&'p SettingsClass], found: &mut Vec<Bypass<'p>>) {
        let names: Vec<&str> = CONNECTORS.iter().filter_map(|(name, _)| name.rsplit('.').next()).collect();
        for call in module.calls_named(&names) {
            let Some(given) = call.argument(self, "url", 0) else { continue };
            let Some((home, text)) = self.written(module, given) else { continue };
            let is_address =
                home.python.syntax.string(text).is_some_and(|text| text.contains("://") && !text.contains(":memory:"));
            let Some(what) = Some(()).filter(|()| is_address).and_then(|()| connects_to(self, &call)) else { continue };
            let is_same = |field: &Field| {
                let words = words_of(&field.name);
                let names_it = words.iter().any(|word| match what {
                    "database" => matches!(word.as_str(), "database" | "db" | "sqlalchemy" | "postgres"),
                    _ => word == "redis",
                });
                let is_other =
                    words.iter().any(|word| matches!(word.as_str(), "test" | "redis" | "mongo") && word != what);
                let is_url = words.last().is_some_and(|word| matches!(word.as_str(), "url" | "uri" | "dsn"));
                names_it && is_url && !is_other
            };
            if let Some((class, field)) = field_where(near, is_same)
                && self.is_live(module, call.id)
            {
                found.push(Bypass { class, field, span: home.span_of(text), kind: BypassKind::Address });
            }
        }
    }

    /// `ACCESS_TOKEN_EXPIRE_MINUTES = 30`
    fn bypassed_by_constants<'p>(
        &'p self,
        module: &'p Module,
        near: &[&'p SettingsClass],
        found: &mut Vec<Bypass<'p>>,
    ) {
        let syntax = &module.python.syntax;
        for (id, stmt) in syntax.stmts() {
            let (target, value) = match &stmt.kind {
                StmtKind::Assign { targets, value } if targets.len() == 1 => (targets[0], *value),
                StmtKind::AnnAssign { target, value: Some(value), .. } => (*target, *value),
                _ => continue,
            };
            let ExprKind::Name { id: name, .. } = syntax.expr(target).kind else { continue };
            let name = syntax.name(name);
            let is_constant = syntax.enclosing_stmts(Parent::Stmt(id)).next().is_none() && name == name.to_uppercase();
            if !is_constant || names_secret(name) || !is_telling(name) {
                continue;
            }
            let Some(written) = self.literal_written(module, value) else { continue };
            let is_same = |field: &Field| {
                let default = field.default.as_ref().and_then(|default| default.value.as_ref());
                field.name.eq_ignore_ascii_case(name)
                    && default.is_none_or(|value| value.class_name() == written.class_name())
            };
            if let Some((class, field)) = field_where(near, is_same) {
                found.push(Bypass { class, field, span: module.span_of(target), kind: BypassKind::Constant });
            }
        }
    }

    /// `os.getenv("REDIS_URL")`
    fn bypassed_by_reads<'p>(&'p self, module: &'p Module, near: &[&'p SettingsClass], found: &mut Vec<Bypass<'p>>) {
        for read in self.settings.reads().iter().filter(|read| read.module == module.id && !read.asks_only) {
            let Some(variable) = &read.variable else { continue };
            let is_of_class = read.class.is_some_and(|class| self.settings.class(module.id, class).is_some());
            let is_same = |field: &Field| field.variables.iter().any(|name| name.eq_ignore_ascii_case(variable));
            if !is_of_class
                && !self.selects_settings(read)
                && !comes_after_setting(module, read.expr, near)
                && !is_in_handler(module, read.expr)
                && let Some((class, field)) = field_where(near, is_same)
                && self.is_live(module, read.expr)
            {
                found.push(Bypass { class, field, span: read.span, kind: BypassKind::Read });
            }
        }
    }

    /// The text that an expression is, or that the constant behind its name is, outside of settings.
    fn written<'p>(&'p self, module: &'p Module, expr: ExprId) -> Option<(&'p Module, ExprId)> {
        if module.python.syntax.string(expr).is_some() {
            return Some((module, expr));
        }
        if !matches!(module.python.syntax.expr(expr).kind, ExprKind::Name { .. } | ExprKind::Attribute { .. })
            || self.setting_field(module, expr).is_some()
        {
            return None;
        }
        let (home, value) = self.value_behind(module, expr)?;
        let is_of_settings =
            home.python.enclosing_class(value).is_some_and(|class| self.settings.class(home.id, class).is_some());
        (home.python.syntax.string(value).is_some() && !is_of_settings).then_some((home, value))
    }

    /// The value of an expression that is written out, without any name in it.
    fn literal_written(&self, module: &Module, value: ExprId) -> Option<Literal> {
        let literal = self.value_when_unset(module, value).filter(|_| !mentions_name(module, value))?;
        matches!(literal, Literal::Str(_) | Literal::Int(_) | Literal::Float(_) | Literal::Bool(_)).then_some(literal)
    }

    /// Whether code runs where users are served.
    fn is_live(&self, module: &Module, expr: ExprId) -> bool {
        self.condition_at(module, Parent::Expr(expr)) != Some(Condition::Development)
            && !module.python.is_in_main_guard(Parent::Expr(expr))
    }
}

/// Whether a read is only taken where the setting is empty: `settings.api_key or os.getenv("API_KEY")`.
fn comes_after_setting(module: &Module, read: ExprId, near: &[&SettingsClass]) -> bool {
    let syntax = &module.python.syntax;
    let Parent::Expr(outer) = syntax.expr_parent(read) else { return false };
    let ExprKind::BoolOp { op: BoolOperator::Or, values } = &syntax.expr(outer).kind else { return false };
    values.iter().take_while(|&&value| value != read).any(|&value| match syntax.expr(value).kind {
        ExprKind::Attribute { attr, .. } => near.iter().any(|class| class.field(syntax.identifier(attr)).is_some()),
        _ => false,
    })
}

/// The first field of these classes that fits.
fn field_where<'p>(
    near: &[&'p SettingsClass],
    fits: impl Fn(&Field) -> bool,
) -> Option<(&'p SettingsClass, &'p Field)> {
    near.iter().find_map(|class| Some((*class, class.fields.iter().find(|field| fits(field))?)))
}

fn words_of(name: &str) -> Vec<String> {
    paths::words(&name.replace('_', "-")).collect()
}

/// Whether a name says enough to mean one thing: more than one word, one of which is not on every name, or an algorithm.
fn is_telling(name: &str) -> bool {
    const COMMON: &[&str] = &[
        "api", "app", "base", "client", "default", "dir", "host", "id", "key", "level", "limit", "log", "max", "min",
        "name", "path", "port", "prefix", "retries", "root", "size", "str", "timeout", "uri", "url", "v1", "version",
    ];
    let words = words_of(name);
    (words.len() > 1 && words.iter().any(|word| !COMMON.contains(&word.as_str()))) || name == "ALGORITHM"
}

/// Whether a text is the name of an algorithm of signatures (RFC 7518, section 3.1).
fn is_signature(text: &str) -> bool {
    let is_sized = ["HS", "RS", "ES", "PS"]
        .iter()
        .any(|kind| text.strip_prefix(kind).is_some_and(|size| matches!(size, "256" | "384" | "512")));
    is_sized || text == "EdDSA"
}

/// Whether a token is made for something else than access, by the texts that it is given: `{"type": "password_reset"}`.
fn says_other_purpose(module: &Module, call: &NamedCall<'_>) -> bool {
    const PURPOSES: &[&str] = &["reset", "verif", "invit", "confirm", "magic", "activat", "email", "download"];
    let syntax = &module.python.syntax;
    let mut texts = syntax.walk_exprs_of(call.id).filter_map(|id| syntax.string(id));
    texts.any(|text| PURPOSES.iter().any(|purpose| text.to_ascii_lowercase().contains(purpose)))
}

fn connects_to(project: &Project, call: &NamedCall<'_>) -> Option<&'static str> {
    let symbol = call.symbol(project)?;
    CONNECTORS.iter().find(|(name, _)| symbol.is(name)).map(|&(_, what)| what)
}

/// Whether an expression runs only after something failed: an import of the settings, as a rule.
fn is_in_handler(module: &Module, expr: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let mut inner = Parent::Expr(expr);
    for outer in syntax.ancestors(Parent::Expr(expr)) {
        if let (Parent::Stmt(id), Parent::Stmt(stmt)) = (outer, inner)
            && let StmtKind::Try { handlers, .. } = &syntax.stmt(id).kind
            && handlers.iter().any(|handler| handler.body.contains(&stmt))
        {
            return true;
        }
        inner = outer;
    }
    false
}

fn mentions_name(module: &Module, expr: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let is_name = |id: ExprId| {
        matches!(syntax.expr(id).kind, ExprKind::Name { .. } | ExprKind::Attribute { .. } | ExprKind::Call { .. })
    };
    is_name(expr) || syntax.walk_exprs_of(expr).any(is_name)
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    const CONFIG: &str = "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    ALGORITHM: str = 'HS256'\n    ACCESS_TOKEN_EXPIRE_MINUTES: int = 30\n    DATABASE_URL: str\n    REDIS_URL: str = ''\nsettings = Settings()\n";

    fn found(text: &str) -> Vec<(String, String)> {
        let text = format!(
            "import jwt, os, redis\nfrom datetime import timedelta\nfrom fastapi import FastAPI\nfrom sqlalchemy import create_engine\nfrom app.config import settings\napp = FastAPI()\n{text}"
        );
        let project = project(&[("app/config.py", CONFIG), ("app/main.py", &text)]);
        let bypasses = project.bypassed_settings();
        bypasses.iter().map(|it| (it.field.name.clone(), project.sources.slice(it.span).to_owned())).collect()
    }

    #[test]
    fn a_value_beside_its_setting_is_found() {
        for (text, field, written) in [
            ("jwt.encode({}, key, algorithm='HS256')\n", "ALGORITHM", "'HS256'"),
            ("jwt.decode(t, key, algorithms=['HS256'])\n", "ALGORITHM", "'HS256'"),
            ("ALGORITHM = 'HS512'\n", "ALGORITHM", "ALGORITHM"),
            (
                "create_access_token(1, expires_delta=timedelta(minutes=15))\n",
                "ACCESS_TOKEN_EXPIRE_MINUTES",
                "timedelta(minutes=15)",
            ),
            ("engine = create_engine('postgresql://db/app')\n", "DATABASE_URL", "'postgresql://db/app'"),
            ("cache = redis.from_url('redis://cache')\n", "REDIS_URL", "'redis://cache'"),
            ("url = os.getenv('REDIS_URL', 'redis://cache')\n", "REDIS_URL", "os.getenv('REDIS_URL', 'redis://cache')"),
        ] {
            assert_eq!(found(text), [(field.to_owned(), written.to_owned())], "{text}");
        }
    }

    #[test]
    fn a_value_of_something_else_is_not() {
        for text in [
            "jwt.encode({}, key, algorithm=settings.ALGORITHM)\n",
            "create_access_token(1, expires_delta=timedelta(minutes=settings.ACCESS_TOKEN_EXPIRE_MINUTES))\n",
            "create_reset_token(1, expires_delta=timedelta(minutes=15))\n",
            "engine = create_engine(settings.DATABASE_URL)\n",
            "engine = create_engine('sqlite:///:memory:')\n",
            "url = os.getenv('OTHER_URL')\n",
            "try:\n    from x import url\nexcept ImportError:\n    url = os.getenv('REDIS_URL')\n",
            "create_access_token({'type': 'password_reset'}, expires_delta=timedelta(minutes=15))\n",
            "hash('HS256')\n",
            "if settings.debug:\n    engine = create_engine('postgresql://db/app')\n",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
