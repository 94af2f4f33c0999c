use pyaudit_check::{Findings, Project, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds redirect URIs of OAuth that stand in the code: `redirect_uri="https://shop.io/callback"` as an argument, a
    /// member of a dictionary or a constant, also in scripts of front ends. One finding an address.
    ///
    /// ## Why it matters
    /// The authorisation server sends the user with a fresh code to this one address, whatever environment asked: a sign-in
    /// that starts on a developer's machine or in staging ends in production, or the other way round, and fails there.
    ///
    /// ## How to fix
    /// Make it a setting that each environment gives, or build it from the request with `request.url_for(…)` behind a
    /// trusted proxy.
    ///
    /// ## Limits
    /// Defaults of settings and of the environment are silent, and so is code for development, tests, scripts and what no
    /// application loads. A path without a host, a host that is put in, and placeholders (`example.com`) are none.
    /// Lists of allowed redirect URIs (`redirect_uris`) are not examined.
    id: "hardcoded-redirect-uri",
    summary: "a redirect URI of OAuth stands in the code",
    area: Settings,
    axis: ConfigurationSecurity,
    severity: Medium,
    confidence: Medium,
    maturity: Preview,
    since: "0.1.0",
    references: ["https://datatracker.ietf.org/doc/html/rfc6749#section-3.1.2", "https://12factor.net/config"],
    run: Project(run),
}

fn message(url: &str) -> String {
    format!("the redirect URI `{url}` stands in the code, so that every environment sends its users there")
}

fn run(project: &Project, findings: &mut Findings) {
    let redirects = project.hardcoded_redirects();
    findings.examined(redirects.len());
    let mut groups: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for redirect in &redirects {
        groups.entry(&redirect.url).or_default().push(redirect.span);
    }
    for (url, places) in groups {
        let finding = findings.report(places[0], message(url));
        finding.subject(url);
        for &span in &places[1..] {
            finding.related(span, "the same address");
        }
    }
}
