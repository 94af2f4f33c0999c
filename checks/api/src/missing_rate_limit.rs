use pyaudit_check::project::{Demand, Purpose, Route};
use pyaudit_check::{Findings, Project, Span, check};

check! {
    /// ## What it does
    /// Finds routes that take a credential and that a client may ask as often as it likes: login, sign-up, tokens, refresh,
    /// forgotten and reset passwords, verification codes. Where nothing in the repository limits any of them, that is one
    /// finding; otherwise each route that was left out is one.
    ///
    /// ## Why it matters
    /// Passwords and six-digit codes fall to whoever may try a million times. Mails for forgotten passwords cost money and
    /// the reputation of the domain that sends them.
    ///
    /// ## How to fix
    /// `@limiter.limit("5/minute")` of slowapi, a dependency of fastapi-limiter, or `limit_req` in the proxy, by account as
    /// well as by address.
    ///
    /// ## Limits
    /// Any limiter counts, of whatever strength, and so do counted attempts, a captcha and an answer with 429 anywhere on
    /// the way. A gateway that the repository does not describe is not seen. Routes behind a login, `GET` routes and
    /// logouts are silent.
    id: "missing-rate-limit",
    summary: "a client may try passwords or codes as often as it likes",
    area: Api,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://cheatsheetseries.owasp.org/cheatsheets/Authentication_Cheat_Sheet.html#protect-against-automated-attacks",
        "https://cwe.mitre.org/data/definitions/307.html",
    ],
    run: Project(run),
}

/// Words of routes that take something which can be guessed, or that send a mail.
const GUESSED: &[&str] =
    &["login", "signin", "signup", "otp", "mfa", "2fa", "password", "forgot", "forget", "magic", "authenticate"];

/// Words that say so beside one that is about accounts.
const WEAK: &[&str] = &[
    "register",
    "registration",
    "token",
    "refresh",
    "reset",
    "verify",
    "verification",
    "recover",
    "recovery",
    "confirm",
];

/// Words about accounts.
const ACCOUNTS: &[&str] = &[
    "auth",
    "oauth",
    "oauth2",
    "user",
    "users",
    "account",
    "accounts",
    "email",
    "member",
    "members",
    "session",
    "sessions",
    "authentication",
];

/// Words in front of a path.
const SAYING_NOTHING: &[&str] = &["api", "v1", "v2", "v3", "public"];

/// Words of routes that do not, whatever stands beside.
const OTHER: &[&str] =
    &["logout", "signout", "revoke", "unsubscribe", "introspect", "callback", "change", "me", "strength", "check"];

fn all_message(routes: usize) -> String {
    let count = if routes == 1 {
        "the route that takes a credential".to_owned()
    } else {
        format!("any of the {routes} routes that take a credential")
    };
    format!("passwords and codes can be tried without end: nothing limits {count}")
}

fn one_message(subject: &str) -> String {
    format!("`{subject}` can be tried without end: other routes are limited, this one is not")
}

fn run(project: &Project, findings: &mut Findings) {
    let routes = project.shipped_routes().into_iter();
    let taking: Vec<&Route> = routes
        .filter(|&(at, route)| {
            takes_credential(project, route) && project.authentications.of(at).demand < Demand::HeaderOnly
        })
        .map(|(_, route)| route)
        .collect();
    findings.examined(taking.len());
    if taking.is_empty() || project.limits_every_route() {
        return;
    }
    let (limited, open): (Vec<&Route>, Vec<&Route>) =
        taking.into_iter().partition(|route| project.is_rate_limited(route));
    if open.is_empty() {
        return;
    }
    if limited.is_empty() {
        // A login says most about what is at stake.
        let at = open.iter().position(|route| is_login(route)).unwrap_or(0);
        let first = open[at];
        let finding = findings.report(place(project, first), all_message(open.len()));
        for route in open.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, route)| route) {
            finding.related(place(project, route), format!("`{}`", route.subject()));
        }
        return;
    }
    for route in open {
        let subject = route.subject();
        findings.report(place(project, route), one_message(&subject)).subject(subject);
    }
}

fn place(project: &Project, route: &Route) -> Span {
    project.endpoint_span(&route.endpoint).unwrap_or(route.span)
}

fn is_login(route: &Route) -> bool {
    let path = route.path.to_ascii_lowercase();
    ["login", "signin", "token"].iter().any(|word| path.contains(word))
}

fn takes_credential(project: &Project, route: &Route) -> bool {
    let path = route.path.to_ascii_lowercase();
    let words: Vec<&str> = path.split(|mark: char| !mark.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let is_post = route.methods.iter().any(|method| matches!(method.as_str(), "POST" | "PUT"));
    // `/register` alone is an account's; `/models/register` is a model's.
    let is_about_accounts =
        has(ACCOUNTS) || words.iter().all(|word| SAYING_NOTHING.contains(word) || WEAK.contains(word));
    let is_guessed = has(GUESSED) || (has(WEAK) && is_about_accounts);
    is_post && is_guessed && !has(OTHER) && project.purpose_of(route) == Purpose::Credentials
}
