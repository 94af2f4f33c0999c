use pyaudit_check::{Findings, Project, check};

check! {
    /// ## What it does
    /// Finds repositories where nothing sets a security header: no `X-Content-Type-Options`, `X-Frame-Options`,
    /// `Content-Security-Policy`, `Strict-Transport-Security` or `Referrer-Policy` in the application's code, in a library
    /// for that purpose, or in a proxy or platform that the repository configures. One finding for the repository.
    ///
    /// ## Why it matters
    /// Without them a browser may guess that an uploaded text is a script, show the site inside somebody else's frame, or
    /// talk to it over plain HTTP again.
    ///
    /// ## How to fix
    /// A middleware that sets `X-Content-Type-Options: nosniff`, `X-Frame-Options: DENY` and, behind TLS,
    /// `Strict-Transport-Security`; or the same lines in the proxy.
    ///
    /// ## Limits
    /// One of the headers anywhere is enough to be silent. A proxy that the repository does not describe is not seen.
    /// Applications with fewer than five routes are not examined.
    id: "missing-security-headers",
    summary: "nothing sets a security header",
    area: Api,
    axis: ConfigurationSecurity,
    severity: Low,
    confidence: Medium,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html",
        "https://cwe.mitre.org/data/definitions/693.html",
    ],
    run: Project(run),
}

/// Applications below this are too small to care.
const FEW_ROUTES: usize = 5;

/// The headers, in lower case.
const HEADERS: &[&str] = &[
    "x-content-type-options",
    "x-frame-options",
    "content-security-policy",
    "strict-transport-security",
    "referrer-policy",
    "permissions-policy",
];

/// Packages that set them.
const PACKAGES: &[&str] =
    &["secure", "secweb", "Secweb", "fastapi_csp", "fastapi_security_headers", "starlette_securityheaders"];

/// Words in the name of middleware that sets them.
const MIDDLEWARE: &[&str] = &["securityheader", "secureheader", "security_header", "helmet", "hsts"];

fn message() -> String {
    "no answer has a security header: nothing sets `X-Content-Type-Options`, `X-Frame-Options` or \
     `Strict-Transport-Security`"
        .to_owned()
}

fn run(project: &Project, findings: &mut Findings) {
    let Some(main) = project.main_application().filter(|_| project.routes.routes.len() >= FEW_ROUTES) else { return };
    findings.examined(1);
    let sets = project.application_says(HEADERS)
        || project.application_imports(PACKAGES)
        || project.has_layer_named(MIDDLEWARE)
        || project.front_with(HEADERS).is_some();
    if !sets {
        findings.report(project.made_at(main), message());
    }
}
