use pyaudit_check::project::paths;
use pyaudit_check::source::FileId;
use pyaudit_check::{Confidence, Findings, Project, check};

check! {
    /// ## What it does
    /// Finds repositories that answer plain HTTP and send nobody on to HTTPS: no `HTTPSRedirectMiddleware`, no middleware
    /// that looks at `X-Forwarded-Proto`, no redirect in a proxy, and no platform that redirects by itself. Where the
    /// repository configures a proxy that listens on port 80, the finding stands there and is surer. One finding for the
    /// repository.
    ///
    /// ## Why it matters
    /// A client that starts with `http://` sends its password and cookies in the clear, and nothing tells it.
    ///
    /// ## How to fix
    /// In the proxy (`return 301 https://$host$request_uri;`), in the platform (`force_https = true`), or, without either,
    /// `app.add_middleware(HTTPSRedirectMiddleware)`.
    ///
    /// ## Limits
    /// Without a proxy in the repository this is a hint: most clouds end TLS somewhere that the repository does not say.
    /// Applications with fewer than five routes are not examined.
    id: "missing-https-redirect",
    summary: "nothing sends plain HTTP on to HTTPS",
    area: Api,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/advanced/middleware/#httpsredirectmiddleware",
        "https://cwe.mitre.org/data/definitions/319.html",
    ],
    run: Project(run),
}

/// Applications below this are too small to care.
const FEW_ROUTES: usize = 5;

/// Words in the name of middleware that redirects.
const MIDDLEWARE: &[&str] = &["httpsredirect", "https_redirect", "forcehttps", "hsts"];

/// What code that looks at the scheme says.
const TEXTS: &[&str] = &["x-forwarded-proto", "strict-transport-security"];

/// What a proxy or platform that redirects says.
const FRONTS: &[&str] = &[
    "301 https",
    "302 https",
    "307 https",
    "308 https",
    "redirectscheme",
    "redirect_scheme",
    "force_https",
    "ssl_redirect",
    "ssl-redirect",
    "redirect permanent / https",
    "https://%{http_host}",
    "https_redirect",
    "secure: always",
    "entrypoint.scheme=https",
    "strict-transport-security",
    "redirections.entrypoint",
];

/// What a proxy that answers plain HTTP for the outside says.
const PLAIN: &[&str] = &["listen 80", "listen [::]:80"];

fn hint_message() -> String {
    "nothing in this repository sends plain HTTP on to HTTPS: passwords and cookies may travel in the clear".to_owned()
}

fn proxy_message() -> String {
    "this proxy answers plain HTTP and sends nobody on to HTTPS: passwords and cookies travel in the clear".to_owned()
}

fn run(project: &Project, findings: &mut Findings) {
    let Some(main) = project.main_application().filter(|_| project.routes.routes.len() >= FEW_ROUTES) else { return };
    findings.examined(1);
    let redirects = project.platform_redirects()
        || project.has_layer_named(MIDDLEWARE)
        || project.application_says(TEXTS)
        || project.front_with(FRONTS).is_some();
    if redirects {
        return;
    }
    match plain_proxy(project) {
        Some(file) => findings.report(pyaudit_check::Span::file(file), proxy_message()),
        None => findings.report(project.made_at(main), hint_message()).confidence(Confidence::Low),
    };
}

/// A proxy that listens on port 80 and on no port with TLS, for the application itself and not for pages of a front end.
fn plain_proxy(project: &Project) -> Option<FileId> {
    let has_tls = project.front_with(&["listen 443", "ssl_certificate", "ssl on"]).is_some();
    project.front_with(PLAIN).filter(|&file| {
        let text = project.sources.text(file).unwrap_or("");
        let directory = project.sources.file(file).directory();
        let is_front_end = paths::ancestors(directory)
            .any(|at| !at.is_empty() && project.sources.find(&format!("{at}/package.json")).is_some());
        !has_tls && !is_front_end && text.contains("proxy_pass")
    })
}
