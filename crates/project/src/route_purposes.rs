//! What a route is for, as its path and the name of its handler say.

use crate::{Condition, Endpoint, Module, Project, Route};
use pyaudit_python::{Expr, ExprId, Parent};

/// What a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// It gives or takes credentials, so that its clients have none yet: login, sign-up, forgotten passwords, the steps
    /// of OAuth. What it is given is the credential.
    Credentials,
    /// Another service calls it: webhooks.
    Webhook,
    /// Whoever runs the service asks it: health, readiness, metrics.
    Probe,
    /// Anyone may send it something: contact forms, newsletters, the beacons of a page.
    PublicForm,
    /// It belongs to those who run the service.
    Administration,
    /// Anything else.
    Other,
}

/// Words of paths, with the hyphens and underscores left out.
const CREDENTIALS: &[&str] = &[
    "login",
    "signin",
    "logout",
    "signout",
    "signup",
    "register",
    "registration",
    "token",
    "tokens",
    "accesstoken",
    "refresh",
    "refreshtoken",
    "auth",
    "oauth",
    "oauth2",
    "oidc",
    "sso",
    "saml",
    "authenticate",
    "authorize",
    "password",
    "passwords",
    "passwordless",
    "passwordreset",
    "resetpassword",
    "forgotpassword",
    "reset",
    "recover",
    "recovery",
    "passwordrecovery",
    "verify",
    "verifyemail",
    "verification",
    "confirm",
    "confirmation",
    "activate",
    "activation",
    "otp",
    "mfa",
    "magiclink",
    "webauthn",
    "passkey",
    "passkeys",
    "invitation",
    "invitations",
    "unsubscribe",
    "introspect",
    "revoke",
];

const WEBHOOK: &[&str] = &["webhook", "webhooks", "hook", "hooks", "ipn"];

const PROBE: &[&str] = &[
    "health",
    "healthz",
    "healthcheck",
    "livez",
    "liveness",
    "readyz",
    "readiness",
    "ready",
    "live",
    "ping",
    "heartbeat",
    "metrics",
    "version",
];

const PUBLIC_FORM: &[&str] = &[
    "contact",
    "contactus",
    "newsletter",
    "newsletters",
    "subscribe",
    "waitlist",
    "feedback",
    "enquiry",
    "inquiry",
    "public",
    "beacon",
    "telemetry",
    "cspreport",
    "demo",
    "playground",
];

const ADMINISTRATION: &[&str] = &["admin", "admins", "administration", "superadmin", "masteradmin", "backoffice"];

impl Project {
    /// What a route is for. The last words of the path weigh most: `/auth/users/{id}` is about users.
    pub fn purpose_of(&self, route: &Route) -> Purpose {
        let segments = segments(&route.path);
        let name = self.handler_words(route);
        let is_about = |words: &[&str]| segments.iter().any(|segment| says(segment, words)) || says(&name, words);
        let ends_in =
            |words: &[&str]| segments.last().is_some_and(|segment| says(segment, words)) || says(&name, words);
        let ends_open = !route.path.trim_end_matches('/').ends_with('}');
        if is_about(WEBHOOK) {
            Purpose::Webhook
        } else if ends_in(CREDENTIALS) {
            Purpose::Credentials
        } else if is_about(ADMINISTRATION) {
            Purpose::Administration
        } else if is_about(CREDENTIALS) && ends_open || makes_own_account(route) {
            Purpose::Credentials
        } else if ends_in(PROBE) {
            Purpose::Probe
        } else if is_about(PUBLIC_FORM) {
            Purpose::PublicForm
        } else {
            Purpose::Other
        }
    }

    /// Whether a route is registered, or its router included, where only development comes: `if settings.DEBUG:`.
    pub fn is_for_development(&self, route: &Route) -> bool {
        let registration = self.modules.get(route.registration.0);
        let is_development = |module: &Module, expr: ExprId| {
            self.condition_at(module, Parent::Expr(expr)) == Some(Condition::Development)
        };
        if is_development(registration, route.registration.1) {
            return true;
        }
        route.condition.is_some()
            && route.via.iter().any(|include| {
                let Some(module) = self.modules.in_file(include.file) else { return false };
                let at = |(id, expr): (ExprId, &Expr)| (Some(expr.range) == include.range).then_some(id);
                module.python.syntax.exprs().find_map(at).is_some_and(|call| is_development(module, call))
            })
    }

    /// The name of the handler, in words.
    fn handler_words(&self, route: &Route) -> Vec<String> {
        let name = match &route.endpoint {
            Endpoint::Function(module, function) => self.modules.get(*module).python.qualname(*function),
            _ => None,
        };
        let name = name.as_deref().and_then(|name| name.rsplit('.').next()).unwrap_or("");
        split(name)
    }
}

/// Whether a route makes an account for whoever asks: a POST to `/account`, of which each client has the one that is its
/// own. `/accounts` are those of others.
fn makes_own_account(route: &Route) -> bool {
    let is_own = route.path.trim_end_matches('/').rsplit('/').next() == Some("account");
    is_own && !route.path.contains('{') && route.methods.iter().all(|method| method == "POST")
}

/// The static segments of a path, each in words.
fn segments(path: &str) -> Vec<Vec<String>> {
    path.split('/').filter(|segment| !segment.is_empty() && !segment.contains('{')).map(split).collect()
}

fn split(text: &str) -> Vec<String> {
    let words = text.split(|mark: char| !mark.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect()
}

/// Whether one of the words, or two or all of them together, are in a list.
fn says(words: &[String], list: &[&str]) -> bool {
    let pairs = words.windows(2).map(<[String]>::concat);
    let single = words.iter().cloned();
    single.chain(pairs).chain([words.concat()]).any(|word| list.contains(&word.as_str()))
}
